//! F-54: all who watch are started again at once, each with its last good state.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use portolan::clusters::HEAD_START_MAX;
use portolan::engine::Engine;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::fleet::{Fleet, MINUTE, SHOP, intents, member};
use super::server::Server;

/// As many as a mesh is proven with, so that each waits for as long as there is to wait.
const CLUSTERS: usize = 30;
/// Who watch all of them.
const WATCHERS: usize = 5;
/// In each of these they ask at most [`PEAK_MAX`] times as much as when nothing happens.
const WINDOW: Duration = Duration::from_secs(5);
const PEAK_MAX: usize = 5;

/// When API servers were asked, since a time, in order.
fn asked(servers: &[Server], since: Instant) -> Vec<Instant> {
    let mut all: Vec<Instant> = servers.iter().flat_map(|server| server.asked_at(since)).collect();
    all.sort_unstable();
    all
}

/// The most that was asked in one [`WINDOW`].
fn peak(asked: &[Instant]) -> usize {
    let (mut window, mut most) = (VecDeque::new(), 0);
    for at in asked {
        window.push_back(*at);
        while window.front().is_some_and(|first| *at - *first >= WINDOW) {
            window.pop_front();
        }
        most = most.max(window.len());
    }
    most
}

/// A last good state of all clusters.
async fn last_good(servers: &[&Server]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(&folder.path().join("state"), portolan::clock::now()).unwrap();
    let fleet = Fleet::follow_by(engine, servers);
    fleet.until(MINUTE, "all to be read", || fleet.addresses(SHOP).len() == CLUSTERS).await;
    fleet.engine.lock().close().unwrap();
    folder
}

fn with_state(state: &Path, copy: &Path) -> Engine {
    std::fs::copy(state, copy).unwrap();
    let mut engine = Engine::open(copy, portolan::clock::now()).unwrap();
    engine.resume(portolan::clock::now());
    engine
}

#[tokio::test(start_paused = true)]
async fn f_54_who_begins_together_does_not_ask_together() {
    let servers: Vec<Server> =
        (0..CLUSTERS).map(|number| member(&format!("c-{number}"), &format!("192.0.2.{number}"))).collect();
    intents(&servers[0]);
    let all: Vec<&Server> = servers.iter().collect();
    let folder = last_good(&all).await;
    let engines = (0..WATCHERS).map(|number| {
        with_state(&folder.path().join("state"), &folder.path().join(format!("copy-{number}")))
    });
    let began = Instant::now();
    let fleets: Vec<Fleet> = engines.map(|engine| Fleet::follow_by(engine, &all)).collect();
    for fleet in &fleets {
        assert_eq!(fleet.addresses(SHOP).len(), CLUSTERS, "no gap");
        let is_fresh = || fleet.engine.lock().is_fresh();
        fleet.until(HEAD_START_MAX + MINUTE, "all to be heard", is_fresh).await;
    }
    let at_start = peak(&asked(&servers, began));
    sleep(MINUTE).await;
    let (quiet, for_long) = (Instant::now(), 10 * MINUTE);
    sleep(for_long).await;
    let windows = for_long.as_secs() / WINDOW.as_secs();
    let steady = asked(&servers, quiet).len() / usize::try_from(windows).unwrap();
    eprintln!(
        "{WATCHERS} of {CLUSTERS} clusters: {steady} requests in 5 s, at most {at_start} when all begin"
    );
    assert!(at_start <= PEAK_MAX * steady, "{at_start} in 5 s, and {steady} when nothing happens");
}
