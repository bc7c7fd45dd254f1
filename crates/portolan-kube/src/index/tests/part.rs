//! After a restart, of a source that was heard in part: what was read once is not lacking, what was not stays.

use portolan_core::cluster::{ClusterName, Sources};
use portolan_core::fleet::{Fleet, NameFacts};
use serde_json::{Value, json};

use super::super::Lacks;
use super::restart::{hear, restarted};
use super::sourced::{SOURCES, named};
use super::{Bench, key, mk, mk_domain, mk_global_name, mk_member, mk_record, mk_service, mk_slice, mk_zone};
use crate::object::{Kind, ObjectKey};

const HOST: &str = "x.example.org";

fn lacks(bench: &mut Bench, source: &str, lacks: Lacks) {
    bench.index.lacks(&ClusterName::from(source), lacks);
}

fn a_file(name: &str) -> Lacks {
    Lacks { files: [name.into()].into(), ..Lacks::default() }
}

fn an_object(object: &Value) -> Lacks {
    Lacks { objects: [key(object)].into(), ..Lacks::default() }
}

fn objects() -> Vec<(&'static str, Value)> {
    vec![
        ("", mk_domain("any/fed", "example.org")),
        ("", mk_zone("example.net", json!([{}]))),
        ("", mk_member("us", json!({ "weight": 7 }))),
        ("", mk("SteeringPolicy", "all", json!({ "spec": {} }))),
        ("eu", mk_record("shop/web", json!({ "dnsPrefix": "buy" }))),
        ("us", mk_record("shop/web", json!({ "dnsPrefix": "buy" }))),
        ("us", mk_global_name("shop/web", &["shop.example.net"], &["web"])),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", true)),
        ("eu", named("shop/site", "site.example.net", &["192.0.2.3"])),
        ("eu", mk_slice("shop/site", true)),
        ("us", named("shop/site", "site.example.net", &["198.51.100.3"])),
    ]
}

/// The fleet without who holds its names: of a record whose Domain may be in a broken file that stays in doubt.
fn without_holders(fleet: &Fleet) -> Fleet {
    let mut without = fleet.clone();
    for (name, facts) in fleet.names.iter() {
        let facts = NameFacts { held_by: Sources::new(), ..facts.to_facts() };
        without.names.set(&name.to_name(), Some(&facts));
    }
    without
}

#[test]
fn a_delete_deletes_whatever_else_cannot_be_read() {
    let all = objects();
    // A name of a Domain may be of a record that was not read.
    for (gone_from, gone) in all.iter().filter(|(_, object)| object["kind"] != "Domain") {
        let mut bench = restarted(&all);
        for source in ["", "eu", "us"] {
            lacks(&mut bench, source, a_file("broken.yaml"));
            hear(&mut bench, &all, &[source]);
        }
        assert_eq!(bench.fleet, Bench::sourced(SOURCES).with(&all).fleet, "nothing is gone");
        bench.delete(gone_from, gone);
        bench.take();
        let left: Vec<_> = all.iter().filter(|of| *of != &(*gone_from, gone.clone())).cloned().collect();
        let fresh = Bench::sourced(SOURCES).with(&left);
        let is_record = gone["kind"] == "ServiceDNSRecord";
        let seen = |fleet: &Fleet| if is_record { without_holders(fleet) } else { fleet.clone() };
        assert_eq!(seen(&bench.fleet), seen(&fresh.fleet), "{gone} of {gone_from:?} was deleted");
        for source in ["", "eu", "us"] {
            lacks(&mut bench, source, Lacks::default());
        }
        bench.take();
        assert_eq!(bench.fleet, fresh.fleet, "{gone} of {gone_from:?}: mended");
        assert_eq!(bench.index.memory.fleet, Fleet::default());
    }
}

#[test]
fn a_service_that_was_read_without_an_address_is_not_lacking() {
    let mut bench = restarted(&objects());
    lacks(&mut bench, "eu", a_file("broken.yaml"));
    bench.set("eu", &mk_service("shop/web", &[]));
    hear(&mut bench, &[], &["eu"]);
    hear(&mut bench, &objects(), &["", "us"]);
    let shown = "us=198.51.100.1 Ready";
    assert_eq!(bench.show("shop.example.net"), shown);
    bench.delete("eu", &mk_service("shop/web", &[]));
    assert_eq!(bench.show("shop.example.net"), shown);
}

/// Two Services of one name, as they were before the restart.
fn shared() -> [(&'static str, Value); 2] {
    [("eu", named("shop/web", HOST, &["192.0.2.1"])), ("eu", named("shop/api", HOST, &["192.0.2.2"]))]
}

#[test]
fn of_a_shared_name_what_was_not_read_stays() {
    let mut bench = restarted(&shared());
    hear(&mut bench, &[], &[""]);
    lacks(&mut bench, "eu", a_file("api.yaml"));
    hear(&mut bench, &shared()[..1], &["eu"]);
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady | eu=192.0.2.2 NotReady");
    bench.delete("eu", &shared()[0].1);
    assert_eq!(bench.show(HOST), "eu=192.0.2.2 NotReady", "what was read is gone, what was not stays");
    lacks(&mut bench, "eu", Lacks::default());
    assert_eq!(bench.show(HOST), "", "mended, with nothing in it");
}

#[test]
fn the_only_offer_of_an_object_is_replaced_by_what_it_offers_now() {
    let web = |end: u8| named("shop/web", HOST, &[&format!("192.0.2.{end}")]);
    let mut bench = restarted(&[("eu", web(1))]);
    lacks(&mut bench, "eu", a_file("broken.yaml"));
    hear(&mut bench, &[("eu", web(9))], &["", "eu"]);
    assert_eq!(bench.show(HOST), "eu=192.0.2.9 NotReady");
    bench.delete("eu", &web(9));
    assert_eq!(bench.show(HOST), "");
}

#[test]
fn only_what_an_object_may_rest_on_keeps_its_name() {
    for (refused, stays) in [
        (ObjectKey::of(Kind::Service, "shop", "web"), true),
        (ObjectKey::of(Kind::EndpointSlice, "shop", "other"), true),
        (ObjectKey::of(Kind::Node, "", "worker"), true),
        (ObjectKey::of(Kind::Gateway, "infra", "public"), true),
        (ObjectKey::of(Kind::Service, "evil", "web"), false),
        (ObjectKey::of(Kind::GlobalName, "shop", "web"), false),
    ] {
        let mut bench = restarted(&shared());
        lacks(&mut bench, "eu", Lacks { objects: [refused.clone()].into(), ..Lacks::default() });
        hear(&mut bench, &[], &["", "eu"]);
        assert_eq!(!bench.show(HOST).is_empty(), stays, "{refused} is refused");
    }
}

#[test]
fn what_is_lacking_may_become_less() {
    let [web, api] = shared().map(|(_, object)| object);
    let mut bench = restarted(&shared());
    lacks(&mut bench, "eu", a_file("all.yaml"));
    hear(&mut bench, &[], &["", "eu"]);
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady | eu=192.0.2.2 NotReady");
    bench.set("eu", &web);
    lacks(&mut bench, "eu", an_object(&api));
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady | eu=192.0.2.2 NotReady");
    lacks(&mut bench, "eu", an_object(&mk_service("evil/api", &[])));
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady");
    let doubt = &bench.index.memory.doubts[&ClusterName::from("eu")];
    assert!(doubt.touched.names.is_empty() && doubt.learnt.is_empty(), "{doubt:?}");
}
