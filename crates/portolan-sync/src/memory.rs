//! A DNS in memory, for tests and simulation: it keeps what it is told, counts its changes, and fails on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use portolan_core::Name;
use portolan_core::plan::{Keeps, PlanNumber, RecordSet};
use portolan_core::record::RecordType;
use portolan_core::registry::Listed;
use tokio::sync::Notify;

use crate::provider::{Abilities, Applied, Batch, Listing, Provider, ProviderError, Step, StepOutcome};

/// A DNS in memory. Its copies are one DNS, as its publishers see it.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
    abilities: Abilities,
    owner: String,
}

struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

/// What others do to it.
pub type Meddle = Box<dyn FnOnce(&mut State) + Send>;
/// Sees a step, and every set by name behind it.
pub type Look = Box<dyn FnMut(&Step, &BTreeMap<Name, Vec<Listed>>) + Send>;

/// What it has, and what goes wrong with it.
#[derive(Default)]
pub struct State {
    sets: BTreeMap<Name, Vec<Listed>>,
    version: u64,
    /// The highest number of a plan that was applied, by owner.
    pub applied: BTreeMap<String, PlanNumber>,
    /// Writes so far.
    pub writes: usize,
    /// Lists so far.
    pub lists: usize,
    /// It is not reached.
    pub is_down: bool,
    /// It is at an older state than it was, says so, and is neither read nor written.
    pub went_back: bool,
    /// Names that it will not have.
    pub refuses: BTreeSet<Name>,
    /// How many of the next steps are done without anybody hearing of it.
    pub unanswered: usize,
    /// What others do before the next batch is looked at.
    pub before_batch: Option<Meddle>,
    /// Sees what there is after each step.
    pub after_step: Option<Look>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Abilities { keeps: Keeps::All, filter: None, numbers_plans: true })
    }
}

impl Memory {
    /// An empty one with these abilities.
    #[must_use]
    pub fn new(abilities: Abilities) -> Self {
        let shared = Shared { state: Mutex::default(), changed: Notify::new() };
        Self { shared: Arc::new(shared), abilities, owner: String::new() }
    }

    /// The same DNS as the publishers of an owner see it: numbers are an owner's own.
    #[must_use]
    pub fn of(&self, owner: &str) -> Self {
        Self { owner: owner.into(), ..self.clone() }
    }

    /// Changes what it has or what goes wrong with it, as others do.
    pub fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state();
        let version = state.version;
        let result = change(&mut state);
        if state.version != version {
            self.shared.changed.notify_waiters();
        }
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Puts a set, whoever it is.
    pub fn put(&mut self, set: RecordSet) {
        self.version += 1;
        self.writes += 1;
        let version = self.version;
        let sets = self.sets.entry(set.name.clone()).or_default();
        sets.retain(|(old, _)| old.rtype != set.rtype || old.identifier != set.identifier);
        sets.push((set, Some(version)));
    }

    /// Takes a set away.
    pub fn remove(&mut self, name: &Name, rtype: RecordType, identifier: &str) {
        self.version += 1;
        self.writes += 1;
        if let Some(sets) = self.sets.get_mut(name) {
            sets.retain(|(old, _)| old.rtype != rtype || *old.identifier != *identifier);
            if sets.is_empty() {
                self.sets.remove(name);
            }
        }
    }

    /// Every set, by name.
    #[must_use]
    pub fn sets(&self) -> Vec<Listed> {
        self.sets.values().flatten().cloned().collect()
    }

    fn apply(&mut self, batch: &Batch, numbered: Option<&str>) -> Vec<StepOutcome> {
        if let Some(meddle) = self.before_batch.take() {
            meddle(self);
        }
        let mut follows = batch.follows;
        let mut outcomes = Vec::with_capacity(batch.steps.len());
        let is_next = |state: &Self, follows: Option<PlanNumber>| {
            numbered.is_none_or(|owner| state.applied.get(owner).copied() == follows)
        };
        if let Some(owner) = numbered.filter(|_| batch.steps.is_empty()) {
            return vec![self.claim(owner, batch)];
        }
        for step in &batch.steps {
            let is_last = is_next(self, follows);
            let mut outcome = self.step(step, is_last);
            if outcome == StepOutcome::Done {
                if let Some(owner) = numbered {
                    self.applied.insert(owner.into(), batch.number);
                    follows = Some(batch.number);
                }
                if self.unanswered > 0 {
                    self.unanswered -= 1;
                    let silence = ProviderError::Unreachable("does not answer in time".into());
                    outcome = StepOutcome::Failed(silence);
                }
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    fn claim(&mut self, owner: &str, batch: &Batch) -> StepOutcome {
        match () {
            () if self.is_down => StepOutcome::Failed(ProviderError::Unreachable("is down".into())),
            () if self.applied.get(owner).copied() != batch.follows => StepOutcome::Lost,
            () => {
                self.applied.insert(owner.into(), batch.number);
                StepOutcome::Done
            }
        }
    }

    fn step(&mut self, step: &Step, is_last: bool) -> StepOutcome {
        if self.is_down {
            return StepOutcome::Failed(ProviderError::Unreachable("is down".into()));
        }
        if self.went_back {
            return StepOutcome::Failed(ProviderError::WentBack("is at an older state".into()));
        }
        let is_seen = step.is_as_seen(|name| self.sets.get(name).into_iter().flatten().collect());
        if !is_last || !is_seen {
            return StepOutcome::Lost;
        }
        if self.refuses.contains(&step.change.name) {
            return StepOutcome::Refused("is told to refuse it".into());
        }
        for edit in step.edits() {
            match (edit.old, edit.new) {
                (_, Some(new)) => self.put(new),
                (Some((old, _)), None) => self.remove(&old.name, old.rtype, &old.identifier),
                (None, None) => {}
            }
        }
        if let Some(look) = &mut self.after_step {
            look(step, &self.sets);
        }
        StepOutcome::Done
    }
}

impl Provider for Memory {
    fn name(&self) -> String {
        "memory".into()
    }

    fn abilities(&self) -> BoxFuture<'_, Result<Abilities, ProviderError>> {
        Box::pin(async { Ok(self.abilities.clone()) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, ProviderError>> {
        Box::pin(async {
            let mut state = self.state();
            state.lists += 1;
            if state.is_down {
                return Err(ProviderError::Unreachable("is down".into()));
            }
            if state.went_back {
                return Err(ProviderError::WentBack("is at an older state".into()));
            }
            let applied = state.applied.get(&self.owner).copied();
            Ok(Listing { sets: state.sets(), applied, ..Listing::default() })
        })
    }

    fn apply(&self, batch: Batch) -> BoxFuture<'_, Applied> {
        Box::pin(async move {
            let numbered = self.abilities.numbers_plans.then_some(self.owner.as_str());
            let outcomes = self.state().apply(&batch, numbered);
            if outcomes.contains(&StepOutcome::Done) {
                self.shared.changed.notify_waiters();
            }
            Applied { outcomes }
        })
    }

    fn changed(&self) -> Option<BoxFuture<'_, ()>> {
        Some(Box::pin(self.shared.changed.notified()))
    }
}

#[cfg(test)]
mod tests;
