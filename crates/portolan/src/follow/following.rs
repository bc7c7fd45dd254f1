//! A stream, followed: the whole, what changes, and what is done when neither can be had.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use portolan_core::{Fact, Fleet, Problem, Reason};
use portolan_store::StoreError;
use portolan_store::format::fact::{self, Pulse, Told};
use portolan_store::kv::{KeyEvent, Kv, KvError, Page, Revision};
use tokio::time::sleep;

use crate::clusters::Holds;
use crate::engine::{STREAM_HOLD, SharedEngine};
use crate::threads::in_place;
use crate::watching::{PAGE_KEYS, gather, next};
use crate::{chance, clock};

/// How often it is looked how far the replica is: a watch that says nothing does not tell.
pub const LOOK: Duration = Duration::from_secs(1);
/// The first wait after a failure, doubled with each that follows. What is waited is drawn, from nothing to all of it, so that
/// those who follow one replica do not come back at once.
const WAIT_FIRST: Duration = LOOK;
/// The longest wait after a failure: certificates that were renewed are to count soon.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Most keys that are not understood, of which it is told.
const FAULTY_TOLD_MAX: usize = 5;

/// One stream.
pub(super) struct Following {
    name: String,
    kv: Arc<dyn Kv>,
    engine: SharedEngine,
    holds: Arc<Holds>,
    wait: Duration,
    /// Whether a replica tells; none while that is not known.
    is_well: Option<bool>,
    /// The newest revision that is known of.
    newest: Revision,
}

/// Why a following ends, to begin again.
#[derive(Debug)]
enum End {
    /// The replica does not tell.
    Kv(KvError),
    /// It has not read its own fleet yet.
    NotWhole,
    /// What it tells is not understood.
    Unread(StoreError),
    /// It has caught up with something that was kept from it.
    CaughtUp,
    /// Somebody says that what the whole lacked is gone.
    Released,
}

impl From<KvError> for End {
    fn from(error: KvError) -> Self {
        Self::Kv(error)
    }
}

impl Following {
    pub(super) fn new(name: String, kv: Arc<dyn Kv>, engine: SharedEngine, holds: Arc<Holds>) -> Self {
        Self { name, kv, engine, holds, wait: Duration::ZERO, is_well: None, newest: 0 }
    }

    /// Follows for ever.
    pub(super) async fn run(mut self) {
        if self.engine.lock().snapshot().complete {
            // The last good state answers, nobody waits for us, and others may have been started at the same time.
            sleep(chance::part_of(LOOK)).await;
        }
        let mut read_to: Option<Revision> = None;
        // A whole of the replica that was followed up to now is believed, whatever it lacks.
        let mut is_believed = false;
        loop {
            let ended = match &mut read_to {
                Some(revision) => self.watch(revision).await,
                None => match self.whole(is_believed).await {
                    Ok(revision) => {
                        (read_to, is_believed) = (Some(revision), true);
                        continue;
                    }
                    Err(end) => end,
                },
            };
            match ended {
                End::CaughtUp => {
                    tracing::info!("the control replica has caught up; all is taken from it");
                    read_to = None;
                }
                End::Released => (read_to, is_believed) = (None, true),
                End::Kv(error @ KvError::Compacted(_)) => {
                    tracing::info!("too far behind ({error}); all is taken again");
                    read_to = None;
                    self.pause().await;
                }
                End::Kv(KvError::WentBack { .. }) => {
                    tracing::info!(
                        "another control replica, or the same one started again; all of it is taken"
                    );
                    self.kv.accept();
                    (read_to, is_believed, self.newest) = (None, false, 0);
                    self.pause().await;
                }
                ended => {
                    self.trouble(&ended);
                    self.pause().await;
                }
            }
        }
    }

    // === The whole ===

    /// Takes all that there is, as it is at one revision.
    async fn whole(&mut self, is_believed: bool) -> Result<Revision, End> {
        let (mut fleet, mut pulse, mut faulty) = (Fleet::default(), None, Vec::new());
        let mut span = fact::span();
        let mut at = None;
        loop {
            let page = self.kv.range(span.clone(), at, PAGE_KEYS).await?;
            at = Some(page.revision);
            for pair in &page.pairs {
                match fact::decode(&pair.key, Some(&pair.value)) {
                    Ok(Some(Told::Fact(fact))) => drop(fleet.apply([fact])),
                    Ok(Some(Told::Pulse(told))) => pulse = Some(told),
                    Ok(None) => {}
                    Err(error @ StoreError::Newer { .. }) => return Err(End::Unread(error)),
                    Err(error) => {
                        // What is not understood says nothing: it stays what it was.
                        fleet.apply(self.known(&pair.key));
                        faulty.push(error);
                    }
                }
            }
            let Some(last) = page.pairs.last().filter(|_| page.more) else { break };
            span.from = [&last.key[..], &[0]].concat();
        }
        let revision = at.unwrap_or(0);
        let pulse = pulse.ok_or(End::NotWhole)?;
        report(&faulty);
        let (names, clusters) = (fleet.names.len(), fleet.clusters.len());
        let is_taken = in_place(|| {
            let mut engine = self.engine.lock();
            engine.take_whole(&fleet, &pulse, is_believed, clock::now())
        });
        self.note_hold();
        tracing::info!(
            from = self.name,
            names,
            clusters,
            revision,
            is_taken,
            "all was taken from a control replica"
        );
        self.told(revision);
        self.went_well();
        Ok(revision)
    }

    /// What is known here of a key.
    fn known(&self, key: &[u8]) -> Option<Fact> {
        let Ok(Some(Told::Fact(fact))) = fact::decode(key, None) else { return None };
        let engine = self.engine.lock();
        let fleet = engine.fleet();
        Some(match fact {
            Fact::Cluster(name, _) => Fact::Cluster(name.clone(), fleet.clusters.get(&name).cloned()),
            Fact::Zone(apex, _) => Fact::Zone(apex.clone(), fleet.zones.get(&apex).cloned()),
            Fact::Policy(name, _) => Fact::Policy(name.clone(), fleet.policies.get(&name).cloned()),
            Fact::Name(name, _) => {
                let facts = fleet.names.get(name.borrowed()).map(|facts| facts.to_facts());
                Fact::Name(name, facts)
            }
        })
    }

    // === Changes ===

    /// Takes what changes after a revision, until that ends.
    async fn watch(&mut self, read_to: &mut Revision) -> End {
        let mut batches = self.kv.watch(fact::span(), *read_to);
        let mut looking = self.look();
        loop {
            let holds = self.holds.clone();
            let batch = tokio::select! {
                batch = next(&mut batches) => batch,
                looked = &mut looking => {
                    looking = self.look();
                    match looked {
                        Ok(page) => {
                            self.newest = self.newest.max(page.revision);
                            self.told(*read_to);
                            self.went_well();
                        }
                        Err(error @ KvError::WentBack { .. }) => return End::Kv(error),
                        // The watch goes on by itself when a replica is back.
                        Err(error) => self.trouble(&End::Kv(error)),
                    }
                    continue;
                }
                () = holds.released(STREAM_HOLD) => {
                    self.holds.take_released(STREAM_HOLD);
                    tracing::warn!(hold = STREAM_HOLD, "released");
                    return End::Released;
                }
            };
            let mut all = match batch {
                Ok(batch) => batch,
                Err(error) => return End::Kv(error),
            };
            let failed = gather(&mut all, &mut batches).await;
            let has_caught_up = match self.changed(&all.events) {
                Ok(has_caught_up) => has_caught_up,
                Err(error) => return End::Unread(error),
            };
            *read_to = (*read_to).max(all.revision);
            self.told(*read_to);
            self.went_well();
            if has_caught_up {
                return End::CaughtUp;
            }
            if let Some(error) = failed {
                return End::Kv(error);
            }
        }
    }

    /// How far the replica is, after a while.
    fn look(&self) -> BoxFuture<'static, Result<Page, KvError>> {
        let kv = self.kv.clone();
        Box::pin(async move {
            sleep(LOOK).await;
            kv.range(fact::span(), None, 0).await
        })
    }

    /// Takes changes, in order. True when the whole is to be taken again.
    fn changed(&self, events: &[KeyEvent]) -> Result<bool, StoreError> {
        let (mut facts, mut pulse, mut faulty) = (Vec::new(), None::<Pulse>, Vec::new());
        for event in events {
            let value = match event {
                KeyEvent::Put(pair) => Some(pair.value.as_slice()),
                KeyEvent::Delete(_) => None,
            };
            match fact::decode(event.key(), value) {
                Ok(Some(Told::Fact(fact))) => facts.push(fact),
                Ok(Some(Told::Pulse(told))) => pulse = Some(told),
                Ok(None) => {}
                Err(error @ StoreError::Newer { .. }) => return Err(error),
                Err(error) => faulty.push(error),
            }
        }
        report(&faulty);
        let now = clock::now();
        Ok(in_place(|| {
            let mut engine = self.engine.lock();
            if !facts.is_empty() {
                engine.take_told(facts, now);
            }
            pulse.is_some_and(|pulse| engine.take_pulse(&pulse, now))
        }))
    }

    /// Notes up to where everything was told.
    fn told(&mut self, read_to: Revision) {
        self.newest = self.newest.max(read_to);
        let behind = self.newest - read_to;
        in_place(|| self.engine.lock().note_stream(Some(behind), clock::now()));
    }

    // === What goes wrong ===

    fn trouble(&mut self, end: &End) {
        let (reason, why) = match end {
            End::Kv(error @ KvError::Unauthorized(_)) => (Reason::Unauthorized, error.to_string()),
            End::Kv(KvError::Unreachable(why)) => {
                (Reason::Silent, format!("no control replica is reached: {why}{}", hint(why)))
            }
            End::NotWhole => {
                (Reason::Incomplete, "the control replica has not read its fleet yet".to_owned())
            }
            End::Unread(error) => {
                (Reason::Invalid, format!("what the control replica tells is not understood: {error}"))
            }
            End::Kv(other) => (Reason::Silent, other.to_string()),
            End::CaughtUp | End::Released => return,
        };
        if self.is_well.replace(false) != Some(false) {
            tracing::warn!(from = self.name, "{why}; answers stay as they are");
        }
        let message = format!("{why}; answers stay as they are");
        let problem =
            Problem { subject: format!("stream from {}", self.name), reason, message, place: String::new() };
        in_place(|| {
            let mut engine = self.engine.lock();
            engine.note_stream(None, clock::now());
            engine.trouble_stream(Some(problem));
        });
    }

    fn went_well(&mut self) {
        self.wait = Duration::ZERO;
        match self.is_well.replace(true) {
            Some(true) => return,
            Some(false) => tracing::info!(from = self.name, "followed again"),
            None => {}
        }
        in_place(|| self.engine.lock().trouble_stream(None));
    }

    /// Has what the whole lacked held, or not any more.
    fn note_hold(&self) {
        let held = in_place(|| self.engine.lock().stream_held());
        self.holds.note(STREAM_HOLD, held, clock::now());
    }

    async fn pause(&mut self) {
        self.wait = (self.wait * 2).clamp(WAIT_FIRST, WAIT_MAX);
        sleep(chance::part_of(self.wait)).await;
    }
}

/// Who is turned away for its certificate may see no more of that than a connection that ends.
fn hint(why: &str) -> &'static str {
    const ENDED: [&str; 5] =
        ["fatal alert", "connection has ended", "closed", "reset by peer", "broken pipe"];
    if !ENDED.iter().any(|ended| why.contains(ended)) {
        return "";
    }
    " (whose certificate a control replica does not trust is turned away: its log says so)"
}

/// Says which keys are not understood.
fn report(faulty: &[StoreError]) {
    for error in faulty.iter().take(FAULTY_TOLD_MAX) {
        tracing::error!("what a control replica tells of a fact is not understood, and passed over: {error}");
    }
    if faulty.len() > FAULTY_TOLD_MAX {
        tracing::error!("and {} more", faulty.len() - FAULTY_TOLD_MAX);
    }
}

#[cfg(test)]
mod tests;
