//! Which member is asked first.
//!
//! The one that answered last, and the others in the order in which they were given; who failed a moment ago is asked last.
//! So a member that hangs is waited for once and not by each question, and one that is well again is found when another fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::{Duration, Instant};

use super::link::Link;
use super::options::Address;

/// For how long a failure counts.
const FAILURE_COUNTS: Duration = Duration::from_secs(10);

/// All members of a store.
#[derive(Debug)]
pub(super) struct Members {
    all: Vec<Member>,
    /// Who answered last.
    first: AtomicUsize,
}

#[derive(Debug)]
struct Member {
    address: Address,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    link: Option<Arc<Link>>,
    failed: Option<Instant>,
}

impl Members {
    /// There is one at least.
    pub(super) fn new(addresses: Vec<Address>) -> Self {
        let member = |address| Member { address, state: Mutex::default() };
        Self { all: addresses.into_iter().map(member).collect(), first: AtomicUsize::new(0) }
    }

    /// All of them, in the order in which they are asked now.
    pub(super) fn order(&self) -> Vec<usize> {
        let (first, count) = (self.first.load(Ordering::Relaxed), self.all.len());
        let mut order: Vec<usize> = (0..count).map(|step| (first + step) % count).collect();
        let has_failed = |failed: Instant| failed.elapsed() < FAILURE_COUNTS;
        order.sort_by_key(|member| self.with(*member, |state| state.failed.is_some_and(has_failed)));
        order
    }

    /// The same, but for one that is asked first whatever it did.
    pub(super) fn order_from(&self, first: usize) -> Vec<usize> {
        let mut order = self.order();
        order.sort_by_key(|member| *member != first);
        order
    }

    pub(super) fn address(&self, member: usize) -> &Address {
        &self.all[member].address
    }

    /// The connection that there is.
    pub(super) fn link(&self, member: usize) -> Option<Arc<Link>> {
        self.with(member, |state| state.link.clone())
    }

    /// The connection is this one from now on.
    pub(super) fn linked(&self, member: usize, link: &Arc<Link>) {
        self.with(member, |state| state.link = Some(Arc::clone(link)));
    }

    /// It is well.
    pub(super) fn answered(&self, member: usize) {
        self.first.store(member, Ordering::Relaxed);
        self.with(member, |state| state.failed = None);
    }

    /// It is not, but its connection is.
    pub(super) fn failed(&self, member: usize) {
        self.with(member, |state| state.failed = Some(Instant::now()));
    }

    /// Nor is its connection, unless it has another already.
    pub(super) fn lost(&self, member: usize, link: &Arc<Link>) {
        self.with(member, |state| {
            state.failed = Some(Instant::now());
            state.link.take_if(|current| Arc::ptr_eq(current, link));
        });
    }

    /// Another that was asked later was quicker: this one hangs, or is slow. Who asks it next connects anew, for a connection
    /// that was cut in silence never ends.
    pub(super) fn overtaken(&self, member: usize) {
        self.with(member, |state| *state = State { link: None, failed: Some(Instant::now()) });
    }

    fn with<T>(&self, member: usize, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.all[member].state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::etcd::Options;

    #[test]
    fn who_answered_is_asked_first_and_who_failed_last() {
        let urls = ["http://a:1", "http://b:1", "http://c:1"].map(str::to_owned);
        let members = Members::new(Options::new(urls.to_vec()).addresses().unwrap());
        assert_eq!(members.order(), [0, 1, 2]);
        members.failed(0);
        assert_eq!(members.order(), [1, 2, 0]);
        members.answered(2);
        assert_eq!(members.order(), [2, 1, 0]);
        members.answered(0);
        assert_eq!(members.order(), [0, 1, 2]);
        members.overtaken(0);
        assert_eq!(members.order(), [1, 2, 0]);
        assert_eq!(members.order_from(0), [0, 1, 2]);
        assert_eq!(members.order_from(2), [2, 1, 0]);
        (0..3).for_each(|member| members.failed(member));
        assert_eq!(members.order(), [0, 1, 2], "all are asked");
    }
}
