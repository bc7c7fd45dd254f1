//! One publisher: reads another DNS, plans, and has the plan carried out.
//!
//! ```text
//!   abilities ─▶ adjust ─▶ admit ─┐
//!   list ─▶ mirror ─▶ registry ───┴─▶ plan ─▶ steps ─▶ apply ─▶ outcomes
//!              ▲                       (a dry round ends here)       │
//!              └──── what was done ──────────────────────────────────┘
//! ```
//!
//! A *whole* round ([`Publisher::round`]) reads everything. What it read stays in memory (the mirror) and follows what is done, so that
//! a *partial* round ([`Publisher::round_of`]) of a few names needs no list, and costs what these names cost, however
//! many others there are. Whatever makes the mirror doubtful (a step that was lost or failed, a hold, another publisher)
//! ends that, and a whole round comes first.
//!
//! **Numbers.** Where the DNS keeps the number of the last plan ([`Abilities::numbers_plans`]), a publisher first claims an epoch above
//! any found there ([`Publisher::claim`]); each batch has the next revision in it. Whoever published before writes nothing
//! from then on. What is wanted must be read *after* the claim: what was read before may be older than what the other has
//! published since. So a round without a claim, or one that finds a higher epoch (we were replaced), claims and does nothing else, and says
//! so ([`Plan::is_superseded`]): read the sources afresh, and come again.
//!
//! It has no clock and waits for nothing: when rounds come, and with what back-off, is the caller's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::plan::{self, Counts, Current, Desired, Options, Plan, PlanNumber};
use portolan_core::registry::{Listed, NONCE_OCTETS, Nonce, Reading, Registry};
use portolan_core::{Name, Problems};
use ring::rand::{SecureRandom, SystemRandom};

use crate::provider::{Abilities, Batch, Provider, ProviderError, Step, StepOutcome};

mod mirror;
mod steps;

use mirror::Mirror;
use steps::Steps;

/// How often a whole round reads and plans again because names were changed by others while it planned.
pub const ATTEMPTS_MAX: usize = 3;
/// Most steps that a provider gets at once; of more there are several batches, each with its number.
pub const BATCH_STEPS_MAX: usize = 5_000;

/// Draws a nonce for a text that is sealed.
pub type Nonces = Box<dyn FnMut() -> Nonce + Send>;

/// Hears how many steps were carried out, and of how many.
pub type Progress = Box<dyn FnMut(usize, usize) + Send>;

/// What came of a round.
#[derive(Debug, Default)]
pub struct Round {
    /// The last plan that was made, with the hold that is in force.
    pub plan: Plan,
    /// What became of each name that was to change. A dry round has none.
    pub outcomes: BTreeMap<Name, StepOutcome>,
    /// What is wrong with what is wanted, with the marks that are there, and with what stands in the way.
    pub problems: Problems,
    /// What was done; of a dry round what would be.
    pub counts: Counts,
    /// Marks without sets that were taken away; of a dry round those that would be.
    pub strays: usize,
}

impl Round {
    /// True when all that was to be done is done, nothing is held, and nothing stays because not all that is wanted is known.
    #[must_use]
    pub fn is_converged(&self) -> bool {
        let is_done = |outcome: &StepOutcome| *outcome == StepOutcome::Done;
        let is_all = !self.plan.is_superseded && self.plan.hold.is_none() && self.plan.kept == 0;
        is_all && self.outcomes.values().all(is_done)
    }

    /// True when a dry round would do something.
    #[must_use]
    pub fn has_work(&self) -> bool {
        !self.plan.changes.is_empty() || self.strays > 0
    }
}

/// Publishes to one DNS as one owner.
pub struct Publisher {
    provider: Arc<dyn Provider>,
    registry: Registry,
    options: Options,
    nonces: Nonces,
    progress: Progress,
    abilities: Option<Abilities>,
    /// Of the last batch that was sent, or of the claim.
    number: PlanNumber,
    /// The DNS took our epoch, and no higher one was seen since.
    has_claim: bool,
    /// The highest number that the DNS is known to have.
    applied: Option<PlanNumber>,
    /// What the DNS has; none while a whole round must come first.
    mirror: Option<Mirror>,
}

impl Publisher {
    /// A publisher that has read nothing yet. What the provider's DNS takes and keeps narrows the options.
    #[must_use]
    pub fn new(provider: Arc<dyn Provider>, registry: Registry, options: Options) -> Self {
        Self {
            provider,
            registry,
            options,
            nonces: Box::new(drawn),
            progress: Box::new(|_, _| {}),
            abilities: None,
            number: PlanNumber::default(),
            has_claim: false,
            applied: None,
            mirror: None,
        }
    }

    /// With nonces from elsewhere than the system's random source.
    #[must_use]
    pub fn with_nonces(mut self, nonces: Nonces) -> Self {
        self.nonces = nonces;
        self
    }

    /// Tells how many steps of a round were carried out, and of how many, after each batch.
    #[must_use]
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// What it publishes to, for people.
    #[must_use]
    pub fn name(&self) -> String {
        self.provider.name()
    }

    /// True while only a whole round will do.
    #[must_use]
    pub fn needs_whole(&self) -> bool {
        self.mirror.is_none()
    }

    /// Its provider.
    #[must_use]
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// Makes this the one who publishes as its owner, where the DNS can tell. To be called before the sources are
    /// read; a round that finds it undone does it, and nothing else.
    ///
    /// # Errors
    /// When the DNS is not reached, or others claim it again and again.
    pub async fn claim(&mut self) -> Result<(), ProviderError> {
        self.options().await?;
        if self.is_claimed() {
            return Ok(());
        }
        self.mirror = None;
        for _ in 0..ATTEMPTS_MAX {
            let applied = self.provider.list().await?.applied;
            let epoch = applied.map_or(0, |number| number.epoch).max(self.number.epoch);
            let number = PlanNumber { epoch: epoch.saturating_add(1), revision: 0 };
            // A claim that nobody heard of is not made again: another epoch is.
            self.number = number;
            let batch = Batch { number, follows: applied, steps: Vec::new() };
            match self.provider.apply(batch).await.outcomes.into_iter().next() {
                Some(StepOutcome::Done) => {
                    (self.has_claim, self.applied) = (true, Some(number));
                    return Ok(());
                }
                Some(StepOutcome::Failed(error)) => return Err(error),
                Some(StepOutcome::Refused(why)) => return Err(ProviderError::Refused(why)),
                Some(StepOutcome::Lost) | None => {}
            }
        }
        Err(ProviderError::Refused("others publish as this owner at the same time".into()))
    }

    /// A whole round: everything is read, and made what it is to be as far as it may. A dry round writes nothing.
    ///
    /// When it ends superseded, nothing was done, and the sources must be read afresh before the next round.
    ///
    /// # Errors
    /// When the DNS cannot be read; nothing was written then.
    pub async fn round(&mut self, mut desired: Desired, dry: bool) -> Result<Round, ProviderError> {
        let options = self.options().await?;
        if !dry && !self.is_claimed() {
            self.claim().await?;
            return Ok(self.superseded());
        }
        self.mirror = None;
        desired.sets = self.provider.adjust(desired.sets).await?;
        let refused = self.registry.admit(&mut desired);
        let mut round = Round::default();
        for _ in 0..ATTEMPTS_MAX {
            let listing = self.provider.list().await?;
            if !dry && self.is_replaced(listing.applied) {
                self.claim().await?;
                return Ok(self.superseded());
            }
            self.applied = listing.applied;
            round.outcomes.retain(|_, outcome| *outcome == StepOutcome::Done);
            round.problems = refused.clone();
            extend(&mut round.problems, listing.problems);
            let mirror = Mirror::new(listing.sets, &self.registry.affix);
            let reading = self.registry.read(mirror.listed(), &options);
            let work = self.work(&desired, reading, &mirror, &options, true, &mut round);
            if dry {
                round.counts = round.plan.counts();
                round.strays = work.strays;
                return Ok(round);
            }
            self.mirror = Some(mirror);
            self.carry_out(work, &mut round).await;
            let is_lost = round.outcomes.values().any(|outcome| *outcome == StepOutcome::Lost);
            if !is_lost {
                break;
            }
        }
        Ok(round)
    }

    /// A round of a few names: `desired` is all that is wanted there, and what it wants elsewhere is passed over.
    /// None when a whole round must come first.
    ///
    /// What vanishes there without evidence stays, and a whole round comes next and judges it.
    ///
    /// # Errors
    /// When the provider cannot say what it would make of what is wanted; nothing was written then.
    pub async fn round_of(
        &mut self,
        touched: &BTreeSet<Name>,
        mut desired: Desired,
    ) -> Result<Option<Round>, ProviderError> {
        if self.mirror.is_none() || touched.iter().any(|name| steps::has_twin(name, &self.registry.affix)) {
            return Ok(None);
        }
        let options = self.options().await?;
        desired.sets.retain(|wanted| touched.contains(wanted.set.name.as_wire()));
        desired.sets = self.provider.adjust(desired.sets).await?;
        let mut round = Round { problems: self.registry.admit(&mut desired), ..Round::default() };
        let Some(mirror) = self.mirror.take() else { return Ok(None) };
        let mut reading = self.registry.read(mirror.about(touched, &self.registry.affix), &options);
        reading.sets.retain(|found| touched.contains(found.set.name.as_wire()));
        let work = self.work(&desired, reading, &mirror, &options, false, &mut round);
        self.mirror = Some(mirror);
        self.carry_out(work, &mut round).await;
        if let Some(hold) = round.plan.hold.take() {
            round.plan.kept += hold.names.len();
            self.mirror = None;
        }
        Ok(Some(round))
    }

    /// What it may do, as far as the DNS can.
    async fn options(&mut self) -> Result<Options, ProviderError> {
        let abilities = match &self.abilities {
            Some(abilities) => abilities.clone(),
            None => self.abilities.insert(self.provider.abilities().await?).clone(),
        };
        let mut options = self.options.clone();
        options.filters.extend(abilities.filter);
        options.keeps = abilities.keeps;
        Ok(options)
    }

    /// True when it is us whom the DNS lets publish as this owner, as far as it can tell.
    fn is_claimed(&self) -> bool {
        self.has_claim || !self.has_numbers()
    }

    fn has_numbers(&self) -> bool {
        self.abilities.as_ref().is_some_and(|abilities| abilities.numbers_plans)
    }

    /// True when another publisher has come since; the claim is gone then. A lower epoch is no publisher's doing: the DNS was
    /// put back to an older state, and is published to anew.
    fn is_replaced(&mut self, applied: Option<PlanNumber>) -> bool {
        let is_replaced = applied.is_some_and(|applied| applied.epoch > self.number.epoch);
        self.has_claim &= !is_replaced;
        is_replaced && self.has_numbers()
    }

    fn superseded(&self) -> Round {
        let plan = Plan { follows: self.applied, is_superseded: true, ..Plan::default() };
        Round { plan, ..Round::default() }
    }

    /// The next plan, and its steps.
    fn work(
        &mut self,
        desired: &Desired,
        mut reading: Reading,
        mirror: &Mirror,
        options: &Options,
        is_whole: bool,
        round: &mut Round,
    ) -> Steps {
        let number = self.next_number();
        let current = Current { sets: std::mem::take(&mut reading.sets), applied: self.applied };
        round.plan = plan::plan(&current, desired, number, options);
        extend(&mut round.problems, std::mem::take(&mut reading.problems));
        extend(&mut round.problems, round.plan.problems.clone());
        let registry = &self.registry;
        let nonces = &mut self.nonces;
        let mut steps =
            Steps::of(&round.plan, |change| registry.write(change, &reading, options, &mut *nonces), mirror);
        if is_whole {
            steps.add_strays(registry, &reading, options, mirror);
        }
        steps
    }

    /// The number of the next batch. A dry round of a publisher that has claimed nothing plans as if it had.
    fn next_number(&self) -> PlanNumber {
        let epoch = self.applied.map_or(0, |number| number.epoch);
        match self.number.epoch {
            own if own >= epoch.max(1) => {
                PlanNumber { revision: self.number.revision.saturating_add(1), ..self.number }
            }
            // What stands there may be anybody's.
            _ => PlanNumber { epoch: epoch.saturating_add(1), revision: 0 },
        }
    }

    /// Has steps carried out, and takes what was done into the mirror. Without a mirror a whole round comes next.
    async fn carry_out(&mut self, work: Steps, round: &mut Round) {
        let Steps { mut steps, .. } = work;
        let total = steps.len();
        while !steps.is_empty() {
            let rest = steps.split_off(steps.len().min(BATCH_STEPS_MAX));
            let stop = self.send(steps, round).await;
            (self.progress)(total - rest.len(), total);
            if let Some(outcome) = stop {
                let rest = rest.into_iter().map(|step| (step.change.name, outcome.clone()));
                round.outcomes.extend(rest);
                return;
            }
            steps = rest;
        }
    }

    /// Sends one batch. What becomes of all others when nothing of it was done, and it is not the steps' own fault.
    async fn send(&mut self, steps: Vec<Step>, round: &mut Round) -> Option<StepOutcome> {
        let numbers = self.has_numbers();
        self.number = self.next_number();
        let batch =
            Batch { number: self.number, follows: self.applied.filter(|_| numbers), steps: steps.clone() };
        // A round that is dropped meanwhile leaves a state that nobody knows.
        let mirror = self.mirror.take();
        let applied = self.provider.apply(batch).await;
        self.mirror = mirror;
        let unknown = || StepOutcome::Failed(ProviderError::Unsound("says nothing of this step".into()));
        let outcomes = applied.outcomes.into_iter().chain(std::iter::repeat_with(unknown));
        let (mut is_written, mut undone) = (false, None);
        for (step, outcome) in steps.iter().zip(outcomes) {
            match &outcome {
                StepOutcome::Done => {
                    is_written = true;
                    self.done(step, round);
                }
                StepOutcome::Refused(_) => {}
                StepOutcome::Lost | StepOutcome::Failed(_) => undone = Some(outcome.clone()),
            }
            round.outcomes.insert(step.change.name.clone(), outcome);
        }
        if undone.is_some() {
            self.mirror = None;
        }
        if is_written && numbers {
            self.applied = Some(self.number);
        }
        undone.filter(|_| !is_written)
    }

    fn done(&mut self, step: &Step, round: &mut Round) {
        if let Some(mirror) = &mut self.mirror {
            step.edits().into_iter().for_each(|edit| mirror.apply(edit, &self.registry.affix));
        }
        let counts = steps::counts(step);
        round.counts.creates += counts.creates;
        round.counts.updates += counts.updates;
        round.counts.deletes += counts.deletes;
        round.strays += if step.change.acts.is_empty() { step.texts.len() } else { 0 };
    }
}

fn drawn() -> Nonce {
    let mut nonce = [0; NONCE_OCTETS];
    SystemRandom::new().fill(&mut nonce).expect("the system gives random octets");
    nonce
}

fn extend(problems: &mut Problems, more: Problems) {
    problems.untold += more.untold;
    problems.extend(more.told);
}

/// Sets as they were listed.
type Sets = Vec<Listed>;

#[cfg(test)]
mod race;
#[cfg(test)]
mod tests;
