//! Starts with the last good state.

use std::time::Duration;

use portolan::engine::Engine;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::fleet::{BOTH, EU, Fleet, MINUTE, SHOP, US, global_name, intents, member};
use super::server::{Fault, Server};

/// So long each answer takes, which is no silence.
const SLOW: Duration = Duration::from_secs(4);

/// The hub, the cluster us-1, which is drained while it is silent, and what the hub says of that.
fn clusters() -> (Server, Server, Value) {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    let described = json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "MemberCluster", "metadata": {"name": "us-1"},
        "spec": {"whenSilent": {"type": "Drain"}},
    });
    eu.put(described.clone());
    (eu, us, described)
}

/// Since when the hub says that the cluster is silent; none while it does not.
fn told(hub: &Server, described: &Value) -> Option<Value> {
    hub.get(described)?["status"].get("silentSince").cloned()
}

/// The hub is read at once and the other cluster takes its time. It was heard before the restart, so it is neither drained
/// meanwhile, nor told of to those who follow the hub; one that is silent is both.
#[tokio::test(start_paused = true)]
async fn a_cluster_is_not_silent_for_not_being_read_yet() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let (eu, us, _) = clusters();
    let before = Fleet::follow_by(Engine::open(&state, portolan::clock::now()).unwrap(), &[&eu, &us]);
    before.wait(MINUTE, &BOTH).await;
    before.engine.lock().close().unwrap();
    for (nth, is_silent) in [false, true].into_iter().enumerate() {
        let copy = folder.path().join(format!("copy-{nth}"));
        std::fs::copy(&state, &copy).unwrap();
        let mut engine = Engine::open(&copy, portolan::clock::now()).unwrap();
        engine.resume(portolan::clock::now());
        let (eu, us, described) = clusters();
        us.script("", if is_silent { Fault::Down } else { Fault::Slow(SLOW) });
        let began = Instant::now();
        let fleet = Fleet::follow_by(engine, &[&eu, &us]);
        if is_silent {
            fleet.until(MINUTE, "the hub to tell of it", || told(&eu, &described).is_some()).await;
            fleet.wait(MINUTE, &[EU]).await;
            continue;
        }
        let is_read = || fleet.engine.lock().unread().next().is_none();
        while !is_read() {
            assert_eq!(
                (fleet.addresses(SHOP), told(&eu, &described)),
                (BOTH.map(str::to_owned).to_vec(), None)
            );
            assert!(began.elapsed() < MINUTE, "{:?}", fleet.engine.lock().problems());
            sleep(Duration::from_millis(5)).await;
        }
        assert!(began.elapsed() > SLOW, "it takes its time");
        fleet.stays(MINUTE).await;
        assert_eq!(told(&eu, &described), None);
        let status = eu.get(&global_name("shop", SHOP)).unwrap()["status"].clone();
        assert_eq!(status["clusters"].as_array().map(Vec::len), Some(2), "what is told is told: {status}");
    }
}
