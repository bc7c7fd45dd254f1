//! `Zone` to the core's facts, the addresses of its name servers, and its fence.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use portolan_core::cluster::Sources;
use portolan_core::fleet::{ZoneFacts, unusable_address};
use portolan_core::record::Soa;
use portolan_core::{Name, Problem, Reason, Ttl};

use super::fence::{Fence, Pattern, Rule};
use super::findings::{Findings, Value};
use crate::hosts;
use crate::kinds::{AdmitRule, NAME_SERVERS_MAX, NameServer, RULES_MAX, SoaValues, Zone};

/// TTL of a zone's SOA and NS records where it names none, in seconds.
pub const ZONE_TTL: Ttl = Ttl::from_seconds(3_600).expect("is within 31 bits");
/// Where a zone names no SOA values, in seconds: refresh, retry, expire, negative TTL.
const SOA_DEFAULTS: [u32; 4] = [3_600, 600, 1_209_600, 30];

/// What a zone means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledZone {
    /// Its apex.
    pub apex: Name,
    /// What the core knows of it.
    pub facts: ZoneFacts,
    /// The addresses of its name servers, by name.
    pub addresses: BTreeMap<Name, BTreeSet<IpAddr>>,
    /// Who may make which names in it.
    pub fence: Fence,
}

impl SettledZone {
    /// The zone that a KubeFed `Domain` implies: its name server is the one that it names, else
    /// `ns.<apex>`; all else is the default; its fence is [`Fence::open`].
    #[must_use]
    pub fn implied(apex: Name, name_server: Option<Name>) -> Self {
        let servers = vec![name_server.unwrap_or_else(|| below("ns", &apex))];
        let fence = Fence::open(apex.clone(), servers.iter().cloned());
        let soa = soa(&SoaValues::default(), &apex, &servers, &mut Findings::of(String::new()));
        let facts =
            ZoneFacts { soa, name_servers: servers, ttl: ZONE_TTL, policy: None, held_by: Sources::new() };
        Self { apex, facts, addresses: BTreeMap::new(), fence }
    }
}

/// What a `Zone` means; nothing when its apex is no name.
#[must_use]
pub fn zone(object: &Zone) -> (Option<SettledZone>, Vec<Problem>) {
    let spec = &object.spec;
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let mut findings = Findings::of(format!("Zone {name}"));
    let Some(apex) = findings.keep("spec.apex", &spec.apex, hosts::plain_host(&spec.apex)) else {
        return (None, findings.into_problems());
    };
    let (servers, addresses) = name_servers(&spec.name_servers, &apex, &mut findings);
    let said = spec.soa.clone().unwrap_or_default();
    let facts = ZoneFacts {
        soa: soa(&said, &apex, &servers, &mut findings),
        ttl: findings.ttl("spec.ttl", spec.ttl).unwrap_or(ZONE_TTL),
        policy: findings.policy_name("spec.defaultPolicy", spec.default_policy.as_deref()),
        name_servers: servers.clone(),
        held_by: Sources::new(),
    };
    let rules = findings.within("spec.admit", &spec.admit, RULES_MAX);
    let rules =
        rules.map(|(i, said)| rule(said, &format!("spec.admit[{i}]"), &apex, &mut findings)).collect();
    let fence = Fence::new(apex.clone(), servers, rules);
    (Some(SettledZone { apex, facts, addresses, fence }), findings.into_problems())
}

type Addresses = BTreeMap<Name, BTreeSet<IpAddr>>;

/// The name servers in the order in which they stand, and their addresses. A zone must have one, so
/// where none is left it is `ns.<apex>`.
fn name_servers(said: &[NameServer], apex: &Name, findings: &mut Findings) -> (Vec<Name>, Addresses) {
    let mut servers: Vec<Name> = Vec::new();
    let mut addresses = Addresses::new();
    for (i, server) in findings.within("spec.nameServers", said, NAME_SERVERS_MAX) {
        let field = format!("spec.nameServers[{i}]");
        let parsed = hosts::plain_host(&server.name);
        let Some(name) = findings.keep(format_args!("{field}.name"), &server.name, parsed) else {
            continue;
        };
        if servers.contains(&name) {
            let message = format!("{} is listed twice; the first counts", Value(&server.name));
            findings.note(Reason::Duplicate, format_args!("{field}.name"), message);
            continue;
        }
        let glue = glue(server, &field, findings);
        if glue.is_empty() && name.borrowed().is_at_or_below(apex.borrowed()) {
            let message =
                format!("{} is inside the zone and has no address, so nobody can find it", name.to_dotless());
            findings.note(Reason::Incomplete, format_args!("{field}.addresses"), message);
        }
        servers.push(name.clone());
        addresses.insert(name, glue);
    }
    if servers.is_empty() {
        let name = below("ns", apex);
        let message = format!("names no name server; {} stands in, without an address", name.to_dotless());
        findings.note(Reason::Incomplete, "spec.nameServers", message);
        servers.push(name);
    }
    (servers, addresses)
}

fn glue(server: &NameServer, field: &str, findings: &mut Findings) -> BTreeSet<IpAddr> {
    let mut addresses = BTreeSet::new();
    let field = format!("{field}.addresses");
    for (i, text) in findings.within(&field, &server.addresses, NAME_SERVERS_MAX) {
        let item = format!("{field}[{i}]");
        let parsed = text.parse::<IpAddr>().map_err(|_| "is not an address");
        let parsed = parsed.map(|address| address.to_canonical());
        let usable = parsed.and_then(|address| unusable_address(address).map_or(Ok(address), Err));
        if let Some(address) = findings.keep(&item, text, usable)
            && !addresses.insert(address)
        {
            findings.note(Reason::Duplicate, &item, format_args!("{address} is listed twice"));
        }
    }
    addresses
}

/// The SOA. Its serial is given where the zone's content is known, not here.
fn soa(said: &SoaValues, apex: &Name, servers: &[Name], findings: &mut Findings) -> Soa {
    let [refresh, retry, expire, minimum] = SOA_DEFAULTS;
    let rname = said.rname.as_ref().and_then(|r| findings.keep("spec.soa.rname", r, mailbox(r)));
    let mut seconds = |field: &str, said: Option<i64>, default: u32| {
        findings.ttl(format_args!("spec.soa.{field}"), said).map_or(default, Ttl::seconds)
    };
    Soa {
        mname: servers.first().cloned().unwrap_or_else(|| apex.clone()),
        rname: rname.unwrap_or_else(|| below("hostmaster", apex)),
        serial: 0,
        refresh: seconds("refresh", said.refresh, refresh),
        retry: seconds("retry", said.retry, retry),
        expire: seconds("expire", said.expire, expire),
        minimum: seconds("negativeTTL", said.negative_ttl, minimum),
    }
}

/// A mail address as a name: what stands before the `@` is one label, dots and all (RFC 1035 section 8).
fn mailbox(text: &str) -> Result<Name, String> {
    let Some((local, domain)) = text.split_once('@') else {
        return hosts::plain_host(text).map_err(|rule| rule.to_string());
    };
    let is_word = |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b'@' | b'\\' | b'"');
    if local.is_empty() || !local.bytes().all(is_word) {
        return Err("has no plain mailbox before its '@'".into());
    }
    let domain = hosts::plain_host(domain).map_err(|rule| format!("after its '@' {rule}"))?;
    let labels = std::iter::once(local.as_bytes()).chain(domain.borrowed().labels());
    Name::from_labels(labels).map_err(|rule| rule.to_string())
}

fn rule(said: &AdmitRule, field: &str, apex: &Name, findings: &mut Findings) -> Rule {
    let namespaces = list(&said.namespaces, &format!("{field}.namespaces"), findings, Pattern::parse);
    Rule {
        namespaces: if said.is_misspelt { Some(Vec::new()) } else { namespaces },
        clusters: list(&said.clusters, &format!("{field}.clusters"), findings, Pattern::parse),
        hosts: list(&said.hosts, &format!("{field}.hosts"), findings, |text| {
            let glob = hosts::glob(text).map_err(|rule| rule.to_string())?;
            let base = glob.base.borrowed();
            let meets =
                base.is_at_or_below(apex.borrowed()) || (glob.below && apex.borrowed().is_at_or_below(base));
            if meets {
                Ok(glob)
            } else {
                Err(format!("is outside the zone {}, so it admits nobody", apex.to_dotless()))
            }
        }),
    }
}

/// None when nothing is said, which fits all; else what is left of it, which may fit nothing.
fn list<T, E: std::fmt::Display>(
    said: &[String],
    field: &str,
    findings: &mut Findings,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<Vec<T>> {
    if said.is_empty() {
        return None;
    }
    let items = findings.within(field, said, RULES_MAX);
    Some(
        items
            .filter_map(|(i, text)| findings.keep(format_args!("{field}[{i}]"), text, parse(text)))
            .collect(),
    )
}

/// A name right below the apex, or the apex where that would be too long.
fn below(label: &str, apex: &Name) -> Name {
    apex.prepend(label).unwrap_or_else(|_| apex.clone())
}

#[cfg(test)]
mod tests;
