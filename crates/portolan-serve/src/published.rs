//! The one place where the current snapshot stands.
//!
//! Many threads read it for every batch of packets, one publisher replaces it up to a thousand times a
//! second. So it is one atomic pointer, and each UDP worker keeps the snapshot that it read last in a
//! [`Reader`]: seeing that nothing changed costs one load, and neither side ever takes a lock that the
//! other holds.
//!
//! A big snapshot is slow to free, so no worker does: what was replaced is kept here until nobody holds
//! it, and freed by [`Published::publish`] or [`Published::sweep`], which no worker calls. A reader holds
//! one snapshot at a time, so there is a place here for each of them, however long one is paused.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Cache, Guard};
use portolan_core::Snapshot;

/// Most replaced snapshots that are kept while somebody reads them, beside one for each [`Reader`]. Those
/// who read by [`Published::current`] are few, so more than that means some that are stuck, and the
/// oldest is then its last holder's to free.
pub const RETIRED_MAX: usize = 64;

/// The current snapshot. Clones are handles to the same place.
#[derive(Clone, Debug)]
pub struct Published {
    current: Arc<ArcSwap<Snapshot>>,
    retired: Arc<Mutex<VecDeque<Arc<Snapshot>>>>,
    /// Nothing, held by each [`Reader`] once, so that they are counted.
    readers: Arc<()>,
}

impl Published {
    /// A place with a first snapshot in it.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        let current = Arc::new(ArcSwap::from_pointee(snapshot));
        Self { current, retired: Arc::default(), readers: Arc::default() }
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
        // Counted before it holds anything.
        let counted = self.readers.clone();
        Reader { cache: Cache::new(self.current.clone()), _counted: counted }
    }

    /// Frees the replaced snapshots that nobody reads any more. The server calls it every second.
    pub fn sweep(&self) {
        self.with_retired(|_| ());
    }

    /// The current snapshot for a moment; not to be held while waiting.
    pub(crate) fn glance(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// Most replaced snapshots that are kept.
    fn retired_max(&self) -> usize {
        // Clones of this handle hold the count too, which keeps some more.
        RETIRED_MAX + Arc::strong_count(&self.readers)
    }

    fn with_retired(&self, change: impl FnOnce(&mut VecDeque<Arc<Snapshot>>)) {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut retired);
        // A count of one is ours, and no reader can come by another: the pointer leads elsewhere now.
        retired.retain(|snapshot| Arc::strong_count(snapshot) > 1);
        let surplus = retired.len().saturating_sub(self.retired_max());
        retired.drain(..surplus);
    }
}

/// A worker's view of [`Published`]: the snapshot that it read last, renewed when there is a new one.
#[derive(Clone, Debug)]
pub struct Reader {
    cache: Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>,
    _counted: Arc<()>,
}

impl Reader {
    /// The current snapshot, for one batch. Takes no lock, allocates nothing and frees nothing.
    pub fn snapshot(&mut self) -> &Snapshot {
        self.cache.load()
    }
}

#[cfg(test)]
mod tests;
