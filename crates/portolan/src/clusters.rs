//! Clusters followed on their API servers.
//!
//! ```text
//!   kubeconfig, own pod ─▶ Way ─▶ Member ─┬─ probe: who is it, where does it stand ─▶ Reach ─┐
//!             Registrar ─▶  ▲             └─ Follow, one a resource ◀────────────────────────┘
//!                 ▲         │                   │ events            (they run while it is reached)
//!                 │  credentials                ▼
//!                 └──── the hub's registry    Feed ──GATHER──▶ Engine::take
//! ```
//!
//! Each cluster is by itself: its tasks wait for nobody else's, and what goes wrong with it is a problem of
//! that cluster. A small question every [`PROBE`] tells whether a cluster is reached and whether it is
//! still the same one; its watches rest while it is not. What decides is pure ([`portolan_kube::follow`],
//! [`portolan_kube::registry`], [`identity`]); here are the sockets and the time.
//!
//! The hub is the only cluster that is written to ([`patch`], [`renew`]), where there are several replicas by the one that
//! holds a Lease there ([`lease`]).
//!
//! One cluster is the *hub*: it holds the intents, as the root of a fleet folder does, and so its intents
//! are those of the root among the sources. What it runs is its own, like that of any other. It may
//! register further clusters ([`registrar`]), which come and go while the process runs.
//!
//! In a mesh every cluster has its own process, whose hub it is: for what is believed, and what is written. Only who asks
//! for names is heard in every cluster, and told as that cluster's ([`Topology::asks`] is the whole difference).

//! [`follow_hub`] follows a hub alone, for what it hands over to other clusters' Portolans.
//!
//! [`records`] follows the `DNSEndpoint`s of one cluster alone, for whoever publishes them.
//!
//! [`admin`] is what `portolan cluster` does, with an operator's rights and not with ours.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use portolan_core::ClusterName;
use portolan_core::cluster::CLUSTERS_MAX;
use portolan_kube::api::Topology;
use portolan_kube::registry::Believed;
use tokio::runtime::Runtime;

use crate::clock;
use crate::engine::{Event, SharedEngine};
use crate::threads::supervised;

pub mod admin;
mod cluster;
mod connect;
mod demand;
mod feed;
mod follow;
mod holds;
mod identity;
mod kubeconfig;
mod lease;
mod lines;
mod member;
mod past;
mod patch;
mod records;
mod registrar;
mod renew;
mod way;

pub use connect::Dial;
pub use feed::{BATCH_MAX, GATHER};
pub use follow::{PAGE_OBJECTS, SILENCE};
pub use holds::{Hold, Holds};
pub use kubeconfig::{Context, hub, one, read};
use lease::Electing;
pub use lease::{Elector, Gate, Leader, Lease, Term};
use member::Member;
pub use member::{HEAD_START_MAX, PROBE};
pub use past::NOTE;
pub use records::{Lead, Records, follow_records};
use registrar::{Registrar, Start};
use way::Way;
pub use way::{Own, SERVICE_ACCOUNT};

/// Threads that read what API servers send.
const THREADS: usize = 2;
/// Most threads that wait for something that blocks: credential plugins that hang must not stand in the way of these.
const THREADS_BLOCKED_MAX: usize = 4 * CLUSTERS_MAX;

/// Which clusters are followed from the start, and whose registrations are believed.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Contexts of the operator's file.
    pub contexts: Vec<Context>,
    /// The cluster that this process runs in.
    pub own: Option<Own>,
    /// The one of them that holds the intents, or the own one in a mesh.
    pub hub: ClusterName,
    /// Which of both, and whether no other is reached.
    pub topology: Topology,
    /// The namespaces of the hub whose registrations count, and the part of its life after which a registered cluster's
    /// token is renewed, in percent. Who follows a hub reads none.
    pub registrations: (Believed, u8),
}

impl Fleet {
    /// The names of the clusters that are followed from the start.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let own = self.own.iter().map(|own| &own.name);
        self.contexts.iter().map(|context| &context.name).chain(own).map(|name| &*name.0).collect()
    }

    /// What leads to the hub; none when it is none of these.
    #[must_use]
    pub fn lead(&self) -> Option<Lead> {
        let context = self.contexts.iter().find(|context| context.name == self.hub);
        let own = self.own.iter().find(|own| own.name == self.hub);
        context.cloned().map(Lead::Context).or(own.cloned().map(Lead::Own))
    }
}

/// Clusters that are followed. Dropping it ends the following; facts stay.
#[derive(Debug)]
pub struct Clusters {
    holds: Arc<Holds>,
    past: Arc<past::Past>,
    engine: SharedEngine,
    electing: Option<Electing>,
    runtime: Option<Runtime>,
    /// Dropped after the runtime: the feed ends when the last task that feeds it has.
    feed: feed::Feed,
}

impl Clusters {
    /// Follows each of these clusters, the hub among them, and those that the hub registers.
    ///
    /// # Errors
    /// When threads cannot be started.
    ///
    /// The engine [knows the hub](crate::engine::Engine::has_hub). `state` is the file of the last good state; beside it stands
    /// what clusters were. With an elector, the hub is written to while it leads.
    pub fn start(
        fleet: Fleet,
        engine: &SharedEngine,
        holds: &Arc<Holds>,
        state: Option<&Path>,
        elector: Option<Elector>,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(THREADS_BLOCKED_MAX)
            .thread_name("clusters")
            .enable_all()
            .build()
            .context("cannot start the threads that follow clusters")?;
        let feed = feed::Feed::start(engine.clone())?;
        let past = past::Past::open(state, engine.lock().state_from().is_some());
        engine.lock().remember_kept(past.kept());
        let Fleet { contexts, own, hub, topology, registrations } = fleet;
        let contexts = contexts
            .into_iter()
            .map(|context| (context.name.clone(), Way::Context(context, connect::Maker::default())));
        let own = own.map(|own| (own.name.clone(), Way::Own(own)));
        let ways: Vec<(ClusterName, Way)> = contexts.chain(own).collect();
        let start = Start {
            engine: engine.clone(),
            sender: feed.sender(),
            holds: holds.clone(),
            known: known(&ways, &hub),
            past: past.clone(),
            keep: engine.lock().keep(),
            demand: Arc::default(),
            gate: elector.as_ref().map_or(Gate::always_open(), Elector::gate),
            topology,
        };
        let electing = {
            let _inside = runtime.enter();
            spawn(ways, &hub, &start, Some(registrations));
            elector.map(Elector::start)
        };
        let (noted, of) = (past.clone(), engine.clone());
        runtime.spawn(supervised("past", move || note(noted.clone(), of.clone())));
        let (holds, engine) = (holds.clone(), engine.clone());
        Ok(Self { holds, past, engine, electing, runtime: Some(runtime), feed })
    }

    /// What is held of them.
    #[must_use]
    pub fn holds(&self) -> &Holds {
        &self.holds
    }
}

/// A cluster that is followed: its name in the fleet, and how it is reached.
pub type Dialled = (ClusterName, Arc<dyn Dial>);

/// Follows clusters that are reached in a way of the caller's, on the runtime that this is called on, for as long
/// as that runs. The engine is told of no hub before.
///
/// [`Clusters`] has a runtime of its own; tests, whose clusters are scripted and whose time is no clock's, do without.
pub fn follow(
    dialled: Vec<Dialled>,
    (topology, hub): (Topology, &ClusterName),
    engine: &SharedEngine,
    holds: &Arc<Holds>,
) {
    engine.lock().has_hub(hub.clone(), topology);
    let (sender, told) = feed::channel();
    tokio::spawn(feed::run(told, engine.clone(), Arc::default()));
    let past = past::Past::open(None, false);
    let ways: Vec<(ClusterName, Way)> =
        dialled.into_iter().map(|(name, dial)| (name, Way::Dialled(dial))).collect();
    let known = known(&ways, hub);
    let keep = engine.lock().keep();
    let (demand, gate) = (Arc::default(), Gate::always_open());
    let start = Start {
        engine: engine.clone(),
        sender,
        holds: holds.clone(),
        known,
        past,
        keep,
        demand,
        gate,
        topology,
    };
    spawn(ways, hub, &start, None);
}

/// Of several names of one cluster the hub's is followed, else the first that was named.
fn known(ways: &[(ClusterName, Way)], hub: &ClusterName) -> Arc<identity::Known> {
    let others = ways.iter().map(|(name, _)| name).filter(|name| *name != hub);
    Arc::new(identity::Known::in_order(std::iter::once(hub).chain(others).cloned().collect()))
}

/// Begins to follow clusters, and those that the hub registers where registrations are believed, whose tokens are
/// renewed after so many percent of their life.
fn spawn(
    ways: Vec<(ClusterName, Way)>,
    hub: &ClusterName,
    start: &Start,
    mut registrations: Option<(Believed, u8)>,
) {
    if start.topology == Topology::Follower {
        return follow_hub(ways, hub, start);
    }
    let taken: BTreeSet<ClusterName> = ways.iter().map(|(name, _)| name.clone()).collect();
    let followed = taken.iter().map(|name| Event::Followed(name.clone())).collect();
    start.engine.lock().take(followed, clock::now());
    let mut members = Vec::new();
    for (name, way) in ways {
        let is_hub = name == *hub;
        let cluster = start.cluster(name, is_hub);
        let engine = Some(start.engine.clone());
        let member = Member::new(way, cluster.clone(), is_hub, engine, start.known.clone());
        let member = member.behind(&start.gate);
        if let Some((believed, renew_percent)) = registrations.take_if(|_| is_hub) {
            // Before the hub's first object is told: no registration may pass by unheard.
            let (start, reach) = (start.clone(), member.reach());
            let registrar = Registrar::new(start, cluster, reach, believed, taken.clone());
            let renewed = registrar.clone();
            let renewal = move || renew::run(renewed.clone(), renew_percent);
            tokio::spawn(supervised("renewal", renewal));
            tokio::spawn(supervised("registrar", move || registrar.clone().run()));
        }
        members.push(member);
    }
    for member in members {
        tokio::spawn(member.run(std::future::pending()));
    }
}

/// Begins to follow what the hub hands over. No other cluster is reached, and nothing is written.
fn follow_hub(ways: Vec<(ClusterName, Way)>, hub: &ClusterName, start: &Start) {
    for (name, way) in ways.into_iter().filter(|(name, _)| name == hub) {
        let cluster = start.cluster(name, true);
        let member = Member::new(way, cluster, false, None, start.known.clone());
        tokio::spawn(member.run(std::future::pending()));
    }
}

impl Drop for Clusters {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            if let Some(electing) = self.electing.take() {
                runtime.block_on(electing.end());
            }
            runtime.shutdown_background();
        }
        self.feed.stop();
        write(&self.past, &self.engine, true);
    }
}

/// Notes what clusters are, time and again.
async fn note(past: Arc<past::Past>, engine: SharedEngine) {
    loop {
        tokio::time::sleep(NOTE).await;
        tokio::task::block_in_place(|| write(&past, &engine, false));
    }
}

fn write(past: &past::Past, engine: &SharedEngine, last: bool) {
    let kept = engine.lock().kept(past::KEPT_MAX);
    past.note_kept(&kept);
    past.write(last);
}

#[cfg(test)]
mod tests;
