//! A store in memory with all its faults, followed into an engine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use portolan_core::RecordType;
use portolan_core::record::Present;
use portolan_store::kv::memory::{Faults, Memory};
use portolan_store::kv::{Batch, KvError, Operation, Outcome, Page, Revision, Span, Transaction};
use tokio::sync::watch;

use super::*;
use crate::clock;
use crate::engine::Engine;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

type Batches = BoxStream<'static, Result<Batch, KvError>>;

/// A store whose watches can be made deaf: what happens meanwhile is forgotten.
struct Deaf {
    store: Memory,
    is_deaf: watch::Sender<bool>,
    /// How many watches know it.
    know: Arc<AtomicUsize>,
}

impl Deaf {
    fn new(store: Memory) -> Self {
        Self { store, is_deaf: watch::Sender::new(false), know: Arc::default() }
    }

    /// Has something happen that no watch tells of.
    async fn unheard(&self, what: impl Future<Output = ()>) {
        self.is_deaf.send_replace(true);
        wait("a deaf watch", || self.know.load(Ordering::Relaxed) > 0).await;
        what.await;
        self.is_deaf.send_replace(false);
    }
}

impl Kv for Deaf {
    fn range(&self, span: Span, at: Option<Revision>, limit: usize) -> BoxFuture<'_, Result<Page, KvError>> {
        self.store.range(span, at, limit)
    }

    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.store.transact(transaction)
    }

    fn watch(&self, span: Span, after: Revision) -> Batches {
        let watch = (self.store.watch(span, after), self.is_deaf.subscribe());
        let know = self.know.clone();
        let next = move |watch: Option<(Batches, watch::Receiver<bool>)>| {
            let know = know.clone();
            async move {
                let (mut batches, mut is_deaf) = watch?;
                tokio::select! {
                    biased;
                    () = async { drop(is_deaf.wait_for(|is_deaf| *is_deaf).await) } => {
                        know.fetch_add(1, Ordering::Relaxed);
                        drop(is_deaf.wait_for(|is_deaf| !is_deaf).await);
                        Some((Err(KvError::Compacted(1)), None))
                    }
                    batch = batches.next() => Some((batch?, Some((batches, is_deaf)))),
                }
            }
        };
        stream::unfold(Some(watch), next).boxed()
    }

    fn accept(&self) {
        self.store.accept();
    }
}

/// A process that follows a store.
struct Stage {
    store: Memory,
    deaf: Arc<Deaf>,
    engine: SharedEngine,
    holds: Arc<Holds>,
    past: Arc<Past>,
    task: tokio::task::JoinHandle<()>,
}

fn setup() -> Arc<Setup> {
    Arc::new(Setup { zones: ["keys.example".parse().unwrap()].into(), ..Setup::default() })
}

impl Stage {
    fn new(store: &Memory) -> Self {
        Self::with(store, Engine::new(clock::now()).with_keys(&setup()), None)
    }

    fn with_state(store: &Memory, state: &Path) -> Self {
        let mut engine = Engine::open(state, clock::now()).unwrap().with_keys(&setup());
        engine.resume(clock::now());
        Self::with(store, engine, Some(state))
    }

    fn with(store: &Memory, engine: Engine, state: Option<&Path>) -> Self {
        let past = Past::open(state, engine.state_from().is_some(), "memory");
        let engine = SharedEngine::new(engine);
        let holds = Arc::new(Holds::default());
        let deaf = Arc::new(Deaf::new(store.another()));
        let way = Way { name: "memory".into(), kv: deaf.clone() };
        let follow = follow::Follow::new(way, setup(), engine.clone(), holds.clone(), past.clone(), true);
        let task = tokio::spawn(follow.run());
        Self { store: store.clone(), deaf, engine, holds, past, task }
    }

    fn faults(&self) -> Faults {
        self.store.faults()
    }

    fn address(&self, name: &str) -> Option<String> {
        let name: Name = format!("{name}.keys.example").parse().unwrap();
        let snapshot = self.engine.lock().snapshot();
        let data = snapshot.records(name.borrowed())?.pool(RecordType::A)?.set().data().next()?;
        Some(Present(RecordType::A, data).to_string())
    }

    async fn has(&self, name: &str, address: Option<&str>) {
        wait(&format!("{name} to be {address:?}"), || self.address(name).as_deref() == address).await;
    }

    /// It follows once everything was taken.
    async fn is_complete(&self) {
        wait("everything to be known", || self.engine.lock().snapshot().complete).await;
    }

    async fn is_held(&self, id: &str) -> String {
        wait(id, || self.holds.all().iter().any(|hold| hold.id == id)).await;
        self.holds.all().into_iter().find(|hold| hold.id == id).unwrap().why
    }

    fn problems(&self) -> String {
        self.engine.lock().problems().iter().map(|problem| format!("{problem}\n")).collect()
    }

    /// Ends it as a process does that is stopped in good order.
    async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
        self.past.write();
        self.engine.lock().close().unwrap();
    }
}

async fn wait(what: &str, is_so: impl Fn() -> bool) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(tokio::time::Instant::now() < until, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn key(name: &str) -> Vec<u8> {
    format!("/skydns/example/keys/{name}").into_bytes()
}

async fn put(store: &Memory, name: &str, address: &str) {
    write(store, vec![Operation::Put(key(name), format!(r#"{{"host":"{address}"}}"#).into_bytes())]).await;
}

async fn write(store: &Memory, operations: Vec<Operation>) {
    let transaction = Transaction { compares: Vec::new(), operations };
    // A client that has seen nothing of the store going back.
    store.another().transact(transaction).await.unwrap();
}

/// A store with so many names.
async fn store_of(names: usize) -> Memory {
    let store = Memory::new();
    for nth in 0..names {
        put(&store, &format!("n{nth}"), &format!("192.0.2.{nth}")).await;
    }
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_a_store_is_answered_and_followed() {
    let store = store_of(3).await;
    let stage = Stage::new(&store);
    stage.has("n1", Some("192.0.2.1")).await;
    stage.is_complete().await;
    put(&store, "n1", "192.0.2.77").await;
    put(&store, "new", "192.0.2.78").await;
    write(&store, vec![Operation::Delete(key("n2"))]).await;
    stage.has("n1", Some("192.0.2.77")).await;
    stage.has("new", Some("192.0.2.78")).await;
    stage.has("n2", None).await;
    assert_eq!((stage.holds.all(), stage.problems()), (vec![], String::new()));
}

/// F-18, as a server sees it.
#[tokio::test(flavor = "multi_thread")]
async fn f_18_a_store_that_is_gone_takes_nothing_away_over_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let store = store_of(3).await;
    let stage = Stage::with_state(&store, &state);
    stage.has("n1", Some("192.0.2.1")).await;
    stage.is_complete().await;
    stage.faults().unreachable(true);
    stage.stop().await;

    let stage = Stage::with_state(&store, &state);
    wait("a problem", || stage.problems().contains("Silent")).await;
    assert!(stage.problems().contains("memory: Silent: the store is not reached"), "{}", stage.problems());
    assert_eq!(stage.address("n1").as_deref(), Some("192.0.2.1"));
    assert!(stage.engine.lock().snapshot().complete);
    stage.faults().unreachable(false);
    put(&store, "n1", "192.0.2.77").await;
    stage.has("n1", Some("192.0.2.77")).await;
    wait("no problem", || stage.problems().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_19_what_was_forgotten_is_read_again_as_a_whole() {
    let store = store_of(3).await;
    let stage = Stage::new(&store);
    stage.has("n1", Some("192.0.2.1")).await;
    let changes = async {
        put(&store, "n1", "192.0.2.77").await;
        write(&store, vec![Operation::Delete(key("n2"))]).await;
    };
    stage.deaf.unheard(changes).await;
    stage.has("n1", Some("192.0.2.77")).await;
    stage.has("n2", None).await;
    assert_eq!(stage.holds.all(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_21_a_store_that_was_restored_is_held_until_somebody_says_so() {
    let store = store_of(12).await;
    let stage = Stage::new(&store);
    stage.has("n11", Some("192.0.2.11")).await;
    stage.faults().restore(6);
    let why = stage.is_held(STORE_HOLD).await;
    assert!(why.contains("the store went back from revision 12 to 6"), "{why}");
    put(&store, "n1", "192.0.2.77").await;
    assert!(stage.problems().contains("Held"), "{}", stage.problems());
    assert_eq!(stage.address("n1").as_deref(), Some("192.0.2.1"));
    assert!(stage.holds.release(STORE_HOLD));
    stage.has("n1", Some("192.0.2.77")).await;
    stage.has("n11", None).await;
    wait("no hold", || stage.holds.all().is_empty()).await;
    // It is followed as any other.
    put(&store, "n2", "192.0.2.78").await;
    stage.has("n2", Some("192.0.2.78")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_21_one_that_was_restored_while_nobody_looked_is_known_too() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let store = store_of(12).await;
    let stage = Stage::with_state(&store, &state);
    stage.has("n11", Some("192.0.2.11")).await;
    stage.stop().await;
    store.faults().restore(11);
    let stage = Stage::with_state(&store, &state);
    stage.is_held(STORE_HOLD).await;
    assert_eq!(stage.address("n11").as_deref(), Some("192.0.2.11"));
    // It is what it was again, by itself.
    put(&store, "n11", "192.0.2.11").await;
    wait("no hold", || stage.holds.all().is_empty()).await;
    assert_eq!(stage.address("n11").as_deref(), Some("192.0.2.11"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f_22_an_emptied_store_is_held_and_released() {
    let store = store_of(12).await;
    let stage = Stage::new(&store);
    stage.has("n11", Some("192.0.2.11")).await;
    // Emptied while nobody could look, and forgotten: a list is all there is.
    let deletes = (0..12).map(|nth| Operation::Delete(key(&format!("n{nth}")))).collect();
    stage.deaf.unheard(write(&store, deletes)).await;
    let id = "etcd:/skydns";
    let why = stage.is_held(id).await;
    assert!(why.contains("a new list lacks 12 of 12 keys"), "{why}");
    assert_eq!(stage.address("n3").as_deref(), Some("192.0.2.3"));
    put(&store, "n3", "192.0.2.77").await;
    stage.has("n3", Some("192.0.2.77")).await;
    assert!(stage.holds.release(id));
    stage.has("n4", None).await;
    assert_eq!(stage.address("n3").as_deref(), Some("192.0.2.77"));
    wait("no hold", || stage.holds.all().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b_38_bad_values_cost_themselves_and_are_told() {
    let store = store_of(2).await;
    for (name, value) in [
        ("json", "{"),
        ("array", "[]"),
        ("host", "{}"),
        ("port", r#"{"host":"192.0.2.1","port":70000}"#),
        ("ttl", r#"{"host":"192.0.2.1","ttl":-5}"#),
        ("priority", r#"{"host":"192.0.2.1","priority":"1"}"#),
        ("/empty", r#"{"host":"192.0.2.1"}"#),
        ("../up", r#"{"host":"192.0.2.1"}"#),
        ("Upper", r#"{"host":"192.0.2.1"}"#),
        ("star/*/x", r#"{"host":"192.0.2.1"}"#),
    ] {
        write(&store, vec![Operation::Put(key(name), value.as_bytes().to_vec())]).await;
    }
    store.faults().put_leased(&key("long"), &vec![b' '; 10 << 20], 600);
    let stage = Stage::new(&store);
    stage.has("n1", Some("192.0.2.1")).await;
    let state = stage.engine.lock().keys_state().unwrap();
    assert_eq!((state.keys, state.faulty), (2, 11));
    let told = stage.problems();
    assert!(
        told.contains("key /skydns/example/keys/port: Invalid: port 70000 is not a whole number"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 11, "{told}");
}
