//! KubeFed's levels: gslb-semantics 2.2 to 2.6, with the intent where KubeFed's code misses it.

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use serde_json::{Value, json};

use super::{
    Bench, made, mk, mk_domain, mk_ingress, mk_ingress_record, mk_node, mk_record, mk_service, mk_slice,
};

/// Two clusters in one region, one in another; `eu-2` has no Service, `us` is not ready.
fn three(record: Value) -> Bench {
    Bench::of(&[
        ("", mk_domain("kube-federation-system/fed", "example.org")),
        ("", record),
        ("eu-1", mk_node("a", "eu", "eu-a")),
        ("eu-1", mk_service("shop/web", &["192.0.2.1", "2001:db8::1"])),
        ("eu-1", mk_slice("shop/web", true)),
        ("eu-2", mk_node("a", "eu", "eu-b")),
        ("us", mk_node("a", "us", "us-a")),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", false)),
    ])
}

#[test]
fn every_level_has_its_offers_and_its_fallback() {
    let mut bench = three(mk_record("shop/web", json!({})));
    for (name, offers, answer) in [
        (
            "web.shop.fed.svc.example.org",
            "eu-1=192.0.2.1,2001:db8::1 Ready | us=198.51.100.1 NotReady",
            "A 192.0.2.1 (180); AAAA 2001:db8::1 (180)",
        ),
        (
            "web.shop.fed.svc.eu.example.org",
            "eu-1=192.0.2.1,2001:db8::1 Ready | else web.shop.fed.svc.example.org",
            "A 192.0.2.1 (180); AAAA 2001:db8::1 (180)",
        ),
        (
            "web.shop.fed.svc.eu-a.eu.example.org",
            "eu-1=192.0.2.1,2001:db8::1 Ready | else web.shop.fed.svc.eu.example.org",
            "A 192.0.2.1 (180); AAAA 2001:db8::1 (180)",
        ),
        (
            "web.shop.fed.svc.eu-b.eu.example.org",
            "else web.shop.fed.svc.eu.example.org",
            "CNAME web.shop.fed.svc.eu.example.org. (180)",
        ),
        (
            "web.shop.fed.svc.us.example.org",
            "us=198.51.100.1 NotReady | else web.shop.fed.svc.example.org",
            "CNAME web.shop.fed.svc.example.org. (180)",
        ),
        (
            "web.shop.fed.svc.us-a.us.example.org",
            "us=198.51.100.1 NotReady | else web.shop.fed.svc.us.example.org",
            "CNAME web.shop.fed.svc.us.example.org. (180)",
        ),
    ] {
        assert_eq!(bench.show(name), offers, "{name}");
        assert_eq!(bench.answer(name), answer, "{name}");
    }
    assert_eq!(bench.fleet.names.len(), 6, "no other names");
}

#[test]
fn the_fields_of_a_record() {
    let global = "web.shop.fed.svc.example.org";
    for (fields, name, answer) in [
        (json!({ "recordTTL": 0 }), global, "A 192.0.2.1 (180); AAAA 2001:db8::1 (180)"),
        (json!({ "recordTTL": 300 }), global, "A 192.0.2.1 (300); AAAA 2001:db8::1 (300)"),
        (json!({ "recordTTL": -1 }), global, "A 192.0.2.1 (180); AAAA 2001:db8::1 (180)"),
        (json!({ "recordTTL": 2_147_483_648_u64 }), global, "A 192.0.2.1 (180); AAAA 2001:db8::1 (180)"),
        (json!({ "recordTTL": "300" }), global, "A 192.0.2.1 (180); AAAA 2001:db8::1 (180)"),
        (json!({ "externalName": "buy" }), global, ""),
        (
            json!({ "externalName": "buy" }),
            "buy.shop.fed.svc.eu.example.org",
            "A 192.0.2.1 (180); AAAA 2001:db8::1 (180)",
        ),
        (
            json!({ "dnsPrefix": "buy", "externalName": "x" }),
            "buy.example.org",
            "CNAME x.shop.fed.svc.example.org. (180)",
        ),
        (
            json!({ "allowServiceWithoutEndpoints": true }),
            "web.shop.fed.svc.us.example.org",
            "A 198.51.100.1 (180)",
        ),
    ] {
        let mut bench = three(mk_record("shop/web", fields.clone()));
        assert_eq!(bench.answer(name), answer, "{name} of {fields}");
    }
}

#[test]
fn a_wrong_ttl_is_told() {
    for (said, shown) in [(json!(-1), "-1"), (json!("300"), "300"), (json!(1.5), "1.5")] {
        let mut bench = three(mk_record("shop/web", json!({ "recordTTL": said })));
        bench.complains(Reason::Invalid, &["ServiceDNSRecord shop/web: spec.recordTTL", shown]);
    }
}

#[test]
fn without_any_address_only_the_aliases_stand() {
    let mut bench = Bench::of(&[
        ("", mk_domain("any/fed", "example.org")),
        ("", mk_record("shop/web", json!({ "dnsPrefix": "buy" }))),
        ("eu", mk_node("a", "eu", "eu-a")),
        ("eu", mk_service("shop/web", &[])),
        ("eu", mk_slice("shop/web", true)),
    ]);
    assert_eq!(bench.show("web.shop.fed.svc.example.org"), "", "KubeFed drops the global name too");
    assert_eq!(bench.answer("web.shop.fed.svc.eu.example.org"), "CNAME web.shop.fed.svc.example.org. (180)");
    assert_eq!(
        bench.answer("web.shop.fed.svc.eu-a.eu.example.org"),
        "CNAME web.shop.fed.svc.eu.example.org. (180)"
    );
    assert_eq!(bench.answer("buy.example.org"), "CNAME web.shop.fed.svc.example.org. (180)");
}

#[test]
fn what_makes_a_service_ready() {
    let path = "shop/web";
    let endpoints = |subsets| mk("Endpoints", path, json!({ "subsets": subsets }));
    let unknown = {
        let mut slice = mk_slice(path, true);
        slice["endpoints"][0]["conditions"] = json!({});
        slice
    };
    let empty = {
        let mut slice = mk_slice(path, true);
        slice["endpoints"] = json!([]);
        slice
    };
    let other = {
        let mut slice = mk_slice(path, false);
        slice["metadata"]["name"] = json!("web-2");
        slice
    };
    let ready_subset = json!([{ "addresses": [{ "ip": "10.0.0.1" }] }]);
    for (what, objects, evidence) in [
        ("no slices at all", vec![], "NotReady"),
        ("an empty slice", vec![empty.clone()], "NotReady"),
        ("a ready endpoint", vec![mk_slice(path, true)], "Ready"),
        ("an endpoint of unknown readiness", vec![unknown], "Ready"),
        ("one slice ready, one not", vec![mk_slice(path, true), other], "Ready"),
        ("ready Endpoints", vec![endpoints(ready_subset.clone())], "Ready"),
        (
            "Endpoints that are not ready",
            vec![endpoints(json!([{ "notReadyAddresses": [{ "ip": "10.0.0.1" }] }]))],
            "NotReady",
        ),
        ("slices win over Endpoints", vec![endpoints(ready_subset), empty], "NotReady"),
    ] {
        let mut bench = Bench::of(&[
            ("", mk_domain("any/fed", "example.org")),
            ("", mk_record(path, json!({}))),
            ("eu", mk_service(path, &["192.0.2.1"])),
        ]);
        for object in &objects {
            bench.set("eu", object);
        }
        let shown = bench.show("web.shop.fed.svc.example.org");
        assert_eq!(shown, format!("eu=192.0.2.1 {evidence}"), "{what}");
    }
}

#[test]
fn a_slice_counts_for_the_service_that_its_label_names_now() {
    let mut bench = Bench::of(&[
        ("", mk_domain("any/fed", "example.org")),
        ("", mk_record("shop/web", json!({}))),
        ("", mk_record("shop/api", json!({}))),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_service("shop/api", &["192.0.2.2"])),
    ]);
    let label = |service: &str| json!({ "kubernetes.io/service-name": service });
    for (what, labels, web, api) in [
        ("its own", label("web"), "Ready", "NotReady"),
        ("another's", label("api"), "NotReady", "Ready"),
        ("none", json!({}), "NotReady", "NotReady"),
        ("its own again", label("web"), "Ready", "NotReady"),
    ] {
        let mut slice = mk_slice("shop/web", true);
        slice["metadata"]["labels"] = labels;
        bench.set("eu", &slice);
        assert_eq!(bench.show("web.shop.fed.svc.example.org"), format!("eu=192.0.2.1 {web}"), "{what}");
        assert_eq!(bench.show("api.shop.fed.svc.example.org"), format!("eu=192.0.2.2 {api}"), "{what}");
    }
}

#[test]
fn a_silent_cluster_keeps_what_it_had() {
    let mut bench = three(mk_record("shop/web", json!({})));
    let before: Vec<String> = bench.fleet.names.keys().map(|name| name.to_string()).collect();
    let offers = bench.show("web.shop.fed.svc.example.org");
    bench.index.silent(&ClusterName::from("eu-1"), 1_767_225_600);
    assert_eq!(bench.show("web.shop.fed.svc.example.org"), offers);
    let after: Vec<String> = bench.fleet.names.keys().map(|name| name.to_string()).collect();
    assert_eq!(before, after, "its region's and zones' names do not vanish");
    bench.complains(Reason::Silent, &["cluster eu-1", "2026-01-01T00:00:00Z"]);
}

///
#[test]
fn r_18_a_cluster_without_a_region_is_its_own_problem_only() {
    let mut bench = three(mk_record("shop/web", json!({})));
    let others = bench.show("web.shop.fed.svc.eu.example.org");
    bench.set("lab", &mk_service("shop/web", &["203.0.113.1"]));
    bench.set("lab", &mk_slice("shop/web", true));
    bench.index.heard(&ClusterName::from("lab"));
    assert!(bench.show("web.shop.fed.svc.example.org").contains("lab=203.0.113.1 Ready"));
    assert_eq!(bench.show("web.shop.fed.svc.eu.example.org"), others);
    let incomplete = bench.problems(Reason::Incomplete);
    assert_eq!(incomplete.len(), 1);
    assert!(incomplete[0].starts_with("cluster lab: has no region"), "{incomplete:?}");
}

#[test]
fn which_domain_counts() {
    let record = mk_record("shop/web", json!({}));
    let name = |domain: &str| format!("web.shop.fed.svc.{domain}");
    let base =
        [("eu", mk_service("shop/web", &["192.0.2.1"])), ("eu", mk_slice("shop/web", true)), ("", record)];
    let mut bench = Bench::of(&base);
    bench.complains(Reason::NotFound, &["ServiceDNSRecord shop/web: spec.domainRef", "\"fed\""]);
    bench.set("", &made(mk_domain("b/fed", "b.example"), 5));
    assert!(bench.name(&name("b.example")).is_some());
    assert!(bench.problems(Reason::NotFound).is_empty());
    bench.set("", &made(mk_domain("c/fed", "c.example"), 1));
    assert!(bench.name(&name("b.example")).is_none());
    assert!(bench.name(&name("c.example")).is_some(), "the older one has the reference");
    bench.set("", &made(mk_domain("a/fed", "a.example"), 1));
    assert!(bench.name(&name("a.example")).is_some(), "of two as old the first namespace");
    bench.delete("", &mk_domain("a/fed", "a.example"));
    bench.delete("", &mk_domain("c/fed", "c.example"));
    assert!(bench.name(&name("b.example")).is_some());
    let zones: Vec<String> = bench.fleet.zones.keys().map(ToString::to_string).collect();
    assert_eq!(zones, ["b.example."]);
}

#[test]
fn a_domain_implies_a_zone() {
    let mut bench = Bench::of(&[("", mk_domain("any/fed", "Example.ORG."))]);
    let zone = bench.fleet.zones.values().next().unwrap().clone();
    let soa = zone.soa;
    assert_eq!(soa.mname.to_string(), "ns.example.org.");
    assert_eq!(soa.rname.to_string(), "hostmaster.example.org.");
    assert_eq!((soa.refresh, soa.retry, soa.expire, soa.minimum), (7_200, 1_800, 86_400, 30));
    assert_eq!(zone.ttl.seconds(), 180);
    bench.set("", &mk("Domain", "any/fed", json!({ "domain": "example.org", "nameServer": "ns.other.net" })));
    bench.take();
    let zone = bench.fleet.zones.values().next().unwrap();
    assert_eq!(zone.name_servers, ["ns.other.net".parse().unwrap()]);
    bench.set("", &super::mk_zone("example.org", json!([])));
    bench.take();
    let zone = bench.fleet.zones.values().next().unwrap();
    assert_eq!(zone.name_servers, ["ns1.example.org".parse().unwrap()], "an own Zone stands instead");
}

fn rules(host: &str, service: &str) -> Value {
    let backend = json!({ "service": { "name": service, "port": { "number": 80 } } });
    json!({ "rules": [{ "host": host, "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] } }] })
}

/// A Service that stands for another name: it has no endpoints, and never will.
fn mk_external(path: &str) -> Value {
    mk("Service", path, json!({ "spec": { "type": "ExternalName", "externalName": "web.example.net" } }))
}

#[test]
fn a_backend_that_stands_for_another_name_is_not_down() {
    let backends = json!([{ "kind": "Ingress", "name": "web" }]);
    let spec = json!({ "hosts": ["global.example.org"], "backends": backends });
    let mut bench = Bench::sourced("--source=ingress").with(&[
        ("", mk("GlobalName", "shop/web", json!({ "spec": spec }))),
        ("eu", mk_ingress("shop/web", &["192.0.2.1"], rules("", "other"))),
        ("eu", mk_ingress("shop/own", &["192.0.2.1"], rules("own.example.org", "other"))),
        ("eu", mk_external("shop/other")),
    ]);
    assert_eq!(bench.show("global.example.org"), "eu=192.0.2.1 None");
    assert!(bench.name("own.example.org").unwrap().endpoints.iter().all(|offer| offer.evidence.is_up()));
    bench.set("eu", &mk_service("shop/other", &[]));
    assert_eq!(bench.show("global.example.org"), "eu=192.0.2.1 NotReady", "it is a Service like others now");
    assert_eq!(bench.show("own.example.org"), "eu=192.0.2.1 NotReady");
}

#[test]
fn what_makes_an_ingress_ready_for_a_host() {
    let default = json!({ "defaultBackend": { "service": { "name": "web", "port": { "number": 80 } } } });
    let bucket = json!({ "defaultBackend": { "resource": { "kind": "Bucket", "name": "b" } } });
    let both = {
        let mut both = rules("shop.example.org", "down");
        both["defaultBackend"] = default["defaultBackend"].clone();
        both
    };
    for (what, rules, evidence) in [
        ("a ready backend", rules("shop.example.org", "web"), "Ready"),
        ("a backend that is not ready", rules("shop.example.org", "down"), "NotReady"),
        ("upper case", rules("SHOP.example.org", "web"), "Ready"),
        ("a wildcard rule", rules("*.example.org", "web"), "Ready"),
        ("a rule of another host", rules("other.example.org", "web"), "NotReady"),
        ("a rule of no host", rules("", "web"), "Ready"),
        ("the default backend", default, "Ready"),
        ("the default backend of another host's rules", both, "NotReady"),
        ("a backend that is no Service", bucket, "None"),
        ("a backend that stands for another name", rules("shop.example.org", "other"), "None"),
    ] {
        let mut bench = Bench::of(&[
            ("", mk_domain("any/fed", "example.org")),
            ("", mk_ingress_record("shop/web", &["shop.example.org"])),
            ("eu", mk_ingress("shop/web", &["192.0.2.1"], rules)),
            ("eu", mk_slice("shop/web", true)),
            ("eu", mk_slice("shop/down", false)),
            ("eu", mk_external("shop/other")),
        ]);
        assert_eq!(bench.show("shop.example.org"), format!("eu=192.0.2.1 {evidence}"), "{what}");
    }
}

#[test]
fn an_ingress_without_targets_has_no_name() {
    let record = mk_ingress_record("shop/web", &["shop.example.org", "SHOP.example.org", "no one"]);
    let mut bench = Bench::of(&[
        ("", mk_domain("any/fed", "example.org")),
        ("", record),
        ("eu", mk_ingress("shop/web", &[], rules("shop.example.org", "web"))),
    ]);
    assert_eq!(bench.show("shop.example.org"), "");
    bench.complains(Reason::Duplicate, &["spec.hosts[1]", "SHOP.example.org"]);
    bench.complains(Reason::Invalid, &["spec.hosts[2]", "no one"]);
    bench.set("eu", &mk_ingress("shop/web", &["192.0.2.1"], rules("shop.example.org", "web")));
    assert_eq!(bench.answer("shop.example.org"), "A 192.0.2.1 (180)", "all down: all are served");
    bench.set("eu", &mk_slice("shop/web", true));
    assert_eq!(bench.show("shop.example.org"), "eu=192.0.2.1 Ready", "an endpoint reaches the Ingress' name");
}

#[test]
fn targets_of_a_load_balancer() {
    let many: Vec<String> = (0..70).map(|i| format!("203.0.113.{}", i + 1)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (texts, targets, reason) in [
        (&["2001:db8::1"][..], "2001:db8::1", None),
        (&["::ffff:192.0.2.1"][..], "192.0.2.1", None),
        (&["LB.Example.COM."][..], "lb.example.com.", None),
        (&["192.0.2.1", "192.0.2.1"][..], "192.0.2.1", None),
        (&["192.0.2.1", "300.1.2.3"][..], "192.0.2.1", Some(Reason::TargetSkipped)),
        (&["192.0.2.1", "0.0.0.0"][..], "192.0.2.1", Some(Reason::TargetSkipped)),
        (&["192.0.2.1", "224.0.0.1"][..], "192.0.2.1", Some(Reason::TargetSkipped)),
        (&["192.0.2.1", "fe80::1"][..], "192.0.2.1", Some(Reason::TargetSkipped)),
        (&["10.0.0.1"][..], "10.0.0.1", Some(Reason::TargetSuspect)),
        (&["127.0.0.1"][..], "127.0.0.1", Some(Reason::TargetSuspect)),
        (&many[..], "", Some(Reason::LimitReached)),
    ] {
        let mut bench = Bench::of(&[
            ("", mk_domain("any/fed", "example.org")),
            ("", mk_record("shop/web", json!({}))),
            ("eu", mk_service("shop/web", texts)),
            ("eu", mk_slice("shop/web", true)),
        ]);
        let facts = bench.name("web.shop.fed.svc.example.org").unwrap().clone();
        if !targets.is_empty() {
            let shown: Vec<String> = facts.endpoints[0].targets.iter().map(ToString::to_string).collect();
            assert_eq!(shown.join(","), targets, "{texts:?}");
        }
        assert!(facts.endpoints[0].targets.len() <= portolan_core::fleet::TARGETS_MAX);
        for skipped in [Reason::TargetSkipped, Reason::TargetSuspect, Reason::LimitReached] {
            let is_told = bench.problems(skipped).iter().any(|p| p.starts_with("Service shop/web (eu): "));
            assert_eq!(is_told, reason == Some(skipped), "{texts:?}: {skipped}");
        }
    }
}

#[test]
fn external_ips_are_not_for_kubefed() {
    let mut service = mk_service("shop/web", &["192.0.2.1"]);
    service["spec"] = json!({ "externalIPs": ["192.0.2.2"] });
    let mut bench = three(mk_record("shop/web", json!({})));
    bench.set("eu-1", &service);
    assert!(bench.show("web.shop.fed.svc.eu.example.org").starts_with("eu-1=192.0.2.1 Ready"));
    bench.set("", &super::mk_global_name("shop/web", &["web.example.net"], &["web"]));
    assert!(bench.show("web.example.net").starts_with("eu-1=192.0.2.1,192.0.2.2 Ready"));
}
