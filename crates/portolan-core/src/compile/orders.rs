//! The tables that pools share, each made once: places, orders of tiers, shares.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::cluster::ClusterShape;
use crate::cluster::{Cluster, ClusterName};
use crate::fleet::Fleet;
use crate::geo::{MERGED_TABLES_MAX, Ordering, Orders, Places};
use crate::odds::Odds;
use crate::place::NetworkMap;
use crate::policy::{Pick, Stage};
use crate::zone::{Offer, OrdersTable, PoolMember, Snapshot, Steering, Tables};

/// Tables that are kept whether they are used or not, so that a policy that comes back finds its own.
const TABLES_KEPT: usize = 32;
/// Members up to which a weighted pick needs no table of shares.
const ODDS_MIN: usize = 9;

/// The tables there are, and those that this compile adds.
pub(super) struct TablesCache {
    before: Arc<Tables>,
    tables: Arc<Tables>,
    merged: usize,
    /// No table is added; what is there instead of one that is missing.
    fixed: Option<Arc<Orders>>,
    /// A table was asked for that is not there.
    missing: bool,
}

impl TablesCache {
    /// Starts from the tables that are still true: places unchanged.
    pub(super) fn new(before: &Snapshot, moved: &BTreeSet<ClusterName>) -> Self {
        let stale = |clusters: &[Option<ClusterName>]| clusters.iter().flatten().any(|c| moved.contains(c));
        let mut tables = before.tables.clone();
        if tables.orders.keys().any(|(_, clusters)| stale(clusters)) {
            Arc::make_mut(&mut tables).orders.retain(|(_, clusters), _| !stale(clusters));
        }
        // One that no pool has is kept for a while, and takes no room from those that are used.
        let is_used = |orders: &Arc<Orders>| orders.is_merged() && Arc::strong_count(orders) > 1;
        let merged = before.tables.orders.values().filter(|table| is_used(&table.orders)).count();
        Self { before: before.tables.clone(), tables, merged, fixed: None, missing: false }
    }

    /// The same tables, to which none is added: for one of several threads. What was made with a table that is
    /// missing is to be thrown away.
    pub(super) fn fixed(&self) -> Self {
        let none = Orders::new(&Ordering::default(), &[], &Arc::new(Places::new(Vec::new())), false);
        let (before, tables) = (self.before.clone(), self.tables.clone());
        Self { before, tables, merged: self.merged, fixed: Some(Arc::new(none)), missing: false }
    }

    /// True when a table was missing since that was [taken](TablesCache::take_missing).
    pub(super) fn is_missing(&self) -> bool {
        self.missing
    }

    /// True when a table was missing since the last time.
    pub(super) fn take_missing(&mut self) -> bool {
        core::mem::take(&mut self.missing)
    }

    /// The table of orders for a policy and these clusters, in this order.
    pub(super) fn orders(
        &mut self,
        fleet: &Fleet,
        steering: &Steering,
        clusters: Vec<Option<ClusterName>>,
    ) -> Arc<Orders> {
        let ordering = &steering.ordering;
        let key = (Arc::as_ptr(ordering).addr(), clusters);
        if let Some(known) = self.tables.orders.get(&key) {
            return known.orders.clone();
        }
        if let Some(none) = &self.fixed {
            self.missing = true;
            return none.clone();
        }
        let nowhere = || (ClusterName::from(""), Cluster::default());
        let known = |name: &ClusterName| fleet.clusters.get(name).cloned().unwrap_or_default();
        let placed: Vec<_> = key
            .1
            .iter()
            .map(|c| c.as_ref().map_or_else(nowhere, |name| (name.clone(), known(name))))
            .collect();
        let places = self.places(ordering);
        let orders = Arc::new(Orders::new(ordering, &placed, &places, self.merged < MERGED_TABLES_MAX));
        self.merged += usize::from(orders.is_merged());
        let table = OrdersTable { ordering: ordering.clone(), orders: orders.clone() };
        Arc::make_mut(&mut self.tables).orders.insert(key, table);
        orders
    }

    /// The places that an ordering's networks tell apart.
    fn places(&mut self, ordering: &Ordering) -> Arc<Places> {
        let maps = maps_of(ordering);
        if let Some(known) = self.tables.places.iter().find(|places| places.is_of(&maps)) {
            return known.clone();
        }
        let places = Arc::new(Places::new(maps));
        Arc::make_mut(&mut self.tables).places.push(places.clone());
        places
    }

    /// The shares of a pool's members, where drawing one by one would take long.
    pub(super) fn odds(
        &mut self,
        steering: &Steering,
        members: &[PoolMember],
        offers: &[Offer],
    ) -> Option<Arc<Odds>> {
        if !matches!(steering.policy.pick, Pick::Weighted(_)) || members.len() < ODDS_MIN {
            return None;
        }
        let weight = |m: &PoolMember| offers.get(usize::from(m.offer)).map_or(0, |offer| offer.weight);
        let weights: Vec<u32> = members.iter().map(weight).collect();
        if let Some(known) = self.tables.odds.get(&weights) {
            return Some(known.clone());
        }
        if self.fixed.is_some() {
            self.missing = true;
            return None;
        }
        let odds = Arc::new(Odds::new(&weights)?);
        Arc::make_mut(&mut self.tables).odds.insert(weights, odds.clone());
        Some(odds)
    }

    /// All tables; past [`TABLES_KEPT`] only those that some pool still uses. One that an older snapshot
    /// keeps alive goes with a later compile.
    pub(super) fn finish(mut self) -> Arc<Tables> {
        if !Arc::ptr_eq(&self.tables, &self.before) {
            let before = self.before;
            let tables = Arc::make_mut(&mut self.tables);
            if tables.orders.len() > TABLES_KEPT {
                // Held by this map, by the one before if it has it, and by whatever pools use it.
                tables.orders.retain(|key, table| {
                    Arc::strong_count(&table.orders) > 1 + usize::from(before.orders.contains_key(key))
                });
            }
            if tables.odds.len() > TABLES_KEPT {
                tables.odds.retain(|key, odds| {
                    Arc::strong_count(odds) > 1 + usize::from(before.odds.contains_key(key))
                });
            }
            if tables.places.len() > 1 {
                let is_of_some_table = |places: &Arc<Places>| {
                    tables.orders.values().any(|table| places.is_of(&maps_of(&table.ordering)))
                };
                tables.places.retain(is_of_some_table);
            }
        }
        self.tables
    }
}

/// The networks of its `Geo` stages.
fn maps_of(ordering: &Ordering) -> Vec<Arc<NetworkMap>> {
    let map_of = |stage: &Stage| match stage {
        Stage::Geo(map) => Some(map.clone()),
        Stage::Tiers(_) => None,
    };
    ordering.stages.iter().filter_map(map_of).collect()
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
