use super::*;

#[test]
fn workers_are_as_many_as_asked_for_within_limits() {
    for (asked, expected) in [(1, 1), (7, 7), (0, 1), (usize::MAX, WORKERS_MAX)] {
        assert_eq!(Config { workers: Some(asked), ..Config::default() }.worker_count(), expected);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(Config::default().worker_count(), cores.min(WORKERS_MAX));
}

#[test]
fn the_default_needs_no_root_and_meets_nobody() {
    let config = Config::default();
    assert!(config.listen.iter().all(|address| address.ip().is_loopback() && address.port() == PORT));
    const { assert!(PORT >= 1024) };
    assert!(config.limits.connections_per_client < config.limits.connections);
}
