//! Looks at the Lease, claims and renews it, and tells the gate how it stands.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use portolan_kube::follow::Failure;
use portolan_kube::lease::{Claim, Election, Next, Periods, Record, Tick};
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::super::connect::{self, said};
use super::super::records::Lead;
use super::super::way::Way;
use super::Lease;
use super::gate::{Gate, Leader, Standing};
use crate::{chance, clock};

/// The API's path of Leases.
const API: &str = "/apis/coordination.k8s.io/v1";
/// The longest that a request may take; of a short Lease it is shorter.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it may take to let go, when the process ends.
const LET_GO: Duration = Duration::from_secs(1);

/// Keeps the Lease, where it can be had.
pub struct Elector {
    lease: Lease,
    way: Way,
    client: Option<kube_client::Client>,
    election: Election,
    patience: Duration,
    /// The object, as it was seen or written last.
    there: Option<Value>,
    standing: watch::Sender<Standing>,
}

/// An elector at work.
#[derive(Debug)]
pub(crate) struct Electing {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Elector {
    /// One for a Lease of a cluster. `draw` is a random number, which tells this process from any other of the same machine,
    /// called `host`.
    #[must_use]
    pub fn new(lead: Lead, lease: Lease, host: &str, draw: u64) -> Self {
        let host = if host.is_empty() { "portolan" } else { host };
        let me = format!("{host}_{draw:016x}");
        let periods = Periods::of(lease.seconds);
        let leader = Leader {
            lease: format!("{}/{}", lease.namespace, lease.name),
            me: me.clone(),
            ..Leader::default()
        };
        Self {
            lease,
            way: lead.way(),
            client: None,
            election: Election::new(&me, periods),
            patience: (periods.hold / 2).min(PATIENCE),
            there: None,
            standing: watch::Sender::new(Standing { held: None, leader }),
        }
    }

    /// The gate that it opens and shuts.
    #[must_use]
    pub fn gate(&self) -> Gate {
        Gate::of(self.standing.subscribe())
    }

    /// Begins, on the runtime that this is called on.
    pub(crate) fn start(self) -> Electing {
        let (stop, stopped) = oneshot::channel();
        Electing { stop, task: tokio::spawn(self.run(async { drop(stopped.await) })) }
    }

    /// Elects until it is to stop; then it lets go of what it holds.
    async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            let now = clock::steady();
            let next = self.election.next(now);
            if let Next::Wait(until) = next {
                tokio::select! {
                    () = &mut stop => break,
                    () = sleep(until.saturating_sub(now)) => continue,
                }
            }
            // To its end, so that it is known what to let go of. One that fails inside is as one that is not answered.
            if AssertUnwindSafe(self.act(next, now)).catch_unwind().await.is_err() {
                self.failed(&connect::fault());
            }
            self.tell();
        }
        self.let_go().await;
    }

    async fn act(&mut self, next: Next, now: Tick) {
        match next {
            Next::Wait(_) => {}
            Next::Look => match self.look().await {
                Ok(there) => self.saw(there),
                Err(failure) => self.failed(&failure),
            },
            Next::Write(claim) => match self.write(&claim).await {
                Ok(there) => self.wrote(there, now),
                // 404: it was deleted meanwhile; but where it was to be made, its namespace is not there.
                Err(Failure { code: Some(409), .. }) => self.election.conflicted(clock::steady()),
                Err(Failure { code: Some(404), .. }) if claim.over.is_some() => {
                    self.election.conflicted(clock::steady());
                }
                Err(failure) => self.failed(&failure),
            },
        }
    }

    async fn look(&mut self) -> Result<Option<Value>, Failure> {
        let path = format!("{}/{}", self.all(), self.lease.name);
        let client = self.client().await?;
        match connect::get(&client, &path, self.patience).await {
            Err(Failure { code: Some(404), .. }) => Ok(None),
            there => there.map(Some),
        }
    }

    async fn write(&mut self, claim: &Claim) -> Result<Value, Failure> {
        let there = self.there.as_ref().filter(|_| claim.over.is_some());
        let object = claim.object(there, (&self.lease.namespace, &self.lease.name), clock::micros());
        let (method, path) = match claim.over {
            None => (http::Method::POST, self.all()),
            Some(_) => (http::Method::PUT, format!("{}/{}", self.all(), self.lease.name)),
        };
        let path = format!("{path}?{}", connect::FIELD_MANAGER);
        let client = self.client().await?;
        connect::exchange(&client, method, &path, &object, self.patience).await
    }

    fn all(&self) -> String {
        format!("{API}/namespaces/{}/leases", self.lease.namespace)
    }

    async fn client(&mut self) -> Result<kube_client::Client, Failure> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let made = timeout(self.patience, self.way.client()).await;
        let made = made.map_err(|_| connect::late(self.patience))?;
        let client = made.map_err(|message| said(&message))?;
        Ok(self.client.insert(client).clone())
    }

    // === What came of it ===

    fn saw(&mut self, there: Option<Value>) {
        self.election.saw(there.as_ref().map(Record::of), clock::steady(), chance::draw());
        self.there = there;
        self.standing.send_if_modified(|standing| standing.leader.trouble.take().is_some());
    }

    fn wrote(&mut self, there: Value, asked: Tick) {
        self.election.wrote(Record::of(&there), asked);
        self.there = Some(there);
        self.standing.send_if_modified(|standing| standing.leader.trouble.take().is_some());
    }

    fn failed(&mut self, failure: &Failure) {
        // Its files may say something else by now: a token, the address.
        if failure.code.is_none_or(|code| code == 401) {
            self.client = None;
        }
        self.election.failed(clock::steady(), chance::draw());
        let message = &failure.message;
        let is_news = self.standing.send_if_modified(|standing| {
            standing.leader.trouble.replace(message.clone()).as_ref() != Some(message)
        });
        if is_news {
            tracing::warn!(lease = self.standing.borrow().leader.lease, "who leads is not known: {message}");
        }
    }

    /// Tells how the Lease stands.
    fn tell(&self) {
        let held = self.election.held();
        let record = self.election.record();
        let holder = record.map_or("", |record| &record.holder);
        let before = self.standing.borrow().clone();
        let is_turn = before.leader.holder != holder;
        if is_turn {
            let (lease, me) = (&before.leader.lease, self.election.me());
            match holder {
                "" => tracing::info!(lease, "nobody leads"),
                holder if holder == me => tracing::info!(lease, me, "this process leads, and writes"),
                holder => tracing::info!(lease, holder, me, "another process leads, and writes"),
            }
        }
        self.standing.send_if_modified(|standing| {
            standing.held = held;
            let leader = &mut standing.leader;
            leader.holder = holder.to_owned();
            leader.since = record.filter(|record| !record.holder.is_empty()).and_then(Record::since);
            leader.transitions = record.map_or(0, |record| record.transitions);
            *standing != before
        });
    }

    /// Lets go, so that the next one need not wait. The gate is shut before.
    async fn let_go(mut self) {
        let Some(claim) = self.election.let_go() else { return };
        self.standing.send_modify(|standing| standing.held = None);
        match timeout(LET_GO, self.write(&claim)).await {
            Ok(Ok(_)) => tracing::info!(lease = self.standing.borrow().leader.lease, "let go"),
            Ok(Err(Failure { message, .. })) => tracing::warn!("the lease was not let go: {message}"),
            Err(_) => tracing::warn!("the lease was not let go within {} s", LET_GO.as_secs()),
        }
    }
}

impl Electing {
    /// Ends it, and lets go.
    pub(crate) async fn end(self) {
        // One that has ended already needs no telling.
        let _ = self.stop.send(());
        let _ = timeout(LET_GO * 2, self.task).await;
    }
}
