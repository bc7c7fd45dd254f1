//! A store in this process: what control replicas publish to their followers ([`super::server`]), and what tests and
//! simulations of a fleet write to.
//!
//! ```text
//!   Memory ──┐                        ┌─ versions of each key ──▶ range, at any revision that is not forgotten
//!   Memory ──┼─▶ one server, as etcd ─┤
//!   (a client│   keeps its state      └─ what each revision did ─▶ watches
//!    each)   └◀─ Faults: what tests and simulations do to it
//! ```
//!
//! Clients of one server each know what they have seen of it, so that each notices by itself that it went back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;

use super::seen::Seen;
use super::{
    Batch, Compare, KeyEvent, Kv, KvError, Operation, Outcome, Page, Pair, Revision, Span, Transaction,
};

pub use self::faults::Faults;

mod faults;

/// How many revisions are remembered; what is older is forgotten, as a store that is compacted forgets.
pub const HISTORY_MAX: usize = 100_000;
/// And how many octets of keys and values, each with [`EVENT_OCTETS`] besides. A store of small changes comes to
/// [`HISTORY_MAX`] first.
pub const HISTORY_OCTETS_MAX: usize = 64 * 1024 * 1024;
/// What an event costs beside its key and its value.
const EVENT_OCTETS: usize = 64;
/// There is one store in memory, which is always the same.
const STORE: u64 = 1;

/// A client of a store in memory. A clone is the same client.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    server: Arc<Server>,
    seen: Arc<Seen>,
}

#[derive(Debug)]
struct Server {
    state: Mutex<State>,
    /// Counts what watches and stalled transactions must look at.
    news: watch::Sender<u64>,
}

/// What the server has, and what is wrong with it.
#[derive(Debug, Default)]
struct State {
    revision: Revision,
    /// The oldest revision that there is.
    oldest: Revision,
    /// Of each key all versions that are remembered, oldest first.
    keys: BTreeMap<Vec<u8>, Vec<Version>>,
    /// What each revision did.
    history: BTreeMap<Revision, Vec<KeyEvent>>,
    /// Octets of all that.
    history_octets: usize,
    /// Each revision that it went back to.
    returns: Vec<Revision>,
    /// How often all watches were told how far they are.
    told: u64,
    is_unreachable: bool,
    is_full: bool,
    is_stalled: bool,
    loses_answers: bool,
    /// Transactions that wait.
    waiting: usize,
}

/// A key as it was from a revision on.
#[derive(Clone, Debug)]
struct Version {
    since: Revision,
    /// None once it was removed.
    pair: Option<Pair>,
}

impl Default for Server {
    fn default() -> Self {
        Self { state: Mutex::default(), news: watch::Sender::new(0) }
    }
}

impl Memory {
    /// A client of a new, empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another client of the same store, as of another process: it has seen nothing yet.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { server: Arc::clone(&self.server), seen: Arc::default() }
    }

    /// Writes all of it at the next revision, whatever is there, and gives that: for who alone writes, and may write
    /// more at once than a transaction has.
    pub fn write(&self, operations: &[Operation]) -> Revision {
        let mut state = self.server.lock();
        let changes: Vec<&Operation> = operations.iter().filter(|one| state.would_change(one)).collect();
        if !changes.is_empty() {
            state.write(changes, None);
        }
        let revision = state.revision;
        drop(state);
        self.server.tell();
        revision
    }

    /// Its revision now.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.server.lock().revision
    }

    /// At most so many keys of a span at a revision, or now, whatever any client has seen.
    ///
    /// # Errors
    /// As [`Kv::range`].
    pub(super) fn read(&self, span: &Span, at: Option<Revision>, limit: usize) -> Result<Page, KvError> {
        self.server.lock().range(span, at, limit)
    }

    /// What revisions after one did to keys of a span, each whole, in order, until they have so many octets; and up to
    /// which revision that is.
    ///
    /// # Errors
    /// [`KvError::Compacted`] when that is not remembered, [`KvError::WentBack`] when there never was such a revision.
    pub(super) fn since(&self, span: &Span, after: Revision, octets: usize) -> Result<Since, KvError> {
        self.server.lock().since(span, after, octets)
    }

    /// Tells when there may be something new.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.server.news.subscribe()
    }

    /// What can be done to the store.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults::of(&self.server)
    }

    fn range_now(&self, span: &Span, at: Option<Revision>, limit: usize) -> Result<Page, KvError> {
        let state = self.server.reached()?;
        self.seen.note(self.seen.mark(), STORE, state.revision)?;
        state.range(span, at, limit)
    }

    async fn transact_once(&self, transaction: &Transaction) -> Result<Outcome, KvError> {
        transaction.check()?;
        self.server.pass().await;
        let mut state = self.server.reached()?;
        let before = self.seen.mark();
        before.holds(STORE, state.revision)?;
        let outcome = state.transact(transaction)?;
        let (loses_answers, revision) = (state.loses_answers, state.revision);
        drop(state);
        self.server.tell();
        if loses_answers {
            return Err(KvError::Unknown("the answer was lost".to_owned()));
        }
        self.seen.note(before, STORE, revision)?;
        Ok(outcome)
    }
}

impl Kv for Memory {
    fn range(&self, span: Span, at: Option<Revision>, limit: usize) -> BoxFuture<'_, Result<Page, KvError>> {
        async move { self.range_now(&span, at, limit) }.boxed()
    }

    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<Outcome, KvError>> {
        async move { self.transact_once(&transaction).await }.boxed()
    }

    fn watch(&self, span: Span, after: Revision) -> BoxStream<'static, Result<Batch, KvError>> {
        let news = self.server.news.subscribe();
        let (returns, told) = {
            let state = self.server.lock();
            (state.returns.len(), state.told)
        };
        let watch = Watch { server: Arc::clone(&self.server), span, after, returns, told, news };
        stream::unfold(Some(watch), |watch| async move {
            let mut watch = watch?;
            let next = watch.next().await;
            let watch = next.is_ok().then_some(watch);
            Some((next, watch))
        })
        .boxed()
    }

    fn accept(&self) {
        self.seen.accept();
    }
}

impl Server {
    /// The state, where it can be reached.
    fn reached(&self) -> Result<MutexGuard<'_, State>, KvError> {
        let state = self.lock();
        if state.is_unreachable {
            return Err(KvError::Unreachable("the store in memory is cut off".to_owned()));
        }
        Ok(state)
    }

    /// Waits while transactions are stalled.
    async fn pass(&self) {
        let mut news = self.news.subscribe();
        if !self.is_stalled() {
            return;
        }
        self.lock().waiting += 1;
        while self.is_stalled() {
            // The sender is ours.
            let _ = news.changed().await;
        }
        self.lock().waiting -= 1;
    }

    fn is_stalled(&self) -> bool {
        self.lock().is_stalled
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn range(&self, span: &Span, at: Option<Revision>, limit: usize) -> Result<Page, KvError> {
        let revision = at.unwrap_or(self.revision);
        if revision > self.revision {
            return Err(KvError::WentBack { seen: revision, found: self.revision });
        }
        if revision < self.oldest {
            return Err(KvError::Compacted(self.oldest));
        }
        let from = self.keys.range(span.from.clone()..).take_while(|(key, _)| span.contains(key));
        let mut found = from.filter_map(|(_, versions)| at_revision(versions, revision)?.pair.clone());
        let pairs = found.by_ref().take(limit).collect();
        Ok(Page { pairs, revision, more: found.next().is_some() })
    }

    fn transact(&mut self, transaction: &Transaction) -> Result<Outcome, KvError> {
        if !transaction.compares.iter().all(|compare| self.holds(compare)) {
            return Ok(Outcome::Lost(self.revision));
        }
        let puts = transaction.operations.iter().any(|operation| matches!(operation, Operation::Put(..)));
        if self.is_full && puts {
            return Err(KvError::Full("the store in memory was told to be".to_owned()));
        }
        let changes: Vec<&Operation> =
            transaction.operations.iter().filter(|operation| self.would_change(operation)).collect();
        if !changes.is_empty() {
            self.write(changes, None);
        }
        Ok(Outcome::Done(self.revision))
    }

    /// Removing what is not there is nothing.
    fn would_change(&self, operation: &Operation) -> bool {
        matches!(operation, Operation::Put(..)) || self.now(operation.key()).is_some()
    }

    /// Does all of it at the next revision.
    fn write<'a>(&mut self, changes: impl IntoIterator<Item = &'a Operation>, lease_ttl: Option<u64>) {
        self.revision += 1;
        let modified = self.revision;
        for change in changes {
            let pair = match change {
                Operation::Put(key, value) => {
                    Some(Pair { key: key.clone(), value: value.clone(), modified, lease_ttl })
                }
                Operation::Delete(_) => None,
            };
            let event = pair.clone().map_or_else(|| KeyEvent::Delete(change.key().to_vec()), KeyEvent::Put);
            self.history_octets += octets(&event);
            self.history.entry(modified).or_default().push(event);
            let versions = self.keys.entry(change.key().to_vec()).or_default();
            versions.push(Version { since: modified, pair });
        }
        if self.history.len() > HISTORY_MAX {
            self.compact(modified - HISTORY_MAX as u64);
        }
        while self.history_octets > HISTORY_OCTETS_MAX
            && let Some(oldest) = self.history.keys().next().copied()
        {
            self.compact(oldest);
        }
    }

    fn holds(&self, compare: &Compare) -> bool {
        match compare {
            Compare::Modified(key, revision) => self.now(key).map_or(0, |pair| pair.modified) == *revision,
            Compare::Unwritten(span, after) => {
                let keys = self.keys.range(span.from.clone()..).take_while(|(key, _)| span.contains(key));
                keys.filter_map(|(_, versions)| versions.last()?.pair.as_ref())
                    .all(|pair| pair.modified <= *after)
            }
        }
    }

    fn now(&self, key: &[u8]) -> Option<&Pair> {
        self.keys.get(key)?.last()?.pair.as_ref()
    }

    /// Forgets what was before a revision.
    fn compact(&mut self, oldest: Revision) {
        let oldest = oldest.min(self.revision);
        if oldest <= self.oldest {
            return;
        }
        self.oldest = oldest;
        // Only a key that was written again, or removed, has a version that is forgotten: so this costs what was done
        // by what is forgotten, and not what there is.
        while let Some(entry) = self.history.first_entry().filter(|entry| *entry.key() <= oldest) {
            for event in entry.remove() {
                self.history_octets -= octets(&event);
                self.forget(event.key(), oldest);
            }
        }
    }

    /// Forgets the versions of a key that another one of before a revision, or that one, replaced.
    fn forget(&mut self, key: &[u8], oldest: Revision) {
        let Some(versions) = self.keys.get_mut(key) else { return };
        let kept = versions.iter().rposition(|version| version.since <= oldest).unwrap_or(0);
        versions.drain(..kept);
        if let [Version { since, pair: None }] = versions[..]
            && since <= oldest
        {
            self.keys.remove(key);
        }
    }

    fn since(&self, span: &Span, after: Revision, octets_max: usize) -> Result<Since, KvError> {
        if after > self.revision {
            return Err(KvError::WentBack { seen: after, found: self.revision });
        }
        // Who watches at a revision knows it (see [`super::etcd`]); the oldest one may be that, though what it did is forgotten.
        if after + 1 < self.oldest {
            return Err(KvError::Compacted(self.oldest));
        }
        let (mut upto, mut found, mut count) = (self.revision, Vec::new(), 0);
        for (revision, events) in self.history.range(after + 1..) {
            if count >= octets_max {
                upto = revision - 1;
                break;
            }
            for event in events.iter().filter(|event| span.contains(event.key())) {
                count += octets(event);
                found.push((*revision, event.clone()));
            }
        }
        Ok(Since { upto, events: found })
    }

    /// It is again as it was at a revision, and what came after never was.
    fn go_back(&mut self, to: Revision) {
        self.revision = to;
        self.oldest = self.oldest.min(to);
        for event in self.history.split_off(&(to + 1)).into_values().flatten() {
            self.history_octets -= octets(&event);
        }
        self.keys.retain(|_, versions| {
            versions.retain(|version| version.since <= to);
            !versions.is_empty()
        });
        self.returns.push(to);
    }
}

/// What was done since a revision.
#[derive(Debug)]
pub(super) struct Since {
    /// All up to here is told.
    pub(super) upto: Revision,
    /// In order, each with its revision.
    pub(super) events: Vec<(Revision, KeyEvent)>,
}

fn octets(event: &KeyEvent) -> usize {
    EVENT_OCTETS
        + match event {
            KeyEvent::Put(pair) => pair.key.len() + pair.value.len(),
            KeyEvent::Delete(key) => key.len(),
        }
}

fn at_revision(versions: &[Version], revision: Revision) -> Option<&Version> {
    versions.iter().rfind(|version| version.since <= revision)
}

/// A watch that is read.
struct Watch {
    server: Arc<Server>,
    span: Span,
    /// All up to here was told.
    after: Revision,
    /// How many returns of the store it knows of.
    returns: usize,
    /// How often it was told to say how far it is.
    told: u64,
    news: watch::Receiver<u64>,
}

impl Watch {
    async fn next(&mut self) -> Result<Batch, KvError> {
        if self.span.is_empty() {
            return Err(KvError::Refused("no key can be in the span that is watched".to_owned()));
        }
        loop {
            self.news.mark_unchanged();
            if let Some(batch) = self.look()? {
                return Ok(batch);
            }
            // The sender is in the server, which we hold.
            let _ = self.news.changed().await;
        }
    }

    /// What there is to tell; none while it cannot be reached, as a watch waits for its members.
    fn look(&mut self) -> Result<Option<Batch>, KvError> {
        let server = Arc::clone(&self.server);
        let state = server.lock();
        if state.is_unreachable {
            return Ok(None);
        }
        let returns = state.returns.iter().skip(self.returns).chain([&state.revision]);
        if let Some(found) = returns.min().filter(|found| **found < self.after) {
            return Err(KvError::WentBack { seen: self.after, found: *found });
        }
        self.returns = state.returns.len();
        if self.after < state.oldest {
            return Err(KvError::Compacted(state.oldest));
        }
        let events = state.history.range(self.after + 1..).flat_map(|(_, events)| events);
        let events: Vec<KeyEvent> = events.filter(|event| self.span.contains(event.key())).cloned().collect();
        let revision = state.revision;
        self.after = revision;
        let is_asked = std::mem::replace(&mut self.told, state.told) != state.told;
        Ok((is_asked || !events.is_empty()).then_some(Batch { revision, events }))
    }
}
