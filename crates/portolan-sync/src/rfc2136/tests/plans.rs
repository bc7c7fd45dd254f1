//! The number that a zone has.

use super::super::message::Deed;
use super::super::number::{LastPlan, Publisher, Turn, is_name};
use super::*;

fn number(epoch: u64, revision: u64) -> PlanNumber {
    PlanNumber { epoch, revision }
}

fn owner(id: &str) -> Owner {
    Owner::new(id).unwrap()
}

fn publisher(owner: &Owner) -> Publisher<'_> {
    Publisher { owner, instance: "6f1d" }
}

#[test]
fn a_number_comes_back_as_it_was_written() {
    let (zone, me) = (name("example.net"), owner("eu-1"));
    let at = publisher(&me).name_in(&zone).unwrap();
    let turn = Turn::new(&at, publisher(&me), &LastPlan::default(), number(3, 17), None).unwrap();
    let LastPlan { texts, .. } = turn.plan.unwrap();
    let shown: Vec<String> = texts.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "\"heritage=portolan-plan,portolan-plan/owner=eu-1,portolan-plan/instance=6f1d,portolan-plan/number=3.17\""
        ]
    );
    let said = publisher(&me).read(texts.clone());
    assert_eq!((said.number, said.instance.as_str()), (Some(number(3, 17)), "6f1d"));
    assert_eq!(publisher(&owner("eu-2")).read(texts).number, None, "another's is none of ours");
    let strange =
        [target(RecordType::TXT, "heritage=portolan-plan,portolan-plan/owner=eu-1,portolan-plan/number=x")];
    assert_eq!(publisher(&me).read(strange.into_iter().collect()).number, None);
}

#[test]
fn it_stands_below_the_zone_at_a_name_of_its_owner() {
    let zone = name("example.net");
    let [mine, yours] = ["me", "you"].map(|id| publisher(&owner(id)).name_in(&zone).unwrap());
    assert_ne!(mine, yours);
    assert!(is_name(&mine, &zone) && !is_name(&mine, &name("net")) && !is_name(&zone, &zone));
    let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(40)].join(".");
    assert_eq!(publisher(&owner("me")).name_in(&name(&long)), None);
}

#[test]
fn r_01_a_plan_goes_only_behind_the_one_that_it_follows() {
    let (zone, me) = (name("example.net"), owner("eu-1"));
    let at = publisher(&me).name_in(&zone).unwrap();
    let last = |number: Option<PlanNumber>| LastPlan { number, ..LastPlan::default() };
    let turn = |before, number, follows| Turn::new(&at, publisher(&me), &last(before), number, follows);
    assert!(turn(None, number(1, 1), None).is_ok());
    assert!(turn(Some(number(1, 1)), number(1, 2), Some(number(1, 1))).is_ok());
    // A zone that had nothing to do in between is behind.
    assert!(turn(Some(number(1, 1)), number(1, 5), Some(number(1, 4))).is_ok());
    // The same plan in several messages writes it once.
    assert!(turn(Some(number(1, 2)), number(1, 2), Some(number(1, 1))).unwrap().deeds.is_empty());
    assert!(turn(Some(number(1, 3)), number(1, 2), Some(number(1, 1))).is_err());
    assert!(turn(Some(number(2, 1)), number(1, 9), Some(number(2, 1))).is_err());
    let replaced = Turn::new(
        &at,
        publisher(&me),
        &LastPlan {
            texts: [target(RecordType::TXT, "garbage")].into_iter().collect(),
            ..LastPlan::default()
        },
        number(1, 1),
        None,
    );
    let deeds = replaced.unwrap().deeds;
    assert!(
        matches!(deeds.as_slice(), [Deed::DropSet(..), Deed::Add(..)]),
        "what stands there goes: {deeds:?}"
    );
}
