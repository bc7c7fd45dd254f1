//! A second writer, and writes that are refused: F-35.

use std::time::Duration;

use portolan_core::Reason;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::fleet::{BOTH, EU, Fleet, MINUTE, SHOP, US, global_name, intents, member, slice};
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
    // One that somebody else writes meanwhile, and one that nobody touches again.
    for name in ["n0", "n1"] {
        eu.put(global_name(name, &format!("{name}.glb.example")));
    }
    sleep(Duration::from_secs(2)).await;
    assert_eq!(has_status(&eu), 0);
    eu.well();
    let mut name = eu.get(&global_name("n0", "n0.glb.example")).unwrap();
    name["metadata"]["labels"] = json!({"edited": "yes"});
    eu.put(name);
    fleet.until(MINUTE, "their statuses", || has_status(&eu) == 2).await;
    let there = eu.get(&global_name("n0", "n0.glb.example")).unwrap();
    assert_eq!(there["metadata"]["labels"]["edited"], "yes", "what others wrote stays");
}

/// A status is written from what the watch gave, and its object is asked for only where that is not the latest.
#[tokio::test(start_paused = true)]
async fn a_status_costs_one_request_unless_its_object_has_changed() {
    let (fleet, eu, _) = Fleet::of_two().await;
    fleet
        .until(MINUTE, "the first statuses", || {
            eu.get(&global_name("shop", SHOP)).is_some_and(|there| there["status"].is_object())
        })
        .await;
    sleep(Duration::from_secs(5)).await;
    let began = Instant::now();
    names().for_each(|name| _ = eu.put(name));
    fleet.until(MINUTE, "every status", || has_status(&eu) == NAMES).await;
    let asked =
        |method: &str| eu.asked(began, &format!("{method} /apis/portolan.dev/v1alpha1/namespaces/")).len();
    assert_eq!((asked("PUT"), asked("GET")), (NAMES, 0));
    // Somebody edits one, and its watch does not tell of it in time.
    let quiet = |edit: &str| {
        let mut name = eu.get(&global_name("n0", "n0.glb.example")).unwrap();
        name["metadata"]["labels"] = json!({"edited": edit});
        name["spec"]["hosts"] = json!([format!("{edit}.glb.example")]);
        eu.put_quietly(name)
    };
    let first = quiet("one");
    quiet("two");
    sleep(Duration::from_secs(5)).await;
    eu.say(&first);
    fleet.until(MINUTE, "the name", || fleet.addresses("one.glb.example") == BOTH).await;
    fleet.until(MINUTE, "a conflict", || asked("PUT") == NAMES + 2).await;
    assert_eq!(asked("GET"), 1);
    let there = eu.get(&global_name("n0", "n0.glb.example")).unwrap();
    assert_eq!(there["metadata"]["labels"]["edited"], "two", "what others wrote stays");
}

/// Statuses are written eight at once: a slow API server is waited for neither by all nor one by one.
#[tokio::test(start_paused = true)]
async fn eight_statuses_are_written_at_once() {
    const LATE: Duration = Duration::from_secs(5);
    let (fleet, eu, _) = Fleet::of_two().await;
    fleet
        .until(MINUTE, "the first statuses", || {
            eu.get(&global_name("shop", SHOP)).is_some_and(|there| there["status"].is_object())
        })
        .await;
    sleep(Duration::from_secs(5)).await;
    eu.script("PUT ", Fault::Slow(LATE));
    let began = Instant::now();
    names().for_each(|name| _ = eu.put(name));
    let asked = || eu.asked(began, "PUT ").len();
    fleet.until(MINUTE, "a write", || asked() > 0).await;
    for round in 1..=3 {
        sleep(LATE / 2).await;
        assert_eq!(asked(), 8 * round);
        sleep(LATE / 2).await;
    }
    fleet.until(MINUTE, "every status", || has_status(&eu) == NAMES).await;
    assert_eq!(asked(), NAMES);
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

/// What is wrong with an object that nobody can read stands in its own status, though the schema let it pass.
#[tokio::test(start_paused = true)]
async fn b_23_what_is_refused_from_the_first_reading_on_says_so() {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    let mut wrong = global_name("wrong", "wrong.glb.example");
    wrong["spec"]["hosts"] = json!(7);
    wrong["metadata"]["generation"] = json!(4);
    eu.put(wrong.clone());
    let record = json!({
        "apiVersion": "multiclusterdns.kubefed.io/v1alpha1", "kind": "ServiceDNSRecord",
        "metadata": {"namespace": "shop", "name": "web"}, "spec": {"domainRef": 7},
    });
    eu.put(record.clone());
    let began = Instant::now();
    let fleet = Fleet::follow(&[&eu, &us]);
    let accepted = |object: &Value| {
        let conditions = eu.get(object)?["status"]["conditions"].clone();
        conditions.as_array()?.iter().find(|condition| condition["type"] == "Accepted").cloned()
    };
    fleet.until(2 * MINUTE, "its status", || accepted(&wrong).is_some()).await;
    let found = accepted(&wrong).unwrap();
    assert_eq!((&found["status"], &found["observedGeneration"]), (&json!("False"), &json!(4)), "{found}");
    assert!(found["message"].as_str().unwrap().starts_with("spec.hosts: "), "{found}");
    // KubeFed's have no room for it, so it is an event alone; each is told once.
    let events = || eu.asked(began, "POST /apis/events.k8s.io/").len();
    fleet.until(MINUTE, "an event of each", || events() == 2).await;
    fleet.stays(10 * MINUTE).await;
    assert_eq!(events(), 2);
    assert_eq!(eu.get(&record).unwrap()["status"], Value::Null);
    // Its author mends it.
    let mut mended = eu.get(&wrong).unwrap();
    mended["spec"]["hosts"] = json!(["wrong.glb.example"]);
    eu.put(mended);
    fleet.until(MINUTE, "it to be taken", || accepted(&wrong).unwrap()["status"] == "True").await;
}

/// Some admission webhook never takes the status of one namespace's objects.
#[tokio::test(start_paused = true)]
async fn what_is_refused_for_ever_holds_up_nobody() {
    let (fleet, eu, _) = Fleet::of_two().await;
    for number in 0..NAMES {
        eu.script(&format!("globalnames/n{number}/status"), Fault::Refuse(422, None));
        let name = format!("z{number}");
        eu.put(global_name(&format!("n{number}"), &format!("n{number}.glb.example")));
        eu.put(global_name(&name, &format!("{name}.glb.example")));
    }
    let others = || (0..NAMES).map(|number| global_name(&format!("z{number}"), "any"));
    let is_written = |name: &Value| eu.get(name).is_some_and(|there| there["status"].is_object());
    fleet.until(MINUTE, "the statuses of the others", || others().all(|name| is_written(&name))).await;
    // Those that are refused are tried again, a few at a time.
    let began = Instant::now();
    fleet.stays(10 * MINUTE).await;
    let writes = eu.asked(began, "PUT ").len();
    assert!((NAMES..600).contains(&writes), "{writes} writes in ten minutes");
}

/// DESIGN section 2: in each group that the hub has; and a group that comes later is filled.
#[tokio::test(start_paused = true)]
async fn records_stand_in_every_group_that_the_hub_has() {
    const KUBEFED: &str = "multiclusterdns.kubefed.io/v1alpha1";
    let of = |api_version: &str| {
        json!({
            "apiVersion": api_version, "kind": "DNSEndpoint",
            "metadata": {"namespace": "shop", "name": "global-shop"},
        })
    };
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    eu.lose("multiclusterdns");
    let fleet = Fleet::follow(&[&eu, &us]);
    let ours = of("externaldns.k8s.io/v1alpha1");
    let began = Instant::now();
    fleet.until(2 * MINUTE, "our object", || eu.get(&ours).is_some()).await;
    assert_eq!(
        eu.asked(began, "POST /apis/multiclusterdns"),
        [""; 0],
        "nothing is written to what is not there"
    );
    eu.have("/apis/multiclusterdns.kubefed.io/v1alpha1/dnsendpoints");
    fleet.until(5 * MINUTE, "its copy", || eu.get(&of(KUBEFED)).is_some()).await;
    let spec = |object: &Value| eu.get(object).unwrap()["spec"].clone();
    assert_eq!(spec(&ours), spec(&of(KUBEFED)));
    // Each follows what is wanted, and is put back where it is missing.
    eu.delete(&of(KUBEFED));
    fleet.until(MINUTE, "it to be back", || eu.get(&of(KUBEFED)).is_some()).await;
    us.put(slice(false));
    let follows = || spec(&of(KUBEFED))["endpoints"][0]["targets"] == json!([EU]);
    fleet.until(MINUTE, "the copy to follow", follows).await;
    eu.delete(&global_name("shop", SHOP));
    fleet.until(MINUTE, "both to go", || eu.get(&ours).is_none() && eu.get(&of(KUBEFED)).is_none()).await;
}

/// B-34: what was found out of an object that is gone is not written into the one that has its name now.
#[tokio::test(start_paused = true)]
async fn b_34_an_object_that_is_made_anew_meanwhile_does_not_get_the_status_of_the_old() {
    let (fleet, eu, _) = Fleet::of_two().await;
    let name = || global_name("n0", "n0.glb.example");
    let status = || eu.get(&name()).unwrap()["status"].clone();
    eu.script("globalnames/n0", Fault::Slow(Duration::from_secs(5)));
    eu.put(name());
    let began = Instant::now();
    fleet.until(MINUTE, "a write", || !eu.asked(began, "PUT ").is_empty()).await;
    // Nobody tells us of it yet.
    let events = [eu.delete_quietly(&name()), eu.put_quietly(name())];
    sleep(Duration::from_secs(10)).await;
    assert_eq!(status(), Value::Null, "it is another object");
    eu.well();
    events.iter().for_each(|event| eu.say(event));
    fleet.until(MINUTE, "its own status", || status().is_object()).await;
}
