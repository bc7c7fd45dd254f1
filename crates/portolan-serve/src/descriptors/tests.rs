use super::*;

#[test]
fn connections_leave_descriptors_for_others() {
    // (limit, sockets of ours, connections)
    let rows = [
        (1_024, 8, 760),
        (20_000, 8, 19_736),
        (256, 8, 184),
        (64, 8, 40),
        (8, 8, 1),
        (0, 0, 1),
        (usize::MAX, 8, usize::MAX - 264),
    ];
    for (limit, sockets, expected) in rows {
        assert_eq!(connections_max(limit, sockets), expected, "{limit} with {sockets}");
    }
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let raised = raise();
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    assert_eq!((soft, raised), (hard, usize::try_from(hard).ok()));
}
