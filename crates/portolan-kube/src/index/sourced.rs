//! What External-DNS' sources make of clusters' own objects.
//!
//! A source object is a record like any other, but for one thing: each cluster's copy speaks for its own
//! cluster and for nothing else. So each copy is drafted by itself, is held against the fence by itself, and
//! a change in one cluster costs nothing in the others. What copies of one object want of one name is put
//! together where it is decided who has the name; so is what objects of one kind want in one namespace, which
//! is the merging that External-DNS does, as far as no tenant can take from another.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::{Endpoint, Evidence, TARGETS_MAX};
use portolan_core::{Name, Problem, Reason, RecordType, Target, Ttl};

use super::claims::{Claim, Drafted, claims_of};
use super::draft::{Draft, OfferedSet, Rank};
use super::foreign::{rdata, shown};
use super::links::Links;
use super::objects::{Held, is_root};
use super::offer::address_target;
use super::{About, Index};
use crate::hosts;
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::sources::{self, Source, View, all_of};

/// Most names that one object may have of a source.
const NAMES_MAX: usize = 1_024;

/// The source objects of one cluster.
#[derive(Debug, Default)]
pub(super) struct Sourced {
    pub(super) drafted: BTreeMap<ObjectKey, Drafted>,
    /// Which of them looked at an object, or at all of a kind.
    users: Links,
}

impl Index {
    /// Notes the source objects that depend on an object of a cluster, itself among them.
    pub(super) fn touch_sourced(&mut self, cluster: &ClusterName, key: &ObjectKey) {
        if self.options.source.is_empty() || is_root(cluster) {
            return;
        }
        let known = self.sourced.get(cluster);
        let is_drafted = known.is_some_and(|known| known.drafted.contains_key(key));
        let object = self.objects.source(cluster).and_then(|source| source.get(key));
        if is_drafted || object.is_some_and(|located| self.is_source_object(&located.object)) {
            self.dirty.sourced.insert((cluster.clone(), key.clone()));
        }
        let Some(known) = known else { return };
        // What stands for all Services is touched by itself: readiness is no concern of those who ask for them.
        let all = [all_of(key.kind, &key.namespace), all_of(key.kind, "")];
        let all = all.iter().filter(|all| key.kind != Kind::Service && *all != key);
        let users: BTreeSet<&ObjectKey> = all.chain([key]).flat_map(|to| known.users.of(to)).collect();
        let users: Vec<_> = users.into_iter().map(|user| (cluster.clone(), user.clone())).collect();
        self.step(users.len());
        self.dirty.sourced.extend(users);
    }

    /// Drafts the source objects that something touched.
    pub(super) fn take_sourced(&mut self) {
        let is_partial = self.memory.is_partial(&self.objects);
        for (cluster, key) in std::mem::take(&mut self.dirty.sourced) {
            let (drafted, claims, problems) = self.draft_sourced(&cluster, &key).unwrap_or_default();
            self.step(1 + claims.len());
            let known = self.sourced.entry(cluster.clone()).or_default();
            let before = known.drafted.remove(&key);
            for used in before.iter().flat_map(|before| &before.uses) {
                known.users.remove(used.clone(), key.clone());
            }
            for used in drafted.iter().flat_map(|now| &now.uses) {
                known.users.add(used.clone(), key.clone());
            }
            if is_partial {
                self.dirty.names.extend(drafted.iter().flat_map(|now| now.names.iter().cloned()));
            }
            let rank = drafted.as_ref().map(|now| now.rank.clone());
            known.drafted.extend(drafted.map(|now| (key.clone(), now)));
            if known.drafted.is_empty() {
                self.sourced.remove(&cluster);
            }
            self.replace(before, rank.as_ref(), claims);
            self.note(About::Object(cluster, key), problems);
        }
    }

    fn is_source_object(&self, object: &Object) -> bool {
        let source = Source::of(object.key.kind).filter(|source| *source != Source::Crd);
        let is_kept = match &object.body {
            Body::Service(service) => service.source.is_some(),
            Body::Ingress(ingress) => ingress.source.is_some(),
            Body::Node(node) => node.source.is_some(),
            _ => true,
        };
        is_kept && source.is_some_and(|source| self.options.is_on(source))
    }

    /// Drafts an object of a cluster; nothing when it is no source object, or gives nothing and has no fault.
    fn draft_sourced(&self, cluster: &ClusterName, key: &ObjectKey) -> Option<SourceDraft> {
        let source = self.objects.source(cluster).filter(|source| source.is_read)?;
        let (key, located) = source.objects.get_key_value(key)?;
        if !self.is_source_object(&located.object) {
            return None;
        }
        let held = Held {
            key,
            source: cluster,
            object: &located.object,
            place: &located.place,
            held_by: [cluster.clone()].into(),
            agreeing: vec![cluster.clone()],
        };
        let mut view = View::new(source);
        let offered = sources::offered(&located.object, &mut view, &self.options);
        let mut draft = Draft::new(held);
        draft.uses = view.used();
        for fault in offered.faults.iter() {
            draft.problem(&fault.field, fault.reason, fault.message.clone());
        }
        names(&mut draft, cluster, &offered.endpoints);
        let claims = claims_of(&draft);
        let drafted = Drafted {
            rank: Rank::of(&draft.held),
            names: draft.names.keys().cloned().collect(),
            uses: draft.uses.into_iter().collect(),
            sets: (!draft.sets.is_empty()).then(|| Box::new(draft.sets)),
        };
        let is_nothing = drafted.names.is_empty() && drafted.uses.is_empty() && draft.problems.is_empty();
        (!is_nothing).then_some((Some(drafted), claims, draft.problems))
    }
}

type SourceDraft = (Option<Drafted>, BTreeMap<Name, Claim>, Vec<Problem>);
/// Adds what a source made to a draft: a name's records of one set, TTL and readiness are one offer, whatever
/// their types.
fn names(draft: &mut Draft<'_>, cluster: &ClusterName, endpoints: &[sources::Endpoint]) {
    for endpoint in endpoints {
        let name = match hosts::host(&endpoint.name) {
            Ok(name) => name,
            Err(rule) => {
                whole(draft, Reason::Invalid, format!("the name {} {rule}", shown(&endpoint.name)));
                continue;
            }
        };
        if draft.names.len() == NAMES_MAX && !draft.names.contains_key(&name) {
            whole(
                draft,
                Reason::LimitReached,
                format!("has more than {NAMES_MAX} names; the others are left out"),
            );
            break;
        }
        let targets = targets(draft, endpoint);
        if targets.is_empty() {
            continue;
        }
        if !endpoint.set.is_empty() || !endpoint.properties.is_empty() {
            draft.sets.entry(name.clone()).or_default().push(OfferedSet {
                rtype: endpoint.rtype,
                identifier: endpoint.set.clone(),
                properties: endpoint.properties.clone(),
                targets: targets.iter().cloned().collect(),
                ttl: endpoint.ttl,
            });
        }
        offer(draft, cluster, name, endpoint, targets);
    }
    for facts in draft.names.values_mut() {
        facts.endpoints.iter_mut().for_each(|offer| offer.targets.sort_unstable());
        facts.endpoints.sort_by(|a, b| a.targets.cmp(&b.targets));
    }
}

fn offer(
    draft: &mut Draft<'_>,
    cluster: &ClusterName,
    name: Name,
    endpoint: &sources::Endpoint,
    targets: Vec<Target>,
) {
    let (ttl, evidence): (Option<Ttl>, Evidence) = (endpoint.ttl, endpoint.evidence);
    let facts = draft.name(name, None);
    let has_room = |offer: &Endpoint| offer.targets.len() + targets.len() <= TARGETS_MAX;
    let is_one = |offer: &&mut Endpoint| offer.ttl == ttl && offer.evidence == evidence && has_room(offer);
    // Sets of one name have the same types; those of one set do not.
    let types = |offer: &Endpoint| offer.targets.iter().any(|target| target.record_type() == endpoint.rtype);
    match facts.endpoints.iter_mut().find(|offer| is_one(offer) && !types(offer)) {
        Some(offer) => offer.targets.extend(targets),
        None => {
            let cluster = Some(cluster.clone());
            facts.endpoints.push(Endpoint { cluster, targets, evidence, weight: None, ttl });
        }
    }
}

/// Targets as what is served, sorted, each once, at most [`TARGETS_MAX`]; what cannot be served is told.
fn targets(draft: &mut Draft<'_>, endpoint: &sources::Endpoint) -> Vec<Target> {
    let mut faults = Vec::new();
    let mut targets = Vec::new();
    for text in &endpoint.targets {
        let target = match (endpoint.rtype, text.parse()) {
            (RecordType::A | RecordType::AAAA, Ok(address)) => address_target(address, &mut faults),
            (RecordType::A | RecordType::AAAA, Err(_)) => {
                faults.push((Reason::TargetSkipped, format!("target {} is not an address", shown(text))));
                None
            }
            (RecordType::CNAME, _) => match hosts::plain_host(text) {
                Ok(host) => Some(Target::Host(host)),
                Err(rule) => {
                    faults.push((
                        Reason::TargetSkipped,
                        format!("target {} is left out: it {rule}", shown(text)),
                    ));
                    None
                }
            },
            (rtype, _) => match rdata(rtype, text) {
                Ok(data) => Some(Target::Record(rtype, data)),
                Err(rule) => {
                    faults.push((Reason::TargetSkipped, format!("{rtype} target {} {rule}", shown(text))));
                    None
                }
            },
        };
        targets.extend(target);
    }
    targets.sort_unstable();
    targets.dedup();
    if targets.len() > TARGETS_MAX {
        let message =
            format!("has {} targets; those after the first {TARGETS_MAX} are left out", targets.len());
        faults.push((Reason::LimitReached, message));
        targets.truncate(TARGETS_MAX);
    }
    for (reason, message) in faults {
        whole(draft, reason, message);
    }
    targets
}

/// Tells the object as a whole, each thing once.
fn whole(draft: &mut Draft<'_>, reason: Reason, message: String) {
    let problem = Problem { subject: draft.subject(), reason, message, place: draft.held.place.to_string() };
    if !draft.problems.contains(&problem) {
        draft.problems.push(problem);
    }
}
