//! Ingresses, which members are watched for once an intent asks for them.

use std::time::Duration;

use portolan_core::{Name, Reason};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::fleet::{BOTH, EU, Fleet, MINUTE, SHOP, US, global_name, intents, member};
use super::server::{Fault, Server};

pub(crate) const FRONT: &str = "front.glb.example";

pub(crate) fn ingress(address: &str) -> Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"rules": [{"host": FRONT, "http": {"paths": [path]}}, {"host": SHOP, "http": {"paths": [path]}}]},
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    })
}

/// A name that is served by Ingresses.
pub(crate) fn by_ingress(name: &str, host: &str) -> Value {
    let mut object = global_name(name, host);
    object["spec"]["backends"][0]["kind"] = json!("Ingress");
    object
}

/// Two clusters with Ingresses, which nobody asked for yet.
async fn of_two() -> (Fleet, Server, Server) {
    let (fleet, eu, us) = Fleet::of_two().await;
    eu.put(ingress(EU));
    us.put(ingress(US));
    (fleet, eu, us)
}

/// Until a name is there, which then has these addresses.
async fn there(fleet: &Fleet, at_most: Duration, addresses: &[&str]) -> Duration {
    let name: Name = FRONT.parse().unwrap();
    let is_there = || fleet.engine.lock().fleet().names.contains(name.borrowed());
    let after = fleet.until(at_most, "the name", is_there).await;
    assert_eq!(fleet.addresses(FRONT), addresses, "never less, not for a moment");
    after
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asks_for_is_not_watched() {
    let began = Instant::now();
    let (fleet, eu, us) = of_two().await;
    sleep(10 * MINUTE).await;
    for server in [&eu, &us] {
        assert_eq!(server.asked(began, "/ingresses"), [""; 0]);
    }
    // With the first intent that asks for it, all of it is there at once.
    us.script("/ingresses", Fault::Slow(Duration::from_secs(5)));
    eu.put(by_ingress("front", FRONT));
    let after = there(&fleet, MINUTE, &BOTH).await;
    assert!(after >= Duration::from_secs(5), "{after:?}");
    // And is followed from then on, whatever becomes of that intent.
    us.well();
    eu.delete(&by_ingress("front", FRONT));
    sleep(MINUTE).await;
    let began = Instant::now();
    eu.put(by_ingress("front", FRONT));
    there(&fleet, Duration::from_millis(50), &BOTH).await;
    assert!(us.asked(began, "sendInitialEvents").is_empty());
    us.delete(&ingress(US));
    fleet.until(MINUTE, "one less", || fleet.addresses(FRONT) == [EU]).await;
}

/// A name that was served by Services is served by Ingresses from now on, and by both clusters all the time.
#[tokio::test(start_paused = true)]
async fn who_changes_from_one_to_the_other_loses_nothing() {
    let (fleet, eu, us) = of_two().await;
    us.script("/ingresses", Fault::Slow(Duration::from_secs(5)));
    eu.put(by_ingress("shop", SHOP));
    fleet.stays(MINUTE).await;
    us.delete(&ingress(US));
    fleet.wait(MINUTE, &[EU]).await;
}

#[tokio::test(start_paused = true)]
async fn who_cannot_give_it_holds_up_nobody_for_long() {
    // Not reached: not waited for at all.
    let (fleet, eu, us) = of_two().await;
    us.script("", Fault::Down).cut("");
    fleet.until(MINUTE, "silence", || !fleet.wrong(Reason::Silent).is_empty()).await;
    eu.put(by_ingress("front", FRONT));
    there(&fleet, Duration::from_millis(50), &[EU]).await;
    us.well();
    fleet.until(2 * MINUTE, "the other", || fleet.addresses(FRONT) == BOTH).await;
    // Reached, but it may not be read.
    let (fleet, eu, us) = of_two().await;
    us.script("/ingresses", Fault::Refuse(403, None));
    eu.put(by_ingress("front", FRONT));
    there(&fleet, MINUTE, &[EU]).await;
    assert!(fleet.wrong(Reason::Unauthorized)[0].starts_with("cluster us-1: ingresses"));
    us.well();
    fleet.until(2 * MINUTE, "the other", || fleet.addresses(FRONT) == BOTH).await;
}

/// At a start nobody knows what is asked for before the hub was read; a hub that is not read is not waited for.
#[tokio::test(start_paused = true)]
async fn what_is_asked_for_from_the_start_is_read_at_the_start() {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    eu.put(by_ingress("front", FRONT));
    eu.put(ingress(EU));
    us.put(ingress(US));
    us.script("/ingresses", Fault::Slow(Duration::from_secs(5)));
    let fleet = Fleet::follow(&[&eu, &us]);
    fleet.until(MINUTE, "all to be read", || fleet.engine.lock().snapshot().complete).await;
    assert_eq!(fleet.addresses(FRONT), BOTH);

    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    eu.script("", Fault::Down);
    let began = Instant::now();
    let fleet = Fleet::follow(&[&eu, &us]);
    let is_read = || fleet.engine.lock().heard_at(&"us-1".into()).is_some();
    fleet.until(MINUTE, "the member to be read", is_read).await;
    assert!(!us.asked(began, "/ingresses").is_empty());
}
