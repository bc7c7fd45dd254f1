//! A name as CoreDNS' `etcd` plugin has it (read at 1.15): whatever stands below it is its own.
//!
//! | asked for | what answers |
//! | --- | --- |
//! | A, AAAA | every address at the name and below it; at the apex what is at and below `apex.dns.ZONE`, if anything is |
//! | SRV | one for each host: weights are shares of a hundred within a priority; an address is reached by the name of its key |
//! | MX | one for each host with `mail`, likewise |
//! | TXT | each `text` that stands beside no address |
//! | CNAME | a host name, where the name has no address |
//! | PTR | the host name at the exact key |
//!
//! The shortest keys with a `group` say which group is answered together. What differs from the plugin:
//!
//! * a name's own key counts beside those below it, and a bad value costs itself (faults.md R-19);
//! * an alias stands alone (RFC 1034): of several host names one is drawn, and beside addresses there is none;
//! * a name that exists is never denied: asked for CNAME, one with keys only below it has no data;
//! * `*` and `any` as labels of a question match nothing else: that would be a lookup for each question, and stored `*` keys
//!   are no wildcards, as in the plugin;
//! * our own field says nothing here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use portolan_core::record::Rdata;
use portolan_core::{Endpoint, Name, NameRef, RecordType, Target, Ttl};

use super::super::Wrong;
use super::super::record::{Host, is_reverse};
use super::super::value::Value;
use super::names::endpoints;
use super::{KEYS_OF_NAME_MAX, Table, What, is_address};

/// A value, as far as the plugin looks at it.
#[derive(Debug, PartialEq)]
pub(super) struct Service {
    host: Option<Host>,
    port: i32,
    priority: u16,
    weight: u32,
    text: Box<str>,
    mail: bool,
    ttl: Ttl,
    group: Box<str>,
    /// Its host name without the labels that `targetstrip` says, as SRV and MX records have it.
    served: Option<Name>,
    /// The name of its key without these labels: what an address is called in SRV and MX records.
    pub(super) stripped: Name,
    /// How many labels its key has.
    depth: usize,
}

impl Service {
    pub(super) fn new(spelled: &Name, value: Value, ttl: Ttl) -> Result<Self, Wrong> {
        let host = value.host()?;
        if host.is_none() && value.text.is_empty() && value.placed.is_none() {
            return Err(Wrong::whole("the value has neither host nor text: there is nothing to answer"));
        }
        let strip = usize::from(value.target_strip);
        let served = match &host {
            Some(Host::Name(name)) => Some(without(name, strip)),
            _ => None,
        };
        Ok(Self {
            host,
            port: value.port,
            priority: value.priority(),
            weight: value.weight(),
            text: value.text.into(),
            mail: value.mail,
            ttl,
            group: value.group.into(),
            served,
            stripped: without(spelled, strip),
            depth: spelled.borrowed().labels().count(),
        })
    }

    pub(super) fn is_address(&self) -> bool {
        is_address(self.host.as_ref())
    }

    fn address(&self) -> Option<IpAddr> {
        match self.host {
            Some(Host::Address(address)) => Some(address),
            _ => None,
        }
    }

    /// The host name that it is an alias of: with a text beside it, it is a text.
    fn alias(&self) -> Option<&Name> {
        match &self.host {
            Some(Host::Name(name)) if self.text.is_empty() => Some(name),
            _ => None,
        }
    }

    /// What SRV and MX records call it; none of a text.
    fn served(&self) -> Option<&Name> {
        if self.is_address() {
            Some(&self.stripped)
        } else {
            self.served.as_ref().filter(|_| self.text.is_empty())
        }
    }
}

/// A name without so many labels from the left; as it is when it has fewer.
fn without(name: &Name, labels: usize) -> Name {
    let short = name.borrowed().suffixes().nth(labels).filter(|name| !name.is_root());
    short.map_or_else(|| name.clone(), NameRef::to_name)
}

impl Table {
    /// What a name and all below it offer.
    pub(super) fn subtree_endpoints(&self, name: &Name) -> Vec<Endpoint> {
        let services = self.services(name);
        let own = self.services_at(name);
        if is_reverse(name.borrowed()) {
            let host = own.iter().find_map(|own| Some((own.alias()?, own.ttl)));
            let pointer = |(host, ttl)| (Target::Record(RecordType::PTR, Rdata::name(host)), ttl, None);
            return endpoints(host.map(pointer));
        }
        let hosted: Vec<&Service> = grouped(services.iter().copied().filter(|s| s.host.is_some()).collect());
        let mut offered: Vec<(Target, Ttl)> = Vec::new();
        let addressed = self.at_apex(name).unwrap_or_else(|| hosted.clone());
        offered.extend(addressed.iter().filter_map(|s| Some((Target::Address(s.address()?), s.ttl))));
        // An alias of what is below it leads back, as that is its own.
        let leads_on = |host: &Name| !host.borrowed().is_at_or_below(name.borrowed());
        let aliases: Vec<&Service> =
            addressed.iter().copied().filter(|s| s.alias().is_some_and(leads_on)).collect();
        let is_alias =
            offered.is_empty() && !aliases.is_empty() && aliases.iter().all(|s| s.port <= 0 && !s.mail);
        if is_alias {
            let hosts = aliases.iter().filter_map(|s| Some((Target::Host(s.alias()?.clone()), s.ttl)));
            offered.extend(hosts);
        } else {
            offered.extend(srv(&hosted));
            offered.extend(mx(&hosted));
            offered.extend(texts(&grouped(services)));
        }
        endpoints(offered.into_iter().map(|(target, ttl)| (target, ttl, None)))
    }

    /// What stands at a name's own key and below it, in the order of the keys.
    fn services(&self, name: &Name) -> Vec<&Service> {
        let below = self.setup.layout.below(name.borrowed());
        let below = self.range(&below.from).filter_map(|(_, what)| service(what));
        self.services_at(name).into_iter().chain(below).take(KEYS_OF_NAME_MAX).collect()
    }

    fn services_at(&self, name: &Name) -> Vec<&Service> {
        let key = self.setup.layout.key(name.borrowed());
        self.entries.get(key.as_slice()).and_then(|entry| service(&entry.what)).into_iter().collect()
    }

    /// What stands at `apex.dns.ZONE` for a zone's apex; none of another name, or when nothing stands there.
    fn at_apex(&self, name: &Name) -> Option<Vec<&Service>> {
        self.setup.zones.get(name)?;
        let services = self.services(&name.prepend("apex.dns").ok()?);
        let hosted = services.iter().copied().filter(|s| s.host.is_some()).collect();
        (!services.is_empty()).then(|| grouped(hosted))
    }
}

fn service(what: &What) -> Option<&Service> {
    match what {
        What::Service(service) => Some(service),
        What::Kept(_) => None,
    }
}

/// Those of the group that the shortest key with one names, and those without; all, where the shortest disagree.
fn grouped(services: Vec<&Service>) -> Vec<&Service> {
    let Some(first) = services.first() else { return services };
    let (mut group, mut shortest) = (&*first.group, first.depth);
    let mut depths = vec![0; services.len()];
    for (service, depth) in services.iter().zip(&mut depths) {
        *depth = service.depth;
        if service.depth < shortest {
            // From here on the plugin compares no more lengths.
            if service.group.is_empty() {
                break;
            }
            (group, shortest) = (&*service.group, service.depth);
        }
    }
    if group.is_empty() {
        return services;
    }
    let disagrees = |(service, depth): (&&Service, &usize)| {
        !service.group.is_empty() && *depth == shortest && *service.group != *group
    };
    if services.iter().zip(&depths).any(disagrees) {
        return services;
    }
    services.into_iter().filter(|s| s.group.is_empty() || *s.group == *group).collect()
}

fn srv(services: &[&Service]) -> Vec<(Target, Ttl)> {
    let mut sums: BTreeMap<u16, f64> = BTreeMap::new();
    for service in services {
        *sums.entry(service.priority).or_default() += f64::from(service.weight);
    }
    let mut seen = BTreeSet::new();
    let mut records = Vec::new();
    for service in services.iter().filter(|service| service.port >= 0) {
        let (Some(target), Ok(port)) = (service.served(), u16::try_from(service.port)) else { continue };
        if service.is_address() && !seen.insert((target, port)) {
            continue;
        }
        // In floating point, as the plugin does it; the result is that of its rounding.
        let share = 100.0 / sums.get(&service.priority).copied().unwrap_or(100.0) * f64::from(service.weight);
        // It is from 0 to 100.
        let weight = (share.floor() as u16).max(1);
        let rdata = Rdata::srv(service.priority, weight, port, target);
        records.push((Target::Record(RecordType::SRV, rdata), service.ttl));
    }
    records
}

fn mx(services: &[&Service]) -> Vec<(Target, Ttl)> {
    let mail = services.iter().filter(|service| service.mail);
    mail.filter_map(|service| {
        let rdata = Rdata::mx(service.priority, service.served()?);
        Some((Target::Record(RecordType::MX, rdata), service.ttl))
    })
    .collect()
}

fn texts(services: &[&Service]) -> Vec<(Target, Ttl)> {
    let texts = services.iter().filter(|service| !service.is_address() && !service.text.is_empty());
    texts
        .filter_map(|service| {
            let rdata = Rdata::txt(service.text.as_bytes())?;
            Some((Target::Record(RecordType::TXT, rdata), service.ttl))
        })
        .collect()
}
