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
    let mut names = Names::default();
    for i in 0..count {
        names.set(&name(&format!("n{i}.shop.example")), Some(&plain(i)));
    }
    names
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
            prop_assert_eq!(names.set(&key, value.as_ref()), is_news);
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
            names.set(key, None);
        }
        check_whole(&names, &BTreeMap::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Many at once are the same as one after the other, and the same names are told.
    #[test]
    fn many_at_once_are_as_one_by_one(
        batches in proptest::collection::vec(
            proptest::collection::vec((0usize..2_000, proptest::option::of(0usize..400)), 0..1_500), 1..6),
    ) {
        let mut names = Names::default();
        let mut expected = BTreeMap::new();
        for batch in batches {
            let copy = (names.clone(), expected.clone());
            let batch: Vec<(Name, Option<NameFacts>)> = batch.into_iter()
                .map(|(key, value)| (name(&format!("n{key}.{}.example", key % 7)), value.map(of_size)))
                .collect();
            let last: BTreeMap<Name, Option<NameFacts>> = batch.iter().cloned().collect();
            let is_news = |(name, value): &(&Name, &Option<NameFacts>)| expected.get(*name) != value.as_ref();
            let news: Vec<Name> = last.iter().filter(is_news).map(|(name, _)| name.clone()).collect();
            prop_assert_eq!(names.set_all(batch), news);
            for (name, value) in last {
                match value {
                    Some(value) => expected.insert(name, value),
                    None => expected.remove(&name),
                };
            }
            check_whole(&names, &expected);
            check_whole(&copy.0, &copy.1);
        }
        names.set_all(expected.into_keys().map(|name| (name, None::<NameFacts>)));
        check_whole(&names, &BTreeMap::new());
    }
}

/// A name in a row of names: `i`'s stand in order.
fn in_a_row(i: usize) -> Name {
    name(&format!("n{i:05}.shop.example"))
}

/// Three levels, the second node of the second level without its first leaf: what is put there again stands before
/// the first that the node was made with.
#[test]
fn a_node_that_lost_its_first_leaf_is_joined_as_a_whole() {
    let value = of_size(1_500);
    let mut expected: BTreeMap<Name, NameFacts> = (0..200).map(|i| (in_a_row(i), value.clone())).collect();
    let names: Names = expected.iter().map(|(name, facts)| (name.clone(), facts)).collect();
    let octets: Vec<u8> = names.octets().flatten().copied().collect();
    let mut names = Names::from_blocks([Block::read(&octets).unwrap()]).unwrap();
    let Node::Inner(root) = &names.root else { panic!("one level") };
    let first = (0..200).find(|i| root.firsts().nth(1) == Some(&in_a_row(*i))).expect("two nodes");
    let mut set = |names: &mut Names, range: core::ops::Range<usize>, value: Option<&NameFacts>| {
        for i in range {
            match value {
                Some(value) => expected.insert(in_a_row(i), value.clone()),
                None => expected.remove(&in_a_row(i)),
            };
            names.set(&in_a_row(i), value);
        }
        check_whole(names, &expected);
    };
    set(&mut names, first..first + 2, None);
    set(&mut names, first..first + 1, Some(&value));
    set(&mut names, first + 30..200, None);
    set(&mut names, 0..first - 6, None);
    set(&mut names, first..first + 1, Some(&of_size(700)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whole stretches go and come, at once or one by one: nodes are emptied, filled and joined on all levels.
    #[test]
    fn stretches_go_and_come(
        steps in proptest::collection::vec((0usize..600, 1usize..250, any::<bool>(), any::<bool>()), 1..40),
    ) {
        let value = of_size(1_200);
        let mut names: Names = Names::default();
        let mut expected = BTreeMap::new();
        names.set_all((0..600).map(|i| (in_a_row(i), Some(&value))));
        expected.extend((0..600).map(|i| (in_a_row(i), value.clone())));
        for (from, count, comes, at_once) in steps {
            let keys = || (from..(from + count).min(600)).map(in_a_row);
            let facts = comes.then_some(&value);
            if at_once {
                names.set_all(keys().map(|key| (key, facts)));
            } else {
                keys().for_each(|key| _ = names.set(&key, facts));
            }
            match facts {
                Some(value) => expected.extend(keys().map(|key| (key, value.clone()))),
                None => keys().for_each(|key| _ = expected.remove(&key)),
            }
            check_whole(&names, &expected);
        }
    }
}

#[test]
fn names_in_order_fill_their_leaves() {
    let count = 20_000;
    let names: Names = (0..count)
        .map(|i| (name(&format!("n{i}.shop.example")), plain(i)))
        .collect::<Vec<_>>()
        .iter()
        .map(|(name, facts)| (name.clone(), facts))
        .collect();
    assert_eq!(names, of(count));
    let octets: usize = names.octets().map(<[u8]>::len).sum();
    let leaves = names.octets().count();
    assert!(leaves <= octets / (LEAF_OCTETS_MADE - 100) + 1, "{leaves} leaves are not full");
}

#[test]
fn facts_of_any_size_have_their_place() {
    let mut names = Names::default();
    let mut expected = BTreeMap::new();
    for i in [5, 1, 9, 3, 7, 2, 8, 4, 6, 0] {
        let (key, value) = (name(&format!("n{i}.example")), of_size(if i % 3 == 0 { 50_000 } else { 1_500 }));
        names.set(&key, Some(&value));
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
            names.set(&key, Some(&value));
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
        backward.set(&name(&format!("n{i}.shop.example")), Some(&plain(i)));
    }
    assert_eq!(forward, backward);
    let changed = NameFacts { endpoints: Vec::<Endpoint>::new(), ..plain(0) };
    backward.set(&name("n0.shop.example"), Some(&changed));
    assert_ne!(forward, backward);
    backward.set(&name("n0.shop.example"), None);
    assert_ne!(forward, backward);
    assert!(!backward.contains(name("n0.shop.example").borrowed()));
}
