//! Whether anybody asks for Ingresses, which members are watched for on demand.
//!
//! ```text
//!              the hub was read, and nobody asks
//!   Unknown ─────────────────────────────────────▶ No
//!      │ an intent asks, or one cannot be read,     │ an intent asks: it is told only when each cluster
//!      │ or the hub was not read for HUB_PATIENCE   │ that is reached has read its Ingresses
//!      └───────────────────▶ Yes ◀──────────────────┘
//! ```
//!
//! While it is unknown a cluster counts as not read, as it always does before all that is asked for was read. An
//! intent that is the first to ask is held back where it comes from, so that nobody is answered without what no
//! cluster was asked for yet: what its names were before they are a moment longer. A cluster that is not reached
//! is not waited for, nor one that does not give its Ingresses, beyond [`PATIENCE`].
//!
//! What was asked for once stays watched until the process ends. An intent that comes and goes would have every
//! cluster listed each time, to save one watch a cluster that costs next to nothing while nothing happens.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portolan_core::ClusterName;
use portolan_kube::api::asks_for_ingresses;
use portolan_kube::follow::News;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

/// How long the hub is waited for before everything is watched that an intent may ask for.
pub(super) const HUB_PATIENCE: Duration = Duration::from_secs(10);
/// How long the first intent that asks for something is held back for clusters that have not given it.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Whether something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Unknown,
    No,
    Yes,
}

/// Whether Ingresses are asked for, and who has given them.
#[derive(Debug)]
pub(super) struct Demand {
    asked: watch::Sender<Asked>,
    members: Mutex<Members>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Members {
    all: BTreeMap<ClusterName, Member>,
    /// Until when an intent is held back that was the first to ask, or comes after it.
    until: Option<Instant>,
}

#[derive(Debug, Default)]
struct Member {
    is_reached: bool,
    was_read: bool,
}

impl Default for Demand {
    fn default() -> Self {
        Self { asked: watch::channel(Asked::Unknown).0, members: Mutex::default(), changed: Notify::new() }
    }
}

impl Demand {
    /// Whether it is asked for, for those who would watch it.
    pub(super) fn asked(&self) -> watch::Receiver<Asked> {
        self.asked.subscribe()
    }

    /// The hub was not read for too long: somebody may ask.
    pub(super) fn may_be_asked(&self) {
        self.set(Asked::Unknown, Asked::Yes);
    }

    /// The hub was read; not all of it where somebody may ask whose object could not be read.
    pub(super) fn hub_was_read(&self, is_whole: bool) {
        if is_whole {
            self.set(Asked::Unknown, Asked::No);
        } else {
            self.may_be_asked();
        }
    }

    /// Takes what comes of the hub's intents, before it is told: waits until what is asked for was given, if it is
    /// asked for since just now.
    pub(super) async fn hear(&self, news: &[News]) {
        let asks = |news: &News| matches!(news, News::Set(object) if asks_for_ingresses(object));
        if news.iter().any(asks) {
            if self.set(Asked::No, Asked::Yes) {
                self.members().until = Some(Instant::now() + PATIENCE);
            }
            self.may_be_asked();
        }
        let Some(until) = self.members().until else { return };
        loop {
            // Before it is looked: what comes in between counts too.
            let changed = self.changed.notified();
            if self.was_given() || timeout_at(until, changed).await.is_err() {
                self.members().until = None;
                return;
            }
        }
    }

    /// A cluster is reached, or is not.
    pub(super) fn reached(&self, cluster: &ClusterName, is_reached: bool) {
        self.note(cluster, |member| member.is_reached = is_reached);
    }

    /// A cluster gave what is asked for.
    pub(super) fn was_read(&self, cluster: &ClusterName) {
        self.note(cluster, |member| member.was_read = true);
    }

    /// A cluster is a member no more.
    pub(super) fn gone(&self, cluster: &ClusterName) {
        self.members().all.remove(cluster);
        self.changed.notify_waiters();
    }

    /// True when it was one and is the other now.
    fn set(&self, from: Asked, to: Asked) -> bool {
        self.asked.send_if_modified(|asked| {
            let is_from = *asked == from;
            if is_from {
                *asked = to;
            }
            is_from
        })
    }

    fn was_given(&self) -> bool {
        self.members().all.values().all(|member| member.was_read || !member.is_reached)
    }

    fn note(&self, cluster: &ClusterName, note: impl FnOnce(&mut Member)) {
        note(self.members().all.entry(cluster.clone()).or_default());
        self.changed.notify_waiters();
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portolan_kube::manifest::{Given, given};
    use portolan_kube::object::Kind;
    use portolan_kube::workload::Keep;
    use serde_json::json;

    use super::*;

    fn name(backend: &str) -> News {
        let spec = json!({ "hosts": ["x.example"], "backends": [{ "kind": backend, "name": "web" }] });
        let manifest = json!({ "metadata": { "namespace": "shop", "name": "x" }, "spec": spec });
        let Given::Object(object, _) = given(Kind::GlobalName, manifest, "hub", &Keep::default()) else {
            panic!("a test's objects are of the right types")
        };
        News::Set(Arc::new(object))
    }

    /// How long it takes until what came is told.
    async fn held_back(demand: &Demand, news: &[News]) -> Duration {
        let began = Instant::now();
        demand.hear(news).await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_reached_is_waited_for_once() {
        let demand = Arc::new(Demand::default());
        let [eu, us, far] = ["eu", "us", "far"].map(ClusterName::from);
        [(&eu, true), (&us, true), (&far, false)].iter().for_each(|(name, is)| demand.reached(name, *is));
        demand.hub_was_read(true);
        assert_eq!(*demand.asked().borrow(), Asked::No);
        assert_eq!(held_back(&demand, &[name("Service")]).await, Duration::ZERO);
        assert_eq!(*demand.asked().borrow(), Asked::No);
        let (giving, names) = (demand.clone(), [eu.clone(), us.clone()]);
        tokio::spawn(async move {
            for name in names {
                tokio::time::sleep(Duration::from_secs(1)).await;
                giving.was_read(&name);
            }
        });
        assert_eq!(held_back(&demand, &[name("Ingress")]).await, Duration::from_secs(2));
        assert_eq!(*demand.asked().borrow(), Asked::Yes);
        // One that comes back later is read then.
        demand.reached(&far, true);
        assert_eq!(held_back(&demand, &[name("Ingress")]).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_give_is_not_waited_for_for_ever() {
        let demand = Demand::default();
        let [eu, us] = ["eu", "us"].map(ClusterName::from);
        demand.reached(&eu, true);
        demand.hub_was_read(true);
        assert_eq!(held_back(&demand, &[name("Ingress")]).await, PATIENCE);
        assert_eq!(held_back(&demand, &[name("Ingress")]).await, Duration::ZERO, "once");
        // Nor is one that goes meanwhile.
        let demand = Arc::new(Demand::default());
        [&eu, &us].iter().for_each(|name| demand.reached(name, true));
        demand.hub_was_read(true);
        let going = demand.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            going.gone(&eu);
            going.reached(&us, false);
        });
        assert_eq!(held_back(&demand, &[name("Ingress")]).await, Duration::from_secs(1));
    }

    /// At the start nobody has been read, so there is nothing to be held back from.
    #[tokio::test(start_paused = true)]
    async fn what_is_not_known_is_asked_for() {
        for ask in [|demand: &Demand| demand.may_be_asked(), |demand: &Demand| demand.hub_was_read(false)] {
            let demand = Demand::default();
            demand.reached(&ClusterName::from("eu"), true);
            ask(&demand);
            assert_eq!(*demand.asked().borrow(), Asked::Yes);
            demand.hub_was_read(true);
            assert_eq!(*demand.asked().borrow(), Asked::Yes);
        }
        let demand = Demand::default();
        demand.reached(&ClusterName::from("eu"), true);
        assert_eq!(held_back(&demand, &[name("Ingress")]).await, Duration::ZERO);
        assert_eq!(*demand.asked().borrow(), Asked::Yes);
    }
}
