//! The records: what was acknowledged is kept, and then answered.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use portolan_core::plan::DomainFilter;
use portolan_store::kv;
use portolan_sync::webhook::book::{Applied, Book};
use portolan_sync::webhook::{Changes, Filter};

use super::feed::{Feed, source};
use super::keep::{Door, Keep, printed};
use super::store::{WriteError, news};
use super::{Config, Tallied, Tally};
use crate::clock;
use crate::engine::{Event, SharedEngine};
use crate::problem::chain;

/// How often changes are made anew because others wrote the same records.
const ATTEMPTS_MAX: usize = 3;

/// The records of a server, and where they go.
#[derive(Debug)]
pub struct Records {
    domains: Option<DomainFilter>,
    filter: Filter,
    inner: Mutex<Inner>,
    engine: SharedEngine,
    tally: Arc<Tally>,
}

#[derive(Debug)]
struct Inner {
    book: Book,
    keep: Keep,
    feed: Feed,
}

impl Records {
    /// What was acknowledged before, as it is kept; `addresses` are those that questions are answered at.
    ///
    /// # Errors
    /// When the domains are none.
    pub fn new(
        config: &Config,
        (keep, book): (Keep, Book),
        addresses: Vec<IpAddr>,
        engine: SharedEngine,
    ) -> anyhow::Result<Self> {
        let filter =
            Filter { include: config.domains.clone(), exclude: config.excluded.clone(), ..Filter::default() };
        let domains = filter.to_domains().context("webhook: the domain filter")?;
        if config.domains.is_empty() {
            tracing::warn!(
                "no --domain-filter: records of any name are kept, and answered where a Zone of the fleet is"
            );
        }
        let tally = Arc::new(Tally::default());
        tally.note_records(book.len());
        let inner = Mutex::new(Inner { book, keep, feed: Feed::new(config, addresses) });
        Ok(Self { domains, filter, inner, engine, tally })
    }

    /// Gives all records to the engine. To be called once, before anybody asks. Those of a store are not known yet: what
    /// is remembered of them is answered, and nothing else is denied.
    pub fn begin(&self) {
        let mut inner = self.lock();
        let Inner { book, keep, feed } = &mut *inner;
        let events = match keep {
            Keep::Store(..) => vec![Event::Followed(source())],
            Keep::Nowhere | Keep::File(_) => feed.all(book),
        };
        self.engine.lock().take(events, clock::now());
    }

    /// Which names are taken.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// What is counted.
    #[must_use]
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// All records, as they were given. Those of a store are read anew.
    ///
    /// # Errors
    /// When the store is not reached.
    pub fn listed(&self) -> anyhow::Result<Vec<u8>> {
        self.tally.add(Tallied::Listed, 1);
        let mut inner = self.lock();
        self.read_again(&mut inner)?;
        Ok(printed(&inner.book))
    }

    /// Makes changes: once this returns they are kept and answered. It waits for the disk, or for the store.
    ///
    /// # Errors
    /// When they cannot be kept; in a store some of them may be done then.
    pub fn apply(&self, changes: &Changes) -> anyhow::Result<()> {
        let mut inner = self.lock();
        let mut applied = self.attempt(&mut inner, changes);
        for _ in 1..ATTEMPTS_MAX {
            let is_lost = |error: &anyhow::Error| matches!(error.downcast_ref(), Some(WriteError::Lost));
            if !applied.as_ref().is_err_and(is_lost) {
                break;
            }
            applied = self.attempt(&mut inner, changes);
        }
        let applied = applied.inspect_err(|error| {
            self.tally.add(Tallied::Failed, 1);
            let why = chain(error);
            tracing::error!("changes of the webhook protocol are not kept, and not acknowledged: {why}");
        })?;
        self.count(inner.book.len(), &applied);
        Ok(())
    }

    /// Keeps what changes come to, and then has it answered.
    fn attempt(&self, inner: &mut Inner, changes: &Changes) -> anyhow::Result<Applied> {
        let (next, applied) = inner.book.after(changes, self.domains.as_ref())?;
        if applied.touched.is_empty() {
            return Ok(applied);
        }
        if let Err(error) = inner.keep.write(&inner.book, &next) {
            // Of a store some may be done: what there is, is read before anything else, where it is reached.
            let _ = self.read_again(inner);
            return Err(error);
        }
        self.replace(inner, next, Some(&applied.touched));
        Ok(applied)
    }

    /// Puts a book in place of the one before, and has what differs answered.
    fn replace(&self, inner: &mut Inner, book: Book, touched: Option<&BTreeSet<Arc<str>>>) {
        let differing = || inner.book.differing(&book).map(|key| key.name.clone()).collect();
        let touched = touched.cloned().unwrap_or_else(differing);
        let Inner { book: current, feed, .. } = inner;
        *current = book;
        self.tally.note_records(current.len());
        let events = feed.some(current, &touched);
        if !events.is_empty() {
            self.engine.lock().take(events, clock::now());
        }
    }

    /// Reads a store anew; nothing else needs that.
    fn read_again(&self, inner: &mut Inner) -> anyhow::Result<()> {
        let Keep::Store(door, held) = &mut inner.keep else { return Ok(()) };
        let read = door.read().context("the store of records")?;
        let is_first = held.replace(read.held).is_none();
        if !is_first {
            self.replace(inner, read.book, None);
            return Ok(());
        }
        inner.book = read.book;
        self.tally.note_records(inner.book.len());
        let Inner { book, feed, .. } = inner;
        self.engine.lock().take(feed.all(book), clock::now());
        Ok(())
    }

    /// The store, where there is one.
    pub(super) fn door(&self) -> Option<Door> {
        match &self.lock().keep {
            Keep::Store(door, _) => Some(door.clone()),
            Keep::Nowhere | Keep::File(_) => None,
        }
    }

    /// Reads the store, and says up to where; 0 where there is none.
    ///
    /// # Errors
    /// When it is not reached.
    pub(super) fn caught_up(&self) -> anyhow::Result<kv::Revision> {
        let mut inner = self.lock();
        self.read_again(&mut inner)?;
        Ok(match &inner.keep {
            Keep::Store(_, Some(held)) => held.revision,
            _ => 0,
        })
    }

    /// Follows what others wrote to the store.
    pub(super) fn note(&self, batch: &kv::Batch) {
        let mut inner = self.lock();
        let Keep::Store(_, Some(held)) = &mut inner.keep else { return };
        let news = news(held, batch);
        if !news.is_empty() {
            let mut book = inner.book.clone();
            news.into_iter().for_each(|(key, endpoint)| book.set(key, endpoint));
            self.replace(&mut inner, book, None);
        }
    }

    fn count(&self, records: usize, applied: &Applied) {
        let [created, updated, deleted] = applied.counts;
        let (outside, repeated) = (applied.outside, applied.repeated);
        tracing::info!(
            created,
            updated,
            deleted,
            outside,
            repeated,
            records,
            "records changed by the webhook protocol"
        );
        for refused in &applied.refused {
            tracing::warn!("left out: {refused}");
        }
        if applied.untold > 0 {
            tracing::warn!("and {} more are left out", applied.untold);
        }
        self.tally.add(Tallied::Applied, 1);
        self.tally.add(Tallied::Changed, created + updated + deleted);
        self.tally.add(Tallied::Outside, outside);
        self.tally.add(Tallied::Unheld, applied.refused.len() + applied.untold);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked while it was held had not put the next book in place, or had all of it.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
