//! After a restart: what was remembered counts until its source is heard.

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use portolan_core::fleet::Fleet;
use serde_json::{Value, json};

use super::super::Lacks;
use super::{
    Bench, key, mk, mk_domain, mk_global_name, mk_member, mk_node, mk_record, mk_service, mk_slice, mk_zone,
};

fn objects() -> Vec<(&'static str, Value)> {
    vec![
        ("", mk_domain("any/fed", "example.org")),
        ("", mk_zone("example.net", json!([{}]))),
        ("", mk_member("us", json!({ "weight": 7 }))),
        ("", mk("SteeringPolicy", "all", json!({ "spec": {} }))),
        ("eu", mk_record("shop/web", json!({ "dnsPrefix": "buy" }))),
        ("us", mk_record("shop/web", json!({ "dnsPrefix": "buy" }))),
        ("us", mk_global_name("shop/web", &["shop.example.net"], &["web"])),
        ("eu", mk_node("a", "eu", "eu-a")),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
        ("us", mk_node("a", "us", "us-a")),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", false)),
    ]
}

fn restarted(remembered: &Fleet) -> Bench {
    let mut bench = Bench { fleet: remembered.clone(), ..Bench::default() };
    bench.index.remember(remembered, 500);
    bench
}

fn hear(bench: &mut Bench, source: &str) {
    for (of, object) in objects().iter().filter(|(of, _)| *of == source) {
        bench.set(of, object);
    }
    bench.index.heard(&ClusterName::from(source));
    bench.take();
}

#[test]
fn nothing_heard_is_as_before() {
    let before = Bench::of(&objects());
    let mut bench = restarted(&before.fleet);
    bench.take();
    assert_eq!(bench.fleet, before.fleet);
}

/// That it is not heard yet is no silence. One that is silent was last heard when the state was true, or before it.
#[test]
fn who_is_found_to_be_silent_is_so_since_the_state_was_true() {
    let mut before = Bench::of(&objects());
    let [eu, us] = ["eu", "us"].map(ClusterName::from);
    before.index.silent(&us, 300);
    before.take();
    let mut bench = restarted(&before.fleet);
    bench.take();
    let since = |bench: &Bench| [&eu, &us].map(|name| bench.fleet.clusters[name].silent_since);
    assert_eq!(since(&bench), [None, Some(300)]);
    [&eu, &us].into_iter().for_each(|name| bench.index.silent(name, 900));
    bench.take();
    assert_eq!(since(&bench), [Some(500), Some(300)]);
    assert_eq!(bench.index.remembered().collect::<Vec<_>>(), [&eu, &us]);
    hear(&mut bench, "eu");
    bench.index.silent(&eu, 900);
    bench.take();
    assert_eq!(since(&bench), [Some(900), Some(300)], "it was heard since");
    assert_eq!(bench.index.remembered().collect::<Vec<_>>(), [&us]);
}

#[test]
fn every_step_of_hearing_is_as_before() {
    let before = Bench::of(&objects());
    for order in [["", "eu", "us"], ["us", "eu", ""], ["eu", "", "us"], ["us", "", "eu"], ["eu", "us", ""]] {
        let mut bench = restarted(&before.fleet);
        for source in order {
            hear(&mut bench, source);
            assert_eq!(bench.fleet, before.fleet, "{order:?} at {source:?}");
        }
        assert_eq!(bench.fleet, before.fleet, "{order:?}: all are heard");
        assert_eq!(bench.index.memory.fleet, Fleet::default(), "{order:?}: nothing is remembered any more");
    }
}

#[test]
fn what_went_while_we_were_away_goes_when_its_source_is_heard() {
    let before = Bench::of(&objects());
    let mut bench = restarted(&before.fleet);
    hear(&mut bench, "");
    hear(&mut bench, "eu");
    bench.index.heard(&ClusterName::from("us"));
    bench.take();
    assert_eq!(bench.show("shop.example.net"), "");
    assert_eq!(bench.show("web.shop.fed.svc.example.org"), "eu=192.0.2.1 Ready");
    assert_eq!(bench.show("web.shop.fed.svc.us.example.org"), "");
    let mut fresh = Bench::of(&objects().into_iter().filter(|(of, _)| *of != "us").collect::<Vec<_>>());
    fresh.index.heard(&ClusterName::from("us"));
    assert_eq!(bench.everything(), fresh.everything());
}

#[test]
fn a_change_beside_what_is_remembered() {
    let before = Bench::of(&objects());
    let mut bench = restarted(&before.fleet);
    hear(&mut bench, "");
    hear(&mut bench, "eu");
    bench.set("eu", &mk_slice("shop/web", false));
    let shown = "eu=192.0.2.1 NotReady | us=198.51.100.1 NotReady";
    assert_eq!(bench.show("web.shop.fed.svc.example.org"), shown);
    assert_eq!(
        bench.show("shop.example.net"),
        "eu=192.0.2.1 Ready | us=198.51.100.1 NotReady",
        "only us held it: whole"
    );
    bench.index.forget(&ClusterName::from("us"));
    assert_eq!(bench.show("web.shop.fed.svc.example.org"), "eu=192.0.2.1 NotReady");
    assert_eq!(bench.show("shop.example.net"), "");
    assert!(bench.name("web.shop.fed.svc.us.example.org").is_none());
}

#[test]
fn the_fence_of_a_remembered_zone_lets_nobody_new_in() {
    let before = Bench::of(&objects());
    let mut bench = restarted(&before.fleet);
    hear(&mut bench, "us");
    bench.set("us", &mk_global_name("shop/new", &["new.example.net"], &["web"]));
    assert!(bench.name("shop.example.net").is_some());
    assert!(bench.name("new.example.net").is_none());
    hear(&mut bench, "");
    assert!(bench.name("new.example.net").is_some(), "its rules admit it");
}

#[test]
fn a_member_that_went_with_its_folder_is_forgotten() {
    let before = Bench::of(&objects());
    let mut bench = restarted(&before.fleet);
    hear(&mut bench, "");
    bench.index.silent(&ClusterName::from("us"), 900);
    bench.delete("", &mk_member("us", json!({})));
    bench.take();
    assert!(!bench.fleet.clusters.contains_key(&ClusterName::from("us")));
    let level = "web.shop.fed.svc.us.example.org";
    assert_eq!(
        bench.show(level),
        "else web.shop.fed.svc.example.org",
        "eu held its record, and is not heard"
    );
    hear(&mut bench, "eu");
    assert_eq!(bench.show(level), "");
}

#[test]
fn who_had_a_name_keeps_it_until_its_source_is_heard() {
    let before = Bench::of(&objects());
    let mut bench = restarted(&before.fleet);
    hear(&mut bench, "");
    bench.set("", &mk_global_name("other/late", &["shop.example.net"], &["web"]));
    assert_eq!(&*bench.name("shop.example.net").unwrap().owner.namespace, "shop");
    bench.complains(Reason::Conflict, &["GlobalName other/late", "GlobalName shop/web"]);
    bench.index.heard(&ClusterName::from("us"));
    assert_eq!(bench.show("shop.example.net"), "", "the first is gone, the second has no Service");
    assert!(bench.problems(Reason::Conflict).is_empty());
}

/// Hears a source without some of its objects, which are there and could not be read.
fn hear_without(bench: &mut Bench, source: &str, lacks: Lacks, kept: impl Fn(&Value) -> bool) {
    for (of, object) in objects().iter().filter(|(of, _)| *of == source) {
        if kept(object) {
            bench.set(of, object);
        }
    }
    bench.index.lacks(&ClusterName::from(source), lacks);
    bench.index.heard(&ClusterName::from(source));
    bench.take();
}

fn a_file() -> Lacks {
    Lacks { files: ["a.yaml".into()].into(), ..Lacks::default() }
}

fn is_kind(object: &Value, kind: &str) -> bool {
    object["kind"] == kind
}

#[test]
fn a_file_that_cannot_be_read_takes_nothing_away() {
    let before = Bench::of(&objects());
    for source in ["", "eu", "us"] {
        let mut bench = restarted(&before.fleet);
        for other in ["", "eu", "us"] {
            if other == source {
                hear_without(&mut bench, source, a_file(), |_| false);
            } else {
                hear(&mut bench, other);
            }
        }
        assert_eq!(bench.fleet, before.fleet, "a file of {source:?} is not read");
        bench.index.lacks(&ClusterName::from(source), Lacks::default());
        bench.take();
        assert_eq!(bench.index.memory.fleet, Fleet::default(), "{source:?}: mended, with nothing in it");
        assert_ne!(bench.fleet, before.fleet);
    }
}

#[test]
fn an_object_that_is_refused_stays_as_it_was() {
    let before = Bench::of(&objects());
    for (refused_in, refused) in objects() {
        let lacks = Lacks { objects: [key(&refused)].into(), ..Lacks::default() };
        for order in [["", "eu", "us"], ["us", "eu", ""]] {
            let mut bench = restarted(&before.fleet);
            for source in order {
                if source == refused_in {
                    hear_without(&mut bench, source, lacks.clone(), |object| *object != refused);
                } else {
                    hear(&mut bench, source);
                }
            }
            assert_eq!(bench.fleet, before.fleet, "{order:?}: {refused} of {refused_in:?}");
            bench.set(refused_in, &refused);
            bench.index.lacks(&ClusterName::from(refused_in), Lacks::default());
            bench.take();
            assert_eq!(bench.fleet, before.fleet, "{order:?}: mended");
            assert_eq!(bench.index.memory.fleet, Fleet::default(), "{order:?}: mended");
        }
    }
}

#[test]
fn a_kind_that_is_held_stays_as_it_was() {
    let before = Bench::of(&objects());
    for (held_in, held) in objects() {
        let kind = key(&held).kind();
        let lacks = Lacks { kinds: [kind].into(), ..Lacks::default() };
        let mut bench = restarted(&before.fleet);
        for source in ["", "eu", "us"] {
            if source == held_in {
                hear_without(&mut bench, source, lacks.clone(), |object| key(object).kind() != kind);
            } else {
                hear(&mut bench, source);
            }
        }
        assert_eq!(bench.fleet, before.fleet, "{kind} of {held_in:?}");
        bench.index.lacks(&ClusterName::from(held_in), Lacks::default());
        bench.take();
        assert_eq!(bench.index.memory.fleet, Fleet::default(), "{kind} of {held_in:?}: released");
        // A slice that says what no slice says leaves nothing behind.
        let leaves = bench.fleet != before.fleet;
        assert!(leaves || kind == crate::object::Kind::EndpointSlice, "{kind} of {held_in:?}: released");
    }
}

#[test]
fn what_was_read_beside_a_file_that_was_not_counts() {
    let before = Bench::of(&objects());
    let mut bench = restarted(&before.fleet);
    hear(&mut bench, "");
    hear(&mut bench, "us");
    hear_without(&mut bench, "eu", a_file(), |object| !is_kind(object, "EndpointSlice"));
    let name = "shop.example.net";
    assert_eq!(bench.show(name), "eu=192.0.2.1 Ready | us=198.51.100.1 NotReady", "as it was");
    bench.set("eu", &mk_slice("shop/web", false));
    assert_eq!(bench.show(name), "eu=192.0.2.1 NotReady | us=198.51.100.1 NotReady", "as it is");
    bench.set("eu", &mk_service("shop/web", &["192.0.2.9"]));
    assert_eq!(bench.show(name), "eu=192.0.2.9 NotReady | us=198.51.100.1 NotReady", "offered once");
}

#[test]
fn what_a_file_that_cannot_be_read_held_is_gone_when_it_is_mended() {
    let before = Bench::of(&objects());
    let mut bench = restarted(&before.fleet);
    hear(&mut bench, "");
    hear(&mut bench, "us");
    hear_without(&mut bench, "eu", a_file(), |object| !is_kind(object, "Service"));
    assert_eq!(bench.show("shop.example.net"), "eu=192.0.2.1 Ready | us=198.51.100.1 NotReady");
    bench.index.lacks(&ClusterName::from("eu"), Lacks::default());
    assert_eq!(bench.show("shop.example.net"), "us=198.51.100.1 NotReady");
}

#[test]
fn without_a_last_good_state_what_could_not_be_read_is_not_there() {
    let mut bench = Bench::default();
    hear(&mut bench, "");
    hear(&mut bench, "us");
    hear_without(&mut bench, "eu", a_file(), |object| !is_kind(object, "EndpointSlice"));
    assert_eq!(bench.show("shop.example.net"), "eu=192.0.2.1 NotReady | us=198.51.100.1 NotReady");
}
