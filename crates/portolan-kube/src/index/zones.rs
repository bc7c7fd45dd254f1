//! Zones: our own, and those that KubeFed's Domains imply.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use portolan_core::cluster::Sources;
use portolan_core::fleet::{Endpoint, Evidence, Fact, ZoneFacts};
use portolan_core::record::Soa;
use portolan_core::{Name, NameRef, Problem, Reason, Target, Ttl};

use super::draft::{Draft, Rank, placed, subject};
use super::memory::Memory;
use super::objects::{Held, Objects};
use super::{About, Index};
use crate::hosts;
use crate::kinds;
use crate::kubefed::Domain;
use crate::object::{Body, Kind, ObjectKey};
use crate::settle::{self, Fence, SettledZone};

/// SOA values of a zone that a Domain implies, in seconds: as operators of the old chain had them.
const IMPLIED_SOA: [u32; 4] = [7_200, 1_800, 86_400, 30];

/// The zones by apex, and the domains that records refer to.
#[derive(Debug, Default)]
pub(super) struct Zones {
    by_apex: BTreeMap<Name, KnownZone>,
    /// The apex of each `Zone` that counts.
    apexes: BTreeMap<ObjectKey, Name>,
    pub(super) domains: Domains,
}

/// Domains by the name that records refer to them with.
pub(super) type Domains = BTreeMap<Arc<str>, KnownDomain>;

/// A Domain.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KnownDomain {
    /// Its suffix; none when it is no name.
    pub(super) domain: Option<Name>,
    pub(super) held_by: Sources,
}

/// A zone, and who may make names in it.
#[derive(Debug, PartialEq)]
pub(super) struct KnownZone {
    facts: ZoneFacts,
    pub(super) by: Basis,
}

/// What a zone rests on.
#[derive(Debug, PartialEq)]
pub(super) enum Basis {
    /// A `Zone`.
    Own {
        key: ObjectKey,
        fence: Fence,
        /// The fence without its lists of clusters: for objects of the root, which is in none.
        root_fence: Fence,
        addresses: BTreeMap<Name, BTreeSet<IpAddr>>,
    },
    /// A `Domain`.
    Implied { key: ObjectKey, fence: Fence },
    /// Nothing that was read yet; its fence is not known.
    Remembered,
}

impl Zones {
    /// The zone that a name is in, and its apex.
    pub(super) fn of(&self, name: &Name) -> Option<(&Name, &KnownZone)> {
        name.borrowed().suffixes().find_map(|suffix| self.by_apex.get_key_value(suffix.as_wire()))
    }

    /// The zone of an apex.
    pub(super) fn at(&self, apex: &Name) -> Option<&KnownZone> {
        self.by_apex.get(apex)
    }

    /// Drafts the names of a `Zone`'s name servers: those inside our zones that have addresses.
    pub(super) fn name_servers(&self, draft: &mut Draft<'_>) {
        let apex = self.apexes.get(draft.held.key);
        let Some(zone) = apex.and_then(|apex| self.by_apex.get(apex)) else { return };
        let Basis::Own { addresses, .. } = &zone.by else { return };
        draft.ttl = Some(zone.facts.ttl);
        for (name, addresses) in addresses {
            if addresses.is_empty() || self.of(name).is_none() {
                continue;
            }
            let targets = addresses.iter().copied().map(Target::Address).collect();
            let evidence = Evidence::None;
            draft.offer(name, Endpoint { cluster: None, targets, evidence, weight: None, ttl: None });
        }
    }
}

impl Index {
    /// Looks at all zones, if something touched one. Names below one that changed, claimed or remembered, may be
    /// admitted otherwise.
    pub(super) fn take_zones(&mut self, out: &mut Vec<Fact>) {
        let mut changed = std::mem::take(&mut self.dirty.apexes);
        if !std::mem::take(&mut self.dirty.zones) && changed.is_empty() {
            return;
        }
        let mut problems = Vec::new();
        let now = read(&self.objects, &mut self.memory, &mut problems);
        let before = std::mem::replace(&mut self.zones, now);
        self.note_apexes(self.zones.by_apex.keys().cloned().collect());
        self.note(About::Zones, problems);
        let apexes = before.by_apex.keys().chain(self.zones.by_apex.keys());
        let differs = |apex: &&Name| before.by_apex.get(*apex) != self.zones.by_apex.get(*apex);
        changed.extend(apexes.filter(differs).cloned());
        let below = |name: &NameRef<'_>| name.suffixes().any(|s| changed.contains(s.as_wire()));
        let remembered = &self.memory.fleet.names;
        let names = self.claims.keys().map(Name::borrowed).chain(remembered.keys());
        let concerned: Vec<Name> = names.filter(below).map(NameRef::to_name).collect();
        self.step(self.claims.len() + remembered.len() + changed.len());
        self.dirty.names.extend(concerned);
        self.dirty.records.extend(self.objects.keys_of(Kind::Zone).cloned());
        for apex in changed {
            let facts = self.zones.by_apex.get(&apex).map(|zone| zone.facts.clone());
            self.give(Fact::Zone(apex, facts), out);
        }
    }
}

/// Everything that there is, the best right first in each list.
fn read(objects: &Objects, memory: &mut Memory, problems: &mut Vec<Problem>) -> Zones {
    let mut zones = Zones::default();
    for held in ranked(objects, Kind::Zone) {
        if let Body::Zone(object) = &held.object.body {
            own(&mut zones, object, &held, problems);
        }
    }
    for held in ranked(objects, Kind::Domain) {
        if let Body::Domain(object) = &held.object.body {
            implied(&mut zones, object, &held, problems);
        }
    }
    for (apex, zone) in &zones.by_apex {
        memory.zone_was_read(apex, &zone.facts.held_by);
    }
    for apex in memory.fleet.zones.keys() {
        let Some(facts) = memory.zone(objects, apex) else { continue };
        let remembered = || KnownZone { facts: facts.clone(), by: Basis::Remembered };
        let known = zones.by_apex.entry(apex.clone()).or_insert_with(remembered);
        known.facts.held_by.extend(memory.zone_holders(objects, &facts.held_by));
    }
    zones
}

fn ranked(objects: &Objects, kind: Kind) -> Vec<Held<'_>> {
    let mut all: Vec<Held<'_>> = objects.keys_of(kind).filter_map(|key| objects.held(key)).collect();
    all.sort_by_cached_key(Rank::of);
    all
}

fn own(zones: &mut Zones, object: &kinds::Zone, held: &Held<'_>, problems: &mut Vec<Problem>) {
    let (settled, found) = settle::zone(object);
    problems.extend(placed(found, held));
    let Some(settled) = settled else { return };
    if let Some(KnownZone { by: Basis::Own { key, .. }, .. }) = zones.by_apex.get(&settled.apex) {
        let message = format!(
            "{} is the apex of {key} too, which comes first: by age, then by cluster and name",
            settled.apex
        );
        problems.push(problem(held, "spec.apex", Reason::Conflict, message));
        return;
    }
    let mut clusterless = object.clone();
    for rule in &mut clusterless.spec.admit {
        rule.clusters.clear();
    }
    let root_fence = settle::zone(&clusterless).0.map_or_else(|| settled.fence.clone(), |zone| zone.fence);
    let SettledZone { apex, mut facts, addresses, fence } = settled;
    facts.held_by.clone_from(&held.held_by);
    let by = Basis::Own { key: held.key.clone(), fence, root_fence, addresses };
    zones.apexes.insert(held.key.clone(), apex.clone());
    zones.by_apex.insert(apex, KnownZone { facts, by });
}

fn implied(zones: &mut Zones, object: &Domain, held: &Held<'_>, problems: &mut Vec<Problem>) {
    let domain = hosts::plain_host(&object.domain);
    if let Err(rule) = &domain {
        problems.push(problem(held, "domain", Reason::Invalid, format!("{:?} {rule}", object.domain)));
    }
    let domain = domain.ok();
    let known = KnownDomain { domain: domain.clone(), held_by: held.held_by.clone() };
    match zones.domains.get(held.key.name()) {
        Some(first) if first.domain != known.domain => {
            let message = format!(
                "another Domain {:?} comes first, by age, then by cluster and namespace; records refer to that",
                held.key.name()
            );
            problems.push(problem(held, "metadata.name", Reason::Conflict, message));
        }
        Some(_) => {}
        None => _ = zones.domains.insert(held.key.name().into(), known),
    }
    let Some(apex) = domain.filter(|apex| !zones.by_apex.contains_key(apex)) else { return };
    let said = object.name_server.as_deref().filter(|text| !text.is_empty());
    let server = said.and_then(|text| {
        let parsed = hosts::plain_host(text);
        let refused = |rule| problem(held, "nameServer", Reason::Invalid, format!("{text:?} {rule}"));
        parsed.map_err(|rule| problems.push(refused(rule))).ok()
    });
    let SettledZone { mut facts, .. } = SettledZone::implied(apex.clone(), server);
    let [refresh, retry, expire, minimum] = IMPLIED_SOA;
    facts.soa = Soa { refresh, retry, expire, minimum, ..facts.soa };
    facts.ttl = Ttl::KUBEFED;
    facts.held_by.clone_from(&held.held_by);
    // Only the apex is guarded: the name server may well be a name that a record makes.
    let fence = Fence::open(apex.clone(), []);
    zones.by_apex.insert(apex, KnownZone { facts, by: Basis::Implied { key: held.key.clone(), fence } });
}

fn problem(held: &Held<'_>, field: &str, reason: Reason, message: String) -> Problem {
    let subject = format!("{}: {field}", subject(held.key, held.source));
    Problem { subject, reason, message, place: held.place.to_string() }
}
