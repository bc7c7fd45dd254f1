use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::leaf::{LEAF_OCTETS_MADE, LEAF_OCTETS_MAX};
use super::*;
use crate::fleet::Endpoint;
use crate::testing::{endpoint, facts, name};

/// Facts that take about so many octets.
fn of_size(octets: usize) -> NameFacts {
    let text = "x".repeat(octets.clamp(1, 60_000));
    NameFacts { owner: crate::fleet::Owner { name: text.as_str().into(), ..facts([]).owner }, ..facts([]) }
}

fn plain(i: usize) -> NameFacts {
    facts([endpoint("eu-1", &format!("10.{}.{}.{}", i / 65_536 % 256, i / 256 % 256, i % 256))])
}

fn of(count: usize) -> Names {
    (0..count).map(|i| (name(&format!("n{i}.shop.example")), plain(i))).fold(
        Names::default(),
        |mut names, (n, f)| {
            names.set(n.borrowed(), Some(&f));
            names
        },
    )
}

/// Every leaf is in its size, and everything is found and in order.
fn check_whole(names: &Names, expected: &BTreeMap<Name, NameFacts>) {
    assert_eq!(names.len(), expected.len());
    assert!(names.iter().map(|(n, f)| (n.to_name(), f.to_facts())).eq(expected.clone()));
    for (name, facts) in expected {
        assert_eq!(names.get(name.borrowed()).map(|f| f.to_facts()).as_ref(), Some(facts));
    }
    for leaf in Leaves::of(&names.root) {
        assert!(leaf.octets().len() <= LEAF_OCTETS_MAX || leaf.entries().count() == 1);
    }
    let mut parted = Vec::new();
    for part in names.parts(3) {
        parted.extend(part.iter().map(|(n, _)| n.to_name()));
    }
    assert!(parted.iter().eq(expected.keys()));
    let sample: Vec<Name> = names.sample(5).map(|(name, _)| name.to_name()).collect();
    assert!(sample.is_sorted() && sample.len() <= 5 && sample.is_empty() == expected.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The map is what an ordered map is, its copies keep what they had, and its octets make it anew.
    #[test]
    fn it_is_an_ordered_map(
        steps in proptest::collection::vec((0usize..400, proptest::option::of(0usize..900)), 1..900),
    ) {
        let mut names = Names::default();
        let mut expected = BTreeMap::new();
        let mut copy = (names.clone(), expected.clone());
        for (step, (key, value)) in steps.into_iter().enumerate() {
            let key = name(&format!("n{key}.{}.example", key % 7));
            let value = value.map(of_size);
            let is_news = expected.get(&key) != value.as_ref();
            prop_assert_eq!(names.set(key.borrowed(), value.as_ref()), is_news);
            match value {
                Some(value) => expected.insert(key, value),
                None => expected.remove(&key),
            };
            if step == 300 {
                copy = (names.clone(), expected.clone());
            }
        }
        check_whole(&names, &expected);
        check_whole(&copy.0, &copy.1);
        let octets: Vec<u8> = names.octets().flatten().copied().collect();
        let again = Names::from_blocks([Block::read(&octets).unwrap()]).unwrap();
        check_whole(&again, &expected);
        prop_assert_eq!(&again, &names);
        prop_assert_eq!(again == copy.0, expected == copy.1);
        for key in expected.keys() {
            names.set(key.borrowed(), None);
        }
        check_whole(&names, &BTreeMap::new());
    }
}

#[test]
fn facts_of_any_size_have_their_place() {
    let mut names = Names::default();
    let mut expected = BTreeMap::new();
    for i in [5, 1, 9, 3, 7, 2, 8, 4, 6, 0] {
        let (key, value) = (name(&format!("n{i}.example")), of_size(if i % 3 == 0 { 50_000 } else { 1_500 }));
        names.set(key.borrowed(), Some(&value));
        expected.insert(key, value);
    }
    check_whole(&names, &expected);
}

#[test]
fn blocks_come_back_as_they_went() {
    let names = of(2_000);
    let runs: Vec<&[u8]> = names.octets().collect();
    for cut in [0, 1, runs.len() / 2, runs.len()] {
        let (left, right) = runs.split_at(cut);
        let block = |runs: &[&[u8]]| Block::read(&runs.concat()).unwrap();
        let (left, right) = (block(left), block(right));
        assert_eq!(left.len() + right.len(), 2_000);
        assert_eq!(left.is_empty(), cut == 0);
        assert_eq!(Names::from_blocks([left, right]).unwrap(), names);
    }
    let whole = Names::from_blocks([Block::read(&runs.concat()).unwrap()]).unwrap();
    let leaves = Leaves::of(&whole.root).count();
    let octets: usize = runs.iter().map(|run| run.len()).sum();
    assert!(leaves <= octets / (LEAF_OCTETS_MADE - 100) + 1, "{leaves} leaves are not full");
}

#[test]
fn what_is_no_block_is_refused() {
    let names = of(100);
    let octets: Vec<u8> = names.octets().flatten().copied().collect();
    let why = |octets: &[u8]| Block::read(octets).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(why(&octets[..octets.len() - 1]).contains("begins no name with its facts"));
    assert!(why(&[&octets[..], &octets[..]].concat()).contains("does not come after"));
    let mut upper = octets.clone();
    upper[2] = b'N';
    assert_eq!(why(&upper), "octet 0 of a block of names begins no name with its facts");
    let block = || Block::read(&octets).unwrap();
    let twice = Names::from_blocks([block(), block()]).err().unwrap();
    assert_eq!(twice, BlockError::Disorder(name("n0.shop.example")));
}

/// Invariant 11: a change of one name makes as many octets in a fleet of a thousand names as in a large one, but
/// for the levels of the tree, and a copy makes none.
#[test]
fn a_change_copies_no_more_in_a_large_fleet() {
    let costs = [1_000, 100_000].map(|count| {
        let mut names = of(count);
        let key = name(&format!("n{}.shop.example", count / 2));
        let mut copies = Vec::with_capacity(1);
        let copied = allocation_counter::measure(|| copies.push(names.clone()));
        assert_eq!(copied.bytes_total, 0, "a copy shares everything");
        let value = plain(7);
        let cost = allocation_counter::measure(|| {
            names.set(key.borrowed(), Some(&value));
        });
        let leaf = u64::try_from(2 * LEAF_OCTETS_MAX).unwrap();
        assert!(cost.bytes_total > 0 && cost.count_total <= 16, "{cost:?}");
        cost.bytes_total.saturating_sub(leaf)
    });
    let a_level = 2_048;
    assert!(costs[1] <= costs[0] + 2 * a_level, "{costs:?}");
}

#[test]
fn equal_names_are_equal_however_they_came() {
    let forward = of(3_000);
    let mut backward = Names::default();
    for i in (0..3_000).rev() {
        backward.set(name(&format!("n{i}.shop.example")).borrowed(), Some(&plain(i)));
    }
    assert_eq!(forward, backward);
    let changed = NameFacts { endpoints: Vec::<Endpoint>::new(), ..plain(0) };
    backward.set(name("n0.shop.example").borrowed(), Some(&changed));
    assert_ne!(forward, backward);
    backward.set(name("n0.shop.example").borrowed(), None);
    assert_ne!(forward, backward);
    assert!(!backward.contains(name("n0.shop.example").borrowed()));
}
