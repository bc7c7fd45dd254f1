use crate::answer::AliasBuf;
use crate::cluster::{Cluster, ClusterState};
use crate::fleet::Endpoint;
use crate::place::NetworkMap;
use crate::policy::{AllDown, Pick, Policy, Stage, UnknownLocation};
use crate::record::{Rdata, RecordType, Target, Ttl};
use crate::testing::{World, ask, cluster, down, endpoint, facts, name, zone_facts};
use crate::{ClusterName, Fact};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

mod damaged;
mod limits;
mod picks;

const ANYONE: &str = "198.51.100.1";
const SOA: &str = "authority example. 30 SOA ns1.example. hostmaster.example.";

fn two_clusters(policy: Policy) -> World {
    let mut world = World::new();
    world.cluster("eu", Some(cluster("EU/DE")));
    world.cluster("us", Some(cluster("NA/US")));
    let policy = Policy { hosts: ["*.example".parse().unwrap()].into(), ..policy };
    world.policy("near", Some(policy));
    world.name("www.example", Some(facts([endpoint("eu", "192.0.2.1"), endpoint("us", "192.0.2.2")])));
    world
}

fn geo() -> Policy {
    let networks = [("10.0.0.0/8", "EU/DE"), ("11.0.0.0/8", "NA/US")]
        .iter()
        .map(|(n, p)| (n.parse().unwrap(), p.parse().ok()))
        .collect();
    Policy { order: [Stage::Geo(Arc::new(NetworkMap { networks }))].into(), ..Policy::default() }
}

#[track_caller]
fn check(world: &World, at: &str, rtype: &str, from: &str, expected: &str) {
    let got =
        world.ask(at, rtype, from).replace(&format!(" {} 7200 1800 86400 30", world.serial("example")), "");
    assert_eq!(got, expected, "{at} {rtype} from {from}");
}

#[test]
fn names_that_are_not_there() {
    let mut world = World::new();
    world.name("a.b.example", Some(facts([endpoint("", "192.0.2.1")])));
    check(&world, "nope.example", "A", ANYONE, &format!("NxDomain aa | {SOA}"));
    check(&world, "b.example", "A", ANYONE, &format!("NoError aa | {SOA}"));
    check(&world, "a.b.example", "TXT", ANYONE, &format!("NoError aa | {SOA}"));
    check(&world, "example", "A", ANYONE, &format!("NoError aa | {SOA}"));
    check(&world, "other.test", "A", ANYONE, "Refused | NotAuthoritative");
    world.name("a.b.example", None);
    check(&world, "b.example", "A", ANYONE, &format!("NxDomain aa | {SOA}"));
}

#[test]
fn nothing_is_denied_before_all_was_read() {
    let mut world = World::new();
    world.name("www.example", Some(facts([endpoint("", "192.0.2.1")])));
    world.snapshot.complete = false;
    check(&world, "nope.example", "A", ANYONE, "ServFail | NotReady");
    check(&world, "other.test", "A", ANYONE, "ServFail | NotReady");
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 30 A 192.0.2.1");
}

/// What stands for names that are not there does not answer in place of one that may not be read yet.
#[test]
fn nothing_stands_in_for_a_name_before_all_was_read() {
    let mut world = World::new();
    world.name("*.w.example", Some(facts([endpoint("", "192.0.2.1")])));
    let (address, target) = ([192, 0, 2, 9], name("www.test"));
    let records: [(&str, RecordType, &[u8]); 3] = [
        ("www", RecordType::A, &address),
        ("*", RecordType::A, &address),
        ("d", RecordType::DNAME, target.as_wire()),
    ];
    world.file("example", Some(&records));
    world.file("alone", Some(&records));
    let stand_ins = ["x.w.example", "x.example", "x.d.example", "x.alone", "x.d.alone"];
    let there = ["*.w.example", "www.example", "*.example", "www.alone", "*.alone"];
    for (complete, at) in [(false, &there[..]), (true, &there), (true, &stand_ins)] {
        world.snapshot.complete = complete;
        for at in at {
            let got = world.ask(at, "A", ANYONE);
            assert!(got.starts_with("NoError aa") && !got.contains("SOA"), "{at} {complete}: {got}");
        }
    }
    world.snapshot.complete = false;
    for at in stand_ins {
        check(&world, at, "A", ANYONE, "ServFail | NotReady");
    }
}

#[test]
fn apex() {
    let mut world = World::new();
    world.name("ns1.example", Some(facts([endpoint("", "192.0.2.53"), endpoint("", "2001:db8::53")])));
    check(
        &world,
        "example",
        "NS",
        ANYONE,
        "NoError aa | example. 180 NS ns1.example. | additional ns1.example. 30 A 192.0.2.53 | additional ns1.example. 30 AAAA 2001:db8::53",
    );
    check(&world, "example", "SOA", ANYONE, "NoError aa | example. 180 SOA ns1.example. hostmaster.example.");
    check(&world, "example", "ANY", ANYONE, "NoError aa | example. 180 SOA ns1.example. hostmaster.example.");
}

#[test]
fn wildcards() {
    let mut world = World::new();
    world.name("*.w.example", Some(facts([endpoint("", "192.0.2.1")])));
    world.name("there.w.example", Some(facts([endpoint("", "2001:db8::1")])));
    world.name("x.ent.w.example", Some(facts([endpoint("", "192.0.2.9")])));
    check(&world, "a.w.example", "A", ANYONE, "NoError aa | a.w.example. 30 A 192.0.2.1");
    check(&world, "a.b.w.example", "A", ANYONE, "NoError aa | a.b.w.example. 30 A 192.0.2.1");
    check(&world, "*.w.example", "A", ANYONE, "NoError aa | *.w.example. 30 A 192.0.2.1");
    check(&world, "a.w.example", "TXT", ANYONE, &format!("NoError aa | {SOA}"));
    // A name that is there, with records or only with names below it, hides the wildcard.
    check(&world, "there.w.example", "A", ANYONE, &format!("NoError aa | {SOA}"));
    check(&world, "a.there.w.example", "A", ANYONE, &format!("NxDomain aa | {SOA}"));
    check(&world, "ent.w.example", "A", ANYONE, &format!("NoError aa | {SOA}"));
    check(&world, "a.ent.w.example", "A", ANYONE, &format!("NxDomain aa | {SOA}"));
    check(&world, "w.example", "A", ANYONE, &format!("NoError aa | {SOA}"));
}

#[test]
fn aliases() {
    let mut world = World::new();
    world.name("www.example", Some(facts([endpoint("", "192.0.2.1")])));
    for (at, to) in [
        ("one.example", "www.example"),
        ("two.example", "one.example"),
        ("out.example", "www.test"),
        ("gone.example", "nope.example"),
        ("loop.example", "pool.example"),
        ("pool.example", "loop.example"),
        ("self.example", "self.example"),
    ] {
        world.name(at, Some(facts([endpoint("", to)])));
    }
    check(
        &world,
        "two.example",
        "A",
        ANYONE,
        "NoError aa | two.example. 30 CNAME one.example. | one.example. 30 CNAME www.example. | www.example. 30 A 192.0.2.1",
    );
    check(&world, "two.example", "CNAME", ANYONE, "NoError aa | two.example. 30 CNAME one.example.");
    check(
        &world,
        "one.example",
        "TXT",
        ANYONE,
        &format!("NoError aa | one.example. 30 CNAME www.example. | {SOA}"),
    );
    check(&world, "out.example", "A", ANYONE, "NoError aa | out.example. 30 CNAME www.test.");
    check(
        &world,
        "gone.example",
        "A",
        ANYONE,
        &format!("NxDomain aa | gone.example. 30 CNAME nope.example. | {SOA}"),
    );
    check(&world, "loop.example", "A", ANYONE, &format!("NoError aa | {SOA} | InvalidData"));
    check(&world, "self.example", "A", ANYONE, &format!("NoError aa | {SOA} | InvalidData"));
}

#[test]
fn delegations() {
    let mut world = World::new();
    let ns = Endpoint {
        targets: [Target::Record(RecordType::NS, Rdata::name(&name("ns.sub.example")))].into(),
        ..endpoint("", "192.0.2.1")
    };
    world.name("sub.example", Some(facts([ns])));
    world.name("ns.sub.example", Some(facts([endpoint("", "192.0.2.53")])));
    world.name("to.example", Some(facts([endpoint("", "www.sub.example")])));
    let referral =
        "authority sub.example. 30 NS ns.sub.example. | additional ns.sub.example. 30 A 192.0.2.53";
    check(&world, "www.sub.example", "A", ANYONE, &format!("NoError | {referral}"));
    check(&world, "sub.example", "NS", ANYONE, &format!("NoError | {referral}"));
    check(&world, "sub.example", "DS", ANYONE, &format!("NoError aa | {SOA}"));
    check(
        &world,
        "to.example",
        "A",
        ANYONE,
        &format!("NoError aa | to.example. 30 CNAME www.sub.example. | {referral}"),
    );
    world.name("sub.example", None);
    check(&world, "www.sub.example", "A", ANYONE, &format!("NxDomain aa | {SOA}"));
}

/// The DS of a delegation is the parent's to answer (RFC 4035 section 3.1.4.1), the fleet's too.
#[test]
fn the_ds_of_a_delegation_that_the_fleet_makes() {
    let mut world = World::new();
    let ds = Rdata::from_wire(&[0, 1, 13, 2, 0xab]).unwrap();
    let delegation = Endpoint {
        targets: [
            Target::Record(RecordType::NS, Rdata::name(&name("ns.test"))),
            Target::Record(RecordType::DS, ds),
        ]
        .into(),
        ..endpoint("", "192.0.2.1")
    };
    world.name("sub.example", Some(facts([delegation])));
    let got = world.ask("sub.example", "DS", ANYONE);
    assert!(got.starts_with("NoError aa | sub.example. 30 DS "), "{got}");
    let referral = "NoError | authority sub.example. 30 NS ns.test.";
    check(&world, "sub.example", "A", ANYONE, referral);
    check(&world, "x.sub.example", "DS", ANYONE, referral);
}

#[test]
fn near_clients_get_the_near_cluster() {
    let mut world = two_clusters(geo());
    let eu = "NoError aa | www.example. 30 A 192.0.2.1 | scope 8";
    let us = "NoError aa | www.example. 30 A 192.0.2.2 | scope 8";
    check(&world, "www.example", "A", "10.1.2.3", eu);
    check(&world, "www.example", "A", "11.1.2.3", us);
    check(
        &world,
        "www.example",
        "A",
        "198.51.100.1",
        "NoError aa | www.example. 30 A 192.0.2.1, 192.0.2.2 | scope 1",
    );
    world.name("www.example", Some(facts([down(endpoint("eu", "192.0.2.1")), endpoint("us", "192.0.2.2")])));
    check(&world, "www.example", "A", "10.1.2.3", &us.replace("30", "15"));
    let all_down = facts([down(endpoint("eu", "192.0.2.1")), down(endpoint("us", "192.0.2.2"))]);
    world.name("www.example", Some(all_down));
    // As if all were up: this client's first tier.
    check(&world, "www.example", "A", "10.1.2.3", &eu.replace("30", "15"));
}

#[test]
fn unknown_place_may_be_taken_for_another() {
    let unknown_location = UnknownLocation::Place("NA/US".parse().unwrap());
    let world = two_clusters(Policy { unknown_location, ..geo() });
    check(&world, "www.example", "A", "198.51.100.1", "NoError aa | www.example. 30 A 192.0.2.2 | scope 1");
}

#[test]
fn a_chain_takes_the_narrowest_scope() {
    let mut world = two_clusters(geo());
    world.name("to.example", Some(facts([endpoint("", "www.example")])));
    check(
        &world,
        "to.example",
        "A",
        "10.0.0.1",
        "NoError aa | to.example. 30 CNAME www.example. | www.example. 30 A 192.0.2.1 | scope 8",
    );
}

#[test]
fn tiers_are_a_failover() {
    let tiers = Stage::Tiers([[ClusterName::from("us")].into(), [ClusterName::from("eu")].into()].into());
    let mut world = two_clusters(Policy { order: [tiers].into(), ..Policy::default() });
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 30 A 192.0.2.2");
    let drained = Cluster { state: ClusterState::Draining, ..cluster("NA/US") };
    world.cluster("us", Some(drained));
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 15 A 192.0.2.1");
}

#[test]
fn drained_is_a_down_that_serve_all_brings_back_and_disabled_is_no_member() {
    let mut world = two_clusters(Policy::default());
    world.cluster("eu", Some(Cluster { state: ClusterState::Draining, ..cluster("EU/DE") }));
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 15 A 192.0.2.2");
    world.cluster("us", Some(Cluster { state: ClusterState::Draining, ..cluster("NA/US") }));
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 15 A 192.0.2.1, 192.0.2.2");
    world.cluster("us", Some(Cluster { state: ClusterState::Disabled, ..cluster("NA/US") }));
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 15 A 192.0.2.1");
    world.cluster("eu", Some(cluster("EU/DE")));
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 30 A 192.0.2.1");
}

#[test]
fn minimum_healthy_moves_on_early() {
    let mut world = two_clusters(Policy { minimum_healthy: 2, ..geo() });
    world.cluster("eu2", Some(cluster("EU/DE")));
    let three = |eu2: Endpoint| facts([endpoint("eu", "192.0.2.1"), eu2, endpoint("us", "192.0.2.2")]);
    world.name("www.example", Some(three(endpoint("eu2", "192.0.2.3"))));
    check(
        &world,
        "www.example",
        "A",
        "10.0.0.1",
        "NoError aa | www.example. 30 A 192.0.2.1, 192.0.2.3 | scope 8",
    );
    world.name("www.example", Some(three(down(endpoint("eu2", "192.0.2.3")))));
    // No tier has two healthy members, so the first with any is used.
    check(&world, "www.example", "A", "10.0.0.1", "NoError aa | www.example. 15 A 192.0.2.1 | scope 8");
}

#[test]
fn a_tier_below_its_minimum_gives_way_to_the_next() {
    let mut world = two_clusters(Policy { minimum_healthy: 2, ..geo() });
    world.cluster("eu2", Some(cluster("EU/DE")));
    world.cluster("us2", Some(cluster("NA/US")));
    let four = [
        endpoint("eu", "192.0.2.1"),
        down(endpoint("eu2", "192.0.2.3")),
        endpoint("us", "192.0.2.2"),
        endpoint("us2", "192.0.2.4"),
    ];
    world.name("www.example", Some(facts(four)));
    let us = "NoError aa | www.example. 15 A 192.0.2.2, 192.0.2.4 | scope 8";
    check(&world, "www.example", "A", "10.0.0.1", us);
}

#[test]
fn when_all_is_down_the_policy_says_what_then() {
    let nobody = || facts([down(endpoint("eu", "192.0.2.1"))]);
    for (all_down, expected) in [
        (AllDown::ServeAll, String::from("NoError aa | www.example. 15 A 192.0.2.1")),
        (AllDown::Empty, format!("NoError aa | {SOA}")),
        (AllDown::Refuse, String::from("Refused")),
        (
            AllDown::Fallback(name("sorry.test")),
            String::from("NoError aa | www.example. 15 CNAME sorry.test."),
        ),
    ] {
        let mut world = two_clusters(Policy { all_down, ..Policy::default() });
        world.name("www.example", Some(nobody()));
        check(&world, "www.example", "A", ANYONE, &expected);
    }
}

#[test]
fn a_region_without_a_healthy_member_is_an_alias() {
    let mut world = two_clusters(Policy::default());
    let region = |e: Endpoint| crate::fleet::NameFacts { fallback: Some(name("www.example")), ..facts([e]) };
    world.name("eu.example", Some(region(endpoint("eu", "192.0.2.1"))));
    check(&world, "eu.example", "A", ANYONE, "NoError aa | eu.example. 30 A 192.0.2.1");
    check(&world, "eu.example", "AAAA", ANYONE, &format!("NoError aa | {SOA}"));
    world.name("eu.example", Some(region(down(endpoint("eu", "192.0.2.1")))));
    let alias = "NoError aa | eu.example. 15 CNAME www.example. | www.example. 30 A 192.0.2.1, 192.0.2.2";
    check(&world, "eu.example", "A", ANYONE, alias);
    world.cluster("eu", Some(Cluster { state: ClusterState::Draining, ..cluster("EU/DE") }));
    world.name("eu.example", Some(region(endpoint("eu", "192.0.2.1"))));
    check(&world, "eu.example", "CNAME", ANYONE, "NoError aa | eu.example. 15 CNAME www.example.");
}

#[test]
fn weights_are_shares() {
    let weights: BTreeMap<ClusterName, u32> = [("eu".into(), 3), ("us".into(), 1)].into();
    let world = two_clusters(Policy { weights, pick: Pick::Weighted(1), ..Policy::default() });
    let mut eu = 0;
    for draw in 0..4000 {
        eu += u32::from(ask(&world.snapshot, "www.example", "A", ANYONE, draw).ends_with("192.0.2.1"));
    }
    assert!((2850..3150).contains(&eu), "{eu} of 4000 instead of 3000");
}

#[test]
fn zero_weight_is_drawn_only_when_alone() {
    let weights: BTreeMap<ClusterName, u32> = [("eu".into(), 0), ("us".into(), 1)].into();
    let mut world = two_clusters(Policy { weights, pick: Pick::Weighted(1), ..Policy::default() });
    for draw in 0..200 {
        assert!(ask(&world.snapshot, "www.example", "A", ANYONE, draw).ends_with("192.0.2.2"));
    }
    world.name("www.example", Some(facts([endpoint("eu", "192.0.2.1"), down(endpoint("us", "192.0.2.2"))])));
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 15 A 192.0.2.1");
}

#[test]
fn all_is_shuffled_and_complete() {
    let world = two_clusters(Policy::default());
    let www = name("www.example");
    let query = crate::Query {
        name: www.borrowed(),
        rtype: RecordType::A,
        client: crate::Client { address: ANYONE.parse().unwrap() },
    };
    let mut first = [0; 2];
    for draw in 0..2000 {
        let mut aliases = AliasBuf::new();
        let got = crate::answer(&world.snapshot, &query, crate::Draw(draw), &mut (), &mut aliases);
        let data: Vec<&[u8]> = got.rdata(&got.answers[0]).collect();
        assert_eq!(data.len(), 2);
        first[usize::from(data[0][3] - 1)] += 1;
    }
    assert!(first.iter().all(|n| (900..1100).contains(n)), "{first:?}");
}

#[test]
fn one_address_in_two_clusters_stands_once() {
    let mut world = two_clusters(Policy::default());
    world.name("www.example", Some(facts([endpoint("eu", "192.0.2.1"), endpoint("us", "192.0.2.1")])));
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 30 A 192.0.2.1");
}

#[test]
fn of_several_aliases_one_is_drawn() {
    let mut world = two_clusters(Policy::default());
    world.name("www.example", Some(facts([endpoint("eu", "eu.test"), endpoint("us", "us.test")])));
    let draws: alloc::collections::BTreeSet<String> =
        (0..64).map(|d| ask(&world.snapshot, "www.example", "A", ANYONE, d)).collect();
    let expected = ["eu", "us"].map(|c| format!("NoError aa | www.example. 30 CNAME {c}.test."));
    assert_eq!(draws, expected.into());
}

#[test]
fn aliases_stand_alone_and_never_at_an_apex() {
    let mut world = two_clusters(Policy::default());
    world.name("www.example", Some(facts([endpoint("eu", "192.0.2.1"), endpoint("us", "us.test")])));
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 30 A 192.0.2.1");
    assert_eq!(
        world.problems,
        [
            "GlobalName shop/web: host www.example: TargetSkipped: target us.test. is left out: an alias cannot stand beside other records"
        ]
    );
    world.name("example", Some(facts([endpoint("us", "us.test")])));
    check(&world, "example", "A", ANYONE, &format!("NoError aa | {SOA}"));
    assert_eq!(
        world.problems,
        [
            "GlobalName shop/web: host example: TargetSkipped: target us.test. is left out: a zone's apex cannot be an alias"
        ]
    );
}

#[test]
fn the_inner_of_two_zones_answers() {
    let mut world = World::new();
    world.name("www.sub.example", Some(facts([endpoint("", "192.0.2.1")])));
    let before = world.serial("example");
    world.zone("sub.example", Some(zone_facts()));
    assert_eq!(world.serial("example"), before + 1, "the name moved out");
    assert!(world.ask("nope.sub.example", "A", ANYONE).contains("authority sub.example."));
    world.zone("sub.example", None);
    assert_eq!(world.serial("example"), before + 2, "and back in");
    assert!(world.ask("nope.sub.example", "A", ANYONE).contains("authority example."));
}

#[test]
fn an_apex_is_a_name_that_is_there() {
    let mut world = World::new();
    world.zone("eu.prod.example", Some(zone_facts()));
    check(&world, "prod.example", "A", ANYONE, &format!("NoError aa | {SOA}"));
    // The zone above answers for what says how the inner one is signed.
    check(&world, "eu.prod.example", "DS", ANYONE, &format!("NoError aa | {SOA}"));
    assert!(world.ask("eu.prod.example", "A", ANYONE).contains("authority eu.prod.example."));
    world.name("eu.prod.example", Some(facts([endpoint("", "192.0.2.1")])));
    world.name("eu.prod.example", None);
    check(&world, "prod.example", "A", ANYONE, &format!("NoError aa | {SOA}"));
    world.zone("eu.prod.example", None);
    check(&world, "prod.example", "A", ANYONE, &format!("NxDomain aa | {SOA}"));
}

#[test]
fn a_set_has_the_least_ttl_of_its_members() {
    let mut world = World::new();
    let with = |target: &str, ttl| Endpoint { ttl: Ttl::from_seconds(ttl), ..endpoint("", target) };
    world.name(
        "www.example",
        Some(facts([with("192.0.2.1", 60), with("192.0.2.2", 20), with("2001:db8::1", 90)])),
    );
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 20 A 192.0.2.1, 192.0.2.2");
    check(&world, "www.example", "AAAA", ANYONE, "NoError aa | www.example. 90 AAAA 2001:db8::1");
}

#[test]
fn projection_is_the_answer_without_chance_or_place() {
    let mut world = two_clusters(Policy { all_down: AllDown::Empty, ..geo() });
    let project = |world: &World| -> Vec<String> {
        let at = name("www.example");
        let sets = super::project(&world.snapshot, at.borrowed());
        let text = |r: &Rdata, t| format!("{}", crate::record::Present(t, r.as_wire()));
        sets.iter()
            .flat_map(|s| {
                s.records.iter().map(move |r| format!("{} {} {}", s.ttl.seconds(), s.rtype, text(r, s.rtype)))
            })
            .collect()
    };
    assert_eq!(project(&world), ["30 A 192.0.2.1", "30 A 192.0.2.2"]);
    world.name("www.example", Some(facts([down(endpoint("eu", "192.0.2.1")), endpoint("us", "192.0.2.2")])));
    assert_eq!(project(&world), ["30 A 192.0.2.2"]);
    world.name(
        "www.example",
        Some(facts([down(endpoint("eu", "192.0.2.1")), down(endpoint("us", "192.0.2.2"))])),
    );
    assert_eq!(project(&world), ["30 A 192.0.2.1", "30 A 192.0.2.2"], "a last target is never taken away");
    world.apply([Fact::Name(
        name("www.example"),
        Some(facts([endpoint("us", "us.test"), endpoint("eu", "eu.test")])),
    )]);
    assert_eq!(project(&world), ["30 CNAME us.test."], "of several aliases the first");
}

/// Takes everything down in the middle of a decision.
struct TakesDown<'s>(&'s crate::Snapshot);

impl super::Trace for TakesDown<'_> {
    fn note(&mut self, step: super::Step<'_>) {
        if matches!(step, super::Step::Tier(..)) {
            for (_, records) in self.0.names() {
                (0..records.offers().len()).for_each(|offer| {
                    records.verdicts().set(offer, false);
                });
            }
        }
    }
}

#[test]
fn a_verdict_that_changes_meanwhile_breaks_no_answer() {
    let world = two_clusters(Policy::default());
    let www = name("www.example");
    let client = crate::Client { address: ANYONE.parse().unwrap() };
    let query = crate::Query { name: www.borrowed(), rtype: RecordType::A, client };
    let (mut trace, mut aliases) = (TakesDown(&world.snapshot), AliasBuf::new());
    let got = crate::answer(&world.snapshot, &query, crate::Draw(1), &mut trace, &mut aliases);
    assert_eq!(got.answers.iter().map(|set| got.rdata(set).len()).sum::<usize>(), 2);
    assert_eq!(got.answers[0].ttl.seconds(), 30, "all of it is from before the change");
}

#[test]
fn of_more_records_than_fit_each_is_as_likely() {
    let mut world = World::new();
    let offers = (0..6).map(|c| Endpoint {
        targets: (0..64).map(|i| Target::Address([192, 0, c, i].into())).collect(),
        ..endpoint(&format!("c{c}"), "192.0.2.1")
    });
    world.name("www.example", Some(facts(offers)));
    let www = name("www.example");
    let client = crate::Client { address: ANYONE.parse().unwrap() };
    let query = crate::Query { name: www.borrowed(), rtype: RecordType::A, client };
    let mut of = [0; 6];
    for draw in 0..60 {
        let mut aliases = AliasBuf::new();
        let got = crate::answer(&world.snapshot, &query, crate::Draw(draw), &mut (), &mut aliases);
        let data: alloc::collections::BTreeSet<&[u8]> = got.rdata(&got.answers[0]).collect();
        assert_eq!(data.len(), super::PICKS_MAX);
        data.iter().for_each(|d| of[usize::from(d[2])] += 1);
    }
    assert!(of.iter().all(|n| (2200..2920).contains(n)), "{of:?}, 2560 each are expected");
}

/// Zones below one that is a file's alone come and go; the names above them are there for as long.
#[test]
fn names_above_the_zones_below_a_file() {
    let mut world = World::new();
    let soa = "authority alone. 30 SOA ns1.example. hostmaster.example. 0 7200 1800 86400 30";
    let (there, gone) = (format!("NoError aa | {soa}"), format!("NxDomain aa | {soa}"));
    let ask = |world: &World, expected: [&str; 3]| {
        let got = ["b.c.alone", "c.alone", "x.c.alone"].map(|at| world.ask(at, "A", ANYONE));
        assert_eq!(got, expected);
    };
    world.file("alone", Some(&[]));
    ask(&world, [&gone, &gone, &gone]);
    // A name of the fleet is none of the file's zone.
    world.name("n.b.c.alone", Some(facts([endpoint("", "192.0.2.1")])));
    ask(&world, [&gone, &gone, &gone]);
    world.zone("a.b.c.alone", Some(zone_facts()));
    ask(&world, [&there, &there, &gone]);
    // The file is read again.
    world.file("alone", Some(&[]));
    ask(&world, [&there, &there, &gone]);
    world.file("d.c.alone", Some(&[]));
    world.zone("a.b.c.alone", None);
    ask(&world, [&gone, &there, &gone]);
    world.file("d.c.alone", None);
    ask(&world, [&gone, &gone, &gone]);
    // Before its parent.
    world.file("alone", None);
    world.file("d.c.alone", Some(&[]));
    world.file("alone", Some(&[]));
    ask(&world, [&gone, &there, &gone]);
}
