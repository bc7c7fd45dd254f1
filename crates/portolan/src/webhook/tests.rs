use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_kube::object::Body;
use portolan_sync::webhook::Endpoint;
use portolan_sync::webhook::book::Book;

use super::feed::Feed;
use super::{Config, NameServer};
use crate::engine::Event;

fn endpoint(name: &str, rtype: &str, targets: &[&str]) -> Endpoint {
    Endpoint {
        dns_name: name.into(),
        record_type: rtype.into(),
        targets: targets.iter().map(|text| (*text).to_owned()).collect(),
        ..Endpoint::default()
    }
}

fn config() -> Config {
    Config { domains: vec!["example.com".into()], ..Config::default() }
}

/// Events in words.
fn shown(events: &[Event]) -> Vec<String> {
    let shown = |event: &Event| match event {
        Event::Set { object, .. } => match &object.body {
            Body::Zone(zone) => {
                let servers: Vec<String> = zone
                    .spec
                    .name_servers
                    .iter()
                    .map(|server| format!("{}={}", server.name, server.addresses.join("+")))
                    .collect();
                let hosts: Vec<&str> =
                    zone.spec.admit.iter().flat_map(|rule| &rule.hosts).map(String::as_str).collect();
                format!("zone {} by {} admits {}", zone.spec.apex, servers.join(","), hosts.join(","))
            }
            Body::DnsEndpoint(object) => {
                let records = object
                    .spec
                    .endpoints
                    .iter()
                    .map(|one| format!("{} {}", one.record_type, one.targets.join("+")));
                format!("{}: {}", object_name(&event_key(event)), records.collect::<Vec<_>>().join(", "))
            }
            other => panic!("{other:?}"),
        },
        Event::Deleted { key, .. } => format!("no {}", key.name()),
        Event::Heard(source) => format!("heard {source}"),
        other => panic!("{other:?}"),
    };
    events.iter().map(shown).collect()
}

fn event_key(event: &Event) -> portolan_kube::object::ObjectKey {
    match event {
        Event::Set { object, .. } => object.key.clone(),
        other => panic!("{other:?}"),
    }
}

fn object_name(key: &portolan_kube::object::ObjectKey) -> String {
    key.name().to_string()
}

fn touched(names: &[&str]) -> BTreeSet<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

#[test]
fn records_are_objects_by_name_and_domains_are_zones() {
    let mark = "\"heritage=external-dns,external-dns/owner=eu\"";
    let book = Book::of(vec![
        endpoint("Shop.example.com", "A", &["192.0.2.1"]),
        endpoint("shop.example.com.", "AAAA", &["2001:db8::1"]),
        endpoint("example.com", "NS", &["ns.elsewhere.example"]),
        endpoint("*.any.example.com", "A", &["192.0.2.2"]),
        endpoint("a-*.any.example.com", "TXT", &[mark]),
        endpoint("sub.example.com", "NS", &["ns.example.net"]),
    ]);
    let addresses = ["192.0.2.53", "0.0.0.0", "::"].map(|text| text.parse().unwrap()).to_vec();
    let mut feed = Feed::new(&config(), addresses);
    assert_eq!(
        shown(&feed.all(&book)),
        [
            "zone example.com by ns.example.com=192.0.2.53 admits ns.example.com,sub.example.com,example.com",
            "*.any.example.com: A 192.0.2.2",
            "no a-*.any.example.com",
            "no example.com",
            "shop.example.com: A 192.0.2.1, AAAA 2001:db8::1",
            "sub.example.com: NS ns.example.net",
            "heard webhook",
        ]
    );
    // What changes, and nothing else; a zone when it spells out other names.
    let next = Book::of(vec![
        endpoint("shop.example.com", "A", &["192.0.2.9"]),
        endpoint("sub.example.com", "NS", &["a.example.net"]),
    ]);
    let names = touched(&["shop.example.com", "*.any.example.com"]);
    assert_eq!(shown(&feed.some(&next, &names)), ["no *.any.example.com", "shop.example.com: A 192.0.2.9"]);
    let none = Book::default();
    assert_eq!(
        shown(&feed.some(&none, &touched(&["sub.example.com"]))),
        [
            "zone example.com by ns.example.com=192.0.2.53 admits ns.example.com,example.com",
            "no sub.example.com"
        ]
    );
}

#[test]
fn name_servers_are_those_that_are_named_and_delegations_have_a_limit() {
    let name_servers = vec![NameServer { name: "ns1.example.net".parse().unwrap(), addresses: Vec::new() }];
    let domains = vec![".example.com".into(), "example.org".into()];
    let mut feed =
        Feed::new(&Config { domains, name_servers, ..config() }, vec!["192.0.2.53".parse().unwrap()]);
    let cuts = (0..100).map(|n| endpoint(&format!("n{n}.example.com"), "NS", &["ns.example.net"]));
    let events = shown(&feed.all(&Book::of(cuts.collect())));
    assert!(
        events[0].starts_with("zone example.com by ns1.example.net= admits n0.example.com,"),
        "{}",
        events[0]
    );
    assert!(events[0].ends_with(",example.com"), "{}", events[0]);
    assert_eq!(events[0].matches(',').count() + 1, portolan_kube::kinds::RULES_MAX);
    assert_eq!(events[1], "zone example.org by ns1.example.net= admits example.org");
    assert_eq!(events.len(), 2 + 100 + 1);
}
