//! What is held, what is not whole, and plans that come too late.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::bench::{Dns, desired, found, options, written};
use crate::plan::{Cause, Desired, HALVED_MIN, Hold, Options, SyncPolicy, WANTED_MAX};
use crate::testing::name;

fn lines(range: core::ops::Range<usize>, behind: &str) -> Vec<String> {
    range.map(|i| format!("n{i:02}.x A 192.0.2.1 for=svc/{i}{behind}")).collect()
}

/// A DNS with so many names of ours, and as many sets as are still wanted.
fn shrunk(before: usize, left: usize) -> (Dns, Desired) {
    let there = lines(0..before, " by=me");
    let asked = lines(0..left, "");
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    (Dns::new(there.iter().map(|line| found(line))), desired(&asked))
}

fn hold(dns: &Dns, desired: &Desired) -> Option<Hold> {
    dns.plan(desired, &options()).hold
}

#[test]
fn r03_what_is_empty_or_halved_without_evidence_is_held() {
    let cause = |before, left| {
        let (mut dns, desired) = shrunk(before, left);
        let plan = dns.plan(&desired, &options());
        let deletes = plan.counts().deletes;
        assert_eq!(deletes, if plan.hold.is_some() { 0 } else { before - left });
        assert!(dns.apply(&plan));
        let again = dns.plan(&desired, &options());
        assert_eq!((written(&again).len(), again.hold), (0, plan.hold.clone()));
        plan.hold.map(|hold| hold.cause)
    };
    assert_eq!(cause(1, 0), Some(Cause::Empty));
    assert_eq!(cause(30, 0), Some(Cause::Empty));
    assert_eq!(cause(HALVED_MIN, HALVED_MIN / 2), Some(Cause::Halved));
    assert_eq!(cause(HALVED_MIN, HALVED_MIN / 2 + 1), None);
    assert_eq!(cause(HALVED_MIN - 1, 1), None);
    assert_eq!(cause(30, 1), Some(Cause::Halved));
    assert_eq!(cause(0, 0), None);
}

#[test]
fn deletes_that_were_told_are_no_shrinking() {
    let (dns, mut desired) = shrunk(20, 4);
    assert_eq!(hold(&dns, &desired).map(|hold| (hold.names.len(), hold.before)), Some((16, 20)));
    // 9 of the 16 were told: 7 of 11 vanish without evidence.
    desired.gone.resources = (4..13).map(|i| format!("svc/{i}").as_str().into()).collect();
    let plan = dns.plan(&desired, &options());
    assert_eq!(plan.counts().deletes, 9);
    assert_eq!(
        plan.hold.map(|hold| (hold.names.len(), hold.before, hold.cause)),
        Some((7, 11, Cause::Halved))
    );
    // And 11 of them: 5 of 9, which is too few to count.
    desired.gone.resources = (4..15).map(|i| format!("svc/{i}").as_str().into()).collect();
    assert_eq!(dns.plan(&desired, &options()).counts().deletes, 16);
    // Nothing is wanted any more, and every object was deleted.
    let (dns, mut desired) = shrunk(20, 0);
    desired.gone.resources = (0..20).map(|i| format!("svc/{i}").as_str().into()).collect();
    assert_eq!(dns.plan(&desired, &options()).counts().deletes, 20);
}

#[test]
fn a_release_is_for_the_names_that_were_shown() {
    let (mut dns, mut desired) = shrunk(20, 0);
    let held = hold(&dns, &desired).unwrap();
    desired.gone.names.extend(held.names.iter().cloned());
    let plan = dns.plan(&desired, &options());
    assert_eq!((plan.counts().deletes, plan.hold.is_none()), (20, true));
    // Half of it is carried out; the rest stays released.
    for change in plan.changes.iter().take(10) {
        assert!(dns.step(change));
    }
    assert_eq!(dns.plan(&desired, &options()).counts().deletes, 10);
    // What vanishes later is another hold.
    let (dns, _) = shrunk(21, 0);
    let later = hold(&dns, &desired).unwrap();
    assert_eq!(later.names, [name("n20.x")]);
    assert_ne!(later.id, held.id);
    assert_eq!(format!("{}", held.id).len(), 16);
}

#[test]
fn a_hold_keeps_names_and_lets_the_others_change() {
    let (dns, mut desired) = shrunk(20, 2);
    desired.sets[0] = super::bench::wanted("n00.x A 192.0.2.9 for=svc/0");
    desired.sets.push(super::bench::wanted("new.x A 192.0.2.1"));
    assert_eq!(
        written(&dns.plan(&desired, &options())),
        ["create new.x A 192.0.2.1 by=me", "update n00.x A 192.0.2.9 by=me (was 192.0.2.1)"]
    );
}

#[test]
fn others_names_and_other_policies_hold_nothing() {
    let there = lines(0..20, " by=you");
    let dns = Dns::new(there.iter().map(|line| found(line)));
    assert_eq!(hold(&dns, &desired(&[])), None);
    let (dns, desired) = shrunk(20, 0);
    let options = Options { policy: SyncPolicy::UpsertOnly, ..options() };
    let plan = dns.plan(&desired, &options);
    assert_eq!((plan.hold, plan.changes.len()), (None, 0));
}

#[test]
fn while_not_all_is_read_nothing_goes_and_no_set_loses_a_target() {
    let there = [
        "a.x A 192.0.2.1 192.0.2.2 by=me",
        "b.x A 192.0.2.1 by=me",
        "c.x A 192.0.2.1 by=me",
        "d.x A 192.0.2.1 by=me",
    ];
    let mut dns = Dns::new(there.iter().map(|line| found(line)));
    let mut desired =
        desired(&["a.x A 192.0.2.1", "b.x A 192.0.2.1 192.0.2.2", "d.x CNAME a.x", "e.x A 192.0.2.1"]);
    desired.is_whole = false;
    let plan = dns.plan(&desired, &options());
    assert_eq!(
        written(&plan),
        ["create e.x A 192.0.2.1 by=me", "update b.x A 192.0.2.1 192.0.2.2 by=me (was 192.0.2.1)"]
    );
    assert_eq!((plan.kept, plan.hold.is_none()), (3, true));
    assert!(dns.apply(&plan));
    assert_eq!(written(&dns.plan(&desired, &options())), [""; 0]);
}

#[test]
fn what_was_not_understood_keeps_its_name() {
    let dns =
        Dns::new(["a.x A 192.0.2.1 by=me", "a.x AAAA 2001:db8::1 by=me", "b.x A 192.0.2.1 by=me"].map(found));
    let mut desired = desired(&["a.x A 192.0.2.2"]);
    desired.stays = [name("a.x"), name("b.x")].into();
    assert_eq!(written(&dns.plan(&desired, &options())), ["update a.x A 192.0.2.2 by=me (was 192.0.2.1)"]);
}

#[test]
fn r01_an_enactor_that_was_asleep_loses() {
    let mut dns = Dns::new([found("a.x A 192.0.2.1 by=me")]);
    let old = dns.plan(&desired(&["a.x A 192.0.2.5"]), &options());
    let newer = dns.plan(&desired(&["a.x A 192.0.2.6"]), &options());
    assert!(dns.apply(&newer));
    // It had looked before it slept; now the number that it follows is not there any more.
    assert!(!dns.apply(&old));
    assert_eq!(dns.lines(), ["a.x A 192.0.2.6 by=me"]);
    // Nor does a step pass by itself, because the name is not as it was seen.
    assert!(!dns.step(&old.changes[0]));
    // A plan made now with its number is none.
    let mut late = dns.clone();
    late.applied = Some(crate::plan::PlanNumber { epoch: 2, revision: 0 });
    let plan = late.plan(&desired(&["a.x A 192.0.2.5"]), &options());
    assert!(plan.is_superseded && plan.changes.is_empty());
}

#[test]
fn a_step_is_for_the_name_as_it_was_seen() {
    let mut dns = Dns::new([found("a.x A 192.0.2.1 by=me")]);
    let plan = dns.plan(&desired(&["a.x CNAME b.y"]), &options());
    // Somebody adds a text meanwhile, beside which no alias can stand.
    let mut other = Dns::new(["a.x A 192.0.2.1 by=me", "a.x TXT hello"].map(found));
    assert!(!other.step(&plan.changes[0]));
    assert!(dns.step(&plan.changes[0]));
}

#[test]
fn problems_are_told_by_name_and_counted_above_the_limit() {
    let there: Vec<String> = (0..1_010).map(|i| format!("n{i:04}.x A 192.0.2.1 by=you")).collect();
    let asked: Vec<String> = (0..1_010).map(|i| format!("n{i:04}.x A 192.0.2.2 for=svc/{i}")).collect();
    let dns = Dns::new(there.iter().map(|line| found(line)));
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let plan = dns.plan(&desired(&asked), &options());
    assert_eq!((plan.problems.told.len(), plan.problems.untold), (1_000, 10));
    assert_eq!(
        format!("{}", plan.problems.told[0]),
        "svc/0: n0000.x. A: Conflict: the set that is there belongs to the owner you; it is left alone"
    );
}

#[test]
fn above_the_limit_of_one_name_nothing_goes_there() {
    let asked: Vec<String> = (0..=WANTED_MAX).map(|i| format!("a.x A 192.0.2.1 id=n{i:04}")).collect();
    let there = [format!("a.x A 192.0.2.1 id=n{WANTED_MAX} by=me"), "a.x A 192.0.2.1 id=z by=me".into()];
    let dns = Dns::new(there.iter().map(|line| found(line)));
    let lines: Vec<&str> = asked.iter().map(String::as_str).collect();
    let plan = dns.plan(&desired(&lines), &options());
    assert_eq!((plan.counts().creates, plan.counts().deletes), (WANTED_MAX, 0));
    assert_eq!(
        format!("{}", plan.problems.told[0]),
        "a.x. A [n1000]: LimitReached: is above 1000 sets of one name"
    );
    let plan = dns.plan(&desired(&lines[..WANTED_MAX]), &options());
    assert_eq!((plan.counts().creates, plan.counts().deletes), (WANTED_MAX, 2));
}
