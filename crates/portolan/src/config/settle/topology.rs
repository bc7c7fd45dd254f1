//! Whether a fleet has a hub, which may be followed, or is a mesh.

use portolan_core::Reason;
use portolan_kube::api::Topology;

use super::Settling;
use crate::config::value::fault;

impl Settling<'_> {
    /// A fleet has a hub or is a mesh, in which the cluster of a pod is the own one.
    pub(super) fn topology(&mut self) -> Topology {
        let follows_hub = self.follows_hub();
        let Some(mesh) = self.said.text("mesh") else {
            return if follows_hub { Topology::Follower } else { Topology::Hub };
        };
        if self.said.text("hub").is_some() {
            let message = "stands beside `hub`; a mesh has none".to_owned();
            self.problems.push(fault("mesh", Reason::Conflict, message, &self.place("mesh")));
        }
        let other = self.said.text("inCluster").filter(|own| *own != mesh);
        if let Some(own) = other {
            self.wrong("mesh", format!("{mesh:?} is not the cluster that inCluster names: {own:?}"));
        }
        Topology::Mesh
    }
}
