//! The last good state into the first snapshot, on all cores.

use portolan_core::compile::{Compiled, Way, Whole};
use portolan_core::{Fleet, Snapshot};

use super::Engine;
use super::publish::caught;
use crate::threads::{cores, share};

/// Most threads that compile.
const THREADS_MAX: usize = 16;
/// Parts for each thread, so that one that is held up keeps nobody waiting for long.
const PARTS_A_THREAD: usize = 4;
/// Fewer names than these are compiled by the thread that wants them.
const PARALLEL_MIN: usize = 4_096;

impl Engine {
    /// Compiles everything into a snapshot that has no names yet, and publishes it.
    pub(super) fn publish_whole(&mut self, now: i64) {
        let before = self.published.current();
        let revision = self.store.revision();
        let Some((next, problems)) = caught(|| {
            let mut compiled = compiled(self.store.fleet(), &before);
            let problems = std::mem::take(&mut compiled.problems);
            let mut next = before.publish(compiled, self.store.serials(), revision);
            next.complete = self.complete;
            (next, problems)
        }) else {
            self.panics += 1;
            // By name, so that the one at fault is found and all others are served.
            let everything = self.store.fleet().everything();
            return self.publish(everything, now);
        };
        self.store.given(next.zones().map(|zone| zone.apex.clone()));
        self.published.publish(next);
        self.published_at = now;
        self.steering = problems.into_iter().collect();
        self.problems_changed += 1;
        self.due.everything();
        self.tap.everything();
        self.find_overlaps();
    }
}

/// Compiles all names, each part on whatever thread is free.
fn compiled(fleet: &Fleet, before: &Snapshot) -> Compiled {
    let threads = if fleet.names.len() < PARALLEL_MIN { 1 } else { cores(THREADS_MAX) };
    let parts = fleet.names.parts(if threads == 1 { 1 } else { threads * PARTS_A_THREAD });
    let whole = Whole::new(fleet, before);
    let done = share(&parts, threads, |part| whole.part(part));
    whole.join(done, |ways| share(ways, threads, Way::grown))
}
