//! Events in, the next snapshot published.
//!
//! ```text
//!   events ──▶ Index ──▶ facts ──▶ Store::commit ──▶ touched ──▶ compile ──▶ publish ──▶ Published
//!              (kube)              (revision)                    (core)      (serials)   (serve)
//! ```
//!
//! Everything here is synchronous and knows no socket, no file and no clock: one batch of events is one
//! revision, and the time is an argument ([`Engine::tick`] tells it where nothing happens). Whoever asks for something gets it from memory.
//!
//! **Architecture Invariant:** no batch ends the answering. A panic in the middle of one is caught and
//! counted, and the snapshot that was published stays; then the names of the batch are compiled one by
//! one, so that the one at fault is left as it was and all others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use anyhow::{Context as _, bail};
use portolan_core::compile::{Compiled, compile};
use portolan_core::fleet::Touched;
use portolan_core::policy::PolicyName;
use portolan_core::{ClusterName, Fact, Fleet, Name, Problem, Reason, Snapshot};
use portolan_kube::api::Resource;
use portolan_kube::dns_endpoint::DnsEndpoint;
use portolan_kube::endpoints;
use portolan_kube::index::{Apart, Index, Lacks, Resolution};
use portolan_kube::manifest::{Refused, reading_order};
use portolan_kube::object::{Object, ObjectKey};
use portolan_kube::origin::Origin;
use portolan_kube::sources::Options;
use portolan_kube::workload::Keep;
use portolan_serve::Published;
use portolan_store::{LastGood, Store};

mod changes;
mod due;
mod followed;
mod gauges;
mod hearing;
mod hosts;
mod hub;
mod intents;
mod keys;
mod networks;
mod publish;
mod steering;
mod stream;
mod tap;
mod whole;
mod zone_files;

use changes::Changes;
use due::Due;
pub use due::{Look, Looks};
use followed::Followed;
pub use followed::UNREAD_MAX;
pub use gauges::{Gauges, StreamGauges};
use hearing::Hearing;
use hosts::Hosts;
use hub::Hub;
pub use hub::HubView;
use intents::Intents;
use keys::Keys;
pub use keys::{Change as KeyChange, KeysState, Told as KeysTold};
use networks::Networks;
use publish::caught;
use steering::Steering;
use stream::Stream;
pub use stream::{FollowedSeen, FollowerSeen, SLACK, STREAM_HOLD};
use tap::Tap;
pub use tap::Tapped;
use zone_files::ZoneFiles;

/// One thing that a source saw. A source is a cluster, or the fleet folder's root, whose name is empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An object is there, or is another than before.
    Set {
        /// The source that holds it.
        source: ClusterName,
        /// The object.
        object: Arc<Object>,
        /// Where it stands, for people.
        place: Origin,
    },
    /// An object is no more.
    Deleted {
        /// The source that held it.
        source: ClusterName,
        /// Which.
        key: ObjectKey,
    },
    /// An object of the hub is there and cannot be understood: it stays what it was, and its author is to be told.
    /// That ends with [`Event::Set`] and [`Event::Deleted`] of its key.
    Refused(Arc<Refused>),
    /// A `DNSEndpoint` of one group of the hub is there, or no more, whether or not it is the copy that counts: for
    /// whoever writes to the hub.
    Copy {
        /// Its group.
        resource: Resource,
        /// Its key.
        key: ObjectKey,
        /// The object; none when it is no more.
        object: Option<Arc<Object>>,
    },
    /// A CSV file of networks that a policy may name; none when it is no more.
    Networks {
        /// The source that holds it.
        source: ClusterName,
        /// Its path there.
        path: String,
        /// What stands in it.
        text: Option<Arc<str>>,
    },
    /// What of a source is there and could not be read: this, and nothing else. It goes before
    /// [`Event::Heard`], which the source is in part then.
    Lacks(ClusterName, Lacks),
    /// A cluster is followed from now on: while it was not read, nothing is known not to be there.
    Followed(ClusterName),
    /// A cluster that is followed is reached, until it is [silent](Event::Silent).
    Reached(ClusterName),
    /// The source was read, completely but for what it lacks.
    Heard(ClusterName),
    /// The source cannot be read; what it held stays. Of the root it changes nothing but the age of data.
    Silent(ClusterName),
    /// What is wrong with the reading of a source: this, and nothing else.
    Reading(ClusterName, Vec<Problem>),
    /// The source is no member any more: what it held is gone, in one step.
    Gone(ClusterName),
    /// What a host name of load balancers resolves to, as this process found it; none when nothing is said of it
    /// any more. It is of no source.
    Resolved(Name, Option<Resolution>),
}

impl Event {
    /// The source that is there, as it has just told something.
    fn told_by(&self) -> Option<&ClusterName> {
        match self {
            Self::Set { source, .. } | Self::Deleted { source, .. } | Self::Heard(source) => Some(source),
            _ => None,
        }
    }

    /// True of what a source saw.
    fn is_of_source(&self) -> bool {
        !matches!(self, Self::Resolved(..))
    }
}

/// The root's name among the sources.
#[must_use]
pub fn root() -> ClusterName {
    ClusterName::from("")
}

/// Events in, the next snapshot published.
#[derive(Debug)]
pub struct Engine {
    index: Index,
    store: Store,
    published: Published,
    networks: Networks,
    hearing: Hearing,
    followed: Followed,
    hub: Hub,
    intents: Intents,
    hosts: Hosts,
    /// What whoever writes to the hub has to look at.
    due: Due,
    /// What publishers of other DNS have to look at.
    tap: Tap,
    /// What is wrong with names, as compile found it.
    steering: Steering,
    /// What is wrong with the reading of sources.
    reading: BTreeMap<ClusterName, Vec<Problem>>,
    /// How often it changed what is wrong, but for what the index finds.
    problems_changed: u64,
    /// What is wrong with zone files, and what they share with the fleet.
    zone_files: ZoneFiles,
    /// What keys of a store give.
    keys: Keys,
    /// Who follows this one, or whom it follows.
    stream: Stream,
    /// What was committed and could not be compiled.
    owed: Touched,
    /// True when an unknown name may be denied.
    complete: bool,
    /// True once all that is known to be there was read since the start.
    was_read: bool,
    last_good: Option<LastGood>,
    /// When the state was true that the index has to remember, until it does: looking through a million names
    /// must not stand before the first answer.
    remembers_from: Option<i64>,
    /// The same while the root was not found since: until then nobody can tell which clusters went from it.
    unfound_since: Option<i64>,
    /// When the root was read last; none while it never was.
    root_true_at: Option<i64>,
    root_is_there: bool,
    published_at: i64,
    /// The seconds that [`Engine::tick`] was last told of.
    steady: i64,
    panics: u64,
    compile: fn(&Fleet, &Snapshot, &Touched) -> Compiled,
}

impl Engine {
    /// One that keeps nothing on disk: for commands that end at once, for the demo and for tests. `now` is
    /// in seconds since 1970, here and everywhere below.
    #[must_use]
    pub fn new(now: i64) -> Self {
        Self::with_store(Store::in_memory(now), None, now)
    }

    /// One that begins with the last good state of a file and keeps it there. [`Engine::resume`] publishes what
    /// is in it.
    ///
    /// # Errors
    /// When another process uses the file.
    pub fn open(state: &Path, now: i64) -> anyhow::Result<Self> {
        let (store, last_good) = Store::open(state, now).context("cannot keep the last good state")?;
        // Who ended before it had heard of anything left a state that was never true, and that denies nothing.
        let last_good = last_good.filter(|state| state.true_at > 0 || !store.fleet().zones.is_empty());
        Ok(Self::with_store(store, last_good, now))
    }

    /// The same with External-DNS' sources on. To be called before all else.
    #[must_use]
    pub fn with_sources(mut self, options: &Arc<Options>) -> Self {
        self.index = Index::with_sources(options.clone());
        self
    }

    fn with_store(store: Store, last_good: Option<LastGood>, now: i64) -> Self {
        Self {
            index: Index::default(),
            store,
            published: Published::new(Snapshot::new(crate::chance::draw())),
            networks: Networks::default(),
            hearing: Hearing::default(),
            followed: Followed::default(),
            hub: Hub::default(),
            intents: Intents::default(),
            due: Due::default(),
            tap: Tap::default(),
            hosts: Hosts::default(),
            steering: Steering::default(),
            reading: BTreeMap::new(),
            problems_changed: 0,
            zone_files: ZoneFiles::default(),
            keys: Keys::default(),
            stream: Stream::default(),
            owed: Touched::default(),
            complete: last_good.is_some(),
            was_read: false,
            last_good,
            remembers_from: last_good.map(|state| state.true_at),
            unfound_since: None,
            root_true_at: last_good.map(|state| state.true_at),
            root_is_there: false,
            published_at: now,
            steady: 0,
            panics: 0,
            compile,
        }
    }

    /// Publishes the last good state, where there is one, before anything is taken from a source. Zone files
    /// are taken first: then a zone of both has the content that it had, and so the serial.
    pub fn resume(&mut self, now: i64) {
        if self.last_good.is_some() {
            self.publish_whole(now);
        }
    }

    /// Takes a batch of events: one revision, if they change any fact.
    pub fn take(&mut self, events: Vec<Event>, now: i64) {
        let is_look = events.iter().any(Event::is_of_source);
        // Clusters are each by themselves; a folder is looked at as a whole.
        let told: BTreeSet<ClusterName> = match self.followed.is_empty() {
            true => BTreeSet::new(),
            false => events.iter().filter_map(Event::told_by).cloned().collect(),
        };
        self.work_off(events, now);
        if !self.followed.is_empty() {
            told.iter().for_each(|source| self.seen(source, now));
        } else if self.root_is_there && is_look {
            self.still_true(now);
        }
        self.tell_hub();
    }

    /// Says what time it is, and for how many seconds the process has run, which no jump of the clock changes: what
    /// is over by then ends, without an event.
    pub fn tick(&mut self, now: i64, steady: i64) {
        self.steady = steady;
        let ends = self.index.next_end().is_some_and(|end| end <= steady);
        if ends || !self.late(now).is_empty() || (!self.was_read && self.all_was_read()) {
            self.work_off(Vec::new(), now);
        }
    }

    fn work_off(&mut self, events: Vec<Event>, now: i64) {
        let complete = self.complete;
        if let Some(facts) = caught(|| self.facts(events, now)) {
            self.commit(facts, complete, now);
            if self.keys.are_off() {
                self.index.share(self.store.fleet());
            }
        } else {
            self.panics += 1;
            tracing::error!("reading a batch of events panicked; answers stay as they were");
        }
        self.hosts.tell(&mut self.index);
    }

    /// Says that the root was just looked at, and nothing has changed.
    pub fn still_true(&mut self, now: i64) {
        self.root_true_at = Some(now);
        self.hearing.still_true(now);
        self.store.still_true(now);
    }

    /// Says that one source was just found there, and nothing has changed.
    pub fn seen(&mut self, source: &ClusterName, now: i64) {
        self.hearing.seen(source, now);
        if *source == root() && self.root_is_there {
            self.root_true_at = Some(now);
            self.store.still_true(now);
        }
    }

    /// Forgets a silent cluster, with all that it held.
    ///
    /// # Errors
    /// When there is no such cluster, or it is heard.
    pub fn forget(&mut self, cluster: &str, now: i64) -> anyhow::Result<()> {
        let name = ClusterName::from(cluster);
        match self.store.fleet().clusters.get(&name) {
            None if self.unread().any(|unread| *unread == name) => {}
            None => bail!("no cluster is called {cluster:?}; `portolan status` lists them"),
            Some(known) if known.silent_since.is_none() && self.heard_at(&name).is_some() => {
                let first = match self.followed.is_empty() {
                    true => "remove its folder first",
                    false => "a registered one leaves by `portolan cluster leave`",
                };
                bail!("cluster {cluster:?} is heard; only a silent one can be forgotten ({first})")
            }
            Some(_) => {}
        }
        let complete = self.complete;
        let facts = caught(|| {
            self.remember();
            self.gone(&name);
            self.keys.beside(self.index.take(), self.store.fleet())
        });
        let Some(facts) = facts else {
            self.panics += 1;
            bail!("forgetting cluster {cluster:?} failed inside; answers stay as they were");
        };
        self.hosts.tell(&mut self.index);
        self.commit(facts, complete, now);
        Ok(())
    }

    /// Drops all that a source gave.
    fn gone(&mut self, source: &ClusterName) {
        self.index.forget(source);
        self.networks.forget(source);
        self.hearing.forget(source);
        self.followed.forget(source);
        self.intents.forget(source);
        self.reading.remove(source);
        self.problems_changed += 1;
    }

    /// The current snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.published.current()
    }

    /// All facts.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        self.store.fleet()
    }

    /// What is wrong with what was read, in the order of files and lines, each once.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut all = self.fleet_problems();
        all.extend(self.zone_files.reading().cloned());
        all.sort_by(reading_order);
        all.dedup();
        all
    }

    /// The same without what is wrong inside zone files, which their own reader tells; in no order.
    #[must_use]
    pub fn fleet_problems(&self) -> Vec<Problem> {
        let of_names = self.steering.problems().map(|problem| self.index.placed(problem.clone()));
        let of_index = self.index.problems().filter(|problem| !self.is_said_of(problem));
        let of_sources = of_index.chain(self.reading.values().flatten());
        let of_sources = of_sources.chain(&self.networks.problems).cloned();
        let of_sources = of_sources.chain(of_names).chain(self.overlap_problems());
        of_sources.chain(self.keys.problems()).chain(self.stream_problems()).collect()
    }

    /// True of a silence of which it is told why, beside which it need not be told that it is one.
    fn is_said_of(&self, problem: &Problem) -> bool {
        let silent = problem.subject.strip_prefix("cluster ").filter(|_| problem.reason == Reason::Silent);
        let of_cluster = silent.and_then(|cluster| self.reading.get(cluster));
        of_cluster.is_some_and(|told| told.iter().any(|other| other.subject == problem.subject))
    }

    /// The objects that ask for a name, whether or not they get it, as the subjects of problems have them.
    #[must_use]
    pub fn intents_of(&self, name: &Name) -> Vec<String> {
        self.intents.of(name)
    }

    /// Why nothing behind a cluster's offer for a name can be ready, when it is an Ingress without a rule.
    #[must_use]
    pub fn without_rule(&self, name: &Name, cluster: &ClusterName) -> Option<String> {
        self.index.without_rule(name, cluster)
    }

    /// The `DNSEndpoint` objects that the fleet comes to.
    #[must_use]
    pub fn endpoints(&self) -> Vec<DnsEndpoint> {
        endpoints::project(&self.snapshot(), self.fleet(), &self.apart(), |_, _| true)
    }

    /// What of the fleet's records stands apart in another DNS.
    #[must_use]
    pub fn apart(&self) -> Apart {
        self.index.apart()
    }

    /// What sources ask to be kept of objects.
    #[must_use]
    pub fn keep(&self) -> Keep {
        self.index.sources().keep()
    }

    /// Where the snapshot stands for the server.
    #[must_use]
    pub fn published(&self) -> Published {
        self.published.clone()
    }

    /// When the last good state was true that was begun with, while the folder was not read since. One that is lost again
    /// leaves what was read of it.
    #[must_use]
    pub fn state_from(&self) -> Option<i64> {
        let is_it = |state: &LastGood| !self.root_is_there && self.root_true_at == Some(state.true_at);
        self.last_good.filter(is_it).map(|state| state.true_at)
    }

    /// When a cluster was last found where it is looked for, which is the hub where that is followed; none when it never was.
    #[must_use]
    pub fn heard_at(&self, cluster: &ClusterName) -> Option<i64> {
        if self.follows_hub() { self.hearing.at(&root()) } else { self.hearing.at(cluster) }
    }

    /// What is wrong with the root while it cannot be read, and when it was read last.
    #[must_use]
    pub fn root_lost(&self) -> Option<(&Problem, Option<i64>)> {
        let problem = self.reading.get(&root())?.first()?;
        (!self.root_is_there).then_some((problem, self.root_true_at))
    }

    /// True while the root is there and was read.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.root_is_there
    }

    /// Ends in good order: writes what is left of the last good state, with the exact serials.
    ///
    /// # Errors
    /// When that fails; the file is then an older one.
    pub fn close(&mut self) -> anyhow::Result<()> {
        self.store.close().context("the last good state was not written whole")
    }

    fn facts(&mut self, events: Vec<Event>, now: i64) -> Vec<Fact> {
        self.remember();
        self.index.tick(now, self.steady);
        let policies_changed = events.iter().any(Networks::concerns);
        for event in events {
            self.apply(event, now);
        }
        if policies_changed {
            self.networks.give(&mut self.index);
        }
        for (cluster, since) in self.unfound().into_iter().chain(self.late(now)) {
            self.index.silent(&cluster, since);
        }
        let mut facts = self.keys.beside(self.index.take(), self.store.fleet());
        if !self.was_read && self.all_was_read() {
            self.was_read = true;
            self.index.all_was_read();
            facts.extend(self.keys.beside(self.index.take(), self.store.fleet()));
        }
        self.complete |= self.was_read;
        facts
    }

    fn apply(&mut self, event: Event, now: i64) {
        self.hearing.note(&event, now);
        self.followed.note(&event, self.steady);
        self.intents.note(&event);
        self.due.event(&event, &self.hub);
        self.hub.note(&event);
        match event {
            Event::Set { source, object, place } => self.index.set(&source, object, &place),
            Event::Deleted { source, key } => self.index.delete(&source, &key),
            Event::Networks { source, path, text } => self.networks.set(source, path, text),
            Event::Lacks(source, lacks) => self.index.lacks(&source, lacks),
            Event::Refused(_) | Event::Copy { .. } | Event::Reached(_) => {}
            Event::Followed(cluster) => self.index.followed(cluster),
            Event::Silent(source) if source == root() => self.root_is_there = false,
            Event::Silent(source) => self.index.silent(&source, now),
            Event::Reading(source, problems) => {
                self.problems_changed += 1;
                match problems.is_empty() {
                    true => drop(self.reading.remove(&source)),
                    false => drop(self.reading.insert(source, problems)),
                }
            }
            Event::Gone(source) => self.gone(&source),
            Event::Resolved(host, found) => self.index.resolved(&host, found),
            Event::Heard(source) => {
                if source == root() {
                    self.root_is_there = true;
                }
                self.index.heard(&source);
            }
        }
    }

    fn commit(&mut self, facts: Vec<Fact>, was_complete: bool, now: i64) {
        // The first reading changes everything, and is told of as a whole by who began it.
        let refused = |policy: &PolicyName| self.index.refusal_of(policy);
        let changes = was_complete.then(|| Changes::of(self.store.fleet(), &facts, refused));
        self.due.facts(self.store.fleet(), &facts);
        self.tap.facts(&facts);
        let mut touched = if facts.is_empty() { Touched::default() } else { self.store.commit(facts).0 };
        let owed = std::mem::take(&mut self.owed);
        touched.clusters.extend(owed.clusters);
        touched.zones.extend(owed.zones);
        touched.policies.extend(owed.policies);
        touched.names.extend(owed.names);
        if !touched.is_empty() || self.complete != was_complete {
            self.publish(touched, now);
        }
        if let Some(changes) = changes {
            changes.log();
        }
    }
}

/// An engine that several threads use: the source that feeds it, and those who ask it.
#[derive(Clone, Debug)]
pub struct SharedEngine(Arc<Mutex<Engine>>);

impl SharedEngine {
    /// Shares an engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self(Arc::new(Mutex::new(engine)))
    }

    /// Takes it if nobody has it: for those who must not wait.
    #[must_use]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, Engine>> {
        match self.0.try_lock() {
            Ok(engine) => Some(engine),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Takes it for a moment. Answering never does.
    pub fn lock(&self) -> MutexGuard<'_, Engine> {
        // A panic while it was held was caught and counted where it came from, or is of one who only asked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests;
