//! One batch on its way: transactions out, what became of them in.
//!
//! ```text
//!   step ─▶ draft ─┬─▶ packed with others ─▶ done
//!                  │                       └▶ lost: one of them was not as it was seen
//!                  └─────────── alone ◀──────────┘
//!                                 ├▶ done
//!                                 └▶ lost ─▶ its keys are read again ─┬─ others' doing: lost
//!                                                 ▲                   └─ as they were: alone, once more
//!                                                 └ somebody wrote below the name, which is none of its business
//! ```
//!
//! The first transaction that is done carries the plan's number with it; all of them hold it against what was read.

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use portolan_core::Name;
use portolan_core::plan::PlanNumber;
use portolan_store::kv::{Compare, KvError, Operation, Outcome, Pair, Span, Transaction};

use super::draft::Draft;
use super::number::{self, Numbered};
use super::pack::{Pack, pack};
use super::{BELOW_MAX, Etcd, State, TRANSACTIONS_AT_ONCE, cache, error};
use crate::provider::{ProviderError, Step, StepOutcome};

/// One batch on its way.
pub(super) struct Work<'w> {
    etcd: &'w Etcd,
    state: &'w mut State,
    number: PlanNumber,
    /// The plan's number is written.
    is_claimed: bool,
    outcomes: Vec<Option<StepOutcome>>,
    /// Why nothing more is tried.
    stopped: Option<ProviderError>,
}

impl<'w> Work<'w> {
    pub(super) fn new(etcd: &'w Etcd, state: &'w mut State, number: PlanNumber) -> Self {
        Self { etcd, state, number, is_claimed: false, outcomes: Vec::new(), stopped: None }
    }

    /// Writes the plan's number, and nothing else.
    pub(super) async fn claim(mut self) -> StepOutcome {
        match self.commit(&Draft::default()).await {
            Ok(Outcome::Done(_)) => StepOutcome::Done,
            Ok(Outcome::Lost(_)) => StepOutcome::Lost,
            Err(why) => self.failed(why),
        }
    }

    pub(super) async fn carry_out(mut self, steps: &[Step]) -> Vec<StepOutcome> {
        self.outcomes = vec![None; steps.len()];
        let drafts: Vec<Option<Draft>> =
            steps.iter().enumerate().map(|(index, step)| self.draft(index, step)).collect();
        let (packs, late) = pack(steps, drafts);
        late.into_iter().for_each(|index| self.tell(index, StepOutcome::Lost));
        for wave in packs.chunk_by(|a, b| a.wave == b.wave) {
            let mut wave = wave;
            while let Some((first, rest)) =
                wave.split_first().filter(|_| !self.is_claimed && self.stopped.is_none())
            {
                let outcome = self.commit(&first.draft).await;
                self.settle(steps, first, outcome).await;
                wave = rest;
            }
            self.at_once(steps, wave).await;
        }
        let stopped = self.stopped.unwrap_or(ProviderError::Unreachable("nothing was heard of it".into()));
        let unheard = || StepOutcome::Failed(stopped.clone());
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unheard)).collect()
    }

    /// The transactions of a wave, several under way.
    async fn at_once(&mut self, steps: &[Step], wave: &[Pack]) {
        if self.stopped.is_some() {
            return;
        }
        let etcd: &'w Etcd = self.etcd;
        let sent = |(index, pack): (usize, &Pack)| -> BoxFuture<'w, (usize, Result<Outcome, KvError>)> {
            let transaction = etcd.kv.transact(self.transaction(&pack.draft));
            Box::pin(async move { (index, transaction.await) })
        };
        let sent: Vec<_> = wave.iter().enumerate().map(sent).collect();
        let done: Vec<(usize, Result<Outcome, KvError>)> =
            stream::iter(sent).buffer_unordered(TRANSACTIONS_AT_ONCE).collect().await;
        for (index, outcome) in done {
            if let Some(pack) = wave.get(index) {
                self.note(&pack.draft, &outcome);
                self.settle(steps, pack, outcome).await;
            }
        }
    }

    /// What a step does; its outcome, where nothing is to be done.
    fn draft(&mut self, index: usize, step: &Step) -> Option<Draft> {
        match self.drafted(step) {
            Ok(draft) => Some(draft),
            Err(outcome) => {
                self.tell(index, outcome);
                None
            }
        }
    }

    fn drafted(&self, step: &Step) -> Result<Draft, StepOutcome> {
        let cache = &self.state.cache;
        let listed = cache.listed_at(step.names());
        if !step.is_as_seen(|name| listed.iter().filter(|(set, _)| set.name == *name).collect()) {
            return Err(StepOutcome::Lost);
        }
        Draft::of(step, cache, &self.etcd.options.layout, self.number).map_err(StepOutcome::Refused)
    }

    fn tell(&mut self, index: usize, outcome: StepOutcome) {
        if let Some(slot) = self.outcomes.get_mut(index) {
            *slot = Some(outcome);
        }
    }

    fn transaction(&self, draft: &Draft) -> Transaction {
        let key = self.etcd.number_key();
        let mut compares = draft.compares.clone();
        compares.push(Compare::Modified(key.clone(), self.state.numbered.modified));
        let mut operations = draft.operations();
        if !self.is_claimed {
            operations.push(Operation::Put(key, number::value(self.number, &self.etcd.options.instance)));
        }
        Transaction { compares, operations }
    }

    async fn commit(&mut self, draft: &Draft) -> Result<Outcome, KvError> {
        let outcome = self.etcd.kv.transact(self.transaction(draft)).await;
        if let (Ok(Outcome::Done(revision)), false) = (&outcome, self.is_claimed) {
            self.is_claimed = true;
            self.state.numbered = Numbered::written(self.number, &self.etcd.options.instance, *revision);
        }
        self.note(draft, &outcome);
        outcome
    }

    fn note(&mut self, draft: &Draft, outcome: &Result<Outcome, KvError>) {
        if let Ok(Outcome::Done(revision)) = outcome {
            self.state.cache.done(draft, *revision);
        }
    }

    /// Says what became of the steps of a transaction; those that were lost together are tried alone.
    async fn settle(&mut self, steps: &[Step], pack: &Pack, outcome: Result<Outcome, KvError>) {
        let indices = pack.steps.iter().filter_map(|index| Some((*index, steps.get(*index)?)));
        for (index, step) in indices {
            let outcome = match &outcome {
                Ok(Outcome::Done(_)) => StepOutcome::Done,
                Ok(Outcome::Lost(_)) => self.alone(step).await,
                // It may be too large for this store, and each of its steps not.
                Err(KvError::Refused(_)) if pack.steps.len() > 1 => self.alone(step).await,
                Err(why) => self.failed(why.clone()),
            };
            self.tell(index, outcome);
        }
    }

    fn failed(&mut self, why: KvError) -> StepOutcome {
        if let KvError::Refused(why) = why {
            return StepOutcome::Refused(why);
        }
        let why = error(why);
        self.stopped = Some(why.clone());
        StepOutcome::Failed(why)
    }

    async fn alone(&mut self, step: &Step) -> StepOutcome {
        for is_last in [false, true] {
            if let Some(why) = &self.stopped {
                return StepOutcome::Failed(why.clone());
            }
            let draft = match self.drafted(step) {
                Ok(draft) => draft,
                Err(outcome) => return outcome,
            };
            match self.commit(&draft).await {
                Ok(Outcome::Done(_)) => return StepOutcome::Done,
                Ok(Outcome::Lost(_)) if is_last => break,
                Ok(Outcome::Lost(_)) => match self.is_as_read(step).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(why) => return self.failed(why),
                },
                Err(why) => return self.failed(why),
            }
        }
        StepOutcome::Lost
    }

    /// True when neither the owner's number nor a key of the step's names was changed by others.
    async fn is_as_read(&mut self, step: &Step) -> Result<bool, KvError> {
        let kv = &*self.etcd.kv;
        let number = kv.range(Span::key(&self.etcd.number_key()), None, 1).await?;
        if number.pairs.first().map_or(0, |pair| pair.modified) != self.state.numbered.modified {
            return Ok(false);
        }
        for name in step.names() {
            if !self.is_name_as_read(name).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn is_name_as_read(&mut self, name: &Name) -> Result<bool, KvError> {
        let layout = &self.etcd.options.layout;
        let below = self.etcd.kv.range(layout.below(name.borrowed()), None, BELOW_MAX).await?;
        if below.more {
            return Ok(false);
        }
        let own = Span::key(&layout.key(name.borrowed()));
        let own = self.etcd.kv.range(own, Some(below.revision), 1).await?;
        let is_its = |pair: &Pair| cache::name_of(layout, pair).is_ok_and(|of| of == *name);
        let pairs: Vec<Pair> = below.pairs.into_iter().chain(own.pairs).filter(is_its).collect();
        Ok(self.state.cache.confirm(name, &pairs, below.revision))
    }
}
