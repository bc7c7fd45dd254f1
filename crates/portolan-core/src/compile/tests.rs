use crate::cluster::{Cluster, ClusterState};
use crate::compile::Change;
use crate::fleet::{Endpoint, Fact, NameFacts};
use crate::policy::{AllDown, Policy, PolicyName};
use crate::publish::Serials;
use crate::record::{Rdata, RecordType, Target};
use crate::testing::{World, cluster, down, endpoint, facts, name, zone_facts};
use crate::zone::Snapshot;
use crate::{ClusterName, Fleet};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;

fn fleet_of(names: usize) -> World {
    let mut world = World::new();
    let clusters = ["eu", "us"].map(|c| Fact::Cluster(ClusterName::from(c), Some(cluster("EU"))));
    let of = |i| {
        facts([endpoint("eu", "192.0.2.1"), endpoint("us", &format!("10.{}.{}.1", i / 256 % 256, i % 256))])
    };
    let names = (0..names).map(|i| Fact::Name(name(&format!("n{i}.shop.example")), Some(of(i))));
    world.apply(clusters.into_iter().chain(names));
    world
}

/// Invariant 11: a change of one endpoint costs the same in a small fleet and in a large one. A tree that is
/// deeper has a node more to copy; what looks at all names, or builds them anew, costs a hundred times as much.
#[test]
fn a_change_costs_the_same_whatever_the_size() {
    let mut costs = Vec::new();
    let mut octets = Vec::new();
    for size in [1_000, 100_000] {
        let mut world = fleet_of(size);
        let changed = allocation_counter::measure(|| {
            world.name("n7.shop.example", Some(facts([endpoint("eu", "192.0.2.77")])));
        });
        let one = (world.steps, world.changes.len());
        let drained = allocation_counter::measure(|| {
            world.cluster("eu", Some(Cluster { state: ClusterState::Draining, ..cluster("EU") }));
        });
        costs.push((one, world.steps, world.changes.len()));
        octets.push([changed.bytes_total, drained.bytes_total]);
    }
    assert_eq!(costs[0], costs[1]);
    // One name and its one offer; a drain looks at no name and is one change.
    assert_eq!(costs[0], ((2, 1), 0, 1));
    let is_alike = |(small, large): (&u64, &u64)| *large <= 2 * small;
    assert!(octets[0].iter().zip(&octets[1]).all(is_alike), "{octets:?}");
}

#[test]
fn readiness_is_set_in_place_and_is_no_content() {
    let mut world = fleet_of(10);
    let serial = world.serial("example");
    let before = world.snapshot.clone();
    world.name(
        "n0.shop.example",
        Some(facts([down(endpoint("eu", "192.0.2.1")), endpoint("us", "10.0.0.1")])),
    );
    assert!(matches!(world.changes[..], [Change::Ready { offer: 0, up: false, .. }]), "{:?}", world.changes);
    assert_eq!(world.serial("example"), serial);
    let old = crate::testing::ask(&before, "n0.shop.example", "A", "192.0.2.9", 1);
    assert_eq!(old, world.ask("n0.shop.example", "A", "192.0.2.9"), "an older snapshot sees the verdict too");
}

#[test]
fn what_is_the_same_is_no_change() {
    let mut world = fleet_of(3);
    let everything = world.fleet.everything();
    let again = super::compile(&world.fleet, &world.snapshot, &everything);
    let names = again.changes.iter().filter(|c| matches!(c, Change::Name(..) | Change::Ready { .. }));
    assert_eq!(names.count(), 0, "{:?}", again.changes);
    let revision = world.snapshot.revision;
    let serial = world.serial("example");
    world.snapshot = world.snapshot.publish(again, &mut world.serials, revision);
    assert_eq!(world.serial("example"), serial);
}

/// Invariant 5: the serial grows with each change of content and only then.
#[test]
fn serials_follow_content() {
    let mut world = fleet_of(2);
    let first = world.serial("example");
    let change = |world: &mut World, target: &str| {
        world.name("n0.shop.example", Some(facts([endpoint("eu", target)])));
        world.serial("example") - first
    };
    assert_eq!(change(&mut world, "192.0.2.5"), 1);
    assert_eq!(change(&mut world, "192.0.2.5"), 1);
    assert_eq!(change(&mut world, "192.0.2.6"), 2);
    assert_eq!(change(&mut world, "192.0.2.5"), 3, "back is a change too");
    world.policy("p", Some(Policy { hosts: ["*.example".parse().unwrap()].into(), ..Policy::default() }));
    assert_eq!(world.serial("example") - first, 3, "how we steer is not content");
    world.name("n0.shop.example", None);
    assert_eq!(world.serial("example") - first, 4);
}

#[test]
fn a_restart_with_the_same_content_keeps_the_serial() {
    let mut world = fleet_of(5);
    world.name("n0.shop.example", None);
    let serial = world.serial("example");
    let again = |serials: &mut Serials| {
        let empty = Snapshot::new(99);
        let compiled = super::compile(&world.fleet, &empty, &world.fleet.everything());
        let snapshot = empty.publish(compiled, serials, 1);
        snapshot.zones().next().unwrap().serial
    };
    assert_eq!(again(&mut world.serials.clone()), serial);
    assert_eq!(again(&mut Serials { first: 5, ..Serials::default() }), 5);
}

#[test]
fn serials_wrap_and_pass_over_zero() {
    let mut serials = Serials { first: u32::MAX, ..Serials::default() };
    let apex = name("example");
    assert_eq!(
        [serials.of(&apex, 1), serials.of(&apex, 2), serials.of(&apex, 2), serials.of(&apex, 3)],
        [u32::MAX, 1, 1, 2]
    );
}

#[test]
fn the_most_specific_pattern_steers() {
    let mut world = fleet_of(1);
    let policy = |hosts: &str, ttl, created| Policy {
        hosts: [hosts.parse().unwrap()].into(),
        ttl: crate::Ttl::from_seconds(ttl),
        created,
        ..Policy::default()
    };
    let ttl =
        |world: &World| world.snapshot.records(name("n0.shop.example").borrowed()).unwrap().ttl().seconds();
    world.policy("default", Some(policy("nobody.test", 1, 0)));
    world.zone(
        "example",
        Some(crate::fleet::ZoneFacts { policy: Some(PolicyName("default".into())), ..zone_facts() }),
    );
    assert_eq!(ttl(&world), 1);
    world.policy("wide", Some(policy("*.example", 2, 5)));
    assert_eq!(ttl(&world), 2);
    world.policy("young", Some(policy("*.shop.example", 3, 9)));
    assert_eq!(ttl(&world), 3);
    world.policy("old", Some(policy("*.shop.example", 4, 7)));
    assert_eq!(ttl(&world), 4, "of two equal patterns the older policy's");
    world.policy("exact", Some(policy("n0.shop.example", 5, 99)));
    assert_eq!(ttl(&world), 5);
    let named = NameFacts { policy: Some(PolicyName("wide".into())), ..facts([endpoint("eu", "192.0.2.1")]) };
    world.name("n0.shop.example", Some(named.clone()));
    assert_eq!(ttl(&world), 2);
    world.policy("wide", None);
    world.name("n0.shop.example", Some(named));
    assert_eq!(ttl(&world), 5);
    world.apply([Fact::Policy(PolicyName("exact".into()), None)]);
    assert_eq!(ttl(&world), 4);
    assert!(world.problems[0].contains("SteeringPolicy \"wide\" is not there"), "{:?}", world.problems);
}

#[test]
fn a_fallback_that_cannot_be_is_told() {
    let to = |at: &str, to: &str| Policy {
        hosts: [at.parse().unwrap()].into(),
        all_down: AllDown::Fallback(name(to)),
        ..Policy::default()
    };
    let mut world = World::new();
    let nobody = || Some(facts([down(endpoint("eu", "192.0.2.1"))]));
    for (at, fallback, why) in [
        (
            "a.example",
            "b.example",
            "SteeringPolicy p: spec.allDown.name: Loop: b.example. leads back to a.example",
        ),
        ("a.example", "a.example", "Loop: a.example. leads back to a.example"),
        ("c.example", "nope.example", "NotFound: there is no name nope.example. in its zone"),
        ("*.w.example", "x.w.example", "Loop: x.w.example. leads back to *.w.example"),
        ("example", "b.example", "TargetSkipped: example is a zone's apex"),
    ] {
        world.name("b.example", Some(facts([endpoint("", "a.example")])));
        world.policy("p", Some(to(at, fallback)));
        world.name(at, nobody());
        assert!(world.problems.iter().any(|p| p.contains(why)), "{at}: {:?}", world.problems);
        let served = world.ask(at, "A", "192.0.2.9").contains(" A 192.0.2.1");
        assert_eq!(served, at == "example" || at == fallback, "{at}");
        world.name(at, None);
    }
    world.policy("p", Some(to("a.example", "sorry.test")));
    world.name("a.example", nobody());
    assert_eq!(world.problems, [""; 0], "a name that is not ours may be anything");
}

#[test]
fn a_cluster_drains_however_many_came_before_it() {
    let mut world = World::new();
    for i in 0..2 * crate::cluster::CLUSTERS_MAX {
        world.cluster(&format!("c{i}"), Some(cluster("EU")));
        world.cluster(&format!("c{i}"), None);
    }
    world.cluster("eu", Some(Cluster { state: ClusterState::Draining, ..cluster("EU") }));
    world.name("a.example", Some(facts([endpoint("eu", "192.0.2.1"), endpoint("us", "192.0.2.2")])));
    assert!(world.ask("a.example", "A", "192.0.2.9").ends_with(" 15 A 192.0.2.2"));
}

#[test]
fn tables_of_orders_go_when_nobody_uses_them() {
    let mut world = World::new();
    let tiers = crate::policy::Stage::Tiers([[ClusterName::from("eu")].into()].into());
    let policy =
        Policy { hosts: ["*.example".parse().unwrap()].into(), order: [tiers].into(), ..Policy::default() };
    world.policy("p", Some(policy));
    for i in 0..600 {
        world.name(
            "a.example",
            Some(facts([endpoint(&format!("c{i}"), "192.0.2.1"), endpoint("eu", "192.0.2.2")])),
        );
    }
    assert!(world.snapshot.tables.orders.len() < 300, "{} tables", world.snapshot.tables.orders.len());
}

/// Policies of the same order share a table; past the tables that may have spans of their own a further one
/// gives the scope of the client's place, which is narrower, and is counted.
#[test]
fn past_so_many_tables_scopes_are_those_of_places() {
    let networks = [("10.0.0.0/8", "EU/DE"), ("11.0.0.0/9", "EU/FR"), ("11.128.0.0/9", "EU/FR/IDF")];
    let networks = networks.map(|(n, p)| (n.parse().unwrap(), p.parse().ok()));
    let map = alloc::sync::Arc::new(crate::place::NetworkMap { networks: networks.into() });
    let mut world = World::new();
    world.cluster("eu", Some(cluster("EU/FR")));
    world.cluster("us", Some(cluster("NA/US")));
    let tables = crate::geo::MERGED_TABLES_MAX + 2;
    for i in 0..tables {
        // Another list of tiers is another order, though no cluster is in it; the last is the same again.
        let nobody = ClusterName::from(format!("c{}", i.min(tables - 2)).as_str());
        let order =
            [crate::policy::Stage::Tiers([[nobody].into()].into()), crate::policy::Stage::Geo(map.clone())];
        let hosts = [format!("n{i}.example").parse().unwrap()].into();
        world.policy(&format!("p{i}"), Some(Policy { hosts, order: order.into(), ..Policy::default() }));
        let offers = [endpoint("eu", "192.0.2.1"), endpoint("us", "192.0.2.2")];
        world.name(&format!("n{i}.example"), Some(facts(offers)));
    }
    assert_eq!(world.snapshot.narrow_orders(), 1);
    for (at, scope) in [(0, 7), (tables - 3, 7), (tables - 2, 9), (tables - 1, 9)] {
        let got = world.ask(&format!("n{at}.example"), "A", "11.1.2.3");
        assert_eq!(got, format!("NoError aa | n{at}.example. 30 A 192.0.2.1 | scope {scope}"));
    }
}

#[test]
fn circles_are_reported() {
    let mut world = World::new();
    world.name("a.example", Some(facts([endpoint("", "b.example")])));
    world.name("b.example", Some(facts([endpoint("", "a.example")])));
    assert!(world.problems[0].contains("Loop"), "{:?}", world.problems);
}

/// A fleet whose names need many tables: of two hundred names every third has a policy with tiers of its own.
fn many_tables() -> World {
    let mut world = World::new();
    let clusters = ["eu", "us", "ap"];
    for cluster_name in clusters {
        world.cluster(cluster_name, Some(cluster("EU")));
    }
    for i in 0..200 {
        let at = format!("n{i}.example");
        if i % 3 == 0 {
            let first = ClusterName::from(clusters[i % 2]);
            let tiers = crate::policy::Stage::Tiers(
                [[first].into(), [ClusterName::from(&*format!("x{i}"))].into()].into(),
            );
            let hosts = [at.parse().unwrap()].into();
            world
                .policy(&format!("p{i}"), Some(Policy { hosts, order: [tiers].into(), ..Policy::default() }));
        }
        let alias = format!("n{}.example", (i + 1) % 200);
        let offers = (0..=i % 3).map(|c| endpoint(clusters[c], &format!("192.0.2.{i}")));
        let offers: Vec<_> = if i % 50 == 7 { [endpoint("", &alias)].into() } else { offers.collect() };
        world.name(&at, Some(facts(offers)));
    }
    world.name("n8.example", Some(facts([endpoint("", "n7.example")])));
    world
}

fn grown(ways: Vec<super::Way>) -> Vec<super::Limb> {
    ways.into_iter().map(super::Way::grown).collect()
}

/// In parts or name by name, in however many: the same changes, problems and tables.
#[test]
fn the_whole_is_the_same_in_any_number_of_parts() {
    let world = many_tables();
    let empty = Snapshot { complete: true, ..Snapshot::new(3) };
    let one_by_one = super::compile(&world.fleet, &empty, &world.fleet.everything());
    let problems = |compiled: &super::Compiled| -> Vec<_> {
        compiled.problems.clone().into_iter().filter(|(_, problems)| !problems.is_empty()).collect()
    };
    let expected = problems(&one_by_one);
    assert!(!expected.is_empty());
    let one_by_one = empty.publish(one_by_one, &mut Serials::default(), 1);
    let asked = |snapshot: &Snapshot| -> Vec<String> {
        (0..200)
            .map(|i| crate::testing::ask(snapshot, &format!("n{i}.example"), "A", "192.0.2.9", 3))
            .collect()
    };
    for count in [1, 2, 7] {
        let whole = super::Whole::new(&world.fleet, &empty);
        let parts = world.fleet.names.parts(count);
        let left: usize = parts.iter().map(|part| whole.part(part).left.len()).sum();
        assert!(left > 0, "the sample asks for fewer tables than the names");
        let done: Vec<_> = parts.iter().map(|part| whole.part(part)).collect();
        let compiled = whole.join(done, grown);
        assert_eq!(problems(&compiled), expected, "{count} parts");
        let snapshot = empty.publish(compiled, &mut Serials::default(), 1);
        assert_eq!(asked(&snapshot), asked(&one_by_one), "{count} parts");
        assert_eq!(snapshot.tables.orders.len(), one_by_one.tables.orders.len());
        assert_eq!(snapshot.names.len(), one_by_one.names.len());
        let content = |s: &Snapshot| s.zones().map(|zone| zone.content).collect::<Vec<_>>();
        assert_eq!(content(&snapshot), content(&one_by_one));
        let again = super::compile(&world.fleet, &snapshot, &world.fleet.everything());
        let names = again.changes.iter().filter(|c| matches!(c, Change::Name(..) | Change::Ready { .. }));
        assert_eq!(names.count(), 0, "{count} parts: tables that are the same are one");
    }
}

/// Six names for each of forty policies, all offered by the same three clusters. Those of one policy never stand side
/// by side.
fn many_policies() -> World {
    let mut world = World::new();
    let clusters = ["eu", "us", "ap"];
    for cluster_name in clusters {
        world.cluster(cluster_name, Some(cluster("EU")));
    }
    for p in 0..40 {
        let tier = |at: usize| [ClusterName::from(clusters[(p + at) % 3])].into();
        let tiers = crate::policy::Stage::Tiers((0..3).map(tier).collect());
        world.policy(&format!("p{p}"), Some(Policy { order: [tiers].into(), ..Policy::default() }));
        for n in 0..6 {
            let offers = clusters.map(|c| endpoint(c, &format!("192.{}.2.{}", c.len(), p * 6 + n)));
            let offers =
                NameFacts { policy: Some(PolicyName(format!("p{p}").as_str().into())), ..facts(offers) };
            world.name(&format!("n{n}.p{p}.example"), Some(offers));
        }
    }
    world
}

/// Where the forms of names and of their pools stand, which tells one from another that is equal.
fn forms(snapshot: &Snapshot) -> BTreeSet<(usize, usize)> {
    let of_pool = |records: &crate::zone::Records| core::ptr::from_ref(records.pools()[0].form()).addr();
    snapshot.names().map(|(_, records)| (super::alike::place_of(records.form()), of_pool(records))).collect()
}

/// However many policies there are: a form is made once for each and part, and is never that of another.
#[test]
fn names_that_are_alike_share_a_form() {
    let world = many_policies();
    let empty = Snapshot { complete: true, ..Snapshot::new(3) };
    let asked = |snapshot: &Snapshot| -> Vec<String> {
        let names = (0..240).map(|i| format!("n{}.p{}.example", i % 6, i / 6));
        names.map(|name| crate::testing::ask(snapshot, &name, "A", "192.0.2.9", 3)).collect()
    };
    for count in [1, 2] {
        let whole = super::Whole::new(&world.fleet, &empty);
        let parts = world.fleet.names.parts(count);
        let compiled = {
            let done: Vec<_> = parts.iter().map(|part| whole.part(part)).collect();
            whole.join(done, grown)
        };
        let snapshot = empty.publish(compiled, &mut Serials::default(), 1);
        assert_eq!(asked(&snapshot), asked(&world.snapshot), "{count} parts: name by name nothing is shared");
        // Names that need a table which no part has are compiled in the end, and have forms of their own.
        let forms = forms(&snapshot).len();
        assert!(forms <= 40 * (count + 1), "{forms} forms of {count} parts");
    }
}

#[test]
fn a_name_that_changes_keeps_its_form() {
    let mut world = many_policies();
    let before = forms(&world.snapshot);
    let offers = ["eu", "us", "ap"].map(|c| endpoint(c, "192.0.2.250"));
    let offers = NameFacts { policy: Some(PolicyName("p7".into())), ..facts(offers) };
    world.name("n1.p7.example", Some(offers));
    assert_eq!(world.changes.len(), 1);
    assert!(forms(&world.snapshot) == before, "a form came or went");
}

const POOL: [&str; 6] =
    ["a.example", "b.a.example", "*.a.example", "example", "c.sub.example", "sub.example"];

/// What a step of a random history does.
fn arb_fact() -> impl Strategy<Value = Fact> {
    let clusters = ["eu", "us"];
    let state = |n| [ClusterState::Active, ClusterState::Draining, ClusterState::Disabled][n];
    let place = |n: usize| ["EU/DE", "NA/US"][n];
    prop_oneof![
        8 => (0..POOL.len(), 0u8..6, 0usize..3).prop_map(move |(at, kind, which)| {
            let who = clusters[which % 2];
            let some = match kind {
                0 => None,
                1 => Some(facts([endpoint(who, "192.0.2.1")])),
                2 => Some(facts([endpoint("eu", "192.0.2.1"), down(endpoint("us", "2001:db8::2"))])),
                3 => Some(facts([endpoint(who, "a.example")])),
                4 => Some(NameFacts { fallback: Some(name("a.example")), ..facts([down(endpoint(who, "192.0.2.4"))]) }),
                _ => Some(facts([down(endpoint("eu", "192.0.2.1")), endpoint("us", "2001:db8::2")])),
            };
            Fact::Name(name(POOL[at]), some)
        }),
        2 => (0usize..2, 0usize..3, 0usize..2, any::<bool>()).prop_map(move |(c, s, p, there)| {
            let facts = Cluster { state: state(s), ..cluster(place(p)) };
            Fact::Cluster(ClusterName::from(clusters[c]), there.then_some(facts))
        }),
        1 => any::<bool>().prop_map(|there| Fact::Zone(name("sub.example"), there.then(zone_facts))),
        1 => (0u8..3).prop_map(|kind| {
            let all_down = if kind == 1 { AllDown::Empty } else { AllDown::Fallback(name("c.sub.example")) };
            let policy = Policy { hosts: ["*.example".parse().unwrap()].into(), all_down, ..Policy::default() };
            Fact::Policy(PolicyName("p".into()), (kind > 0).then_some(policy))
        }),
    ]
}

fn all_answers(snapshot: &Snapshot) -> Vec<String> {
    let mut all = Vec::new();
    for at in POOL.iter().chain(&["x.a.example", "nope.example", "x.sub.example"]) {
        for rtype in ["A", "AAAA", "CNAME", "TXT", "ANY"] {
            let got = crate::testing::ask(snapshot, at, rtype, "192.0.2.9", 3);
            // Serials tell of the history; what is answered must not.
            all.push(got.split(" hostmaster.example. ").next().unwrap_or_default().into());
        }
    }
    all
}

/// A zone's apex that has records is one child of the name above it: that goes when the apex does.
#[test]
fn an_apex_with_records_is_counted_once() {
    let mut world = World::new();
    let apex = name("sub.mid.example");
    world.zone("sub.mid.example", Some(zone_facts()));
    world.name("sub.mid.example", Some(facts([endpoint("eu", "192.0.2.1")])));
    let empty = Snapshot::new(3);
    let whole = super::Whole::new(&world.fleet, &empty);
    let done: Vec<_> = world.fleet.names.parts(1).iter().map(|part| whole.part(part)).collect();
    let whole = empty.publish(whole.join(done, grown), &mut Serials::default(), 1);
    assert!(whole.names.get(name("mid.example").borrowed()).is_some());
    let touched = world.fleet.apply([Fact::Name(apex.clone(), None), Fact::Zone(apex, None)]);
    let compiled = super::compile(&world.fleet, &whole, &touched);
    let left = whole.publish(compiled, &mut Serials::default(), 2);
    assert!(left.names.get(name("mid.example").borrowed()).is_none());
}

proptest! {
    /// Step by step or at once: the same facts give the same answers, and no node is left behind.
    #[test]
    fn history_does_not_matter(history in proptest::collection::vec(arb_fact(), 1..40)) {
        let mut world = World::new();
        for fact in history {
            world.apply([fact]);
        }
        let empty = Snapshot { complete: true, ..Snapshot::new(3) };
        let compiled = super::compile(&world.fleet, &empty, &world.fleet.everything());
        let at_once = empty.publish(compiled, &mut Serials::default(), 1);
        prop_assert_eq!(all_answers(&world.snapshot), all_answers(&at_once));
        prop_assert_eq!(world.snapshot.names.len(), at_once.names.len());
        prop_assert_eq!(world.snapshot.cuts.mask(), at_once.cuts.mask());
        let content = |s: &Snapshot| s.zones().map(|z| (z.apex.clone(), z.content)).collect::<Vec<_>>();
        prop_assert_eq!(content(&world.snapshot), content(&at_once));
        let whole = super::Whole::new(&world.fleet, &empty);
        let done: Vec<_> = world.fleet.names.parts(2).iter().map(|part| whole.part(part)).collect();
        let whole = empty.publish(whole.join(done, grown), &mut Serials::default(), 1);
        prop_assert_eq!(all_answers(&whole), all_answers(&at_once));
        prop_assert_eq!(content(&whole), content(&at_once));
        // What was counted at once is counted down one by one.
        let mut fewer = world.fleet.clone();
        let every_other = fewer.everything().names.into_iter().step_by(2).map(|name| Fact::Name(name, None));
        let touched = fewer.apply(every_other);
        let emptied = |s: &Snapshot| s.publish(super::compile(&fewer, s, &touched), &mut Serials::default(), 2);
        let (whole, at_once) = (emptied(&whole), emptied(&at_once));
        prop_assert_eq!(whole.names.len(), at_once.names.len());
        prop_assert_eq!(all_answers(&whole), all_answers(&at_once));
    }

    /// Any order of the same events that do not touch the same key gives the same bytes.
    #[test]
    fn order_does_not_matter(facts in proptest::collection::vec(arb_fact(), 1..20), seed in any::<u64>()) {
        let mut last: alloc::collections::BTreeMap<String, Fact> = alloc::collections::BTreeMap::new();
        for fact in facts {
            let key = match &fact {
                Fact::Name(n, _) => format!("n{n}"),
                Fact::Zone(n, _) => format!("z{n}"),
                Fact::Policy(n, _) => format!("p{n}"),
                Fact::Cluster(n, _) => format!("c{n}"),
            };
            last.insert(key, fact);
        }
        let mut shuffled: Vec<Fact> = last.into_values().collect();
        let mut one = World::new();
        shuffled.iter().cloned().for_each(|f| one.apply([f]));
        let mut draw = crate::Draw(seed);
        for i in (1..shuffled.len()).rev() {
            shuffled.swap(i, usize::try_from(draw.below(i as u64 + 1)).unwrap());
        }
        let mut other = World::new();
        shuffled.into_iter().for_each(|f| other.apply([f]));
        prop_assert_eq!(&one.fleet, &other.fleet);
        prop_assert_eq!(all_answers(&one.snapshot), all_answers(&other.snapshot));
    }
}

/// The fleet is what it is told, and says what was news.
#[test]
fn facts_that_are_known_are_no_news() {
    let mut fleet = Fleet::default();
    let fact = || Fact::Name(name("a.example"), Some(facts([])));
    assert!(!fleet.apply([fact()]).is_empty());
    assert!(fleet.apply([fact()]).is_empty());
    assert!(fleet.apply([Fact::Name(name("b.example"), None)]).is_empty());
}

/// As many records of one type as all offers may have together.
#[test]
fn a_pool_has_no_more_records_than_a_question_may_look_at() {
    use crate::fleet::{ENDPOINTS_MAX, TARGETS_MAX};
    use crate::zone::POOL_RECORDS_MAX;
    let mut world = World::new();
    let target = |i: usize| Target::Address(u32::try_from(i).unwrap().to_be_bytes().into());
    let offers = (0..ENDPOINTS_MAX).map(|offer| Endpoint {
        targets: (0..TARGETS_MAX).map(|i| target(offer * TARGETS_MAX + i)).collect(),
        ..endpoint(&format!("c{offer:04}"), "192.0.2.1")
    });
    world.name("www.example", Some(facts(offers)));
    assert_eq!(
        world.problems,
        [
            "GlobalName shop/web: host www.example: LimitReached: has 65536 A records; those after the first 4096 are left \
             out",
        ]
    );
    let www = name("www.example");
    let pool = world.snapshot.records(www.borrowed()).unwrap().pool(RecordType::A).unwrap();
    let counted: usize = pool.members().iter().map(|member| usize::from(member.count)).sum();
    assert_eq!((usize::from(pool.set().count), counted), (POOL_RECORDS_MAX, POOL_RECORDS_MAX));
}

#[test]
fn many_name_servers_are_told() {
    use crate::fleet::TARGETS_MAX;
    use crate::zone::NAME_SERVERS_MAX;
    let mut world = World::new();
    let of = |count: usize| {
        let server = |i| Target::Record(RecordType::NS, Rdata::name(&name(&format!("ns{i}.sub.example"))));
        let servers: Vec<_> = (0..count).map(server).collect();
        let some = |some: &[Target]| Endpoint { targets: some.into(), ..endpoint("", "192.0.2.1") };
        facts(servers.chunks(TARGETS_MAX).map(some))
    };
    world.name("sub.example", Some(of(NAME_SERVERS_MAX)));
    assert_eq!(world.problems, [""; 0]);
    world.name("sub.example", Some(of(NAME_SERVERS_MAX + 1)));
    assert_eq!(
        world.problems,
        [
            "GlobalName shop/web: host sub.example: LimitReached: has 33 name servers; a referral has the addresses of the \
             first 32",
        ]
    );
}
