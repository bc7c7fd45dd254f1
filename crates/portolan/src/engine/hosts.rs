//! Which host names of load balancers are to be resolved, for whoever does that.

use portolan_core::Name;
use portolan_kube::index::{Index, Kept};
use portolan_probe::{Wanted, Wanting, wanted};

use super::Engine;

/// Who is told which names are wanted; nobody while nobody resolves.
#[derive(Debug, Default)]
pub(super) struct Hosts(Option<Wanting>);

impl Engine {
    /// The host names whose addresses are wanted, as they change. From now on
    /// [`Event::Resolved`](super::Event::Resolved) counts. To be called once, before events are taken.
    #[must_use]
    pub fn resolve_hosts(&mut self) -> Wanted {
        self.index.resolve_hosts();
        let (wanting, wanted) = wanted();
        self.hosts.0 = Some(wanting);
        wanted
    }

    /// A zone file has a zone of this apex: what is in it is ours to answer, and never resolved.
    pub(super) fn serve_file(&mut self, apex: &Name) {
        self.index.serve_file(apex);
        self.hosts.tell(&mut self.index);
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
    /// Tells which names are wanted now that were not, or the other way round.
    pub(super) fn tell(&self, index: &mut Index) {
        if let Some(wanting) = &self.0 {
            wanting.tell(index.hosts_wanted());
        }
    }
}
