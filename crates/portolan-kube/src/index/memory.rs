//! The last good state after a restart: what sources gave that were not heard yet, or only in part.
//!
//! It shrinks as sources are heard, and is empty once all are whole: from then on everything is computed from
//! what was read, so that a restart ends in the same facts as none. What of a source heard in part is still in
//! doubt is in [`doubt`](super::doubt).

use std::collections::BTreeMap;

use portolan_core::cluster::{Cluster, ClusterName, Sources};
use portolan_core::fleet::{
    Endpoint, EndpointView, Evidence, Fleet, NameView, OwnerView, Touched, ZoneFacts,
};
use portolan_core::policy::{Policy, PolicyName};
use portolan_core::{Name, NameRef};

use super::doubt::{Doubt, Mark, key_of, may_make, numbered};
use super::names::is_same_tenant;
use super::objects::{Objects, is_root};
use crate::endpoints::written_for;
use crate::object::{Kind, ObjectKey};

/// The kinds that make an offer, and those that its readiness rests on as well.
pub(super) const OFFERING: [Kind; 2] = [Kind::Service, Kind::Ingress];
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
    /// Those of them that were heard in part.
    pub(super) doubts: BTreeMap<ClusterName, Doubt>,
    /// A hub tells of all clusters, and hands names over in `DNSEndpoint`s.
    pub(super) follows_hub: bool,
}

impl Memory {
    /// Remembers a fleet as it was at a time.
    pub(super) fn new(fleet: Fleet, since: i64, follows_hub: bool) -> Self {
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
        Self { fleet, since, sources, doubts: BTreeMap::new(), follows_hub }
    }

    /// The hub is heard, whole or in part: no cluster is to tell anything by itself.
    pub(super) fn leave_to_the_hub(&mut self) {
        self.sources.retain(is_root);
        self.doubts.retain(|source, _| is_root(source));
    }

    /// What may not be as it was though nobody is heard yet: clusters may be told to be silent, and what no source holds is
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

    /// A cluster that is not heard yet, as it was. If it is found to be silent, it is so since then: nothing of it is
    /// younger, whenever that is found.
    pub(super) fn cluster(&self, objects: &Objects, name: &ClusterName) -> Option<Cluster> {
        let known = self.fleet.clusters.get(name).filter(|_| !objects.is_read(&name.0))?;
        let is_silent = objects.source(name).is_some_and(|source| source.silent_since.is_some());
        let silent_since = known.silent_since.or(is_silent.then_some(self.since));
        Some(Cluster { silent_since, ..known.clone() })
    }

    /// The clusters that are not heard yet.
    pub(super) fn clusters<'m>(&'m self, objects: &'m Objects) -> impl Iterator<Item = &'m ClusterName> {
        self.fleet.clusters.keys().filter(move |name| !objects.is_read(&name.0))
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
        let key = ObjectKey::of(Kind::SteeringPolicy, "", &name.0);
        let held_by = held_by.into_iter().flatten();
        held_by.filter(move |source| self.may_hold(objects, &source.0, &key)).cloned()
    }

    /// A name, likewise.
    pub(super) fn name(&self, objects: &Objects, name: &Name) -> Option<NameView<'_>> {
        self.fleet.names.get(name.borrowed()).filter(|facts| self.is_held(objects, name.borrowed(), facts))
    }

    /// What clusters offered for a name of the same object, and may offer still: those that are not heard yet,
    /// or in part and without that offer in anything that was read.
    pub(super) fn endpoints<'m>(
        &'m self,
        objects: &'m Objects,
        name: &'m Name,
        owner: OwnerView<'m>,
    ) -> impl Iterator<Item = Endpoint> {
        let known =
            self.fleet.names.get(name.borrowed()).filter(|known| is_same_tenant(known.owner(), owner));
        let stays = move |(nth, e): &(usize, EndpointView<'_>)| {
            e.cluster.is_some_and(|cluster| {
                !self.mark(cluster, name.borrowed(), *nth).offer
                    && self.may_back(objects, cluster, owner, &OFFERING)
            })
        };
        let known = known.into_iter().flat_map(|known| numbered(&known));
        known.filter(stays).map(|(_, e)| e.unpacked())
    }

    /// What the readiness of a cluster's offer for a name of the same object rested on. Of several offers the one
    /// that was up speaks for all: which is which may not be known any more.
    pub(super) fn evidence(
        &self,
        name: &Name,
        owner: OwnerView<'_>,
        cluster: &ClusterName,
    ) -> Option<Evidence> {
        let known = self.fleet.names.get(name.borrowed());
        let known = known.filter(|known| is_same_tenant(known.owner(), owner))?;
        let untold = numbered(&known).filter(|(nth, e)| {
            e.cluster == Some(&*cluster.0) && !self.mark(&cluster.0, name.borrowed(), *nth).readiness
        });
        let mut all = untold.map(|(_, e)| e.evidence);
        let first = all.next()?;
        if first.is_up() { Some(first) } else { all.find(|evidence| evidence.is_up()).or(Some(first)) }
    }

    /// Those of the holders of a remembered name that may hold it still.
    pub(super) fn unheard<'m>(
        &'m self,
        objects: &'m Objects,
        name: &'m Name,
        owner: OwnerView<'m>,
    ) -> impl Iterator<Item = ClusterName> {
        let known =
            self.fleet.names.get(name.borrowed()).filter(|known| is_same_tenant(known.owner(), owner));
        let held_by = known.into_iter().flat_map(move |known| {
            let held_by = known.held_by.clone();
            held_by.filter(move |source| self.may_own(objects, source, name.borrowed(), &known))
        });
        held_by.map(ClusterName::from)
    }

    /// Who tells what a source holds: a hub tells it of all.
    fn teller<'s>(&self, source: &'s str) -> &'s str {
        if self.follows_hub { "" } else { source }
    }

    /// True while a source is heard in part.
    pub(super) fn is_partial(&self) -> bool {
        !self.doubts.is_empty()
    }

    /// True while a source was not heard whole yet.
    pub(super) fn awaits_any(&self) -> bool {
        !self.sources.is_empty()
    }

    /// True of a source that was not heard whole yet.
    pub(super) fn awaits(&self, source: &str) -> bool {
        self.sources.contains(source)
    }

    /// True when a source may hold an object that it has never given.
    pub(super) fn may_hold(&self, objects: &Objects, source: &str, key: &ObjectKey) -> bool {
        let source = self.teller(source);
        let is_unread = |doubt: &Doubt| doubt.unread.contains(key) && objects.may_lack(source, key);
        !objects.is_read(source) || self.doubts.get(source).is_some_and(is_unread)
    }

    /// The same of any object of such a kind that is such a one.
    fn may_hold_any(
        &self,
        objects: &Objects,
        source: &str,
        kinds: impl Fn(Kind) -> bool,
        is_it: impl Fn(&ObjectKey) -> bool,
    ) -> bool {
        let source = self.teller(source);
        !objects.is_read(source) || (self.awaits(source) && objects.may_lack_any(source, kinds, is_it))
    }

    /// True when a source may hold what a name rests on: the object that owns it, and of KubeFed's records
    /// the Domain of one that is there. A source object may rest on others of its cluster and share its name with
    /// them; an offer that nothing makes which was read tells that one of them was not.
    fn may_own(&self, objects: &Objects, source: &str, name: NameRef<'_>, facts: &NameView<'_>) -> bool {
        let source = self.teller(source);
        if !objects.is_read(source) || !self.awaits(source) {
            return !objects.is_read(source);
        }
        let owner = facts.owner();
        if self.follows_hub {
            return self.keys_of(owner).any(|key| self.may_hold(objects, source, &key));
        }
        if Kind::is_sourced(owner.kind) {
            let is_unread = |(nth, e): (usize, EndpointView<'_>)| {
                e.cluster == Some(source) && !self.mark(source, name, nth).offer
            };
            return numbered(facts).any(is_unread) && may_make(objects, source, owner);
        }
        let Some(key) = key_of(owner) else { return false };
        let is_domain = |kind| kind == Kind::Domain;
        let may_lack_domain = || objects.may_lack_any(source, is_domain, |_| true);
        self.may_hold(objects, source, &key)
            || (key.kind() == Kind::ServiceDnsRecord && objects.is_held(&key) && may_lack_domain())
    }

    /// The objects by which a source holds an owner's names.
    pub(super) fn keys_of(&self, owner: OwnerView<'_>) -> impl Iterator<Item = ObjectKey> {
        // A hub hands them over in an object of its own.
        let written = self.follows_hub.then(|| written_for(&owner)).flatten();
        key_of(owner).into_iter().chain(written)
    }

    /// True when a cluster may hold an object of such a kind that an offer for a name rests on, if its owner
    /// looks for offers in clusters, or is one of a cluster's own objects.
    fn may_back(&self, objects: &Objects, cluster: &str, owner: OwnerView<'_>, kinds: &[Kind]) -> bool {
        if self.follows_hub {
            return !objects.is_read("");
        }
        let looks = matches!(owner.kind, "GlobalName" | "ServiceDNSRecord" | "IngressDNSRecord");
        let is_near = |key: &ObjectKey| key.is_in(owner.namespace);
        let may_have = || {
            (looks && objects.may_lack_any(cluster, |kind| kinds.contains(&kind), is_near))
                || (Kind::is_sourced(owner.kind) && may_make(objects, cluster, owner))
        };
        !objects.is_read(cluster) || (self.awaits(cluster) && may_have())
    }

    fn is_held(&self, objects: &Objects, name: NameRef<'_>, facts: &NameView<'_>) -> bool {
        facts.held_by.clone().any(|source| self.may_own(objects, source, name, facts))
    }

    /// What was read since of a source's offer for a name, by its number among the source's.
    fn mark(&self, source: &str, name: NameRef<'_>, nth: usize) -> Mark {
        self.doubts.get(source).map_or_else(Mark::default, |doubt| doubt.mark(name, nth))
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
            self.fleet.names.set(name, Some(&facts));
        }
        self.prune(objects, &touched);
        touched
    }

    /// Drops what no source that is not heard whole yet has a part in; zones first, as names ask for theirs.
    pub(super) fn prune(&mut self, objects: &Objects, touched: &Touched) {
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
            self.prune_name(objects, name);
        }
    }

    /// Drops a name, if no source that is not heard whole yet has a part in it.
    pub(super) fn prune_name(&mut self, objects: &Objects, name: &Name) {
        if !self.is_needed(objects, name) && self.fleet.names.set(name, None) {
            self.doubts.values_mut().for_each(|doubt| _ = doubt.learnt.remove(name));
        }
    }

    /// True while a source that is not heard whole yet holds a name, offers something for it that was not read, or
    /// holds the zone around it, whose unknown fence admits those who had a name.
    fn is_needed(&self, objects: &Objects, name: &Name) -> bool {
        let name = name.borrowed();
        let is_known = |facts: NameView<'_>| {
            let is_unread = |(nth, e): (usize, EndpointView<'_>)| {
                e.cluster.is_some_and(|cluster| {
                    self.mark(cluster, name, nth) != Mark::ALL
                        && self.may_back(objects, cluster, facts.owner(), &BACKING)
                })
            };
            self.is_held(objects, name, &facts) || numbered(&facts).any(is_unread)
        };
        self.fleet.names.get(name).is_some_and(is_known) || self.fleet.zone_of(name).is_some()
    }

    pub(super) fn strike(&mut self, source: &ClusterName) {
        self.sources.remove(source);
        self.doubts.remove(source);
        if self.sources.is_empty() {
            self.fleet.clusters.clear();
        }
    }

    /// What a source has a part in. Walks over all that is remembered, once for each source.
    pub(super) fn of(&self, source: &ClusterName) -> Touched {
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

fn release(held_by: Option<&mut Sources>, cluster: &ClusterName) {
    if let Some(held_by) = held_by {
        held_by.remove(cluster);
    }
}
