//! How a fleet is run: who watches which cluster, and whom those who answer follow.
//!
//! ```text
//!   hub         control of eu-1 ──watches──▶ all API servers       all who answer ──follow──▶ control of eu-1
//!   hand-over   the same, and control elsewhere ──follows──▶ API server of eu-1
//!   mesh        every control ──watches──▶ all API servers
//!                                             in the last two:     who answers ──follows──▶ control of its cluster
//! ```

/// A way to run a fleet of clusters, of which the first is the hub where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The hub's replicas watch all clusters, and all who answer follow them.
    Hub,
    /// The hub's replicas watch all clusters, and the replicas of others follow what the hub hands over.
    HandOver,
    /// The replicas of each cluster watch all clusters.
    Mesh,
}

/// The hub, among the clusters.
pub(crate) const HUB: usize = 0;

impl Form {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::HandOver => "hub that hands over",
            Self::Mesh => "mesh",
        }
    }

    /// True of the form whose every process the others have too: a story takes minutes.
    pub(crate) fn is_told_at_length_alone(self) -> bool {
        self == Self::Hub
    }

    /// Whether a cluster has replicas that decide.
    pub(crate) fn has_controls(self, cluster: usize) -> bool {
        cluster == HUB || self != Self::Hub
    }

    /// Whether the replicas of a cluster write to its API server, and one of them leads.
    pub(crate) fn has_leader(self, cluster: usize) -> bool {
        cluster == HUB || self == Self::Mesh
    }

    /// Whose replicas those follow that answer in a cluster.
    pub(crate) fn followed_by(self, cluster: usize) -> usize {
        if self == Self::Hub { HUB } else { cluster }
    }

    /// Whether a cluster holds what is asked for: zones, names, policies.
    pub(crate) fn holds_intents(self, cluster: usize) -> bool {
        cluster == HUB || self == Self::Mesh
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
        let by_hub = is_whole(site, HUB) && is_whole(HUB, cluster) && answers(cluster);
        match self {
            Self::Hub => by_hub,
            Self::HandOver => by_hub && (site == HUB || answers(HUB)),
            Self::Mesh => is_whole(site, cluster) && answers(cluster),
        }
    }
}
