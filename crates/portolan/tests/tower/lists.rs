//! Lists that are not to be believed, or not whole: F-27, F-28, F-29.

use std::time::Duration;

use portolan_core::Reason;
use tokio::time::Instant;

use super::fleet::{BOTH, EU, Fleet, MINUTE, US, intents, member, service, slice};
use super::server::{Fault, Server};

/// The ways in which a list is read.
const WAYS: [fn(&Server); 2] = [|_| {}, |server| _ = server.script("sendInitialEvents", Fault::NoStreams)];

#[tokio::test(start_paused = true)]
async fn f_27_an_empty_list_is_held() {
    for way in WAYS {
        for kind in ["services", "endpointslices"] {
            let (fleet, _, us) = Fleet::of_two().await;
            way(&us);
            us.script(kind, Fault::Empty).relist(kind);
            fleet.stays(10 * MINUTE).await;
            assert!(
                fleet.held().iter().any(|id| id.starts_with(&format!("us-1/{kind}"))),
                "{:?}",
                fleet.held()
            );
            assert_eq!(fleet.wrong(Reason::Held).len(), 1, "{:?}", fleet.wrong(Reason::Held));
            // It lists what it has again: nothing was amiss.
            us.well().relist(kind);
            fleet.is_well().await;
            fleet.stays(MINUTE).await;
        }
    }
}

/// F-27: what is held goes when somebody says so, and not before.
#[tokio::test(start_paused = true)]
async fn f_27_what_is_held_is_released() {
    let (fleet, _, us) = Fleet::of_two().await;
    us.script("services", Fault::Empty).relist("services");
    fleet.until(5 * MINUTE, "a hold", || !fleet.held().is_empty()).await;
    fleet.stays(10 * MINUTE).await;
    assert!(fleet.holds.release("us-1/services"));
    fleet.wait(MINUTE, &[EU]).await;
    assert!(fleet.held().is_empty());
}

#[tokio::test(start_paused = true)]
async fn f_28_half_a_list_is_thrown_away() {
    for way in WAYS {
        let (fleet, _, us) = Fleet::of_two().await;
        // Before `web`, which is then in the half that does not come.
        for number in 0..1_200 {
            us.put(service(&format!("s{number:04}"), "192.0.2.99"));
        }
        fleet.stays(Duration::from_secs(1)).await;
        way(&us);
        us.script("services", Fault::Half).relist("services");
        let began = Instant::now();
        fleet.stays(10 * MINUTE).await;
        let asked = us.asked(began, "/services?").len();
        assert!(asked < 120, "{asked} requests in ten minutes");
        assert!(fleet.held().is_empty(), "{:?}", fleet.held());
        us.well();
        us.put(slice(false));
        fleet.wait(MINUTE, &[EU]).await;
        us.put(slice(true));
        fleet.is_well().await;
    }
}

#[tokio::test(start_paused = true)]
async fn f_29_an_older_replica_is_waited_for() {
    for way in WAYS {
        let (fleet, _, us) = Fleet::of_two().await;
        us.put(slice(false));
        let older = us.version();
        fleet.wait(MINUTE, &[EU]).await;
        us.put(slice(true));
        fleet.wait(MINUTE, &[EU, US]).await;
        way(&us);
        us.script("endpointslices", Fault::Older(older)).relist("endpointslices");
        fleet.stays(10 * MINUTE).await;
        assert!(fleet.wrong(Reason::Unreadable)[0].contains("gave a list of version"), "an operator is told");
        // It catches up.
        us.well();
        fleet.is_well().await;
        us.put(slice(false));
        fleet.wait(MINUTE, &[EU]).await;
    }
}

/// F-29: the whole server is an older replica, the question who it is included.
#[tokio::test(start_paused = true)]
async fn f_29_an_older_server_is_held_until_it_catches_up() {
    let (fleet, _, us) = Fleet::of_two().await;
    us.put(slice(false));
    let older = us.version();
    fleet.wait(MINUTE, &[EU]).await;
    us.put(slice(true));
    fleet.wait(MINUTE, &[EU, US]).await;
    // It was asked meanwhile where its store stands.
    fleet.stays(Duration::from_secs(12)).await;
    us.script("", Fault::Older(older)).relist("");
    fleet.stays(10 * MINUTE).await;
    assert!(fleet.held().contains("us-1"), "{:?}", fleet.held());
    us.well();
    fleet.is_well().await;
    us.put(slice(false));
    fleet.wait(MINUTE, &[EU]).await;
}

/// Namespaces live in another store than the rest, whose versions are far ahead: that is not another past.
#[tokio::test(start_paused = true)]
async fn versions_of_another_store_are_not_compared() {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    us.script("namespaces", Fault::Older(5));
    let fleet = Fleet::follow(&[&eu, &us]);
    fleet.wait(MINUTE, &BOTH).await;
    us.put(slice(false));
    fleet.wait(MINUTE, &[EU]).await;
    us.put(slice(true));
    fleet.wait(MINUTE, &BOTH).await;
    fleet.stays(5 * MINUTE).await;
    assert!(fleet.held().is_empty(), "{:?}", fleet.held());
    fleet.is_well().await;
}

/// A server, or a proxy before it, that takes a streamed list for a watch and never says where the list ends.
#[tokio::test(start_paused = true)]
async fn a_streamed_list_without_an_end_is_read_by_pages() {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    us.script("sendInitialEvents", Fault::NoEnd);
    let fleet = Fleet::follow(&[&eu, &us]);
    fleet.wait(10 * MINUTE, &BOTH).await;
    fleet.is_well().await;
}

/// A server of which each watch is too old at once is not asked for whole lists in a circle.
#[tokio::test(start_paused = true)]
async fn watches_that_are_always_too_old_are_no_storm() {
    let (fleet, _, us) = Fleet::of_two().await;
    us.script("sendInitialEvents", Fault::NoStreams).script("watch=true", Fault::Expired).relist("services");
    let began = Instant::now();
    fleet.stays(10 * MINUTE).await;
    let asked = us.asked(began, "/services?").len();
    assert!(asked < 120, "{asked} requests in ten minutes");
    us.well();
    us.put(slice(false));
    fleet.wait(MINUTE, &[EU]).await;
    us.put(slice(true));
    fleet.is_well().await;
}
