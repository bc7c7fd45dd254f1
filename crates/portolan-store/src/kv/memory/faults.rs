//! What tests and simulations do to a store in memory, and nobody else.

use std::sync::Arc;

use super::{Operation, Revision, Server, State};

/// A hand in a store in memory. Whatever it does holds until it is taken back.
#[derive(Clone, Debug)]
pub struct Faults {
    server: Arc<Server>,
}

impl Faults {
    pub(super) fn of(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server) }
    }

    /// No member is reached, or they are again. Watches wait meanwhile.
    pub fn unreachable(&self, is_so: bool) {
        self.change(|state| state.is_unreachable = is_so);
    }

    /// It takes no more than it has, or it has room again.
    pub fn full(&self, is_so: bool) {
        self.change(|state| state.is_full = is_so);
    }

    /// Transactions are done, and whoever sent them does not learn of it.
    pub fn lose_answers(&self, is_so: bool) {
        self.change(|state| state.loses_answers = is_so);
    }

    /// Transactions wait on their way, before anything is compared; they go on when it is taken back.
    pub fn stall(&self, is_so: bool) {
        self.change(|state| state.is_stalled = is_so);
    }

    /// How many transactions wait.
    #[must_use]
    pub fn stalled(&self) -> usize {
        self.server.lock().waiting
    }

    /// It forgets what was before a revision, or before the last where there is no such yet.
    pub fn compact(&self, oldest: Revision) {
        self.change(|state| state.compact(oldest));
    }

    /// It is as it was at an older revision, as far as it remembers that.
    pub fn restore(&self, to: Revision) {
        self.change(|state| {
            if to < state.revision {
                state.go_back(to);
            }
        });
    }

    /// It has nothing, and revisions begin again.
    pub fn wipe(&self) {
        self.restore(0);
    }

    /// All watches tell how far they are, with events or without.
    pub fn progress(&self) {
        self.change(|state| state.told += 1);
    }

    /// Writes a key with a lease of so many seconds, which never runs out by itself.
    pub fn put_leased(&self, key: &[u8], value: &[u8], ttl: u64) {
        let put = Operation::Put(key.to_vec(), value.to_vec());
        self.change(|state| state.write([&put], Some(ttl)));
    }

    /// Its revision.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.server.lock().revision
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.server.lock());
        self.server.tell();
    }
}
