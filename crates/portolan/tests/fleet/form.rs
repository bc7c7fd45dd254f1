//! How a fleet is run: who watches which cluster, and whom those who answer follow.
//!
//! ```text
//!   hub    control of eu-1 ──watches──▶ all API servers       all who answer ──follow──▶ control of eu-1
//! ```

/// A way to run a fleet of clusters, of which the first is the hub where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The hub's replicas watch all clusters, and all who answer follow them.
    Hub,
}

/// The hub, among the clusters.
pub(crate) const HUB: usize = 0;

impl Form {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hub => "hub",
        }
    }

    /// Whether a cluster has replicas that decide.
    pub(crate) fn has_controls(self, cluster: usize) -> bool {
        match self {
            Self::Hub => cluster == HUB,
        }
    }

    /// Whether the replicas of a cluster write to its API server, and one of them leads.
    pub(crate) fn has_leader(self, cluster: usize) -> bool {
        match self {
            Self::Hub => cluster == HUB,
        }
    }

    /// Whose replicas those follow that answer in a cluster.
    pub(crate) fn followed_by(self, _cluster: usize) -> usize {
        match self {
            Self::Hub => HUB,
        }
    }

    /// Whether a cluster holds what is asked for: zones, names, policies.
    pub(crate) fn holds_intents(self, cluster: usize) -> bool {
        match self {
            Self::Hub => cluster == HUB,
        }
    }

    /// Whether those who answer in a cluster hear of what becomes of another, where some ways between clusters are whole and
    /// some API servers answer.
    pub(crate) fn hears(
        self,
        site: usize,
        cluster: usize,
        is_whole: impl Fn(usize, usize) -> bool,
        answers: impl Fn(usize) -> bool,
    ) -> bool {
        match self {
            Self::Hub => is_whole(site, HUB) && is_whole(HUB, cluster) && answers(cluster),
        }
    }
}
