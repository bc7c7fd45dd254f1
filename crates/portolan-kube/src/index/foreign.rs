//! Records of a foreign `DNSEndpoint`: targets as External-DNS spells them.
//!
//! A set of records that breaks a rule is refused whole, with its reason (faults.md B-30): half of it might
//! be worse than nothing, and somebody who wrote it must look anyhow. Only an address that nobody can use
//! is left out alone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portolan_core::fleet::{Endpoint, Evidence, TARGETS_MAX};
use portolan_core::record::Rdata;
use portolan_core::{Name, Reason, RecordType, Target, Ttl};

use super::draft::{Draft, OfferedSet};
pub(crate) use super::offer::address_target;
use super::world::World;
use crate::dns_endpoint::{DnsEndpoint, RecordSpec};
use crate::endpoints::record_of;
use crate::hosts;
use crate::kubefed::{RECORD_TTL_RULE, RecordTtl};
use crate::sources::{Options, Source, crd, shown};

/// Most sets of records that one object may have.
const RECORDS_MAX: usize = 16_384;

/// Drafts the names of a `DNSEndpoint`, unless it is itself made of a record: by us, or beside it.
pub(super) fn dns_endpoint(draft: &mut Draft<'_>, object: &DnsEndpoint, world: World<'_>) {
    let is_asked_for = crd::is_asked_for(draft.held.key, object, world.options);
    if !is_asked_for || object.is_ours() || is_projection(draft, world) {
        return;
    }
    draft.default_ttl = Ttl::DEFAULT;
    let all = &object.spec.endpoints;
    if all.len() > RECORDS_MAX {
        let message = format!("{} items; those after the first {RECORDS_MAX} are left out", all.len());
        draft.problem("spec.endpoints", Reason::LimitReached, message);
    }
    let mut seen = BTreeSet::new();
    for (i, record) in all.iter().enumerate().take(RECORDS_MAX) {
        let field = format!("spec.endpoints[{i}]");
        if let Err((reason, message)) = see(record, &mut seen) {
            draft.problem(&field, reason, message);
            continue;
        }
        for record in crd::steps(record, world.options).iter() {
            match read(draft, &field, record) {
                Ok((name, endpoint)) if endpoint.targets.is_empty() => {
                    draft.problem(
                        &field,
                        Reason::Invalid,
                        format!("{name} has no target that can be served"),
                    );
                }
                // What is made of two records may be the same: default targets of an A and of an AAAA record.
                Ok((name, endpoint)) if record.set_identifier.is_none() && has(draft, &name, &endpoint) => {}
                Ok((name, endpoint)) => {
                    set_apart(draft, &name, &endpoint, record, world.options);
                    draft.offer(&name, endpoint);
                }
                Err((reason, message)) => draft.problem(&field, reason, message),
            }
        }
    }
}

/// Notes what sets a record apart in another DNS, where it is to be printed for one.
fn set_apart(
    draft: &mut Draft<'_>,
    name: &Name,
    endpoint: &Endpoint,
    record: &RecordSpec,
    options: &Options,
) {
    let is_apart = record.set_identifier.is_some() || !record.provider_specific.is_empty();
    let Some(first) = endpoint.targets.first().filter(|_| is_apart && options.is_on(Source::Crd)) else {
        return;
    };
    draft.sets.entry(name.clone()).or_default().push(OfferedSet {
        rtype: first.record_type(),
        identifier: record.set_identifier.clone().unwrap_or_default(),
        properties: record.provider_specific.clone(),
        targets: endpoint.targets.iter().cloned().collect(),
        ttl: endpoint.ttl,
    });
}

/// True of an object that federation made of a record that is here too.
fn is_projection(draft: &mut Draft<'_>, world: World<'_>) -> bool {
    let Some(record) = record_of(draft.held.key) else { return false };
    let is_there = world.objects.is_held(&record);
    draft.uses.insert(record);
    is_there
}

type Refused = (Reason, String);
/// A set of records is known by its name, type and `setIdentifier`.
type Seen = BTreeSet<(Name, RecordType, String)>;

/// Notes a record that is written, unless it stands twice.
fn see(record: &RecordSpec, seen: &mut Seen) -> Result<(), Refused> {
    let (name, rtype) = name_and_type(record)?;
    let set = record.set_identifier.as_deref().unwrap_or_default();
    if !seen.insert((name.clone(), rtype, set.to_owned())) {
        let which = if set.is_empty() { "no setIdentifier".into() } else { format!("setIdentifier {set:?}") };
        return Err((
            Reason::Duplicate,
            format!("{name} {rtype} with {which} stands twice; the first counts"),
        ));
    }
    Ok(())
}

/// True of an offer that a name has, of the types that default targets make.
fn has(draft: &Draft<'_>, name: &Name, endpoint: &Endpoint) -> bool {
    let made = [RecordType::A, RecordType::AAAA, RecordType::CNAME];
    let is_made = endpoint.targets.first().is_some_and(|target| made.contains(&target.record_type()));
    is_made && draft.names.get(name).is_some_and(|facts| facts.endpoints.contains(endpoint))
}

fn name_and_type(record: &RecordSpec) -> Result<(Name, RecordType), Refused> {
    let invalid = |message: String| (Reason::Invalid, message);
    let name = hosts::host(&record.dns_name)
        .map_err(|rule| invalid(format!("dnsName {} {rule}", shown(&record.dns_name))))?;
    Ok((name, record_type(&record.record_type).map_err(invalid)?))
}

fn read(draft: &mut Draft<'_>, field: &str, record: &RecordSpec) -> Result<(Name, Endpoint), Refused> {
    let invalid = |message: String| (Reason::Invalid, message);
    let (name, rtype) = name_and_type(record)?;
    if rtype == RecordType::CNAME && record.targets.len() > 1 {
        return Err(invalid(format!("{name} CNAME has {} targets; an alias has one", record.targets.len())));
    }
    if let RecordTtl::Wrong(text) = &record.record_ttl
        // External-DNS takes a negative TTL for none.
        && !text.starts_with('-')
    {
        draft.problem(
            format_args!("{field}.recordTTL"),
            Reason::Invalid,
            format!("{text} {RECORD_TTL_RULE}"),
        );
    }
    let targets = targets(draft, field, rtype, &record.targets).map_err(invalid)?;
    let ttl = record.record_ttl.ttl();
    Ok((name, Endpoint { cluster: None, targets, evidence: Evidence::None, weight: None, ttl }))
}

/// The type that a record is of, of those that our own server has.
pub(crate) fn record_type(text: &str) -> Result<RecordType, String> {
    let known = portolan_core::fleet::RECORD_TYPES;
    let found = text.parse().ok().filter(|rtype| known.contains(rtype) || is_by_number(text, *rtype));
    found.ok_or_else(|| {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        format!("recordType {} is not served; known are {}, TYPE and a number", shown(text), known.join(", "))
    })
}

/// True of a type that is written by its number (RFC 3597), and that a name may hold: none that a zone or its
/// signer makes, or that is a message's.
fn is_by_number(text: &str, rtype: RecordType) -> bool {
    let number = text.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("TYPE"));
    let made = [
        RecordType::SOA,
        RecordType::DNAME,
        RecordType::RRSIG,
        RecordType::NSEC,
        RecordType::NSEC3,
        RecordType::NSEC3PARAM,
    ];
    number && !rtype.is_meta() && !made.contains(&rtype)
}

fn targets(
    draft: &mut Draft<'_>,
    field: &str,
    rtype: RecordType,
    texts: &[String],
) -> Result<Vec<Target>, String> {
    let mut faults = Vec::new();
    let mut targets = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let refused = |rule: String| format!("{rtype} target {} {rule}", shown(text));
        if i == TARGETS_MAX {
            let message =
                format!("{} targets; those after the first {TARGETS_MAX} are left out", texts.len());
            faults.push((Reason::LimitReached, message));
            break;
        }
        match rtype {
            RecordType::A | RecordType::AAAA => {
                let address = address(rtype, text).map_err(refused)?;
                targets.extend(address_target(address, &mut faults));
            }
            RecordType::CNAME => targets.push(Target::Host(host(text).map_err(refused)?)),
            _ => targets.push(Target::Record(rtype, rdata(rtype, text).map_err(refused)?)),
        }
    }
    for (reason, message) in faults {
        draft.problem(format_args!("{field}.targets"), reason, message);
    }
    targets.sort_unstable();
    targets.dedup();
    Ok(targets)
}

/// An address of the type's family.
pub(crate) fn address(rtype: RecordType, text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| "is not an address".to_owned())?;
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) if rtype == RecordType::A => Ok(v4),
        v6 @ IpAddr::V6(_) if rtype == RecordType::AAAA => Ok(v6),
        _ => Err("is an address of the other family".into()),
    }
}

/// Data in presentation form.
pub(crate) fn rdata(rtype: RecordType, text: &str) -> Result<Rdata, String> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    match (rtype, fields.as_slice()) {
        (RecordType::TXT, _) => Rdata::txt_of(strings(text).iter().map(Vec::as_slice))
            .ok_or_else(|| "is longer than 64 KiB with its lengths".into()),
        (RecordType::NS | RecordType::PTR, [name]) => Ok(Rdata::name(&host(name)?)),
        (RecordType::MX, [preference, exchange]) => {
            Ok(Rdata::mx(number(preference)?, &host_or_root(exchange)?))
        }
        (RecordType::MX, _) => Err("is not PREFERENCE EXCHANGE".into()),
        (RecordType::SRV, [priority, weight, port, target]) => {
            let [priority, weight, port] = [number(priority)?, number(weight)?, number(port)?];
            Ok(Rdata::srv(priority, weight, port, &host_or_root(target)?))
        }
        (RecordType::SRV, _) => Err("is not PRIORITY WEIGHT PORT TARGET".into()),
        (RecordType::NS | RecordType::PTR, _) => Err("is not one host name".into()),
        _ => portolan_zonefile::rdata::of_words(rtype, text),
    }
}

fn number(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("has {text:?}, which is not 0 to 65535"))
}

/// A host name that is pointed at.
pub(crate) fn host(text: &str) -> Result<Name, String> {
    hosts::plain_host(text).map_err(|rule| rule.to_string())
}

/// `.` says that there is none (RFC 2782, RFC 7505).
fn host_or_root(text: &str) -> Result<Name, String> {
    if text == "." { Ok(Name::root()) } else { host(text) }
}

/// Texts in quotes without them, `\"` and `\\` as what they stand for; several in a row stay apart. What is in
/// no quotes is one text.
fn strings(text: &str) -> Vec<Vec<u8>> {
    if text.len() < 2 || !(text.starts_with('"') && text.ends_with('"')) {
        return vec![text.as_bytes().to_vec()];
    }
    let mut strings = Vec::new();
    let mut inside: Option<Vec<u8>> = None;
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        match (octet, &mut inside) {
            (b'"', Some(_)) => strings.extend(inside.take()),
            (b'"', None) => inside = Some(Vec::new()),
            (b'\\', Some(string)) => string.extend(rest.next()),
            (_, Some(string)) => string.push(octet),
            (_, None) => {}
        }
    }
    strings.extend(inside);
    strings
}
