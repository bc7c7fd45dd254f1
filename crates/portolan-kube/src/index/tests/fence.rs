//! Who may make a name in a zone, and names that are in none.

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use serde_json::{Value, json};

use super::{Bench, key, mk, mk_domain, mk_global_name, mk_record, mk_service, mk_slice, mk_zone, object};
use crate::object::Body;

fn bench(admit: Value, source: &'static str, host: &str) -> Bench {
    Bench::of(&[
        ("", mk_zone("example.org", admit)),
        (source, mk_global_name("shop/web", &[host], &["web"])),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
    ])
}

#[test]
fn rules_admit() {
    let all = json!([{}]);
    for (what, admit, source, host, is_admitted) in [
        ("no rule admits nobody", json!([]), "eu", "shop.example.org", false),
        ("a rule without lists", all.clone(), "eu", "shop.example.org", true),
        ("a namespace", json!([{ "namespaces": ["shop"] }]), "eu", "shop.example.org", true),
        ("another namespace", json!([{ "namespaces": ["other"] }]), "eu", "shop.example.org", false),
        ("a cluster", json!([{ "clusters": ["e*"] }]), "eu", "shop.example.org", true),
        ("another cluster", json!([{ "clusters": ["us"] }]), "eu", "shop.example.org", false),
        ("the root is in no cluster", json!([{ "clusters": ["us"] }]), "", "shop.example.org", true),
        ("a host", json!([{ "hosts": ["*.example.org"] }]), "eu", "shop.example.org", true),
        ("another host", json!([{ "hosts": ["*.x.example.org"] }]), "eu", "shop.example.org", false),
        ("a wildcard name", all.clone(), "eu", "*.shop.example.org", true),
        ("the apex needs a literal rule", all.clone(), "eu", "example.org", false),
        ("the apex has one", json!([{ "hosts": ["example.org"] }]), "eu", "example.org", true),
        ("a name server's name", all, "eu", "ns1.example.org", false),
        ("in no zone", json!([]), "eu", "shop.example.net", true),
    ] {
        let mut bench = bench(admit, source, host);
        let owner = bench.name(host).map(|facts| facts.owner.kind.to_string());
        assert_eq!(owner.as_deref() == Some("GlobalName"), is_admitted, "{what}");
        assert_eq!(bench.problems(Reason::NotAdmitted).is_empty(), is_admitted, "{what}");
    }
}

#[test]
fn a_rule_that_comes_admits_what_is_there() {
    let mut bench = bench(json!([]), "eu", "shop.example.org");
    bench.complains(
        Reason::NotAdmitted,
        &["GlobalName shop/web (eu)", "Zone example.org", "\"shop\"", "of eu"],
    );
    bench.set("", &mk_zone("example.org", json!([{}])));
    assert_eq!(bench.show("shop.example.org"), "eu=192.0.2.1 Ready");
    bench.set("", &mk_zone("example.org", json!([])));
    assert_eq!(bench.show("shop.example.org"), "");
    bench.delete("", &mk_zone("example.org", json!([])));
    assert_eq!(bench.show("shop.example.org"), "eu=192.0.2.1 Ready", "no zone, no fence");
}

#[test]
fn who_is_refused_does_not_stand_in_the_way() {
    let admit = json!([{ "namespaces": ["shop"] }]);
    let mut bench = bench(admit, "eu", "shop.example.org");
    bench.set("", &super::made(mk_global_name("evil/web", &["shop.example.org"], &["web"]), 1));
    assert_eq!(&*bench.name("shop.example.org").unwrap().owner.namespace, "shop");
}

#[test]
fn a_domain_admits_kubefeds_kinds_below_its_apex() {
    let record = mk_record("shop/web", json!({}));
    let ingress = |host: &str| super::mk_ingress_record("shop/web", &[host]);
    let endpoint = |api: &str, host: &str, rtype: &str, target: &str| {
        let mut object = mk(
            "DNSEndpoint",
            "any/x",
            json!({ "spec": { "endpoints": [
            { "dnsName": host, "recordType": rtype, "targets": [target] },
        ] } }),
        );
        object["apiVersion"] = json!(api);
        object
    };
    let kubefed = "multiclusterdns.kubefed.io/v1alpha1";
    let external = "externaldns.k8s.io/v1alpha1";
    for (what, object, host, is_admitted) in [
        ("a service record", record, "web.shop.fed.svc.example.org", true),
        ("an ingress record", ingress("shop.example.org"), "shop.example.org", true),
        ("not at the apex", ingress("example.org"), "example.org", false),
        ("at the name server's name", ingress("ns.example.org"), "ns.example.org", true),
        (
            "KubeFed's DNSEndpoint",
            endpoint(kubefed, "x.example.org", "A", "192.0.2.9"),
            "x.example.org",
            true,
        ),
        ("External-DNS'", endpoint(external, "x.example.org", "A", "192.0.2.9"), "x.example.org", false),
        (
            "no delegation",
            endpoint(kubefed, "x.example.org", "NS", "ns.evil.example"),
            "x.example.org",
            false,
        ),
        ("no GlobalName", mk_global_name("shop/web", &["x.example.org"], &["web"]), "x.example.org", false),
    ] {
        let mut bench = Bench::of(&[
            ("", mk_domain("any/fed", "example.org")),
            ("", object),
            ("eu", mk_service("shop/web", &["192.0.2.1"])),
            ("eu", super::mk_ingress("shop/web", &["192.0.2.1"], json!({}))),
        ]);
        assert_eq!(bench.name(host).is_some(), is_admitted, "{what}");
        assert_eq!(bench.problems(Reason::NotAdmitted).is_empty(), is_admitted, "{what}");
    }
}

#[test]
fn name_servers_inside_our_zones_are_names() {
    let mut bench = bench(json!([]), "eu", "shop.example.net");
    assert_eq!(bench.show("ns1.example.org"), "-=192.0.2.53 None");
    let facts = bench.name("ns1.example.org").unwrap();
    assert_eq!((facts.owner.to_string().as_str(), facts.ttl.unwrap().seconds()), ("Zone example.org", 3_600));
    let mut elsewhere = mk_zone("example.com", json!([]));
    elsewhere["spec"]["nameServers"][0]["name"] = json!("ns1.provider.net");
    bench.set("", &elsewhere);
    assert_eq!(bench.show("ns1.provider.net"), "");
    bench.set("", &mk_zone("provider.net", json!([])));
    assert_eq!(bench.show("ns1.provider.net"), "-=192.0.2.53 None", "now that the zone is ours");
    bench.delete("", &elsewhere);
    bench.delete("", &mk_zone("example.org", json!([])));
    assert_eq!(bench.show("ns1.example.org"), "");
}

#[test]
fn two_zones_of_one_apex() {
    let mut second = super::made(mk_zone("example.org", json!([{}])), 1);
    second["metadata"]["name"] = json!("older");
    let mut bench = bench(json!([]), "eu", "shop.example.org");
    bench.set("", &second);
    assert_eq!(bench.show("shop.example.org"), "eu=192.0.2.1 Ready", "the older one's rules");
    bench.complains(Reason::Conflict, &["Zone example.org: spec.apex", "Zone older"]);
}

#[test]
fn a_missing_zone_is_printed_ready_to_paste() {
    let hosts = [
        "a.shop.example.net",
        "b.shop.example.net",
        "*.shop.example.net",
        "example.com",
        "_x._tcp.example.net",
    ];
    let mut bench = Bench::of(&[
        ("", mk_global_name("shop/web", &hosts, &["web"])),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
    ]);
    let problems = bench.problems(Reason::NoZone);
    assert_eq!(problems.len(), 3, "one for each missing zone: {problems:#?}");
    for problem in &problems {
        let (_, manifest) = problem.split_once("would hold it\n").unwrap();
        let Body::Zone(zone) = object(&serde_saphyr::from_str(manifest).unwrap()).body else {
            panic!("no Zone")
        };
        assert_eq!(key(&serde_saphyr::from_str(manifest).unwrap()).name(), zone.spec.apex);
        bench.set("", &serde_saphyr::from_str(manifest).unwrap());
    }
    assert!(bench.problems(Reason::NoZone).is_empty(), "pasted, they hold every name");
    assert!(bench.problems(Reason::NotAdmitted).is_empty());
    for host in hosts {
        assert!(bench.name(host).is_some(), "{host}");
    }
}

/// Nodes are in no namespace, which no rule can name.
#[test]
fn a_missing_zone_of_nodes_admits_every_namespace() {
    for (template, also) in [("{{.Name}}.example.net", false), ("{{.Name}}.example.net,example.net", true)] {
        let flags = format!("--source=node --fqdn-template={template}");
        let mut node = super::mk_node("worker", "eu", "eu-a");
        node["status"] = json!({ "addresses": [{ "type": "ExternalIP", "address": "192.0.2.7" }] });
        let mut bench = Bench::sourced(&flags).with(&[("eu", node)]);
        let problems = bench.problems(Reason::NoZone);
        let (_, manifest) = problems[0].split_once("would hold it\n").unwrap();
        assert!(!manifest.contains("namespaces"), "{manifest}");
        assert_eq!(manifest.contains("hosts"), also, "{manifest}");
        let zone: Value = serde_saphyr::from_str(manifest).unwrap();
        bench.set("", &zone);
        bench.index.heard(&ClusterName::from(""));
        assert_eq!(bench.show("worker.example.net"), "eu=192.0.2.7 None");
        assert_eq!(bench.problems(Reason::NotAdmitted), [] as [String; 0]);
        assert_eq!(bench.problems(Reason::Invalid), [] as [String; 0]);
    }
}

#[test]
fn a_conflict_says_what_decided() {
    let web = |name: &str, created: Option<u32>| {
        let object = mk_global_name(name, &["shop.example.org"], &["web"]);
        created.map_or(object.clone(), |seconds| super::made(object, seconds))
    };
    for (first, second, why) in [
        (("eu", web("a/web", Some(1))), ("eu", web("b/web", Some(2))), "which is older"),
        (
            ("eu", web("b/web", Some(1))),
            ("eu", web("a/web", None)),
            "which has a creationTimestamp, as this has not",
        ),
        (
            ("eu", web("a/web", None)),
            ("eu", web("b/web", None)),
            "which comes first by namespace, kind and name: neither has a creationTimestamp",
        ),
        (
            ("eu", web("b/web", None)),
            ("us", web("a/web", None)),
            "whose cluster comes first by name: neither has a creationTimestamp",
        ),
    ] {
        let mut bench = bench(json!([{}]), "eu", "shop.example.org");
        bench.delete("eu", &mk_global_name("shop/web", &["shop.example.org"], &["web"]));
        bench.index.heard(&ClusterName::from("us"));
        bench.set(second.0, &second.1);
        bench.set(first.0, &first.1);
        bench.complains(Reason::Conflict, &[why]);
    }
}
