//! What the tasks of one cluster share: whether it is reached, what it is told to be, and what is wrong with it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::api::{Asked, Resource, SECRETS, dns_endpoints, is_on_demand, may_ask};
use portolan_kube::follow::News;
use portolan_kube::object::{Kind, ObjectKey};
use portolan_kube::origin::Origin;
use portolan_kube::registry;
use portolan_kube::workload::Keep;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::demand::Demand;
use super::feed::{Sender, Told};
use super::holds::Holds;
use super::past::Past;
use super::patch::copies::Copies;
use super::registrar::Registrar;
use crate::clock;
use crate::engine::{Event, root};

mod part;

use part::{Part, copy};

/// How long after a kind came that was not there others are looked for, and nothing is written back: definitions
/// that are applied together come one after the other.
const KINDS_COME: Duration = Duration::from_secs(6);

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
        /// Which of its lives it is in.
        life: Life,
    },
}

/// What has to be read anew when it is another than before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Life {
    /// Grows when somebody said that a cluster which is not what it was is to be believed: whatever it lacks then.
    pub(super) anew: u64,
    /// Grows when what was told may be lost, or another past was told of for a while: everything is read again, with
    /// the usual doubts.
    pub(super) again: u64,
}

/// What the tasks of one cluster share.
pub(super) struct Cluster {
    pub(super) name: ClusterName,
    /// It is the hub, or the own cluster of a mesh: it has the root's objects, and is written to.
    is_hub: bool,
    /// Where its objects come from.
    origin: Origin,
    pub(super) holds: Arc<Holds>,
    /// What it was before our own restart, and is now.
    pub(super) past: Arc<Past>,
    /// What is kept of objects for sources.
    pub(super) keep: Keep,
    /// Whether intents ask for what is watched on demand.
    pub(super) demand: Arc<Demand>,
    /// What is written to, as it stands there.
    pub(super) copies: Copies,
    sender: Sender,
    /// The highest version that its watch of namespaces saw, if they are watched.
    highest: AtomicU64,
    /// Somebody doubts that it is what it was.
    doubt: Notify,
    /// Everything is to be read again.
    again: AtomicBool,
    /// When it last had a kind that it lacked.
    coming: watch::Sender<Option<Instant>>,
    /// Who is told which clusters the hub registers. Weak, as that holds the hub.
    registrar: OnceLock<Weak<Registrar>>,
    /// A hub that is followed for what it hands over.
    pub(super) hands_over: bool,
    /// None once it is gone.
    parts: Mutex<Vec<Part>>,
}

impl Cluster {
    pub(super) fn new(
        name: ClusterName,
        asked: Asked,
        keep: Keep,
        demand: Arc<Demand>,
        sender: Sender,
        holds: Arc<Holds>,
        past: Arc<Past>,
    ) -> Self {
        let hands_over = asked.own.is_empty();
        let parts = [(name.clone(), asked.own), (root(), asked.root)].into_iter();
        let parts = parts.filter(|(_, resources)| !resources.is_empty());
        let parts = parts.map(|(source, resources)| Part::new(source, resources)).collect();
        Self { demand, hands_over, ..Self::with(name, parts, keep, sender, holds, past) }
    }

    /// One of which only the `DNSEndpoint`s are followed, in every group.
    pub(super) fn of_records(name: ClusterName, sender: Sender, holds: Arc<Holds>, past: Arc<Past>) -> Self {
        let parts = vec![Part::new(root(), dns_endpoints().collect())];
        Self::with(name, parts, Keep::default(), sender, holds, past)
    }

    fn with(
        name: ClusterName,
        parts: Vec<Part>,
        keep: Keep,
        sender: Sender,
        holds: Arc<Holds>,
        past: Arc<Past>,
    ) -> Self {
        let is_hub = parts.iter().any(|part| part.source == root());
        let (origin, parts) = (Origin::from(&*name.0), Mutex::new(parts));
        Self {
            name,
            is_hub,
            origin,
            holds,
            past,
            keep,
            demand: Arc::default(),
            copies: Copies::default(),
            sender,
            highest: AtomicU64::new(0),
            doubt: Notify::new(),
            again: AtomicBool::new(false),
            coming: watch::Sender::new(None),
            registrar: OnceLock::new(),
            hands_over: false,
            parts,
        }
    }

    /// Names who is told which clusters this one registers, once.
    pub(super) fn registers_with(&self, registrar: Weak<Registrar>) {
        let _ = self.registrar.set(registrar);
    }

    /// It is known and was not read yet: until it is, nobody can say what is not there.
    pub(super) fn expected(&self) {
        self.sender.events(vec![Event::Followed(self.name.clone())]);
    }

    /// It is no member any more: what it gave is gone in one step, and nothing that its tasks still tell counts.
    pub(super) fn gone(&self) {
        let mut parts = self.parts();
        let events = parts.drain(..).map(|part| Event::Gone(part.source)).collect();
        // Under the lock, as below: nothing of it may come after.
        self.sender.events(events);
        self.demand.gone(&self.name);
    }

    /// True when all that it is watched for was read, whole or in part.
    pub(super) fn is_read(&self) -> bool {
        self.parts().iter().all(|part| part.unread.is_empty())
    }

    /// True of an object of its registry of which nothing was ever understood; it is named as messages do.
    pub(super) fn refuses(&self, object: &str) -> bool {
        let parts = self.parts();
        parts.iter().flat_map(|part| part.refused.values().flatten()).any(|key| key.to_string() == object)
    }

    /// What it is watched for.
    pub(super) fn resources(&self) -> Vec<Resource> {
        self.parts().iter().flat_map(|part| part.resources.iter().copied()).collect()
    }

    /// The highest version that its watch of namespaces saw.
    pub(super) fn highest(&self) -> u64 {
        self.highest.load(Ordering::Relaxed)
    }

    /// What its watches saw counts no more.
    pub(super) fn begin_anew(&self) {
        self.highest.store(0, Ordering::Relaxed);
    }

    /// Waits until somebody doubts that it is what it was.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    /// Everything is to be read again, once it was asked who it is.
    pub(super) fn read_again(&self) {
        self.again.store(true, Ordering::Relaxed);
        self.doubt.notify_one();
    }

    /// True once when everything is to be read again.
    pub(super) fn take_again(&self) -> bool {
        self.again.swap(false, Ordering::Relaxed)
    }

    /// It has a kind that it lacked.
    pub(super) fn kind_came(&self) {
        self.coming.send_replace(Some(Instant::now()));
    }

    /// Tells when it has a kind that it lacked.
    pub(super) fn coming(&self) -> watch::Receiver<Option<Instant>> {
        self.coming.subscribe()
    }

    /// True for a while after it had a kind that it lacked: others may follow.
    pub(super) fn kinds_come(&self) -> bool {
        self.coming.borrow().is_some_and(|at| at.elapsed() < KINDS_COME)
    }

    /// Tells the registry what came of a resource, or of what a namespace has of it.
    pub(super) fn register(&self, resource: Resource, namespace: Option<&str>, news: &[News]) {
        if let Some(registrar) = self.registrar.get().and_then(Weak::upgrade) {
            registrar.hear(resource, namespace, news);
        }
    }

    /// Tells what came of a resource, and takes it from there; nothing is lost when it is given up before.
    pub(super) async fn news(&self, resource: Resource, news: &mut Vec<News>) {
        if news.is_empty() {
            return;
        }
        if may_ask(resource.kind) {
            self.demand.hear(news).await;
        }
        let turn = self.sender.turn().await;
        let mut parts = self.parts();
        // What no part is for is the registry's alone.
        let Some(part) = parts.iter_mut().find(|part| part.has(resource)) else { return news.clear() };
        let mut events = Vec::with_capacity(news.len());
        let mut problems_told = false;
        for news in news.drain(..) {
            if self.is_hub {
                events.extend(copy(resource, &news));
            }
            match news {
                // The registry alone is told of these.
                News::Set(object) if registry::is_foreign(object.key.kind()) => {}
                News::Deleted(key) if registry::is_foreign(key.kind()) => {}
                News::Set(object) => {
                    let (source, place) = (part.source.clone(), self.origin.clone());
                    let object = part.came(resource, object);
                    events.extend(object.map(|object| Event::Set { source, object, place }));
                }
                News::Deleted(key) => events.extend(part.went(resource, key, &self.origin)),
                News::Refused(refused) => {
                    events.extend(self.is_hub.then_some(Event::Refused(refused)));
                }
                // They are what they are now, however often they changed.
                News::Problems if problems_told => {}
                News::Problems => {
                    problems_told = true;
                    events.push(part.reading());
                    events.extend(part.lacks());
                }
                News::WentBack => self.doubt.notify_one(),
                News::Read => events.extend(self.was_read(part, resource, true)),
                News::ReadInPart => events.extend(self.was_read(part, resource, false)),
            }
        }
        // Under the lock: what is told of one part is told in order.
        turn.events(events);
    }

    /// Takes that a resource of a part was read; what follows, for the hub's intents what is asked of all clusters too.
    fn was_read(&self, part: &mut Part, resource: Resource, is_whole: bool) -> Vec<Event> {
        let events = part.read(resource, is_whole);
        if may_ask(resource.kind) {
            // Of another cluster of a mesh an intent is heard of where it stands.
            let who_asks = part.who_asks().filter(|_| self.is_hub);
            who_asks.into_iter().for_each(|is_whole| self.demand.hub_was_read(is_whole));
        } else if is_on_demand(resource, &self.keep) {
            self.demand.was_read(&self.name);
        }
        events
    }

    /// A resource is watched on demand, and nobody asks for it: it is not waited for.
    pub(super) async fn unasked(&self, resource: Resource) {
        let turn = self.sender.turn().await;
        let mut parts = self.parts();
        let Some(part) = parts.iter_mut().find(|part| part.has(resource)) else { return };
        part.unasked.insert(resource);
        turn.events(part.read(resource, true));
    }

    /// It is asked for now.
    pub(super) fn asked(&self, resource: Resource) {
        self.parts().iter_mut().filter(|part| part.has(resource)).for_each(|part| part.ask(resource));
    }

    /// Notes what is wrong with a resource, by the id of its holds; [`News::Problems`] then tells it. Secrets
    /// are the hub's, and no part's.
    pub(super) fn problems<'p>(
        &self,
        resource: Resource,
        id: &str,
        problems: impl Iterator<Item = &'p Problem>,
    ) {
        let problems: Vec<Problem> = problems.cloned().collect();
        let is_secrets = resource == SECRETS;
        for part in self.parts().iter_mut().filter(|part| is_secrets || part.has(resource)) {
            if is_secrets && part.source != root() {
                continue;
            }
            if problems.is_empty() {
                part.problems.remove(id);
            } else {
                part.problems.insert(id.to_owned(), problems.clone());
            }
            if is_secrets {
                self.sender.events(vec![part.reading()]);
            }
        }
    }

    /// Notes whether the server has a resource.
    pub(super) fn serves(&self, resource: Resource, is_served: bool) {
        for part in self.parts().iter_mut().filter(|part| part.has(resource)) {
            if is_served {
                part.served.insert(resource);
            } else {
                part.served.remove(&resource);
            }
        }
    }

    /// The groups in which it has `DNSEndpoint`s, the one that counts first in front.
    pub(super) fn dns_endpoints(&self) -> Vec<Resource> {
        let parts = self.parts();
        let resources = parts.iter().flat_map(|part| part.resources.iter().map(move |one| (part, one)));
        let served =
            resources.filter(|(part, one)| one.kind == Kind::DnsEndpoint && part.served.contains(one));
        served.map(|(_, resource)| *resource).collect()
    }

    /// Notes of which objects of a resource nothing was ever understood; [`News::Problems`] then tells it.
    pub(super) fn refused(&self, resource: Resource, keys: &BTreeSet<ObjectKey>) {
        for part in self.parts().iter_mut().filter(|part| part.has(resource)) {
            if keys.is_empty() {
                part.refused.remove(&resource);
            } else if part.refused.get(&resource) != Some(keys) {
                part.refused.insert(resource, keys.clone());
            }
        }
    }

    /// Notes what is wrong with the clusters that the hub registers.
    pub(super) fn registered(&self, problems: Vec<Problem>) {
        let mut parts = self.parts();
        let Some(part) = parts.last_mut().filter(|part| part.registered != problems) else { return };
        part.registered = problems;
        self.sender.events(vec![part.reading()]);
    }

    /// Notes what could not be written to the hub, which is the last of its parts.
    pub(super) async fn not_written(&self, problems: Vec<Problem>) {
        let turn = self.sender.turn().await;
        let mut parts = self.parts();
        let Some(part) = parts.last_mut().filter(|part| part.unwritten != problems) else { return };
        part.unwritten = problems;
        turn.events(vec![part.reading()]);
    }

    pub(super) fn hold(&self, id: &str, why: Option<String>) {
        self.holds.note_of(&self.name, id, why, clock::now());
    }

    pub(super) fn saw(&self, version: u64) {
        self.highest.fetch_max(version, Ordering::Relaxed);
    }

    pub(super) async fn reached(&self, was_silent: bool) {
        let turn = self.sender.turn().await;
        let (mut events, mut seen) = (Vec::new(), Vec::new());
        for part in self.parts().iter_mut() {
            self.demand.reached(&self.name, true);
            if part.trouble.take().is_some() {
                events.push(part.reading());
            }
            if std::mem::take(&mut part.is_out) {
                events.push(Event::Followed(part.source.clone()));
            }
            if !std::mem::replace(&mut part.is_reached, true) {
                events.push(Event::Reached(part.source.clone()));
            }
            if was_silent && part.unread.is_empty() {
                events.push(Event::Heard(part.source.clone()));
            }
            if part.unread.is_empty() {
                seen.push(part.source.clone());
            }
        }
        turn.tell(Told { events, seen });
    }

    pub(super) async fn left(&self, reason: Reason, message: &str) {
        let turn = self.sender.turn().await;
        let mut events = Vec::new();
        for part in self.parts().iter_mut() {
            self.demand.reached(&self.name, false);
            let problem = problem(&self.name, reason, message);
            let is_news = part.trouble.is_none();
            part.is_reached = false;
            if part.trouble.replace(problem.clone()).as_ref() != Some(&problem) {
                events.push(part.reading());
            }
            if is_news {
                events.push(Event::Silent(part.source.clone()));
            }
        }
        turn.events(events);
    }

    /// It is followed under another name: what it gave is that one's to give. True when that is news.
    pub(super) async fn doubles(&self) -> bool {
        let turn = self.sender.turn().await;
        let mut parts = self.parts();
        let mut events = Vec::new();
        for part in parts.iter_mut().filter(|part| !part.is_out && part.source != root()) {
            part.leave();
            events.extend([Event::Gone(part.source.clone()), part.reading()]);
        }
        let is_news = !events.is_empty();
        // Under the lock, as above.
        turn.events(events);
        is_news
    }

    /// True when what it runs was read whole, as far as anybody asks.
    pub(super) fn was_heard(&self) -> bool {
        self.parts().iter().any(|part| part.source == self.name && !part.is_out && part.unread.is_empty())
    }

    /// The engine has forgotten what it gave: it is as one that was never read.
    pub(super) fn was_forgotten(&self) {
        self.parts().iter_mut().filter(|part| part.source != root()).for_each(Part::leave);
    }

    fn parts(&self) -> MutexGuard<'_, Vec<Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn problem(name: &ClusterName, reason: Reason, message: &str) -> Problem {
    Problem { subject: format!("cluster {name}"), reason, message: message.to_owned(), place: String::new() }
}

#[cfg(test)]
mod tests;
