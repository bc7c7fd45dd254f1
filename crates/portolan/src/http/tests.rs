//! What `/readyz` says, in each state that a server can be in.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use portolan_core::ClusterName;
use portolan_kube::api::Topology;
use tower::ServiceExt as _;

use super::*;
use crate::engine::tests::events;
use crate::engine::{Engine, Event, UNREAD_MAX, root};

const NOW: i64 = 1_700_000_000;
const NOT_YET: &str =
    "not everything was read yet (`portolan status` says what), and there is no last good state\n";
const HUB: &str = "the hub eu-1 was not read since the start: which names there are is not known\n";
const EU: &str = "cluster eu-1 was not read since the start\n";
const US: &str = "cluster us-1 was not read since the start\n";

/// A server, as far as it tells how it is.
struct Server {
    engine: SharedEngine,
    health: Health,
}

impl Server {
    fn new(engine: Engine) -> Self {
        let health = Health::new(engine.published());
        Self { engine: SharedEngine::new(engine), health }
    }

    /// One that follows the hub `eu-1` and `us-1`, and has read neither.
    fn following(engine: Engine) -> Self {
        let server = Self::new(engine);
        server.engine.lock().has_hub("eu-1".into(), Topology::Hub);
        server.take(["eu-1", "us-1"].map(|name| Event::Followed(name.into())).into());
        server
    }

    fn take(&self, events: Vec<Event>) {
        self.engine.lock().take(events, NOW);
    }

    fn heard(&self, sources: &[&str]) {
        for source in sources.iter().map(|name| ClusterName::from(*name)) {
            self.take(vec![Event::Reached(source.clone()), Event::Heard(source)]);
        }
    }

    /// So many seconds later.
    fn after(&self, seconds: i64) {
        self.engine.lock().tick(NOW + seconds, seconds);
    }

    fn asked(&self) -> Asked {
        let (engine, health) = (self.engine.clone(), self.health.clone());
        Asked {
            health,
            engine,
            counters: None,
            publishers: Vec::new(),
            webhook: None,
            gate: Gate::always_open(),
        }
    }

    async fn check(&self, code: u16, said: &[&str]) {
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        let response = routes(self.asked()).oneshot(request).await.unwrap();
        let found = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!((found, String::from_utf8_lossy(&body).into_owned()), (code, said.concat()));
    }
}

#[tokio::test]
async fn a_folder_is_waited_for_and_is_missed_by_nobody() {
    let server = Server::new(Engine::new(NOW));
    server.check(503, &[NOT_YET]).await;
    server.take(vec![Event::Silent(root())]);
    server.after(100 * UNREAD_MAX);
    server.check(503, &[NOT_YET]).await;
    server.heard(&["eu-1", ""]);
    server.check(200, &["ok\n"]).await;
    server.take(vec![Event::Silent("eu-1".into()), Event::Silent(root())]);
    server.check(200, &["ok\n"]).await;
    server.health.drain();
    server.check(503, &["stopping\n"]).await;
}

#[tokio::test]
async fn a_cluster_that_is_never_read_is_waited_for_for_a_while() {
    let server = Server::following(Engine::new(NOW));
    server.check(503, &[NOT_YET, HUB, EU, US]).await;
    server.heard(&["eu-1", ""]);
    server.check(503, &[NOT_YET, US]).await;
    server.after(UNREAD_MAX - 1);
    server.check(503, &[NOT_YET, US]).await;
    server.after(UNREAD_MAX);
    server.check(200, &["ok\n", US]).await;
    server.health.drain();
    server.check(503, &["stopping\n", US]).await;
}

/// Nobody knows which names there are before the hub was read; and it may be cut off for ever after.
#[tokio::test]
async fn a_hub_that_is_cut_off_is_waited_for_unless_it_was_read() {
    let server = Server::following(Engine::new(NOW));
    server.heard(&["us-1"]);
    server.after(100 * UNREAD_MAX);
    server.check(503, &[NOT_YET, HUB, EU]).await;
    // What it runs was read, and of its intents something is missing, a right say.
    server.heard(&["eu-1"]);
    server.check(503, &[NOT_YET, HUB]).await;
    server.heard(&[""]);
    server.check(200, &["ok\n"]).await;
    server.take(["eu-1", "", "us-1"].map(|name| Event::Silent(name.into())).into());
    server.after(200 * UNREAD_MAX);
    server.check(200, &["ok\n"]).await;
}

#[tokio::test]
async fn who_has_a_last_good_state_is_ready_and_says_what_it_rests_on() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let zone =
        "\napiVersion: portolan.dev/v1alpha1\nkind: Zone\nmetadata: {name: glb}\nspec: {apex: glb.example}\n";
    let mut before = Engine::open(&state, NOW).unwrap();
    before.take([events("", zone), vec![Event::Heard("eu-1".into()), Event::Heard(root())]].concat(), NOW);
    before.close().unwrap();
    drop(before);
    let mut engine = Engine::open(&state, NOW).unwrap();
    engine.resume(NOW);
    let server = Server::following(engine);
    server.check(200, &["ok\n", HUB, EU, US]).await;
    server.heard(&["eu-1", "us-1", ""]);
    server.check(200, &["ok\n"]).await;
}

#[tokio::test]
async fn many_that_were_not_read_are_told_of_in_bounds_and_plainly() {
    let server = Server::new(Engine::new(NOW));
    let name = |number: usize| ClusterName::from(&*format!("c{number:02}\x1b[31m"));
    let followed = (0..UNREAD_TOLD_MAX + 5).map(|number| Event::Followed(name(number)));
    server.take(followed.chain([Event::Heard(root())]).collect());
    let told = (0..UNREAD_TOLD_MAX)
        .map(|number| format!("cluster c{number:02}\\u{{1b}}[31m was not read since the start\n"));
    server.check(503, &[NOT_YET, &told.collect::<String>(), "and 5 more\n"]).await;
}

/// Who asks has no time to wait for a batch.
#[test]
fn a_busy_server_says_at_once_whether_it_is_ready() {
    let server = Server::following(Engine::new(NOW));
    let doors = doors(server.asked());
    let _busy = server.engine.lock();
    assert_eq!((doors.ready)(), Err(NOT_YET.to_owned()));
}
