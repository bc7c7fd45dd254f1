//! Steps into messages, and what becomes of them.
//!
//! ```text
//!   steps of a zone ─▶ as many as fit ─▶ message ─▶ taken      Done, all of them
//!                           ▲                 ├──▶ changed     half of them, and half again; alone: Lost
//!                           └─── halves ◀─────┼──▶ unwilling   half of them, and half again; alone: Refused
//!                                             └──▶ no answer   Failed, and so is what is left
//! ```
//!
//! A server does all of a message or nothing and does not say what kept it. So a message that is not taken is halved until
//! what stands in the way is alone, and costs itself: with 50 names in a message about 11 messages more, with 250 about 16.
//!
//! A few that are refused alone, with nothing taken yet, may mean that the zone refuses us as a whole. It is asked by a message
//! that does nothing, so that not all of many names are tried in vain, and a few bad ones keep no good one out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use domain::base::iana::Rcode;
use portolan_core::Name;
use portolan_core::plan::Act;

use super::memory::Memory;
use super::message::{FRAME_OCTETS, Letter, MESSAGE_OCTETS_MAX, Verdict, told};
use super::number::{Superseded, Turn};
use super::pace::Pace;
use super::talk::Talk;
use super::update::{Draft, draft, zone_of};
use super::{Rfc2136, UNLISTED};
use crate::provider::{Applied, Batch, ProviderError, Step, StepOutcome};

/// So many steps are refused one by one before the zone is asked whether it refuses us as a whole.
const REFUSED_ALONE_MAX: usize = 8;

/// A batch on its way.
pub(super) struct Sending<'s> {
    provider: &'s Rfc2136,
    memory: &'s mut Memory,
    batch: &'s Batch,
    talk: Talk<'s>,
    /// Of steps, as far as they are known.
    outcomes: Vec<Option<StepOutcome>>,
}

/// Which steps are sent together. Within a zone they keep the plan's order; between zones what only comes is before what
/// changes, and what only goes is last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Comes,
    Changes,
    Goes,
}

/// Steps of one zone, by their place in the batch.
struct Run<'r> {
    zone: &'r Name,
    steps: Vec<usize>,
    pace: Pace,
    /// The zone takes messages of ours.
    is_taken: bool,
    /// Refused alone, and how.
    refused: Vec<(usize, Rcode)>,
}

/// What a message is made of.
struct Parcel {
    steps: Vec<(usize, Draft)>,
    /// Changes of sets in it.
    changes: usize,
    turn: Turn,
}

impl Parcel {
    /// One that does nothing to names.
    fn of_the_plan(turn: Turn) -> Self {
        Self { steps: Vec::new(), changes: 0, turn }
    }
}

/// Why nothing more is sent of a run.
enum Stop {
    /// Another plan came first.
    Superseded,
    /// This zone is of no use now.
    Zone(ProviderError),
    /// Nobody answers.
    All(ProviderError),
}

impl Stop {
    /// What it means for steps that were not sent.
    fn outcome(&self) -> StepOutcome {
        match self {
            Self::Superseded => StepOutcome::Lost,
            Self::Zone(error) | Self::All(error) => StepOutcome::Failed(error.clone()),
        }
    }
}

impl<'s> Sending<'s> {
    pub(super) fn new(provider: &'s Rfc2136, memory: &'s mut Memory, batch: &'s Batch) -> Self {
        let talk = Talk::new(provider, provider.ring(&provider.changes));
        let outcomes = batch.steps.iter().map(|_| None).collect();
        Self { provider, memory, batch, talk, outcomes }
    }

    pub(super) async fn send(mut self) -> Applied {
        let claimed = self.claim().await;
        if self.batch.steps.is_empty() {
            return Applied {
                outcomes: vec![claimed.map_or_else(|stop| stop.outcome(), |()| StepOutcome::Done)],
            };
        }
        if let Err(stop @ (Stop::Superseded | Stop::All(_))) = claimed {
            return Applied { outcomes: self.batch.steps.iter().map(|_| stop.outcome()).collect() };
        }
        let mut silence = None;
        for ((_, zone), steps) in self.runs() {
            let pace = Pace::new(self.provider.options.changes_max);
            let run = Run { zone, steps, pace, is_taken: false, refused: Vec::new() };
            if let Err(error) = self.run(run).await {
                silence = Some(error);
                break;
            }
            self.talk.restart();
        }
        let unsent = silence.unwrap_or_else(|| ProviderError::Unreachable("was not sent".into()));
        let outcomes = self.outcomes.into_iter();
        let outcomes = outcomes.map(|outcome| outcome.unwrap_or_else(|| StepOutcome::Failed(unsent.clone())));
        Applied { outcomes: outcomes.collect() }
    }

    /// Makes a publisher known to every zone, by a batch without steps and with its first one: an older one then loses in zones
    /// too in which there is nothing to do. A zone that cannot be told now is told by the next batch.
    ///
    /// # Errors
    /// When another came first, nobody answers, or no zone could be told.
    async fn claim(&mut self) -> Result<(), Stop> {
        let (mut is_told, mut refused) = (false, None);
        for zone in self.provider.zones.iter() {
            let turn = self.turn(zone).map_err(|Superseded| Stop::Superseded)?;
            let epoch = self.memory.plan(zone).number.map(|number| number.epoch);
            let is_known = epoch == Some(self.batch.number.epoch) && !self.batch.steps.is_empty();
            let plan = turn.plan.clone().filter(|_| !is_known && self.memory.unlisted(zone).is_none());
            let Some(plan) = plan else { continue };
            match self.ask(zone, &Parcel::of_the_plan(turn)).await {
                Ok(Verdict::Taken) => {
                    is_told = true;
                    self.memory.note_plan(zone.clone(), plan);
                }
                Ok(Verdict::Changed) => return Err(Stop::Superseded),
                Ok(Verdict::Unwilling(rcode)) => refused = Some(Stop::Zone(told(rcode, zone))),
                Err(stop @ Stop::Zone(_)) => refused = Some(stop),
                Err(stop) => return Err(stop),
            }
            self.talk.restart();
        }
        refused.filter(|_| !is_told).map_or(Ok(()), Err)
    }

    /// The steps by phase and zone; those that are in no zone are refused.
    fn runs(&mut self) -> BTreeMap<(Phase, &'s Name), Vec<usize>> {
        let mut runs: BTreeMap<(Phase, &Name), Vec<usize>> = BTreeMap::new();
        let zones = &self.provider.zones;
        for (index, step) in self.batch.steps.iter().enumerate() {
            match zone_of(step, zones) {
                Ok(zone) => runs.entry((Phase::of(step), zone)).or_default().push(index),
                Err(rule) => self.outcomes[index] = Some(StepOutcome::Refused(rule)),
            }
        }
        runs
    }

    /// # Errors
    /// When nobody answers.
    async fn run(&mut self, mut run: Run<'s>) -> Result<(), ProviderError> {
        let stop = match self.memory.unlisted(run.zone) {
            Some(why) => Err(Stop::Zone(why.clone())),
            None => self.messages(&mut run).await,
        };
        let rest = stop.as_ref().err().unwrap_or(&Stop::Superseded).outcome();
        for (index, rcode) in &run.refused {
            self.outcomes[*index] = Some(run.refusal(*rcode));
        }
        for index in run.steps {
            self.outcomes[index].get_or_insert_with(|| rest.clone());
        }
        match stop {
            Err(Stop::All(error)) => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn messages(&mut self, run: &mut Run<'s>) -> Result<(), Stop> {
        // The next part is the last; what is half of a message that was not taken is marked as such.
        let mut parts: Vec<(Range<usize>, bool)> = vec![(0..run.steps.len(), false)];
        while let Some((part, is_half)) = parts.pop() {
            let Some((parcel, end)) = self.parcel(run, part.clone())? else { continue };
            if end < part.end {
                parts.push((end..part.end, is_half));
            }
            let begun = (self.provider.options.clock)();
            let verdict = self.ask(run.zone, &parcel).await?;
            // A clock that was put back says nothing; then it was slow.
            let after = (self.provider.options.clock)().duration_since(begun).unwrap_or(Duration::MAX);
            run.pace.note(parcel.changes, verdict == Verdict::Taken, after);
            if verdict == Verdict::Taken {
                run.is_taken = true;
                self.done(run.zone, parcel);
                continue;
            }
            if verdict == Verdict::Changed && !is_half && self.is_superseded(run.zone, &parcel).await? {
                return Err(Stop::Superseded);
            }
            match (verdict, parcel.steps.as_slice()) {
                (Verdict::Unwilling(rcode), [(index, _)]) => {
                    run.refused.push((*index, rcode));
                    if !run.is_taken && run.refused.len() >= REFUSED_ALONE_MAX {
                        self.admits_us(run, &parcel).await?;
                    }
                }
                (_, [(index, _)]) => self.changed(*index),
                _ => {
                    let middle = part.start + (end - part.start).div_ceil(2);
                    parts.push((middle..end, true));
                    parts.push((part.start..middle, true));
                }
            }
        }
        Ok(())
    }

    /// As many of a part's steps as one message holds, and where the rest begins. None when there is nothing to send.
    fn parcel(&mut self, run: &Run<'_>, part: Range<usize>) -> Result<Option<(Parcel, usize)>, Stop> {
        let turn = self.turn(run.zone).map_err(|Superseded| Stop::Superseded)?;
        let key = self.provider.options.key.as_ref();
        let frame =
            FRAME_OCTETS + run.zone.as_wire().len() + key.map_or(0, |key| key.octets()) + turn.octets();
        let room = MESSAGE_OCTETS_MAX - frame;
        let (mut steps, mut names) = (Vec::new(), BTreeSet::new());
        let (mut octets, mut changes) = (0, 0);
        let mut end = part.start;
        for place in part {
            let index = run.steps[place];
            let step = &self.batch.steps[index];
            if self.outcomes[index].is_some() {
                end += 1;
                continue;
            }
            let draft = match self.draft(step, room) {
                Ok(draft) => draft,
                Err(rule) => {
                    self.outcomes[index] = Some(StepOutcome::Refused(rule));
                    end += 1;
                    continue;
                }
            };
            octets += draft.octets();
            let more = step.change.acts.len().max(1);
            let own = draft.names();
            // No name is in two steps of one message: each would be made for the name as it was before the other.
            let is_full = octets > room || changes + more > run.pace.changes() || !own.is_disjoint(&names);
            if is_full && !steps.is_empty() {
                break;
            }
            changes += more;
            names.extend(own);
            steps.push((index, draft));
            end += 1;
        }
        Ok((!steps.is_empty()).then_some((Parcel { steps, changes, turn }, end)))
    }

    fn draft(&self, step: &Step, room: usize) -> Result<Draft, String> {
        if self.memory.is_taken(&step.change.name) {
            return Err(UNLISTED.into());
        }
        let draft = draft(step, &self.provider.zones, self.memory)?;
        match draft.octets() {
            octets if octets > room => {
                Err(format!("it takes {octets} octets, and a message has room for {room}"))
            }
            _ => Ok(draft),
        }
    }

    /// What a message to a zone demands and does because it is of a plan.
    fn turn(&self, zone: &Name) -> Result<Turn, Superseded> {
        let numbered =
            self.provider.publisher().and_then(|publisher| Some((publisher.name_in(zone)?, publisher)));
        let Some((name, publisher)) = numbered else { return Ok(Turn::default()) };
        Turn::new(&name, publisher, &self.memory.plan(zone), self.batch.number, self.batch.follows)
    }

    async fn ask(&mut self, zone: &Name, parcel: &Parcel) -> Result<Verdict, Stop> {
        let demands = parcel.steps.iter().flat_map(|(_, draft)| &draft.demands).chain(&parcel.turn.demands);
        let deeds = parcel.turn.deeds.iter().chain(parcel.steps.iter().flat_map(|(_, draft)| &draft.deeds));
        let options = &self.provider.options;
        let key = options.key.as_ref();
        let letter = Letter::update(self.provider.id(), zone, demands, deeds, key, (options.clock)());
        let letter = letter.expect("no more was packed than fits");
        let read = |reply| letter.read(reply, zone, key, (options.clock)());
        self.talk.ask(&letter.octets, read).await.map_err(|error| match error {
            ProviderError::Unreachable(_) => Stop::All(error),
            error => Stop::Zone(error),
        })
    }

    /// Whether a plan came first: what the message demanded of the zone's number alone is not so.
    async fn is_superseded(&mut self, zone: &Name, parcel: &Parcel) -> Result<bool, Stop> {
        Ok(!parcel.turn.demands.is_empty() && self.ask_in_vain(zone, parcel).await? == Verdict::Changed)
    }

    /// Whether it is us whom a zone refuses, or the names that come first: these must not keep all others out.
    ///
    /// # Errors
    /// When it is us.
    async fn admits_us(&mut self, run: &mut Run<'_>, parcel: &Parcel) -> Result<(), Stop> {
        match self.ask_in_vain(run.zone, parcel).await? {
            Verdict::Taken => run.is_taken = true,
            Verdict::Changed => return Err(Stop::Superseded),
            Verdict::Unwilling(rcode) => return Err(Stop::Zone(told(rcode, run.zone))),
        }
        Ok(())
    }

    /// What is said to a message that demands the zone's number and does nothing.
    async fn ask_in_vain(&mut self, zone: &Name, parcel: &Parcel) -> Result<Verdict, Stop> {
        let turn = Turn { demands: parcel.turn.demands.clone(), ..Turn::default() };
        self.ask(zone, &Parcel::of_the_plan(turn)).await
    }

    fn done(&mut self, zone: &Name, parcel: Parcel) {
        for (index, _) in parcel.steps {
            self.batch.steps[index].edits().into_iter().for_each(|edit| self.memory.done(edit));
            self.outcomes[index] = Some(StepOutcome::Done);
        }
        if let Some(plan) = parcel.turn.plan {
            self.memory.note_plan(zone.clone(), plan);
        }
    }

    fn changed(&mut self, index: usize) {
        let is_unlisted = self.memory.is_of_the_unlisted();
        if is_unlisted {
            self.memory.take(&self.batch.steps[index].change.name);
        }
        self.outcomes[index] = Some(match is_unlisted {
            true => StepOutcome::Refused(UNLISTED.into()),
            false => StepOutcome::Lost,
        });
    }
}

impl Phase {
    fn of(step: &Step) -> Self {
        let acts = &step.change.acts;
        match () {
            () if !acts.is_empty() && acts.iter().all(|act| matches!(act, Act::Create(_))) => Self::Comes,
            () if acts.iter().all(|act| matches!(act, Act::Delete(_))) => Self::Goes,
            () => Self::Changes,
        }
    }
}

impl Run<'_> {
    /// What it means that a step was refused alone. Where everything is refused, it is not about the step.
    fn refusal(&self, rcode: Rcode) -> StepOutcome {
        match rcode {
            Rcode::SERVFAIL => StepOutcome::Failed(told(rcode, self.zone)),
            Rcode::REFUSED if !self.is_taken => StepOutcome::Failed(told(rcode, self.zone)),
            Rcode::REFUSED => StepOutcome::Refused("REFUSED: we may not do this at this name".into()),
            Rcode::NOTZONE => {
                StepOutcome::Refused(format!("NOTZONE: it does not have the name in the zone {}", self.zone))
            }
            Rcode::FORMERR => StepOutcome::Refused("FORMERR: it does not understand a record of it".into()),
            rcode => StepOutcome::Refused(format!("it says {rcode}")),
        }
    }
}
