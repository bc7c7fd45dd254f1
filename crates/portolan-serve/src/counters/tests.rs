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
    let counters = Counters::new(2);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // Workers beyond the last share it too.
            scope.spawn(|| {
                for worker in 2..20_002 {
                    counters.lane(worker).add(Count::QueriesTcp);
                }
            });
        }
    });
    assert_eq!(counters.sum().get(Count::QueriesTcp), 80_000);
}
