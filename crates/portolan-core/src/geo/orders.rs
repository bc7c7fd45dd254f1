//! The table that gives each client its order of tiers.
//!
//! An order depends on the client only through where its address falls among a policy's networks.
//! So the networks of all `Geo` stages are laid into one binary trie per address family, each leaf
//! gets the order of tiers that holds there, equal orders are one, and siblings with the same order
//! are merged from the bottom up:
//!
//! ```text
//!   networks:  10.0.0.0/8 EU   10.64.0.0/10 EU   11.0.0.0/8 NA        everything else: unknown
//!   trie:      0…─┬─ …/7 ─┬─ 10/8 ──▶ [EU | NA]    (the /10 has the same order: merged away)
//!                 │       └─ 11/8 ──▶ [NA | EU]
//!                 └─ …    ──────────▶ [all]
//! ```
//!
//! The depth of the leaf that holds a client is then the widest prefix around it in which the order
//! is the same, which is the ECS scope (RFC 7871 section 7.2.1) as DESIGN section 6 defines it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::cluster::{Cluster, ClusterName};
use crate::geo::Nearness;
use crate::geo::trie::Trie;
use crate::place::{NetworkMap, Place, bits_of};
use crate::policy::{Policy, Stage, UnknownLocation};

/// The tier of each cluster, by its position in the cluster list that the table was made for; 0 is first.
pub type Order = Box<[u8]>;

/// For each client the order of tiers that one policy makes of one list of clusters.
#[derive(Debug)]
pub struct Orders {
    orders: Vec<Order>,
    v4: Trie,
    v6: Trie,
}

/// What [`Orders::find`] found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The tier of each cluster.
    pub order: &'a [u8],
    /// The widest prefix around the client in which the order is the same; 0 when the order does not
    /// look at the client.
    pub scope: u8,
}

impl Orders {
    /// Makes the table. `clusters` are those that offer something, in the caller's order.
    #[must_use]
    pub fn new(policy: &Policy, clusters: &[(ClusterName, Cluster)]) -> Self {
        let maps: Vec<&NetworkMap> = policy
            .order
            .iter()
            .filter_map(|stage| match stage {
                Stage::Geo(map) => Some(&**map),
                Stage::Tiers(_) => None,
            })
            .collect();
        let mut maker = Maker { policy, clusters, known: BTreeMap::new(), orders: Vec::new() };
        let unknown: Vec<Option<&Place>> = maps.iter().map(|_| None).collect();
        // The first order is that of clients of unknown place.
        maker.order(&unknown);
        let v4 = Trie::new(&maps, true, &unknown, &mut |places| maker.order(places));
        let v6 = Trie::new(&maps, false, &unknown, &mut |places| maker.order(places));
        Self { orders: maker.orders, v4, v6 }
    }

    /// The order for a client.
    #[must_use]
    pub fn find(&self, client: IpAddr) -> Found<'_> {
        let trie = if client.is_ipv4() { &self.v4 } else { &self.v6 };
        let (order, scope) = trie.find(bits_of(client));
        let order = usize::try_from(order).ok().and_then(|i| self.orders.get(i));
        Found { order: order.map_or(&[], |o| o), scope }
    }

    /// The order for a client of unknown place.
    #[must_use]
    pub fn unknown(&self) -> Found<'_> {
        Found { order: self.orders.first().map_or(&[], |o| o), scope: 0 }
    }

    /// How many distinct orders it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// True when it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }
}

/// Computes orders and keeps each once.
struct Maker<'p> {
    policy: &'p Policy,
    clusters: &'p [(ClusterName, Cluster)],
    known: BTreeMap<Vec<Option<&'p Place>>, u32>,
    orders: Vec<Order>,
}

impl<'p> Maker<'p> {
    /// The index of the order that holds where the `Geo` stages see these places.
    fn order(&mut self, places: &[Option<&'p Place>]) -> u32 {
        if let Some(known) = self.known.get(places) {
            return *known;
        }
        let order = self.compute(places);
        let index = self.orders.iter().position(|o| *o == order).unwrap_or_else(|| {
            self.orders.push(order);
            self.orders.len() - 1
        });
        let index = u32::try_from(index).unwrap_or(0);
        self.known.insert(places.to_vec(), index);
        index
    }

    fn compute(&self, places: &[Option<&Place>]) -> Order {
        let ranks: Vec<Vec<usize>> = self.clusters.iter().map(|c| self.ranks(c, places)).collect();
        let mut distinct: Vec<&Vec<usize>> = ranks.iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        ranks
            .iter()
            .map(|rank| {
                distinct.binary_search(&rank).ok().and_then(|t| u8::try_from(t).ok()).unwrap_or(u8::MAX)
            })
            .collect()
    }

    /// One rank a stage, compared first to last.
    fn ranks(&self, (name, cluster): &(ClusterName, Cluster), places: &[Option<&Place>]) -> Vec<usize> {
        let mut places = places.iter();
        let rank = |stage: &Stage| match stage {
            Stage::Tiers(tiers) => tiers.iter().position(|tier| tier.contains(name)).unwrap_or(tiers.len()),
            Stage::Geo(_) => match (places.next().copied().flatten(), &self.policy.unknown_location) {
                (Some(place), _) | (None, UnknownLocation::Place(place)) => {
                    Nearness::of(place, cluster) as usize
                }
                (None, UnknownLocation::Even) => 0,
            },
        };
        self.policy.order.iter().map(rank).collect()
    }
}
