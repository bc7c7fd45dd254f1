//! What becomes of a store's keys, gathered into batches: for whoever follows one.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use portolan_store::kv::{Batch, KvError};
use tokio::time::{Instant, timeout_at};

/// How long after the first change others are waited for.
pub const GATHER: Duration = Duration::from_millis(2);
/// Most changes of a batch.
pub const BATCH_MAX: usize = 20_000;
/// Most keys of a page.
pub const PAGE_KEYS: usize = 10_000;

/// A watch of a store.
pub(crate) type Batches = BoxStream<'static, Result<Batch, KvError>>;

/// What a watch tells next; that it has ended is an error.
pub(crate) async fn next(batches: &mut Batches) -> Result<Batch, KvError> {
    batches.next().await.unwrap_or_else(|| Err(KvError::Unreachable("the watch ended".into())))
}

/// Adds what comes within [`GATHER`] to a batch that has changes; gives why the watch ended, if it did.
pub(crate) async fn gather(all: &mut Batch, batches: &mut Batches) -> Option<KvError> {
    let until = Instant::now() + GATHER;
    while !all.events.is_empty() && all.events.len() < BATCH_MAX {
        match timeout_at(until, next(batches)).await {
            Ok(Ok(Batch { revision, events })) => {
                all.revision = all.revision.max(revision);
                all.events.extend(events);
            }
            Ok(Err(error)) => return Some(error),
            Err(_) => break,
        }
    }
    None
}
