use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::*;
use proptest::prelude::*;

fn name(i: u32) -> Name {
    format!("n{i}.example").parse().unwrap()
}

#[test]
fn a_copy_is_not_changed() {
    let mut map = Names::new(3);
    for i in 0..5_000 {
        assert_eq!(map.insert(&name(i), i), None);
    }
    let before = map.clone();
    assert_eq!(map.insert(&name(7), 70), Some(7));
    assert_eq!(map.remove(name(8).borrowed()), Some(8));
    assert_eq!(map.remove(name(8).borrowed()), None);
    assert_eq!((before.len(), map.len()), (5_000, 4_999));
    assert_eq!((before.get(name(7).borrowed()), map.get(name(7).borrowed())), (Some(&7), Some(&70)));
    assert_eq!((before.get(name(8).borrowed()), map.get(name(8).borrowed())), (Some(&8), None));
    assert_eq!(before.iter().count(), 5_000);
}

/// Names whose hashes are alike down to the last bit are told apart by themselves.
#[test]
fn equal_hashes_are_no_end() {
    let mut slot = Slot::Empty;
    for i in 0..40 {
        assert_eq!(put(&mut slot, Entry { hash: u64::MAX, name: name(i), value: i }, 0), None);
    }
    let map = Names { root: slot, len: 40, seed: 0 };
    for i in 0..40 {
        assert_eq!(map.find(u64::MAX, name(i).borrowed()).map(|entry| entry.value), Some(i));
    }
    assert_eq!(map.iter().count(), 40);
}

/// Many at once, put by however many, or one by one: the same map.
#[test]
fn many_at_once_are_as_one_by_one() {
    for (count, puts) in [(0, 1), (1, 2), (8, 1), (9, 3), (64, 1), (5_000, 3)] {
        let mut one_by_one = Names::new(3);
        let mut sorted: Vec<Sorted<u32>> = (0..puts).map(|_| Sorted::with_capacity(3, 0)).collect();
        for i in 0..count {
            one_by_one.insert(&name(i), i);
            sorted[(i % puts) as usize].push(name(i), i);
        }
        let limbs = Sorted::ways(sorted).into_iter().map(Way::grown).collect();
        let mut at_once = Names::of(3, limbs);
        assert_eq!(at_once.len(), one_by_one.len());
        let all =
            |map: &Names<u32>| map.iter().map(|e| (e.name.clone(), e.value)).collect::<BTreeMap<_, _>>();
        assert_eq!(all(&at_once), all(&one_by_one), "{count}");
        for i in 0..count {
            assert_eq!(at_once.get(name(i).borrowed()), Some(&i));
        }
        assert_eq!(at_once.insert(&name(0), 7), (count > 0).then_some(0));
    }
}

/// What a change costs does not grow with the map.
#[test]
fn a_change_allocates_the_same_in_a_big_map() {
    let octets = |names: u32| {
        let mut map = Names::new(3);
        for i in 0..names {
            map.insert(&name(i), i);
        }
        let before = map.clone();
        let (changed, renewed) = (name(1), name(names));
        let info = allocation_counter::measure(|| {
            map.insert(&changed, 0);
            map.insert(&renewed, 0);
        });
        drop(before);
        info.bytes_total
    };
    let (small, big) = (octets(1_000), octets(200_000));
    // Two more branches at most for each of two changes.
    assert!(big <= small + 4 * 64 * 16 + 1_024, "{small} octets in a small map, {big} in a big one");
}

proptest! {
    #[test]
    fn it_is_a_map(steps in proptest::collection::vec((any::<bool>(), 0u32..60, any::<u32>()), 0..300)) {
        let (mut ours, mut theirs) = (Names::new(9), BTreeMap::new());
        for (put, key, value) in steps {
            if put {
                prop_assert_eq!(ours.insert(&name(key), value), theirs.insert(name(key), value));
            } else {
                prop_assert_eq!(ours.remove(name(key).borrowed()), theirs.remove(&name(key)));
            }
            prop_assert_eq!(ours.len(), theirs.len());
        }
        let mut all: Vec<_> = ours.iter().map(|entry| (entry.name.clone(), entry.value)).collect();
        all.sort();
        prop_assert_eq!(all, theirs.into_iter().collect::<Vec<_>>());
    }
}
