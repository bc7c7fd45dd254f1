//! The snapshot: all that answering needs.
//!
//! What it holds, how often that is used, and how it is kept therefore:
//!
//! | what | used | changes | kept as |
//! | --- | --- | --- | --- |
//! | names | every question, by hash of the wire form | one by one | a persistent hash map: a new snapshot shares all but the changed path |
//! | zones | every question, by suffix | seldom, but for the serial | a persistent ordered map |
//! | pools of a name | every question that hits | with the name | built once, shared by all snapshots until the name changes |
//! | verdicts | every question that hits | often | bits beside the pools, set in place ([`crate::health`]) |
//! | orders of tiers | questions on steered names | with policies and places | one table per policy and list of clusters, shared |
//!
//! Names stand in one map whatever zone they are in, so a zone that comes or goes moves none of them.
//! An ancestor without records of its own (an empty non-terminal, RFC 8020) is there as a node that
//! counts its children.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use foldhash::fast::FixedState;
use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use crate::cluster::{CLUSTER_NUMBERS_MAX, ClusterName, ClusterShape};
use crate::fleet::Owner;
use crate::geo::Orders;
use crate::health::{Up, Verdicts};
use crate::name::{Name, NameRef};
use crate::policy::{Policy, PolicyName};
use crate::record::{Rdata, RecordType, Ttl};

/// Most aliases that one answer follows; a longer chain ends there.
pub const CHAIN_MAX: usize = 8;

/// A zone's own records.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its apex.
    pub apex: Name,
    /// Its serial: of the content below, and of no other.
    pub serial: u32,
    /// A sum over the hashes of its RRsets, so that one change costs one subtraction and one addition.
    pub content: u128,
    /// The SOA record.
    pub soa: [Rdata; 1],
    /// TTL of SOA and NS.
    pub ttl: Ttl,
    /// TTL of negative answers: the lesser of the SOA's TTL and its minimum (RFC 2308 section 5).
    pub negative_ttl: Ttl,
    /// The apex' NS records.
    pub name_servers: Vec<Rdata>,
    pub(crate) facts: crate::fleet::ZoneFacts,
}

/// What stands at one name, or only below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// Names directly below that are in the map.
    pub(crate) children: u32,
    /// True of a zone's apex, which is there whatever stands at it.
    pub(crate) apex: bool,
    /// None for an empty non-terminal.
    pub(crate) records: Option<Arc<Records>>,
}

/// The records of one name.
#[derive(Debug)]
pub struct Records {
    /// The object that they belong to.
    pub owner: Owner,
    /// The policy that steers them; the default one has no name.
    pub policy: Steering,
    /// One pool a type, by type.
    pub pools: Vec<Pool>,
    /// Who offers them.
    pub offers: Vec<Offer>,
    /// One bit an offer: is what stands behind it ready?
    pub verdicts: Verdicts,
    /// What the name is an alias of while no member is healthy.
    pub fallback: Option<[Rdata; 1]>,
    /// The alias that `allDown: Fallback` makes of it.
    pub(crate) all_down: Option<[Rdata; 1]>,
    /// TTL of its aliases.
    pub ttl: Ttl,
    pub(crate) content: u128,
}

/// A policy, under its name.
#[derive(Clone, Debug)]
pub struct Steering {
    /// Its name; none for the default.
    pub name: Option<PolicyName>,
    /// What it says.
    pub policy: Arc<Policy>,
}

/// One cluster's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose; none for a record of unknown place.
    pub cluster: Option<ClusterName>,
    /// The cluster's bit in the table of drained clusters.
    pub(crate) cluster_bit: Option<u16>,
    /// Its share under a weighted pick.
    pub weight: u32,
}

/// All records of one name and type, with what is needed to choose among them.
#[derive(Debug)]
pub struct Pool {
    /// The type.
    pub rtype: RecordType,
    /// The TTL while all members are up.
    pub ttl: Ttl,
    /// The records, those of one member side by side.
    pub records: Vec<Rdata>,
    /// Who offers which of them, by cluster.
    pub(crate) members: Vec<PoolMember>,
    /// The order of tiers for each client.
    pub(crate) orders: Arc<Orders>,
    /// True when two members offer the same record, which may stand once in an answer (RFC 2181 section 5).
    pub(crate) repeats: bool,
}

/// A member of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PoolMember {
    /// Its offer in [`Records::offers`].
    pub(crate) offer: u16,
    /// Its cluster's position in the orders.
    pub(crate) position: u16,
    /// Its records in [`Pool::records`].
    pub(crate) start: u16,
    /// How many.
    pub(crate) count: u16,
}

/// The clusters that a snapshot knows by number. A number is never given twice in a process.
#[derive(Clone, Debug)]
pub(crate) struct ClusterTable {
    pub(crate) numbers: Arc<BTreeMap<ClusterName, u16>>,
    /// What the pools were made with.
    pub(crate) shapes: Arc<BTreeMap<ClusterName, ClusterShape>>,
    /// One bit a cluster: UP unless drained.
    pub(crate) verdicts: Arc<Verdicts>,
}

/// Policies, and which is for a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) by_name: BTreeMap<PolicyName, Steering>,
    /// Of each pattern's base: the policies with such a pattern, the oldest first.
    pub(crate) exact: BTreeMap<Name, PolicyName>,
    pub(crate) below: BTreeMap<Name, PolicyName>,
    pub(crate) default: Arc<Policy>,
}

/// The key of a table of orders: the policy, and the clusters by name.
pub(crate) type OrdersKey = (Option<PolicyName>, Vec<Option<ClusterName>>);

/// All that answering needs; a new one shares with the one before whatever did not change.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The revision of the facts that it was made of.
    pub revision: u64,
    /// True when every known cluster was read once, or taken from the last good state: only then is
    /// a name that is not here denied.
    pub complete: bool,
    pub(crate) names: HashTrieMapSync<Name, Node, FixedState>,
    pub(crate) zones: RedBlackTreeMapSync<Name, Arc<Zone>>,
    pub(crate) clusters: ClusterTable,
    pub(crate) policies: Arc<Policies>,
    pub(crate) orders: Arc<BTreeMap<OrdersKey, Arc<Orders>>>,
    /// Delegations in our zones; while there are none, nobody looks for them.
    pub(crate) cuts: u32,
}

/// Where a question leads inside a zone.
pub(crate) enum Lookup<'s> {
    /// Records, by the name itself or by a wildcard.
    Found(&'s Records, bool),
    /// A delegation at this name.
    Cut(NameRef<'s>, &'s Records),
    /// Names below, no records here.
    Empty,
    /// Nothing.
    Missing,
}

impl Snapshot {
    /// One without zones and names. The seed is for the hash of names, which strangers choose: draw it
    /// once a process.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            revision: 0,
            complete: false,
            names: HashTrieMapSync::new_with_hasher_and_degree_and_ptr_kind(FixedState::with_seed(seed), 64),
            zones: RedBlackTreeMapSync::new_sync(),
            clusters: ClusterTable {
                numbers: Arc::default(),
                shapes: Arc::default(),
                verdicts: Arc::new(Verdicts::all_up(CLUSTER_NUMBERS_MAX)),
            },
            policies: Arc::default(),
            orders: Arc::default(),
            cuts: 0,
        }
    }

    /// The zone that holds a name: the longest apex that it is at or below.
    #[must_use]
    pub fn zone_of(&self, name: NameRef<'_>) -> Option<&Zone> {
        name.suffixes().find_map(|suffix| self.zones.get(suffix.as_wire())).map(|zone| &**zone)
    }

    /// The zones, by apex.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.zones.values().map(|zone| &**zone)
    }

    /// The records of a name, if it has any of its own.
    #[must_use]
    pub fn records(&self, name: NameRef<'_>) -> Option<&Records> {
        self.names.get(name.as_wire())?.records.as_deref()
    }

    /// Names that have records, in no order.
    pub fn names(&self) -> impl Iterator<Item = (&Name, &Records)> {
        self.names.iter().filter_map(|(name, node)| Some((name, node.records.as_deref()?)))
    }

    /// Which offers of a name may be answered, read once: verdicts may change while an answer is made.
    #[must_use]
    pub fn up(&self, records: &Records) -> Up {
        let mut up = records.verdicts.read();
        for offer in 0..records.offers.len() {
            if self.is_drained(records, offer) {
                up.clear(offer);
            }
        }
        up
    }

    /// True while an offer may be answered: something behind it is ready, and its cluster is not drained.
    #[must_use]
    pub fn is_up(&self, records: &Records, offer: usize) -> bool {
        records.verdicts.is_up(offer) && !self.is_drained(records, offer)
    }

    /// True when the cluster of an offer is drained.
    #[must_use]
    pub fn is_drained(&self, records: &Records, offer: usize) -> bool {
        let bit = records.offers.get(offer).and_then(|o| o.cluster_bit);
        bit.is_some_and(|bit| !self.clusters.verdicts.is_up(usize::from(bit)))
    }

    pub(crate) fn lookup<'s>(&'s self, zone: &Zone, name: NameRef<'_>) -> Lookup<'s> {
        if self.cuts > 0
            && let Some(cut) = self.cut(zone, name)
        {
            return cut;
        }
        if let Some(node) = self.names.get(name.as_wire()) {
            return node.records.as_deref().map_or(Lookup::Empty, |r| Lookup::Found(r, false));
        }
        self.wildcard(zone, name)
    }

    /// The highest delegation at or above a name and below the apex.
    fn cut<'s>(&'s self, zone: &Zone, name: NameRef<'_>) -> Option<Lookup<'s>> {
        let within = |n: &NameRef<'_>| *n != zone.apex.borrowed();
        name.suffixes()
            .take_while(within)
            .filter_map(|n| self.names.get_key_value(n.as_wire()))
            .filter_map(|(name, node)| Some((name, node.records.as_deref()?)))
            .filter(|(_, records)| records.pool(RecordType::NS).is_some())
            .last()
            .map(|(name, records)| Lookup::Cut(name.borrowed(), records))
    }

    /// The wildcard below the closest encloser (RFC 4592 section 3.3.1).
    fn wildcard<'s>(&'s self, zone: &Zone, name: NameRef<'_>) -> Lookup<'s> {
        let apex = zone.apex.borrowed();
        let encloser = name
            .suffixes()
            .skip(1)
            .find(|n| *n == apex || self.names.contains_key(n.as_wire()))
            .unwrap_or(apex);
        let mut wire = arrayvec::ArrayVec::<u8, { crate::name::NAME_OCTETS_MAX + 2 }>::new();
        wire.extend([1, b'*']);
        wire.extend(encloser.as_wire().iter().copied());
        match self.names.get(wire.as_slice()).and_then(|node| node.records.as_deref()) {
            Some(records) => Lookup::Found(records, true),
            None if self.names.contains_key(wire.as_slice()) => Lookup::Empty,
            None => Lookup::Missing,
        }
    }
}

impl Records {
    /// The pool of a type.
    #[must_use]
    pub fn pool(&self, rtype: RecordType) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.rtype == rtype)
    }
}

impl Pool {
    /// The offer that a record stands for, by the record's index.
    #[must_use]
    pub fn offer_of(&self, record: usize) -> Option<usize> {
        self.members
            .iter()
            .find(|m| (usize::from(m.start)..usize::from(m.start) + usize::from(m.count)).contains(&record))
            .map(|m| usize::from(m.offer))
    }

    /// The offers that have records in it.
    pub fn offers(&self) -> impl Iterator<Item = usize> {
        self.members.iter().map(|m| usize::from(m.offer))
    }
}

/// A hash that stays the same between versions and machines, for content.
#[must_use]
pub(crate) fn content_hash(octets: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(octets)
}
