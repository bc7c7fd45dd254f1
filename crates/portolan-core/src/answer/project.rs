//! The decision as a record set that can stand in another DNS.

use alloc::vec::Vec;

use crate::answer::select::{Place, Tier};
use crate::health::Up;
use crate::name::NameRef;
use crate::record::{Rdata, RecordType, Ttl};
use crate::zone::{Records, Snapshot};

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
    let Some(records) = snapshot.records(name) else {
        return Vec::new();
    };
    let up = snapshot.up(records);
    if let Some((alias, _)) = alias_of(records, &up) {
        return [Projected { rtype: RecordType::CNAME, ttl: records.ttl, records: alias.to_vec() }].into();
    }
    records.pools.iter().map(|pool| pool_of(Place { snapshot, records, pool, owner: name, up })).collect()
}

fn pool_of(place: Place<'_>) -> Projected {
    let order = place.pool.orders.unknown();
    let tier = match place.first_tier(order, &mut ()) {
        Some(tier) => Tier { tier, up_only: true },
        None => Tier { tier: 0, up_only: false },
    };
    let of_member = |m: &crate::zone::PoolMember| m.records().map(usize::from).collect::<Vec<_>>();
    let picked = place.in_tier(order, tier).flat_map(of_member);
    let mut records: Vec<Rdata> = picked.filter_map(|r| place.pool.records.get(r)).cloned().collect();
    if place.pool.rtype == RecordType::CNAME {
        // Of several aliases the first cluster's; members stand by cluster.
        records.truncate(1);
    }
    records.sort_unstable();
    records.dedup();
    Projected { rtype: place.pool.rtype, ttl: place.pool.ttl, records }
}

/// The alias that a name is as a whole while no member is healthy: KubeFed's fallback, else the policy's.
pub(super) fn alias_of<'a>(records: &'a Records, up: &Up) -> Option<(&'a [Rdata; 1], &'static str)> {
    if up.any_of(records.offers.len()) {
        return None;
    }
    let fallback = records.fallback.as_ref().map(|f| (f, "no member of its own is healthy"));
    fallback.or_else(|| records.all_down.as_ref().map(|a| (a, "all is down, and the policy names it")))
}
