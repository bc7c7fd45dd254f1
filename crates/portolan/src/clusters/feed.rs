//! From the tasks that follow clusters to the engine, in batches.
//!
//! Who has something to tell first waits for its turn, and then tells it without waiting: so a lock that keeps
//! things in order is never held while somebody waits. While the engine is busy there are no turns, and the
//! tasks wait, and their servers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use portolan_core::ClusterName;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use crate::clock;
use crate::engine::{Event, SharedEngine};

/// How long after the first event others are waited for: a rollout changes many objects at once.
pub const GATHER: Duration = Duration::from_millis(10);
/// With so many events a batch is worked off before more is taken; what one message tells is not cut. A cluster that is
/// heard for the first time has every name looked at that it may stand behind, so hundreds that start together are to be
/// few batches. They are not to be one: who comes next waits for a batch, and what fails inside takes its batch with it.
pub const BATCH_MAX: usize = 200_000;
/// Most messages that wait; then the tasks that follow clusters wait, and their servers.
const WAITING_MAX: usize = 1_024;
/// Most of them that are one cluster's: one that tells without end keeps no other waiting for long.
const WAITING_OF_ONE_MAX: usize = 16;

/// What a task tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What changed.
    pub(super) events: Vec<Event>,
    /// Sources that were just found there, with nothing new.
    pub(super) seen: Vec<ClusterName>,
}

/// A message, and the room of its cluster that it takes until it was worked off.
pub(super) type Message = (Told, Option<OwnedSemaphorePermit>);

/// Where the tasks of a cluster tell.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    to: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
}

/// Room for one message.
pub(super) struct Turn<'s>(Option<(mpsc::Permit<'s, Message>, OwnedSemaphorePermit)>);

impl Sender {
    fn new(to: mpsc::Sender<Message>) -> Self {
        Self { to, room: Arc::new(Semaphore::new(WAITING_OF_ONE_MAX)) }
    }

    /// The same for another cluster.
    pub(super) fn of_cluster(&self) -> Self {
        Self::new(self.to.clone())
    }

    /// Waits for room: the cluster's own first, so that who waits for it is in nobody's way.
    pub(super) async fn turn(&self) -> Turn<'_> {
        let room = self.room.clone().acquire_owned().await;
        // Who comes after the end has nobody to tell.
        Turn(self.to.reserve().await.ok().zip(room.ok()))
    }

    /// Tells what changed, where nothing can be waited for: it may block for as long as the engine is busy.
    pub(super) fn events(&self, events: Vec<Event>) {
        if !events.is_empty() {
            let told = Told { events, seen: Vec::new() };
            // Who comes after the end has nobody to tell.
            let _ = tokio::task::block_in_place(|| self.to.blocking_send((told, None)));
        }
    }
}

impl Turn<'_> {
    /// Tells it, if it is anything.
    pub(super) fn tell(self, told: Told) {
        if let Some((permit, room)) = self.0.filter(|_| !told.events.is_empty() || !told.seen.is_empty()) {
            permit.send((told, Some(room)));
        }
    }

    /// Tells what changed.
    pub(super) fn events(self, events: Vec<Event>) {
        self.tell(Told { events, seen: Vec::new() });
    }
}

/// Where tasks tell, and what they told.
pub(super) fn channel() -> (Sender, mpsc::Receiver<Message>) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (Sender::new(sender), receiver)
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
pub(super) async fn run(told: mpsc::Receiver<Message>, engine: SharedEngine, stop: Arc<Notify>) {
    feed(told, stop, |batch| take(&engine, batch)).await;
}

/// Gives what is told to somebody else than an engine, for as long as anybody tells.
pub(super) async fn give(told: mpsc::Receiver<Message>, mut take: impl FnMut(Vec<Event>)) {
    feed(told, Arc::default(), |batch| take(batch.events)).await;
}

/// Gives on what is told, in batches. One that fails inside is lost, and not all that would come after it.
async fn feed(mut told: mpsc::Receiver<Message>, stop: Arc<Notify>, mut take: impl FnMut(Told)) {
    loop {
        let first = tokio::select! {
            first = told.recv() => first,
            () = stop.notified() => {
                told.close();
                continue;
            }
        };
        let Some((mut batch, room)) = first else { return };
        let mut rooms = vec![room];
        let until = Instant::now() + GATHER;
        while batch.events.len() < BATCH_MAX {
            let Ok(Some((more, room))) = timeout_at(until, told.recv()).await else { break };
            batch.events.extend(more.events);
            batch.seen.extend(more.seen);
            rooms.push(room);
        }
        if catch_unwind(AssertUnwindSafe(|| take(batch))).is_err() {
            tracing::error!("taking what clusters told failed inside; answers go on, and so does what comes");
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt as _;

    use super::*;

    fn seen(name: &str) -> Told {
        Told { events: Vec::new(), seen: vec![name.into()] }
    }

    /// However much one cluster tells, another is heard after a few messages.
    #[tokio::test]
    async fn a_cluster_that_tells_without_end_has_its_own_room() {
        let (one, mut told) = channel();
        let other = one.of_cluster();
        for _ in 0..WAITING_OF_ONE_MAX {
            one.turn().await.tell(seen("one"));
        }
        assert!(one.turn().now_or_never().is_none());
        other.turn().now_or_never().expect("another cluster has room").tell(seen("other"));
        drop(told.recv().await);
        assert!(one.turn().now_or_never().is_some());
    }

    /// Clusters that are heard for the first time have every name looked at, so those that wait together cost that once.
    #[tokio::test]
    async fn what_waits_is_one_batch() {
        let (sender, told) = channel();
        let list = |name: &str| vec![Event::Heard(name.into()); 10_000];
        for name in ["a", "b", "c"] {
            sender.of_cluster().turn().await.events(list(name));
        }
        drop(sender);
        let mut taken = Vec::new();
        feed(told, Arc::default(), |batch| taken.push(batch.events.len())).await;
        assert_eq!(taken, [30_000]);
    }

    #[tokio::test]
    #[allow(clippy::panic, reason = "it is the fault that is caught")]
    async fn a_batch_that_fails_inside_ends_nothing() {
        let (sender, told) = channel();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let took = taken.clone();
        let take = move |batch: Told| match &*batch.seen[0].0 {
            "bad" => panic!("as a fault of ours would"),
            _ => took.lock().unwrap().push(batch.seen[0].clone()),
        };
        let fed = tokio::spawn(feed(told, Arc::default(), take));
        for name in ["a", "bad", "b"] {
            sender.turn().await.tell(seen(name));
            tokio::time::sleep(GATHER * 2).await;
        }
        drop(sender);
        fed.await.unwrap();
        assert_eq!(*taken.lock().unwrap(), ["a", "b"].map(ClusterName::from));
    }
}
