//! A second writer, and writes that are refused: F-35.

use std::time::Duration;

use portolan_core::Reason;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::fleet::{BOTH, Fleet, MINUTE, SHOP, global_name, slice};
use super::server::{Fault, Server};

/// Intents that are fought over.
const NAMES: usize = 50;

fn names() -> impl Iterator<Item = Value> {
    (0..NAMES).map(|number| global_name(&format!("n{number}"), &format!("n{number}.glb.example")))
}

fn has_status(hub: &Server) -> usize {
    names().filter(|name| hub.get(name).is_some_and(|there| there["status"].is_object())).count()
}

#[tokio::test(start_paused = true)]
async fn f_35_a_storm_of_conflicts_is_no_fight() {
    let (fleet, eu, us) = Fleet::of_two().await;
    eu.script("PUT ", Fault::Refuse(409, None)).script("POST ", Fault::Refuse(409, None));
    names().for_each(|name| _ = eu.put(name));
    let last = format!("n{}.glb.example", NAMES - 1);
    fleet.until(MINUTE, "all names", || fleet.addresses(&last) == BOTH).await;
    sleep(MINUTE).await;
    // Steady now: less than one write a second, whatever changes, and it is told.
    let began = Instant::now();
    fleet.stays(10 * MINUTE).await;
    let writes = eu.asked(began, "PUT ").len() + eu.asked(began, "POST ").len();
    assert!((1..600).contains(&writes), "{writes} writes in ten minutes");
    assert!(!fleet.wrong(Reason::Conflict).is_empty());
    // Answers do not wait for it.
    us.put(slice(false));
    fleet.wait(Duration::from_millis(100), &BOTH[..1]).await;
    us.put(slice(true));
    // And it ends as soon as the storm does.
    eu.well();
    fleet.until(2 * MINUTE, "every status", || has_status(&eu) == NAMES).await;
    fleet.is_well().await;
}

/// F-35: each write is made anew from what is there, so a conflict that passes costs one more try.
#[tokio::test(start_paused = true)]
async fn f_35_a_conflict_that_passes_is_written_again() {
    let (fleet, eu, _) = Fleet::of_two().await;
    eu.script("PUT ", Fault::Refuse(409, None));
    eu.put(global_name("n0", "n0.glb.example"));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(has_status(&eu), 0);
    eu.well();
    // Somebody else wrote meanwhile.
    let mut name = eu.get(&global_name("n0", "n0.glb.example")).unwrap();
    name["metadata"]["labels"] = json!({"edited": "yes"});
    eu.put(name);
    fleet.until(MINUTE, "its status", || has_status(&eu) == 1).await;
    let there = eu.get(&global_name("n0", "n0.glb.example")).unwrap();
    assert_eq!(there["metadata"]["labels"]["edited"], "yes", "what others wrote stays");
}

/// F-35: somebody undoes what we write, each time at once.
#[tokio::test(start_paused = true)]
async fn f_35_a_rival_is_not_fought_with() {
    let (fleet, eu, _) = Fleet::of_two().await;
    let ours = json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
        "metadata": {"namespace": "shop", "name": "global-shop"},
    });
    fleet.until(MINUTE, "our object", || eu.get(&ours).is_some()).await;
    let rival = eu.clone();
    let undoes = tokio::spawn(async move {
        loop {
            let mut there = rival.get(&ours).unwrap();
            if there["spec"]["endpoints"][0]["targets"] != json!(["203.0.113.66"]) {
                there["spec"]["endpoints"][0]["targets"] = json!(["203.0.113.66"]);
                rival.put(there);
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    sleep(MINUTE).await;
    let began = Instant::now();
    fleet.stays(60 * MINUTE).await;
    let writes = eu.asked(began, "PUT ").len();
    assert!((1..60).contains(&writes), "{writes} writes in an hour");
    assert_eq!(fleet.addresses(SHOP), BOTH, "our own answers are none of its business");
    assert_eq!(fleet.wrong(Reason::Conflict).len(), 1, "{:?}", fleet.wrong(Reason::Conflict));
    undoes.abort();
    // The last time that it was left to him passes, and then the same time in peace.
    fleet.until(30 * MINUTE, "nothing to be wrong", || fleet.engine.lock().problems().is_empty()).await;
}
