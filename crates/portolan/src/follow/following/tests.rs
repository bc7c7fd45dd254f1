//! A follower of a store in memory, which is cut off, forgets, and is damaged.

use std::time::Duration;

use portolan_store::feed::Feed;
use portolan_store::kv::Operation;
use portolan_store::kv::memory::Memory;
use tokio::task::JoinHandle;

use tokio::time::Instant;

use super::*;
use crate::engine::tests::events;
use crate::engine::{Engine, Event, root};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

fn record(name: &str, address: &str) -> String {
    format!(
        "
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {{name: {name}, namespace: shop}}
spec: {{endpoints: [{{dnsName: {name}.glb.example, recordType: A, targets: [{address}]}}]}}
"
    )
}

/// Who decides, who follows, and what is between them.
struct Stage {
    control: Engine,
    feed: Arc<Feed>,
    follower: SharedEngine,
    holds: Arc<Holds>,
    following: JoinHandle<()>,
}

impl Stage {
    fn new() -> Self {
        let feed = Arc::new(Feed::start().unwrap());
        let mut control = Engine::new(clock::now());
        control.tell_stream(&feed, Default::default());
        let (mut engine, holds) = (Engine::new(clock::now()), Arc::new(Holds::default()));
        engine.follow_stream("memory".to_owned());
        let follower = SharedEngine::new(engine);
        let kv: Arc<dyn Kv> = Arc::new(feed.memory().another());
        let following = Following::new("memory".to_owned(), kv, follower.clone(), holds.clone());
        let following = tokio::spawn(following.run());
        Self { control, feed, follower, holds, following }
    }

    fn memory(&self) -> &Memory {
        self.feed.memory()
    }

    /// Control's facts are these from now on, too.
    fn tells(&mut self, text: &str) {
        let now = clock::now();
        self.control.take([events("", text), vec![Event::Heard(root())]].concat(), now);
        self.feed.pulse(self.control.pulse().unwrap());
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&Engine) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(&self.follower.lock()) {
            assert!(Instant::now() < until, "waited in vain for {what}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the follower has what control has.
    async fn wait_for_all(&self) {
        self.wait("the same facts", |follower| follower.fleet() == self.control.fleet()).await;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.following.abort();
    }
}

mod away;
mod together;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_before_it_is_whole_and_then_all_is() {
    let mut stage = Stage::new();
    stage
        .wait("a reason", |follower| follower.problems().iter().any(|p| p.reason == Reason::Incomplete))
        .await;
    assert!(!stage.follower.lock().snapshot().complete);
    stage.tells(&record("web", "192.0.2.1"));
    stage.wait_for_all().await;
    stage.wait("an end of it", |follower| follower.problems().is_empty() && follower.is_fresh()).await;
    stage.tells(&record("api", "192.0.2.2"));
    stage.wait_for_all().await;
    assert_eq!(stage.follower.lock().fleet().names.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_cut_off_goes_on_and_who_is_too_far_behind_takes_the_whole() {
    let mut stage = Stage::new();
    stage.tells(&record("web", "192.0.2.1"));
    stage.wait_for_all().await;
    let faults = stage.memory().faults();
    faults.unreachable(true);
    stage.wait("a loss", |follower| follower.followed_stream().unwrap().behind.is_none()).await;
    stage.tells(&record("web", "192.0.2.2"));
    faults.unreachable(false);
    stage.wait_for_all().await;

    faults.unreachable(true);
    let before = stage.memory().revision();
    for last in 3..200 {
        stage.tells(&record("web", &format!("192.0.2.{last}")));
        stage.tells(&record(&format!("n{last}"), "192.0.2.1"));
    }
    let until = Instant::now() + PATIENCE;
    while stage.memory().revision() < before + 3 {
        assert!(Instant::now() < until, "changes are not told");
        sleep(Duration::from_millis(5)).await;
    }
    faults.compact(stage.memory().revision());
    faults.unreachable(false);
    stage.wait_for_all().await;
    stage.wait("being up to date", |follower| follower.followed_stream().unwrap().behind == Some(0)).await;
}

/// What is not understood says nothing: the fact stays what it was, and all others are taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_value_changes_nothing() {
    let mut stage = Stage::new();
    stage.tells(&record("web", "192.0.2.1"));
    stage.wait_for_all().await;
    let key = b"portolan/name/web.glb.example.".to_vec();
    stage.memory().write(&[Operation::Put(key, b"nonsense".to_vec())]);
    stage.tells(&record("api", "192.0.2.2"));
    stage.wait_for_all().await;
    // The whole has it too.
    let faults = stage.memory().faults();
    faults.unreachable(true);
    let before = stage.memory().revision();
    stage.tells(&record("new", "192.0.2.3"));
    let until = Instant::now() + PATIENCE;
    while stage.memory().revision() == before {
        assert!(Instant::now() < until, "a change is not told");
        sleep(Duration::from_millis(5)).await;
    }
    faults.compact(stage.memory().revision());
    faults.unreachable(false);
    stage.wait_for_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_version_is_told_and_takes_nothing_away() {
    let mut stage = Stage::new();
    stage.tells(&record("web", "192.0.2.1"));
    stage.wait_for_all().await;
    stage.memory().write(&[Operation::Put(b"portolan/pulse".to_vec(), vec![99, 0, 0])]);
    let is_told = |follower: &Engine| {
        follower.problems().iter().any(|problem| problem.message.contains("format version 99"))
    };
    stage.wait("a reason", is_told).await;
    assert_eq!(stage.follower.lock().fleet().names.len(), 1);
    assert_eq!(stage.holds.all(), []);
}
