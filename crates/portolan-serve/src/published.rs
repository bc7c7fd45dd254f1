//! The one place where the current snapshot stands.
//!
//! Many threads read it for every packet, one publisher replaces it a few times a second at most. So it
//! is one atomic pointer, and each UDP worker keeps the snapshot that it read last in a [`Reader`]:
//! seeing that nothing changed costs one load, and neither side ever takes a lock that the other holds.
//!
//! A big snapshot is slow to free, so no worker does: what was replaced is kept here until nobody holds
//! it, and freed by [`Published::publish`] or [`Published::sweep`], which no worker calls.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Cache, Guard};
use portolan_core::Snapshot;

/// Most replaced snapshots that are kept while somebody reads them. A worker lets go within a second,
/// so more than that means one that is stuck, and the oldest is then its to free.
pub const RETIRED_MAX: usize = 64;

/// The current snapshot. Clones are handles to the same place.
#[derive(Clone, Debug)]
pub struct Published {
    current: Arc<ArcSwap<Snapshot>>,
    retired: Arc<Mutex<VecDeque<Arc<Snapshot>>>>,
}

impl Published {
    /// A place with a first snapshot in it.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self { current: Arc::new(ArcSwap::from_pointee(snapshot)), retired: Arc::default() }
    }

    /// Replaces the snapshot: every packet that is read from now on is answered from this one.
    pub fn publish(&self, snapshot: Snapshot) {
        let before = self.current.swap(Arc::new(snapshot));
        self.with_retired(|retired| retired.push_back(before));
    }

    /// The current snapshot, for whoever needs it for long (`explain`, the status table).
    #[must_use]
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// A worker's own way to read it.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { cache: Cache::new(self.current.clone()) }
    }

    /// Frees the replaced snapshots that nobody reads any more. The server calls it every second.
    pub fn sweep(&self) {
        self.with_retired(|_| ());
    }

    /// The current snapshot for a moment; not to be held while waiting.
    pub(crate) fn glance(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    fn with_retired(&self, change: impl FnOnce(&mut VecDeque<Arc<Snapshot>>)) {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut retired);
        // A count of one is ours, and no reader can come by another: the pointer leads elsewhere now.
        retired.retain(|snapshot| Arc::strong_count(snapshot) > 1);
        let surplus = retired.len().saturating_sub(RETIRED_MAX);
        retired.drain(..surplus);
    }
}

/// A worker's view of [`Published`]: the snapshot that it read last, renewed when there is a new one.
#[derive(Clone, Debug)]
pub struct Reader {
    cache: Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>,
}

impl Reader {
    /// The current snapshot. Takes no lock and allocates nothing.
    pub fn snapshot(&mut self) -> &Snapshot {
        self.cache.load()
    }
}

#[cfg(test)]
mod tests;
