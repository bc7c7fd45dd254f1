//! What of the last good state is still in doubt, of a source that was heard in part.
//!
//! Something of it could not be read, so what it gave before the restart stays where nothing replaces it. But what
//! was read once is not lacking: a delete of it deletes, whatever else of its source cannot be read, and another
//! tenant's broken file brings nothing back. So what was read is noted here, beside what is remembered, and never
//! taken back:
//!
//! | what stood | is lacking no more once |
//! | --- | --- |
//! | an intent, by its key | it was given; what describes a cluster, once the root gave it |
//! | an offer for an intent's name | the cluster offered something for it, or gave all that it refers to |
//! | an offer of source objects | they offered all of its targets; the only one, once its owner offered any |
//! | the readiness of an offer | something told it of all that was read |
//! | a zone | one of that apex was given |

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::cluster::{ClusterName, Sources};
use portolan_core::fleet::{EndpointView, NameView, OwnerView, Touched};
use portolan_core::{Name, NameRef, Target};

use super::Index;
use super::memory::{Memory, OFFERING};
use super::names::is_of;
use super::objects::{Objects, is_intent, is_root};
use crate::few::Few;
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::settle;

/// What is in doubt of one source.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// The objects by which it had a part in something, and that were not given yet: intents of names, policies,
    /// descriptions of clusters.
    pub(super) unread: BTreeSet<ObjectKey>,
    /// What was read of its offers for remembered names.
    pub(super) learnt: BTreeMap<Name, Box<[Mark]>>,
    /// What it had a part in, as far as that is remembered.
    pub(super) touched: Touched,
}

/// What was read of an offer since the restart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mark {
    /// Something else stands in its place, or nothing, and that is known.
    pub(super) offer: bool,
    /// So it is with its readiness.
    pub(super) readiness: bool,
}

impl Mark {
    /// Nothing of it is in doubt.
    pub(super) const ALL: Self = Self { offer: true, readiness: true };
}

impl Doubt {
    /// What was read of an offer for a name, by its number among the source's.
    pub(super) fn mark(&self, name: NameRef<'_>, nth: usize) -> Mark {
        let marks = self.learnt.get(name.as_wire());
        marks.and_then(|marks| marks.get(nth)).copied().unwrap_or_default()
    }
}

/// The offers for a name, each with its number among those of its cluster.
pub(super) fn numbered<'a>(
    facts: &NameView<'a>,
) -> impl Iterator<Item = (usize, EndpointView<'a>)> + Clone + use<'a> {
    let mut before: Option<&'a str> = None;
    let mut nth = 0;
    facts.endpoints.clone().map(move |e| {
        nth = if e.cluster == before { nth + 1 } else { 0 };
        before = e.cluster;
        (nth, e)
    })
}

impl Memory {
    /// A source is heard now, whole or in part, or in another part: returns what it had a part in, and drops what
    /// nobody has.
    pub(super) fn hear(&mut self, objects: &Objects, source: &ClusterName) -> Touched {
        let (unread, learnt, touched) = match self.doubts.remove(source) {
            Some(doubt) => (doubt.unread, doubt.learnt, doubt.touched),
            None => {
                let touched = if self.follows_hub { self.fleet.everything() } else { self.of(source) };
                (self.unread(objects, source, &touched), BTreeMap::new(), touched)
            }
        };
        if self.awaits(&source.0) && objects.is_partial(&source.0) {
            let touched = Touched::default();
            self.doubts.insert(source.clone(), Doubt { unread, learnt, touched });
        } else {
            self.strike(source);
        }
        self.prune(objects, &touched);
        if let Some(doubt) = self.doubts.get_mut(source) {
            doubt.touched = touched.clone();
            doubt.touched.names.retain(|name| self.fleet.names.contains(name.borrowed()));
        }
        touched
    }

    /// The objects by which a source had a part in something, and that it did not give.
    fn unread(&self, objects: &Objects, source: &ClusterName, touched: &Touched) -> BTreeSet<ObjectKey> {
        let named = |kind, name: &Arc<str>| ObjectKey::of(kind, "", name);
        let clusters = touched.clusters.iter().map(|name| named(Kind::MemberCluster, &name.0));
        let policies = touched.policies.iter().map(|name| named(Kind::SteeringPolicy, &name.0));
        let owners = |name: &Name| {
            let known = self.fleet.names.get(name.borrowed());
            let holds = |known: &NameView<'_>| known.held_by.clone().any(|holder| *holder == *source.0);
            // A hub hands over whatever clusters held before it was followed.
            let known = known.filter(|known| self.follows_hub || holds(known));
            known.into_iter().flat_map(|known| self.keys_of(known.owner())).collect::<Vec<_>>()
        };
        let gave = |source: &str, key: &ObjectKey| {
            objects.source_named(source).is_some_and(|of| of.get_whole(key).is_some())
        };
        let is_given =
            |key: &ObjectKey| gave(&source.0, key) || (key.kind() == Kind::MemberCluster && gave("", key));
        let owners = touched.names.iter().flat_map(owners);
        clusters.chain(policies).chain(owners).filter(|key| !is_given(key)).collect()
    }

    /// A source gave an object. The root's description of a cluster beats all others, so that none is lacking.
    pub(super) fn was_read(&mut self, source: &ClusterName, object: &Object) {
        let key = &object.key;
        if object.in_part {
            return;
        }
        if key.kind() == Kind::MemberCluster && is_root(source) {
            self.doubts.values_mut().for_each(|doubt| _ = doubt.unread.remove(key));
        } else if let Some(doubt) = self.doubts.get_mut(source) {
            doubt.unread.remove(key);
        }
    }

    /// True of an object by which a source had a part in what is remembered, and that it has not given whole since.
    pub(super) fn misses(&self, source: &ClusterName, key: &ObjectKey) -> bool {
        self.doubts.get(source).is_some_and(|doubt| doubt.unread.contains(key))
    }

    /// True when what is remembered of a source stands for an object of it, which it has not given whole since. Of a
    /// zone it is not known which object it was, but its apex is.
    fn stands_for(&self, source: &ClusterName, object: &Object) -> bool {
        if !self.doubts.contains_key(source) {
            return false;
        }
        let is_of_source =
            |apex: &Name| self.fleet.zones.get(apex).is_some_and(|known| known.held_by.contains(source));
        let stands = match &object.body {
            Body::Zone(zone) => settle::zone(zone).0.is_some_and(|zone| is_of_source(&zone.apex)),
            _ => false,
        };
        stands || self.misses(source, &object.key)
    }

    /// Sources gave a zone of this apex.
    pub(super) fn zone_was_read(&mut self, apex: &Name, given_by: &Sources) {
        let Some(zone) = self.fleet.zones.get_mut(apex).filter(|_| !self.doubts.is_empty()) else { return };
        zone.held_by.retain(|source| !(given_by.contains(source) && self.doubts.contains_key(source)));
        if zone.held_by.is_empty() {
            self.fleet.zones.remove(apex);
        }
    }
}

/// True when something of a cluster's own was not read that an owner of its own may be, or rest on.
pub(super) fn may_make(objects: &Objects, cluster: &str, owner: OwnerView<'_>) -> bool {
    objects.may_lack_any(cluster, |kind| !is_intent(kind), |key| may_rest_on(owner, key))
}

/// True when what an object of a cluster gives may rest on another: one of its namespace, one of no namespace, a
/// gateway that it names, and of Istio's gateways whatever stands in front of them.
fn may_rest_on(owner: OwnerView<'_>, key: &ObjectKey) -> bool {
    let is_istio = matches!(owner.kind, "Gateway" | "VirtualService");
    key.is_in(owner.namespace)
        || !key.kind().is_namespaced()
        || matches!(key.kind(), Kind::Gateway | Kind::ListenerSet | Kind::IstioGateway)
        || (is_istio && OFFERING.contains(&key.kind()))
}

/// The object that owns a name, where all its copies are one.
pub(super) fn key_of(owner: OwnerView<'_>) -> Option<ObjectKey> {
    let kind = Kind::of_owner(owner.kind).filter(|kind| is_intent(*kind))?;
    Some(ObjectKey::of(kind, owner.namespace, owner.name))
}

/// What was read of one cluster's offers for a name.
#[derive(Default)]
struct Offered {
    targets: BTreeSet<Target>,
    /// Something is offered by the very object that owned the name.
    by_owner: bool,
    /// The readiness of something was told by nothing.
    untold: bool,
}

impl Index {
    /// True when something stood before of what an object says: its copy that the source gave, or what is remembered.
    pub(super) fn stood_before(&self, source: &ClusterName, object: &Object) -> bool {
        let known = self.objects.source(source).and_then(|source| source.get(&object.key));
        known.is_some_and(|known| *known.object != *object) || self.memory.stands_for(source, object)
    }

    /// Drops what a source that is heard now gave in part, where something is remembered of it.
    pub(super) fn yield_to_memory(&mut self, source: &ClusterName) {
        let Some(of) = self.objects.source(source) else { return };
        let in_part = of.objects.values().map(|located| &located.object).filter(|object| object.in_part);
        let yielding = in_part.filter(|object| self.memory.stands_for(source, object));
        let yielding: Vec<ObjectKey> = yielding.map(|object| object.key.clone()).collect();
        yielding.iter().for_each(|key| self.objects.delete(source, key));
    }

    /// Notes what was read of a name's remembered offers.
    pub(super) fn learn(&mut self, name: &Name) {
        if !self.memory.is_partial() {
            return;
        }
        let Some(known) = self.memory.fleet.names.get(name.borrowed()) else { return };
        let doubts = self
            .memory
            .doubts
            .iter()
            .filter(|(cluster, _)| known.endpoints.clone().any(|e| e.cluster == Some(&*cluster.0)));
        let of_cluster = |(cluster, doubt): (&ClusterName, &Doubt)| {
            (cluster.clone(), self.marks(cluster, doubt, name, &known))
        };
        let learnt: Vec<_> = doubts.map(of_cluster).collect();
        for (cluster, marks) in learnt {
            self.step(marks.len());
            if let Some(doubt) = self.memory.doubts.get_mut(&cluster) {
                doubt.learnt.insert(name.clone(), marks);
            }
        }
        self.memory.prune_name(&self.objects, name);
    }

    /// What is known of each of a cluster's remembered offers for a name, now too.
    fn marks(&self, cluster: &ClusterName, doubt: &Doubt, name: &Name, known: &NameView<'_>) -> Box<[Mark]> {
        let offered = self.offered(cluster, name, known);
        let of_cluster = numbered(known).filter(|(_, e)| e.cluster == Some(&*cluster.0));
        let is_only = of_cluster.clone().count() == 1;
        let owner = known.owner();
        let is_replaced = |e: &EndpointView<'_>| {
            if Kind::is_sourced(owner.kind) {
                e.unpacked().targets.iter().all(|target| offered.targets.contains(target))
                    || (is_only && offered.by_owner)
            } else {
                !offered.targets.is_empty() || self.gave_all(cluster, owner)
            }
        };
        let marks = of_cluster.map(|(nth, e)| {
            let before = doubt.mark(name.borrowed(), nth);
            let offer = before.offer || is_replaced(&e);
            Mark { offer, readiness: before.readiness || (offer && !offered.untold) }
        });
        marks.collect()
    }

    /// What a cluster offers for a name, admitted or not, by those that it was remembered of.
    fn offered(&self, cluster: &ClusterName, name: &Name, known: &NameView<'_>) -> Offered {
        let mut offered = Offered::default();
        let claims = Few::all_of(self.claims.get(name)).iter();
        for claim in claims.filter(|claim| is_of(known, claim)) {
            let view = claim.facts.view();
            let is_owners = view.owner() == known.owner();
            for e in view.endpoints.clone().filter(|e| e.cluster == Some(&*cluster.0)) {
                let is_told = e.evidence.is_up() || !self.lacks_readiness(&cluster.0, claim.by.key());
                offered.untold |= !is_told;
                offered.by_owner |= is_owners;
                offered.targets.extend(e.unpacked().targets);
            }
        }
        offered
    }

    /// True when a cluster gave every Service and Ingress that a record refers to.
    fn gave_all(&self, cluster: &ClusterName, owner: OwnerView<'_>) -> bool {
        let drafted = key_of(owner).and_then(|key| self.drafted.get(&key));
        let Some((drafted, source)) = drafted.zip(self.objects.source(cluster)) else { return false };
        let mut backends = drafted.uses.iter().filter(|used| OFFERING.contains(&used.kind())).peekable();
        backends.peek().is_some() && backends.all(|backend| source.get(backend).is_some())
    }
}
