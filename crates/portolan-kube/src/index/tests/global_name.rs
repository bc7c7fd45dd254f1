//! `GlobalName`: hosts, backends, policy, TTL.

use std::sync::Arc;

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use portolan_core::policy::{Pick, PolicyName};
use serde_json::json;

use super::{Bench, mk, mk_global_name, mk_ingress, mk_service, mk_slice, object};

fn clusters() -> Bench {
    let rules = json!({ "rules": [{ "host": "shop.example.net", "http": { "paths": [
        { "pathType": "Prefix", "path": "/", "backend": { "service": { "name": "web" } } },
    ] } }] });
    Bench::of(&[
        ("", mk_global_name("shop/web", &["shop.example.net", "*.shop.example.net"], &["web"])),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
        ("eu", mk_service("other/web", &["192.0.2.9"])),
        ("eu", mk_ingress("shop/web", &["192.0.2.2"], rules)),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
    ])
}

#[test]
fn every_host_is_offered_by_every_cluster() {
    let mut bench = clusters();
    for host in ["shop.example.net", "*.shop.example.net"] {
        assert_eq!(bench.show(host), "eu=192.0.2.1 Ready | us=198.51.100.1 NotReady", "{host}");
        assert_eq!(bench.answer(host), "A 192.0.2.1 (30)", "{host}");
    }
}

#[test]
fn its_fields() {
    let with = |fields| {
        let mut object = mk_global_name("shop/web", &["shop.example.net"], &["web"]);
        for (field, value) in serde_json::Map::clone(serde_json::Value::as_object(&fields).unwrap()) {
            object["spec"][field] = value;
        }
        object
    };
    let both =
        json!({ "backends": [{ "kind": "Service", "name": "web" }, { "kind": "Ingress", "name": "web" }] });
    for (fields, offers) in [
        (json!({ "allowServiceWithoutEndpoints": true }), "eu=192.0.2.1 Ready | us=198.51.100.1 Allowed"),
        (both, "eu=192.0.2.1 Ready | eu=192.0.2.2 Ready | us=198.51.100.1 NotReady"),
    ] {
        let mut bench = clusters();
        bench.set("", &with(fields.clone()));
        assert_eq!(bench.show("shop.example.net"), offers, "{fields}");
    }
    let mut bench = clusters();
    bench.set("", &with(json!({ "ttl": 60, "policy": "near" })));
    let facts = bench.name("shop.example.net").unwrap();
    assert_eq!((facts.ttl.unwrap().seconds(), facts.policy), (60, Some(PolicyName("near".into()))));
}

#[test]
fn policies_and_their_files() {
    let geo = |file: &str| {
        let order = json!([{ "type": "Geo", "networksFile": file }]);
        mk("SteeringPolicy", "near", json!({ "spec": { "order": order, "pick": { "type": "First" } } }))
    };
    let mut bench = Bench::of(&[("", geo("nets.csv"))]);
    let root = super::ClusterName::from("");
    let networks = |bench: &Bench| match &bench.fleet.policies.values().next().unwrap().order[0] {
        portolan_core::policy::Stage::Geo(map) => map.networks.len(),
        portolan_core::policy::Stage::Tiers(_) => 0,
    };
    bench.complains(Reason::NotFound, &["SteeringPolicy near: spec.order[0]", "nets.csv"]);
    assert_eq!(
        bench.index.networks_wanted().into_iter().collect::<Vec<_>>(),
        [(root.clone(), "nets.csv".into())]
    );
    bench.index.networks_file(&root, "nets.csv", Some("192.0.2.0/24,EU/DE\n198.51.100.0/24,ZZ\n"));
    bench.take();
    assert_eq!((networks(&bench), bench.problems(Reason::NotFound).len()), (2, 0));
    bench.complains(Reason::Invalid, &["nets.csv", "ZZ"]);
    assert_eq!(bench.fleet.policies.values().next().unwrap().pick, Pick::First(1));
    bench.index.networks_file(&root, "nets.csv", None);
    bench.take();
    assert!(bench.problems(Reason::Invalid).is_empty(), "the file's problems went with it");
    bench.delete("", &geo("nets.csv"));
    bench.take();
    assert!(bench.fleet.policies.is_empty());
}

/// Down the file, and in one place by number and not by digit.
#[test]
fn problems_come_in_reading_order() {
    let hosts = [0, 1, 0, 3, 4, 5, 6, 7, 8, 9, 10, 1].map(|n| format!("a{n}.example"));
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let mut name = mk_global_name("shop/web", &hosts, &["web"]);
    let mut bench = Bench::default();
    for (line, metadata) in [(10, "b"), (9, "c")] {
        name["metadata"]["name"] = json!(metadata);
        let place = format!("x.yaml:{line}:1");
        bench.index.set(&ClusterName::from(""), Arc::new(object(&name)), &place.into());
    }
    bench.index.heard(&ClusterName::from(""));
    bench.take();
    let is_twice = |problem: &&portolan_core::Problem| problem.reason == Reason::Duplicate;
    let of = bench.index.problems().filter(is_twice).map(|problem| problem.subject.clone());
    let expected = ["c: spec.hosts[2]", "c: spec.hosts[11]", "b: spec.hosts[2]", "b: spec.hosts[11]"];
    assert_eq!(of.collect::<Vec<_>>(), expected.map(|rest| format!("GlobalName shop/{rest}")));
}
