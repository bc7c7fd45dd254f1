//! The snapshot: all that answering needs.
//!
//! What it holds, how often that is used, and how it is kept therefore:
//!
//! | what | used | changes | kept as |
//! | --- | --- | --- | --- |
//! | names of the fleet | every question, by hash | one by one | a persistent map ([`crate::names`]): a new snapshot shares all but the changed path |
//! | names of a zone file | every question in its zone, by hash | all at once | frozen octets and one table of slots ([`file`]) |
//! | zones | every question, by suffix | seldom, but for the serial | a persistent map, and the depths that any zone is at |
//! | pools of a name | every question that hits | with the name | built once, shared by all snapshots until the name changes |
//! | forms: policy and offers of a name, members and order of a pool | every question on steered names | with the name | shared by names that are alike |
//! | verdicts | every question that hits | often | bits beside the pools, set in place ([`crate::health`]) |
//! | orders of tiers | questions on steered names | with policies and places | one table per policy and list of clusters, shared |
//!
//! Names of the fleet stand in one map whatever zone they are in, so a zone that comes or goes moves none
//! of them. An ancestor without records of its own (an empty non-terminal, RFC 8020) is there as a node
//! that counts its children. A zone may have a file beside the fleet: a name that the fleet owns hides
//! what the file has there.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::bits::Bits;
use crate::cluster::{CLUSTER_NUMBERS_MAX, ClusterName, ClusterShape};
use crate::geo::{Ordering, Orders, Places};
use crate::health::{Up, Verdicts};
use crate::name::{LABELS_MAX, Name, NameRef, Suffixes};
use crate::names::Names;
use crate::odds::Odds;
use crate::policy::{Policy, PolicyName};
use crate::record::Ttl;
use crate::rrset::{RrsetBuf, Short};

pub mod file;
mod lookup;
mod overlap;
mod records;

pub use file::ZoneFile;
pub(crate) use lookup::{Lookup, Stored};
pub use overlap::Overlap;
pub(crate) use records::{Aliases, Form, Head, PoolForm, PoolMember, Rule};
pub use records::{Offer, Pool, Records};

/// Most aliases that one answer follows, as BIND did for long. A longer chain is SERVFAIL: cut off, it would look like
/// one that ends where it was cut, and a resolver would take that for no data.
pub const CHAIN_MAX: usize = 16;

/// Most name servers of a zone whose addresses go with a referral to it. Where more are needed the referral is cut
/// (TC), by TCP too.
pub const NAME_SERVERS_MAX: usize = 32;

/// Most records of one type that a name of the fleet may have: what a question may make an answer look at.
pub const POOL_RECORDS_MAX: usize = 4_096;

/// A zone's own records.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its apex.
    pub apex: Name,
    /// Its serial: of the content below, and of no other.
    pub serial: u32,
    /// A sum over the hashes of its RRsets, so that one change costs one subtraction and one addition.
    pub content: u128,
    /// TTL of negative answers: the lesser of the SOA's TTL and its minimum (RFC 2308 section 5).
    pub negative_ttl: Ttl,
    /// The SOA record, and as it is written where the apex stands already. No record in a zone of a file alone of
    /// which nothing could be read.
    pub(crate) soa: RrsetBuf,
    pub(crate) soa_short: Option<Arc<Short>>,
    /// How many labels the apex has.
    pub(crate) depth: usize,
    /// The apex' NS records; none for a zone of a file, which has them among its nodes.
    pub(crate) name_servers: Option<RrsetBuf>,
    /// What the fleet says of the zone; a zone of a file alone has none, and no name of the fleet in it.
    pub(crate) facts: Option<crate::fleet::ZoneFacts>,
    /// What stands in it beside the names of the fleet.
    pub(crate) file: Option<Arc<ZoneFile>>,
    /// True when it is a file's alone and zones of ours are below it, of which the file need not know.
    pub(crate) has_zones_below: bool,
    /// What [`ZoneFile::is_whole`] says of its file; true without one.
    pub(crate) is_whole: bool,
}

/// What stands at one name, or only below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// Names directly below that are in the map.
    pub(crate) children: u32,
    /// Zones with their apex here or below: that name is there whatever stands at it.
    pub(crate) zones: u32,
    /// None for an empty non-terminal.
    pub(crate) records: Option<Records>,
}

/// A policy, under its name.
#[derive(Clone, Debug, Default)]
pub struct Steering {
    /// Its name; none for the default.
    pub name: Option<PolicyName>,
    /// What it says.
    pub policy: Arc<Policy>,
    /// What of it makes the order of tiers; equal ones are one, whatever policies have them.
    pub(crate) ordering: Arc<Ordering>,
}

/// The clusters that a snapshot knows by number. A number is never given twice in a process.
#[derive(Clone, Debug)]
pub(crate) struct ClusterTable {
    pub(crate) numbers: Arc<BTreeMap<ClusterName, u16>>,
    /// What the pools were made with.
    pub(crate) shapes: Arc<BTreeMap<ClusterName, ClusterShape>>,
    /// One bit a cluster: UP unless drained.
    pub(crate) verdicts: Arc<Verdicts>,
    /// How many are drained: while none is, no answer looks at their bits.
    pub(crate) drained: Arc<core::sync::atomic::AtomicU32>,
}

/// Policies, and which is for a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) by_name: BTreeMap<PolicyName, Arc<Steering>>,
    /// Of each pattern's base: the policies with such a pattern, the oldest first.
    pub(crate) exact: BTreeMap<Name, PolicyName>,
    pub(crate) below: BTreeMap<Name, PolicyName>,
    pub(crate) default: Arc<Steering>,
}

/// The key of a table of orders: the ordering by its place in memory, which the table keeps, and the
/// clusters by name.
pub(crate) type OrdersKey = (usize, Vec<Option<ClusterName>>);

/// A table of orders, and what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct OrdersTable {
    pub(crate) ordering: Arc<Ordering>,
    pub(crate) orders: Arc<Orders>,
}

/// The tables that pools use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) orders: BTreeMap<OrdersKey, OrdersTable>,
    pub(crate) places: Vec<Arc<Places>>,
    pub(crate) odds: BTreeMap<Vec<u32>, Arc<Odds>>,
}

/// All that answering needs; a new one shares with the one before whatever did not change.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The revision of the facts that it was made of.
    pub revision: u64,
    /// True when every known cluster was read once, or taken from the last good state: only then is
    /// a name that is not here denied, or answered by what stands for such names (a wildcard, a DNAME).
    pub complete: bool,
    pub(crate) names: Names<Node>,
    pub(crate) zones: Names<Arc<Zone>>,
    pub(crate) depths: Depths,
    pub(crate) clusters: ClusterTable,
    pub(crate) policies: Arc<Policies>,
    pub(crate) tables: Arc<Tables>,
    /// Delegations by names of the fleet.
    pub(crate) cuts: Depths,
    /// How many labels the deepest name has that is, or ever was, in here or in a zone file.
    pub(crate) deepest: usize,
}

/// How many labels some names have, zones or delegations: they are looked for only where they may be.
#[derive(Clone, Debug)]
pub(crate) struct Depths {
    counts: Arc<[u32; LABELS_MAX + 1]>,
    mask: u64,
}

impl Snapshot {
    /// One without zones and names. The seed is for the hash of names, which strangers choose: draw it
    /// once a process.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            revision: 0,
            complete: false,
            names: Names::new(seed),
            zones: Names::new(seed),
            depths: Depths::new(),
            clusters: ClusterTable {
                numbers: Arc::default(),
                shapes: Arc::default(),
                verdicts: Arc::new(Verdicts::all_up(CLUSTER_NUMBERS_MAX)),
                drained: Arc::default(),
            },
            policies: Arc::default(),
            tables: Arc::default(),
            cuts: Depths::new(),
            deepest: 0,
        }
    }

    /// What names are hashed with; zone files for this snapshot are built with it.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.names.seed()
    }

    /// The zone that holds a name: the longest apex that it is at or below.
    #[must_use]
    pub fn zone_of(&self, name: NameRef<'_>) -> Option<&Zone> {
        self.zone_among(&self.suffixes(name), 0)
    }

    /// The suffixes of a name, as far down as there is any name.
    #[inline]
    pub(crate) fn suffixes<'n>(&self, name: NameRef<'n>) -> Suffixes<'n> {
        Suffixes::of(name, self.seed(), self.deepest)
    }

    /// The zone that holds a suffix of a name.
    #[inline]
    pub(crate) fn zone_among(&self, suffixes: &Suffixes<'_>, skip: usize) -> Option<&Zone> {
        let labels = suffixes.labels().checked_sub(skip)?;
        for depth in Depths::deepest_first(self.depths.mask(), labels) {
            let skip = suffixes.labels() - depth;
            let Some(hash) = suffixes.hash(skip) else { continue };
            if let Some(entry) = self.zones.find(hash, suffixes.name(skip)) {
                return Some(&entry.value);
            }
        }
        None
    }

    /// True while there is no zone, of the fleet or of a file.
    pub(crate) fn has_no_zones(&self) -> bool {
        self.depths.mask() == Depths::NONE
    }

    /// The zones, by apex.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        let by_apex: BTreeMap<&Name, &Zone> = self.zones.iter().map(|e| (&e.name, &*e.value)).collect();
        by_apex.into_values()
    }

    /// The records of a name of the fleet, if it has any of its own.
    #[must_use]
    pub fn records(&self, name: NameRef<'_>) -> Option<&Records> {
        self.names.get(name)?.records.as_ref()
    }

    /// Names of the fleet that have records, in no order.
    pub fn names(&self) -> impl Iterator<Item = (&Name, &Records)> {
        self.names.iter().filter_map(|entry| Some((&entry.name, entry.value.records.as_ref()?)))
    }

    /// Which offers of a name may be answered, read once: verdicts may change while an answer is made.
    #[must_use]
    #[inline]
    pub fn up(&self, records: &Records) -> Up {
        let mut up = records.verdicts().read();
        if self.clusters.any_drained() {
            for offer in 0..records.offers().len() {
                if self.is_drained(records, offer) {
                    up.clear(offer);
                }
            }
        }
        up
    }

    /// True while an offer may be answered: something behind it is ready, and its cluster is not drained.
    #[must_use]
    pub fn is_up(&self, records: &Records, offer: usize) -> bool {
        records.verdicts().is_up(offer) && !self.is_drained(records, offer)
    }

    /// True when the cluster of an offer is drained.
    #[must_use]
    pub fn is_drained(&self, records: &Records, offer: usize) -> bool {
        let bit = records.offers().get(offer).and_then(|o| o.cluster_bit);
        bit.is_some_and(|bit| !self.clusters.verdicts.is_up(usize::from(bit)))
    }

    /// How many tables of orders give scopes that may be narrower than they need be, for want of spans of
    /// their own.
    #[must_use]
    pub fn narrow_orders(&self) -> usize {
        self.tables.orders.values().filter(|table| table.orders.is_narrow()).count()
    }
}

impl ClusterTable {
    #[inline]
    fn any_drained(&self) -> bool {
        self.drained.load(core::sync::atomic::Ordering::Relaxed) > 0
    }

    /// Drains a cluster, or takes it back: one bit, and the number of such bits.
    pub(crate) fn set_drained(&self, cluster: &ClusterName, drained: bool) {
        use core::sync::atomic::Ordering::Relaxed;
        let Some(number) = self.numbers.get(cluster) else { return };
        // Counted up before the bit is set, and down only after it is gone: no drained bit is passed over.
        if drained {
            self.drained.fetch_add(1, Relaxed);
        }
        let changed = self.verdicts.set(usize::from(*number), !drained);
        if drained != changed {
            self.drained.fetch_sub(1, Relaxed);
        }
    }
}

impl Depths {
    /// Bits of no depth.
    pub(crate) const NONE: u64 = 0;
    /// The last bit is for this depth and all below: hardly a name is as deep.
    const LAST: usize = 63;

    fn new() -> Self {
        Self { counts: Arc::new([0; LABELS_MAX + 1]), mask: Self::NONE }
    }

    /// Notes that such a name comes or goes.
    pub(crate) fn note(&mut self, name: NameRef<'_>, there: bool) {
        let depth = name.labels().count();
        let counts = Arc::make_mut(&mut self.counts);
        let Some(count) = counts.get_mut(depth) else { return };
        *count = if there { *count + 1 } else { count.saturating_sub(1) };
        let held = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        self.mask = held.fold(Self::NONE, |mask, (depth, _)| mask | Self::bit(depth));
    }

    /// One bit a depth at which there is any.
    #[inline]
    pub(crate) fn mask(&self) -> u64 {
        self.mask
    }

    /// The bit of a depth.
    #[inline]
    pub(crate) fn bit(depth: usize) -> u64 {
        1 << depth.min(Self::LAST)
    }

    /// The bits of all depths below one and above another.
    #[inline]
    pub(crate) fn between(upper: usize, lower: usize) -> u64 {
        let above = Self::bit(lower) - 1;
        let last = if lower > Self::LAST { Self::bit(Self::LAST) } else { 0 };
        (above | last) & !(Self::bit((upper + 1).min(Self::LAST)) - 1)
    }

    /// The depths of a mask that a name of so many labels has, from its own to the root's. Only those are looked at: a
    /// name may have a hundred labels more.
    #[inline]
    pub(crate) fn deepest_first(mask: u64, labels: usize) -> impl DoubleEndedIterator<Item = usize> {
        let last = if mask & Self::bit(Self::LAST) == 0 { 0..0 } else { Self::LAST..labels + 1 };
        Bits(mask & (Self::bit(labels + 1) - 1)).chain(last).rev()
    }
}

impl Zone {
    /// True when the fleet has a say in it: an object makes it, and admits names.
    #[must_use]
    pub fn is_of_fleet(&self) -> bool {
        self.facts.is_some()
    }

    /// False while its file is wanted and was not wholly read: nothing that a file may have is denied in it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// What a file has in it, when one has.
    #[must_use]
    pub fn file(&self) -> Option<&ZoneFile> {
        self.file.as_deref()
    }
}

/// A hash that stays the same between versions and machines, for content.
#[must_use]
pub(crate) fn content_hash(octets: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(octets)
}
