//! The last good state after a restart: what sources gave that were not heard yet, or only in part.
//!
//! It shrinks as sources are heard, and is empty once all are whole: from then on everything is computed from
//! what was read, so that a restart ends in the same facts as none.

use portolan_core::cluster::{Cluster, ClusterName, Sources};
use portolan_core::fleet::{
    Endpoint, EndpointView, Evidence, Fleet, NameView, OwnerView, Touched, ZoneFacts,
};
use portolan_core::policy::{Policy, PolicyName};
use portolan_core::{Name, NameRef};

use super::names::is_same_tenant;
use super::objects::{Objects, is_intent};
use crate::object::{Kind, ObjectKey};
use crate::sources::is_sourced;

/// The kinds that make an offer, and those that its readiness rests on as well.
const OFFERING: [Kind; 2] = [Kind::Service, Kind::Ingress];
const BACKING: [Kind; 4] = [Kind::Service, Kind::Ingress, Kind::EndpointSlice, Kind::Endpoints];

/// What is remembered.
///
/// A cluster's fact does not say whose `MemberCluster` it rests on, so it stays until every source that
/// could hold one is heard: a cluster must not be undrained because its own folder was read before the root.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) fleet: Fleet,
    since: i64,
    /// The sources that are not heard whole yet, the root among them.
    sources: Sources,
}

impl Memory {
    /// Remembers a fleet; its clusters are silent since a time, unless they were before.
    pub(super) fn new(fleet: Fleet, since: i64) -> Self {
        let zones = fleet.zones.values().map(|facts| &facts.held_by);
        let policies = fleet.policies.values().map(|facts| &facts.held_by);
        let mut sources: Sources = zones.chain(policies).flatten().cloned().collect();
        sources.extend(fleet.clusters.keys().cloned());
        sources.insert(ClusterName::from(""));
        for source in fleet.names.iter().flat_map(|(_, facts)| facts.held_by) {
            if !sources.contains(source) {
                sources.insert(ClusterName::from(source));
            }
        }
        Self { fleet, since, sources }
    }

    /// What is not as it was though nobody is heard yet: clusters are silent now, and what no source holds is
    /// gone. Everything else stays, so nobody has to look at a million names to find that out.
    pub(super) fn doubtful(&self) -> Touched {
        let Fleet { clusters, zones, policies, names } = &self.fleet;
        let unheld = names.iter().filter(|(_, facts)| facts.held_by.len() == 0);
        Touched {
            clusters: clusters.keys().cloned().collect(),
            zones: zones.keys().cloned().collect(),
            policies: policies.keys().cloned().collect(),
            names: unheld.map(|(name, _)| name.to_name()).collect(),
        }
    }

    /// A cluster that is not heard yet, as it was, silent.
    pub(super) fn cluster(&self, objects: &Objects, name: &ClusterName) -> Option<Cluster> {
        let known = self.fleet.clusters.get(name).filter(|_| !objects.is_read(&name.0))?;
        Some(Cluster { silent_since: known.silent_since.or(Some(self.since)), ..known.clone() })
    }

    /// What is remembered of a cluster as its `MemberCluster` describes it, while one may be there unread.
    pub(super) fn described(
        &self,
        objects: &Objects,
        name: &ClusterName,
        key: &ObjectKey,
    ) -> Option<&Cluster> {
        let known = self.fleet.clusters.get(name)?;
        self.sources.iter().any(|source| self.may_hold(objects, &source.0, key)).then_some(known)
    }

    /// What is remembered of a cluster that was read, but for Nodes of it.
    pub(super) fn with_nodes_unread(&self, objects: &Objects, name: &ClusterName) -> Option<&Cluster> {
        let is_node = |kind| kind == Kind::Node;
        self.fleet.clusters.get(name).filter(|_| self.may_hold_any(objects, &name.0, is_node, |_| true))
    }

    /// A zone that a source held, and may hold still.
    pub(super) fn zone(&self, objects: &Objects, apex: &Name) -> Option<&ZoneFacts> {
        let known = self.fleet.zones.get(apex)?;
        self.zone_holders(objects, &known.held_by).next().is_some().then_some(known)
    }

    /// Those of the holders of a zone that may hold it still. Its fact does not say which object it was.
    pub(super) fn zone_holders<'m>(
        &'m self,
        objects: &'m Objects,
        held_by: &'m Sources,
    ) -> impl Iterator<Item = ClusterName> {
        let is_zone = |kind| matches!(kind, Kind::Zone | Kind::Domain);
        held_by.iter().filter(move |source| self.may_hold_any(objects, &source.0, is_zone, |_| true)).cloned()
    }

    /// A policy, likewise.
    pub(super) fn policy(&self, objects: &Objects, name: &PolicyName) -> Option<&Policy> {
        let known = self.fleet.policies.get(name)?;
        let mut holders = self.policy_holders(objects, name, Some(&known.held_by));
        holders.next().is_some().then_some(known)
    }

    /// Those of the holders of a policy that may hold it still.
    pub(super) fn policy_holders<'m>(
        &'m self,
        objects: &'m Objects,
        name: &PolicyName,
        held_by: Option<&'m Sources>,
    ) -> impl Iterator<Item = ClusterName> + use<'m> {
        let key = ObjectKey { kind: Kind::SteeringPolicy, namespace: "".into(), name: name.0.clone() };
        let held_by = held_by.into_iter().flatten();
        held_by.filter(move |source| self.may_hold(objects, &source.0, &key)).cloned()
    }

    /// A name, likewise.
    pub(super) fn name(&self, objects: &Objects, name: &Name) -> Option<NameView<'_>> {
        self.fleet.names.get(name.borrowed()).filter(|facts| self.is_held(objects, facts))
    }

    /// What clusters offered for a name of the same object, and may offer still: those that are not heard yet,
    /// or in part and without an offer for this name in what was read.
    pub(super) fn endpoints<'m>(
        &'m self,
        objects: &'m Objects,
        name: &Name,
        owner: OwnerView<'m>,
        offered: &'m [Endpoint],
    ) -> impl Iterator<Item = Endpoint> {
        let known = self.fleet.names.get(name.borrowed()).filter(|known| is_same_tenant(known.owner, owner));
        let stays = move |e: &EndpointView<'_>| {
            let Some(cluster) = e.cluster else { return false };
            let is_offered = || offered.iter().any(|e| e.cluster.as_ref().is_some_and(|c| *c.0 == *cluster));
            !objects.is_read(cluster) || (self.may_back(objects, cluster, owner, &OFFERING) && !is_offered())
        };
        known.into_iter().flat_map(|known| known.endpoints).filter(stays).map(|e| e.unpacked())
    }

    /// What the readiness of a cluster's offer for a name of the same object rested on.
    pub(super) fn evidence(
        &self,
        name: &Name,
        owner: OwnerView<'_>,
        cluster: &ClusterName,
    ) -> Option<Evidence> {
        let known = self.fleet.names.get(name.borrowed());
        let known = known.filter(|known| is_same_tenant(known.owner, owner))?;
        known.endpoints.clone().find(|e| e.cluster == Some(&*cluster.0)).map(|e| e.evidence)
    }

    /// Those of the holders of a remembered name that may hold it still.
    pub(super) fn unheard<'m>(
        &'m self,
        objects: &'m Objects,
        name: &Name,
        owner: OwnerView<'m>,
    ) -> impl Iterator<Item = ClusterName> {
        let known = self.fleet.names.get(name.borrowed()).filter(|known| is_same_tenant(known.owner, owner));
        let held_by = known.into_iter().flat_map(|known| known.held_by);
        held_by.filter(move |source| self.may_own(objects, source, owner)).map(ClusterName::from)
    }

    /// True while a source is heard in part.
    pub(super) fn is_partial(&self, objects: &Objects) -> bool {
        self.sources.iter().any(|source| objects.is_read(&source.0) && objects.is_partial(&source.0))
    }

    /// True of a source that was not heard whole yet.
    pub(super) fn awaits(&self, source: &str) -> bool {
        self.sources.contains(source)
    }

    /// True when a source may hold an object that it has not given.
    pub(super) fn may_hold(&self, objects: &Objects, source: &str, key: &ObjectKey) -> bool {
        !objects.is_read(source) || (self.awaits(source) && objects.may_lack(source, key))
    }

    /// The same of any object of such a kind that is such a one.
    fn may_hold_any(
        &self,
        objects: &Objects,
        source: &str,
        kinds: impl Fn(Kind) -> bool,
        is_it: impl Fn(&ObjectKey) -> bool,
    ) -> bool {
        !objects.is_read(source) || (self.awaits(source) && objects.may_lack_any(source, kinds, is_it))
    }

    /// True when a source may hold what a name rests on: the object that owns it, and of KubeFed's records
    /// the Domain. A source object may rest on any of its cluster's own objects.
    fn may_own(&self, objects: &Objects, source: &str, owner: OwnerView<'_>) -> bool {
        if !objects.is_read(source) || !self.awaits(source) {
            return !objects.is_read(source);
        }
        let Some(kind) = Kind::of_owner(owner.kind) else { return false };
        if is_sourced(owner.kind) {
            return objects.may_lack_any(source, is_of_cluster, |_| true);
        }
        let key = ObjectKey { kind, namespace: owner.namespace.into(), name: owner.name.into() };
        let is_domain = |kind| kind == Kind::Domain;
        objects.may_lack(source, &key)
            || (kind == Kind::ServiceDnsRecord && objects.may_lack_any(source, is_domain, |_| true))
    }

    /// True when a cluster may hold an object of such a kind that an offer for a name rests on, if its owner
    /// looks for offers in clusters, or is one of a cluster's own objects.
    fn may_back(&self, objects: &Objects, cluster: &str, owner: OwnerView<'_>, kinds: &[Kind]) -> bool {
        let looks = matches!(owner.kind, "GlobalName" | "ServiceDNSRecord" | "IngressDNSRecord");
        let is_near = |key: &ObjectKey| *key.namespace == *owner.namespace;
        !objects.is_read(cluster)
            || (looks && self.may_hold_any(objects, cluster, |kind| kinds.contains(&kind), is_near))
            || (is_sourced(owner.kind) && self.may_hold_any(objects, cluster, is_of_cluster, |_| true))
    }

    fn is_held(&self, objects: &Objects, facts: &NameView<'_>) -> bool {
        facts.held_by.clone().any(|source| self.may_own(objects, source, facts.owner))
    }

    /// A source is heard now, whole or in part: returns what it had a part in, and drops what nobody has.
    pub(super) fn hear(&mut self, objects: &Objects, source: &ClusterName) -> Touched {
        let touched = self.of(source);
        if !objects.is_partial(&source.0) {
            self.strike(source);
        }
        self.prune(objects, &touched);
        touched
    }

    /// A cluster is no member any more: returns what it had a part in, and drops that part.
    pub(super) fn forget(&mut self, objects: &Objects, cluster: &ClusterName) -> Touched {
        let touched = self.of(cluster);
        self.fleet.clusters.remove(cluster);
        self.strike(cluster);
        for apex in &touched.zones {
            release(self.fleet.zones.get_mut(apex).map(|zone| &mut zone.held_by), cluster);
        }
        for policy in &touched.policies {
            release(self.fleet.policies.get_mut(policy).map(|policy| &mut policy.held_by), cluster);
        }
        for name in &touched.names {
            let Some(known) = self.fleet.names.get(name.borrowed()) else { continue };
            let mut facts = known.to_facts();
            facts.endpoints.retain(|e| e.cluster.as_ref() != Some(cluster));
            facts.held_by.remove(cluster);
            self.fleet.names.set(name.borrowed(), Some(&facts));
        }
        self.prune(objects, &touched);
        touched
    }

    /// Drops what no source that is not heard whole yet has a part in; zones first, as names ask for theirs.
    fn prune(&mut self, objects: &Objects, touched: &Touched) {
        for apex in &touched.zones {
            if self.zone(objects, apex).is_none() {
                self.fleet.zones.remove(apex);
            }
        }
        for policy in &touched.policies {
            if self.policy(objects, policy).is_none() {
                self.fleet.policies.remove(policy);
            }
        }
        for name in &touched.names {
            if !self.is_needed(objects, name) {
                self.fleet.names.set(name.borrowed(), None);
            }
        }
    }

    /// True while a source that is not heard whole yet holds a name, offers something for it, or holds the zone
    /// around it, whose unknown fence admits those who had a name.
    fn is_needed(&self, objects: &Objects, name: &Name) -> bool {
        let known = self.fleet.names.get(name.borrowed());
        let is_known = |facts: NameView<'_>| {
            let offers = |e: EndpointView<'_>| {
                e.cluster.is_some_and(|c| self.may_back(objects, c, facts.owner, &BACKING))
            };
            self.is_held(objects, &facts) || facts.endpoints.clone().any(offers)
        };
        known.is_some_and(is_known) || self.fleet.zone_of(name.borrowed()).is_some()
    }

    fn strike(&mut self, source: &ClusterName) {
        self.sources.remove(source);
        if self.sources.is_empty() {
            self.fleet.clusters.clear();
        }
    }

    /// What a source has a part in. Walks over all that is remembered, once for each source.
    fn of(&self, source: &ClusterName) -> Touched {
        let offers = |facts: &NameView<'_>| facts.endpoints.clone().any(|e| e.cluster == Some(&*source.0));
        let is_inside =
            |name: NameRef<'_>| self.fleet.zone_of(name).is_some_and(|(_, z)| z.held_by.contains(source));
        let holds = |facts: &NameView<'_>| facts.held_by.clone().any(|held_by| *held_by == *source.0);
        let is_its =
            |name: NameRef<'_>, facts: &NameView<'_>| holds(facts) || offers(facts) || is_inside(name);
        let held = |held_by: &Sources| held_by.contains(source);
        let Fleet { clusters, zones, policies, names } = &self.fleet;
        Touched {
            clusters: clusters.keys().chain([source]).cloned().collect(),
            zones: zones.iter().filter(|(_, z)| held(&z.held_by)).map(|(apex, _)| apex.clone()).collect(),
            policies: policies.iter().filter(|(_, p)| held(&p.held_by)).map(|(p, _)| p.clone()).collect(),
            names: names
                .iter()
                .filter(|(name, facts)| is_its(*name, facts))
                .map(|(name, _)| name.to_name())
                .collect(),
        }
    }
}

/// True of what a cluster has of its own.
fn is_of_cluster(kind: Kind) -> bool {
    !is_intent(kind)
}

fn release(held_by: Option<&mut Sources>, cluster: &ClusterName) {
    if let Some(held_by) = held_by {
        held_by.remove(cluster);
    }
}
