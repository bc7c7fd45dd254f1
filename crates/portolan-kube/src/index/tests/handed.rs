//! A hub and its follower: whatever the hub comes to, its follower comes to the same by what the hub writes.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::cluster::{ClusterName, Sources};
use portolan_core::fleet::{Fleet, NameFacts};
use portolan_core::{NameRef, Reason};
use serde_json::{Value, json};

use super::super::{Index, Lacks};
use super::sourced::named;
use super::{
    Bench, Event, mk, mk_domain, mk_global_name, mk_ingress, mk_ingress_record, mk_member, mk_node,
    mk_record, mk_service, mk_slice, mk_zone, object, snapshot,
};
use crate::dns_endpoint::MARK;
use crate::endpoints;
use crate::object::Kind;
use crate::status::{self, Faults, Owners};

type Objects = Vec<(&'static str, Value)>;

const SHOP: &str = "shop.example.org";
/// What followers read in the hub besides what it wrote.
const READ: [&str; 5] = ["GlobalName", "SteeringPolicy", "MemberCluster", "Zone", "Domain"];

/// What stands in a hub: what was applied there, what its control wrote, and the statuses that it filled.
pub(super) fn written(hub: &mut Bench, objects: &Objects) -> Vec<Value> {
    hub.take();
    let snapshot = snapshot(&hub.fleet);
    let records = endpoints::project(&snapshot, &hub.fleet, &hub.index.apart(), |_, _| true);
    let mut all: Vec<Value> = records.iter().map(|object| serde_json::to_value(object).unwrap()).collect();
    for (_, value) in objects.iter().filter(|(source, _)| source.is_empty()) {
        let kind = value["kind"].as_str().unwrap();
        if kind == "DNSEndpoint" {
            all.push(value.clone());
        }
        if !READ.contains(&kind) {
            continue;
        }
        let mut value = value.clone();
        let (owners, faults) = (Owners::default(), Faults::default());
        if kind == "MemberCluster"
            && let Some(wanted) = status::wanted(&object(&value), &snapshot, &hub.fleet, &owners, &faults)
        {
            value["status"] = status::over(&wanted, None, "2026-01-01T00:00:00Z").unwrap();
        }
        all.push(value);
    }
    all
}

/// A follower that has read nothing yet.
fn follower() -> Bench {
    Bench { index: Index::default().following_hub(), ..Bench::default() }
}

/// One that has read all of this.
fn following(objects: &[Value]) -> Bench {
    let mut bench = follower();
    objects.iter().for_each(|object| bench.set("", object));
    bench.index.heard(&ClusterName::from(""));
    bench.take();
    bench
}

/// The facts of names, without who holds them: of a follower that is the hub alone.
fn names(fleet: &Fleet) -> BTreeMap<String, NameFacts> {
    let unheld = |(name, facts): (NameRef<'_>, portolan_core::fleet::NameView<'_>)| {
        (name.to_name().to_dotless(), NameFacts { held_by: Sources::new(), ..facts.to_facts() })
    };
    fleet.names.iter().map(unheld).collect()
}

/// What is answered for a name, whoever asks: records with their offers, weights and verdicts, the alias, the policy.
fn compiled(fleet: &Fleet) -> BTreeMap<String, String> {
    let snapshot = snapshot(fleet);
    let records = |name: NameRef<'_>| {
        let records = snapshot.records(name)?;
        let verdicts: Vec<bool> = (0..records.offers().len()).map(|at| snapshot.is_up(records, at)).collect();
        let of_pool = |pool: &portolan_core::zone::Pool| format!("{:?} {:?}", pool.rtype, pool.set());
        let pools: Vec<String> = records.pools().iter().map(of_pool).collect();
        let offers: Vec<_> = records.offers().iter().map(|o| (o.cluster.clone(), o.weight)).collect();
        Some(format!(
            "{pools:?} {offers:?} {verdicts:?} {:?} {:?} {:?}",
            records.fallback(),
            records.policy().name,
            portolan_core::answer::project(&snapshot, name)
        ))
    };
    let all = fleet.names.iter().filter_map(|(name, _)| Some((name.to_name().to_dotless(), records(name)?)));
    all.collect()
}

fn zone() -> (&'static str, Value) {
    ("", mk_zone("example.org", json!([{}])))
}

fn policy(name: &str, spec: Value) -> (&'static str, Value) {
    ("", mk("SteeringPolicy", name, json!({ "spec": spec })))
}

/// A name that two clusters offer.
fn shop() -> Objects {
    vec![
        zone(),
        ("", mk_global_name("shop/web", &[SHOP, "www.example.org"], &["web"])),
        ("", mk_member("eu", json!({ "location": { "place": "EU/DE" } }))),
        ("", mk_member("us", json!({ "location": { "place": "NA/US" }, "weight": 3 }))),
        ("eu", mk_service("shop/web", &["192.0.2.1", "2001:db8::1"])),
        ("eu", mk_slice("shop/web", true)),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", true)),
    ]
}

/// The same with a policy of the name, a member's spec in another form, and endpoints ready or not.
fn steered(spec: Value, member: Value, ready: [bool; 2]) -> Objects {
    let mut objects = shop();
    objects[1].1["spec"]["policy"] = json!("near");
    objects[2].1 = mk_member("eu", member);
    objects[5].1 = mk_slice("shop/web", ready[0]);
    objects[7].1 = mk_slice("shop/web", ready[1]);
    objects.push(policy("near", spec));
    objects
}

/// KubeFed's names, with their levels.
fn federated() -> Objects {
    vec![
        ("", mk_domain("kube-federation-system/fed", "example.org")),
        ("", mk_record("shop/web", json!({ "dnsPrefix": "buy", "recordTTL": 60 }))),
        ("", mk_record("shop/gone", json!({}))),
        ("", mk_ingress_record("shop/door", &["door.example.org"])),
        ("", mk_member("eu", json!({ "weight": 3 }))),
        ("", mk_member("us", json!({ "region": "said", "zones": ["said-a"] }))),
        ("eu", mk_node("a", "eu", "eu-a")),
        ("eu", mk_node("b", "eu", "eu-b")),
        ("eu", mk_service("shop/web", &["192.0.2.1", "2001:db8::1"])),
        ("eu", mk_slice("shop/web", true)),
        ("eu", mk_ingress("shop/door", &["192.0.2.9"], json!({ "rules": [{ "host": "door.example.org" }] }))),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", false)),
    ]
}

/// Source objects, one of which shares its object with a record.
fn sourced_beside_a_record() -> Objects {
    let mut objects = federated();
    let mut long = named("shop/web", "buy.example.net", &["192.0.2.1", "2001:db8::1"]);
    long["metadata"]["annotations"]["external-dns.kubernetes.io/ttl"] = json!("77");
    objects[8].1 = long;
    objects[11].1 = named("shop/web", "buy.example.net", &["198.51.100.1"]);
    objects.push(("", mk_zone("example.net", json!([{ "clusters": ["eu"] }]))));
    objects.push(("us", named("shop/other", "lb.example.org", &["lb.us.example"])));
    objects
}

fn all_shapes() -> Vec<(&'static str, &'static str, Objects)> {
    let geo =
        || json!({ "order": [{ "type": "Geo" }], "pick": { "type": "Weighted" }, "weights": { "eu": 5 } });
    let plain = || json!({ "location": { "place": "EU/DE" } });
    let down = [false, false];
    let mut hosts = shop();
    hosts[4].1 = mk_service("shop/web", &["lb.eu.example"]);
    hosts.truncate(6);
    hosts.remove(3);
    let mut unlabelled = steered(geo(), plain(), [true, true]);
    unlabelled.push(("eu", mk_node("a", "r-eu", "z-eu")));
    let mut two = shop();
    two[1].1 = mk_global_name("shop/web", &[SHOP], &["web", "more"]);
    two.push(("eu", mk_service("shop/more", &["192.0.2.7"])));
    two.push(("eu", mk_slice("shop/more", false)));
    let mut allowed = shop();
    allowed[1].1["spec"]["allowServiceWithoutEndpoints"] = json!(true);
    allowed[1].1["spec"]["ttl"] = json!(17);
    allowed[5].1 = mk_slice("shop/web", false);
    let text =
        json!([{ "dnsName": "text.example.org", "recordType": "TXT", "targets": ["\"a b\" \"c\\\"d\""] }]);
    let foreign = mk("DNSEndpoint", "shop/text", json!({ "spec": { "endpoints": text } }));
    vec![
        ("two clusters", "", shop()),
        ("by place and weight", "", unlabelled),
        ("one unready", "", steered(geo(), plain(), [true, false])),
        ("all down", "", steered(geo(), plain(), down)),
        ("all down, empty", "", steered(json!({ "allDown": { "type": "Empty" } }), plain(), down)),
        ("drained", "", steered(geo(), json!({ "state": "Draining" }), [true, true])),
        ("silent is kept", "", steered(geo(), json!({}), [true, true])),
        ("silent is drained", "", steered(geo(), json!({ "whenSilent": { "type": "Drain" } }), [true, true])),
        ("host names", "", hosts),
        ("two offers of a cluster", "", two),
        ("allowed without endpoints", "", allowed),
        ("KubeFed's levels", "", federated()),
        ("source objects", "--source=service", sourced_beside_a_record()),
        ("records of others", "", [shop(), vec![("", foreign)]].concat()),
    ]
}

#[test]
fn a_follower_comes_to_what_the_hub_comes_to() {
    for (what, flags, objects) in all_shapes() {
        let mut hub = Bench::sourced(flags).with(&objects);
        if what.starts_with("silent") {
            hub.event(&Event::Silent("eu"));
        }
        let follower = following(&written(&mut hub, &objects));
        assert!(!hub.fleet.names.is_empty(), "{what}");
        assert_eq!(names(&follower.fleet), names(&hub.fleet), "{what}");
        assert_eq!(compiled(&follower.fleet), compiled(&hub.fleet), "{what}");
        assert_eq!(follower.fleet.clusters, hub.fleet.clusters, "{what}");
        assert_eq!(follower.fleet.zones, hub.fleet.zones, "{what}");
        assert_eq!(follower.fleet.policies, hub.fleet.policies, "{what}");
        let problems: Vec<_> = follower.index.problems().map(ToString::to_string).collect();
        let is_odd = |problem: &&String| !problem.contains("not heard from");
        assert_eq!(problems.iter().find(is_odd), None, "{what}");
    }
}

/// However often what hands it over was written anew.
#[test]
fn a_name_is_as_old_as_what_asks_for_it() {
    let mut objects = shop();
    objects[1].1["metadata"]["creationTimestamp"] = json!("2023-01-01T00:00:00Z");
    let wanted = json!([{ "dnsName": SHOP, "recordType": "A", "targets": ["203.0.113.9"] }]);
    let mut foreign = mk("DNSEndpoint", "shop/other", json!({ "spec": { "endpoints": wanted } }));
    foreign["metadata"]["creationTimestamp"] = json!("2024-01-01T00:00:00Z");
    objects.push(("", foreign));
    let mut hub = Bench::sourced("").with(&objects);
    let mut written = written(&mut hub, &objects);
    for object in written.iter_mut().filter(|object| object["metadata"]["name"] == "global-web") {
        object["metadata"]["creationTimestamp"] = json!("2025-01-01T00:00:00Z");
    }
    assert_eq!(names(&following(&written).fleet), names(&hub.fleet));
}

/// What the hub leaves out of its own answers it does not hand over.
#[test]
fn what_is_no_member_is_not_handed_over() {
    let disabled = steered(json!({}), json!({ "state": "Disabled" }), [true, true]);
    let mut mixed = shop();
    mixed[4].1 = mk_service("shop/web", &["192.0.2.1", "lb.eu.example"]);
    for (what, objects) in [("disabled", disabled), ("a host name beside addresses", mixed)] {
        let mut hub = Bench::of(&objects);
        let follower = following(&written(&mut hub, &objects));
        assert_eq!(compiled(&follower.fleet), compiled(&hub.fleet), "{what}");
    }
}

#[test]
fn what_followers_read_themselves_changes_at_once() {
    let objects = steered(json!({ "weights": { "eu": 5 } }), json!({}), [true, true]);
    let mut hub = Bench::of(&objects);
    let mut follower = following(&written(&mut hub, &objects));
    for (source, change) in [
        ("", policy("near", json!({ "weights": { "eu": 9 }, "pick": { "type": "First" } })).1),
        ("", mk_member("eu", json!({ "state": "Draining" }))),
        ("", mk_member("us", json!({ "location": { "place": "AS/JP" }, "weight": 7 }))),
        ("", mk_zone("example.org", json!([{ "hosts": ["www.example.org"] }]))),
    ] {
        hub.set(source, &change);
        follower.set(source, &change);
        hub.take();
        follower.take();
        assert_eq!(compiled(&follower.fleet), compiled(&hub.fleet), "{change}");
    }
    assert!(follower.name(SHOP).is_none(), "the fence is held here too");
}

/// A name of a GlobalName is there while both it and what was written for it are.
#[test]
fn a_deletion_deletes() {
    let objects = shop();
    let mut hub = Bench::of(&objects);
    let all = written(&mut hub, &objects);
    let is = |kind: &str| all.iter().find(|object| object["kind"] == kind).unwrap().clone();
    for gone in [is("DNSEndpoint"), is("GlobalName")] {
        let mut follower = following(&all);
        assert!(follower.name(SHOP).is_some());
        follower.delete("", &gone);
        assert!(follower.name(SHOP).is_none(), "{gone}");
        follower.set("", &gone);
        assert!(follower.name(SHOP).is_some(), "and is back");
    }
}

/// Whoever may write DNSEndpoints in a namespace gets no name by our mark that the namespace could not have.
#[test]
fn a_mark_passes_no_fence() {
    let fence = json!([{ "namespaces": ["bank"] }, { "namespaces": ["shop"], "hosts": [SHOP] }]);
    let mut objects = shop();
    objects[0].1 = mk_zone("example.org", fence);
    let mut hub = Bench::of(&objects);
    let mut all = written(&mut hub, &objects);
    let forged = |name: &str, kind: Value| {
        let member = json!({
            "name": "bank.example.org", "type": "A", "target": "203.0.113.66", "cluster": "eu", "ready": true, "weight": 1
        });
        let mark = json!({ "version": 1, "endpoints": [member], "names": [kind] }).to_string();
        mk("DNSEndpoint", name, json!({ "metadata": { "annotations": { MARK: mark } } }))
    };
    all.push(forged("shop/service-evil", json!({ "name": "bank.example.org", "kind": "ServiceDNSRecord" })));
    all.push(forged("shop/pod-evil", json!({ "name": "bank.example.org", "kind": "Pod" })));
    let mut follower = following(&all);
    assert!(follower.name(SHOP).is_some());
    assert_eq!(follower.show("bank.example.org"), "");
    follower.complains(Reason::NotAdmitted, &["DNSEndpoint shop/service-evil", "bank.example.org"]);
    // In no other process does a mark ask for anything.
    assert_eq!(
        Bench::of(&[("", forged("bank/service-x", json!({ "name": "bank.example.org" })))]).fleet.names.len(),
        0
    );
}

// === After a restart ===

/// A follower that had this state, and has heard nobody since.
fn restarted(fleet: &Fleet) -> Bench {
    let mut bench = follower();
    bench.fleet = fleet.clone();
    bench.index.remember(fleet, 5_000);
    bench
}

#[test]
fn what_is_remembered_answers_until_the_hub_is_heard() {
    let objects = steered(json!({}), json!({ "whenSilent": { "type": "Drain" } }), [true, false]);
    let mut hub = Bench::of(&objects);
    let all = written(&mut hub, &objects);
    let before = following(&all);
    let mut follower = restarted(&before.fleet);
    assert_eq!(follower.take(), [], "the hub's silence is no cluster's");

    // A cluster is gone from the name, and one name from the fleet: nothing of the state stays beside that.
    let mut less = shop();
    less[1].1 = mk_global_name("shop/web", &[SHOP], &["web"]);
    less.truncate(6);
    let mut hub = Bench::of(&less);
    let all = written(&mut hub, &less);
    all.iter().for_each(|object| follower.set("", object));
    follower.index.heard(&ClusterName::from(""));
    follower.take();
    assert_eq!(names(&follower.fleet), names(&hub.fleet));
    assert_eq!(follower.fleet.clusters, following(&all).fleet.clusters);
}

/// A state that a hub wrote, or whoever followed clusters: their offers are the hub's to tell from now on.
#[test]
fn a_state_of_another_mode_gives_way_to_the_hub() {
    let objects = sourced_beside_a_record();
    let mut hub = Bench::sourced("--source=service").with(&objects);
    let all = written(&mut hub, &objects);
    let mut follower = restarted(&hub.fleet);
    follower.take();
    assert_eq!(names(&follower.fleet), names(&hub.fleet));
    all.iter().filter(|object| object["metadata"]["name"] != "service-web").for_each(|o| follower.set("", o));
    follower.index.heard(&ClusterName::from(""));
    follower.take();
    assert!(follower.name("buy.example.net").is_none(), "the object is gone, and no cluster holds the name");
    assert!(follower.name("door.example.org").is_some());
}

/// What cannot be understood of what is handed over takes nothing away that is remembered.
#[test]
fn what_the_hub_lacks_is_remembered() {
    let objects = sourced_beside_a_record();
    let mut hub = Bench::sourced("--source=service").with(&objects);
    let all = written(&mut hub, &objects);
    let before = following(&all);
    for (kind, name, hosts) in [
        ("DNSEndpoint", "service-web", ["buy.example.net", "web.shop.fed.svc.eu.example.org"]),
        ("DNSEndpoint", "ingress-door", ["door.example.org", "door.example.org"]),
    ] {
        let is_bad = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
        let bad = object(all.iter().find(is_bad).unwrap()).key;
        let mut follower = restarted(&before.fleet);
        all.iter().filter(|object| !is_bad(object)).for_each(|object| follower.set("", object));
        let lacks = Lacks { objects: [bad.clone()].into(), ..Lacks::default() };
        follower.index.lacks(&ClusterName::from(""), lacks);
        follower.index.heard(&ClusterName::from(""));
        follower.take();
        assert_eq!(names(&follower.fleet), names(&before.fleet), "{name}");
        follower.index.delete(&ClusterName::from(""), &bad);
        follower.index.lacks(&ClusterName::from(""), Lacks::default());
        for host in hosts {
            assert!(follower.name(host).is_none(), "once it is known to be gone, {host} is");
        }
    }
}

#[test]
fn a_change_of_one_object_costs_that_object() {
    let objects = |names: usize| {
        let mut objects = shop();
        for nth in 0..names {
            let host: &'static str = format!("n{nth}.example.org").leak();
            let name: &'static str = format!("shop/n{nth}").leak();
            objects.push(("", mk_global_name(name, &[host], &["web"])));
        }
        objects
    };
    let cost = |names: usize| {
        let objects = objects(names);
        let mut hub = Bench::of(&objects);
        let mut all = written(&mut hub, &objects);
        let mut follower = following(&all);
        let before = follower.index.steps();
        let one = all.iter_mut().find(|object| object["kind"] == "DNSEndpoint").unwrap();
        let mark = one["metadata"]["annotations"][MARK].as_str().unwrap().replace("true", "false");
        one["metadata"]["annotations"][MARK] = json!(mark);
        follower.set("", one);
        assert_eq!(follower.take().len(), 1);
        follower.index.steps() - before
    };
    assert_eq!(cost(1), cost(200));
}

#[test]
fn the_kinds_that_are_read_are_these() {
    let kinds: BTreeSet<Kind> = crate::api::handed_over().map(|of| of.kind).collect();
    let read = READ.iter().map(ToString::to_string).chain(["DNSEndpoint".to_owned()]);
    let read: BTreeSet<String> = read.collect();
    assert_eq!(kinds.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), read);
}
