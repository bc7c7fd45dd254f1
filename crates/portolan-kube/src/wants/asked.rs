//! What one `DNSEndpoint` asks for.
//!
//! As External-DNS' source `crd` reads it (0.22: `source/crd.go`): a record set for each endpoint, the object as its
//! resource, its labels and its provider's properties with it. Three things are not as there. What breaks a rule is
//! refused with the reason, where External-DNS passes empty targets, aliases with two targets and A records with host
//! names on; trailing dots are a matter of spelling; and of what one object says of one set with two TTLs, or of an alias
//! twice, the first counts and its author is told.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::plan::{Labels, Properties, RecordSet, SET_TARGETS_MAX, Targets, Wanted};
use portolan_core::record::Rdata;
use portolan_core::{Name, Problem, Reason, RecordType, Target, Ttl};
use serde::Serialize;

use crate::dns_endpoint::{DnsEndpoint, MARK, RecordSpec};
use crate::endpoints::{Member, Members, VERSION};
use crate::hosts;
use crate::index::foreign;
use crate::kubefed::{RECORD_TTL_RULE, RecordTtl};
use crate::object::{Kind, ObjectKey};
use crate::sources::shown;

use super::united::is_alias;

/// Most endpoints of one object that are read; the names of the others stay as they are.
pub const RECORDS_MAX: usize = 32_768;
/// The property that tells of each target what the annotation of an object of ours says: its cluster, whether it is
/// ready, its weight; of targets too that are not to be answered now. JSON.
pub const MEMBERS: &str = "portolan/endpoints";

/// What one object asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    /// Who asks, as marks have it: `crd/shop/web`.
    pub(super) resource: Arc<str>,
    /// By name, and of a name in the order of the object.
    pub(super) sets: Vec<Wanted>,
    /// Names of which something is asked that was not understood.
    pub(super) stays: BTreeSet<Name>,
    pub(super) problems: Vec<Problem>,
}

impl Asked {
    /// The sets of a name.
    pub(super) fn of(&self, name: &Name) -> &[Wanted] {
        let from = self.sets.partition_point(|wanted| wanted.set.name < *name);
        let rest = self.sets.get(from..).unwrap_or_default();
        let count = rest.partition_point(|wanted| wanted.set.name == *name);
        rest.get(..count).unwrap_or_default()
    }

    /// The names that it has to do with; some may come twice.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.sets.iter().map(|wanted| &wanted.set.name).chain(&self.stays)
    }
}

/// What an object asks for.
pub(super) fn asked(key: &ObjectKey, object: &DnsEndpoint, place: &str) -> Asked {
    // Who asks may be one of its names alone; the object is what External-DNS would call it.
    let name = object.metadata.name.as_deref().unwrap_or(key.name());
    let namespace = object.metadata.namespace.as_deref().unwrap_or(key.namespace());
    let resource = format!("crd/{namespace}/{name}").into();
    let mut reading = Reading {
        subject: format!("{} {namespace}/{name}", Kind::DnsEndpoint),
        place,
        members: members(object),
        seen: BTreeMap::new(),
        asked: Asked { resource, ..Asked::default() },
    };
    let all = &object.spec.endpoints;
    if all.len() > RECORDS_MAX {
        let message = format!(
            "{} items; those after the first {RECORDS_MAX} are left out, and stay as they are",
            all.len()
        );
        reading.tell("spec.endpoints", Reason::LimitReached, message);
    }
    for (index, record) in all.iter().enumerate() {
        reading.record(index, record);
    }
    let mut asked = reading.asked;
    asked.sets.sort_by(|a, b| a.set.name.cmp(&b.set.name));
    asked
}

type Refused = (Reason, String);
type OfSet = BTreeMap<(Name, RecordType), Vec<Member>>;

struct Reading<'o> {
    subject: String,
    place: &'o str,
    members: OfSet,
    /// A set is known by its name, type and `setIdentifier`. What stands twice with one TTL is one set with all targets.
    seen: BTreeMap<(Name, RecordType, String), Option<Ttl>>,
    asked: Asked,
}

impl Reading<'_> {
    fn record(&mut self, index: usize, record: &RecordSpec) {
        let field = format!("spec.endpoints[{index}]");
        let name = match hosts::host(&record.dns_name) {
            Ok(name) => name,
            Err(rule) => {
                let message = format!("dnsName {} {rule}", shown(&record.dns_name));
                return self.tell(&field, Reason::Invalid, message);
            }
        };
        if index >= RECORDS_MAX {
            self.asked.stays.insert(name);
            return;
        }
        match self.set(&field, &name, record) {
            Ok(wanted) => self.asked.sets.push(wanted),
            Err((reason, message)) => {
                self.tell(&field, reason, format!("{name} {message}"));
                self.asked.stays.insert(name);
            }
        }
    }

    fn set(&mut self, field: &str, name: &Name, record: &RecordSpec) -> Result<Wanted, Refused> {
        let invalid = |message: String| (Reason::Invalid, message);
        let rtype = record_type(&record.record_type).map_err(invalid)?;
        let identifier = record.set_identifier.clone().unwrap_or_default();
        let ttl = record.record_ttl.ttl();
        let clashes = match self.seen.entry((name.clone(), rtype, identifier.clone())) {
            Entry::Occupied(first) => *first.get() != ttl || is_alias(rtype),
            Entry::Vacant(place) => {
                place.insert(ttl);
                false
            }
        };
        if clashes {
            let which = match &*identifier {
                "" => "no setIdentifier".to_owned(),
                identifier => format!("setIdentifier {}", shown(identifier)),
            };
            let how = if is_alias(rtype) { "" } else { ", with different TTLs" };
            return Err((
                Reason::Duplicate,
                format!("{rtype} with {which} stands twice{how}; the first counts"),
            ));
        }
        let properties = properties(record);
        let aliases = properties.get("alias").is_some_and(|value| **value != *"false");
        let targets = self.targets(field, rtype, aliases, &record.targets)?;
        if let RecordTtl::Wrong(text) = &record.record_ttl
            // External-DNS takes a negative TTL for none.
            && !text.starts_with('-')
        {
            self.tell(&format!("{field}.recordTTL"), Reason::Invalid, format!("{text} {RECORD_TTL_RULE}"));
        }
        let mut set = RecordSet::new(name.clone(), rtype, targets, ttl);
        set.properties = properties;
        if identifier.is_empty()
            && let Some(members) = self.members.get(&(name.clone(), rtype))
        {
            set.properties.insert(MEMBERS.into(), told(members).into());
        }
        set.identifier = identifier.into();
        let labels = record.labels.iter();
        let labels: Labels =
            labels.map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect();
        Ok(Wanted { set, resource: self.asked.resource.clone(), labels })
    }

    fn targets(
        &mut self,
        field: &str,
        rtype: RecordType,
        aliases: bool,
        texts: &[String],
    ) -> Result<Targets, Refused> {
        let invalid = |message: String| (Reason::Invalid, message);
        match texts.len() {
            0 => return Err(invalid(format!("{rtype} has no target"))),
            many if many > SET_TARGETS_MAX => {
                let message = format!("{rtype} has {many} targets; at most {SET_TARGETS_MAX} are published");
                return Err((Reason::LimitReached, message));
            }
            many if many > 1 && rtype == RecordType::CNAME => {
                return Err(invalid(format!("CNAME has {many} targets; an alias has one")));
            }
            _ => {}
        }
        let mut faults = Vec::new();
        let mut targets = Vec::new();
        for text in texts {
            let refused = |rule: String| invalid(format!("{rtype} target {} {rule}", shown(text)));
            targets.extend(match rtype {
                RecordType::A | RecordType::AAAA if aliases && text.parse::<std::net::IpAddr>().is_err() => {
                    Some(Target::Host(foreign::host(text).map_err(refused)?))
                }
                RecordType::A | RecordType::AAAA => {
                    let address = foreign::address(rtype, text).map_err(refused)?;
                    foreign::address_target(address, &mut faults)
                }
                RecordType::CNAME => Some(Target::Host(foreign::host(text).map_err(refused)?)),
                RecordType::DNAME => {
                    let host = foreign::host(text).map_err(refused)?;
                    Some(Target::Record(rtype, Rdata::name(&host)))
                }
                _ => Some(Target::Record(rtype, foreign::rdata(rtype, text).map_err(refused)?)),
            });
        }
        // What only looks like a mistake is whoever wrote it's business.
        for (reason, message) in faults.into_iter().filter(|(reason, _)| *reason == Reason::TargetSkipped) {
            self.tell(&format!("{field}.targets"), reason, message);
        }
        if targets.is_empty() {
            return Err(invalid(format!("{rtype} has no target that can be published")));
        }
        Ok(targets.into_iter().collect())
    }

    fn tell(&mut self, field: &str, reason: Reason, message: String) {
        let subject = format!("{}: {field}", self.subject);
        self.asked.problems.push(Problem { subject, reason, message, place: self.place.to_owned() });
    }
}

fn record_type(text: &str) -> Result<RecordType, String> {
    if text.eq_ignore_ascii_case("DNAME") { Ok(RecordType::DNAME) } else { foreign::record_type(text) }
}

/// Of one name the first counts, as in External-DNS.
fn properties(record: &RecordSpec) -> Properties {
    let mut properties = Properties::new();
    for property in &record.provider_specific {
        properties.entry(property.name.as_str().into()).or_insert_with(|| property.value.as_str().into());
    }
    properties
}

/// What the annotation of an object of ours says, by set. Of another version, or of others' objects, nothing.
fn members(object: &DnsEndpoint) -> OfSet {
    let mut by_set = OfSet::new();
    let mark = object.metadata.annotations.as_ref().and_then(|all| all.get(MARK));
    let members = mark.and_then(|mark| serde_json::from_str::<Members>(mark).ok());
    for member in
        members.filter(|members| members.version == VERSION).into_iter().flat_map(|all| all.endpoints)
    {
        if let (Ok(name), Ok(rtype)) = (hosts::host(&member.name), member.rtype.parse()) {
            by_set.entry((name, rtype)).or_default().push(member);
        }
    }
    by_set
}

/// The members of one set, as the property has them.
fn told(members: &[Member]) -> String {
    #[derive(Serialize)]
    struct Told<'m> {
        target: &'m str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cluster: Option<&'m str>,
        ready: bool,
        weight: u32,
    }
    let told: Vec<Told<'_>> = members
        .iter()
        .map(|member| Told {
            target: &member.target,
            cluster: member.cluster.as_deref(),
            ready: member.ready,
            weight: member.weight,
        })
        .collect();
    serde_json::to_string(&told).expect("it is lists, strings and numbers")
}
