//! Members followed on scripted servers: what of a cluster outlives our own restart, and what leads to it.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use kube_client::client::Body;
use portolan_kube::api::WORKLOAD;
use portolan_kube::workload::Keep;
use serde_json::{Value, json};

use super::cluster::{Cluster, Reach};
use super::identity::{Known, Said};
use super::member::Door;
use super::past::Past;
use super::*;

/// An API server that answers each request by its method, its path and query, and its body; none: never.
pub(super) fn server(
    answer: impl Fn(&Method, &str, &Value) -> Option<(u16, Value)> + Clone + Send + Sync + 'static,
) -> kube_client::Client {
    let service = tower::service_fn(move |request: Request<Body>| {
        let answer = answer.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.expect("a test's requests have whole bodies").to_bytes();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let Some((code, said)) = answer(&parts.method, &parts.uri.to_string(), &body) else {
                return std::future::pending().await;
            };
            let said = axum::body::Body::from(said.to_string());
            Ok::<_, Infallible>(Response::builder().status(code).body(said).unwrap())
        }
    });
    kube_client::Client::new(service, "default")
}

/// What a cluster answers that has this uid and so many Services, and nothing else.
pub(super) fn cluster(uid: &str, services: usize, path: &str) -> Option<(u16, Value)> {
    let list =
        |items: Vec<Value>| Some((200, json!({ "metadata": { "resourceVersion": "7" }, "items": items })));
    let service =
        |number| json!({ "metadata": { "namespace": "shop", "name": format!("s{number}") }, "spec": {} });
    match path {
        _ if path.starts_with("/api/v1/namespaces?") => {
            list(vec![json!({ "metadata": { "name": "kube-system", "uid": uid } })])
        }
        // Lists are by pages alone, and nothing happens after them.
        _ if path.contains("sendInitialEvents") => Some((422, Value::Null)),
        _ if path.contains("watch=true") => None,
        _ if path.starts_with("/api/v1/services?") => list((0..services).map(service).collect()),
        _ => list(Vec::new()),
    }
}

struct Scripted(kube_client::Client);

impl Dial for Scripted {
    fn dial(&self) -> BoxFuture<'_, Result<kube_client::Client, String>> {
        let client = self.0.clone();
        Box::pin(async { Ok(client) })
    }
}

/// A member that is followed.
pub(super) struct Followed {
    pub(super) reach: Reach,
    pub(super) door: Door,
    holds: Arc<Holds>,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Followed {
    /// Follows a server under a name, on the runtime that this is called on.
    pub(super) fn start(
        name: &str,
        client: kube_client::Client,
        known: &Arc<Known>,
        past: &Arc<Past>,
    ) -> Self {
        let (sender, receiver) = feed::channel();
        let (holds, told) = (Arc::new(Holds::default()), Arc::new(Mutex::new(Vec::new())));
        let tells = told.clone();
        tokio::spawn(feed::give(receiver, move |events| tells.lock().unwrap().extend(events)));
        let (held, keep) = (holds.clone(), Keep::default());
        let asked = Topology::Hub.asks(false, &keep);
        let cluster = Cluster::new(name.into(), asked, keep, Arc::default(), sender, held, past.clone());
        let way = Way::Dialled(Arc::new(Scripted(client)));
        let member = Member::new(way, Arc::new(cluster), false, None, known.clone());
        let (reach, door) = (member.reach(), member.door());
        tokio::spawn(member.run(std::future::pending()));
        Self { reach, door, holds, told }
    }

    /// Waits until something was told.
    pub(super) async fn until(&self, what: &str, is_it: impl Fn(&Event) -> bool) {
        for _ in 0..10_000 {
            if self.told.lock().unwrap().iter().any(&is_it) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "{what} was not told; told were {:?}, held are {:?}",
            self.told.lock().unwrap(),
            self.holds.all()
        );
    }
}

/// The file beside a last good state, of one cluster.
fn noted(state: &Path, name: &ClusterName, uid: &str, services: usize) {
    let past = Past::open(Some(state), true);
    past.note_said(name, &Said { uid: uid.into(), version: 7 });
    past.note_objects(name, WORKLOAD[0], services);
    past.write(true);
}

/// What stands in `FILE.clusters` is held against what comes after our own restart: another cluster behind the same
/// name, and a list that lacks what was there.
#[tokio::test(start_paused = true)]
async fn what_a_cluster_was_before_our_restart_is_held_against_it() {
    let name = ClusterName::from("eu-1");
    let is_heard = |event: &Event| matches!(event, Event::Heard(source) if *source == name);
    let is_held = |event: &Event| {
        let problems = if let Event::Reading(_, problems) = event { &problems[..] } else { &[] };
        problems.iter().any(|problem| problem.reason == portolan_core::Reason::Held)
    };
    // Who it is and what it has now, and what is held of it then.
    for (uid, services, held) in [("u", 3, None), ("v", 3, Some("eu-1")), ("u", 0, Some("eu-1/services"))] {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        noted(&state, &name, "u", 3);
        let past = Past::open(Some(&state), true);
        let client = server(move |_, path, _| cluster(uid, services, path));
        let followed = Followed::start("eu-1", client, &Arc::default(), &past);
        match held {
            None => followed.until("all that it has", is_heard).await,
            Some(_) => followed.until("a hold", is_held).await,
        }
        let ids: Vec<String> = followed.holds.all().into_iter().map(|hold| hold.id).collect();
        assert_eq!(ids, Vec::from_iter(held), "{uid} {services}");
    }
}
