//! From touched facts to the published snapshot, whatever panics on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use portolan_core::fleet::Touched;
use portolan_core::{Name, Problem, Reason, Snapshot};

use super::Engine;

impl Engine {
    /// Compiles what was touched and publishes it.
    pub(super) fn publish(&mut self, touched: Touched, now: i64) {
        if self.try_publish(&touched, now) {
            return;
        }
        tracing::error!(
            names = touched.names.len(),
            "compiling a batch panicked; its names are taken one by one"
        );
        let Touched { clusters, zones, policies, names } = touched;
        let wide = Touched { clusters, zones, policies, names: BTreeSet::new() };
        if !wide.is_empty() && !self.try_publish(&wide, now) {
            tracing::error!(
                "clusters, zones or policies of the batch cannot be compiled; they stay as they were"
            );
            self.owed = wide;
        }
        for name in names {
            let one = Touched { names: [name.clone()].into(), ..Touched::default() };
            if !self.try_publish(&one, now) {
                tracing::error!(%name, "cannot be compiled; it stays as it was");
                self.steering.set(name.clone(), vec![quarantined(&name)]);
                self.problems_changed += 1;
            }
        }
    }

    /// False when it panicked; the published snapshot is then the one before.
    fn try_publish(&mut self, touched: &Touched, now: i64) -> bool {
        let before = self.published.current();
        let revision = self.store.revision();
        let Some((next, found)) = caught(|| {
            let mut compiled = (self.compile)(self.store.fleet(), &before, touched);
            let found = std::mem::take(&mut compiled.problems);
            let mut next = before.publish(compiled, self.store.serials(), revision);
            next.complete = self.complete;
            (next, found)
        }) else {
            self.panics += 1;
            return false;
        };
        self.store.given(concerned(&next, touched, &found));
        self.published.publish(next);
        self.published_at = now;
        self.note_overlaps(found.keys());
        for (name, problems) in found {
            self.problems_changed += u64::from(self.steering.set(name, problems));
        }
        true
    }
}

/// The zones whose content may have changed: those of every name that was looked at, those that came or
/// changed, and the ones around these, which names move to and from.
fn concerned(next: &Snapshot, touched: &Touched, looked_at: &BTreeMap<Name, Vec<Problem>>) -> BTreeSet<Name> {
    let parents = touched.zones.iter().filter_map(|apex| apex.borrowed().parent());
    let names = looked_at.keys().chain(&touched.zones).map(Name::borrowed);
    names.chain(parents).filter_map(|name| next.zone_of(name)).map(|zone| zone.apex.clone()).collect()
}

fn quarantined(name: &Name) -> Problem {
    Problem {
        subject: name.to_string(),
        reason: Reason::Invalid,
        message: "could not be compiled, which is a fault of this program; the name stays as it was".into(),
        place: String::new(),
    }
}

/// None when it panicked. What it worked on must be right, or be put right, after a stop at any point.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
