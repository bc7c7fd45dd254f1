//! Members of the fleet: what is known of each, and what an operator wants of it.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;

use crate::place::Place;

/// Most clusters that a fleet may have.
pub const CLUSTERS_MAX: usize = 1_024;
/// Most names of clusters that one process numbers in its life: a number is never given twice. Above
/// it a cluster is still served, and cannot be drained until the process is started anew.
pub const CLUSTER_NUMBERS_MAX: usize = 65_535;
/// The name of a member of the fleet: its folder, kubeconfig context or `MemberCluster`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterName(pub Arc<str>);

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hash, order and equality are those of the text, so a map of clusters is searched by a borrowed one.
impl Borrow<str> for ClusterName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ClusterName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

/// The clusters that hold a copy of an object; the empty name is the fleet folder's root. What a silent
/// one held is not gone.
pub type Sources = BTreeSet<ClusterName>;

/// What an operator wants of a cluster (`MemberCluster.spec.state`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClusterState {
    /// In service.
    #[default]
    Active,
    /// Down for answers, but still a member: `ServeAll` may bring it back.
    Draining,
    /// No member: as if it offered nothing.
    Disabled,
}

/// What becomes of a silent cluster's offers (`MemberCluster.spec.whenSilent`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenSilent {
    /// They stay as they were last seen.
    #[default]
    Keep,
    /// They count as down while it is silent; never a name's last target, which `allDown` brings back.
    Drain,
}

/// What is known of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Its region: node labels, else `MemberCluster`.
    pub region: Option<Arc<str>>,
    /// Its zones, likewise.
    pub zones: BTreeSet<Arc<str>>,
    /// Where it stands (`MemberCluster.spec.location.place`).
    pub place: Option<Place>,
    /// Its share under a weighted pick, where a policy names none; 1 when absent.
    pub weight: Option<u32>,
    /// What an operator wants of it.
    pub state: ClusterState,
    /// What becomes of its offers while it is silent.
    pub when_silent: WhenSilent,
    /// Not heard from since this time (seconds since 1970); none while it is heard.
    pub silent_since: Option<i64>,
}

impl Cluster {
    /// True when its offers count as down whatever their own verdicts say.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let silent = self.silent_since.is_some() && self.when_silent == WhenSilent::Drain;
        self.state == ClusterState::Draining || silent
    }

    /// What of it the pools of its names depend on.
    #[must_use]
    pub fn shape(&self) -> ClusterShape {
        let disabled = self.state == ClusterState::Disabled;
        ClusterShape { region: self.region.clone(), place: self.place.clone(), weight: self.weight, disabled }
    }
}

/// What of a cluster the pools of its names depend on: while it is the same, they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterShape {
    region: Option<Arc<str>>,
    place: Option<Place>,
    weight: Option<u32>,
    disabled: bool,
}
