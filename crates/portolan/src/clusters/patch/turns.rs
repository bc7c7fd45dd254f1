//! What is to be tried again: a few at a time and in turn, and more only while that goes well.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;

use tokio::time::Instant;

use super::write::At;

/// How many are tried again at first, and after one failed again.
pub(super) const AGAIN_MIN: usize = 8;
/// The most that are at once.
const AGAIN_MAX: usize = 1_000;

/// What waits to be tried again.
#[derive(Debug)]
pub(super) struct Turns {
    waiting: BTreeSet<At>,
    /// The one that was tried last.
    last: Option<At>,
    /// How many are tried at once, and from when on.
    most: usize,
    from: Instant,
    /// Some were tried, and none has failed so far.
    goes_well: bool,
}

impl Default for Turns {
    fn default() -> Self {
        Self { waiting: BTreeSet::new(), last: None, most: AGAIN_MIN, from: Instant::now(), goes_well: false }
    }
}

impl Turns {
    /// Another one waits.
    pub(super) fn wait(&mut self, at: At) {
        self.waiting.insert(at);
    }

    /// True of one that waits.
    pub(super) fn has(&self, at: &At) -> bool {
        self.waiting.contains(at)
    }

    /// True when nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// It waits no more.
    pub(super) fn done(&mut self, at: &At) {
        self.waiting.remove(at);
    }

    /// It went wrong: only a few are tried, after so long.
    pub(super) fn slow_down(&mut self, after: Duration) {
        self.most = AGAIN_MIN;
        self.from = Instant::now() + after;
        self.goes_well = false;
    }

    /// Those whose turn it is. They wait until they are [`done`](Self::done).
    pub(super) fn next(&mut self, now: Instant) -> Vec<At> {
        if now < self.from {
            return Vec::new();
        }
        let after = self.last.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let turns = self.waiting.range((after, Bound::Unbounded)).chain(&self.waiting);
        let next: Vec<At> = turns.take(self.most.min(self.waiting.len())).cloned().collect();
        self.last = next.last().cloned().or(self.last.take());
        self.goes_well = !next.is_empty();
        next
    }

    /// A pass is over: when all that had their turn went well, more have it the next time.
    pub(super) fn pass_ended(&mut self) {
        if std::mem::take(&mut self.goes_well) {
            self.most = self.most.saturating_mul(2).min(AGAIN_MAX);
        }
    }
}
