//! Following the store: what other processes write there is answered here too.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use portolan_store::kv::{Batch, KvError};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::records::Records;
use super::store::span;
use crate::problem::chain;

/// How long after a failure the store is asked again: at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

/// Follows the store of some records for as long as it is polled; ends at once where there is none.
pub(super) async fn follow(records: Arc<Records>) {
    let [mut pause, most] = PAUSES;
    let Some(door) = records.door() else { return };
    loop {
        let reading = records.clone();
        match spawn_blocking(move || reading.caught_up()).await {
            Ok(Ok(revision)) => {
                [pause, _] = PAUSES;
                let mut batches = door.kv.watch(span(), revision);
                while let Some(batch) = batches.next().await {
                    if !took(&records, batch).await {
                        break;
                    }
                }
            }
            Ok(Err(error)) => tracing::warn!("{}; answers stay as they are", chain(&error)),
            Err(error) => tracing::error!("reading the store of records failed inside: {error}"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(most);
    }
}

/// Takes what was watched; false when everything has to be read again.
async fn took(records: &Arc<Records>, batch: Result<Batch, KvError>) -> bool {
    match batch {
        Ok(batch) => {
            let records = records.clone();
            spawn_blocking(move || records.note(&batch)).await.is_ok()
        }
        Err(error) => {
            tracing::warn!("the store of records: {error}; answers stay as they are");
            false
        }
    }
}
