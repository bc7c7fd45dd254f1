//! A state that was never true.

use super::*;

/// A process that ends before anything was heard must not have the next one deny what nobody knows.
#[test]
fn who_heard_nothing_leaves_nothing_to_rest_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for _ in 0..2 {
        let mut engine = resumed(&path, NOW);
        assert!(!engine.snapshot().complete, "names that are in no zone yet are unknown, and not refused");
        assert_eq!(engine.state_from(), None);
        engine.close().unwrap();
        assert!(path.exists(), "its serials are kept");
    }
}
