//! What is written back: how each intent fares, as the status of its object.
//!
//! A status is a function of what was decided, so every process computes the same one. Ours has four
//! conditions, each with a reason in one word and a message for people, and `Ready` that sums them up:
//!
//! | condition | true when |
//! | --- | --- |
//! | `Accepted` | nothing of what the object says was refused |
//! | `Resolved` | something stands behind each of its names |
//! | `Healthy` | something ready does |
//! | `Published` | our own server answers for its names |
//!
//! KubeFed's records get the status that KubeFed's own controllers would fill: each cluster with its load
//! balancer, which is empty where nothing ready stands behind it.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::answer::project;
use portolan_core::cluster::{Cluster, ClusterState};
use portolan_core::fleet::{Evidence, Fleet, NameView, OwnerView, TargetView};
use portolan_core::record::Present;
use portolan_core::{ClusterName, Name, NameRef, Problem, Reason, Snapshot};
use serde_json::{Value, json};

use crate::kinds::{
    AnswerStatus, ClusterStatus, STATUS_ANSWERS_MAX, STATUS_CLUSTERS_MAX, STATUS_TARGETS_MAX,
};
use crate::manifest::Refused;
use crate::object::{Body, Kind, Object, ObjectKey};

pub mod event;
mod found;

pub use found::Found;

/// Longest message of a condition, in characters; the API takes 32,768.
const MESSAGE_CHARS_MAX: usize = 1_024;

/// One condition, without the time of its last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its type.
    pub type_: &'static str,
    /// `True` or `False`.
    pub is_true: bool,
    /// Why, in one CamelCase word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// The status of one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Of a kind of ours.
    Ours {
        /// The generation that it was computed from.
        generation: Option<i64>,
        /// Its conditions.
        conditions: Vec<Condition>,
        /// See [`crate::kinds::Status`].
        clusters: Vec<ClusterStatus>,
        /// See [`crate::kinds::Status`].
        answers: Vec<AnswerStatus>,
        /// What was found out of the cluster, of a `MemberCluster`; none of what is not known.
        found: Option<Found>,
    },
    /// Of KubeFed's: the whole of it.
    Kubefed(Value),
    /// Of KubeFed's where nothing is known: what stands there.
    AsItIs,
}

/// What the fleet knows of the names of each record.
#[derive(Debug, Default)]
pub struct Owners(BTreeMap<(String, String, String), Owned>);

#[derive(Debug, Default)]
struct Owned {
    names: Vec<Name>,
    clusters: BTreeMap<ClusterName, Offer>,
    /// The first of its names that is in no zone.
    zoneless: Option<Name>,
}

#[derive(Debug, Default)]
struct Offer {
    targets: BTreeSet<String>,
    is_ready: bool,
}

impl Owners {
    /// Looks through names of a fleet, whose snapshot this is. What is asked of an owner later is right when
    /// all its names are among them.
    #[must_use]
    pub fn of<'f>(names: impl Iterator<Item = (NameRef<'f>, NameView<'f>)>, snapshot: &Snapshot) -> Self {
        let mut owners: BTreeMap<(String, String, String), Owned> = BTreeMap::new();
        for (name, facts) in names {
            let owner = facts.owner();
            let key = (owner.kind.to_owned(), owner.namespace.to_owned(), owner.name.to_owned());
            let owned = owners.entry(key).or_default();
            if snapshot.zone_of(name).is_none() {
                owned.zoneless.get_or_insert_with(|| name.to_name());
            }
            owned.names.push(name.to_name());
            for endpoint in facts.endpoints.clone() {
                let Some(cluster) = endpoint.cluster else { continue };
                let offer = owned.clusters.entry(ClusterName::from(cluster)).or_default();
                offer.is_ready |= endpoint.evidence != Evidence::NotReady;
                offer.targets.extend(endpoint.targets.clone().map(target));
            }
        }
        Self(owners)
    }
}

fn target(target: TargetView<'_>) -> String {
    match target {
        TargetView::Address(address) => address.to_string(),
        TargetView::Host(name) => name.to_name().to_dotless(),
        TargetView::Record(rtype, data) => Present(rtype, data).to_string(),
    }
}

/// Problems by the object that they are of.
#[derive(Debug, Default)]
pub struct Faults {
    by_object: BTreeMap<String, Vec<Problem>>,
    /// The cluster whose objects have the statuses.
    here: String,
}

impl Faults {
    /// Sorts problems by their subjects, for the statuses of a cluster's objects.
    #[must_use]
    pub fn of(problems: Vec<Problem>, here: &str) -> Self {
        let mut faults: BTreeMap<String, Vec<Problem>> = BTreeMap::new();
        for problem in problems {
            let head = problem.subject.split(": ").next().unwrap_or_default();
            let object = head.split(" (").next().unwrap_or_default();
            match faults.get_mut(object) {
                Some(known) => known.push(problem),
                None => drop(faults.insert(object.to_owned(), vec![problem])),
            }
        }
        Self { by_object: faults, here: here.to_owned() }
    }

    /// The objects with a status of which something else is told there than here.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Vec<ObjectKey> {
        let (here, there) = (&self.by_object, &other.by_object);
        let there = there.keys().filter(|object| !here.contains_key(*object));
        let here = here.iter().filter(|(object, faults)| other.by_object.get(*object) != Some(faults));
        here.map(|(object, _)| object).chain(there).filter_map(|object| key_of(object)).collect()
    }

    /// What is wrong with an object, by its key.
    #[must_use]
    pub fn about(&self, object: &str) -> Vec<&Problem> {
        self.by_object.get(object).into_iter().flatten().collect()
    }

    /// True of what is wrong so that something of an object here was not taken. A copy that does not count is refused
    /// where it stands; elsewhere it is told of.
    fn refuses(&self, problem: &Problem) -> bool {
        let is_here = || problem.subject.contains(&format!(" ({})", self.here));
        is_refusal(problem) || (problem.reason == Reason::Disagreement && is_here())
    }
}

/// `GlobalName shop/web` as a key, of kinds whose objects get a status; `cluster eu-1` is told by its
/// MemberCluster.
fn key_of(object: &str) -> Option<ObjectKey> {
    let (kind, name) = object.split_once(' ')?;
    if kind == "cluster" {
        return Some(ObjectKey::new(Kind::MemberCluster, None, name));
    }
    let kind = KINDS.into_iter().find(|known| known.to_string() == kind)?;
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    Some(ObjectKey::new(kind, Some(namespace), name))
}

/// The object whose status tells of an owner's names; none of owners that get no status.
#[must_use]
pub fn told_by(owner: &OwnerView<'_>) -> Option<ObjectKey> {
    let kind = KINDS.into_iter().find(|known| known.to_string() == owner.kind)?;
    Some(ObjectKey::new(kind, Some(owner.namespace), owner.name))
}

/// The status of an object; none of kinds that get none.
#[must_use]
pub fn wanted(
    object: &Object,
    snapshot: &Snapshot,
    fleet: &Fleet,
    owners: &Owners,
    faults: &Faults,
) -> Option<Wanted> {
    let key = &object.key;
    let (all, faults) = (faults, faults.about(&key.to_string()));
    let owned = || {
        let key = (key.kind().to_string(), key.namespace().to_string(), key.name().to_string());
        owners.0.get(&key)
    };
    let ours = |generation, conditions| {
        let (clusters, answers, found) = (Vec::new(), Vec::new(), None);
        Some(Wanted::Ours { generation, conditions: with_ready(conditions), clusters, answers, found })
    };
    match &object.body {
        Body::GlobalName(name) => {
            let accepted = all.accepted(&faults);
            Some(global_name(name.metadata.generation, snapshot, owned(), &faults, accepted))
        }
        Body::Zone(zone) => ours(zone.metadata.generation, vec![all.accepted(&faults)]),
        Body::SteeringPolicy(policy) => ours(policy.metadata.generation, vec![all.accepted(&faults)]),
        Body::MemberCluster(member) => {
            let name = ClusterName(key.name().into());
            let known = fleet.clusters.get(&name);
            let reached = reached(known, &all.about(&format!("cluster {name}")));
            let mut wanted = ours(member.metadata.generation, vec![all.accepted(&faults), reached]);
            if let Some(Wanted::Ours { found, .. }) = &mut wanted {
                *found = known.map(|known| Found::of(&name, known));
            }
            wanted
        }
        Body::ServiceDnsRecord(record) => {
            let domain = domain_of(&record.spec.domain_ref, owned());
            Some(Wanted::Kubefed(json!({ "domain": domain, "dns": dns(fleet, owned(), true) })))
        }
        Body::IngressDnsRecord(_) => Some(Wanted::Kubefed(json!({ "dns": dns(fleet, owned(), false) }))),
        _ => None,
    }
}

/// The same of an object that its author left so that it is not understood: what is told is of that, though it stays
/// what it was before, if it was anything.
#[must_use]
pub fn with_refused(wanted: Option<Wanted>, refused: &Refused, faults: &Faults) -> Wanted {
    let is_kubefed = matches!(refused.key.kind(), Kind::ServiceDnsRecord | Kind::IngressDnsRecord);
    let (mut conditions, clusters, answers, found) = match wanted {
        Some(Wanted::Ours { conditions, clusters, answers, found, .. }) => {
            (conditions, clusters, answers, found)
        }
        Some(wanted) => return wanted,
        None if is_kubefed => return Wanted::AsItIs,
        None => (Vec::new(), Vec::new(), Vec::new(), None),
    };
    let accepted = faults.accepted(&faults.about(&refused.key.to_string()));
    let accepted = match accepted.is_true {
        // No more than so many problems are told of all objects of a kind.
        true => {
            no("Accepted", "Invalid", "a field has a wrong type, or a value that is not allowed".to_owned())
        }
        false => accepted,
    };
    conditions.retain(|condition| !matches!(condition.type_, "Accepted" | "Ready"));
    conditions.insert(0, accepted);
    let (generation, conditions) = (refused.generation, with_ready(conditions));
    Wanted::Ours { generation, conditions, clusters, answers, found }
}

// === Ours ===

fn global_name(
    generation: Option<i64>,
    snapshot: &Snapshot,
    owned: Option<&Owned>,
    faults: &[&Problem],
    accepted: Condition,
) -> Wanted {
    let nothing = Owned::default();
    let owned = owned.unwrap_or(&nothing);
    let of = |reason| faults.iter().find(|problem| problem.reason == reason);
    let has_offers = !owned.clusters.is_empty();
    let refused = of(Reason::NotAdmitted).or(of(Reason::Conflict));
    let resolved = match (has_offers, of(Reason::Incomplete)) {
        // Its last addresses, or the name itself, are answered.
        (true, _) if let Some(problem) = of(Reason::Unresolved) => {
            yes("Resolved", "HostUnresolved", problem.message.clone())
        }
        (true, _) => yes(
            "Resolved",
            "Resolved",
            counted(owned.clusters.len(), "cluster offers it", "clusters offer it"),
        ),
        (false, Some(problem)) => no("Resolved", "NotFound", problem.message.clone()),
        // What clusters offer was not looked for.
        (false, None) if let Some(problem) = refused => {
            no("Resolved", &problem.reason.to_string(), "no host of it is its own".to_owned())
        }
        (false, None) => no("Resolved", "NoAddress", "no cluster offers an address for it".to_owned()),
    };
    let ready = owned.clusters.values().filter(|offer| offer.is_ready).count();
    let healthy = match ready {
        0 if !has_offers => no("Healthy", "NoneReady", "no cluster offers it".to_owned()),
        0 => no("Healthy", "NoneReady", format!("nothing ready in any of {} clusters", owned.clusters.len())),
        ready => {
            let message = format!("ready in {ready} of {} clusters", owned.clusters.len());
            yes("Healthy", "Ready", message)
        }
    };
    let published = match (of(Reason::NoZone), &owned.zoneless) {
        // The Zone to apply stands in `Accepted`, with all that is wrong.
        (Some(_), zoneless) => {
            let name = zoneless.as_ref().map_or_else(|| "a host".to_owned(), ToString::to_string);
            let message = format!(
                "{name} is in no Zone, so this server does not answer for it; Accepted has a Zone to apply"
            );
            no("Published", "NoZone", message)
        }
        // The problem is told once for all that one missing zone could hold, and this name is not the first of them.
        (None, Some(name)) => {
            let message = format!("{name} is in no Zone, so this server does not answer for it");
            no("Published", "NoZone", message)
        }
        (None, None) if owned.names.is_empty() => {
            no("Published", "NoNames", "there is nothing to answer yet".to_owned())
        }
        (None, None) => {
            yes("Published", "Answered", counted(owned.names.len(), "name is answered", "names are answered"))
        }
    };
    let clusters = owned.clusters.iter().take(STATUS_CLUSTERS_MAX).map(|(name, offer)| ClusterStatus {
        name: name.to_string(),
        ready: offer.is_ready,
        targets: offer.targets.iter().take(STATUS_TARGETS_MAX).cloned().collect(),
    });
    let (clusters, answers) = (clusters.collect(), answers(snapshot, owned));
    let conditions = with_ready(vec![accepted, resolved, healthy, published]);
    Wanted::Ours { generation, conditions, clusters, answers, found: None }
}

fn answers(snapshot: &Snapshot, owned: &Owned) -> Vec<AnswerStatus> {
    let sets = owned.names.iter().flat_map(|name| {
        let answer = |set: portolan_core::answer::Projected| AnswerStatus {
            host: name.to_dotless(),
            rtype: set.rtype.to_string(),
            records: set
                .records
                .iter()
                .take(STATUS_TARGETS_MAX)
                .map(|data| Present(set.rtype, data.as_wire()).to_string())
                .collect(),
        };
        project(snapshot, name.borrowed()).into_iter().map(answer)
    });
    sets.take(STATUS_ANSWERS_MAX).collect()
}

impl Faults {
    /// Whether all that an object says was taken. What is taken and only looks like a mistake is told all the same.
    fn accepted(&self, faults: &[&Problem]) -> Condition {
        let refusals: Vec<_> = faults.iter().filter(|problem| self.refuses(problem)).collect();
        match refusals.first() {
            Some(first) => no("Accepted", &first.reason.to_string(), told(&refusals)),
            None if faults.is_empty() => yes("Accepted", "Accepted", String::new()),
            None => yes("Accepted", "Accepted", told(&faults.iter().collect::<Vec<_>>())),
        }
    }
}

/// True of what is wrong so that something of an object was not taken.
#[must_use]
pub fn is_refusal(problem: &Problem) -> bool {
    matches!(
        problem.reason,
        Reason::Invalid
            | Reason::NotAdmitted
            | Reason::Conflict
            | Reason::Duplicate
            | Reason::UnknownField
            | Reason::LimitReached
            | Reason::Loop
    )
}

/// Whether a cluster is followed, all of it, and if not why, as far as that is known.
fn reached(cluster: Option<&Cluster>, faults: &[&Problem]) -> Condition {
    const WHY: [Reason; 5] =
        [Reason::Unauthorized, Reason::Duplicate, Reason::Held, Reason::Unreadable, Reason::Silent];
    let why: Vec<_> = faults.iter().filter(|problem| WHY.contains(&problem.reason)).collect();
    let first = |but: &[Reason]| {
        let found = why.iter().find(|problem| !but.contains(&problem.reason));
        found.map(|problem| problem.reason.to_string())
    };
    let told = |otherwise: &str| if why.is_empty() { otherwise.to_owned() } else { told(&why) };
    match cluster {
        None => {
            let reason = first(&[Reason::Silent]).unwrap_or_else(|| "NeverReached".into());
            no("Reached", &reason, told("it was never read"))
        }
        // That nothing of it can be read needs no reason beside this one.
        Some(Cluster { silent_since: Some(_), .. }) => {
            let reason = first(&[Reason::Silent, Reason::Unreadable]).unwrap_or_else(|| "Silent".into());
            no("Reached", &reason, told("it is not heard from; what it last gave stays"))
        }
        // It is reached, and something of it cannot be read, is not believed, or not given: what is answered may be old.
        Some(_) if let Some(reason) = first(&[Reason::Silent]) => no("Reached", &reason, told("")),
        Some(_) => yes("Reached", "Reached", String::new()),
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// All problems, each as its field and message.
fn told(problems: &[&&Problem]) -> String {
    problems.iter().map(|problem| at_field(problem)).collect::<Vec<_>>().join("; ")
}

fn at_field(problem: &Problem) -> String {
    match problem.subject.split_once(": ") {
        Some((_, field)) => format!("{field}: {}", problem.message),
        None => problem.message.clone(),
    }
}

fn with_ready(mut conditions: Vec<Condition>) -> Vec<Condition> {
    let ready = match conditions.iter().find(|condition| !condition.is_true) {
        Some(first) => no("Ready", &first.reason, first.message.clone()),
        None => yes("Ready", "Ready", String::new()),
    };
    conditions.push(ready);
    for condition in &mut conditions {
        if let Some((end, _)) = condition.message.char_indices().nth(MESSAGE_CHARS_MAX) {
            condition.message.truncate(end);
        }
    }
    conditions
}

fn yes(type_: &'static str, reason: &str, message: String) -> Condition {
    Condition { type_, is_true: true, reason: reason.to_owned(), message }
}

fn no(type_: &'static str, reason: &str, message: String) -> Condition {
    Condition { type_, is_true: false, reason: reason.to_owned(), message }
}

// === KubeFed's ===

/// The suffix below which a record's names stand.
fn domain_of(domain_ref: &str, owned: Option<&Owned>) -> String {
    let marker = format!(".{domain_ref}.svc.");
    let shortest = owned.into_iter().flat_map(|owned| &owned.names).map(Name::to_dotless);
    let global = shortest.filter(|name| name.contains(&marker)).min_by_key(String::len);
    global.and_then(|name| Some(name.split_once(&marker)?.1.to_owned())).unwrap_or_default()
}

/// Each member with its load balancer; empty where nothing ready stands behind it.
fn dns(fleet: &Fleet, owned: Option<&Owned>, with_place: bool) -> Vec<Value> {
    let members = fleet.clusters.iter().filter(|(_, cluster)| cluster.state != ClusterState::Disabled);
    let entry = |(name, cluster): (&ClusterName, &Cluster)| {
        let offer = owned.and_then(|owned| owned.clusters.get(name)).filter(|offer| offer.is_ready);
        let ingress = |target: &String| match target.parse::<std::net::IpAddr>() {
            Ok(_) => json!({ "ip": target }),
            Err(_) => json!({ "hostname": target }),
        };
        let entries: Vec<Value> =
            offer.into_iter().flat_map(|offer| offer.targets.iter().map(ingress)).collect();
        let balancer = if entries.is_empty() { json!({}) } else { json!({ "ingress": entries }) };
        let mut entry = json!({ "cluster": name.to_string(), "loadBalancer": balancer });
        if with_place && let Value::Object(entry) = &mut entry {
            if let Some(region) = &cluster.region {
                entry.insert("region".into(), json!(region.to_string()));
            }
            if !cluster.zones.is_empty() {
                let zones: Vec<&str> = cluster.zones.iter().map(AsRef::as_ref).collect();
                entry.insert("zones".into(), json!(zones));
            }
        }
        entry
    };
    members.map(entry).collect()
}

// === What is there ===

/// Adds what stands there of clusters that were not read since the start: nothing is known of them, and nothing is
/// taken away. True when there is such.
pub fn spare(wanted: &mut Wanted, there: Option<&Value>, unread: &[ClusterName]) -> bool {
    let is_unread = |name: &Value| unread.iter().any(|unread| name == &*unread.0);
    let standing = |list: &str, name: &'static str| {
        let all = there.and_then(|there| there.get(list)?.as_array()).map_or(&[][..], Vec::as_slice);
        all.iter().filter(move |entry| is_unread(&entry[name]))
    };
    match wanted {
        Wanted::AsItIs => false,
        Wanted::Ours { found: Some(found), .. } => found.spare(there, unread),
        Wanted::Ours { clusters, .. } => {
            let before = clusters.len();
            for entry in standing("clusters", "name").filter(|entry| entry["targets"] != json!([])) {
                if let Ok(entry) = serde_json::from_value::<ClusterStatus>(entry.clone())
                    && clusters.len() < STATUS_CLUSTERS_MAX
                    && clusters.iter().all(|known| known.name != entry.name)
                {
                    clusters.push(entry);
                }
            }
            clusters.sort_by(|a, b| a.name.cmp(&b.name));
            clusters.len() > before
        }
        Wanted::Kubefed(status) => {
            let Some(dns) = status["dns"].as_array_mut() else { return false };
            let offers = |entry: &Value| entry["loadBalancer"]["ingress"].is_array();
            let mut is_spared = false;
            for entry in standing("dns", "cluster").filter(|entry| offers(entry)) {
                let known = dns.iter().position(|known| known["cluster"] == entry["cluster"]);
                match known.and_then(|place| dns.get_mut(place)) {
                    Some(known) if offers(known) => continue,
                    Some(known) => *known = entry.clone(),
                    None => dns.push(entry.clone()),
                }
                is_spared = true;
            }
            dns.sort_by(|a, b| a["cluster"].as_str().cmp(&b["cluster"].as_str()));
            is_spared
        }
    }
}

/// The status to write over the one that is there, at a time in RFC 3339; none when it says the same.
#[must_use]
pub fn over(wanted: &Wanted, there: Option<&Value>, now: &str) -> Option<Value> {
    let status = match wanted {
        Wanted::Kubefed(status) => status.clone(),
        Wanted::AsItIs => return None,
        Wanted::Ours { generation, conditions, clusters, answers, found } => {
            let known = there.and_then(|there| there.get("conditions")?.as_array());
            let condition = |condition: &Condition| {
                let status = if condition.is_true { "True" } else { "False" };
                let same = |known: &&Value| known["type"] == condition.type_ && known["status"] == status;
                let since = known.and_then(|all| all.iter().find(same)?.get("lastTransitionTime")?.as_str());
                json!({
                    "type": condition.type_, "status": status, "reason": condition.reason,
                    "message": condition.message, "lastTransitionTime": since.unwrap_or(now),
                    "observedGeneration": generation.unwrap_or_default(),
                })
            };
            let conditions: Vec<Value> = conditions.iter().map(condition).collect();
            let mut status = json!({ "conditions": conditions });
            if let Value::Object(status) = &mut status {
                status.extend(generation.map(|generation| ("observedGeneration".into(), json!(generation))));
                for (field, value) in [("clusters", json!(clusters)), ("answers", json!(answers))] {
                    if value.as_array().is_some_and(|items| !items.is_empty()) {
                        status.insert(field.into(), value);
                    }
                }
                found::write(found.as_ref(), there, status);
            }
            status
        }
    };
    (there != Some(&status)).then_some(status)
}

/// The kinds whose objects get a status.
const KINDS: [Kind; 6] = [
    Kind::Zone,
    Kind::GlobalName,
    Kind::SteeringPolicy,
    Kind::MemberCluster,
    Kind::ServiceDnsRecord,
    Kind::IngressDnsRecord,
];

/// True of kinds whose objects get a status.
#[must_use]
pub fn has_status(kind: Kind) -> bool {
    KINDS.contains(&kind)
}

/// Which object of its name this is, of those made one after the other.
#[must_use]
pub fn uid(object: &Object) -> Option<&str> {
    let metadata = match &object.body {
        Body::Zone(object) => &object.metadata,
        Body::GlobalName(object) => &object.metadata,
        Body::SteeringPolicy(object) => &object.metadata,
        Body::MemberCluster(object) => &object.metadata,
        Body::ServiceDnsRecord(object) => &object.metadata,
        Body::IngressDnsRecord(object) => &object.metadata,
        _ => return None,
    };
    metadata.uid.as_deref()
}

#[cfg(test)]
mod tests;
