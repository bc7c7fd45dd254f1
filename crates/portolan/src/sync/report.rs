//! What objects are told of how they fare: which of their versions is published, and what is wrong with them.
//!
//! `status.observedGeneration` is the only field of status that released definitions of the kind have; it says that
//! every publisher has looked at that version. What is wrong is said by an event. Neither is needed for publishing,
//! so what cannot be written is told once and is no failure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use portolan_kube::api::Resource;
use portolan_kube::follow::Failure;
use portolan_kube::object::ObjectKey;

use super::desk::{Copy, Desk};
use crate::clusters::{Gate, Records};

/// How often it is looked for something to tell.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// Most writes at once.
const WRITES_AT_ONCE: usize = 4;

/// Who tells.
pub(super) struct Report {
    desk: Arc<Desk>,
    records: Records,
    /// What statuses say of each group that was looked at; none of one that may not be written.
    observed: BTreeMap<Resource, Option<BTreeMap<ObjectKey, i64>>>,
    may_say: bool,
}

impl Report {
    pub(super) fn new(desk: Arc<Desk>, records: Records) -> Self {
        Self { desk, records, observed: BTreeMap::new(), may_say: true }
    }

    /// Tells for as long as the process runs, while it is ours to do.
    pub(super) async fn run(mut self, gate: Gate) {
        loop {
            tokio::time::sleep(TICK).await;
            let is_told = match gate.term() {
                Some(term) => gate.during(term, self.pass()).await.is_some(),
                None => false,
            };
            if !is_told {
                // Another tells, and what it has told is read before anything is.
                self.observed.clear();
            }
        }
    }

    /// Tells what there is to tell now.
    pub(super) async fn pass(&mut self) {
        let due = self.desk.statuses();
        let mut writes = Vec::new();
        for (key, group, copy) in due {
            if self.is_news(&key, group, &copy).await {
                writes.push((key, group, copy.generation));
            }
        }
        let records = &self.records.clone();
        let written = writes.into_iter().map(|(key, group, generation)| async move {
            let done = records.observe(group, &key, generation).await;
            (key, group, generation, done)
        });
        let mut written = futures_util::stream::iter(written).buffer_unordered(WRITES_AT_ONCE);
        while let Some((key, group, generation, done)) = written.next().await {
            match done {
                Ok(_) => {
                    if let Some(Some(known)) = self.observed.get_mut(&group) {
                        known.insert(key, generation);
                    }
                }
                Err(failure) if may_never(&failure) => {
                    if self.observed.insert(group, None).is_some_and(|known| known.is_some()) {
                        tracing::warn!(%group, "statuses are not written: {}", failure.message);
                    }
                }
                // It is written when the object changes again, or after the next start.
                Err(failure) => tracing::debug!(%key, "its status was not written: {}", failure.message),
            }
        }
        self.say().await;
    }

    /// True when the status of an object does not say this generation yet.
    async fn is_news(&mut self, key: &ObjectKey, group: Resource, copy: &Copy) -> bool {
        if !self.observed.contains_key(&group) {
            match self.records.observed(group).await {
                Ok(known) => drop(self.observed.insert(group, Some(known))),
                Err(failure) => {
                    tracing::debug!(%group, "statuses cannot be read: {}", failure.message);
                    return false;
                }
            }
        }
        match self.observed.get(&group) {
            Some(Some(known)) => known.get(key) != Some(&copy.generation),
            _ => false,
        }
    }

    async fn say(&mut self) {
        for (key, group, copy, said) in self.desk.unsaid() {
            if !self.may_say {
                return;
            }
            match self.records.say(group, &key, &copy.uid, &said).await {
                Ok(()) => {}
                Err(failure) if may_never(&failure) => {
                    self.may_say = false;
                    tracing::warn!("events are not written: {}", failure.message);
                }
                Err(failure) => tracing::debug!(%key, "an event was not written: {}", failure.message),
            }
        }
    }
}

/// A right is missing, which trying again does not give.
fn may_never(failure: &Failure) -> bool {
    matches!(failure.code, Some(401 | 403))
}
