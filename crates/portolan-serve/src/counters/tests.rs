use std::collections::BTreeSet;

use super::*;

#[test]
fn lanes_are_added_up() {
    let counters = Counters::new(3);
    for worker in 0..3 {
        counters.lane(worker).add(Count::QueriesUdp);
    }
    counters.shared_lane().add(Count::QueriesTcp);
    counters.lane(2).add_many(Count::DroppedSend, 7);
    counters.lane(99).add(Count::Restarts);
    let totals = counters.sum();
    assert_eq!(totals.get(Count::QueriesUdp), 3);
    assert_eq!(totals.of_metric("queries"), 4);
    assert_eq!(totals.get(Count::Restarts), 1);
    assert_eq!(totals.of_metric("answers"), 0);
    assert_eq!(totals.get(Count::DroppedSend), 7);
}

#[test]
fn each_count_is_told_apart() {
    let metrics: BTreeSet<_> = Count::ALL.iter().map(|count| count.metric()).collect();
    assert_eq!(metrics.len(), Count::ALL.len());
    for (index, count) in Count::ALL.iter().enumerate() {
        assert_eq!(*count as usize, index, "{count:?} stands where it is counted");
    }
}

#[test]
fn lanes_share_no_cache_line() {
    assert_eq!(align_of::<Lane>(), 128);
    assert_eq!(size_of::<Lane>() % 128, 0);
}

#[test]
fn many_may_add_to_the_shared_lane() {
    const EACH: u64 = 300_000;
    let counters = Counters::new(2);
    // Nobody tells that two threads really run at once; which lanes take a lock is seen in any case.
    assert_eq!([0, 1, 2, 99].map(|worker| counters.lane(worker).is_shared), [false, false, true, true]);
    let start = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for worker in 2..6 {
            let (counters, start) = (&counters, &start);
            // Workers beyond the last share it too.
            scope.spawn(move || {
                start.wait();
                (0..EACH).for_each(|_| counters.lane(worker).add(Count::QueriesTcp));
            });
        }
    });
    assert_eq!(counters.sum().get(Count::QueriesTcp), 4 * EACH);
}
