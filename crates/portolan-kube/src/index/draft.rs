//! A draft: what one record wants, names and what is offered for each, while it is collected.
//!
//! It stands below all that fill one, so it knows nothing but the object that it is of.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::{Endpoint, NameFacts, Owner};
use portolan_core::policy::PolicyName;
use portolan_core::{Name, Problem, Reason, RecordType, Target, Ttl};

use super::objects::{Held, is_root};
use crate::dns_endpoint::ProviderProperty;
use crate::object::{Kind, ObjectKey};
use crate::settle;

/// Who has the better right to a name: the oldest, then by cluster, namespace, kind and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    created: i64,
    source: ClusterName,
    pub(super) key: ObjectKey,
}

impl Rank {
    pub(super) fn of(held: &Held<'_>) -> Self {
        Self { created: held.object.created, source: held.source.clone(), key: held.key.clone() }
    }

    /// Why one goes before another, in words.
    pub(super) fn why_before(&self, other: &Self) -> &'static str {
        if self.created != other.created {
            return if other.created == i64::MAX {
                "which has a creationTimestamp, as this has not"
            } else {
                "which is older"
            };
        }
        match self.created {
            i64::MAX if self.source != other.source => {
                "whose cluster comes first by name: neither has a creationTimestamp"
            }
            i64::MAX => "which comes first by namespace, kind and name: neither has a creationTimestamp",
            _ if self.source != other.source => "whose cluster comes first by name: they are of the same age",
            _ => "which comes first by namespace, kind and name: they are of the same age",
        }
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (&self.key, &other.key);
        let by_key = || {
            (ours.namespace(), ours.kind(), ours.name()).cmp(&(
                theirs.namespace(),
                theirs.kind(),
                theirs.name(),
            ))
        };
        (self.created, &self.source).cmp(&(other.created, &other.source)).then_with(by_key)
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Records of one name that stand apart from others in another DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedSet {
    /// Their type.
    pub rtype: RecordType,
    /// What tells them from other sets of the type; empty for the only one.
    pub identifier: String,
    /// For one make of DNS.
    pub properties: Vec<ProviderProperty>,
    /// What their object offers.
    pub targets: BTreeSet<Target>,
    /// Its TTL, where it names one.
    pub ttl: Option<Ttl>,
}

/// The sets of names that have some which stand apart.
pub(super) type Sets = BTreeMap<Name, Vec<OfferedSet>>;

/// Host names of load balancers. Few records have any, so what is kept of a draft has them in a box.
pub(super) type HostNames = BTreeSet<Name>;

/// A draft under way.
pub(super) struct Draft<'a> {
    pub(super) held: Held<'a>,
    pub(super) names: BTreeMap<Name, NameFacts>,
    /// What the record refers to, there or not.
    pub(super) uses: BTreeSet<ObjectKey>,
    pub(super) problems: Vec<Problem>,
    pub(super) steps: usize,
    /// What all names of the record have in common.
    pub(super) ttl: Option<Ttl>,
    pub(super) default_ttl: Ttl,
    pub(super) policy: Option<PolicyName>,
    /// It names something that no cluster offers.
    pub(super) is_wanting: bool,
    /// Ingresses with the hosts that they have no rule for, and the clusters that have them like this.
    pub(super) unruled: BTreeMap<(ObjectKey, Vec<Name>), Vec<ClusterName>>,
    /// What stands apart in another DNS.
    pub(super) sets: Sets,
    /// Host names of load balancers whose addresses are wanted.
    pub(super) hosts: HostNames,
    /// Its names belong to other objects, for which a hub hands them over.
    pub(super) is_handed: bool,
    /// When the object was made whose names these are, where that is another than the one that hands them over.
    pub(super) owner_created: Option<i64>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(held: Held<'a>) -> Self {
        Self {
            held,
            names: BTreeMap::new(),
            uses: BTreeSet::new(),
            problems: Vec::new(),
            steps: 1,
            ttl: None,
            default_ttl: Ttl::DEFAULT,
            policy: None,
            is_wanting: false,
            unruled: BTreeMap::new(),
            sets: Sets::new(),
            hosts: HostNames::new(),
            is_handed: false,
            owner_created: None,
        }
    }

    /// The right of its claims.
    pub(super) fn rank(&self) -> Rank {
        let rank = Rank::of(&self.held);
        Rank { created: self.owner_created.unwrap_or(rank.created), ..rank }
    }

    /// The facts of a name, made when they are not there.
    pub(super) fn name(&mut self, name: Name, fallback: Option<&Name>) -> &mut NameFacts {
        self.steps += 1;
        let key = self.held.key;
        self.names.entry(name).or_insert_with(|| NameFacts {
            owner: owner(key),
            ttl: self.ttl,
            default_ttl: self.default_ttl,
            policy: self.policy.clone(),
            fallback: fallback.cloned(),
            endpoints: Vec::new(),
            held_by: self.held.held_by.clone(),
        })
    }

    /// Adds an offer for a name.
    pub(super) fn offer(&mut self, name: &Name, endpoint: Endpoint) {
        self.name(name.clone(), None).endpoints.push(endpoint);
    }

    /// Notes a problem with a field of the record.
    pub(super) fn problem(&mut self, field: impl fmt::Display, reason: Reason, message: String) {
        let subject = format!("{}: {field}", self.subject());
        self.problems.push(Problem { subject, reason, message, place: self.held.place.to_string() });
    }

    /// The record as problems name it.
    pub(super) fn subject(&self) -> String {
        subject(self.held.key, self.held.source)
    }
}

/// The object whose names they are, as facts have it.
pub(super) fn owner(key: &ObjectKey) -> Owner {
    Owner { kind: key.kind().to_string().into(), namespace: key.namespace().into(), name: key.name().into() }
}

/// The name of a `Domain` as records refer to it, in whatever namespace it is.
pub(super) fn domain_reference(name: &str) -> ObjectKey {
    ObjectKey::of(Kind::Domain, "", name)
}

/// An object as problems name it: `Service shop/web (eu-1)`.
pub(super) fn subject(key: &ObjectKey, source: &ClusterName) -> String {
    if is_root(source) { key.to_string() } else { format!("{key} ({source})") }
}

/// Gives problems of a settled object its source and place. What the object is refused for was told where it was read.
pub(super) fn placed(mut problems: Vec<Problem>, held: &Held<'_>) -> Vec<Problem> {
    problems.retain(|problem| !settle::refuses(problem.reason));
    let bare = held.key.to_string();
    for problem in &mut problems {
        if let Some(rest) = problem.subject.strip_prefix(&bare) {
            problem.subject = format!("{}{rest}", subject(held.key, held.source));
        }
        if problem.place.is_empty() {
            problem.place = held.place.to_string();
        }
    }
    problems
}
