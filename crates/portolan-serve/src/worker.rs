//! What keeps a worker alive, and what ends it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::counters::{Count, Lane};

/// How long a worker rests after a panic or an error that may come again at once.
pub(crate) const REST: Duration = Duration::from_millis(10);

/// The word that everything is to end. Threads look at it between packets, tasks wait for it.
#[derive(Debug)]
pub(crate) struct Stop {
    told: AtomicBool,
    tasks: watch::Sender<bool>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self { told: AtomicBool::new(false), tasks: watch::Sender::new(false) }
    }

    /// Says it.
    pub(crate) fn tell(&self) {
        self.told.store(true, Ordering::Relaxed);
        self.tasks.send_replace(true);
    }

    /// True once it was said.
    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Waits until it is said.
    pub(crate) async fn wait(&self) {
        let mut tasks = self.tasks.subscribe();
        // It fails only when the sender is gone, and that is `self`.
        let _ = tasks.wait_for(|told| *told).await;
    }
}

/// Runs a worker's loop until the stop is told. A panic is counted and logged, and the loop starts
/// again: the process goes on answering on every socket that it has (faults.md F-09).
///
/// What a loop changes outside of itself are counters and its socket's queue, so nothing half-done is
/// left behind by unwinding.
pub(crate) fn supervise(stop: &Stop, lane: &Lane, mut run: impl FnMut()) {
    while !stop.is_told() {
        if catch_unwind(AssertUnwindSafe(&mut run)).is_err() {
            lane.add(Count::Restarts);
            tracing::error!("a UDP worker panicked and is started again");
            rest();
        }
    }
}

/// Rests for a moment, so that an error that repeats does not take a whole core.
pub(crate) fn rest() {
    std::thread::park_timeout(REST);
}

#[cfg(test)]
mod tests;
