//! Clusters, as those names meet them that are compiled one after the other.

use alloc::collections::BTreeMap;

use crate::cluster::{ClusterName, ClusterState};
use crate::fleet::Fleet;
use crate::zone::ClusterTable;

/// Most clusters that are kept: there are fewer.
const SEEN_MAX: usize = 4_096;

/// What compile asks of a cluster for each offer, found in one look-up. Each thread has its own, as a count that several
/// change at once costs more than a name.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<ClusterName, SeenCluster>);

/// One cluster. What is not registered is as an enabled one that says nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeenCluster {
    /// Its bit in the table of drained clusters.
    pub(super) bit: Option<u16>,
    /// Its share under a weighted pick.
    pub(super) weight: Option<u32>,
    pub(super) is_disabled: bool,
}

impl Seen {
    /// A cluster, under a name that is shared with whoever asked for it before. When there are too many, it begins anew.
    pub(super) fn of(
        &mut self,
        text: &str,
        fleet: &Fleet,
        table: &ClusterTable,
    ) -> (ClusterName, SeenCluster) {
        if let Some((name, seen)) = self.0.get_key_value(text) {
            return (name.clone(), *seen);
        }
        if self.0.len() >= SEEN_MAX {
            self.0.clear();
        }
        let cluster = fleet.clusters.get(text);
        let seen = SeenCluster {
            bit: table.numbers.get(text).copied(),
            weight: cluster.and_then(|cluster| cluster.weight),
            is_disabled: cluster.is_some_and(|cluster| cluster.state == ClusterState::Disabled),
        };
        let name = ClusterName::from(text);
        self.0.insert(name.clone(), seen);
        (name, seen)
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;

    use super::*;
    use crate::zone::Snapshot;

    #[test]
    fn names_are_shared_and_do_not_grow_for_ever() {
        let (fleet, table) = (Fleet::default(), Snapshot::new(0).clusters);
        let mut seen = Seen::default();
        let (one, _) = seen.of("eu-1", &fleet, &table);
        assert!(Arc::ptr_eq(&one.0, &seen.of("eu-1", &fleet, &table).0.0));
        for i in 0..3 * SEEN_MAX {
            seen.of(&alloc::format!("{i}"), &fleet, &table);
        }
        assert!(seen.0.len() <= SEEN_MAX);
    }
}
