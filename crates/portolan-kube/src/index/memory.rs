//! The last good state after a restart: what sources that were not heard yet gave.
//!
//! It shrinks as sources are heard, and is empty once all are: from then on everything is computed from
//! what was read, so that a restart ends in the same facts as none.

use portolan_core::cluster::{Cluster, ClusterName, Sources};
use portolan_core::fleet::{Endpoint, EndpointView, Fleet, NameView, OwnerView, Touched, ZoneFacts};
use portolan_core::policy::{Policy, PolicyName};
use portolan_core::{Name, NameRef};

use super::objects::Objects;

/// What is remembered.
///
/// A cluster's fact does not say whose `MemberCluster` it rests on, so it stays until every source that
/// could hold one is heard: a cluster must not be undrained because its own folder was read before the root.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) fleet: Fleet,
    since: i64,
    /// The sources that are not heard yet, the root among them.
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

    /// A zone that a source which is not heard yet held.
    pub(super) fn zone(&self, objects: &Objects, apex: &Name) -> Option<&ZoneFacts> {
        self.fleet.zones.get(apex).filter(|zone| is_unheard(objects, &zone.held_by))
    }

    /// A policy, likewise.
    pub(super) fn policy(&self, objects: &Objects, name: &PolicyName) -> Option<&Policy> {
        self.fleet.policies.get(name).filter(|policy| is_unheard(objects, &policy.held_by))
    }

    /// A name, likewise.
    pub(super) fn name(&self, objects: &Objects, name: &Name) -> Option<NameView<'_>> {
        self.fleet.names.get(name.borrowed()).filter(|facts| is_held(objects, facts))
    }

    /// What clusters that are not heard yet offered for a name of the same object.
    pub(super) fn endpoints<'m>(
        &'m self,
        objects: &'m Objects,
        name: &Name,
        owner: OwnerView<'_>,
    ) -> impl Iterator<Item = Endpoint> {
        let known = self.fleet.names.get(name.borrowed()).filter(|known| known.owner == owner);
        let of_unheard = |e: &EndpointView<'_>| e.cluster.is_some_and(|c| !objects.is_read(c));
        known.into_iter().flat_map(|known| known.endpoints).filter(of_unheard).map(|e| e.unpacked())
    }

    /// Those of the holders of a remembered name that are not heard yet: they may hold it still.
    pub(super) fn unheard<'m>(
        &'m self,
        objects: &'m Objects,
        name: &Name,
        owner: OwnerView<'_>,
    ) -> impl Iterator<Item = ClusterName> {
        let known = self.fleet.names.get(name.borrowed()).filter(|known| known.owner == owner);
        let held_by = known.into_iter().flat_map(|known| known.held_by);
        held_by.filter(|source| !objects.is_read(source)).map(ClusterName::from)
    }

    /// Those of the holders of something else remembered that are not heard yet, likewise.
    pub(super) fn unheard_of<'m>(
        objects: &'m Objects,
        held_by: Option<&'m Sources>,
    ) -> impl Iterator<Item = ClusterName> + use<'m> {
        held_by.into_iter().flatten().filter(|source| !objects.is_read(&source.0)).cloned()
    }

    /// A source is heard now: returns what it had a part in, and drops what nobody else has.
    pub(super) fn hear(&mut self, objects: &Objects, source: &ClusterName) -> Touched {
        let touched = self.of(source);
        self.strike(source);
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

    /// Drops what no source that is not heard yet has a part in; zones first, as names ask for theirs.
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

    /// True while a source that is not heard yet holds a name, offers something for it, or holds the zone
    /// around it, whose unknown fence admits those who had a name.
    fn is_needed(&self, objects: &Objects, name: &Name) -> bool {
        let offers = |e: EndpointView<'_>| e.cluster.is_some_and(|c| !objects.is_read(c));
        let known = self.fleet.names.get(name.borrowed());
        let is_known = |facts: NameView<'_>| is_held(objects, &facts) || facts.endpoints.clone().any(offers);
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

fn is_unheard(objects: &Objects, held_by: &Sources) -> bool {
    held_by.iter().any(|source| !objects.is_read(&source.0))
}

fn is_held(objects: &Objects, facts: &NameView<'_>) -> bool {
    facts.held_by.clone().any(|source| !objects.is_read(source))
}

fn release(held_by: Option<&mut Sources>, cluster: &ClusterName) {
    if let Some(held_by) = held_by {
        held_by.remove(cluster);
    }
}
