//! A mesh: each cluster has a process of its own, which follows all of them.

use std::collections::BTreeMap;

use portolan_core::{ClusterName, Reason};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::demand::{FRONT, by_ingress, ingress};
use super::fleet::{BOTH, EU, Fleet, HOUR, MINUTE, SHOP, US, global_name, intents, member, slice};
use super::server::{Fault, Server};

/// So many clusters a mesh has (DESIGN section 2).
const CLUSTERS: usize = 30;
/// How many processes watch each of them.
const WATCHERS: usize = 2 * CLUSTERS;
/// The kinds of which the own cluster's count alone.
const RULING: [&str; 4] = ["/zones?", "/steeringpolicies?", "/memberclusters?", "/domains?"];

fn status(server: &Server, object: &Value, type_: &str) -> Option<Value> {
    let conditions = server.get(object)?["status"]["conditions"].as_array()?.clone();
    conditions.into_iter().find(|condition| condition["type"] == type_)
}

/// Two clusters with a zone and a name each, and the processes of both.
async fn of_two() -> ([Fleet; 2], Server, Server) {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    [&eu, &us].into_iter().for_each(intents);
    let fleets = [Fleet::of_mesh(&[&eu, &us]), Fleet::of_mesh(&[&us, &eu])];
    for fleet in &fleets {
        fleet.wait(MINUTE, &BOTH).await;
    }
    (fleets, eu, us)
}

#[tokio::test(start_paused = true)]
async fn thirty_clusters_are_followed_by_each_of_thirty() {
    let address = |nth: usize| format!("192.0.2.{}", nth + 1);
    let servers: Vec<Server> =
        (0..CLUSTERS).map(|nth| member(&format!("c{nth:02}"), &address(nth))).collect();
    servers.iter().for_each(intents);
    let began = Instant::now();
    let all: Vec<&Server> = servers.iter().collect();
    let fleet = Fleet::of_mesh(&all);
    let mut addresses: Vec<String> = (0..CLUSTERS).map(address).collect();
    addresses.sort_unstable();
    fleet.until(MINUTE, "all addresses", || fleet.addresses(SHOP) == addresses).await;
    fleet
        .until(MINUTE, "the status", || status(&servers[0], &global_name("shop", SHOP), "Ready").is_some())
        .await;

    // What it believes, and whom it tells, is its own cluster alone.
    let methods = |server: &Server, of: &str| server.asked(began, of).len();
    for other in &servers[1..] {
        RULING.iter().for_each(|kind| assert_eq!(other.asked(began, kind), [""; 0]));
        assert_eq!(methods(other, "PUT ") + methods(other, "POST "), 0, "{}", other.name());
        assert!(methods(other, "/globalnames?") > 0);
    }
    assert!(RULING.iter().all(|kind| methods(&servers[0], kind) > 0) && methods(&servers[0], "PUT ") > 0);

    // A flip of one is a flip.
    servers[7].put(slice(false));
    fleet.until(MINUTE, "one less", || fleet.addresses(SHOP).len() == CLUSTERS - 1).await;
    servers[7].put(slice(true));
    fleet.until(MINUTE, "all again", || fleet.addresses(SHOP) == addresses).await;

    // An hour in which nothing happens, as each of the others sees it.
    let began = Instant::now();
    sleep(HOUR).await;
    let asked = servers[1].asked(began, "");
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &asked {
        *kinds.entry(line.split('?').next().unwrap_or_default()).or_default() += 1;
    }
    let each = asked.len() as f64 / HOUR.as_secs_f64();
    eprintln!(
        "{each:.3} requests/s of each follower, {:.1} of {WATCHERS}: {kinds:#?}",
        each * WATCHERS as f64
    );
    assert!(each <= 1.0, "{kinds:#?}");
}

/// What two processes come to of the same is the same, and each says so where it may.
#[tokio::test(start_paused = true)]
async fn who_disagrees_is_named_in_each_cluster() {
    let ([here, there], eu, us) = of_two().await;
    us.put(global_name("shop", "else.glb.example"));
    let object = global_name("shop", SHOP);
    for (fleet, server, is_taken) in [(&here, &eu, "True"), (&there, &us, "False")] {
        let is_told = || {
            status(server, &object, "Accepted").is_some_and(|accepted| {
                let message = accepted["message"].as_str().unwrap_or_default();
                accepted["status"] == is_taken && message.starts_with("spec: us-1 holds another than eu-1")
            })
        };
        fleet.until(MINUTE, "us-1 to be named", is_told).await;
        assert_eq!(fleet.wrong(Reason::Disagreement).len(), 1);
        assert_eq!(fleet.addresses(SHOP), BOTH);
    }
    us.put(global_name("shop", SHOP));
    here.is_well().await;
    there.is_well().await;
}

/// One that stands elsewhere is answered, and its own cluster alone is told of it.
#[tokio::test(start_paused = true)]
async fn an_intent_is_written_for_where_it_stands() {
    let ([here, there], eu, us) = of_two().await;
    let began = Instant::now();
    let object = global_name("other", "other.glb.example");
    us.put(object.clone());
    let record = json!({
        "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
        "metadata": {"namespace": "shop", "name": "global-other"},
    });
    for fleet in [&here, &there] {
        fleet.until(MINUTE, "the name", || fleet.addresses("other.glb.example") == BOTH).await;
    }
    there.until(MINUTE, "its status", || status(&us, &object, "Ready").is_some()).await;
    there.until(MINUTE, "its record", || us.get(&record).is_some()).await;
    sleep(MINUTE).await;
    assert_eq!(eu.asked(began, "other"), [""; 0], "it has no copy");
    // It is written for when it comes, though no fact changes, and no more when it goes.
    eu.put(object.clone());
    here.until(MINUTE, "its record", || eu.get(&record).is_some()).await;
    eu.delete(&object);
    here.until(MINUTE, "no record", || eu.get(&record).is_none()).await;
    for fleet in [&here, &there] {
        assert_eq!(fleet.addresses("other.glb.example"), BOTH);
    }
    us.delete(&object);
    for fleet in [&here, &there] {
        fleet.until(MINUTE, "no name", || fleet.addresses("other.glb.example").is_empty()).await;
    }
}

/// The own cluster has the zones: without it nothing is denied. Others are waited for for a while.
#[tokio::test(start_paused = true)]
async fn the_own_cluster_must_be_read() {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    [&eu, &us].into_iter().for_each(intents);
    // All but who asks for names there.
    eu.script("/globalnames?", Fault::Refuse(500, None));
    let fleet = Fleet::of_mesh(&[&eu, &us]);
    ticking(&fleet);
    sleep(5 * MINUTE).await;
    let engine = || fleet.engine.lock();
    assert!(!engine().snapshot().complete);
    assert_eq!(engine().unread_hub(), Some(("own cluster", &ClusterName::from("eu-1"))));
    eu.well();
    fleet.until(2 * MINUTE, "all to be read", || engine().snapshot().complete).await;
    assert_eq!(engine().unread_hub(), None);

    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    [&eu, &us].into_iter().for_each(intents);
    us.script("", Fault::Down);
    let fleet = Fleet::of_mesh(&[&eu, &us]);
    ticking(&fleet);
    let after = fleet.until(MINUTE, "the others to be told of", || engine_is_complete(&fleet)).await;
    assert!(after.as_secs() >= 30, "{after:?}");
    fleet.wait(MINUTE, &[EU]).await;
}

fn engine_is_complete(fleet: &Fleet) -> bool {
    fleet.engine.lock().snapshot().complete
}

/// Tells the engine the time each second, as the program does.
fn ticking(fleet: &Fleet) {
    let engine = fleet.engine.clone();
    tokio::spawn(async move {
        for second in 0.. {
            engine.lock().tick(portolan::clock::now(), second);
            sleep(std::time::Duration::from_secs(1)).await;
        }
    });
}

/// Ingresses are watched in all clusters as soon as an intent asks for them, wherever it stands; not before.
#[tokio::test(start_paused = true)]
async fn what_an_intent_elsewhere_asks_for_is_watched() {
    let began = Instant::now();
    let ([here, there], eu, us) = of_two().await;
    eu.put(ingress(EU));
    us.put(ingress(US));
    sleep(10 * MINUTE).await;
    [&eu, &us].iter().for_each(|server| assert_eq!(server.asked(began, "/ingresses"), [""; 0]));
    us.put(by_ingress("front", FRONT));
    for fleet in [&here, &there] {
        fleet.until(MINUTE, "the name", || fleet.addresses(FRONT) == BOTH).await;
    }
}
