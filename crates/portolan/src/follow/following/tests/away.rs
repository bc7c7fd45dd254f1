//! F-55: a follower that was away for longer than changes are remembered.

use portolan_core::Snapshot;
use portolan_core::answer::project;
use portolan_store::kv::memory::HISTORY_MAX;

use super::*;

const DAY: i64 = 86_400;
/// Two names that are always given the same address.
const NAMES: [&str; 2] = ["web", "api"];
const BEFORE: &str = "192.0.2.1";
const AFTER: &str = "192.0.2.200";

fn both(address: &str) -> String {
    NAMES.map(|name| record(name, address)).join("---")
}

/// What clients get for each of the two.
fn answers(snapshot: &Snapshot) -> [Vec<u8>; 2] {
    NAMES.map(|name| {
        let name: portolan_core::Name = format!("{name}.glb.example").parse().unwrap();
        let sets = project(snapshot, name.borrowed());
        sets.iter().flat_map(|set| &set.records).flat_map(|data| data.as_wire().to_vec()).collect()
    })
}

fn of(address: &str) -> [Vec<u8>; 2] {
    let octets = address.parse::<std::net::Ipv4Addr>().unwrap().octets();
    [octets.to_vec(), octets.to_vec()]
}

#[tokio::test(flavor = "multi_thread")]
async fn f_55_who_was_away_for_long_takes_the_whole_at_once_and_is_ready_throughout() {
    let mut stage = Stage::new();
    stage.tells(&both(BEFORE));
    stage.wait_for_all().await;
    let faults = stage.memory().faults();
    faults.unreachable(true);
    stage.wait("a loss", |follower| follower.followed_stream().unwrap().behind.is_none()).await;
    for last in 2..200 {
        stage.tells(&both(&format!("192.0.2.{last}")));
    }
    stage.tells(&both(AFTER));
    // What changes, and is nobody's here, is remembered no longer than anything else.
    for _ in 0..=HISTORY_MAX {
        stage.memory().write(&[Operation::Put(b"portolan/vantage/x".to_vec(), Vec::new())]);
    }

    let began = clock::now();
    let is_as_before = |follower: &Engine| {
        let is_ready = follower.snapshot().complete;
        let age = follower.data_age(began + DAY);
        is_ready && age >= DAY.unsigned_abs() && answers(&follower.snapshot()) == of(BEFORE)
    };
    assert!(is_as_before(&stage.follower.lock()), "it answers as before, and says how old that is");

    faults.unreachable(false);
    let until = Instant::now() + PATIENCE;
    let mut has_caught_up = false;
    while !has_caught_up || stage.follower.lock().followed_stream().unwrap().behind != Some(0) {
        assert!(Instant::now() < until, "it does not catch up");
        let snapshot = stage.follower.lock().snapshot();
        let said = answers(&snapshot);
        has_caught_up |= said == of(AFTER);
        assert!(snapshot.complete);
        assert!(
            said == of(if has_caught_up { AFTER } else { BEFORE }),
            "nothing in between, and never back: {said:?}"
        );
        sleep(Duration::from_millis(1)).await;
    }
    stage.wait_for_all().await;
    assert_eq!(stage.follower.lock().data_age(clock::now()), 0);
}
