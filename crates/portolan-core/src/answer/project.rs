//! The decision as a record set that can stand in another DNS.

use alloc::vec::Vec;

use crate::answer::select::Place;
use crate::health::Up;
use crate::name::NameRef;
use crate::record::{Rdata, RecordType, Ttl};
use crate::rrset::{Rrset, RrsetBuf, data_of};
use crate::zone::{Pool, Records, Snapshot};

/// One record set of a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projected {
    /// Its type.
    pub rtype: RecordType,
    /// Its TTL, never halved.
    pub ttl: Ttl,
    /// Its records, sorted, each once.
    pub records: Vec<Rdata>,
}

/// What a client of unknown place gets for a name, pick All, TTL never halved (DESIGN section 6), by type.
/// Where the policy would answer nothing because all is down, everything stands: what only knows records
/// would take an empty set for the name's end.
#[must_use]
pub fn project(snapshot: &Snapshot, name: NameRef<'_>) -> Vec<Projected> {
    let mut sets = candidates(snapshot, name);
    for set in &mut sets {
        if set.rtype == RecordType::CNAME {
            // Of several aliases the first cluster's; members stand by cluster.
            set.records.truncate(1);
        }
        set.records.sort_unstable();
        set.records.dedup();
    }
    sets
}

/// The same with every alias, for a DNS that keeps several sets of one name and type apart; records stand by
/// cluster.
#[must_use]
pub fn candidates(snapshot: &Snapshot, name: NameRef<'_>) -> Vec<Projected> {
    let Some(records) = snapshot.records(name) else {
        return Vec::new();
    };
    let up = snapshot.up(records);
    if let Some((alias, _)) = alias_of(records, &up) {
        return [Projected { rtype: RecordType::CNAME, ttl: records.ttl(), records: owned(alias.data()) }]
            .into();
    }
    let of_pool = |pool: &Pool| {
        let up = if pool.form().whole { up.clone() } else { up.of(pool.offers()) };
        pool_of(&Place { snapshot, records, pool, owner: name, up: &up })
    };
    records.pools().iter().map(of_pool).collect()
}

fn pool_of(place: &Place<'_, '_>) -> Projected {
    let order = place.pool.form().orders.unknown();
    let candidates = place.in_tier(order, place.first_tier(order, &mut ()));
    let set = place.pool.set.borrowed();
    let picked = candidates.members().flat_map(|member| place.member(member).records());
    let records = owned(picked.map(|record| data_of(set.record(usize::from(record)))));
    Projected { rtype: place.pool.rtype, ttl: place.pool.ttl, records }
}

fn owned<'r>(data: impl Iterator<Item = &'r [u8]>) -> Vec<Rdata> {
    data.filter_map(Rdata::from_wire).collect()
}

/// The alias that a name is as a whole while no member is healthy: KubeFed's fallback, else the policy's.
#[inline]
pub(super) fn alias_of<'a>(records: &'a Records, up: &Up) -> Option<(Rrset<'a>, &'static str)> {
    let aliases = records.aliases()?;
    if up.any_of(records.offers().len()) {
        return None;
    }
    let fallback = aliases.fallback.as_ref().map(|f| (f, "no member of its own is healthy"));
    let all_down = || aliases.all_down.as_ref().map(|a| (a, "all is down, and the policy names it"));
    fallback.or_else(all_down).map(|(set, why)| (RrsetBuf::borrowed(set), why))
}
