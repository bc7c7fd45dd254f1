//! The record sets of a name, as another DNS is to have them.
//!
//! Most names have one set a type. A source object may say that its records stand apart (a set identifier,
//! with the properties that a cloud's DNS steers by): then each set has its own entry, with those of its
//! targets that the decision takes. A set of which it takes none is left out; the others stand for the name.

use portolan_core::answer::{Projected, candidates, project};
use portolan_core::fleet::{NameView, TargetView};
use portolan_core::record::Rdata;
use portolan_core::{Name, RecordType, Snapshot, Target, Ttl};

use super::target;
use crate::dns_endpoint::{self, ProviderProperty, RecordSpec};
use crate::index::OfferedSet;
use crate::kind::Kind;

/// The record sets of a name; `apart` are those that its objects keep apart.
pub(super) fn records(
    snapshot: &Snapshot,
    name: &Name,
    facts: &NameView<'_>,
    apart: &[OfferedSet],
) -> Vec<RecordSpec> {
    if apart.is_empty() {
        let sets = project(snapshot, name.borrowed()).into_iter().filter(|set| !set.records.is_empty());
        return sets.map(|set| plain(name, facts, &set)).collect();
    }
    let sets = candidates(snapshot, name.borrowed()).into_iter();
    sets.flat_map(|set| partition(name, facts, &set, apart)).collect()
}

fn plain(name: &Name, facts: &NameView<'_>, set: &Projected) -> RecordSpec {
    let ttl = ttl(facts, set, |_| true);
    record(name, set.rtype, &set.records, ttl)
}

/// One entry for each set identifier, in order, and one for what stands in no set.
fn partition(name: &Name, facts: &NameView<'_>, set: &Projected, apart: &[OfferedSet]) -> Vec<RecordSpec> {
    let of_type = || apart.iter().filter(|apart| apart.rtype == set.rtype);
    let mut identifiers: Vec<&str> = of_type().map(|apart| &*apart.identifier).collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    let mut rest = set.records.clone();
    let mut entries = Vec::new();
    for identifier in identifiers {
        let sets: Vec<&OfferedSet> = of_type().filter(|apart| apart.identifier == identifier).collect();
        let is_of =
            |data: &Rdata| sets.iter().any(|set| set.targets.iter().map(Target::rdata).any(|t| t == *data));
        let records: Vec<Rdata> = set.records.iter().filter(|data| is_of(data)).cloned().collect();
        rest.retain(|data| !is_of(data));
        if records.is_empty() {
            continue;
        }
        let ttl = sets.iter().filter_map(|set| set.ttl).min();
        let mut entry = record(name, set.rtype, &records, ttl);
        entry.set_identifier = Some(identifier.into()).filter(|text: &String| !text.is_empty());
        entry.provider_specific = properties(&sets);
        entries.push(entry);
    }
    if !rest.is_empty() {
        // What sets say of their own records is nothing to the others.
        let ttl = ttl(facts, set, |target| rest.contains(target));
        entries.push(record(name, set.rtype, &rest, ttl));
    }
    entries
}

/// Of several objects the first that says something of a property counts.
fn properties(sets: &[&OfferedSet]) -> Vec<ProviderProperty> {
    let mut properties: Vec<ProviderProperty> = Vec::new();
    for property in sets.iter().flat_map(|set| &set.properties) {
        if properties.iter().all(|known| known.name != property.name) {
            properties.push(property.clone());
        }
    }
    properties.sort_by(|a, b| a.name.cmp(&b.name));
    properties
}

/// The TTL of a set; of a source object only what it names itself, in offers that have a target which counts.
fn ttl(facts: &NameView<'_>, set: &Projected, counts: impl Fn(&Rdata) -> bool) -> Option<Ttl> {
    let kind = facts.owner().kind;
    let names_its_own = Kind::is_sourced(kind) || kind == dns_endpoint::KIND;
    if !names_its_own {
        return Some(set.ttl);
    }
    let is_of_set = |target: TargetView<'_>| {
        let (rtype, data) = match target {
            TargetView::Address(address) if address.is_ipv4() => (RecordType::A, Rdata::address(address)),
            TargetView::Address(address) => (RecordType::AAAA, Rdata::address(address)),
            TargetView::Host(host) => (RecordType::CNAME, Rdata::name(&host.to_name())),
            TargetView::Record(rtype, data) => match Rdata::from_wire(data) {
                Some(data) => (rtype, data),
                None => return false,
            },
        };
        rtype == set.rtype && counts(&data)
    };
    let offers = facts.endpoints.clone().filter(|endpoint| endpoint.targets.clone().any(is_of_set));
    offers.filter_map(|endpoint| endpoint.ttl).min()
}

fn record(name: &Name, rtype: RecordType, records: &[Rdata], ttl: Option<Ttl>) -> RecordSpec {
    // An alias has one target; of several the first cluster's.
    let count = if rtype == RecordType::CNAME { 1 } else { records.len() };
    let mut targets: Vec<String> =
        records.iter().take(count).map(|rdata| target(rtype, rdata.as_wire())).collect();
    targets.sort_unstable();
    targets.dedup();
    RecordSpec {
        dns_name: name.to_dotless(),
        targets,
        record_type: rtype.to_string(),
        record_ttl: ttl.into(),
        ..RecordSpec::default()
    }
}
