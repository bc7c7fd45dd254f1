//! Starts with nothing, where not everything is as it should be; and kinds that come while we run.

use std::time::Duration;

use portolan::engine::UNREAD_MAX;
use portolan_core::Reason;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::fleet::{BOTH, EU, Fleet, MINUTE, SHOP, US, global_name, intents, member};
use super::server::{Fault, Server};

/// The engine has a clock of its own, which a paused runtime does not move.
fn time_passes(fleet: &Fleet) {
    fleet.engine.lock().tick(portolan::clock::now() + UNREAD_MAX + 1, UNREAD_MAX + 1);
}

fn ours() -> Value {
    json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
        "metadata": {"namespace": "shop", "name": "global-shop"},
    })
}

fn targets(hub: &Server) -> Value {
    hub.get(&ours()).map_or(Value::Null, |there| there["spec"]["endpoints"][0]["targets"].clone())
}

/// The clusters that the status of the name has, and its condition `Healthy`.
fn told(hub: &Server) -> (Vec<String>, String) {
    let there = hub.get(&global_name("shop", SHOP)).unwrap();
    let rows = there["status"]["clusters"].as_array().cloned().unwrap_or_default();
    let names = rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    let conditions = there["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let healthy = conditions.iter().find(|condition| condition["type"] == "Healthy");
    (names, healthy.map_or(String::new(), |healthy| healthy["message"].as_str().unwrap().to_owned()))
}

/// One registration leads nowhere. The others are answered and told of; and of what the hub has of that cluster from
/// before, nothing is taken away.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_never_reached_holds_up_nobody_and_loses_nothing() {
    let (before, old, _) = Fleet::of_two().await;
    before
        .until(MINUTE, "all to be written", || told(&old).0.len() == 2 && targets(&old) == json!(BOTH))
        .await;
    for comes_back in [true, false] {
        let (eu, us) = (member("eu-1", EU), member("us-1", US));
        intents(&eu);
        for object in [old.get(&global_name("shop", SHOP)), old.get(&ours())] {
            eu.put(object.unwrap());
        }
        us.script("", Fault::Down);
        let fleet = Fleet::follow(&[&eu, &us]);
        let is_complete = || fleet.engine.lock().snapshot().complete;
        fleet.wait(MINUTE, &[EU]).await;
        sleep(Duration::from_secs(5)).await;
        assert!(!is_complete());
        assert_eq!(told(&eu).1, "ready in 2 of 2 clusters", "nothing is known yet");
        time_passes(&fleet);
        assert!(is_complete());
        let one = "ready in 1 of 1 clusters";
        fleet.until(Duration::from_secs(10), "its status", || told(&eu).1 == one).await;
        sleep(5 * MINUTE).await;
        assert_eq!(
            (told(&eu), targets(&eu)),
            ((vec!["eu-1".into(), "us-1".into()], one.into()), json!(BOTH))
        );
        assert!(fleet.wrong(Reason::Held).concat().contains("not read since the start is us-1"));
        assert_eq!(
            fleet.wrong(Reason::Silent).len(),
            1,
            "silence is told once: {:?}",
            fleet.wrong(Reason::Silent)
        );
        if comes_back {
            us.well();
            fleet.wait(2 * MINUTE, &BOTH).await;
            fleet.until(MINUTE, "its status", || told(&eu).1 == "ready in 2 of 2 clusters").await;
            fleet.is_well().await;
            assert_eq!(targets(&eu), json!(BOTH));
        } else {
            fleet.engine.lock().forget("us-1", portolan::clock::now()).unwrap();
            fleet
                .until(MINUTE, "it to be gone", || told(&eu).0 == ["eu-1"] && targets(&eu) == json!([EU]))
                .await;
        }
    }
}

/// A right that is missing is as good as no way there.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_may_not_be_read_holds_up_nobody() {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    us.script("endpointslices", Fault::Refuse(403, None));
    let fleet = Fleet::follow(&[&eu, &us]);
    fleet.until(MINUTE, "it to be told", || !fleet.wrong(Reason::Unauthorized).is_empty()).await;
    // The others are read by then.
    sleep(Duration::from_secs(5)).await;
    assert!(!fleet.engine.lock().snapshot().complete);
    time_passes(&fleet);
    assert!(fleet.engine.lock().snapshot().complete);
    us.well();
    fleet.wait(5 * MINUTE, &BOTH).await;
}

/// Definitions that are applied while we run come one after the other, and each is found by itself: nothing is told of
/// what is but half there.
#[tokio::test(start_paused = true)]
async fn kinds_that_come_while_we_run_are_told_of_when_all_are_there() {
    const GROUP: &str = "multiclusterdns.kubefed.io/v1alpha1";
    let record = json!({
        "apiVersion": GROUP, "kind": "ServiceDNSRecord", "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"domainRef": "fed"},
    });
    let domain = json!({
        "apiVersion": GROUP, "kind": "Domain", "metadata": {"namespace": "kube-federation-system", "name": "fed"},
        "domain": "fed.example",
    });
    // When a kind that was not there is looked for is drawn.
    for _ in 0..4 {
        let (eu, us) = (member("eu-1", EU), member("us-1", US));
        intents(&eu);
        eu.lose("kubefed");
        let fleet = Fleet::follow(&[&eu, &us]);
        fleet.wait(MINUTE, &BOTH).await;
        sleep(2 * MINUTE).await;
        let began = Instant::now();
        eu.have(&format!("/apis/{GROUP}/servicednsrecords"));
        eu.put(record.clone());
        sleep(Duration::from_secs(1)).await;
        eu.have(&format!("/apis/{GROUP}/domains"));
        eu.put(domain.clone());
        let status = || eu.get(&record).unwrap()["status"].clone();
        fleet.until(2 * MINUTE, "its status", || status()["domain"] == "fed.example").await;
        fleet.stays(MINUTE).await;
        assert_eq!(eu.asked(began, "POST /apis/events.k8s.io/"), [""; 0]);
    }
}
