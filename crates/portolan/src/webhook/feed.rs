//! Records as objects of the fleet: a `DNSEndpoint` for each name, a `Zone` for each domain.
//!
//! The objects have no time of creation, so that those of a fleet beside them are older: of two that want one name, or
//! one zone, the fleet's has it. The zones' fences admit the records alone, and spell out what a fence wants spelled
//! out: the apex, the name servers, and each name that the records delegate.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use portolan_core::{ClusterName, Name, RecordType, Ttl};
use portolan_kube::dns_endpoint::{DnsEndpoint, RecordSpec};
use portolan_kube::hosts;
use portolan_kube::kinds::{AdmitRule, NameServer, RULES_MAX, Zone, ZoneSpec};
use portolan_kube::kubefed::RecordTtl;
use portolan_kube::object::{Body, Kind, Object, ObjectKey};
use portolan_sync::webhook::Endpoint;
use portolan_sync::webhook::book::Book;

use super::{Config, SOURCE};
use crate::engine::Event;

/// What begins the text of a registry's mark.
const MARK: &str = "heritage=";

/// Makes objects of records, and remembers which zones it made.
#[derive(Debug)]
pub(super) struct Feed {
    zones: BTreeMap<Name, Zone>,
    /// What the zones' fences spell out beside the names that are delegated.
    config: Config,
    addresses: Vec<IpAddr>,
}

impl Feed {
    /// `addresses` are those that questions are answered at.
    pub(super) fn new(config: &Config, addresses: Vec<IpAddr>) -> Self {
        let addresses = addresses.into_iter().filter(|address| !address.is_unspecified()).collect();
        Self { zones: BTreeMap::new(), config: config.clone(), addresses }
    }

    /// All that a book comes to, and that it was read.
    pub(super) fn all(&mut self, book: &Book) -> Vec<Event> {
        let mut events = self.zones(book);
        events.extend(book.names().into_iter().map(|name| self.name(book, &name)));
        events.push(Event::Heard(source()));
        events
    }

    /// What a book comes to of which some names have changed.
    pub(super) fn some(&mut self, book: &Book, touched: &BTreeSet<Arc<str>>) -> Vec<Event> {
        let mut events = self.zones(book);
        events.extend(touched.iter().map(|name| self.name(book, name)));
        events
    }

    /// A name: its records, or that it has none any more.
    fn name(&self, book: &Book, name: &Arc<str>) -> Event {
        let key = ObjectKey::new(Kind::DnsEndpoint, Some(SOURCE), name);
        let records = book.at(name).filter(|endpoint| self.is_answered(endpoint));
        let records: Vec<RecordSpec> = records.map(|endpoint| record(endpoint)).collect();
        if records.is_empty() {
            return Event::Deleted { source: source(), key };
        }
        let mut object = DnsEndpoint::default();
        object.spec.endpoints = records;
        set(key, Body::DnsEndpoint(Box::new(object)))
    }

    /// False of what is never answered: the name servers of an apex, which are the zone's own, and marks of names
    /// that no question asks for (`a-*.shop.example`, as External-DNS marks a wildcard).
    fn is_answered(&self, endpoint: &Endpoint) -> bool {
        let is_type = |rtype: RecordType| endpoint.record_type.parse() == Ok(rtype);
        let is_mark = || is_type(RecordType::TXT) && endpoint.targets.iter().all(|text| text.contains(MARK));
        let is_apex =
            || endpoint.dns_name.parse().is_ok_and(|name: Name| self.config.apexes().contains(&name));
        !(is_type(RecordType::NS) && is_apex()) && (hosts::host(&endpoint.dns_name).is_ok() || !is_mark())
    }

    /// The zones that are others than before.
    fn zones(&mut self, book: &Book) -> Vec<Event> {
        let is_cut = |endpoint: &&Arc<Endpoint>| endpoint.record_type.eq_ignore_ascii_case("NS");
        let cuts: Vec<Name> =
            book.endpoints().filter(is_cut).filter_map(|cut| cut.dns_name.parse().ok()).collect();
        let apexes = self.config.apexes();
        let mut events = Vec::new();
        for apex in &apexes {
            let zone = self.zone(apex, &cuts);
            if self.zones.get(apex) != Some(&zone) {
                let key = ObjectKey::new(Kind::Zone, None, &format!("{SOURCE}-{}", apex.to_dotless()));
                events.push(set(key, Body::Zone(Box::new(zone.clone()))));
                self.zones.insert(apex.clone(), zone);
            }
        }
        events
    }

    fn zone(&self, apex: &Name, cuts: &[Name]) -> Zone {
        let servers: Vec<NameServer> = match self.config.name_servers.as_slice() {
            [] => {
                let name = apex.prepend("ns").unwrap_or_else(|_| apex.clone()).to_dotless();
                vec![NameServer { name, addresses: self.addresses.iter().map(ToString::to_string).collect() }]
            }
            said => said.iter().map(spelled).collect(),
        };
        let is_within = |name: &&Name| name.borrowed().is_at_or_below(apex.borrowed()) && *name != apex;
        let inside = servers.iter().filter_map(|server| server.name.parse::<Name>().ok());
        let mut hosts: BTreeSet<Name> = inside.filter(|name| is_within(&name)).collect();
        hosts.insert(apex.clone());
        let mut cuts = cuts.iter().filter(is_within);
        let room = RULES_MAX.saturating_sub(hosts.len());
        hosts.extend(cuts.by_ref().take(room).cloned());
        if cuts.next().is_some() {
            tracing::warn!(zone = %apex, "more than {room} names are delegated; those after them are kept and not answered");
        }
        let everything = AdmitRule { namespaces: vec![SOURCE.into()], ..AdmitRule::default() };
        let spelt = AdmitRule { hosts: hosts.iter().map(Name::to_dotless).collect(), ..everything.clone() };
        let spec = ZoneSpec {
            apex: apex.to_dotless(),
            name_servers: servers,
            admit: vec![everything, spelt],
            ..ZoneSpec::default()
        };
        Zone::new(&format!("{SOURCE}-{}", apex.to_dotless()), spec)
    }
}

impl Config {
    /// The apexes of the zones that records are answered in.
    pub(super) fn apexes(&self) -> BTreeSet<Name> {
        let domains = self.domains.iter().map(|domain| domain.trim().trim_start_matches('.'));
        domains.filter_map(|domain| domain.parse().ok()).collect()
    }
}

/// The source of all that is fed.
pub(super) fn source() -> ClusterName {
    ClusterName::from(SOURCE)
}

fn set(key: ObjectKey, body: Body) -> Event {
    let object = Arc::new(Object { key, created: i64::MAX, body, in_part: false });
    Event::Set { source: source(), object, place: SOURCE.into() }
}

fn spelled(server: &super::NameServer) -> NameServer {
    NameServer {
        name: server.name.to_dotless(),
        addresses: server.addresses.iter().map(ToString::to_string).collect(),
    }
}

fn record(endpoint: &Endpoint) -> RecordSpec {
    let seconds = u32::try_from(endpoint.record_ttl.max(0)).ok().and_then(Ttl::from_seconds);
    RecordSpec {
        dns_name: endpoint.dns_name.clone(),
        targets: endpoint.targets.clone(),
        record_type: endpoint.record_type.clone(),
        record_ttl: match seconds {
            Some(ttl) if ttl.seconds() == 0 => RecordTtl::Unset,
            Some(ttl) => RecordTtl::Seconds(ttl),
            None => RecordTtl::Wrong(endpoint.record_ttl.to_string()),
        },
        set_identifier: Some(endpoint.set_identifier.clone()).filter(|identifier| !identifier.is_empty()),
        ..RecordSpec::default()
    }
}
