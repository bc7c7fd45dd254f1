//! Writing back to the hub: a status for each intent, and `DNSEndpoint`s for whoever publishes records.
//!
//! ```text
//!   what the engine touched ─▶ what those objects should say (pure) ─▶ what differs from what was written or seen
//!                                                                         │
//!                                                       as it is, compare, put (with the version that it had)
//! ```
//!
//! A pass looks at what the engine touched since the one before, so it costs what has changed and not what is
//! there, and rests for ten times as long as it looked, so that this costs a tenth of a core at most. Each
//! write is made from the object as it is: as its watch last gave it ([`copies`]), else as it is read first. What
//! says the same already is not written, and a write loses against a newer one. What fails for ever holds up nobody
//! else ([`strikes`], [`turns`]). Nothing is written before the hub was read, and no record is taken back before every
//! cluster that is followed was read since the start: what is not known yet must not be taken for gone. But
//! `MemberCluster`s are told at once why they are not read.
//!
//! Of several replicas one writes (the `lease` module). The others look all the same, hold what should stand against what
//! does, and keep what is still to be written: a new leader has nothing to find out. A write that was computed before
//! somebody else's is not made: a status is put with the version of its object that was compared, and a `DNSEndpoint`
//! is what was looked at, by its mark, or it is looked at again. Its mark has an epoch above every one that was found, and
//! the revision that it was computed from, by which followers know an older writing (`portolan_kube::endpoints::Stamp`).

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep, sleep_until};

use super::cluster::{Cluster, Reach, Reached};
use super::lease::{Gate, Term};
use crate::chance;
use crate::engine::SharedEngine;
use crate::nsid::host_name;
use ledger::{Ledger, Pass};
use strikes::Strikes;
use write::{Done, Write, Writer};

pub(super) mod copies;
mod ledger;
mod strikes;
#[cfg(test)]
mod tests;
mod turns;
mod write;

/// How often it is asked what is due.
const TICK: Duration = Duration::from_millis(100);
/// A pass rests so many times as long as it looked.
const REST: u32 = 10;
/// Most writes at once.
const WRITES_AT_ONCE: usize = 8;
/// So many are written before it is asked how that went.
const WRITES_IN_A_ROW: usize = 64;

/// Who writes to the hub.
pub(super) struct Patch {
    engine: SharedEngine,
    cluster: Arc<Cluster>,
    reach: Reach,
    writer: Writer,
    ledger: Ledger,
}

impl Patch {
    pub(super) fn new(engine: SharedEngine, cluster: Arc<Cluster>, reach: Reach, gate: &Gate) -> Self {
        let ledger = Ledger::new(&cluster.name.0);
        let instance = Some(host_name()).filter(|name| !name.is_empty()).unwrap_or("portolan".into());
        let writer = Writer { epoch: 0, run: chance::draw(), instance, gate: gate.clone() };
        Self { engine, cluster, reach, writer, ledger }
    }

    /// Writes for as long as the process runs.
    pub(super) async fn run(mut self) {
        loop {
            sleep(TICK).await;
            let Reached::Yes { client, .. } = self.reach.borrow().clone() else { continue };
            if self.cluster.kinds_come() {
                // What is there now is without what is about to be: it would be told of what is no fault.
                continue;
            }
            // Before it is looked: what was computed in one term is not written in another.
            let term = self.writer.gate.term();
            let Some(pass) = self.look(term.is_some()).await else { continue };
            // To write is to rest as well.
            let rested = Instant::now() + pass.looked * REST;
            match term {
                Some(term) => self.write(&client, pass, term).await,
                None => self.stand_by(pass),
            }
            self.cluster.not_written(self.ledger.troubles()).await;
            sleep_until(rested).await;
        }
    }

    /// Looks at what is due, where it may take its time: the engine may be busy with a batch.
    async fn look(&mut self, leads: bool) -> Option<Pass> {
        let fresh = Ledger::new(&self.cluster.name.0);
        let mut ledger = std::mem::replace(&mut self.ledger, fresh);
        let engine = self.engine.clone();
        let groups = self.cluster.dns_endpoints();
        let (run, last) = (self.writer.run, self.writer.epoch);
        let looked = tokio::task::spawn_blocking(move || {
            let pass = ledger.look(&engine, &groups, leads);
            // After what it looks at: of that, what others wrote was heard.
            let epoch = engine.lock().epoch_of(run, last);
            (ledger, pass, epoch)
        });
        match looked.await {
            Ok((ledger, pass, epoch)) => {
                self.ledger = ledger;
                self.writer.epoch = epoch;
                pass
            }
            // With a fresh ledger: what is due no more is looked at when it changes again.
            Err(error) => {
                tracing::error!(%error, "looking for what to write failed");
                None
            }
        }
    }

    /// Another replica writes. What it has not written yet is kept, so that there is nothing to find out when it is lost.
    fn stand_by(&mut self, pass: Pass) {
        for write in pass.writes {
            match write.stands(&self.cluster.copies) {
                Some(Done::Spared) => self.ledger.spared(&write),
                Some(_) => self.ledger.written(&write),
                None => self.ledger.owed(&write),
            }
        }
        self.ledger.pass_ended();
    }

    async fn write(&mut self, client: &kube_client::Client, pass: Pass, term: Term) {
        let (writer, copies, revision) = (&self.writer, &self.cluster.copies, pass.revision);
        let mut strikes = Strikes::default();
        let mut writes = pass.writes.into_iter();
        while writes.len() > 0 {
            let some = writes.by_ref().take(WRITES_IN_A_ROW);
            let (some, put_off): (Vec<Write>, _) = some.partition(|write| strikes.allow(write.at().resource));
            put_off.iter().for_each(|write| self.ledger.put_off(write));
            let done = some.into_iter().map(|write| {
                let client = client.clone();
                async move {
                    let done = write.perform(&client, writer, copies, (term, revision)).await;
                    (write, done)
                }
            });
            let mut done = futures_util::stream::iter(done).buffer_unordered(WRITES_AT_ONCE);
            while let Some((write, done)) = done.next().await {
                let gives_up = strikes.note(write.at().resource, done.as_ref().err());
                match done {
                    Ok(Done::Written) => self.ledger.written(&write),
                    Ok(Done::Spared) => self.ledger.spared(&write),
                    Ok(Done::NotWanted) => self.ledger.not_wanted(&write),
                    Ok(Done::Late) => self.ledger.late(&write),
                    Err(failure) => {
                        self.ledger.failed(&write, &failure);
                        if gives_up {
                            self.ledger.gave_up(&failure);
                        }
                    }
                }
            }
        }
        self.ledger.pass_ended();
    }
}
