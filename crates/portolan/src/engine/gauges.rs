//! The engine in numbers, for metrics and for `status`.

use std::collections::BTreeMap;

use portolan_core::cluster::ClusterState;
use portolan_core::{ClusterName, Name, Reason};

use super::{Engine, FollowedSeen, KeysState, SLACK};

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
    /// How many follow, where somebody may.
    pub followers: Option<usize>,
    /// How it stands with the stream that is followed, where one is.
    pub stream: Option<StreamGauges>,
}

/// A stream that is followed, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamGauges {
    /// Revisions that were told and are not answered from yet; none while nobody is reached.
    pub behind: Option<u64>,
    /// For how long something is behind or nobody is reached, in seconds; none when nothing was ever told.
    pub lag: Option<u64>,
    /// How old what is known of each cluster is, in seconds.
    pub ages: BTreeMap<ClusterName, u64>,
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
            followers: self.followers().map(|all| all.len()),
            stream: self.followed_stream().map(|seen| self.stream_gauges(&seen, now)),
        }
    }

    /// Since when the oldest source has not been heard, in seconds; 0 while all are.
    #[must_use]
    pub fn data_age(&self, now: i64) -> u64 {
        // Who is followed may have lost its own hub.
        let is_told_of_old = |at: &i64| self.followed_stream().is_some() && age(*at, now) > age(0, SLACK);
        let root = self.root_true_at.filter(|at| !self.root_is_there || is_told_of_old(at));
        let silent = self.fleet().clusters.values().filter_map(|cluster| cluster.silent_since);
        silent.chain(root).map(|since| age(since, now)).max().unwrap_or(0)
    }

    fn stream_gauges(&self, seen: &FollowedSeen, now: i64) -> StreamGauges {
        let of = |name: &ClusterName| Some((name.clone(), age(self.heard_at(name)?, now)));
        let lag = if seen.behind == Some(0) { Some(0) } else { seen.current_at.map(|at| age(at, now)) };
        StreamGauges { behind: seen.behind, lag, ages: self.fleet().clusters.keys().filter_map(of).collect() }
    }
}

fn age(since: i64, now: i64) -> u64 {
    u64::try_from(now.saturating_sub(since)).unwrap_or(0)
}
