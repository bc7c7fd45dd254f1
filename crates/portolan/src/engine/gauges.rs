//! The engine in numbers, for metrics and for `status`.

use std::collections::BTreeMap;

use portolan_core::cluster::ClusterState;
use portolan_core::{Name, Reason};

use super::{Engine, KeysState};

/// How things are, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// The revision of the facts.
    pub revision: u64,
    /// Since when the oldest source has not been heard, in seconds; 0 while all are.
    pub data_age: u64,
    /// How old the published snapshot is, in seconds.
    pub snapshot_age: u64,
    /// Writes of the last good state that failed.
    pub snapshot_failed: u64,
    /// Batches and names that panicked inside.
    pub panics: u64,
    /// Names that are offered.
    pub names: usize,
    /// Clusters by state: `active`, `draining`, `disabled`, and `silent` whatever else they are; while the root is
    /// gone all are.
    pub clusters: BTreeMap<&'static str, usize>,
    /// Problems by reason.
    pub problems: BTreeMap<Reason, usize>,
    /// Tables of orders that give scopes narrower than they need be, for want of spans of their own.
    pub narrow_orders: usize,
    /// How it stands with the keys of an etcd, where they are followed.
    pub keys: Option<KeysState>,
    /// Serials by zone.
    pub serials: BTreeMap<Name, u32>,
}

impl Engine {
    /// The engine in numbers.
    #[must_use]
    pub fn gauges(&self, now: i64) -> Gauges {
        let mut problems = BTreeMap::new();
        for problem in self.problems() {
            *problems.entry(problem.reason).or_default() += 1;
        }
        let mut clusters =
            BTreeMap::from(["active", "draining", "disabled", "silent"].map(|state| (state, 0)));
        for cluster in self.fleet().clusters.values() {
            let state = match cluster.state {
                _ if cluster.silent_since.is_some() || self.root_lost().is_some() => "silent",
                ClusterState::Active => "active",
                ClusterState::Draining => "draining",
                ClusterState::Disabled => "disabled",
            };
            *clusters.entry(state).or_default() += 1;
        }
        Gauges {
            revision: self.store.revision(),
            data_age: self.data_age(now),
            snapshot_age: age(self.published_at, now),
            snapshot_failed: self.store.writes().map_or(0, portolan_store::Writes::failed),
            panics: self.panics,
            names: self.fleet().names.len(),
            clusters,
            problems,
            narrow_orders: self.snapshot().narrow_orders(),
            keys: self.keys_state(),
            serials: self.snapshot().zones().map(|zone| (zone.apex.clone(), zone.serial)).collect(),
        }
    }

    /// Since when the oldest source has not been heard, in seconds; 0 while all are.
    #[must_use]
    pub fn data_age(&self, now: i64) -> u64 {
        let root = self.root_true_at.filter(|_| !self.root_is_there);
        let silent = self.fleet().clusters.values().filter_map(|cluster| cluster.silent_since);
        silent.chain(root).map(|since| age(since, now)).max().unwrap_or(0)
    }
}

fn age(since: i64, now: i64) -> u64 {
    u64::try_from(now.saturating_sub(since)).unwrap_or(0)
}
