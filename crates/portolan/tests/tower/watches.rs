//! Watches that do not tell what happened, or not in order: F-30, F-31, B-34.

use std::time::Duration;

use portolan_core::Reason;
use serde_json::Value;

use super::fleet::{BOTH, EU, Fleet, MINUTE, SHOP, US, global_name, slice};
use super::server::{Fault, Server};

/// How long a change may be missed on a watch that says nothing.
const MISSED_MAX: Duration = Duration::from_secs(600);

/// Two things that happen in a store, as the events that tell of them.
type Happens = fn(&Server) -> [Value; 2];

#[tokio::test(start_paused = true)]
async fn f_30_what_a_silent_watch_missed_is_seen() {
    let deaf: fn(&Server) = |server| server.deafen("endpointslices");
    let silent: fn(&Server) = |server| _ = server.script("watch=true", Fault::Silent);
    // Only the open watch says nothing; every watch does; and streamed lists do as well.
    for fall_silent in [deaf, silent] {
        let (fleet, _, us) = Fleet::of_two().await;
        fall_silent(&us);
        us.put(slice(false));
        let missed = fleet.wait(MISSED_MAX, &[EU]).await;
        assert!(missed > Duration::from_secs(1), "the watch did say something");
        us.well();
        us.put(slice(true));
        fleet.wait(MISSED_MAX, &BOTH).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f_31_what_comes_twice_or_late_ends_in_what_is() {
    let down_and_up: Happens = |server| {
        let down = server.put_quietly(slice(false));
        [down, server.put_quietly(slice(true))]
    };
    let deleted_and_made: Happens = |server| {
        let deleted = server.delete_quietly(&slice(true));
        [deleted, server.put_quietly(slice(true))]
    };
    // What happened, and which of both are told in which order.
    let rows: [(Happens, &[usize]); 5] = [
        (down_and_up, &[0, 0, 1, 1]),
        (down_and_up, &[0, 1, 0]),
        (down_and_up, &[1, 0]),
        (deleted_and_made, &[1, 0]),
        (deleted_and_made, &[0, 1, 0, 1]),
    ];
    for (happens, order) in rows {
        let (fleet, _, us) = Fleet::of_two().await;
        let happened = happens(&us);
        order.iter().for_each(|at| us.say(&happened[*at]));
        // Nobody sees it flap, and it ends as it is.
        fleet.stays(MINUTE).await;
        fleet.is_well().await;
        us.put(slice(false));
        fleet.wait(MINUTE, &[EU]).await;
    }
}

/// F-31: a server that is never in order is not asked in a circle.
#[tokio::test(start_paused = true)]
async fn f_31_a_watch_that_is_never_in_order_is_not_asked_in_a_circle() {
    let (fleet, _, us) = Fleet::of_two().await;
    let began = tokio::time::Instant::now();
    let late = us.put_quietly(slice(true));
    for _ in 0..600 {
        us.put(slice(true));
        us.say(&late);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(fleet.addresses(SHOP), BOTH);
    }
    let asked = us.asked(began, "endpointslices").len();
    assert!(asked < 120, "{asked} requests in ten minutes");
}

/// Deleted and made again within a second: what counts is the new one, told in one breath or found in a list.
#[tokio::test(start_paused = true)]
async fn b_34_an_object_made_anew_is_the_new_one() {
    const NEW: &str = "new.glb.example";
    for is_told in [true, false] {
        let (fleet, eu, _) = Fleet::of_two().await;
        let before = eu.get(&global_name("shop", SHOP)).unwrap();
        if !is_told {
            eu.deafen("globalnames");
        }
        eu.delete(&before);
        eu.put(global_name("shop", NEW));
        if !is_told {
            eu.relist("globalnames");
        }
        fleet.until(MINUTE, "the new host", || fleet.addresses(NEW) == BOTH).await;
        assert!(fleet.addresses(SHOP).is_empty());
        let after = eu.get(&global_name("shop", NEW)).unwrap();
        assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
    }
}

/// B-34: one that says the same gets its status all the same, though nothing else changed.
#[tokio::test(start_paused = true)]
async fn b_34_an_object_made_anew_gets_its_status() {
    let (fleet, eu, _) = Fleet::of_two().await;
    let has_status = || eu.get(&global_name("shop", SHOP)).is_some_and(|there| there["status"].is_object());
    fleet.until(MINUTE, "a status", has_status).await;
    eu.delete(&global_name("shop", SHOP));
    eu.put(global_name("shop", SHOP));
    assert!(!has_status());
    fleet.until(MINUTE, "a status", has_status).await;
    assert_eq!(fleet.addresses(SHOP), [EU, US]);
    assert_eq!(fleet.wrong(Reason::Conflict), [""; 0]);
}
