//! The table that gives each client its order of tiers.
//!
//! An order depends on the client only through where its address falls among a policy's networks. So a
//! table is made of [`Places`], which are shared by all policies with the same networks, and of the order
//! that each combination of places has; equal orders are one. Laid over the addresses, neighbours with
//! the same order are merged, and a client's span then gives both its order and the ECS scope: the
//! widest prefix around the client in which the order is the same (DESIGN section 6).
//!
//! A merged table is as large as its networks. Past [`MERGED_TABLES_MAX`] of them a further one is kept
//! as orders by place alone: clients are found in the shared places, and the scope is that of the place,
//! which is never wider than the order's.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::cluster::{Cluster, ClusterName};
use crate::geo::Nearness;
use crate::geo::places::Places;
use crate::geo::spans::Spans;
use crate::place::Place;
use crate::policy::{Stage, UnknownLocation};

/// Most tables that have spans of their own.
pub const MERGED_TABLES_MAX: usize = 64;
/// Members that one word of a mask is for.
pub const MASK_BITS: usize = 64;

/// An order of tiers: the tier of each cluster, by its position in the list that it was made for.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    tiers: Box<[u8]>,
    /// How many tiers there are, at least one.
    count: usize,
    /// The members of each tier, as bits: `words` words a tier.
    masks: Box<[u64]>,
    words: usize,
}

/// For each client the order of tiers that one policy makes of one list of clusters.
#[derive(Debug)]
pub struct Orders {
    orders: Box<[Order]>,
    by_client: ByClient,
}

#[derive(Debug)]
enum ByClient {
    Merged(Spans<u32>, Spans<u128>),
    /// The order of each combination of places.
    ByPlace(Arc<Places>, Box<[u16]>),
}

/// What [`Orders::find`] found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The order of tiers.
    pub order: &'a Order,
    /// A prefix around the client in which the order is the same, the widest one in a merged table; 0 when
    /// the order does not look at the client.
    pub scope: u8,
}

/// What of a policy an order depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordering {
    /// Its stages.
    pub stages: Vec<Stage>,
    /// What a client of unknown place gets.
    pub unknown: UnknownLocation,
}

impl Default for Ordering {
    /// All in one tier.
    fn default() -> Self {
        Self { stages: Vec::new(), unknown: UnknownLocation::Even }
    }
}

impl Order {
    fn new(tiers: Box<[u8]>) -> Self {
        let count = tiers.iter().max().map_or(1, |last| usize::from(*last) + 1);
        let words = tiers.len().div_ceil(MASK_BITS);
        let mut masks: Box<[u64]> = (0..words * count).map(|_| 0).collect();
        for (member, tier) in tiers.iter().enumerate() {
            if let Some(word) = masks.get_mut(usize::from(*tier) * words + member / MASK_BITS) {
                *word |= 1 << (member % MASK_BITS);
            }
        }
        Self { tiers, count, masks, words }
    }

    /// How many tiers there are.
    #[must_use]
    #[inline]
    pub fn tiers(&self) -> usize {
        self.count
    }

    /// The tier of a member; 0 is first.
    #[must_use]
    #[inline]
    pub fn tier_of(&self, member: usize) -> u8 {
        self.tiers.get(member).copied().unwrap_or(0)
    }

    /// The members of a tier, as bits.
    #[must_use]
    #[inline]
    pub fn members(&self, tier: usize) -> &[u64] {
        self.masks.get(tier * self.words..(tier + 1) * self.words).unwrap_or_default()
    }
}

impl Orders {
    /// Makes a table, merged or not. `clusters` are those that offer something, in the caller's order.
    #[must_use]
    pub fn new(
        ordering: &Ordering,
        clusters: &[(ClusterName, Cluster)],
        places: &Arc<Places>,
        merged: bool,
    ) -> Self {
        let mut orders: Vec<Order> = Vec::new();
        let by_place: Box<[u16]> = places
            .combinations()
            .iter()
            .map(|combination| {
                let order = Order::new(tiers(ordering, clusters, combination));
                let known = orders.iter().position(|other| *other == order).unwrap_or_else(|| {
                    orders.push(order);
                    orders.len() - 1
                });
                // There are no more orders than combinations of places.
                u16::try_from(known).unwrap_or(0)
            })
            .collect();
        let order_of = |place: u16| by_place.get(usize::from(place)).copied().unwrap_or(0);
        let by_client = if merged || orders.len() == 1 {
            ByClient::Merged(places.v4.map(order_of), places.v6.map(order_of))
        } else {
            ByClient::ByPlace(places.clone(), by_place)
        };
        Self { orders: orders.into(), by_client }
    }

    /// The order for a client.
    #[must_use]
    #[inline]
    pub fn find(&self, client: IpAddr) -> Found<'_> {
        let (order, scope) = match &self.by_client {
            ByClient::Merged(v4, v6) => find(v4, v6, client),
            ByClient::ByPlace(places, orders) => {
                let (place, scope) = find(&places.v4, &places.v6, client);
                (orders.get(usize::from(place)).copied().unwrap_or(0), scope)
            }
        };
        Found { order: self.order(usize::from(order)), scope }
    }

    /// The order for a client of unknown place.
    #[must_use]
    pub fn unknown(&self) -> Found<'_> {
        Found { order: self.order(0), scope: 0 }
    }

    /// How many distinct orders it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// True when it holds none, which no table does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// True when it has spans of its own that are more than one.
    #[must_use]
    pub fn is_merged(&self) -> bool {
        self.orders.len() > 1 && matches!(self.by_client, ByClient::Merged(..))
    }

    /// True when its scopes may be narrower than they need to be.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        matches!(self.by_client, ByClient::ByPlace(..))
    }

    fn order(&self, index: usize) -> &Order {
        self.orders.get(index).or(self.orders.first()).expect("places hold one combination or more")
    }
}

#[inline]
fn find(v4: &Spans<u32>, v6: &Spans<u128>, client: IpAddr) -> (u16, u8) {
    match client {
        IpAddr::V4(address) => v4.find(u32::from(address)),
        IpAddr::V6(address) => v6.find(u128::from(address)),
    }
}

/// The tier of each cluster where the `Geo` stages see these places.
fn tiers(ordering: &Ordering, clusters: &[(ClusterName, Cluster)], places: &[Option<Place>]) -> Box<[u8]> {
    let ranks: Vec<Vec<usize>> = clusters.iter().map(|c| ranks(ordering, c, places)).collect();
    let mut distinct: Vec<&Vec<usize>> = ranks.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let tier = |rank| distinct.binary_search(&rank).ok().and_then(|t| u8::try_from(t).ok());
    ranks.iter().map(|rank| tier(rank).unwrap_or(u8::MAX)).collect()
}

/// One rank a stage, compared first to last.
fn ranks(
    ordering: &Ordering,
    (name, cluster): &(ClusterName, Cluster),
    places: &[Option<Place>],
) -> Vec<usize> {
    let mut places = places.iter();
    let rank = |stage: &Stage| match stage {
        Stage::Tiers(tiers) => tiers.iter().position(|tier| tier.contains(name)).unwrap_or(tiers.len()),
        Stage::Geo(_) => match (places.next().and_then(Option::as_ref), &ordering.unknown) {
            (Some(place), _) | (None, UnknownLocation::Place(place)) => Nearness::of(place, cluster) as usize,
            (None, UnknownLocation::Even) => 0,
        },
    };
    ordering.stages.iter().map(rank).collect()
}
