//! One publisher at work: when rounds come, and what is made of what came of them.
//!
//! ```text
//!                   ┌──────────── touched names ────────────┐
//!   read ─▶ whole ──┴─▶ rest ─▶ partial round ──────────────┤
//!             ▲          │  interval, the DNS changed, a release
//!             └──────────┴──── what failed, after a back-off ┘
//! ```
//!
//! Names that are touched are published at once. Everything is compared again at an interval, which is a net below
//! events and not what changes wait for. While a DNS is not reached, what is touched waits with it.
//!
//! What a plan holds stands among the process' holds, by the publisher's name and the hold's id, and is released
//! there; whoever releases says that exactly these names are gone.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::select_all;
use portolan_core::plan::{Cause, Desired, Hold};
use portolan_core::{Name, Problem};
use portolan_sync::publisher::{Publisher, Round};
use portolan_sync::{ProviderError, StepOutcome};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::desk::{Desk, Task, without_members};
use super::tally::Tally;
use crate::clusters::{Gate, Holds};
use crate::problem;
use crate::{chance, clock};

/// How long after a failure it is tried again, the first time; doubled each time.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// The longest that it is.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How long what is wanted is waited for to be read afresh, where another publishes as the same owner.
const AFRESH: Duration = Duration::from_secs(10);
/// The shortest time between two whole rounds that nobody waits for: of a DNS that always changes.
const WHOLE_GAP: Duration = Duration::from_secs(1);
/// Most problems that are logged of one round, and names of each kind of outcome.
const TOLD_MAX: usize = 20;

/// Makes the publisher anew, which then knows nothing of before.
pub(super) type Remake = Box<dyn Fn() -> anyhow::Result<Publisher> + Send>;

/// One publisher at work.
pub(super) struct Publishing {
    name: String,
    desk: Arc<Desk>,
    seat: usize,
    publisher: Publisher,
    remake: Remake,
    /// Has what is wanted read afresh.
    again: Option<Box<dyn Fn() + Send>>,
    interval: Duration,
    holds: Arc<Holds>,
    tally: Arc<Tally>,
    /// Names that somebody said are gone, until they are.
    released: BTreeSet<Name>,
    /// What is held, by the id that it has among all holds.
    held: Option<(String, Hold)>,
    /// The DNS went back behind what it had, and is not believed.
    went_back: bool,
    /// When everything is looked at next, and when it was last.
    whole_at: Instant,
    last_whole: Instant,
    /// The DNS said that it has changed, and was not looked at since.
    was_told: bool,
    /// The DNS was not reached the last time.
    is_unreached: bool,
    /// The DNS keeps what objects of ours say of each target.
    keeps_members: bool,
    /// It is open while it is ours to publish.
    gate: Gate,
    /// Whole rounds in a row that did not do what they were to.
    failures: u32,
    /// What was last told to be wrong.
    told: BTreeSet<Problem>,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// There is nothing that it should have done and did not.
    Well,
    /// Something is to be tried again.
    Again,
}

impl Publishing {
    pub(super) fn new(
        name: String,
        (desk, seat): (Arc<Desk>, usize),
        (publisher, remake): (Publisher, Remake),
        interval: Duration,
        holds: Arc<Holds>,
        tally: Arc<Tally>,
    ) -> Self {
        Self {
            name,
            desk,
            seat,
            publisher,
            remake,
            again: None,
            interval,
            holds,
            tally,
            released: BTreeSet::new(),
            held: None,
            went_back: false,
            whole_at: Instant::now(),
            last_whole: Instant::now(),
            was_told: false,
            is_unreached: false,
            keeps_members: false,
            gate: Gate::always_open(),
            failures: 0,
            told: BTreeSet::new(),
        }
    }

    /// The same for a DNS that keeps, or does not keep, what objects of ours say of each target.
    pub(super) fn keeping_members(self, keeps_members: bool) -> Self {
        Self { keeps_members, ..self }
    }

    /// The same, that publishes while a gate is open.
    pub(super) fn behind(self, gate: &Gate) -> Self {
        Self { gate: gate.clone(), ..self }
    }

    /// The same with who has what is wanted read afresh.
    pub(super) fn reading_again(self, again: Box<dyn Fn() + Send>) -> Self {
        Self { again: Some(again), ..self }
    }

    /// Becomes the one who publishes as its owner, where the DNS can tell. To be called before what is wanted is read:
    /// what was planned from before loses.
    ///
    /// # Errors
    /// When the DNS is not reached, or will not have it.
    pub(super) async fn claim(&mut self) -> Result<(), ProviderError> {
        self.publisher.claim().await
    }

    /// The same, tried until it is so.
    pub(super) async fn claimed(&mut self) {
        while let Err(error) = self.claim().await {
            self.failures = self.failures.saturating_add(1);
            self.failed(&error);
            tokio::time::sleep(self.back_off()).await;
        }
        self.failures = 0;
    }

    /// What it publishes to, for people.
    pub(super) fn provider(&self) -> String {
        self.publisher.name()
    }

    /// Publishes for as long as the process runs, while it is ours to do.
    async fn run(&mut self) {
        let gate = self.gate.clone();
        if !gate.elects() {
            self.claimed().await;
            return self.work().await;
        }
        loop {
            let term = gate.opened().await;
            // What the DNS was when we knew it is what another has changed since.
            self.begin_anew();
            let lead = async {
                self.claimed().await;
                self.read_afresh().await;
                self.work().await;
            };
            if gate.during(term, lead).await.is_some() {
                return;
            }
            self.desk.owed(self.seat);
            tracing::info!(publisher = self.name, "publishes no more until this process leads");
        }
    }

    async fn work(&mut self) {
        let mut changes = self.desk.watch();
        loop {
            self.wait(&mut changes).await;
            let is_due = Instant::now() >= self.whole_at;
            let Some((task, turn)) = self.desk.task(self.seat, is_due || self.publisher.needs_whole()) else {
                // Nothing was read yet; that it is now is a change.
                if is_due && changes.changed().await.is_err() {
                    return;
                }
                continue;
            };
            let is_whole = matches!(task, Task::Whole(_));
            self.was_told = self.was_told && !is_whole;
            let ended = self.round(task, turn).await;
            let now = Instant::now();
            if is_whole {
                self.last_whole = now;
                self.whole_at = now + if ended == Ended::Well { self.interval } else { self.back_off() };
            } else if ended == Ended::Again || self.publisher.needs_whole() {
                self.whole_at = now;
            }
        }
    }

    /// One whole round, or of a dry one what it would do; none while nothing was read. Holds of these ids are
    /// released.
    ///
    /// # Errors
    /// When the DNS cannot be read.
    pub(super) async fn once(
        &mut self,
        released: &[String],
        dry: bool,
    ) -> Result<Option<Round>, ProviderError> {
        let Some((Task::Whole(desired), turn)) = self.desk.task(self.seat, true) else { return Ok(None) };
        let mut round = self.publisher.round(self.prepared(desired.clone()), dry).await?;
        let is_released = |hold: &&Hold| {
            let id = self.id_of(hold);
            released.iter().any(|said| *said == id || *said == hold.id.to_string())
        };
        if let Some(hold) = round.plan.hold.as_ref().filter(is_released) {
            self.released.extend(hold.names.iter().cloned());
            let desired = self.prepared(desired);
            round = self.publisher.round(desired, dry).await?;
        }
        if !dry {
            self.took(&round, true, turn);
        }
        Ok(Some(round))
    }

    /// Waits for something to do.
    async fn wait(&mut self, changes: &mut watch::Receiver<u64>) {
        let provider = self.publisher.provider().clone();
        // A DNS that has told so is listed when it is its turn, and need not tell again until then.
        let changed = provider.changed().filter(|_| !self.was_told);
        let changed = changed.unwrap_or_else(|| std::future::pending().boxed());
        let held = self.held.as_ref().map(|(id, _)| id.clone());
        let held: Vec<String> = held.into_iter().chain(self.went_back.then(|| self.name.clone())).collect();
        let released = any_released(self.holds.clone(), held);
        let (is_unreached, needs_whole) = (self.is_unreached, self.publisher.needs_whole());
        let next_whole = self.last_whole + WHOLE_GAP;
        let touched = async {
            if is_unreached {
                std::future::pending::<()>().await;
            }
            if needs_whole {
                sleep_until(next_whole).await;
            }
            // Who held the other end is gone with the process.
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let was_told = tokio::select! {
            () = sleep_until(self.whole_at) => false,
            () = touched => false,
            () = released => false,
            () = changed => true,
        };
        if was_told {
            self.was_told = true;
            self.whole_at = self.whole_at.min(next_whole);
        }
        self.take_released();
    }

    /// Takes releases: of names, which are gone then, and of a DNS that went back, which is read as one that was never seen.
    fn take_released(&mut self) {
        let holds = self.holds.clone();
        if let Some((id, hold)) = self.held.take_if(|(id, _)| holds.take_released(id)) {
            tracing::warn!(publisher = self.name, hold = id, names = hold.names.len(), "is released");
            self.released.extend(hold.names);
            self.whole_at = Instant::now();
        }
        if self.went_back && holds.take_released(&self.name) {
            tracing::warn!(publisher = self.name, "its DNS is believed again, as somebody says");
            self.went_back = false;
            self.begin_anew();
        }
    }

    /// The DNS is read as one that was never seen, at once; one that went back is not, before somebody says so.
    fn begin_anew(&mut self) {
        if !self.went_back {
            match (self.remake)() {
                Ok(publisher) => self.publisher = publisher,
                Err(error) => tracing::error!(publisher = self.name, "{}", problem::chain(&error)),
            }
        }
        self.is_unreached = false;
        self.desk.owed(self.seat);
        self.whole_at = Instant::now();
    }

    /// Another publishes as this owner: what is known here may be older than what it acted on.
    async fn read_afresh(&mut self) {
        let Some(again) = &self.again else { return };
        let (before, mut changes) = (self.desk.reads(), self.desk.watch());
        again();
        let read = async { while self.desk.reads() == before && changes.changed().await.is_ok() {} };
        let _ = timeout(AFRESH, read).await;
    }

    /// Carries out a task, and makes of what came of it what is to be made.
    async fn round(&mut self, task: Task, turn: u64) -> Ended {
        let began = Instant::now();
        let is_whole = matches!(task, Task::Whole(_));
        let done = match task {
            Task::Whole(desired) => self.whole(desired).await.map(Some),
            Task::Touched(names, desired) => {
                let desired = self.prepared(desired);
                self.publisher.round_of(&names, desired).await
            }
        };
        let ended = match done {
            Ok(Some(round)) => {
                self.is_unreached = false;
                self.came_back(is_whole);
                if round.plan.is_superseded {
                    self.read_afresh().await;
                }
                self.tally.round(&round, is_whole, began.elapsed(), clock::now());
                self.took(&round, is_whole, turn)
            }
            Ok(None) => Ended::Again,
            Err(error) => {
                self.is_unreached = true;
                self.failed(&error);
                Ended::Again
            }
        };
        match ended {
            Ended::Well => self.failures = 0,
            // What it was to look at is looked at again.
            Ended::Again => {
                self.desk.owed(self.seat);
                self.failures = self.failures.saturating_add(u32::from(is_whole));
            }
        }
        ended
    }

    /// Takes what came of a round.
    fn took(&mut self, round: &Round, is_whole: bool, turn: u64) -> Ended {
        self.tell(round, is_whole);
        if is_whole {
            self.hold(round);
        }
        self.desk.complain(&round.problems);
        let is_settled = is_whole && round.is_converged();
        self.desk.seen(self.seat, turn, is_settled);
        if is_settled {
            self.released.clear();
        }
        ended(round)
    }

    async fn whole(&mut self, desired: Desired) -> Result<Round, ProviderError> {
        let desired = self.prepared(desired);
        self.publisher.round(desired, false).await
    }

    /// What is wanted, as this publisher may have it.
    fn prepared(&self, mut desired: Desired) -> Desired {
        desired.gone.names.extend(self.released.iter().cloned());
        if self.keeps_members { desired } else { without_members(desired) }
    }

    /// The time until it is tried again: half of it is certain, the other half drawn.
    fn back_off(&self) -> Duration {
        let doubled = RETRY_FIRST * 2_u32.saturating_pow(self.failures.saturating_sub(1).min(8));
        let half = doubled.min(RETRY_MAX) / 2;
        half + chance::part_of(half)
    }

    // === What is told ===

    /// The DNS could not be read.
    fn failed(&mut self, error: &ProviderError) {
        self.tally.failed();
        tracing::warn!(publisher = self.name, "{}: {error}", self.publisher.name());
        if let ProviderError::WentBack(why) = error {
            self.went_back = true;
            let why = format!("{} {why}; nothing is written there", self.publisher.name());
            self.holds.note(&self.name, Some(why), clock::now());
        }
    }

    /// A DNS that had gone back was read whole: it is what it was again, and nobody has to say so.
    fn came_back(&mut self, is_whole: bool) {
        if self.went_back && is_whole {
            self.went_back = false;
            self.holds.note(&self.name, None, clock::now());
        }
    }

    fn id_of(&self, hold: &Hold) -> String {
        format!("{}/{}", self.name, hold.id)
    }

    /// Notes what is held among all holds.
    fn hold(&mut self, round: &Round) {
        let now = round.plan.hold.as_ref().map(|hold| (self.id_of(hold), hold.clone()));
        if let Some((id, _)) =
            self.held.take().filter(|(id, _)| now.as_ref().is_none_or(|(new, _)| new != id))
        {
            self.holds.note(&id, None, clock::now());
        }
        if let Some((id, hold)) = &now {
            self.holds.note(id, Some(why(hold)), clock::now());
        }
        self.held = now;
    }

    fn tell(&mut self, round: &Round, is_whole: bool) {
        let publisher = &self.name;
        if round.plan.is_superseded {
            tracing::warn!(
                publisher,
                "another process publishes as this owner; its plans are newer, and this one begins anew"
            );
        }
        let counts = round.counts;
        if counts.creates + counts.updates + counts.deletes + round.strays > 0 {
            let (creates, updates, deletes) = (counts.creates, counts.updates, counts.deletes);
            tracing::info!(publisher, creates, updates, deletes, marks = round.strays, "published");
        }
        if round.plan.kept > 0 {
            let names = round.plan.kept;
            tracing::warn!(
                publisher,
                names,
                "would lose something, and stay: not all that is wanted is known"
            );
        }
        for (name, failure) in failures(round).take(TOLD_MAX) {
            tracing::warn!(publisher, %name, "{failure}");
        }
        let problems: BTreeSet<Problem> = round.problems.told.iter().cloned().collect();
        for problem in problems.difference(&self.told).take(TOLD_MAX) {
            tracing::warn!(publisher, "{}", problem::line(problem));
        }
        if is_whole {
            self.told = problems;
        } else {
            self.told.extend(problems);
        }
    }
}

/// Waits until one of these is released.
async fn any_released(holds: Arc<Holds>, held: Vec<String>) {
    if held.is_empty() {
        std::future::pending::<()>().await;
    }
    select_all(held.iter().map(|id| holds.released(id).boxed())).await;
}

/// Publishes for as long as the process runs. A fault inside has it begin anew, after a while.
pub(super) async fn guarded(mut publishing: Publishing) {
    while AssertUnwindSafe(publishing.run()).catch_unwind().await.is_err() {
        tracing::error!(
            publisher = publishing.name,
            "failed inside, which is a fault of this program; it begins anew"
        );
        publishing.failures = publishing.failures.saturating_add(1);
        tokio::time::sleep(publishing.back_off()).await;
        publishing.begin_anew();
    }
}

fn ended(round: &Round) -> Ended {
    let is_to_try_again =
        |outcome: &StepOutcome| matches!(outcome, StepOutcome::Lost | StepOutcome::Failed(_));
    match round.plan.is_superseded || round.outcomes.values().any(is_to_try_again) {
        true => Ended::Again,
        false => Ended::Well,
    }
}

/// Names that were not published, and why.
pub(super) fn failures(round: &Round) -> impl Iterator<Item = (&Name, String)> {
    round.outcomes.iter().filter_map(|(name, outcome)| match outcome {
        StepOutcome::Done => None,
        StepOutcome::Lost => Some((name, "was changed by others meanwhile; it is read again".to_owned())),
        StepOutcome::Refused(why) => Some((name, format!("is refused: {why}"))),
        StepOutcome::Failed(error) => Some((name, format!("was not published: {error}"))),
    })
}

/// Why names are held, for people.
pub(super) fn why(hold: &Hold) -> String {
    let names: Vec<String> = hold.names.iter().take(3).map(Name::to_dotless).collect();
    let more = if hold.names.len() > 3 { ", …" } else { "" };
    let (held, before) = (hold.names.len(), hold.before);
    let what = match (hold.cause, before) {
        (Cause::Empty, 1) => "nothing is asked for any more of the 1 name that is published".to_owned(),
        (Cause::Empty, _) => {
            format!("nothing is asked for any more of the {before} names that are published")
        }
        (Cause::Halved, _) => format!("{held} of {before} names that are published are asked for no more"),
    };
    format!("{what}, and nobody deleted them; they stay: {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests;
