//! Tables of orders, each made once and shared by all pools of the same policy and clusters.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::cluster::ClusterShape;
use crate::cluster::{Cluster, ClusterName};
use crate::fleet::Fleet;
use crate::geo::Orders;
use crate::policy::PolicyName;
use crate::zone::{OrdersKey, Snapshot, Steering};

/// Tables that are kept whether they are used or not, so that a policy that comes back finds its own.
const TABLES_KEPT: usize = 256;

/// The tables there are, and those that this compile adds.
pub(super) struct OrdersCache {
    before: Arc<BTreeMap<OrdersKey, Arc<Orders>>>,
    tables: Arc<BTreeMap<OrdersKey, Arc<Orders>>>,
}

impl OrdersCache {
    /// Starts from the tables that are still true: policy and places unchanged.
    pub(super) fn new(
        before: &Snapshot,
        policies: &BTreeSet<PolicyName>,
        moved: &BTreeSet<ClusterName>,
    ) -> Self {
        let stale = |(policy, clusters): &OrdersKey| {
            policy.as_ref().is_some_and(|p| policies.contains(p))
                || clusters.iter().flatten().any(|c| moved.contains(c))
        };
        let mut tables = before.orders.clone();
        if tables.keys().any(stale) {
            Arc::make_mut(&mut tables).retain(|key, _| !stale(key));
        }
        Self { before: before.orders.clone(), tables }
    }

    /// The table for a policy and these clusters, in this order.
    pub(super) fn get(
        &mut self,
        fleet: &Fleet,
        steering: &Steering,
        clusters: &[Option<ClusterName>],
    ) -> Arc<Orders> {
        // Without stages every client has one tier, whatever the clusters: one table serves all.
        let clusters = if steering.policy.order.is_empty() { &[] } else { clusters };
        let key = (steering.name.clone().filter(|_| !clusters.is_empty()), clusters.to_vec());
        if let Some(known) = self.tables.get(&key) {
            return known.clone();
        }
        let nowhere = || (ClusterName::from(""), Cluster::default());
        let known = |name: &ClusterName| fleet.clusters.get(name).cloned().unwrap_or_default();
        let placed: Vec<_> = clusters
            .iter()
            .map(|c| c.as_ref().map_or_else(nowhere, |name| (name.clone(), known(name))))
            .collect();
        let table = Arc::new(Orders::new(&steering.policy, &placed));
        Arc::make_mut(&mut self.tables).insert(key, table.clone());
        table
    }

    /// All tables; past [`TABLES_KEPT`] only those that some pool still uses. One that an older snapshot
    /// keeps alive goes with a later compile.
    pub(super) fn finish(mut self) -> Arc<BTreeMap<OrdersKey, Arc<Orders>>> {
        if self.tables.len() > TABLES_KEPT && !Arc::ptr_eq(&self.tables, &self.before) {
            // Held by the snapshot before, by this map, and by whatever pools use it.
            let unused = |key: &OrdersKey| 1 + usize::from(self.before.contains_key(key));
            Arc::make_mut(&mut self.tables).retain(|key, table| Arc::strong_count(table) > unused(key));
        }
        self.tables
    }
}

impl Snapshot {
    /// What the snapshot was made with of a cluster's shape.
    pub(super) fn orders_shape(&self, cluster: &ClusterName) -> Option<ClusterShape> {
        self.clusters.shapes.get(cluster).cloned()
    }
}

/// The shapes of all clusters, for the next compile to compare with.
pub(super) fn shapes(fleet: &Fleet) -> BTreeMap<ClusterName, ClusterShape> {
    fleet.clusters.iter().map(|(name, cluster)| (name.clone(), cluster.shape())).collect()
}
