//! From the tasks that follow clusters to the engine, in batches.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use portolan_core::ClusterName;

use crate::clock;
use crate::engine::{Event, SharedEngine};

/// How long after the first event others are waited for: a rollout changes many objects at once.
pub const GATHER: Duration = Duration::from_millis(10);
/// Most events of a batch.
pub const BATCH_MAX: usize = 20_000;
/// Most messages that wait; then the tasks that follow clusters wait, and their servers.
const WAITING_MAX: usize = 1_024;

/// What a task tells.
#[derive(Debug)]
pub(super) enum Told {
    /// What changed.
    Events(Vec<Event>),
    /// A source was just found there, with nothing new.
    Seen(ClusterName),
    /// Nothing more comes.
    Stop,
}

/// Where tasks tell. It may block for as long as the engine is busy, so it is called where that is allowed.
#[derive(Clone, Debug)]
pub(super) struct Sender(SyncSender<Told>);

impl Sender {
    pub(super) fn events(&self, events: Vec<Event>) {
        if !events.is_empty() {
            self.tell(Told::Events(events));
        }
    }

    pub(super) fn seen(&self, source: ClusterName) {
        self.tell(Told::Seen(source));
    }

    fn tell(&self, told: Told) {
        // Who comes after the end has nobody to tell.
        let _ = tokio::task::block_in_place(|| self.0.send(told));
    }
}

/// The thread that feeds the engine.
#[derive(Debug)]
pub(super) struct Feed {
    sender: SyncSender<Told>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    pub(super) fn start(engine: SharedEngine) -> anyhow::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let run = move || run(&receiver, &engine);
        let thread = std::thread::Builder::new().name("feed".into()).spawn(run);
        let thread = thread.context("cannot start the thread that takes what clusters tell")?;
        Ok(Self { sender, thread: Some(thread) })
    }

    pub(super) fn sender(&self) -> Sender {
        Sender(self.sender.clone())
    }

    /// Ends it, when it has taken what was told.
    pub(super) fn stop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let _ = self.sender.send(Told::Stop);
        let _ = thread.join();
    }
}

fn run(receiver: &Receiver<Told>, engine: &SharedEngine) {
    while let Ok(first) = receiver.recv() {
        let mut batch = Batch::default();
        batch.take(first);
        let until = Instant::now() + GATHER;
        while !batch.is_last && batch.events.len() < BATCH_MAX {
            match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(told) => batch.take(told),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        let mut engine = engine.lock();
        let now = clock::now();
        if !batch.events.is_empty() {
            engine.take(batch.events, now);
        }
        batch.seen.iter().for_each(|source| engine.seen(source, now));
        if batch.is_last {
            return;
        }
    }
}

#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    seen: Vec<ClusterName>,
    is_last: bool,
}

impl Batch {
    fn take(&mut self, told: Told) {
        match told {
            Told::Events(events) => self.events.extend(events),
            Told::Seen(source) => self.seen.push(source),
            Told::Stop => self.is_last = true,
        }
    }
}
