//! What was asked and what became of it, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted since the start; what clients send is never a label.
#[derive(Debug, Default)]
pub struct Tally {
    counts: [AtomicU64; Tallied::ALL.len()],
    records: AtomicU64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tallied {
    /// Lists of all records that were given.
    Listed,
    /// Changes that were kept and answered.
    Applied,
    /// Changes that were not understood.
    Refused,
    /// Changes that could not be kept.
    Failed,
    /// Endpoints of changes that came, changed or went.
    Changed,
    /// Endpoints of names outside of the domains.
    Outside,
    /// Endpoints that cannot be held.
    Unheld,
}

impl Tallied {
    /// All of them, in the order of the enum.
    pub const ALL: [Self; 7] = [
        Self::Listed,
        Self::Applied,
        Self::Refused,
        Self::Failed,
        Self::Changed,
        Self::Outside,
        Self::Unheld,
    ];

    /// The metric that it is part of, and its label there.
    #[must_use]
    pub fn metric(self) -> (&'static str, &'static str) {
        match self {
            Self::Listed => ("webhook_requests", "listed"),
            Self::Applied => ("webhook_requests", "applied"),
            Self::Refused => ("webhook_requests", "refused"),
            Self::Failed => ("webhook_requests", "failed"),
            Self::Changed => ("webhook_endpoints", "changed"),
            Self::Outside => ("webhook_endpoints", "outside"),
            Self::Unheld => ("webhook_endpoints", "unheld"),
        }
    }
}

impl Tally {
    /// Counts some more.
    pub(super) fn add(&self, what: Tallied, more: usize) {
        if let Some(count) = self.counts.get(what as usize) {
            count.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Notes how many records there are.
    pub(super) fn note_records(&self, records: usize) {
        self.records.store(u64::try_from(records).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How much was counted.
    #[must_use]
    pub fn of(&self, what: Tallied) -> u64 {
        self.counts.get(what as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// How many records there are.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }
}
