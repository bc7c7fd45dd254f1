//! F-54: many followers of one replica, begun at once. Time is paused, so that a second takes as long as what is asked in it.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures_util::stream::BoxStream;
use portolan_store::kv::memory::Faults;
use portolan_store::kv::{Batch, Outcome, Span, Transaction};

use super::*;

/// How many there are; a replica takes no more than 256.
const FOLLOWERS: usize = 200;
/// In each of these they ask at most [`PEAK_MAX`] times as much as when nothing happens.
const WINDOW: Duration = Duration::from_millis(100);
const PEAK_MAX: usize = 5;

/// A store that notes when it is asked.
struct Counted {
    store: Memory,
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Counted {
    fn note(&self) {
        self.asked.lock().unwrap().push(Instant::now());
    }
}

impl Kv for Counted {
    fn range(&self, span: Span, at: Option<Revision>, limit: usize) -> BoxFuture<'_, Result<Page, KvError>> {
        self.note();
        self.store.range(span, at, limit)
    }

    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.store.transact(transaction)
    }

    fn watch(&self, span: Span, after: Revision) -> BoxStream<'static, Result<Batch, KvError>> {
        self.note();
        self.store.watch(span, after)
    }

    fn accept(&self) {
        self.store.accept();
    }
}

/// Followers with what they know, which outlives their following.
struct Crowd {
    store: Memory,
    faults: Faults,
    engines: Vec<SharedEngine>,
    following: Vec<JoinHandle<()>>,
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Crowd {
    /// All of them follow a store with a name in it.
    async fn new() -> Self {
        let mut control = Engine::new(clock::now());
        control.take(
            [events("", &record("web", "192.0.2.1")), vec![Event::Heard(root())]].concat(),
            clock::now(),
        );
        let store = Memory::new();
        for (name, facts) in control.fleet().names.iter() {
            let (key, value) = fact::encode(&Fact::Name(name.to_name(), Some(facts.to_facts()))).unwrap();
            store.write(&[Operation::Put(key, value.unwrap())]);
        }
        let pulse = Pulse { read_at: Some(clock::now()), ..Pulse::default() };
        let (key, value) = fact::encode_pulse(&pulse).unwrap();
        store.write(&[Operation::Put(key, value)]);
        let engine = || {
            let mut engine = Engine::new(clock::now());
            engine.follow_stream("memory".to_owned());
            SharedEngine::new(engine)
        };
        let (faults, asked) = (store.faults(), Arc::default());
        let engines = std::iter::repeat_with(engine).take(FOLLOWERS).collect();
        let mut crowd = Self { store, faults, engines, following: Vec::new(), asked };
        crowd.begin();
        sleep(Duration::from_secs(10)).await;
        assert!(crowd.engines.iter().all(|engine| engine.lock().snapshot().complete));
        crowd
    }

    /// All begin at once, with what they knew.
    fn begin(&mut self) {
        self.following.drain(..).for_each(|following| following.abort());
        let start = |engine: &SharedEngine| {
            let kv = Arc::new(Counted { store: self.store.another(), asked: self.asked.clone() });
            let following = Following::new("memory".to_owned(), kv, engine.clone(), Arc::default());
            tokio::spawn(following.run())
        };
        self.following = self.engines.iter().map(start).collect();
    }

    /// How often they ask in this time: in all, and at most in one [`WINDOW`].
    async fn asked_in(&self, time: Duration) -> (usize, usize) {
        self.asked.lock().unwrap().clear();
        sleep(time).await;
        let (mut window, mut most) = (VecDeque::new(), 0);
        let all = self.asked.lock().unwrap().clone();
        for at in &all {
            window.push_back(*at);
            while window.front().is_some_and(|first| *at - *first >= WINDOW) {
                window.pop_front();
            }
            most = most.max(window.len());
        }
        (all.len(), most)
    }
}

#[tokio::test(start_paused = true)]
async fn f_54_who_begins_together_does_not_ask_together() {
    let mut crowd = Crowd::new().await;
    crowd.begin();
    sleep(Duration::from_secs(10)).await;
    let minute = Duration::from_secs(60);
    let (asked, _) = crowd.asked_in(minute).await;
    let steady = asked * usize::try_from(WINDOW.as_millis()).unwrap() / 60_000;
    assert!(steady >= FOLLOWERS / 20, "they look each second: {steady}");
    crowd.begin();
    let (_, began) = crowd.asked_in(minute).await;
    // And a replica that cannot be reached for a while, which all find out when they look.
    crowd.faults.unreachable(true);
    let (_, lost) = crowd.asked_in(minute).await;
    crowd.faults.unreachable(false);
    let (_, found) = crowd.asked_in(minute).await;
    eprintln!(
        "{FOLLOWERS} followers: {steady} questions in 100 ms, at most {began} when all begin, {lost} and {found} around a loss"
    );
    assert!(began.max(lost).max(found) <= PEAK_MAX * steady, "{steady}: {began}, {lost}, {found}");
    assert!(crowd.engines.iter().all(|engine| engine.lock().followed_stream().unwrap().behind == Some(0)));
}
