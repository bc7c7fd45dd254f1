//! Picks from pools of many records, and of records that several clusters offer.

use alloc::vec::Vec;

use super::{ANYONE, check, two_clusters};
use crate::answer::{AliasBuf, PICKS_MAX};
use crate::fleet::{Endpoint, NameFacts};
use crate::policy::{Pick, Policy};
use crate::record::{RecordType, Target};
use crate::testing::{World, endpoint, facts, name};

/// A name for which each of these clusters offers the addresses with these last numbers, 64 at most.
fn many(offers: &[(&str, core::ops::Range<u16>)]) -> NameFacts {
    let target = |i: u16| Target::Address([192, 0, u8::try_from(i >> 8).unwrap(), i.to_be_bytes()[1]].into());
    let offer = |(cluster, numbers): &(&str, core::ops::Range<u16>)| Endpoint {
        targets: numbers.clone().map(target).collect(),
        ..endpoint(cluster, "192.0.2.1")
    };
    facts(offers.iter().map(offer))
}

/// The numbers in an answer of [`many`].
fn picked(world: &World, draw: u64) -> Vec<u16> {
    let www = name("www.example");
    let client = crate::Client { address: ANYONE.parse().unwrap() };
    let query = crate::Query { name: www.borrowed(), rtype: RecordType::A, client };
    let mut aliases = AliasBuf::new();
    let got = crate::answer(&world.snapshot, &query, crate::Draw(draw), &mut (), &mut aliases);
    got.rdata(&got.answers[0]).map(|data| u16::from_be_bytes([data[2], data[3]])).collect()
}

#[test]
fn a_record_of_several_clusters_stands_once_whatever_is_picked() {
    let offers = [("a", 0..64), ("b", 32..64), ("c", 0..3), ("d", 60..70)];
    for (pick, expected) in [
        (Pick::All, 70),
        (Pick::First(64), 64),
        (Pick::First(3), 3),
        (Pick::Weighted(64), 64),
        (Pick::Weighted(3), 3),
    ] {
        let mut world = two_clusters(Policy { pick, ..Policy::default() });
        world.name("www.example", Some(many(&offers)));
        for draw in 0..32 {
            let mut numbers = picked(&world, draw);
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), expected, "{pick:?}");
        }
    }
}

/// More records than an answer has room for: each is as likely as any other, though the first are offered four
/// times.
#[test]
fn records_that_repeat_are_no_likelier_than_others() {
    const DRAWS: u16 = 1_000;
    let groups: Vec<core::ops::Range<u16>> = (0..6).map(|group| group * 64..(group + 1) * 64).collect();
    let mut offers: Vec<_> = ["a", "b", "c"].map(|cluster| (cluster, groups[0].clone())).into();
    offers.extend(["d", "e", "f", "g", "h", "i"].into_iter().zip(groups.clone()));
    let mut world = World::new();
    world.name("www.example", Some(many(&offers)));
    let mut counts = [0_u32; 6];
    for draw in 0..DRAWS {
        let numbers = picked(&world, u64::from(draw));
        assert_eq!(numbers.len(), PICKS_MAX);
        numbers.iter().for_each(|number| counts[usize::from(number / 64)] += 1);
    }
    // 256 of 384 records in each answer: two thirds of a group's.
    let expected = u32::from(DRAWS) * 64 * 2 / 3;
    let is_even = |count: &u32| count.abs_diff(expected) < expected / 50;
    assert!(counts.iter().all(is_even), "{counts:?} instead of {expected} each");
}

#[test]
fn picks_have_a_size() {
    for (pick, expected) in
        [(Pick::First(1), 1), (Pick::First(9), 2), (Pick::Weighted(2), 2), (Pick::Weighted(9), 2)]
    {
        let world = two_clusters(Policy { pick, ..Policy::default() });
        let got = world.ask("www.example", "A", ANYONE);
        assert_eq!(got.matches("192.0.2").count(), expected, "{pick:?}: {got}");
    }
    let world = two_clusters(Policy { pick: Pick::First(1), ..Policy::default() });
    check(&world, "www.example", "A", ANYONE, "NoError aa | www.example. 30 A 192.0.2.1");
}
