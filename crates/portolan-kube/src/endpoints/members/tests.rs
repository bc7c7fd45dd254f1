//! Who wrote an object, and when.

use super::{Epochs, Stamp};

fn stamp(epoch: u64, run: u64, revision: u64) -> Stamp {
    Stamp { epoch, run, revision }
}

#[test]
fn what_was_written_before() {
    let last = stamp(5, 1, 10);
    for (now, is_before) in [
        (stamp(5, 1, 9), true),
        (stamp(5, 1, 10), false),
        (stamp(5, 1, 11), false),
        (stamp(4, 1, 99), true),
        (stamp(4, 2, 99), true),
        (stamp(6, 2, 1), false),
        // Revisions of different processes are never compared; the API server has them in order.
        (stamp(5, 2, 1), false),
    ] {
        assert_eq!(now.is_before(&last), is_before, "{now:?}");
    }
    assert_eq!(Stamp::of(r#"{"version":1,"endpoints":[],"epoch":5,"run":1,"revision":10}"#), Some(last));
    assert_eq!(Stamp::of(r#"{"version":1,"endpoints":[],"epoch":5,"revision":10}"#), None);
    assert_eq!(Stamp::of("garbage"), None);
}

/// What runs write, one after the other, as `run` for one that writes and `!run` for one that only looks.
#[test]
fn an_epoch_is_above_all_that_others_wrote() {
    let (mut found, mut last) = (Epochs::default(), std::collections::BTreeMap::new());
    let mut write = |run: u64| {
        let epoch = found.of_run(run, last.get(&run).copied().unwrap_or_default());
        last.insert(run, epoch);
        found.found(&format!(r#"{{"epoch":{epoch},"run":{run},"revision":1}}"#));
        epoch
    };
    assert_eq!([write(7), write(7), write(8), write(8), write(7), write(9)], [1, 1, 2, 2, 3, 4]);
}

#[test]
fn an_epoch_that_several_have_or_nobody_says_is_passed() {
    let mut found = Epochs::default();
    assert_eq!(found.of_run(7, 3), 3, "nothing was found");
    found.found(r#"{"epoch":3,"run":7}"#);
    assert_eq!(found.of_run(7, 3), 3);
    found.found(r#"{"epoch":3,"run":8}"#);
    assert_eq!([found.of_run(7, 3), found.of_run(8, 3)], [4, 4]);
    // Of a version before runs, which drew its epochs.
    found.found(r#"{"epoch":9000000000000000000}"#);
    assert_eq!(found.of_run(7, 4), 9_000_000_000_000_000_001);
    found.found("garbage");
    found.found(r#"{"epoch":18446744073709551615}"#);
    assert_eq!(found.of_run(7, 4), u64::MAX);
}
