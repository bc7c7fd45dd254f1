//! Which host names of load balancers are to be resolved, for whoever does that.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_core::Name;
use portolan_kube::index::{Index, Kept};
use tokio::sync::watch;

use super::Engine;

/// Where it stands which names are wanted; nobody looks while nobody resolves.
#[derive(Debug, Default)]
pub(super) struct Hosts(Option<watch::Sender<Arc<BTreeSet<Name>>>>);

impl Engine {
    /// The host names whose addresses are wanted, whole each time that they change. From now on
    /// [`Event::Resolved`](super::Event::Resolved) counts. To be called before events are taken.
    pub fn resolve_hosts(&mut self) -> watch::Receiver<Arc<BTreeSet<Name>>> {
        self.index.resolve_hosts();
        self.hosts.0.get_or_insert_with(|| watch::Sender::new(Arc::default())).subscribe()
    }

    /// Has a load balancer's status that goes empty keep its addresses for so many seconds; 0 for not at all. To
    /// be called before events are taken.
    pub fn keep_balancers(&mut self, seconds: u32) {
        self.index.keep_balancers(seconds);
    }

    /// The statuses that are kept so, at most so many, for whoever remembers them over a restart.
    #[must_use]
    pub fn kept(&self, most: usize) -> Vec<Kept> {
        self.index.kept(most)
    }

    /// Takes those that were kept before a restart. To be called before events are taken.
    pub fn remember_kept(&mut self, kept: Vec<Kept>) {
        self.index.remember_kept(kept);
    }
}

impl Hosts {
    /// Tells which names are wanted, if they are others now.
    pub(super) fn tell(&self, index: &mut Index) {
        if let Some(sender) = &self.0
            && let Some(wanted) = index.hosts_wanted()
        {
            sender.send_replace(Arc::new(wanted));
        }
    }
}
