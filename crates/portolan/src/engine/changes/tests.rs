use portolan_core::cluster::{Cluster, ClusterState};
use portolan_core::fleet::{Evidence, NameFacts};
use portolan_core::policy::{Policy, PolicyName};
use portolan_core::{Fact, Fleet, Problem, Reason};

use super::{Changes, LINES_MAX};
use crate::explain::tests::{endpoint, facts, name};

fn offers(fra: Evidence, sin: Evidence) -> NameFacts {
    facts(None, None, vec![endpoint("fra", "192.0.2.10", fra), endpoint("sin", "192.0.2.30", sin)])
}

fn cluster(silent_since: Option<i64>) -> Option<Cluster> {
    Some(Cluster { silent_since, ..Cluster::default() })
}

fn of(fleet: &Fleet, facts: &[Fact]) -> Changes {
    Changes::of(fleet, facts, |_| None)
}

fn check(before: Fact, after: Fact, expected: &[&str]) {
    let told = format!("{before:?}\n{after:?}");
    let mut fleet = Fleet::default();
    fleet.apply([before]);
    assert_eq!(of(&fleet, &[after]).lines, expected, "{told}");
}

#[test]
fn what_an_operator_wants_to_know() {
    let of_cluster = |silent| Fact::Cluster("fra".into(), cluster(silent));
    check(Fact::Cluster("fra".into(), None), of_cluster(None), &["cluster fra is new"]);
    check(of_cluster(Some(7)), of_cluster(None), &["cluster fra is heard again"]);
    check(of_cluster(Some(7)), Fact::Cluster("fra".into(), None), &["cluster fra is forgotten"]);
    let set_to = |state| Fact::Cluster("fra".into(), Some(Cluster { state, ..Cluster::default() }));
    let [active, draining, disabled] =
        [ClusterState::Active, ClusterState::Draining, ClusterState::Disabled].map(set_to);
    check(active.clone(), draining.clone(), &["cluster fra is being drained"]);
    check(draining.clone(), draining.clone(), &[]);
    check(draining.clone(), active, &["cluster fra is in service again"]);
    check(draining.clone(), disabled, &["cluster fra is disabled"]);
    check(
        Fact::Cluster("fra".into(), None),
        draining,
        &["cluster fra is new", "cluster fra is being drained"],
    );
    // That it is silent is a problem, which is logged as one.
    check(of_cluster(None), of_cluster(Some(7)), &[]);

    let policy = |there: bool| Fact::Policy(PolicyName("near".into()), there.then(Policy::default));
    check(policy(false), policy(true), &["SteeringPolicy near is added"]);
    check(policy(true), policy(false), &["SteeringPolicy near is removed"]);

    let of_name = |facts: Option<NameFacts>| Fact::Name(name("x.example.org"), facts);
    let (both, one) = (offers(Evidence::Ready, Evidence::Ready), offers(Evidence::NotReady, Evidence::Ready));
    let lost = "x.example.org: cluster fra lost its last ready endpoint";
    check(of_name(Some(both.clone())), of_name(Some(one.clone())), &[lost]);
    check(
        of_name(Some(one)),
        of_name(Some(both.clone())),
        &["x.example.org: cluster fra has a ready endpoint again"],
    );
    let mut gone = both.clone();
    gone.endpoints.remove(0);
    check(of_name(Some(both.clone())), of_name(Some(gone)), &[lost]);
    check(of_name(Some(both.clone())), of_name(None), &[]);
    check(of_name(None), of_name(Some(both)), &[]);
}

/// It steers, but not as its author wrote it.
#[test]
fn a_policy_of_which_something_is_refused_is_not_said_to_be_added() {
    let problem = Problem {
        subject: "SteeringPolicy near: spec.pick.type".into(),
        reason: Reason::Invalid,
        message: "\"Best\" is not one of All, First\nmore".into(),
        place: String::new(),
    };
    let told = |now: Option<Policy>| {
        let fact = Fact::Policy(PolicyName("near".into()), now);
        Changes::of(&Fleet::default(), &[fact], |policy| (&*policy.0 == "near").then(|| problem.clone()))
            .lines
    };
    let taken = r#"SteeringPolicy near is taken in part: spec.pick.type: "Best" is not one of All, First"#;
    assert_eq!(told(Some(Policy::default())), [taken]);
    assert_eq!(told(None), [""; 0]);
}

#[test]
fn a_forgotten_cluster_is_told_of_once() {
    let mut fleet = Fleet::default();
    let named = |facts| Fact::Name(name("x.example.org"), Some(facts));
    let both = offers(Evidence::Ready, Evidence::Ready);
    let mut one = both.clone();
    one.endpoints.remove(0);
    fleet.apply([Fact::Cluster("fra".into(), cluster(Some(7))), named(both)]);
    let changes = of(&fleet, &[Fact::Cluster("fra".into(), None), named(one)]);
    assert_eq!(changes.lines, ["cluster fra is forgotten"]);
}

#[test]
fn names_are_counted_and_lines_are_bounded() {
    let mut fleet = Fleet::default();
    let all = LINES_MAX + 5;
    let named = |n: usize| name(&format!("n{n}.example.org"));
    fleet.apply((0..all).map(|n| Fact::Name(named(n), Some(offers(Evidence::Ready, Evidence::Ready)))));
    let down = Some(offers(Evidence::NotReady, Evidence::Ready));
    let mut batch: Vec<Fact> = (0..all).map(|n| Fact::Name(named(n), down.clone())).collect();
    batch.push(Fact::Name(named(all), down));
    let changes = of(&fleet, &batch);
    assert_eq!((changes.lines.len(), changes.more, changes.names), (LINES_MAX, 5, [1, all, 0]));
}
