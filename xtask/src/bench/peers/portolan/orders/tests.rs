use super::*;

#[track_caller]
fn check(count: usize, split: bool, tiers: usize) {
    let orders = all(count, split);
    assert_eq!(orders.iter().collect::<BTreeSet<_>>().len(), count);
    for order in orders {
        assert_eq!(order.len(), tiers, "{order:?}");
        let mut clusters: Vec<usize> = order.concat();
        let place = |cluster| clusters.iter().position(|other| *other == cluster).unwrap();
        assert!(
            (0..CONTINENTS).all(|continent| place(2 * continent) < place(2 * continent + 1)),
            "{order:?}"
        );
        clusters.sort_unstable();
        assert_eq!(clusters, (0..10).collect::<Vec<_>>());
    }
}

#[test]
fn orders_differ_and_hold_every_cluster_once() {
    check(10, false, 5);
    check(120, false, 5);
    check(1_000, true, 10);
}
