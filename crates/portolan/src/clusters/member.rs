//! One cluster: reached or not, still the same or not, and what its resources come to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::api::{INTENTS, Resource, WORKLOAD};
use portolan_kube::follow::{Failure, News};
use tokio::sync::{Notify, watch};

use super::connect;
use super::feed::Sender;
use super::follow::Follow;
use super::holds::Holds;
use super::identity::{Identity, Known, Verdict};
use super::kubeconfig::Context;
use super::patch::Patch;
use crate::engine::{Event, SharedEngine, root};
use crate::{chance, clock};

/// How often a cluster is asked who it is.
pub const PROBE: Duration = Duration::from_secs(10);
/// The same after it was not reached, doubled each time up to [`PROBE_MAX`].
const PROBE_FIRST: Duration = Duration::from_secs(1);
/// The longest time between two tries to reach it.
const PROBE_MAX: Duration = Duration::from_secs(30);
/// After so many questions without an answer it counts as silent.
const SILENT_AFTER: u32 = 2;

/// Whether a cluster is to be followed now, for those who follow its resources.
pub(super) type Reach = watch::Receiver<Reached>;

/// See [`Reach`].
#[derive(Clone)]
pub(super) enum Reached {
    /// It is not reached, or is not what it was.
    No,
    /// It is. What it said in an earlier life counts no more.
    Yes {
        /// Reaches it.
        client: kube_client::Client,
        /// Grows when somebody said that a cluster which is not what it was is to be believed.
        life: u64,
    },
}

/// What the tasks of one cluster share.
pub(super) struct Cluster {
    pub(super) name: ClusterName,
    /// Whose an object is, where problems have a place.
    pub(super) place: Arc<str>,
    pub(super) holds: Arc<Holds>,
    sender: Sender,
    /// The highest version that any of its watches saw.
    highest: AtomicU64,
    /// Somebody doubts that it is what it was.
    doubt: Notify,
    parts: Mutex<Vec<Part>>,
}

/// The resources of a cluster that are one source of the engine's.
struct Part {
    source: ClusterName,
    resources: &'static [Resource],
    unread: Vec<Resource>,
    /// What is wrong with the cluster, then with each resource.
    trouble: Option<Problem>,
    problems: BTreeMap<Resource, Vec<Problem>>,
    /// What could not be written to it.
    unwritten: Vec<Problem>,
}

/// A cluster that is followed.
pub(super) struct Member {
    context: Context,
    cluster: Arc<Cluster>,
    known: Arc<Known>,
    identity: Identity,
    client: Option<kube_client::Client>,
    reach: watch::Sender<Reached>,
    life: u64,
    misses: u32,
    is_silent: bool,
    is_hub: bool,
    engine: SharedEngine,
}

impl Member {
    pub(super) fn new(
        context: Context,
        is_hub: bool,
        engine: SharedEngine,
        sender: Sender,
        holds: Arc<Holds>,
        known: Arc<Known>,
    ) -> Self {
        let mut parts = vec![Part::new(context.name.clone(), &WORKLOAD)];
        if is_hub {
            parts.push(Part::new(root(), &INTENTS));
        }
        let cluster = Arc::new(Cluster {
            name: context.name.clone(),
            place: context.name.0.clone(),
            holds,
            sender,
            highest: AtomicU64::new(0),
            doubt: Notify::new(),
            parts: Mutex::new(parts),
        });
        let (reach, _) = watch::channel(Reached::No);
        let identity = Identity::default();
        Self {
            context,
            cluster,
            known,
            identity,
            client: None,
            reach,
            life: 0,
            misses: 0,
            is_silent: false,
            is_hub,
            engine,
        }
    }

    /// Follows it, for as long as the process runs.
    pub(super) async fn run(mut self) {
        let resources: Vec<Resource> =
            self.cluster.parts().iter().flat_map(|part| part.resources).copied().collect();
        if self.is_hub {
            let patch = Patch::new(self.engine.clone(), self.cluster.clone(), self.reach.subscribe());
            tokio::spawn(patch.run());
        }
        for resource in resources {
            let follow = Follow::new(resource, self.cluster.clone());
            tokio::spawn(follow.run(self.reach.subscribe()));
        }
        loop {
            let after = self.probe().await;
            // A tenth is drawn, so that processes that were started together do not ask together.
            let drawn = after.mul_f64(1.0 - (chance::draw() % 1024) as f64 / 10_240.0);
            let cluster = self.cluster.clone();
            tokio::select! {
                () = tokio::time::sleep(drawn) => {}
                () = cluster.doubt.notified() => {}
                () = cluster.holds.any_released() => {}
            }
        }
    }

    /// Asks it who it is; returns when to ask again.
    async fn probe(&mut self) -> Duration {
        if self.cluster.holds.take_released(&self.cluster.name.0) {
            tracing::warn!(cluster = %self.cluster.name, "is believed again, as somebody says");
            self.identity.forget();
            self.cluster.highest.store(0, Ordering::Relaxed);
            self.life += 1;
        }
        // Before it is asked: what its watches see meanwhile may be newer than what it then says.
        let watched = self.cluster.highest.load(Ordering::Relaxed);
        match self.who().await {
            Err(failure) => self.missed(&failure),
            Ok(said) => {
                self.misses = 0;
                if let Some(other) = self.known.claim(&said.uid, &self.cluster.name) {
                    let message =
                        format!("is the same cluster as {other} (uid of kube-system); it is followed once");
                    self.leave(Reason::Duplicate, &message);
                    return PROBE;
                }
                match self.identity.judge(&said, watched) {
                    Verdict::Same => self.reached(),
                    Verdict::Other(why) => {
                        let id = self.cluster.name.0.clone();
                        self.cluster.hold(&id, Some(why.clone()));
                        let message =
                            format!("{why}; what it gave is kept until `portolan holds --release {id}`");
                        self.leave(Reason::Held, &message);
                    }
                }
                PROBE
            }
        }
    }

    async fn who(&mut self) -> Result<super::identity::Said, Failure> {
        let client = match &self.client {
            Some(client) => client.clone(),
            None => {
                let made = connect::client(&self.context).await;
                let client = made.map_err(|message| Failure { message, ..Failure::default() })?;
                self.client.insert(client).clone()
            }
        };
        connect::who(&client).await
    }

    fn reached(&mut self) {
        let Some(client) = self.client.clone() else { return };
        let life = self.life;
        self.reach.send_if_modified(|reached| {
            let is_same = matches!(reached, Reached::Yes { life: before, .. } if *before == life);
            if !is_same {
                *reached = Reached::Yes { client, life };
            }
            !is_same
        });
        let was_silent = std::mem::replace(&mut self.is_silent, false);
        if was_silent {
            tracing::info!(cluster = %self.cluster.name, "is reached again");
        }
        self.cluster.reached(was_silent);
    }

    fn missed(&mut self, failure: &Failure) -> Duration {
        // What its file says may have changed: a token, a certificate, the address.
        self.client = None;
        self.misses = self.misses.saturating_add(1);
        let (reason, what) = match failure.code {
            Some(401 | 403) => (Reason::Unauthorized, "refuses us"),
            _ => (Reason::Silent, "is not reached"),
        };
        let is_new = self.misses == 1 && !self.is_silent && self.identity.is_known();
        if self.misses >= SILENT_AFTER || !is_new {
            self.leave(reason, &format!("{what}: {}; what it gave stays", failure.message));
        }
        (PROBE_FIRST * 2_u32.saturating_pow((self.misses - 1).min(8))).min(PROBE_MAX)
    }

    /// It is not followed, for this reason; what it gave stays.
    fn leave(&mut self, reason: Reason, message: &str) {
        self.reach
            .send_if_modified(|reached| !matches!(std::mem::replace(reached, Reached::No), Reached::No));
        if !std::mem::replace(&mut self.is_silent, true) {
            tracing::warn!(cluster = %self.cluster.name, reason = %reason, "{message}");
        }
        self.cluster.left(reason, message);
    }
}

impl Part {
    fn new(source: ClusterName, resources: &'static [Resource]) -> Self {
        let (unread, problems, unwritten) = (resources.to_vec(), BTreeMap::new(), Vec::new());
        Self { source, resources, unread, trouble: None, problems, unwritten }
    }

    fn has(&self, resource: Resource) -> bool {
        self.resources.contains(&resource)
    }

    fn reading(&self) -> Event {
        let all = self.trouble.iter().chain(self.problems.values().flatten()).chain(&self.unwritten);
        Event::Reading(self.source.clone(), all.cloned().collect())
    }
}

impl Cluster {
    /// Tells what came of a resource.
    pub(super) fn news(&self, resource: Resource, news: Vec<News>) {
        let mut parts = self.parts();
        let Some(part) = parts.iter_mut().find(|part| part.has(resource)) else { return };
        let mut events = Vec::with_capacity(news.len());
        for news in news {
            match news {
                News::Set(object) => {
                    events.push(Event::Set {
                        source: part.source.clone(),
                        object,
                        place: self.place.clone(),
                    });
                }
                News::Deleted(key) => events.push(Event::Deleted { source: part.source.clone(), key }),
                News::Problems => events.push(part.reading()),
                News::WentBack => self.doubt.notify_one(),
                News::Read => {
                    part.unread.retain(|unread| *unread != resource);
                    if part.unread.is_empty() && part.trouble.is_none() {
                        events.push(Event::Heard(part.source.clone()));
                    }
                }
            }
        }
        // Under the lock: what is told of one part is told in order.
        self.sender.events(events);
    }

    /// Notes what is wrong with a resource; [`News::Problems`] then tells it.
    pub(super) fn problems<'p>(&self, resource: Resource, problems: impl Iterator<Item = &'p Problem>) {
        let problems: Vec<Problem> = problems.cloned().collect();
        for part in self.parts().iter_mut().filter(|part| part.has(resource)) {
            if problems.is_empty() {
                part.problems.remove(&resource);
            } else {
                part.problems.insert(resource, problems.clone());
            }
        }
    }

    /// Notes what could not be written to the hub, which is the last of its parts.
    pub(super) fn not_written(&self, problems: Vec<Problem>) {
        let mut parts = self.parts();
        let Some(part) = parts.last_mut().filter(|part| part.unwritten != problems) else { return };
        part.unwritten = problems;
        self.sender.events(vec![part.reading()]);
    }

    pub(super) fn hold(&self, id: &str, why: Option<String>) {
        self.holds.note(id, why, clock::now());
    }

    pub(super) fn saw(&self, version: u64) {
        self.highest.fetch_max(version, Ordering::Relaxed);
    }

    fn reached(&self, was_silent: bool) {
        let mut events = Vec::new();
        for part in self.parts().iter_mut() {
            if part.trouble.take().is_some() {
                events.push(part.reading());
            }
            if was_silent && part.unread.is_empty() {
                events.push(Event::Heard(part.source.clone()));
            }
            if part.unread.is_empty() {
                self.sender.seen(part.source.clone());
            }
        }
        self.sender.events(events);
    }

    fn left(&self, reason: Reason, message: &str) {
        let mut events = Vec::new();
        for part in self.parts().iter_mut() {
            let subject = format!("cluster {}", self.name);
            let problem = Problem { subject, reason, message: message.to_owned(), place: String::new() };
            let is_news = part.trouble.is_none();
            if part.trouble.replace(problem.clone()).as_ref() != Some(&problem) {
                events.push(part.reading());
            }
            if is_news {
                events.push(Event::Silent(part.source.clone()));
            }
        }
        self.sender.events(events);
    }

    fn parts(&self) -> MutexGuard<'_, Vec<Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
