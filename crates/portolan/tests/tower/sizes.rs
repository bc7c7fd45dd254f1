//! Objects of any size, and any number of them: B-32.

use std::time::Duration;

use portolan_core::Reason;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fleet::{BOTH, EU, Fleet, MINUTE, SHOP, US, global_name, intents, member, service, slice};
use super::server::Fault;

/// The largest object that etcd takes as it comes, in octets.
const ETCD_OCTETS_MAX: usize = 1_500_000;
/// How long a change may take to be in the answers, whatever else comes.
const LAG_MAX: Duration = Duration::from_millis(50);

fn annotated(mut object: Value, octets: usize) -> Value {
    object["metadata"]["annotations"] = json!({"example.com/notes": "x".repeat(octets)});
    object
}

#[tokio::test(start_paused = true)]
async fn b_32_one_huge_object_is_one_object() {
    let (fleet, eu, us) = Fleet::of_two().await;
    us.put(annotated(service("web", US), ETCD_OCTETS_MAX));
    eu.put(annotated(global_name("shop", SHOP), ETCD_OCTETS_MAX));
    for number in 0..5 {
        us.put(annotated(service(&format!("s{number}"), US), ETCD_OCTETS_MAX));
    }
    us.put(slice(false));
    assert!(fleet.wait(MINUTE, &[EU]).await <= LAG_MAX);
    us.put(slice(true));
    assert!(fleet.wait(MINUTE, &BOTH).await <= LAG_MAX);
    // Listed again, in one stream and by pages.
    us.relist("services");
    fleet.stays(Duration::from_secs(5)).await;
    us.script("sendInitialEvents", Fault::NoStreams).relist("services");
    fleet.stays(Duration::from_secs(5)).await;
    fleet.is_well().await;
}

/// What no store would take, some proxy may still send: it is not read to its end.
#[tokio::test(start_paused = true)]
async fn b_32_an_event_beyond_all_limits_is_refused() {
    let (fleet, eu, us) = Fleet::of_two().await;
    us.put(annotated(service("monster", US), 20 << 20));
    fleet.until(MINUTE, "it to be told", || !fleet.wrong(Reason::Unreadable).is_empty()).await;
    assert!(
        fleet.wrong(Reason::Unreadable)[0].contains("longer than"),
        "{:?}",
        fleet.wrong(Reason::Unreadable)
    );
    eu.put(slice(false));
    assert!(fleet.wait(MINUTE, &[US]).await <= LAG_MAX, "others are not held up");
    eu.put(slice(true));
    us.delete(&service("monster", US));
    us.relist("services");
    fleet.is_well().await;
}

/// Of objects so large that a page of them is beyond all limits fewer are asked for, down to one.
#[tokio::test(start_paused = true)]
async fn b_32_a_page_beyond_all_limits_is_asked_for_in_smaller_ones() {
    let (fleet, eu, us) = Fleet::of_two().await;
    for number in 0..20 {
        us.put(service(&format!("s{number:02}"), "192.0.2.99"));
    }
    us.script("sendInitialEvents", Fault::NoStreams).script("services", Fault::Huge(5)).relist("services");
    let began = Instant::now();
    fleet.stays(MINUTE).await;
    let asked = us.asked(began, "services?&limit=");
    let limits: Vec<&str> =
        asked.iter().filter_map(|line| line.split("limit=").nth(1)?.split('&').next()).collect();
    assert_eq!(limits[..4], ["500", "62", "7", "1"], "{limits:?}");
    assert_eq!((limits.len(), limits[4..].iter().all(|limit| *limit == "1")), (24, true), "{limits:?}");
    fleet.is_well().await;
    us.put(slice(false));
    fleet.wait(MINUTE, &[EU]).await;
    us.put(slice(true));
    fleet.wait(MINUTE, &BOTH).await;
    // The next list begins with more; nothing helps where one alone is too large. It is told, and others go on.
    let began = Instant::now();
    us.script("services", Fault::Huge(0)).relist("services");
    fleet.until(MINUTE, "it to be told", || !fleet.wrong(Reason::Unreadable).is_empty()).await;
    let asked = us.asked(began, "services?&limit=");
    assert!(asked[0].contains("limit=8") && asked[1].contains("limit=1"), "{asked:?}");
    let told = fleet.wrong(Reason::Unreadable).concat();
    assert!(told.starts_with("cluster us-1: services: has an object too large to be read"), "{told}");
    fleet.stays(MINUTE).await;
    eu.put(slice(false));
    fleet.wait(MINUTE, &[US]).await;
    eu.put(slice(true));
    us.well();
    fleet.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn b_32_a_hundred_thousand_endpoints_in_one_object() {
    let (fleet, eu, us) = Fleet::of_two().await;
    let record = |number: usize| json!({"dnsName": format!("r{number:05}.glb.example"), "recordType": "A", "targets": ["192.0.2.7"]});
    let endpoints: Vec<Value> = (0..100_000).map(record).collect();
    eu.put(json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
        "metadata": {"namespace": "shop", "name": "records"}, "spec": {"endpoints": endpoints},
    }));
    fleet.until(MINUTE, "the first of them", || fleet.addresses("r00000.glb.example") == ["192.0.2.7"]).await;
    assert_eq!(fleet.wrong(Reason::LimitReached).len(), 1, "what is above the limit is told");
    us.put(slice(false));
    assert!(fleet.wait(MINUTE, &[EU]).await <= LAG_MAX);
}

/// As many as take a test seconds; the example `fleet_api` has a hundred thousand.
#[tokio::test(start_paused = true)]
async fn b_32_many_objects_of_one_kind() {
    const NAMES: usize = 2_000;
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    for number in 0..NAMES {
        eu.put(global_name(&format!("n{number}"), &format!("n{number}.glb.example")));
    }
    let fleet = Fleet::follow(&[&eu, &us]);
    let last = format!("n{}.glb.example", NAMES - 1);
    fleet.until(MINUTE, "the last of them", || fleet.addresses(&last) == BOTH).await;
    us.put(slice(false));
    assert!(fleet.wait(MINUTE, &[EU]).await <= LAG_MAX);
}
