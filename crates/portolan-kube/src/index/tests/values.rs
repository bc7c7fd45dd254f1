//! Objects of ours with a value that is not allowed: whatever stood before stays, and where nothing did the rest counts.

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::Fleet;
use serde_json::{Value, json};

use super::super::Lacks;
use super::restart::{hear, restarted};
use super::sourced::SOURCES;
use super::{Bench, key, mk, mk_global_name, mk_member, mk_service, mk_slice, mk_zone};

const HOST: &str = "shop.example.org";

fn zone() -> Value {
    mk_zone("example.org", json!([{ "namespaces": ["shop"] }]))
}

fn policy() -> Value {
    mk("SteeringPolicy", "first", json!({ "spec": { "hosts": [HOST], "pick": { "type": "First" } } }))
}

fn member() -> Value {
    mk_member("eu", json!({ "state": "Draining", "weight": 7 }))
}

fn name() -> Value {
    mk_global_name("shop/web", &[HOST], &["web"])
}

fn objects() -> Vec<(&'static str, Value)> {
    vec![
        ("", zone()),
        ("", policy()),
        ("", member()),
        ("", name()),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", true)),
    ]
}

/// An object with another value at a field of its spec.
fn with(mut object: Value, field: &str, value: Value) -> Value {
    *object["spec"].pointer_mut(field).unwrap_or_else(|| panic!("no {field}")) = value;
    object
}

/// Each object of the root with a value that is not allowed, and something else besides that is.
fn faulty() -> Vec<Value> {
    vec![
        with(zone(), "/apex", json!("exam ple.org")),
        with(zone(), "/nameServers/0/addresses", json!(["192.0.2.300", "192.0.2.54"])),
        with(zone(), "/admit", json!([{ "namespace": ["shop"] }])),
        with(zone(), "/admit", json!([{ "hosts": ["shop example.org", "*.example.org"] }])),
        with(policy(), "/pick/type", json!("Frist")),
        with(policy(), "/hosts", json!(["*", "a b"])),
        with(member(), "/state", json!("Drainin")),
        with(member(), "/weight", json!(-1)),
        with(name(), "/hosts", json!(["shop example.org"])),
        with(name(), "/hosts", json!(["other.example.org", "shop example.org"])),
        with(name(), "/hosts", json!([])),
        with(name(), "/backends/0/kind", json!("Servce")),
        with(name(), "/backends/0/name", json!("")),
    ]
}

/// All of the objects, with another in the place of the one that it is a version of.
fn instead(other: &Value) -> Vec<(&'static str, Value)> {
    let same = |object: &Value| object["kind"] == other["kind"];
    let objects = objects().into_iter();
    objects
        .map(|(source, object)| {
            (source, if same(&object) && source.is_empty() { other.clone() } else { object })
        })
        .collect()
}

fn lacks(bench: &mut Bench, objects: &[&Value]) {
    let objects = objects.iter().map(|object| key(object)).collect();
    bench.index.lacks(&ClusterName::from(""), Lacks { objects, ..Lacks::default() });
}

/// Every source is heard, and has these objects.
fn hear_all(bench: &mut Bench, objects: &[(&'static str, Value)]) {
    hear(bench, objects, &["", "eu", "us"]);
}

#[test]
fn what_stood_before_stays() {
    for faulty in faulty() {
        let mut bench = Bench::sourced(SOURCES).with(&objects());
        let before = bench.fleet.clone();
        bench.set("", &faulty);
        bench.take();
        assert_eq!(bench.fleet, before, "{faulty:#}");
    }
}

#[test]
fn over_a_restart_too_until_it_is_mended_or_gone() {
    let before = Bench::sourced(SOURCES).with(&objects()).fleet;
    for faulty in faulty() {
        let start = || {
            let mut bench = restarted(&objects());
            lacks(&mut bench, &[&faulty]);
            hear_all(&mut bench, &instead(&faulty));
            assert_eq!(bench.fleet, before, "restarted: {faulty:#}");
            bench
        };
        let mut bench = start();
        // Its folder is back, and what is in it is told anew.
        bench.set("", &faulty);
        bench.take();
        assert_eq!(bench.fleet, before, "told again: {faulty:#}");
        let mended = match faulty["kind"].as_str() {
            Some("Zone") => mk_zone("example.org", json!([{}, {}])),
            Some("SteeringPolicy") => with(policy(), "/pick/type", json!("All")),
            Some("MemberCluster") => with(member(), "/state", json!("Active")),
            _ => mk_global_name("shop/web", &["new.example.org"], &["web"]),
        };
        bench.set("", &mended);
        lacks(&mut bench, &[]);
        bench.take();
        let fresh = Bench::sourced(SOURCES).with(&instead(&mended));
        assert_eq!(bench.fleet, fresh.fleet, "mended: {faulty:#}");
        assert_eq!(bench.index.memory.fleet, Fleet::default());

        let mut bench = start();
        bench.delete("", &faulty);
        lacks(&mut bench, &[]);
        bench.take();
        let left: Vec<_> =
            objects().into_iter().filter(|(_, object)| object["kind"] != faulty["kind"]).collect();
        assert_eq!(bench.fleet, Bench::sourced(SOURCES).with(&left).fleet, "deleted: {faulty:#}");
    }
}

#[test]
fn where_nothing_stood_the_rest_counts_until_it_is_whole() {
    let parts = |good: &str| mk_global_name("shop/web", &[good, "shop example.org"], &["web"]);
    let new = instead(&parts(HOST));
    let shown = "eu=192.0.2.1 Ready | us=198.51.100.1 Ready";
    let mut bench = Bench::sourced(SOURCES).with(&new);
    assert_eq!(bench.show(HOST), shown);
    let changed = parts("other.example.org");
    bench.set("", &changed);
    assert_eq!((bench.show(HOST), bench.show("other.example.org")), (shown.to_owned(), String::new()));
    bench.set("", &mk_global_name("shop/web", &["other.example.org"], &["web"]));
    assert_eq!((bench.show(HOST), bench.show("other.example.org")), (String::new(), shown.to_owned()));

    // It is new since the restart, of which others are remembered.
    let old: Vec<_> = objects().into_iter().filter(|(_, object)| object["kind"] != "GlobalName").collect();
    let mut bench = restarted(&old);
    lacks(&mut bench, &[&parts(HOST)]);
    hear_all(&mut bench, &new);
    assert_eq!(bench.show(HOST), shown);
}

/// A zone of another apex is another zone, and its own is not known to be gone.
#[test]
fn a_new_zone_in_part_counts_beside_what_is_remembered() {
    let new = with(mk_zone("example.net", json!([{}])), "/nameServers/0/addresses", json!(["x"]));
    let mut bench = restarted(&objects());
    lacks(&mut bench, &[&new]);
    let mut all = objects();
    all.push(("", new));
    hear_all(&mut bench, &all);
    let apexes: Vec<String> = bench.fleet.zones.keys().map(ToString::to_string).collect();
    assert_eq!(apexes, ["example.net.", "example.org."]);
}

/// Of copies in several clusters each counts as it was.
#[test]
fn a_copy_that_is_refused_stays_the_copy_that_it_was() {
    let mut bench = Bench::sourced(SOURCES).with(&objects());
    bench.delete("", &name());
    for cluster in ["eu", "us"] {
        bench.set(cluster, &name());
    }
    bench.take();
    let before = bench.fleet.clone();
    bench.set("us", &with(name(), "/hosts", json!(["a b"])));
    bench.take();
    assert_eq!(bench.fleet, before);
}

/// Nobody's whole copy yields to a new one that is not.
#[test]
fn a_new_copy_in_part_counts_only_where_none_is_whole() {
    let part = with(name(), "/hosts", json!(["other.example.org", "a b"]));
    let mut bench = Bench::sourced(SOURCES).with(&objects());
    bench.delete("", &name());
    bench.set("us", &name());
    let shown = bench.show(HOST);
    for source in ["", "eu"] {
        bench.set(source, &part);
        assert_eq!((bench.show(HOST), bench.show("other.example.org")), (shown.clone(), String::new()));
    }
    bench.delete("us", &name());
    assert_eq!((bench.show(HOST), bench.show("other.example.org")), (String::new(), shown));
}

/// It was refused ever since the restart, so that nothing but the last good state told of it.
#[test]
fn a_refused_member_that_is_deleted_takes_its_silent_cluster_along() {
    let faulty = with(member(), "/state", json!("Drainin"));
    let mut bench = restarted(&objects());
    lacks(&mut bench, &[&faulty]);
    hear(&mut bench, &instead(&faulty), &["", "us"]);
    bench.index.silent(&ClusterName::from("eu"), 77);
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 Ready | us=198.51.100.1 Ready");
    bench.delete("", &faulty);
    lacks(&mut bench, &[]);
    assert_eq!(bench.show(HOST), "us=198.51.100.1 Ready");
    assert!(!bench.fleet.clusters.contains_key("eu"));
}
