//! The writer: its own thread, behind by a named lag.
//!
//! ```text
//!   commit ──▶ slot (the latest of each key) ──▶ replica ──▶ file
//!              locked for moments                 the writer's own, so that encoding a
//!                                                 million names holds nobody up
//! ```
//!
//! The slot is no queue: a key that changes ten times before the writer comes round stands in it once,
//! so it never holds more than the fleet does. A commit costs what it touches, whatever the disk does.
//! Of the names the slot holds a copy that shares everything with the fleet's, so that a million of them are
//! in memory once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portolan_core::cluster::Cluster;
use portolan_core::fleet::{Names, Touched, ZoneFacts};
use portolan_core::policy::{Policy, PolicyName};
use portolan_core::publish::Serial;
use portolan_core::{ClusterName, Fact, Fleet, Name};

use crate::StoreError;
use crate::file::{self, Disk};
use crate::format::State;
use crate::reserve::Reserved;

/// How long a change waits for others before the file is written.
pub(crate) const LAG: Duration = Duration::from_millis(500);
/// Writing a large fleet takes a while, and shares the machine with those who answer: after a write that took
/// some time, the next waits for so many times that.
const REST: u32 = 8;
/// But not longer than this: serials are reserved for some minutes, and facts are wanted back after a crash.
const REST_MAX: Duration = Duration::from_secs(5);
/// How long a write that failed waits before it is tried again.
pub(crate) const RETRY: Duration = Duration::from_secs(5);
/// How often a state that did not change is written again, so that the file says that it is still true.
pub(crate) const REFRESH: Duration = Duration::from_secs(600);
/// How long an orderly end waits for the last write.
pub(crate) const LAST_WRITE: Duration = Duration::from_secs(10);

/// What became of the writes; for metrics. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Writes(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    written: AtomicU64,
    failed: AtomicU64,
    true_at: AtomicI64,
}

impl Writes {
    /// Writes that succeeded.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// Writes that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.0.failed.load(Ordering::Relaxed)
    }

    /// When the state that is on disk was true; none while there is none of this process.
    #[must_use]
    pub fn true_at(&self) -> Option<i64> {
        Some(self.0.true_at.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }

    /// Counts a write, and says whether it succeeded.
    pub(crate) fn count(&self, written: &Result<(), StoreError>, true_at: i64) -> bool {
        let counter = if written.is_ok() { &self.0.written } else { &self.0.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        if written.is_ok() {
            self.0.true_at.store(true_at, Ordering::Relaxed);
        }
        written.is_ok()
    }
}

/// What the writer begins with.
pub(crate) struct Start {
    pub(crate) path: PathBuf,
    pub(crate) disk: Box<dyn Disk>,
    pub(crate) state: State,
    pub(crate) writes: Writes,
    pub(crate) lag: Duration,
    /// Held for as long as the writer lives.
    pub(crate) lock: Option<File>,
}

/// The way to the writer.
#[derive(Debug)]
pub(crate) struct Behind {
    slot: Arc<Slot>,
    path: PathBuf,
    pub(crate) writes: Writes,
    ended: Receiver<Result<(), StoreError>>,
    thread: Option<JoinHandle<()>>,
}

impl Behind {
    /// Starts the writer.
    pub(crate) fn start(start: Start) -> Result<Self, StoreError> {
        let slot = Arc::new(Slot::default());
        slot.lock().true_at = start.state.true_at;
        let (path, writes) = (start.path.clone(), start.writes.clone());
        let (tell, ended) = sync_channel(1);
        let theirs = slot.clone();
        let thread = std::thread::Builder::new()
            .name("state-writer".into())
            .spawn(move || write_behind(start, &theirs, &tell))
            .map_err(|error| StoreError::io("start the writer of", &path, error))?;
        Ok(Self { slot, path, writes, ended, thread: Some(thread) })
    }

    /// Notes what a commit touched.
    pub(crate) fn facts(&self, touched: &Touched, fleet: &Fleet) {
        if touched.is_empty() {
            return;
        }
        let mut slot = self.slot.lock();
        slot.wide.note(touched, fleet);
        slot.names = Some(fleet.names.clone());
        self.wake(slot);
    }

    /// Notes a zone's serial.
    pub(crate) fn serial(&self, apex: &Name, serial: Serial) {
        let mut slot = self.slot.lock();
        slot.serials.insert(apex.clone(), serial);
        self.wake(slot);
    }

    /// Notes that everything is true at this time.
    pub(crate) fn still_true(&self, now: i64) {
        self.slot.lock().true_at = now;
    }

    /// Writes what is left with the mark of an orderly end, and waits for it.
    pub(crate) fn close(mut self) -> Result<(), StoreError> {
        self.end(End::Clean);
        match self.ended.recv_timeout(LAST_WRITE) {
            Ok(written) => written,
            Err(_) => {
                // The disk hangs: the thread is left to it rather than the process to the thread.
                self.thread = None;
                Err(StoreError::Slow { path: self.path.clone(), seconds: LAST_WRITE.as_secs() })
            }
        }
    }

    fn end(&self, end: End) {
        let mut slot = self.slot.lock();
        slot.end.get_or_insert(end);
        drop(slot);
        self.slot.wake.notify_one();
    }

    fn wake(&self, mut slot: MutexGuard<'_, Pending>) {
        slot.changed = true;
        drop(slot);
        self.slot.wake.notify_one();
    }
}

impl Drop for Behind {
    /// Without [`Behind::close`] nothing more is written, as when the process is killed.
    fn drop(&mut self) {
        self.end(End::Abrupt);
        if let Some(thread) = self.thread.take() {
            // A panic of the writer was its own; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

// === Slot ===

#[derive(Debug, Default)]
struct Slot {
    pending: Mutex<Pending>,
    wake: Condvar,
}

/// What the writer has not taken yet.
#[derive(Debug, Default)]
struct Pending {
    wide: Wide,
    names: Option<Names>,
    serials: BTreeMap<Name, Serial>,
    changed: bool,
    true_at: i64,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Clean,
    Abrupt,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change and then for the lag, or for the end.
    fn take(&self, lag: Duration, written_at: i64) -> Pending {
        let idle = |p: &mut Pending| !p.changed && p.end.is_none();
        let mut slot = self.lock();
        loop {
            let (guard, wait) =
                self.wake.wait_timeout_while(slot, REFRESH, idle).unwrap_or_else(PoisonError::into_inner);
            slot = guard;
            if !wait.timed_out() || slot.true_at > written_at {
                break;
            }
        }
        let (mut slot, _) = self
            .wake
            .wait_timeout_while(slot, lag, |p| p.end.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        let left = Pending { true_at: slot.true_at, end: slot.end, ..Pending::default() };
        std::mem::replace(&mut *slot, left)
    }
}

/// The latest of all that was touched but names, of which there are many more.
#[derive(Debug, Default)]
pub(crate) struct Wide {
    clusters: BTreeMap<ClusterName, Option<Cluster>>,
    zones: BTreeMap<Name, Option<ZoneFacts>>,
    policies: BTreeMap<PolicyName, Option<Policy>>,
}

impl Wide {
    /// Notes what a commit touched.
    pub(crate) fn note(&mut self, touched: &Touched, fleet: &Fleet) {
        note(&mut self.clusters, &touched.clusters, &fleet.clusters);
        note(&mut self.zones, &touched.zones, &fleet.zones);
        note(&mut self.policies, &touched.policies, &fleet.policies);
    }

    /// All of it.
    pub(crate) fn facts(self) -> impl Iterator<Item = Fact> {
        let clusters = self.clusters.into_iter().map(|(key, value)| Fact::Cluster(key, value));
        let zones = self.zones.into_iter().map(|(key, value)| Fact::Zone(key, value));
        let policies = self.policies.into_iter().map(|(key, value)| Fact::Policy(key, value));
        clusters.chain(zones).chain(policies)
    }
}

fn note<K: Ord + Clone, V: Clone>(
    slot: &mut BTreeMap<K, Option<V>>,
    touched: &BTreeSet<K>,
    now: &BTreeMap<K, V>,
) {
    slot.extend(touched.iter().map(|key| (key.clone(), now.get(key).cloned())));
}

// === Writer ===

fn write_behind(mut start: Start, slot: &Slot, tell: &SyncSender<Result<(), StoreError>>) {
    let mut failing = start.writes.failed() > 0;
    let mut rest = Duration::ZERO;
    loop {
        let lag = if failing { RETRY } else { start.lag.max(rest) };
        let pending = slot.take(lag, start.state.true_at);
        let end = pending.end;
        if end == Some(End::Abrupt) {
            return;
        }
        apply(&mut start.state, pending);
        start.state.clean = end == Some(End::Clean);
        let begun = Instant::now();
        let written = file::write(start.disk.as_mut(), &start.path, &start.state);
        rest = begun.elapsed().saturating_mul(REST).min(REST_MAX);
        let succeeded = start.writes.count(&written, start.state.true_at);
        match &written {
            Err(error) if !failing => {
                tracing::error!("{error}; answers go on, and the write is tried again every {RETRY:?}");
            }
            Ok(()) if failing => tracing::info!(file = %start.path.display(), "the state is written again"),
            _ => {}
        }
        failing = !succeeded;
        if end.is_some() {
            // The lock goes before the word is given, so that whoever waits may open the file at once.
            drop(start.lock.take());
            // The other side is gone when it would not wait any longer.
            let _ = tell.send(written);
            return;
        }
        if failing {
            slot.lock().changed = true;
        }
    }
}

fn apply(state: &mut State, pending: Pending) {
    state.fleet.apply(pending.wide.facts());
    if let Some(names) = pending.names {
        state.fleet.names = names;
    }
    for (apex, serial) in pending.serials {
        state.serials.entry(apex).or_insert_with(|| Reserved::new(serial)).renew(serial);
    }
    state.true_at = pending.true_at;
}
