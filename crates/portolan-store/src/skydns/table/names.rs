//! A name as the RFCs have it: what stands at its own key, and what stands below it for it.

use std::collections::BTreeMap;

use portolan_core::fleet::{Evidence, TARGETS_MAX};
use portolan_core::{ClusterName, Endpoint, Name, RecordType, Target, Ttl};

use super::super::record::Records;
use super::super::value::Placed;
use super::{KEYS_OF_NAME_MAX, Table, What};

/// What a key offers to its name.
#[derive(Debug, PartialEq)]
pub(super) struct Kept {
    targets: Box<[Target]>,
    ttl: Ttl,
    place: Option<Box<Placed>>,
}

impl Kept {
    pub(super) fn new(records: Records, ttl: Ttl) -> Self {
        Self { targets: records.targets.into(), ttl, place: records.placed.map(Box::new) }
    }

    pub(super) fn has_address(&self) -> bool {
        self.targets.iter().any(|target| matches!(target, Target::Address(_)))
    }
}

impl Table {
    /// What the keys of a name offer.
    pub(super) fn names_endpoints(&self, name: &Name) -> Vec<Endpoint> {
        let kept = self.range(name.as_wire()).take(KEYS_OF_NAME_MAX).filter_map(|(_, what)| match what {
            What::Kept(kept) => Some(kept),
            What::Service(_) => None,
        });
        let kept: Vec<&Kept> = kept.collect();
        let all = || kept.iter().flat_map(|kept| kept.targets.iter());
        // A text beside an alias is the mark of who keeps it: an alias has nothing beside it.
        let is_alias = all().any(|target| matches!(target, Target::Host(_)))
            && all().all(|target| matches!(target.record_type(), RecordType::CNAME | RecordType::TXT));
        let offered = kept.iter().flat_map(|kept| {
            let targets =
                kept.targets.iter().filter(move |target| !is_alias || matches!(target, Target::Host(_)));
            targets.map(move |target| (target.clone(), kept.ttl, kept.place.as_deref()))
        });
        endpoints(offered)
    }
}

/// Of whom offers are one: cluster, readiness, weight and TTL.
type Of = (Option<ClusterName>, u8, Option<u32>, Ttl);

/// Targets as offers: those that differ in nothing else are one, by cluster.
pub(super) fn endpoints<'p>(
    offered: impl IntoIterator<Item = (Target, Ttl, Option<&'p Placed>)>,
) -> Vec<Endpoint> {
    let mut by: BTreeMap<Of, Vec<Target>> = BTreeMap::new();
    for (target, ttl, place) in offered {
        let cluster = place.and_then(|place| place.cluster.as_deref()).map(ClusterName::from);
        let evidence = place.map_or(0, |place| if place.is_up() { 1 } else { 2 });
        let weight = place.and_then(|place| place.weight);
        by.entry((cluster, evidence, weight, ttl)).or_default().push(target);
    }
    let mut endpoints = Vec::new();
    for ((cluster, evidence, weight, ttl), mut targets) in by {
        targets.sort_unstable();
        targets.dedup();
        let evidence = match evidence {
            0 => Evidence::None,
            1 => Evidence::Ready,
            _ => Evidence::NotReady,
        };
        endpoints.extend(targets.chunks(TARGETS_MAX).map(|targets| Endpoint {
            cluster: cluster.clone(),
            targets: targets.to_vec(),
            evidence,
            weight,
            ttl: Some(ttl),
        }));
    }
    endpoints
}
