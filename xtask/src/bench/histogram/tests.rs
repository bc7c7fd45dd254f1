use super::*;

#[test]
fn buckets_follow_each_other_without_a_gap() {
    let mut next = 0;
    for number in 0..DOUBLINGS * STEPS / 2 {
        assert_eq!(bucket(next), number, "{next}");
        assert_eq!(bucket(end(number)), number);
        next = end(number) + 1;
    }
}

#[test]
fn quantiles_are_within_three_percent() {
    let mut histogram = Histogram::default();
    for nanos in 1..=100_000 {
        histogram.add(Duration::from_nanos(nanos));
    }
    for share in [0.01, 0.5, 0.99, 0.999] {
        let (got, truth) = (histogram.quantile(share).as_nanos() as f64, 100_000.0 * share);
        assert!(got >= truth && got <= truth * 1.04, "{share}: {got} for {truth}");
    }
}

#[test]
fn merged_counts_are_of_both_and_a_long_time_is_kept_at_the_end() {
    let mut one = Histogram::default();
    assert_eq!(one.quantile(0.5), Duration::ZERO);
    let mut two = Histogram::default();
    one.add(Duration::from_nanos(10));
    two.add(Duration::from_secs(u64::MAX));
    one.merge(&two);
    assert_eq!(one.quantile(0.5), Duration::from_nanos(10));
    assert!(one.quantile(1.0) > Duration::from_secs(3600));
}
