//! Kinds of External-DNS' sources, which some clusters have and others lack: off until they are first seen, and never
//! empty because they went.

use std::sync::Arc;

use portolan_core::Reason;
use portolan_kube::sources::Options;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::fleet::{BOTH, EU, Fleet, MINUTE, US, intents, member, slice};
use super::server::{Fault, Server};

const LIST: &str = "/apis/route.openshift.io/v1/routes";
/// Paths of it, and of no other kind.
const ROUTES: &str = "route.openshift.io";
const APP: &str = "app.glb.example";
const APP_IP: &str = "203.0.113.7";

/// Routes are a source, and the zone takes names from any cluster.
fn of_two() -> (Fleet, Server, Server) {
    let (eu, us) = (member("eu-1", EU), member("us-1", US));
    intents(&eu);
    let admit = json!([{"namespaces": ["shop"], "clusters": ["*"], "hosts": ["*.glb.example"]}]);
    let spec =
        json!({"apex": "glb.example", "nameServers": [{"name": "ns1.elsewhere.example"}], "admit": admit});
    eu.put(json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "Zone", "metadata": {"name": "glb"}, "spec": spec,
    }));
    let mut sources = Options::default();
    assert!(sources.set("source", &["openshift-route".to_owned()]).is_empty());
    (Fleet::follow_with(&Arc::new(sources), &[&eu, &us]), eu, us)
}

fn route() -> Value {
    let router = json!({
        "host": APP, "routerName": "default", "routerCanonicalHostname": "router.example.net",
        "conditions": [{"type": "Admitted", "status": "True"}],
    });
    let annotations = json!({"external-dns.alpha.kubernetes.io/target": APP_IP});
    json!({
        "apiVersion": "route.openshift.io/v1", "kind": "Route",
        "metadata": {"namespace": "shop", "name": "app", "annotations": annotations},
        "spec": {"host": APP}, "status": {"ingress": [router]},
    })
}

fn has_app(fleet: &Fleet) -> bool {
    fleet.addresses(APP) == [APP_IP]
}

/// Nobody has it, then one cluster does: nothing was wrong before, and nothing is now.
#[tokio::test(start_paused = true)]
async fn a_source_is_off_until_its_kind_is_first_seen() {
    let (fleet, eu, us) = of_two();
    fleet.wait(MINUTE, &BOTH).await;
    fleet.is_well().await;
    assert!(fleet.engine.lock().snapshot().complete, "nobody waits for it");
    let began = Instant::now();
    sleep(10 * MINUTE).await;
    let asked = us.asked(began, ROUTES).len();
    assert!((8..=21).contains(&asked), "{asked} requests in ten minutes");
    us.have(LIST);
    us.put(route());
    fleet.until(2 * MINUTE, "its name", || has_app(&fleet)).await;
    fleet.is_well().await;
    assert!(!eu.asked(began, ROUTES).is_empty());
    us.delete(&route());
    fleet.until(MINUTE, "it to go", || fleet.addresses(APP).is_empty()).await;
    fleet.is_well().await;
    // With nothing in it, nobody misses it.
    us.lose(ROUTES);
    sleep(10 * MINUTE).await;
    fleet.is_well().await;
}

/// A kind that was there and vanishes from discovery is silent, not empty: what it gave stays, and it is told.
#[tokio::test(start_paused = true)]
async fn a_source_whose_kind_vanishes_keeps_what_it_gave() {
    let (fleet, _, us) = of_two();
    us.put(route());
    fleet.until(2 * MINUTE, "its name", || has_app(&fleet)).await;
    fleet.is_well().await;
    us.lose(ROUTES);
    fleet.until(MINUTE, "it to be told", || !fleet.wrong(Reason::Held).is_empty()).await;
    let held = format!("us-1/routes.{ROUTES}");
    for minute in 0..20 {
        assert!(has_app(&fleet), "after {minute} min");
        assert_eq!(fleet.held().into_iter().collect::<Vec<_>>(), [held.as_str()]);
        sleep(MINUTE).await;
    }
    let told = fleet.wrong(Reason::Held);
    let expected =
        format!("cluster us-1: routes.{ROUTES}: the server has it no more, and lacks 1 of 1 objects; ");
    assert!(told.len() == 1 && told[0].starts_with(&expected), "{told:?}");
    // Its other kinds go on, and so do other clusters.
    us.put(slice(false));
    fleet.wait(MINUTE, &[EU]).await;
    us.put(slice(true));
    fleet.wait(MINUTE, &BOTH).await;
    // It is there again, and has nothing in it: no more believed than before. Then it has what it had.
    us.have(LIST);
    sleep(3 * MINUTE).await;
    assert!(has_app(&fleet) && fleet.held().contains(&held), "{:?}", fleet.held());
    us.put(route());
    fleet.is_well().await;
    assert!(has_app(&fleet));
    // It goes once more, for good, as somebody says.
    us.lose(ROUTES);
    fleet.until(MINUTE, "a hold", || fleet.held().contains(&held)).await;
    assert!(fleet.holds.release(&held));
    fleet.until(MINUTE, "it to go", || fleet.addresses(APP).is_empty()).await;
    fleet.is_well().await;
}

/// Who may not read a source's kind is told so, and is no cluster without it.
#[tokio::test(start_paused = true)]
async fn a_source_that_may_not_be_read_keeps_what_it_gave() {
    let (fleet, _, us) = of_two();
    us.put(route());
    fleet.until(2 * MINUTE, "its name", || has_app(&fleet)).await;
    us.script(ROUTES, Fault::Refuse(403, None)).relist(ROUTES);
    fleet.until(MINUTE, "it to be told", || !fleet.wrong(Reason::Unauthorized).is_empty()).await;
    sleep(10 * MINUTE).await;
    assert!(has_app(&fleet));
    assert!(fleet.wrong(Reason::Unauthorized)[0].starts_with(&format!("cluster us-1: routes.{ROUTES}: ")));
    us.well();
    fleet.is_well().await;
    assert!(has_app(&fleet));
}
