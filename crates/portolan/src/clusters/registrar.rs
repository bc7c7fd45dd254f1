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
use portolan_kube::api::{Resource, SECRETS};
use portolan_kube::follow::News;
use portolan_kube::object::Kind;
use portolan_kube::registry::access::Access;
use portolan_kube::registry::token::Renewal;
use portolan_kube::registry::{Believed, Found, Registry};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use super::cluster::{Cluster, Reach};
use super::feed::Sender;
use super::follow::Follow;
use super::holds::Holds;
use super::identity;
use super::member::Member;
use super::past::Past;
use super::way::Way;
use crate::engine::SharedEngine;

/// What is needed to begin to follow a cluster.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) engine: SharedEngine,
    pub(super) sender: Sender,
    pub(super) holds: Arc<Holds>,
    pub(super) known: Arc<identity::Known>,
    pub(super) past: Arc<Past>,
}

impl Start {
    /// What the tasks of a cluster will share.
    pub(super) fn cluster(&self, name: ClusterName, is_hub: bool) -> Arc<Cluster> {
        let keep = self.engine.lock().keep();
        let (sender, holds, past) = (self.sender.clone(), self.holds.clone(), self.past.clone());
        Arc::new(Cluster::new(name, is_hub, keep, sender, holds, past))
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
    /// Those whose tasks are to be ended.
    leaving: Vec<(ClusterName, Running)>,
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
    reach: Reach,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// A token to renew, and where.
pub(super) struct Due {
    pub(super) name: ClusterName,
    pub(super) renewal: Renewal,
    /// Its Secret in the hub.
    pub(super) secret: portolan_kube::object::ObjectKey,
    /// Reaches its cluster.
    pub(super) member: Reach,
    /// Reaches the hub.
    pub(super) hub: Reach,
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
        let state = State {
            registry: Registry::new(believed, taken, hub.place.clone()),
            found: Found::default(),
            members: BTreeMap::new(),
            leaving: Vec::new(),
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
                    true
                }
                (News::Read, Some(namespace)) => {
                    state.registry.secrets_read(namespace);
                    true
                }
                (News::Read | News::ReadInPart | News::Problems | News::WentBack, _) => false,
            };
        }
        if is_changed {
            self.settle(&mut state);
            self.changed.notify_one();
        }
    }

    /// Does what takes time, for as long as the process runs.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            let (namespaces, leaving) = self.arrange();
            for namespace in namespaces {
                let follow = Follow::within(SECRETS, &namespace, self.hub.clone());
                tokio::spawn(follow.run(self.hub_reach.clone()));
            }
            for (name, Running { stop, task, .. }) in leaving {
                // One that has ended already needs no telling.
                let _ = stop.send(());
                let _ = task.await;
                self.start.known.release(&name);
                self.start.holds.forget(&name.0);
                self.start.past.forget(&name);
                tracing::info!(cluster = %name, "is registered no more, and forgotten");
            }
            self.changed.notified().await;
        }
    }

    /// The tokens whose time has come.
    pub(super) fn due(&self, now: i64, percent: u8) -> Vec<Due> {
        let state = self.state();
        let due = state.found.clusters.iter().filter_map(|(name, registered)| {
            let renewal = registered.renewal.clone()?;
            let running = state.members.get(name)?.running.as_ref()?;
            let (member, hub) = (running.reach.clone(), self.hub_reach.clone());
            let is_due = renewal.life.after(percent) <= now;
            is_due.then(|| Due {
                name: name.clone(),
                renewal,
                secret: registered.secret.clone(),
                member,
                hub,
            })
        });
        due.collect()
    }

    /// Notes how the renewal of a token went.
    pub(super) fn renewed(&self, name: &ClusterName, problem: Option<(Reason, String)>) {
        let mut state = self.state();
        let subject = state.found.clusters.get(name).map(|registered| registered.by.to_string());
        let subject =
            format!("{}: spec.credentials.secret", subject.unwrap_or_else(|| format!("cluster {name}")));
        let place = self.hub.place.to_string();
        match problem {
            None => drop(state.unrenewed.remove(name)),
            Some((reason, message)) => {
                state.unrenewed.insert(name.clone(), Problem { subject, reason, message, place });
            }
        }
        self.tell(&state);
    }

    // === What follows from the registry ===

    /// Has every member be what the registry says now.
    fn settle(&self, state: &mut State) {
        state.found = state.registry.found();
        let State { found, members, leaving, unrenewed, .. } = state;
        unrenewed.retain(|name, _| found.clusters.contains_key(name));
        let gone: Vec<ClusterName> =
            members.keys().filter(|name| !found.named.contains(*name)).cloned().collect();
        for name in gone {
            let Some(member) = members.remove(&name) else { continue };
            member.cluster.gone();
            leaving.extend(member.running.map(|running| (name, running)));
        }
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

    /// A cluster that was just registered.
    fn expect(&self, name: &ClusterName) -> Registered {
        let cluster = self.start.cluster(name.clone(), false);
        cluster.expected();
        Registered { cluster, access: watch::channel(None).0, running: None }
    }

    /// Begins what is to run; what else is to be done, which takes time.
    fn arrange(&self) -> (Vec<Arc<str>>, Vec<(ClusterName, Running)>) {
        let mut state = self.state();
        for (name, member) in &mut state.members {
            if member.running.is_none() && member.access.borrow().is_some() {
                tracing::info!(cluster = %name, "is registered, and followed from now on");
                member.running = Some(self.begin(member.cluster.clone(), &member.access));
            }
        }
        let wanted = state.registry.secret_namespaces();
        let new: Vec<Arc<str>> = wanted.difference(&state.namespaces).cloned().collect();
        state.namespaces.extend(new.iter().cloned());
        (new, std::mem::take(&mut state.leaving))
    }

    fn begin(&self, cluster: Arc<Cluster>, access: &watch::Sender<Option<Access>>) -> Running {
        let (engine, known) = (self.start.engine.clone(), self.start.known.clone());
        let member = Member::new(Way::Registered(access.subscribe()), cluster, false, engine, known);
        let (stop, stopped) = oneshot::channel::<()>();
        let reach = member.reach();
        let stopped = async { drop(stopped.await) };
        Running { reach, stop, task: tokio::spawn(member.run(stopped)) }
    }

    /// Tells what is wrong.
    fn tell(&self, state: &State) {
        let State { found, members, unrenewed, .. } = state;
        // A registration without credentials may be a slip, and is no order to forget a cluster.
        let is_left =
            |name: &&ClusterName| found.named.contains(*name) && !found.clusters.contains_key(*name);
        let left = members.keys().filter(is_left).map(|name| Problem {
            subject: format!("{} {name}: spec.credentials", Kind::MemberCluster),
            reason: Reason::Incomplete,
            message:
                "was taken away, or does not count any more; until the next start the cluster is followed \
                      with what it had. Delete the object to have the cluster forgotten"
                    .to_owned(),
            place: self.hub.place.to_string(),
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
