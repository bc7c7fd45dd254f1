//! Clusters that come back, and are not what was left: forgotten meanwhile, restored, or lost by a fault of ours.

use std::sync::Arc;
use std::time::Duration;

use portolan_core::Reason;
use portolan_kube::sources::Options;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::fleet::{BOTH, EU, Fleet, MINUTE, US, intents, member, service, slice};
use super::server::Fault;

/// What it gave was taken away while it was silent; when it comes back it gives all of it.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_was_forgotten_is_read_anew() {
    let described = json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "MemberCluster", "metadata": {"name": "us-1"}, "spec": {},
    });
    for is_told in [true, false] {
        let (fleet, eu, us) = Fleet::of_two().await;
        eu.put(described.clone());
        us.script("", Fault::Down).cut("");
        fleet.until(MINUTE, "silence", || !fleet.wrong(Reason::Silent).is_empty()).await;
        if is_told {
            fleet.engine.lock().forget("us-1", portolan::clock::now()).unwrap();
        } else {
            eu.delete(&described);
        }
        fleet.wait(MINUTE, &[EU]).await;
        us.well();
        fleet.wait(2 * MINUTE, &BOTH).await;
        fleet.stays(MINUTE).await;
        us.put(slice(false));
        fleet.wait(MINUTE, &[EU]).await;
    }
}

/// A store that was restored is held; once it has caught up with what was seen it may be followed again, but not
/// from where it was left: what happened in between was never told.
#[tokio::test(start_paused = true)]
async fn a_store_that_was_restored_and_catches_up_is_read_again() {
    let (fleet, _, us) = Fleet::of_two().await;
    let backup = us.version();
    for number in 0..20 {
        us.put(service(&format!("s{number}"), "192.0.2.99"));
    }
    sleep(MINUTE).await;
    us.restore(backup);
    fleet.until(MINUTE, "a hold", || fleet.held().contains("us-1")).await;
    us.put(slice(false));
    fleet.stays(MINUTE).await;
    for number in 0..30 {
        us.put(service(&format!("t{number}"), "192.0.2.99"));
    }
    fleet.wait(2 * MINUTE, &[EU]).await;
    us.put(slice(true));
    fleet.wait(MINUTE, &BOTH).await;
}

/// F-34: a kind that an upgrade has in another version than before is the same kind, and at no time a lost one.
#[tokio::test(start_paused = true)]
async fn a_kind_in_another_version_is_the_same_kind() {
    const OLD: &str = "/apis/networking.istio.io/v1beta1/gateways";
    const NEW: &str = "/apis/networking.istio.io/v1/gateways";
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    let metadata = json!({"namespace": "shop", "name": "g"});
    us.put(
        json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata, "spec": {}}),
    );
    us.rename(NEW, OLD);
    let mut sources = Options::default();
    assert!(sources.set("source", &["istio-gateway".to_owned()]).is_empty());
    let fleet = Fleet::follow_with(&Arc::new(sources), &[&eu, &us]);
    fleet.wait(MINUTE, &BOTH).await;
    us.rename(OLD, NEW);
    let began = Instant::now();
    fleet.until(Duration::from_secs(5), "the new version", || !us.asked(began, NEW).is_empty()).await;
    fleet.stays(2 * MINUTE).await;
    assert!(fleet.held().is_empty(), "{:?}", fleet.held());
    assert!(us.asked(began, NEW).len() < 5, "{:?}", us.asked(began, NEW));
}

/// A fault of this program in the midst of following costs a while, and is told.
#[tokio::test(start_paused = true)]
async fn a_fault_of_ours_ends_nothing_for_ever() {
    for (what, reason) in [("services", Reason::Unreadable), ("namespaces", Reason::Silent)] {
        let (fleet, _, us) = Fleet::of_two().await;
        us.script(what, Fault::Panic).cut("");
        let is_told = || fleet.wrong(reason).iter().any(|told| told.contains("fault of this program"));
        fleet.until(MINUTE, "it to be told", is_told).await;
        fleet.stays(MINUTE).await;
        us.well();
        fleet.is_well().await;
        us.put(slice(false));
        fleet.wait(MINUTE, &[EU]).await;
    }
}

/// A server that is slow once keeps its watches and the lists that are under way.
#[tokio::test(start_paused = true)]
async fn one_late_answer_ends_no_watch() {
    let (fleet, _, us) = Fleet::of_two().await;
    us.script("namespaces", Fault::Slow(Duration::from_secs(20)));
    let began = Instant::now();
    let asked = || us.asked(began, "/namespaces?").len();
    fleet.until(MINUTE, "a question", || asked() > 0).await;
    // It is given up after five seconds, and put again after another.
    sleep(Duration::from_millis(5_500)).await;
    us.well();
    fleet.until(MINUTE, "the next question", || asked() > 1).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(us.asked(began, "watch=true"), [""; 0]);
    assert_eq!(fleet.wrong(Reason::Silent), [""; 0]);
}

/// What is released is released, and nobody else's watches and lists are cut for it.
#[tokio::test(start_paused = true)]
async fn a_release_cuts_no_other_watch() {
    let (fleet, eu, us) = Fleet::of_two().await;
    us.script("services", Fault::Empty).relist("services");
    fleet.until(5 * MINUTE, "a hold", || !fleet.held().is_empty()).await;
    let began = Instant::now();
    assert!(fleet.holds.release("us-1/services"));
    fleet.wait(MINUTE, &[EU]).await;
    assert_eq!(eu.asked(began, "watch=true"), [""; 0]);
    assert_eq!(us.asked(began, "endpointslices"), [""; 0]);
}
