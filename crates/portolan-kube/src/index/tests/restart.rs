//! After a restart: who keeps a name, and who gets none, while a source of it is not heard.

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use serde_json::{Value, json};

use super::sourced::{SOURCES, named};
use super::{Bench, made, mk_global_name, mk_service, mk_zone};

const HOST: &str = "shop.example.org";

type Objects = Vec<(&'static str, Value)>;

/// A bench that was told these objects and restarted: nobody is heard yet.
pub(super) fn restarted(objects: &[(&'static str, Value)]) -> Bench {
    let before = Bench::sourced(SOURCES).with(objects);
    let mut bench = Bench::sourced(SOURCES);
    bench.fleet = before.fleet.clone();
    bench.index.remember(&before.fleet, 1_000);
    bench
}

/// Hears sources, with what of these objects is theirs.
pub(super) fn hear(bench: &mut Bench, objects: &[(&'static str, Value)], sources: &[&'static str]) {
    for source in sources {
        for (_, object) in objects.iter().filter(|(of, _)| of == source) {
            bench.set(source, object);
        }
        bench.index.heard(&ClusterName::from(*source));
    }
    bench.take();
}

/// A Service with the name, made at a second, whose address ends so.
fn service(path: &str, second: u32, end: u8) -> Value {
    made(named(path, HOST, &[&format!("192.0.2.{end}")]), second)
}

/// The name of `eu`, which alone the zone admits, and a copy in a cluster that it does not.
fn one_admitted(copy: impl Fn(u8) -> Value) -> Objects {
    let rules = json!([{ "namespaces": ["shop"], "clusters": ["eu"] }]);
    vec![
        ("", mk_zone("example.org", rules)),
        ("eu", copy(1)),
        ("eu", mk_service("shop/back", &["192.0.2.1"])),
        ("rogue", copy(66)),
        ("rogue", mk_service("shop/back", &["192.0.2.66"])),
    ]
}

fn global(_: u8) -> Value {
    mk_global_name("shop/web", &[HOST], &["back"])
}

#[test]
fn a_copy_that_is_refused_takes_nothing_from_a_holder_that_is_not_heard() {
    let objects = one_admitted(|end| service("shop/web", 1, end));
    let mut bench = restarted(&objects);
    hear(&mut bench, &objects, &["", "rogue"]);
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady");
    bench.complains(Reason::NotAdmitted, &["Service shop/web (rogue)", HOST]);
    hear(&mut bench, &[], &["eu"]);
    assert_eq!(bench.show(HOST), "", "eu has it no more");

    let objects = one_admitted(global);
    let mut bench = restarted(&objects);
    let before = bench.show(HOST);
    assert_eq!(before, "eu=192.0.2.1 NotReady | rogue=192.0.2.66 NotReady", "its hub's copy is admitted");
    hear(&mut bench, &objects, &["", "rogue"]);
    assert_eq!(bench.show(HOST), before);
    hear(&mut bench, &[], &["eu"]);
    assert_eq!(bench.show(HOST), "");
}

#[test]
fn a_name_does_not_change_hands_while_its_oldest_claim_is_not_heard() {
    for (what, copy, other) in [
        (
            "a source object",
            (|second, end| service("shop/web", second, end)) as fn(u32, u8) -> Value,
            service("evil/web", 2, 66),
        ),
        (
            "a GlobalName",
            (|second, _| made(global(0), second)) as fn(u32, u8) -> Value,
            made(mk_global_name("evil/web", &[HOST], &["back"]), 2),
        ),
    ] {
        let objects = [
            ("", mk_zone("example.org", json!([{}]))),
            ("eu", copy(1, 1)),
            ("eu", mk_service("shop/back", &["192.0.2.1"])),
            ("us", copy(3, 3)),
            ("us", mk_service("shop/back", &["192.0.2.3"])),
            ("us", other),
            ("us", mk_service("evil/back", &["192.0.2.66"])),
        ];
        let mut bench = restarted(&objects);
        let both = "eu=192.0.2.1 NotReady | us=192.0.2.3 NotReady";
        assert_eq!(bench.show(HOST), both, "{what}");
        hear(&mut bench, &objects, &["", "us"]);
        assert_eq!(bench.show(HOST), both, "{what}: eu is not heard");
        bench.complains(Reason::Conflict, &["evil/web", "shop/web", "before the restart"]);
        hear(&mut bench, &objects, &["eu"]);
        assert_eq!(bench.show(HOST), both, "{what}: all are heard");
    }
}

#[test]
fn what_is_only_remembered_stands_by_the_rules_that_were_read() {
    let objects = one_admitted(|end| service("shop/web", 1, end));
    let mut bench = restarted(&objects);
    bench.set("", &mk_zone("example.org", json!([{ "namespaces": ["other"] }])));
    hear(&mut bench, &[], &[""]);
    assert_eq!(bench.show(HOST), "", "the zone admits the namespace no more");
    bench.set("", &mk_zone("example.org", json!([{ "namespaces": ["shop"] }])));
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady");
}

#[test]
fn a_cluster_that_was_heard_takes_its_own_part_back() {
    let objects = [("eu", service("shop/web", 1, 1)), ("us", service("shop/web", 1, 2))];
    let mut bench = restarted(&objects);
    hear(&mut bench, &[], &["", "us"]);
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady", "us has it no more");
    let held_by = bench.name(HOST).unwrap().held_by;
    assert_eq!(held_by, [ClusterName::from("eu")].into());
}

#[test]
fn a_cluster_that_had_no_part_in_a_name_gets_none_before_the_rules_are_read() {
    let objects = one_admitted(|end| service("shop/web", 1, end));
    let mut bench = restarted(&objects);
    hear(&mut bench, &objects, &["rogue"]);
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady", "the root is not read");
    bench.complains(Reason::NotAdmitted, &["Service shop/web (rogue)", "not read yet"]);
    hear(&mut bench, &objects, &["eu"]);
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady");
    hear(&mut bench, &objects, &[""]);
    assert_eq!(bench.show(HOST), "eu=192.0.2.1 NotReady");
}

/// Whoever is behind an address shares its reverse name, over a restart too.
#[test]
fn a_reverse_name_is_shared_while_its_first_claim_is_not_heard() {
    let flags = "--source=service --create-ptr --managed-record-types=A --managed-record-types=PTR";
    let service = |path, host, second| made(named(path, host, &["192.0.2.1"]), second);
    let objects =
        [("eu", service("shop/web", "a.example.org", 1)), ("us", service("other/web", "b.example.org", 2))];
    let before = Bench::sourced(flags).with(&objects);
    let mut bench = Bench::sourced(flags);
    bench.fleet = before.fleet.clone();
    bench.index.remember(&before.fleet, 1_000);
    hear(&mut bench, &objects, &["", "us"]);
    let reverse = "1.2.0.192.in-addr.arpa";
    assert_eq!(bench.answer(reverse), "PTR a.example.org.,b.example.org. (30)");
    assert_eq!(bench.problems(Reason::Conflict), [] as [String; 0]);
    hear(&mut bench, &[], &["eu"]);
    assert_eq!(bench.answer(reverse), "PTR b.example.org. (30)");
}
