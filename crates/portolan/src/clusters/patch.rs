//! Writing back to the hub: a status for each intent, and `DNSEndpoint`s for whoever publishes records.
//!
//! ```text
//!   what the engine touched ─▶ what those objects should say (pure) ─▶ what differs from what was written or seen
//!                                                                         │
//!                                                       get, compare, put (with the version that was read)
//! ```
//!
//! A pass looks at what the engine touched since the one before, so it costs what has changed and not what is
//! there, and rests for ten times as long as it looked, so that this costs a tenth of a core at most. Each
//! write first reads the object as it is: what says the same already is not written, and a write loses
//! against a newer one. Nothing is written before the hub was read, and no record is taken back before every
//! cluster that is followed was read since the start: what is not known yet must not be taken for gone. But
//! `MemberCluster`s are told at once why they are not read.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::sleep;

use super::cluster::{Cluster, Reach, Reached};
use crate::chance;
use crate::engine::SharedEngine;
use crate::nsid::host_name;
use ledger::{Ledger, Pass};
use write::{Write, Writer};

mod ledger;
mod write;

/// How often it is asked what is due.
const TICK: Duration = Duration::from_millis(100);
/// A pass rests so many times as long as it looked.
const REST: u32 = 10;
/// Most writes at once.
const WRITES_AT_ONCE: usize = 4;
/// So many are written before it is asked how that went.
const WRITES_IN_A_ROW: usize = 64;
/// When so many of these failed, the others of the pass are put off.
const FAILURES_MAX: usize = 8;

/// Who writes to the hub.
pub(super) struct Patch {
    engine: SharedEngine,
    cluster: Arc<Cluster>,
    reach: Reach,
    writer: Writer,
    ledger: Ledger,
}

impl Patch {
    pub(super) fn new(engine: SharedEngine, cluster: Arc<Cluster>, reach: Reach) -> Self {
        let ledger = Ledger::new(&cluster.place);
        let instance = Some(host_name()).filter(|name| !name.is_empty()).unwrap_or("portolan".into());
        let writer = Writer { epoch: chance::draw(), instance };
        Self { engine, cluster, reach, writer, ledger }
    }

    /// Writes for as long as the process runs.
    pub(super) async fn run(mut self) {
        loop {
            sleep(TICK).await;
            let Reached::Yes { client, .. } = self.reach.borrow().clone() else { continue };
            let Some(pass) = self.look().await else { continue };
            let rest = pass.looked * REST;
            self.write(&client, pass).await;
            self.cluster.not_written(self.ledger.troubles()).await;
            sleep(rest).await;
        }
    }

    /// Looks at what is due, where it may take its time: the engine may be busy with a batch.
    async fn look(&mut self) -> Option<Pass> {
        let fresh = Ledger::new(&self.cluster.place);
        let mut ledger = std::mem::replace(&mut self.ledger, fresh);
        let engine = self.engine.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let pass = ledger.look(&engine);
            (ledger, pass)
        });
        match looked.await {
            Ok((ledger, pass)) => {
                self.ledger = ledger;
                pass
            }
            // With a fresh ledger: what is due no more is looked at when it changes again.
            Err(error) => {
                tracing::error!(%error, "looking for what to write failed");
                None
            }
        }
    }

    async fn write(&mut self, client: &kube_client::Client, pass: Pass) {
        let (writer, revision, mut failures) = (&self.writer, pass.revision, 0);
        let has_some = !pass.writes.is_empty();
        let mut writes = pass.writes.into_iter();
        while writes.len() > 0 && failures < FAILURES_MAX {
            let some: Vec<Write> = writes.by_ref().take(WRITES_IN_A_ROW).collect();
            let done = some.into_iter().map(|write| {
                let client = client.clone();
                async move {
                    let done = write.perform(&client, writer, revision).await;
                    (write, done)
                }
            });
            let mut done = futures_util::stream::iter(done).buffer_unordered(WRITES_AT_ONCE);
            while let Some((write, done)) = done.next().await {
                match done {
                    Ok(true) => self.ledger.written(&write),
                    Ok(false) => self.ledger.not_wanted(&write),
                    Err(failure) => {
                        failures += 1;
                        self.ledger.failed(&write, &failure);
                    }
                }
            }
        }
        writes.for_each(|write| self.ledger.put_off(&write));
        if failures == 0 && has_some {
            self.ledger.went_well();
        }
    }
}
