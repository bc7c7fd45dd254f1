//! Any order of the same events ends in the same facts, problems and bytes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Bench, Event, key, made, mk, mk_domain, mk_global_name, mk_ingress, mk_ingress_record, mk_member,
    mk_node, mk_record, mk_service, mk_slice, mk_zone,
};

const SOURCES: &str = "--source=service --source=ingress --resolve-service-load-balancer-hostname";

/// An index that knows nothing, and whose host names are resolved.
fn fresh() -> Bench {
    let mut bench = Bench::sourced(SOURCES);
    bench.index.resolve_hosts();
    bench
}

/// A Service that names hosts.
fn named(path: &str, host: &str, address: &str) -> Value {
    let mut service = mk_service(path, &[address]);
    service["metadata"]["annotations"] = json!({ "external-dns.kubernetes.io/hostname": host });
    service["spec"] = json!({ "type": "LoadBalancer" });
    service
}

/// A headless Service, its slice and its pod.
fn headless() -> [Value; 3] {
    let mut service = named("shop/db", "db.example.net", "192.0.2.9");
    service["spec"] = json!({ "clusterIP": "None", "selector": { "app": "db" } });
    let mut slice = mk_slice("shop/db", true);
    slice["endpoints"][0]["targetRef"] = json!({ "kind": "Pod", "name": "db-0" });
    let mut pod = mk("Pod", "shop/db-0", json!({}));
    pod["metadata"]["labels"] = json!({ "app": "db" });
    [service, slice, pod]
}

/// A life of each thing, in its own order: what happens to different things may mix as it likes.
fn lives() -> Vec<Vec<Event>> {
    [of_objects(), of_hosts()].concat()
}

fn of_objects() -> Vec<Vec<Event>> {
    use Event::{Delete, Heard, Set, Silent};
    let service = |n: u8| mk_service("shop/web", &[&format!("192.0.2.{n}")]);
    let web = |service: &str| mk_global_name("shop/web", &["shop.example.net"], &[service]);
    let rules = json!({ "defaultBackend": { "service": { "name": "web" } } });
    let headless = headless();
    let foreign = mk(
        "DNSEndpoint",
        "shop/ingress-web",
        json!({ "spec": { "endpoints": [
        { "dnsName": "x.example.com", "recordType": "A", "targets": ["192.0.2.77"] },
    ] } }),
    );
    vec![
        vec![Heard("")],
        vec![Heard("a"), Silent("a")],
        vec![Heard("b"), Silent("b"), Heard("b")],
        vec![Heard("c")],
        vec![Set("", mk_domain("x/fed", "example.org")), Delete("", mk_domain("x/fed", "example.org"))],
        vec![Set("c", made(mk_domain("y/fed", "example.com"), 3))],
        vec![Set("", mk_zone("example.net", json!([]))), Set("", mk_zone("example.net", json!([{}])))],
        vec![Set("", mk_member("b", json!({ "state": "Draining", "weight": 5 })))],
        vec![Set("a", mk_node("n", "eu", "eu-a")), Set("a", mk_node("n", "us", "us-a"))],
        vec![Set("b", mk_node("n", "eu", "eu-b")), Delete("b", mk_node("n", "eu", "eu-b"))],
        vec![Set("c", mk_node("n", "us", "us-a"))],
        vec![Set("a", service(1)), Delete("a", service(1)), Set("a", service(2))],
        vec![Set("b", service(3))],
        vec![Set("c", service(4)), Delete("c", service(4))],
        vec![Set("a", mk_slice("shop/web", false)), Set("a", mk_slice("shop/web", true))],
        vec![Set("b", mk_slice("shop/web", true)), Delete("b", mk_slice("shop/web", true))],
        vec![Set("a", mk_record("shop/web", json!({})))],
        vec![Set("b", mk_record("shop/web", json!({ "dnsPrefix": "buy" })))],
        vec![Set("c", mk_record("shop/web", json!({ "dnsPrefix": "buy" })))],
        vec![Set("a", web("web")), Set("a", web("other"))],
        vec![Set("c", web("web"))],
        vec![Set("b", made(mk_global_name("shop/old", &["shop.example.net"], &["web"]), 1))],
        vec![Set("c", mk_ingress("shop/web", &["203.0.113.1", "127.0.0.1"], rules))],
        vec![Set("", mk_ingress_record("shop/web", &["i.example.org", "i.example.com"]))],
        vec![Set("b", foreign)],
        vec![Set("a", named("shop/one", "s.example.net", "192.0.2.11")), Set("a", service_of("shop/one"))],
        vec![Set("a", service_of("shop/two")), Set("a", named("shop/two", "s.example.net", "192.0.2.12"))],
        vec![
            Set("b", made(named("shop/two", "s.example.net", "192.0.2.13"), 4)),
            Set("b", made(named("shop/two", "s.example.net", "192.0.2.14"), 2)),
        ],
        vec![Set("c", made(named("evil/two", "s.example.net,shop.example.net", "192.0.2.15"), 3))],
        vec![Set("c", headless[0].clone())],
        vec![
            Set("c", headless[1].clone()),
            Set("c", mk_slice("shop/db", false)),
            Set("c", headless[1].clone()),
        ],
        vec![Set("c", headless[2].clone()), Delete("c", headless[2].clone()), Set("c", headless[2].clone())],
    ]
}

/// Load balancers with host names, and what these resolve to.
fn of_hosts() -> Vec<Vec<Event>> {
    use Event::{Delete, Resolved, Set};
    vec![
        vec![Set("a", mk_service("shop/lb", &["lb.example.edu"]))],
        vec![
            Set("b", mk_service("shop/lb", &["gone.example.edu"])),
            Delete("b", mk_service("shop/lb", &[])),
            Set("b", mk_service("shop/lb", &["gone.example.edu", "never.example.edu"])),
        ],
        vec![Set("c", mk_service("shop/lb", &["in.example.net"]))],
        vec![Set("", mk_global_name("shop/lb", &["lb.example.net"], &["lb"]))],
        vec![Resolved("lb.example.edu", "192.0.2.61"), Resolved("lb.example.edu", "10.0.0.9,192.0.2.62")],
        vec![
            Resolved("gone.example.edu", "192.0.2.63"),
            Resolved("gone.example.edu", "!SERVFAIL 192.0.2.63"),
        ],
        vec![Resolved("never.example.edu", "!NXDOMAIN")],
        vec![Resolved("in.example.net", "192.0.2.64")],
        vec![Set("a", named("shop/alias", "alias.example.net", "named.example.edu"))],
        vec![Resolved("named.example.edu", "192.0.2.65")],
    ]
}

fn service_of(path: &str) -> Value {
    mk_service(path, &["192.0.2.10"])
}

/// One order of all events that keeps each life's own order.
fn mixed(seed: &[u16]) -> Vec<Event> {
    let lives = lives();
    let mut next = vec![0; lives.len()];
    let mut events = Vec::new();
    let mut picks = seed.iter().cycle();
    loop {
        let open: Vec<usize> = (0..lives.len()).filter(|i| next[*i] < lives[*i].len()).collect();
        if open.is_empty() {
            return events;
        }
        let life = open[usize::from(*picks.next().unwrap()) % open.len()];
        events.push(lives[life][next[life]].clone());
        next[life] += 1;
    }
}

/// What is there at the end, told at once to an index that knows nothing.
fn end() -> String {
    let mut bench = fresh();
    let (mut last, mut resolved) = (BTreeMap::new(), BTreeMap::new());
    for event in lives().into_iter().flatten() {
        match &event {
            Event::Set(source, object) => _ = last.insert((*source, key(object)), event.clone()),
            Event::Delete(source, object) => _ = last.remove(&(*source, key(object))),
            Event::Resolved(host, _) => _ = resolved.insert(*host, event.clone()),
            Event::Heard(_) | Event::Silent(_) => {}
        }
    }
    for event in last.values().chain(resolved.values()) {
        bench.event(event);
    }
    for source in ["", "a", "b", "c"] {
        bench.event(&Event::Heard(source));
    }
    bench.event(&Event::Silent("a"));
    bench.everything()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_ends_the_same(seed in prop::collection::vec(any::<u16>(), 64), every in 1_usize..9) {
        let mut bench = fresh();
        for (i, event) in mixed(&seed).iter().enumerate() {
            bench.event(event);
            if i % every == 0 {
                bench.take();
            }
        }
        prop_assert_eq!(bench.everything(), end());
    }
}

#[test]
fn the_end_is_worth_comparing() {
    let text = end();
    for part in [
        "NotReady",
        "Draining",
        "buy",
        "Conflict",
        "NoZone",
        "TargetSuspect",
        "ingress-web",
        "us-a",
        "db.example.net",
        "192.0.2.14",
        "Service evil/two",
        "192.0.2.62",
        "192.0.2.63",
        "192.0.2.65",
        "in.example.net",
        "(lb.example.edu. resolves to it)",
        "SERVFAIL; its last addresses stay",
        "NXDOMAIN; it stays an alias",
    ] {
        assert!(text.contains(part), "{part} is not in the end:\n{text}");
    }
}
