//! From the tasks that follow clusters to the engine, in batches.
//!
//! Who has something to tell first waits for its turn, and then tells it without waiting: so a lock that keeps
//! things in order is never held while somebody waits. While the engine is busy there are no turns, and the
//! tasks wait, and their servers.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use portolan_core::ClusterName;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout_at};

use crate::clock;
use crate::engine::{Event, SharedEngine};

/// How long after the first event others are waited for: a rollout changes many objects at once.
pub const GATHER: Duration = Duration::from_millis(10);
/// Most events of a batch.
pub const BATCH_MAX: usize = 20_000;
/// Most messages that wait; then the tasks that follow clusters wait, and their servers.
const WAITING_MAX: usize = 1_024;

/// What a task tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What changed.
    pub(super) events: Vec<Event>,
    /// Sources that were just found there, with nothing new.
    pub(super) seen: Vec<ClusterName>,
}

/// Where tasks tell.
#[derive(Clone, Debug)]
pub(super) struct Sender(mpsc::Sender<Told>);

/// Room for one message.
pub(super) struct Turn<'s>(Option<mpsc::Permit<'s, Told>>);

impl Sender {
    /// Waits for room.
    pub(super) async fn turn(&self) -> Turn<'_> {
        // Who comes after the end has nobody to tell.
        Turn(self.0.reserve().await.ok())
    }

    /// Tells what changed, where nothing can be waited for: it may block for as long as the engine is busy.
    pub(super) fn events(&self, events: Vec<Event>) {
        if !events.is_empty() {
            let told = Told { events, seen: Vec::new() };
            // Who comes after the end has nobody to tell.
            let _ = tokio::task::block_in_place(|| self.0.blocking_send(told));
        }
    }
}

impl Turn<'_> {
    /// Tells it, if it is anything.
    pub(super) fn tell(self, told: Told) {
        if let Some(permit) = self.0.filter(|_| !told.events.is_empty() || !told.seen.is_empty()) {
            permit.send(told);
        }
    }

    /// Tells what changed.
    pub(super) fn events(self, events: Vec<Event>) {
        self.tell(Told { events, seen: Vec::new() });
    }
}

/// Where tasks tell, and what they told.
pub(super) fn channel() -> (Sender, mpsc::Receiver<Told>) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (Sender(sender), receiver)
}

/// The thread that feeds the engine. It is none of those that read what servers send: a batch of a whole fleet
/// takes seconds.
#[derive(Debug)]
pub(super) struct Feed {
    sender: Sender,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    pub(super) fn start(engine: SharedEngine) -> anyhow::Result<Self> {
        let (sender, receiver) = channel();
        let stop = Arc::new(Notify::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.context("cannot time what clusters tell")?;
        let run = run(receiver, engine, stop.clone());
        let thread = std::thread::Builder::new().name("feed".into()).spawn(move || runtime.block_on(run));
        let thread = thread.context("cannot start the thread that takes what clusters tell")?;
        Ok(Self { sender, stop, thread: Some(thread) })
    }

    pub(super) fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Ends it, when it has taken what was told.
    pub(super) fn stop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.stop.notify_one();
        let _ = thread.join();
    }
}

/// Feeds the engine until it is told to stop, or nobody is left who could tell it anything.
pub(super) async fn run(mut told: mpsc::Receiver<Told>, engine: SharedEngine, stop: Arc<Notify>) {
    loop {
        let first = tokio::select! {
            first = told.recv() => first,
            () = stop.notified() => {
                told.close();
                continue;
            }
        };
        let Some(mut batch) = first else { return };
        let until = Instant::now() + GATHER;
        while batch.events.len() < BATCH_MAX {
            let Ok(Some(more)) = timeout_at(until, told.recv()).await else { break };
            batch.events.extend(more.events);
            batch.seen.extend(more.seen);
        }
        take(&engine, batch);
    }
}

fn take(engine: &SharedEngine, batch: Told) {
    let mut engine = engine.lock();
    let now = clock::now();
    if !batch.events.is_empty() {
        engine.take(batch.events, now);
    }
    batch.seen.iter().for_each(|source| engine.seen(source, now));
}
