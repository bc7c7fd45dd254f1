//! The hub, where clusters are followed: which it is, and what was found there. In a mesh it is the own cluster.
//!
//! What is written goes to the hub, so an object counts there as the hub has it: its *home*. What rules is believed from
//! there alone, and is the root's. What asks for names is the root's in a hub too; in a mesh each cluster has its own, and
//! that of the hub is told as the hub's.
//!
//! Who names the wrong cluster, or has applied nothing yet, sees an empty table and no fault anywhere: nothing is
//! wrong. So it is told once what the hub has, and what to apply where that is nothing.

use std::sync::Arc;

use portolan_core::ClusterName;
use portolan_kube::api::{Topology, rules};
use portolan_kube::dns_endpoint::MARK;
use portolan_kube::endpoints::Epochs;
use portolan_kube::object::{Body, Kind, Object};
use portolan_kube::sources::Source;

use super::{Engine, Event, root};

/// What was found in the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubView {
    /// Its name in the fleet.
    pub name: ClusterName,
    /// Whether it is followed, or the own cluster of a mesh.
    pub topology: Topology,
    /// False while it was never read.
    pub is_read: bool,
    /// `Zone`s and `Domain`s.
    pub zones: usize,
    /// Objects that ask for names; of a hub that is followed, those that hand names over.
    pub intents: usize,
    /// True when some do, in whatever cluster.
    pub is_asked: bool,
}

/// Which cluster is the hub.
#[derive(Debug)]
pub(super) struct Hub {
    /// None where a folder is read.
    pub(super) name: Option<ClusterName>,
    topology: Topology,
    /// The source of its objects that rule, and of those that ask for names.
    homes: [ClusterName; 2],
    is_told: bool,
    /// What its `DNSEndpoint`s of ours were written in.
    epochs: Epochs,
}

impl Hub {
    /// Notes what an event says of a `DNSEndpoint`.
    pub(super) fn note(&mut self, event: &Event) {
        let Event::Copy { object: Some(object), .. } = event else { return };
        let Body::DnsEndpoint(endpoint) = &object.body else { return };
        let mark = endpoint.metadata.annotations.as_ref().and_then(|all| all.get(MARK));
        mark.into_iter().for_each(|mark| self.epochs.found(mark));
    }
}

impl Default for Hub {
    fn default() -> Self {
        let (topology, homes) = (Topology::Hub, [root(), root()]);
        Self { name: None, topology, homes, is_told: false, epochs: Epochs::default() }
    }
}

impl Hub {
    /// The source that has the hub's objects of a kind.
    pub(super) fn home(&self, kind: Kind) -> &ClusterName {
        let [ruling, asking] = &self.homes;
        if rules(kind) { ruling } else { asking }
    }

    /// The sources that have its objects.
    pub(super) fn homes(&self) -> impl Iterator<Item = &ClusterName> {
        let [ruling, asking] = &self.homes;
        std::iter::once(ruling).chain(Some(asking).filter(|asking| *asking != ruling))
    }

    /// True where what asks for names may stand in other clusters alone.
    pub(super) fn is_of_mesh(&self) -> bool {
        self.topology == Topology::Mesh
    }

    /// True where names come from what it hands over.
    fn is_followed(&self) -> bool {
        self.topology == Topology::Follower
    }
}

/// What it is called in messages.
fn noun(topology: Topology) -> &'static str {
    match topology {
        Topology::Mesh => "own cluster",
        Topology::Hub | Topology::Follower => "hub",
    }
}

impl Engine {
    /// Names the hub, or the own cluster of a mesh: clusters are followed, and no folder. To be called before all else.
    pub fn has_hub(&mut self, name: ClusterName, topology: Topology) {
        let asking = if topology == Topology::Mesh { name.clone() } else { root() };
        (self.hub.name, self.hub.topology, self.hub.homes) = (Some(name), topology, [root(), asking]);
        if self.follows_hub() {
            self.index = std::mem::take(&mut self.index).following_hub();
        }
    }

    /// True where names come from what the hub hands over, and from no cluster.
    pub(super) fn follows_hub(&self) -> bool {
        self.hub.is_followed()
    }

    /// The epoch in which a run writes to the hub, which had this one last: above every other that was found.
    #[must_use]
    pub fn epoch_of(&self, run: u64, last: u64) -> u64 {
        self.hub.epochs.of_run(run, last)
    }

    /// The hub; none where a fleet folder is read.
    #[must_use]
    pub fn hub(&self) -> Option<HubView> {
        let name = self.hub.name.clone()?;
        let count = |is: fn(&Object) -> bool| self.home_intents().filter(|object| is(object)).count();
        let intents = count(asks);
        Some(HubView {
            name,
            topology: self.hub.topology,
            is_read: self.unread_hub().is_none(),
            zones: count(is_zone),
            intents: if self.follows_hub() { count(hands_over) } else { intents },
            is_asked: intents > 0 || !self.intents.is_empty(),
        })
    }

    /// The hub, as messages call it, while its intents were not read since the start.
    #[must_use]
    pub fn unread_hub(&self) -> Option<(&'static str, &ClusterName)> {
        let is_unread = self.hub.homes().any(|home| self.hearing.at(home).is_none());
        self.hub.name.as_ref().filter(|_| is_unread).map(|name| (noun(self.hub.topology), name))
    }

    /// The objects of the hub that are no workload.
    pub(super) fn home_intents(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.hub.homes().flat_map(|home| self.index.intents_of(home))
    }

    /// Writes down what the hub was found to have, once it was read.
    pub(super) fn tell_hub(&mut self) {
        if self.hub.is_told || self.hub.name.is_none() || self.unread_hub().is_some() {
            return;
        }
        self.hub.is_told = true;
        let Some(hub) = self.hub() else { return };
        tracing::info!(hub = %hub.name, zones = hub.zones, intents = hub.intents, "the {} was read", noun(hub.topology));
        let has_sources = Source::ALL.into_iter().any(|source| self.index.sources().is_on(source));
        if let Some(what) = hub.lacks(has_sources) {
            tracing::warn!(hub = %hub.name, "{what}");
        }
    }
}

impl HubView {
    /// What is to be applied for a name to be answered; none where it is there. Where sources are on, clusters' own
    /// objects ask for names too.
    #[must_use]
    pub fn lacks(&self, has_sources: bool) -> Option<String> {
        if self.topology == Topology::Follower {
            let what = match (self.zones, self.intents) {
                (0, _) => "has no Zone: of what it hands over nothing is answered",
                (_, 0) => "hands over no name; is a `portolan run` with the rights of a hub at work there?",
                _ => return None,
            };
            return Some(format!("the hub {} {what}", self.name));
        }
        let asks = "a GlobalName (or KubeFed's records) for each name";
        let what = match (self.zones, self.is_asked || has_sources) {
            (0, true) => "has no Zone: of what is asked for nothing is answered; apply a Zone".to_owned(),
            (0, false) => format!(
                "has no Zone, and nothing there asks for a name; apply our kinds (`portolan crds | kubectl apply -f -`), \
                 a Zone, and {asks}"
            ),
            (_, false) => format!("has nothing that asks for a name; apply {asks}"),
            (_, true) => return None,
        };
        Some(format!("the {} {} {what}", noun(self.topology), self.name))
    }
}

fn is_zone(object: &Object) -> bool {
    matches!(object.key.kind(), Kind::Zone | Kind::Domain)
}

/// True of what a hub hands names over in.
fn hands_over(object: &Object) -> bool {
    matches!(&object.body, Body::DnsEndpoint(object) if object.is_ours())
}

/// True of what asks for names; `DNSEndpoint`s of ours only repeat it.
fn asks(object: &Object) -> bool {
    match &object.body {
        Body::GlobalName(_) | Body::ServiceDnsRecord(_) | Body::IngressDnsRecord(_) => true,
        Body::DnsEndpoint(object) => !object.is_ours(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::events;
    use super::*;

    #[test]
    fn the_hub_is_told_of_with_what_it_lacks() {
        let zone = "\napiVersion: portolan.dev/v1alpha1\nkind: Zone\nmetadata: {name: glb}\nspec: {apex: glb.example}\n";
        let name = "\napiVersion: portolan.dev/v1alpha1\nkind: GlobalName\nmetadata: {name: a, namespace: shop}\n\
                    spec: {hosts: [a.glb.example], backends: [{kind: Service, name: web}]}\n";
        let ours = "\napiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\n\
                    metadata: {name: a, namespace: shop, annotations: {portolan.dev/endpoints: '{}'}}\nspec: {endpoints: []}\n";
        for (texts, counts, lacks) in [
            (&[][..], (0, 0), Some("has no Zone, and nothing there asks for a name; apply our kinds")),
            (&[zone][..], (1, 0), Some("has nothing that asks for a name")),
            (&[zone, ours][..], (1, 0), Some("has nothing that asks for a name")),
            (&[name][..], (0, 1), Some("has no Zone: of what is asked for nothing is answered")),
            (&[zone, name][..], (1, 1), None),
        ] {
            let mut engine = Engine::new(0);
            assert_eq!(engine.hub(), None);
            engine.has_hub("eu-1".into(), Topology::Hub);
            assert!(!engine.hub().unwrap().is_read && engine.unread_hub().is_some());
            let objects = texts.iter().flat_map(|text| events("", text));
            engine.take(objects.chain([Event::Heard(root())]).collect(), 0);
            let hub = engine.hub().unwrap();
            assert_eq!((hub.is_read, (hub.zones, hub.intents)), (true, counts), "{texts:?}");
            let told = hub.lacks(false);
            match lacks {
                None => assert_eq!(told, None),
                Some(lacks) => assert!(told.as_ref().is_some_and(|told| told.contains(lacks)), "{told:?}"),
            }
            assert_eq!(hub.lacks(true).is_some(), counts.0 == 0, "sources ask for names");
        }
    }
}
