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
use super::foreign::rdata;
use super::links::Links;
use super::objects::{Held, is_root};
use super::offer::address_target;
use super::{About, Index};
use crate::hosts;
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::sources::{self, Faults, NAMES_MAX, Offered, Source, View, all_of, shown};

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
        let all = || [key.namespace(), ""].map(|namespace| all_of(key.kind(), namespace));
        let all = (key.kind() != Kind::Service).then(all);
        let all = all.iter().flatten().filter(|all| *all != key);
        let users: BTreeSet<&ObjectKey> = all.chain([key]).flat_map(|to| known.users.of(to)).collect();
        let users: Vec<_> = users.into_iter().map(|user| (cluster.clone(), user.clone())).collect();
        self.step(users.len());
        self.dirty.sourced.extend(users);
    }

    /// Drafts the source objects that something touched.
    pub(super) fn take_sourced(&mut self) {
        let is_partial = self.memory.is_partial();
        for (cluster, key) in std::mem::take(&mut self.dirty.sourced) {
            let SourceDraft { drafted, claims, problems, steps } =
                self.draft_sourced(&cluster, &key).unwrap_or_default();
            self.step(1 + steps);
            let known = self.sourced.entry(cluster.clone()).or_default();
            let before = known.drafted.remove(&key);
            for used in before.iter().flat_map(|before| &before.uses) {
                known.users.remove(used.clone(), key.clone());
            }
            for used in drafted.iter().flat_map(|now| &now.uses) {
                known.users.add(used.clone(), key.clone());
            }
            let hosts = |of: Option<&Drafted>| of.and_then(|drafted| drafted.hosts.as_deref().cloned());
            let (wanted, wants) = (hosts(before.as_ref()), hosts(drafted.as_ref()));
            if is_partial {
                self.dirty.names.extend(drafted.iter().flat_map(|now| now.names.iter().cloned()));
            }
            let rank = drafted.as_ref().map(|now| now.rank.clone());
            known.drafted.extend(drafted.map(|now| (key.clone(), now)));
            if known.drafted.is_empty() {
                self.sourced.remove(&cluster);
            }
            let user = (cluster.clone(), key.clone());
            self.want_hosts(&user, wanted.as_ref(), wants.as_ref());
            self.replace(before, rank.as_ref(), claims);
            self.note(About::Object(cluster, key), problems);
        }
    }

    fn is_source_object(&self, object: &Object) -> bool {
        let source = Source::of(object.key.kind()).filter(|source| *source != Source::Crd);
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
            disagreeing: Vec::new(),
        };
        let addresses = |host: &Name| self.hosts.addresses(host);
        let mut view = View::new(source).resolving(&addresses);
        let offered = sources::offered(&located.object, &mut view, &self.options);
        let mut draft = Draft::new(held);
        draft.steps += view.steps();
        for host in view.take_hosts() {
            draft.want_host(&host, &self.hosts, String::new);
        }
        draft.uses = view.used();
        names(&mut draft, cluster, offered);
        let claims = claims_of(&draft);
        let drafted = Drafted {
            rank: Rank::of(&draft.held),
            names: draft.names.keys().cloned().collect(),
            uses: draft.uses.into_iter().collect(),
            sets: (!draft.sets.is_empty()).then(|| Box::new(draft.sets)),
            hosts: (!draft.hosts.is_empty()).then(|| Box::new(draft.hosts)),
        };
        let (problems, steps) = (draft.problems, draft.steps);
        let is_nothing = drafted.names.is_empty() && drafted.uses.is_empty() && problems.is_empty();
        (!is_nothing).then_some(SourceDraft { drafted: Some(drafted), claims, problems, steps })
    }
}

/// What became of a source object.
#[derive(Default)]
struct SourceDraft {
    drafted: Option<Drafted>,
    claims: BTreeMap<Name, Claim>,
    problems: Vec<Problem>,
    /// What it cost.
    steps: usize,
}

/// Adds what a source made to a draft, and names that have no target.
fn names(draft: &mut Draft<'_>, cluster: &ClusterName, offered: Offered) {
    let Offered { endpoints, names, mut faults } = offered;
    let of_endpoints = endpoints.iter().map(|endpoint| (&endpoint.name, Some(endpoint)));
    for (text, endpoint) in of_endpoints.chain(names.iter().map(|name| (name, None))) {
        let name = match hosts::host(text) {
            Ok(name) => name,
            Err(rule) => {
                faults.add("", Reason::Invalid, format!("the name {} {rule}", shown(text)));
                continue;
            }
        };
        if draft.names.len() == NAMES_MAX && !draft.names.contains_key(&name) {
            let message = format!("has more than {NAMES_MAX} names; the others are left out");
            faults.add("", Reason::LimitReached, message);
            break;
        }
        draft.name(name.clone(), None);
        if let Some(endpoint) = endpoint {
            records(draft, cluster, &name, endpoint, &mut faults);
        }
    }
    for facts in draft.names.values_mut() {
        facts.endpoints.iter_mut().for_each(|offer| offer.targets.sort_unstable());
        facts.endpoints.sort_by(|a, b| a.targets.cmp(&b.targets));
    }
    tell(draft, &faults);
}

/// Adds the records of a name: those of one set, TTL and readiness are one offer, whatever their types.
fn records(
    draft: &mut Draft<'_>,
    cluster: &ClusterName,
    name: &Name,
    endpoint: &sources::Endpoint,
    faults: &mut Faults,
) {
    let targets = targets(endpoint, faults);
    if targets.is_empty() {
        return;
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
    // An offer has a limit, a name has room for many offers.
    for targets in targets.chunks(TARGETS_MAX) {
        offer(draft, cluster, name.clone(), endpoint, targets);
    }
}

fn offer(
    draft: &mut Draft<'_>,
    cluster: &ClusterName,
    name: Name,
    endpoint: &sources::Endpoint,
    targets: &[Target],
) {
    let (ttl, evidence): (Option<Ttl>, Evidence) = (endpoint.ttl, endpoint.evidence);
    let facts = draft.name(name, None);
    let has_room = |offer: &Endpoint| offer.targets.len() + targets.len() <= TARGETS_MAX;
    let is_one = |offer: &&mut Endpoint| offer.ttl == ttl && offer.evidence == evidence && has_room(offer);
    // Sets of one name have the same types; those of one set do not.
    let types = |offer: &Endpoint| offer.targets.iter().any(|target| target.record_type() == endpoint.rtype);
    match facts.endpoints.iter_mut().find(|offer| is_one(offer) && !types(offer)) {
        Some(offer) => offer.targets.extend_from_slice(targets),
        None => facts.endpoints.push(Endpoint {
            cluster: Some(cluster.clone()),
            targets: targets.to_vec(),
            evidence,
            weight: None,
            ttl,
        }),
    }
}

/// Targets as what is served, sorted, each once, at most [`sources::TARGETS_MAX`]; what cannot be served is told.
fn targets(endpoint: &sources::Endpoint, faults: &mut Faults) -> Vec<Target> {
    const MOST: usize = sources::TARGETS_MAX;
    let mut targets: Vec<Target> =
        endpoint.targets.iter().filter_map(|text| target(endpoint.rtype, text, faults)).collect();
    targets.sort_unstable();
    targets.dedup();
    if targets.len() > MOST {
        let message = format!("has {} targets; those after the first {MOST} are left out", targets.len());
        faults.add("", Reason::LimitReached, message);
        targets.truncate(MOST);
    }
    targets
}

fn target(rtype: RecordType, text: &str, faults: &mut Faults) -> Option<Target> {
    let mut found = Vec::new();
    let skipped = |message: String| (Reason::TargetSkipped, message);
    let target = match (rtype, text.parse()) {
        (RecordType::A | RecordType::AAAA, Ok(address)) => Ok(address_target(address, &mut found)),
        (RecordType::A | RecordType::AAAA, Err(_)) => {
            Err(format!("target {} is not an address", shown(text)))
        }
        (RecordType::CNAME, _) => match hosts::plain_host(text) {
            Ok(host) => Ok(Some(Target::Host(host))),
            Err(rule) => Err(format!("target {} is left out: it {rule}", shown(text))),
        },
        (rtype, _) => match rdata(rtype, text) {
            Ok(data) => Ok(Some(Target::Record(rtype, data))),
            Err(rule) => Err(format!("{rtype} target {} {rule}", shown(text))),
        },
    };
    let target = target.map_err(|message| found.push(skipped(message))).ok().flatten();
    for (reason, message) in found {
        faults.add("", reason, message);
    }
    target
}

/// Tells the object what is wrong with it, and how much more there is.
fn tell(draft: &mut Draft<'_>, faults: &Faults) {
    let whole = |draft: &mut Draft<'_>, reason, message| {
        let (subject, place) = (draft.subject(), draft.held.place.to_string());
        draft.problems.push(Problem { subject, reason, message, place });
    };
    for fault in faults.iter() {
        match &*fault.field {
            "" => whole(draft, fault.reason, fault.message.clone()),
            field => draft.problem(field, fault.reason, fault.message.clone()),
        }
    }
    if faults.more() > 0 {
        whole(draft, Reason::LimitReached, format!("{} more problems are not listed", faults.more()));
    }
}
