//! One cluster: reached or not, and still the same or not.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use portolan_core::Reason;
use portolan_kube::follow::{Failure, RETRY_AFTER_MAX};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};

use super::cluster::{Cluster, Life, Reach, Reached};
use super::connect;
use super::follow::Follow;
use super::identity::{Counts, Identity, Known, Said, Verdict};
use super::lease::Gate;
use super::patch::Patch;
use super::way::Way;
use crate::chance;
use crate::engine::SharedEngine;
use crate::threads::supervised;

/// How often a cluster is asked who it is.
pub const PROBE: Duration = Duration::from_secs(10);
/// The same after it was not reached, doubled each time up to [`PROBE_MAX`].
const PROBE_FIRST: Duration = Duration::from_secs(1);
/// The longest time between two tries to reach it.
const PROBE_MAX: Duration = Duration::from_secs(30);
/// Where the last good state answers after our own start, the first question waits for a part of this that is drawn, for each
/// cluster of that state: so many others watch the same API server, and may have been started with us.
const HEAD_START: Duration = Duration::from_millis(500);
/// And at most so long, with 30 clusters.
pub const HEAD_START_MAX: Duration = Duration::from_secs(15);
/// After so many questions without an answer it counts as silent.
const SILENT_AFTER: u32 = 2;

/// Leads to a cluster whose credentials are good, followed or not: one that is followed under another name is not
/// [reached](Reach), and its token is to be renewed all the same.
pub(super) type Door = watch::Receiver<Option<kube_client::Client>>;

/// A cluster that is followed.
pub(super) struct Member {
    way: Way,
    cluster: Arc<Cluster>,
    known: Arc<Known>,
    identity: Identity,
    /// What it said last, before our own restart or since.
    last_said: Option<Said>,
    /// What it gave before our own restart counts until it is read.
    is_remembered: bool,
    client: Option<kube_client::Client>,
    /// Those who follow its resources are to have the client, though they have one: credentials changed.
    is_news: bool,
    reach: watch::Sender<Reached>,
    door: watch::Sender<Option<kube_client::Client>>,
    life: Life,
    /// It went back, or was another, and is held therefore.
    was_other: bool,
    misses: u32,
    is_silent: bool,
    is_hub: bool,
    /// Who answers by what it gives; nobody where it is only published.
    engine: Option<SharedEngine>,
    /// Stands before what is written to it.
    gate: Gate,
}

impl Member {
    pub(super) fn new(
        way: Way,
        cluster: Arc<Cluster>,
        is_hub: bool,
        engine: Option<SharedEngine>,
        known: Arc<Known>,
    ) -> Self {
        let (reach, _) = watch::channel(Reached::No);
        let last_said = cluster.past.said(&cluster.name);
        let identity = Identity::of(last_said.clone());
        Self {
            way,
            cluster,
            known,
            is_remembered: identity.is_known(),
            identity,
            last_said,
            client: None,
            is_news: false,
            reach,
            door: watch::Sender::new(None),
            life: Life::default(),
            was_other: false,
            misses: 0,
            is_silent: false,
            is_hub,
            engine,
            gate: Gate::always_open(),
        }
    }

    /// The same, written to by whom this gate lets through.
    pub(super) fn behind(self, gate: &Gate) -> Self {
        Self { gate: gate.clone(), ..self }
    }

    /// Whether it is reached, for others.
    pub(super) fn reach(&self) -> Reach {
        self.reach.subscribe()
    }

    /// Leads to it, for others.
    pub(super) fn door(&self) -> Door {
        self.door.subscribe()
    }

    /// Follows it until it is to stop; then none of its tasks runs any more.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let mut tasks = JoinSet::new();
        if let Some(engine) = self.engine.as_ref().filter(|_| self.is_hub) {
            let (engine, cluster, reach) = (engine.clone(), self.cluster.clone(), self.reach.subscribe());
            let gate = self.gate.clone();
            let patch = move || Patch::new(engine.clone(), cluster.clone(), reach.clone(), &gate).run();
            tasks.spawn(supervised("patch", patch));
        }
        for resource in self.cluster.resources() {
            let follow = Follow::new(resource, self.cluster.clone());
            tasks.spawn(follow.run(self.reach.subscribe()));
        }
        let mut stop = std::pin::pin!(stop);
        let after = self.head_start();
        let mut is_stopped = tokio::select! {
            () = &mut stop => true,
            () = tokio::time::sleep(after) => false,
        };
        while !is_stopped {
            tokio::select! {
                () = &mut stop => is_stopped = true,
                () = self.guarded_turn() => {}
            }
        }
        // Its tasks end when nobody tells them any more whether it is reached.
        drop(self);
        while tasks.join_next().await.is_some() {}
    }

    /// How long others may go first.
    fn head_start(&self) -> Duration {
        let Some(engine) = &self.engine else { return Duration::ZERO };
        let engine = engine.lock();
        let clusters = u32::try_from(engine.fleet().clusters.len()).unwrap_or(u32::MAX);
        match engine.state_from() {
            Some(_) => chance::part_of(HEAD_START.saturating_mul(clusters).min(HEAD_START_MAX)),
            None => Duration::ZERO,
        }
    }

    /// A turn; one that fails inside leaves the cluster unreached, and said to be so, not as it was for ever.
    async fn guarded_turn(&mut self) {
        if AssertUnwindSafe(self.turn()).catch_unwind().await.is_err() {
            let wait = self.missed(&connect::fault()).await;
            tokio::time::sleep(wait).await;
        }
    }

    /// Asks it who it is, and waits until that is to be asked again.
    async fn turn(&mut self) {
        let after = self.probe().await;
        // A tenth is drawn, so that processes that were started together do not ask together.
        let drawn = after + chance::part_of(after / 10);
        let (cluster, known) = (self.cluster.clone(), self.known.clone());
        tokio::select! {
            () = tokio::time::sleep(drawn) => {}
            () = cluster.doubted() => {}
            () = known.turned(&cluster.name) => {}
            () = cluster.holds.released(&cluster.name.0) => {}
            () = self.way.changed() => {
                tracing::info!(cluster = %self.cluster.name, "has other credentials");
                self.client = None;
                self.is_news = true;
            }
        }
    }

    /// Asks it who it is; returns when to ask again.
    async fn probe(&mut self) -> Duration {
        if self.cluster.holds.take_released(&self.cluster.name.0) {
            tracing::warn!(cluster = %self.cluster.name, "is believed again, as somebody says");
            self.identity.forget();
            self.cluster.past.forget(&self.cluster.name);
            self.cluster.begin_anew();
            self.life.anew += 1;
        }
        // Before it is asked: what its watches see meanwhile may be newer than what it then says.
        let watched = self.cluster.highest();
        match self.who().await {
            Err(failure) => self.missed(&failure).await,
            Ok(said) => {
                self.misses = 0;
                self.door.send_replace(self.client.clone());
                match self.identity.judge(&said, watched) {
                    Verdict::Same => self.said(&said).await,
                    // It claims nothing: an address that leads astray must not take a cluster from whose it is.
                    Verdict::Other(why) => {
                        self.was_other = true;
                        let id = self.cluster.name.0.clone();
                        self.cluster.hold(&id, Some(why.clone()));
                        let message =
                            format!("{why}; what it gave is kept until `portolan holds --release {id}`");
                        self.leave(Reason::Held, &message).await;
                    }
                }
                PROBE
            }
        }
    }

    /// It is what it was, or is new: it is followed, unless that is done under another name.
    async fn said(&mut self, said: &Said) {
        self.last_said = Some(said.clone());
        let counts = match (self.cluster.is_read(), self.is_remembered) {
            (true, _) => Counts::Read,
            (false, true) => Counts::Remembered,
            (false, false) => Counts::Nothing,
        };
        if let Some(other) = self.known.claim(said, &self.cluster.name, counts) {
            let message = format!("is the same cluster as {other} (uid of kube-system); it is followed once");
            return self.doubles(&message).await;
        }
        self.identity.note(said);
        self.cluster.past.note_said(&self.cluster.name, said);
        // Whether it is the past that was read is not known: a store that was restored has caught up as well as an
        // older replica has.
        self.life.again += u64::from(std::mem::take(&mut self.was_other) | self.cluster.take_again());
        self.reached().await;
    }

    async fn who(&mut self) -> Result<Said, Failure> {
        let client = match &self.client {
            Some(client) => client.clone(),
            None => {
                let made = self.way.client().await;
                let client = made.map_err(|message| connect::said(&message))?;
                self.client.insert(client).clone()
            }
        };
        connect::who(&client).await
    }

    async fn reached(&mut self) {
        // What was held of the whole of it, it is again.
        self.cluster.hold(&self.cluster.name.0, None);
        let Some(client) = self.client.clone() else { return };
        if self.is_silent && self.is_forgotten().await {
            self.cluster.was_forgotten();
            self.is_remembered = false;
            self.life.again += 1;
        }
        let (life, is_news) = (self.life, std::mem::take(&mut self.is_news));
        self.reach.send_if_modified(|reached| {
            let is_there = matches!(reached, Reached::Yes { life: before, .. } if *before == life);
            let is_same = is_there && !is_news;
            if !is_same {
                *reached = Reached::Yes { client, life };
            }
            !is_same
        });
        let was_silent = std::mem::replace(&mut self.is_silent, false);
        // Of one that was read, the engine says that it is heard again.
        if was_silent && !self.cluster.is_read() {
            tracing::info!(cluster = %self.cluster.name, "is reached again");
        }
        self.cluster.reached(was_silent).await;
    }

    /// True when its facts were taken away while it was silent: by `portolan forget`, or as the `MemberCluster` was
    /// deleted that described it.
    async fn is_forgotten(&self) -> bool {
        let Some(engine) = self.engine.clone().filter(|_| self.cluster.was_heard()) else { return false };
        // The engine may be busy with a batch.
        let name = self.cluster.name.clone();
        let known = spawn_blocking(move || engine.lock().fleet().clusters.contains_key(&name));
        !known.await.unwrap_or(true)
    }

    async fn missed(&mut self, failure: &Failure) -> Duration {
        self.misses = self.misses.saturating_add(1);
        let (reason, what) = match failure.code {
            Some(401 | 403) => (Reason::Unauthorized, "refuses us"),
            _ => (Reason::Silent, "is not reached"),
        };
        let is_new = self.misses == 1 && !self.is_silent && self.identity.is_known();
        let is_left = self.misses >= SILENT_AFTER || !is_new;
        if is_left || reason == Reason::Unauthorized {
            self.door.send_replace(None);
            // What its file says may have changed: a token, a certificate, the address. Then watches that go on need
            // another client too. One answer that is late is no such sign, and ends no watch and no list.
            self.client = None;
            self.is_news = true;
        }
        if is_left {
            let at = self.way.server().map_or(String::new(), |server| format!(" ({server})"));
            self.lost(reason, &format!("{what}{at}: {}", failure.message)).await;
        }
        let wait = (PROBE_FIRST * 2_u32.saturating_pow((self.misses - 1).min(8))).min(PROBE_MAX);
        wait.max(failure.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX))
    }

    /// It is not reached; what it gave stays, unless it is followed under another name by now. The hub has no other:
    /// what it holds besides is read under this name alone.
    async fn lost(&mut self, reason: Reason, message: &str) {
        let said = self.last_said.as_ref().filter(|_| !self.is_hub);
        match said.and_then(|said| self.known.lost(said, &self.cluster.name)) {
            None => self.leave(reason, &format!("{message}; what it gave stays")).await,
            Some(other) => {
                let message =
                    format!("{message}; it is the same cluster as {other}, by which it is followed");
                self.doubles(&message).await;
            }
        }
    }

    /// It is followed under another name, which gives what there is to give.
    async fn doubles(&mut self, message: &str) {
        self.leave(Reason::Duplicate, message).await;
        if self.cluster.doubles().await {
            // Should it ever be followed, everything is read again, whatever cluster it is then.
            self.life.anew += 1;
            self.is_remembered = false;
            self.identity.forget();
            self.cluster.begin_anew();
            self.cluster.past.unsay(&self.cluster.name);
        }
    }

    /// It is not followed, for this reason; what it gave stays.
    async fn leave(&mut self, reason: Reason, message: &str) {
        self.reach
            .send_if_modified(|reached| !matches!(std::mem::replace(reached, Reached::No), Reached::No));
        if !std::mem::replace(&mut self.is_silent, true) {
            tracing::warn!(cluster = %self.cluster.name, reason = %reason, "{message}");
        }
        self.cluster.left(reason, message).await;
    }
}
