//! What a store commits, as keys and values for those who follow it.
//!
//! ```text
//!   commit ──▶ slot (the latest of each key) ──▶ encoded ──▶ a store in memory ──▶ kv::server ──▶ followers
//!              locked for moments                 the feed's own thread
//! ```
//!
//! As with the writer of the last good state the slot is no queue: it never holds more than the fleet does. There is no lag;
//! what is committed while the thread is at work is one revision of the store in memory, or some where it is much.
//!
//! What is remembered of the past, by which a follower that was cut off goes on, is bounded by the store in memory
//! ([`HISTORY_MAX`](crate::kv::memory::HISTORY_MAX), [`HISTORY_OCTETS_MAX`](crate::kv::memory::HISTORY_OCTETS_MAX)); a follower
//! that is behind that takes the whole again.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use portolan_core::fleet::{Names, Touched};
use portolan_core::{Fact, Fleet, Name};

use crate::StoreError;
use crate::behind::Wide;
use crate::format::fact::{self, Pulse};
use crate::kv::Operation;
use crate::kv::memory::Memory;

/// Most keys that one revision of it writes.
const KEYS_AT_ONCE: usize = 1_000;

/// The way to followers. Dropping it ends the telling.
#[derive(Debug)]
pub struct Feed {
    slot: Arc<Slot>,
    memory: Memory,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Slot {
    pending: Mutex<Pending>,
    wake: Condvar,
}

/// What was not told yet.
#[derive(Debug, Default)]
struct Pending {
    wide: Wide,
    touched: BTreeSet<Name>,
    names: Names,
    pulse: Option<Pulse>,
    changed: bool,
    end: bool,
}

impl Feed {
    /// One that has told nothing.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start() -> std::io::Result<Self> {
        let (slot, memory) = (Arc::new(Slot::default()), Memory::new());
        let (theirs, store) = (slot.clone(), memory.clone());
        let tell = move || {
            while let Some(pending) = theirs.take() {
                pending.tell(&store);
            }
        };
        let thread = std::thread::Builder::new().name("feed".into()).spawn(tell)?;
        Ok(Self { slot, memory, thread: Some(thread) })
    }

    /// Where it is told.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Says that all that was committed is whole, and when it was true. Before the first time nobody believes it.
    pub fn pulse(&self, pulse: Pulse) {
        let mut slot = self.slot.lock();
        slot.pulse = Some(pulse);
        self.wake(slot);
    }

    /// Notes what a commit touched.
    pub(crate) fn facts(&self, touched: &Touched, fleet: &Fleet) {
        if touched.is_empty() {
            return;
        }
        let mut slot = self.slot.lock();
        slot.wide.note(touched, fleet);
        slot.touched.extend(touched.names.iter().cloned());
        slot.names = fleet.names.clone();
        self.wake(slot);
    }

    fn wake(&self, mut slot: MutexGuard<'_, Pending>) {
        slot.changed = true;
        drop(slot);
        self.slot.wake.notify_one();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.slot.lock().end = true;
        self.slot.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was its own; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to tell; none at the end.
    fn take(&self) -> Option<Pending> {
        let idle = |pending: &mut Pending| !pending.changed && !pending.end;
        let mut slot = self.wake.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        (!slot.end).then(|| std::mem::take(&mut *slot))
    }
}

impl Pending {
    /// Tells all of it, the pulse last: it says that what stands before it is whole.
    fn tell(self, store: &Memory) {
        let names = self.touched.into_iter().map(|name| {
            let facts = self.names.get(name.borrowed()).map(|facts| facts.to_facts());
            Fact::Name(name, facts)
        });
        let mut operations = Vec::new();
        for fact in self.wide.facts().chain(names) {
            operations.extend(told(fact::encode(&fact)).map(|(key, value)| operation(key, value)));
            if operations.len() >= KEYS_AT_ONCE {
                store.write(&operations);
                operations.clear();
            }
        }
        let pulse = self.pulse.and_then(|pulse| told(fact::encode_pulse(&pulse)));
        operations.extend(pulse.map(|(key, value)| Operation::Put(key, value)));
        if !operations.is_empty() {
            store.write(&operations);
        }
    }
}

fn operation(key: Vec<u8>, value: Option<Vec<u8>>) -> Operation {
    match value {
        Some(value) => Operation::Put(key, value),
        None => Operation::Delete(key),
    }
}

/// What cannot be encoded is left out, and said.
fn told<T>(encoded: Result<T, StoreError>) -> Option<T> {
    encoded.inspect_err(|error| tracing::error!("followers are not told of a fact: {error}")).ok()
}
