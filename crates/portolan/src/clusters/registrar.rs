//! The clusters that the hub registers: begun, given other credentials, and ended while the process runs.
//!
//! ```text
//!   Follow (registry kinds, Secrets) ─▶ hear ─▶ Registry::found (pure) ─┬─▶ a name is new: known, expected
//!                                                                       ├─▶ other credentials: told its Member
//!                              the engine hears `Gone` at once ◀────────┴─▶ a name is gone
//!   run ─▶ a Member for each that can be reached; those that are gone are waited for
//! ```
//!
//! What is decided is decided in [`Registrar::hear`], before the engine hears of the object that changed: a
//! cluster whose `MemberCluster` is deleted must be gone before nothing says any more that it was drained.
//! What takes time (tasks that begin and end) is done by [`Registrar::run`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::api::{INTENTS, REGISTRY, Resource, SECRETS, Topology};
use portolan_kube::follow::News;
use portolan_kube::object::{Kind, ObjectKey};
use portolan_kube::registry::access::Access;
use portolan_kube::registry::token::{Life, Renewal};
use portolan_kube::registry::{Believed, Found, Registry};
use portolan_kube::workload::Keep;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use super::cluster::{Cluster, Reach, Reached};
use super::demand::Demand;
use super::feed::Sender;
use super::follow::Follow;
use super::holds::Holds;
use super::identity::{self, Counts};
use super::lease::{Gate, Term};
use super::member::{Door, Member};
use super::past::Past;
use super::renew::Why;
use super::way::Way;
use crate::engine::{Event, SharedEngine};

/// What is needed to begin to follow a cluster.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) engine: SharedEngine,
    pub(super) sender: Sender,
    pub(super) holds: Arc<Holds>,
    pub(super) known: Arc<identity::Known>,
    pub(super) past: Arc<Past>,
    /// What is kept of objects for sources.
    pub(super) keep: Keep,
    /// Whether intents ask for what is watched on demand.
    pub(super) demand: Arc<Demand>,
    /// Stands before what is written to the hub.
    pub(super) gate: Gate,
    /// How the fleet is held together.
    pub(super) topology: Topology,
}

impl Start {
    /// What the tasks of a cluster will share.
    pub(super) fn cluster(&self, name: ClusterName, is_hub: bool) -> Arc<Cluster> {
        if let Some(said) = self.past.said(&name) {
            // Of several names of one cluster the same is followed as before our own restart.
            let _ = self.known.claim(&said, &name, Counts::Remembered);
        }
        let (keep, demand, sender) = (self.keep.clone(), self.demand.clone(), self.sender.of_cluster());
        let asked = self.topology.asks(is_hub, &keep);
        Arc::new(Cluster::new(name, asked, keep, demand, sender, self.holds.clone(), self.past.clone()))
    }

    /// A cluster is a member no more: what was noted of it counts for none that comes with its name.
    fn forget(&self, name: &ClusterName) {
        self.known.release(name);
        self.holds.forget(name);
        self.past.forget(name);
        tracing::info!(cluster = %name, "is registered no more, and forgotten");
    }
}

/// The clusters that the hub registers.
pub(super) struct Registrar {
    start: Start,
    hub: Arc<Cluster>,
    hub_reach: Reach,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    registry: Registry,
    found: Found,
    members: BTreeMap<ClusterName, Registered>,
    /// Those that are no members any more, with tasks that are to be ended.
    leaving: Vec<(ClusterName, Option<Running>)>,
    /// Kinds of the registry that were read whole.
    read: BTreeSet<Kind>,
    /// Those that this hub registered before our own restart, each with the object, while nothing was found to
    /// stand for them.
    remembered: BTreeMap<ClusterName, String>,
    /// Namespaces whose Secrets are followed.
    namespaces: BTreeSet<Arc<str>>,
    /// What is wrong with tokens that are to be renewed.
    unrenewed: BTreeMap<ClusterName, Problem>,
}

/// A cluster that is registered, reached or not.
struct Registered {
    cluster: Arc<Cluster>,
    access: watch::Sender<Option<Access>>,
    running: Option<Running>,
}

struct Running {
    door: Door,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// A token to renew, and where.
pub(super) struct Due {
    pub(super) name: ClusterName,
    pub(super) renewal: Renewal,
    /// Its Secret in the hub.
    pub(super) secret: ObjectKey,
    /// Reaches its cluster.
    pub(super) member: kube_client::Client,
    /// Reaches the hub.
    pub(super) hub: kube_client::Client,
    /// The term in which it was found to be due.
    pub(super) term: Term,
}

impl Registrar {
    /// One for a hub; names in `taken` are followed by other means.
    pub(super) fn new(
        start: Start,
        hub: Arc<Cluster>,
        hub_reach: Reach,
        believed: Believed,
        taken: BTreeSet<ClusterName>,
    ) -> Arc<Self> {
        let mut remembered = start.past.registered(&hub.name);
        remembered.retain(|name, _| !taken.contains(name));
        let state = State {
            registry: Registry::new(believed, taken, hub.name.0.clone()),
            found: Found::default(),
            members: BTreeMap::new(),
            leaving: Vec::new(),
            read: BTreeSet::new(),
            remembered,
            namespaces: BTreeSet::new(),
            unrenewed: BTreeMap::new(),
        };
        let registrar = Self { start, hub, hub_reach, state: Mutex::new(state), changed: Notify::new() };
        let registrar = Arc::new(registrar);
        registrar.hub.registers_with(Arc::downgrade(&registrar));
        registrar
    }

    /// Takes what came of a resource of the hub, or of what a namespace has of it.
    pub(super) fn hear(&self, resource: Resource, namespace: Option<&str>, news: &[News]) {
        if !Registry::is_about(resource.kind) {
            return;
        }
        let mut state = self.state();
        let mut is_changed = false;
        for news in news {
            is_changed |= match (news, namespace) {
                (News::Set(object), _) => state.registry.set(object.clone()),
                (News::Deleted(key), _) => {
                    state.registry.delete(key);
                    // At once: it may come again in the same breath, as another.
                    self.let_go(&mut state, &ClusterName(key.name().into()));
                    true
                }
                (News::Read, Some(namespace)) => {
                    state.registry.secrets_read(namespace);
                    true
                }
                (News::Read, None) => state.read.insert(resource.kind),
                // What was never understood may have gone, of which nothing else is told.
                (News::Problems, None) => !state.remembered.is_empty(),
                (News::ReadInPart | News::Problems | News::WentBack | News::Refused(_), _) => false,
            };
        }
        if is_changed {
            self.settle(&mut state);
            self.recall(&mut state);
            self.changed.notify_one();
        }
    }

    /// Does what takes time, for as long as the process runs.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            let leaving = std::mem::take(&mut self.state().leaving);
            for (name, running) in leaving {
                if let Some(Running { stop, task, .. }) = running {
                    // One that has ended already needs no telling.
                    let _ = stop.send(());
                    let _ = task.await;
                }
                self.start.forget(&name);
                // It may be registered anew.
                self.note(&self.state(), &name);
            }
            for namespace in self.arrange() {
                let follow = Follow::within(SECRETS, &namespace, self.hub.clone());
                tokio::spawn(follow.run(self.hub_reach.clone()));
            }
            self.changed.notified().await;
        }
    }

    /// Stands before what is written to the hub.
    pub(super) fn gate(&self) -> &Gate {
        &self.start.gate
    }

    /// The clusters whose tokens are ours to renew.
    pub(super) fn renewals(&self) -> Vec<ClusterName> {
        let state = self.state();
        let is_ours = |one: &portolan_kube::registry::Registered| one.renewal.is_some();
        state.found.clusters.iter().filter(|(_, one)| is_ours(one)).map(|(name, _)| name.clone()).collect()
    }

    /// The tokens whose time has come, as somebody says, each once; of those alone whose cluster is reached, followed
    /// or not, as one that is not reached says so itself. None while it is not ours to write.
    pub(super) fn due(&self, mut is_due: impl FnMut(&ClusterName, &Renewal) -> bool) -> Vec<Due> {
        let Reached::Yes { client: hub, .. } = self.hub_reach.borrow().clone() else { return Vec::new() };
        let Some(term) = self.gate().term() else { return Vec::new() };
        let state = self.state();
        let mut secrets = BTreeSet::new();
        let due = state.found.clusters.iter().filter_map(|(name, registered)| {
            let renewal = registered.renewal.as_ref().filter(|renewal| is_due(name, renewal))?.clone();
            let member = state.members.get(name)?.running.as_ref()?.door.borrow().clone()?;
            // Of two names with one Secret the second would find that it has another token by then.
            let is_first = secrets.insert(&registered.secret);
            let (name, secret) = (name.clone(), registered.secret.clone());
            is_first.then(|| Due { name, renewal, secret, member, hub: hub.clone(), term })
        });
        due.collect()
    }

    /// The tokens that are not ours to renew and say how long they live, each with its object's kind.
    pub(super) fn others(&self) -> Vec<(ClusterName, Kind, Life)> {
        let state = self.state();
        let others = state.found.clusters.iter().filter(|(_, one)| one.renewal.is_none());
        others.filter_map(|(name, one)| Some((name.clone(), one.by.kind(), one.life?))).collect()
    }

    /// Notes which tokens are not renewed, and why: these, and no others.
    pub(super) fn not_renewed(&self, why: BTreeMap<ClusterName, Why>) {
        let mut state = self.state();
        let problem = |(name, (reason, message)): (ClusterName, Why)| {
            let by = &state.found.clusters.get(&name)?.by;
            let subject = match by.kind() {
                Kind::MemberCluster => format!("{by}: spec.credentials.secret"),
                _ => by.to_string(),
            };
            Some((name, Problem { subject, reason, message, place: self.hub.name.0.to_string() }))
        };
        let now: BTreeMap<ClusterName, Problem> = why.into_iter().filter_map(problem).collect();
        if state.unrenewed != now {
            state.unrenewed = now;
            self.tell(&state);
        }
    }

    // === What follows from the registry ===

    /// Has every member be what the registry says now.
    fn settle(&self, state: &mut State) {
        state.found = state.registry.found();
        for name in state.found.clusters.keys() {
            self.note(state, name);
        }
        let State { found, members, unrenewed, .. } = state;
        unrenewed.retain(|name, _| found.clusters.contains_key(name));
        for (name, registered) in &found.clusters {
            let member = members.entry(name.clone()).or_insert_with(|| self.expect(name));
            let Some(access) = &registered.access else { continue };
            member.access.send_if_modified(|known| {
                let is_news = known.as_ref() != Some(access);
                if is_news {
                    *known = Some(access.clone());
                }
                is_news
            });
        }
        self.tell(state);
    }

    /// Notes who registers a cluster, and since when, if anybody does.
    fn note(&self, state: &State, name: &ClusterName) {
        if let Some(registered) = state.found.clusters.get(name) {
            self.start.known.since(name, registered.since);
            self.start.past.note_registered(name, &self.hub.name, &registered.by);
        }
    }

    /// An object of this name was deleted: when no other stands for the cluster, it is a member no more.
    fn let_go(&self, state: &mut State, name: &ClusterName) {
        if state.registry.names(name) {
            return;
        }
        if let Some(member) = state.members.remove(name) {
            member.cluster.gone();
            state.leaving.push((name.clone(), member.running));
        }
    }

    /// Lets go those whose registrations were deleted while nobody ran: the hub was read whole, and has them no
    /// more. Whether they were registered there the last good state's companion says ([`Past`]); a cluster that was
    /// followed by other means is none of these.
    fn recall(&self, state: &mut State) {
        let State { remembered, found, .. } = state;
        // From now on a deletion is told.
        remembered.retain(|name, _| !found.named.contains(name));
        let is_kind = |resource: &&Resource| Registry::is_about(resource.kind);
        let mut kinds = INTENTS.iter().filter(is_kind).chain(&REGISTRY).map(|resource| resource.kind);
        if remembered.is_empty() || !kinds.all(|kind| state.read.contains(&kind)) {
            return;
        }
        // One that is there and not believed, or not understood, was not deleted.
        let is_there = |by: &str| state.registry.has(by) || self.hub.refuses(by);
        let (kept, gone) = std::mem::take(remembered).into_iter().partition(|(_, by)| is_there(by));
        *remembered = kept;
        let gone: BTreeMap<ClusterName, String> = gone;
        self.start.sender.events(gone.keys().cloned().map(Event::Gone).collect());
        gone.keys().for_each(|name| self.start.forget(name));
    }

    /// A cluster that was just registered.
    fn expect(&self, name: &ClusterName) -> Registered {
        let cluster = self.start.cluster(name.clone(), false);
        cluster.expected();
        Registered { cluster, access: watch::channel(None).0, running: None }
    }

    /// Begins what is to run; the namespaces whose Secrets are to be followed from now on.
    fn arrange(&self) -> Vec<Arc<str>> {
        let mut state = self.state();
        let State { members, leaving, .. } = &mut *state;
        // Where an earlier one of this name is still to be ended, there is another turn.
        let leaves = |name: &ClusterName| leaving.iter().any(|(leaving, _)| leaving == name);
        for (name, member) in members.iter_mut().filter(|(name, _)| !leaves(name)) {
            if member.running.is_none() && member.access.borrow().is_some() {
                tracing::info!(cluster = %name, "is registered, and followed from now on");
                member.running = Some(self.begin(member.cluster.clone(), &member.access));
            }
        }
        let wanted = state.registry.secret_namespaces();
        let new: Vec<Arc<str>> = wanted.difference(&state.namespaces).cloned().collect();
        state.namespaces.extend(new.iter().cloned());
        new
    }

    fn begin(&self, cluster: Arc<Cluster>, access: &watch::Sender<Option<Access>>) -> Running {
        let (engine, known) = (Some(self.start.engine.clone()), self.start.known.clone());
        let member = Member::new(Way::Registered(access.subscribe()), cluster, false, engine, known);
        let (stop, stopped) = oneshot::channel::<()>();
        let door = member.door();
        let stopped = async { drop(stopped.await) };
        Running { door, stop, task: tokio::spawn(member.run(stopped)) }
    }

    /// Tells what is wrong.
    fn tell(&self, state: &State) {
        let State { found, members, unrenewed, .. } = state;
        // A registration without credentials may be a slip, and is no order to forget a cluster.
        let is_left =
            |name: &&ClusterName| found.named.contains(*name) && !found.clusters.contains_key(*name);
        let left = members.keys().filter(is_left).map(|name| Problem {
            subject: format!("{}: spec.credentials", ObjectKey::new(Kind::MemberCluster, None, &name.0)),
            reason: Reason::Incomplete,
            message:
                "was taken away, or does not count any more; until the next start the cluster is followed \
                      with what it had. Delete the object to have the cluster forgotten"
                    .to_owned(),
            place: self.hub.name.0.to_string(),
        });
        let problems = found.problems.iter().chain(unrenewed.values()).cloned().chain(left);
        self.hub.registered(problems.collect());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
