//! The objects that federation would write.

use serde_json::json;

use super::{Members, json as printed, project, yaml};
use crate::dns_endpoint::{DnsEndpoint, MARK};
use crate::index::tests::{
    Bench, mk_domain, mk_global_name, mk_member, mk_node, mk_record, mk_service, mk_slice, snapshot,
};

fn fleet() -> Bench {
    Bench::of(&[
        ("", mk_domain("any/fed", "example.org")),
        ("", mk_record("shop/web", json!({ "dnsPrefix": "buy", "recordTTL": 60 }))),
        ("", mk_global_name("shop/web", &["shop.example.net"], &["web"])),
        ("", mk_member("eu", json!({ "weight": 3 }))),
        ("eu", mk_node("a", "eu", "eu-a")),
        ("eu", mk_service("shop/web", &["192.0.2.1", "2001:db8::1"])),
        ("eu", mk_slice("shop/web", true)),
        ("us", mk_node("a", "us", "us-a")),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", false)),
    ])
}

fn objects(bench: &Bench) -> Vec<DnsEndpoint> {
    project(&snapshot(&bench.fleet), &bench.fleet, &bench.index.apart(), |_, _| true)
}

#[test]
fn one_object_for_each_record() {
    let objects = objects(&fleet());
    let names: Vec<_> = objects.iter().map(|o| o.metadata.name.clone().unwrap()).collect();
    assert_eq!(names, ["global-web", "service-web"]);
    let lines: Vec<String> = objects
        .iter()
        .flat_map(|object| &object.spec.endpoints)
        .map(|e| {
            let ttl = e.record_ttl.ttl().unwrap().seconds();
            format!("{} {ttl} {} {}", e.dns_name, e.record_type, e.targets.join(","))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "shop.example.net 30 A 192.0.2.1",
            "shop.example.net 30 AAAA 2001:db8::1",
            "buy.example.org 60 CNAME web.shop.fed.svc.example.org",
            "web.shop.fed.svc.eu-a.eu.example.org 60 A 192.0.2.1",
            "web.shop.fed.svc.eu-a.eu.example.org 60 AAAA 2001:db8::1",
            "web.shop.fed.svc.eu.example.org 60 A 192.0.2.1",
            "web.shop.fed.svc.eu.example.org 60 AAAA 2001:db8::1",
            "web.shop.fed.svc.example.org 60 A 192.0.2.1",
            "web.shop.fed.svc.example.org 60 AAAA 2001:db8::1",
            "web.shop.fed.svc.us-a.us.example.org 60 CNAME web.shop.fed.svc.us.example.org",
            "web.shop.fed.svc.us.example.org 60 CNAME web.shop.fed.svc.example.org",
        ]
    );
}

#[test]
fn the_annotation_lists_every_member() {
    let objects = objects(&fleet());
    let mark = objects[0].metadata.annotations.as_ref().unwrap().get(MARK).unwrap();
    assert_eq!(
        mark,
        "{\"version\":1,\"endpoints\":[\
         {\"name\":\"shop.example.net\",\"type\":\"A\",\"target\":\"192.0.2.1\",\"cluster\":\"eu\",\"ready\":true,\"weight\":3},\
         {\"name\":\"shop.example.net\",\"type\":\"A\",\"target\":\"198.51.100.1\",\"cluster\":\"us\",\"ready\":false,\"weight\":1},\
         {\"name\":\"shop.example.net\",\"type\":\"AAAA\",\"target\":\"2001:db8::1\",\"cluster\":\"eu\",\"ready\":true,\"weight\":3}]}"
    );
    let read: Members = serde_json::from_str(mark).unwrap();
    assert_eq!((read.version, read.endpoints.len()), (super::VERSION, 3));
    assert!(objects.iter().all(DnsEndpoint::is_ours), "so they are never read as intents");
}

#[test]
fn the_filter_takes_names() {
    let bench = fleet();
    let taken = project(&snapshot(&bench.fleet), &bench.fleet, &bench.index.apart(), |name, _| {
        name.to_dotless() == "buy.example.org"
    });
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].spec.endpoints.len(), 1);
}

#[test]
fn printed_it_reads_back_and_has_the_same_bytes() {
    let objects = objects(&fleet());
    let text = printed(&objects);
    assert_eq!(text, printed(&self::objects(&fleet())));
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("List"), &json!("v1")));
    let back: Vec<DnsEndpoint> = serde_json::from_value(list["items"].clone()).unwrap();
    assert_eq!(back, objects);
    let text = yaml(&objects);
    assert_eq!(text, yaml(&self::objects(&fleet())));
    let documents: Vec<&str> = text.split("---\n").skip(1).collect();
    let back: Vec<DnsEndpoint> = documents.iter().map(|d| serde_saphyr::from_str(d).unwrap()).collect();
    assert_eq!(back, objects);
    assert!(
        documents[0].starts_with("apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata:\n")
    );
}
