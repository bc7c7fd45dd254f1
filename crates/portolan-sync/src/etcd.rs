//! etcd, in the layout that CoreDNS' `etcd` plugin answers from ([`portolan_store::skydns`]).
//!
//! ```text
//!   /skydns/net/example/shop/1a2b3c4d     {"host":"192.0.2.1","ttl":30,"targetstrip":1}        one key a target
//!   /skydns/net/example/a-shop/5e6f7a8b   {"text":"heritage=external-dns,…","targetstrip":1}   the mark, at its own name
//!   /portolan/publishers/eu-1             {"instance":"…","epoch":3,"revision":17}             whose plan was the last
//! ```
//!
//! A step is one transaction: the keys of its names as they were read ([`Compare::Modified`]), no key below these names that
//! was written since ([`Compare::Unwritten`]), the owner's number as it was read, then exact puts and deletes. As many
//! steps as fit share a transaction; none is ever divided. So whoever asks meanwhile gets the old set or the new one,
//! and of two who plan from one state one loses.
//!
//! **Keys.** A target's label is a digest of the record, so that two who add one target meet at one key. What a stock
//! External-DNS wrote (random labels, a text folded into the value of a target) is read as it is, kept while it says
//! what is wanted, and written anew when it does not, field by field: what others wrote into a value stays. A text and a
//! target never share a value of ours: CoreDNS takes a value with an alias and a text for a text. What leaves a name
//! takes all keys of its own along.
//!
//! **Numbers.** Each owner has a key with its last plan's number and the instance that wrote it: the second installation
//! with one owner id refuses to go on (faults.md B-37). The key stands beside the layout and not in it, because External-DNS
//! refuses to read a layout with anything else in it.
//!
//! **In memory** are the keys as they were read and written, so that a step needs no read before it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use portolan_core::plan::{Keeps, Owner, Wanted};
use portolan_store::kv::{Batch as KvBatch, Kv, KvError, Revision, Span};
use portolan_store::skydns::Layout;
use tokio::sync::Mutex;

use crate::provider::{Abilities, Applied, Batch, Listing, Provider, ProviderError, StepOutcome};

mod cache;
mod draft;
mod number;
mod pack;
mod placed;
mod work;

use cache::Cache;
use number::Numbered;
pub use placed::{ENDPOINTS, GROUP};
use work::Work;

/// Where the numbers of plans stand.
pub const PUBLISHERS: &str = "/portolan/publishers/";
/// Keys that are asked for at once.
pub const PAGE_KEYS: usize = 10_000;
/// Transactions that are under way at once.
pub const TRANSACTIONS_AT_ONCE: usize = 8;
/// Most keys below a name for which new ones are looked for in each step: above it the comparison itself would cost
/// the store too much, and only the keys that were read are compared.
pub const BELOW_MAX: usize = 1_000;
/// How long nothing is said after a watch failed.
pub const WATCH_PAUSE: Duration = Duration::from_secs(5);

/// How etcd is published to.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the records stand.
    pub layout: Layout,
    /// Who publishes: numbers are an owner's own.
    pub owner: Owner,
    /// Tells installations apart that were given one owner id: the same for all processes of one.
    pub instance: String,
    /// Go on although another installation published as this owner.
    pub takes_over: bool,
}

/// A provider of etcd.
pub struct Etcd {
    kv: Arc<dyn Kv>,
    name: String,
    options: Options,
    state: Mutex<State>,
    watch: Mutex<Option<Watch>>,
}

/// What was read and written.
#[derive(Default)]
struct State {
    cache: Cache,
    numbered: Numbered,
    /// Since when the cache is whole; none before the first list.
    listed: Option<Revision>,
}

struct Watch {
    /// The list that it goes on from.
    listed: Revision,
    stream: BoxStream<'static, Result<KvBatch, KvError>>,
}

impl Etcd {
    /// A provider that has read nothing. The name is for people: `etcd http://127.0.0.1:2379`.
    #[must_use]
    pub fn new(kv: Arc<dyn Kv>, name: impl Into<String>, options: Options) -> Self {
        let (state, watch) = (Mutex::default(), Mutex::new(None));
        Self { kv, name: name.into(), options, state, watch }
    }

    fn number_key(&self) -> Vec<u8> {
        [PUBLISHERS, self.options.owner.as_str()].concat().into_bytes()
    }

    /// Reads all keys as they are at one revision.
    async fn read(&self) -> Result<Listing, ProviderError> {
        let mut state = self.state.lock().await;
        state.listed = None;
        let number = self.kv.range(Span::key(&self.number_key()), None, 1).await.map_err(error)?;
        let revision = number.revision;
        let numbered = Numbered::read(number.pairs.first())?;
        if let Some(other) = numbered.other(&self.options.instance).filter(|_| !self.options.takes_over) {
            return Err(ProviderError::Refused(format!(
                "another installation ({other}) publishes as the owner {}: give each an owner id of its own, or say that \
                 this one takes over",
                self.options.owner
            )));
        }
        let mut cache = Cache::new(revision);
        let mut span = self.options.layout.span();
        let mut listing = Listing { applied: numbered.applied(), ..Listing::default() };
        loop {
            let page = self.kv.range(span.clone(), Some(revision), PAGE_KEYS).await.map_err(error)?;
            let last = page.pairs.last().map(|pair| Span::key(&pair.key).to);
            listing.problems.extend(
                page.pairs
                    .into_iter()
                    .filter_map(|pair| cache.put(&self.options.layout, pair).err().map(cache::problem)),
            );
            match last.filter(|_| page.more) {
                Some(next) => span.from = next,
                None => break,
            }
        }
        listing.sets = cache.sets(&mut listing.problems);
        *state = State { cache, numbered, listed: Some(revision) };
        Ok(listing)
    }

    /// Carries out what it can, and says what became of each step.
    async fn carry_out(&self, batch: &Batch) -> Vec<StepOutcome> {
        let mut state = self.state.lock().await;
        if state.listed.is_none() {
            let unread = StepOutcome::Failed(ProviderError::Unsound("was not read yet".into()));
            return vec![unread; batch.steps.len().max(1)];
        }
        if state.numbered.applied() != batch.follows {
            return vec![StepOutcome::Lost; batch.steps.len().max(1)];
        }
        let work = Work::new(self, &mut state, batch.number);
        if batch.steps.is_empty() {
            return vec![work.claim().await];
        }
        work.carry_out(&batch.steps).await
    }

    /// True when it is about a key that we have not read or written so.
    async fn is_news(&self, batch: &KvBatch) -> bool {
        self.state.lock().await.cache.is_news(batch)
    }

    async fn wait_for_news(&self) {
        let mut watch = self.watch.lock().await;
        loop {
            let Some(listed) = self.state.lock().await.listed else {
                return std::future::pending().await;
            };
            if watch.as_ref().is_none_or(|watch| watch.listed != listed) {
                let stream = self.kv.watch(self.options.layout.span(), listed);
                *watch = Some(Watch { listed, stream });
            }
            let Some(following) = watch.as_mut() else { return };
            match following.stream.next().await {
                Some(Ok(batch)) if self.is_news(&batch).await => return,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    *watch = None;
                    tokio::time::sleep(WATCH_PAUSE).await;
                    return;
                }
            }
        }
    }
}

impl Provider for Etcd {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn abilities(&self) -> BoxFuture<'_, Result<Abilities, ProviderError>> {
        Box::pin(async { Ok(Abilities { keeps: Keeps::All, filter: None, numbers_plans: true }) })
    }

    fn adjust(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Result<Vec<Wanted>, ProviderError>> {
        Box::pin(async move { Ok(wanted.into_iter().map(placed::adjust).collect()) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, ProviderError>> {
        Box::pin(self.read())
    }

    fn apply(&self, batch: Batch) -> BoxFuture<'_, Applied> {
        Box::pin(async move { Applied { outcomes: self.carry_out(&batch).await } })
    }

    fn changed(&self) -> Option<BoxFuture<'_, ()>> {
        Some(Box::pin(self.wait_for_news()))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "one error becomes another")]
fn error(error: KvError) -> ProviderError {
    match error {
        KvError::Unreachable(_) | KvError::Unknown(_) | KvError::Compacted(_) => {
            ProviderError::Unreachable(error.to_string())
        }
        KvError::WentBack { .. } => ProviderError::WentBack(error.to_string()),
        KvError::Unauthorized(_) => ProviderError::Unauthorized(error.to_string()),
        KvError::Full(_) | KvError::Refused(_) => ProviderError::Refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
