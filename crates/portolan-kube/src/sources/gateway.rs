//! Gateway API's routes: their host names, as far as listeners of a gateway that accepted them take them, lead
//! to the gateway's addresses.
//!
//! The `parentRef` of the route's *status* says which listeners count; that of its spec only which gateways.
//! Annotations stand on the route, but for `target`, which stands on the Gateway or ListenerSet.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::Reason;
use portolan_core::fleet::Evidence;

use super::endpoint::{Endpoint, suitable_type};
use super::faults::shown;
use super::listeners::Parent;
use super::scene::Scene;
use crate::gateway_api::{Condition, GROUP, Listener, ParentReference, ParentStatus, Route};
use crate::object::{Kind, ObjectKey};

/// Longest host name that is one, in characters, and longest label.
const HOST_OCTETS_MAX: usize = 255;
const LABEL_OCTETS_MAX: usize = 63;

/// Most statuses of gateways that count of one route; Gateway API allows 32.
const PARENTS_MAX: usize = 64;

/// The records of a route.
pub(super) fn endpoints(scene: &mut Scene<'_, '_>, route: &Route) -> Vec<Endpoint> {
    let wanted = hosts(scene, route);
    let wanted = scene.hold(wanted, 1);
    let statuses = &route.status.parents;
    if statuses.len() > PARENTS_MAX {
        let message = format!("{} items; those after the first {PARENTS_MAX} are left out", statuses.len());
        scene.faults.add("status.parents", Reason::LimitReached, message);
    }
    let mut parents = Vec::new();
    // Of each host the parents that take it.
    let mut taken: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for status in statuses.iter().take(PARENTS_MAX) {
        let Some(parent) = parent(scene, route, status) else { continue };
        for listener in parent.listeners(status.parent_ref.section_name.as_deref()) {
            if !takes(scene, &parent, listener, &status.parent_ref) {
                continue;
            }
            let own = listener.hostname.as_deref().unwrap_or_default();
            let both = wanted.iter().filter(|host| !(own.is_empty() && host.is_empty()));
            for host in both.filter_map(|host| overlap(own, host)) {
                taken.entry(host).or_default().insert(parents.len());
            }
        }
        parents.push(parent);
    }
    let is_accepted = |status: &ParentStatus| Condition::is_true(&status.conditions, "Accepted");
    if !route.spec.parent_refs.is_empty() && !statuses.iter().any(is_accepted) {
        let message = "no Gateway has accepted it, so it has no address";
        scene.faults.add("status.parents", Reason::Incomplete, message);
    }
    records(scene, &parents, &taken)
}

/// The records of hosts: where the parents are reached that take them.
fn records(
    scene: &mut Scene<'_, '_>,
    parents: &[Parent<'_>],
    taken: &BTreeMap<String, BTreeSet<usize>>,
) -> Vec<Endpoint> {
    let common = scene.common();
    let all = parents.iter().map(|parent| parent.targets.len()).sum();
    let hosts = scene.hold(taken.keys().cloned().collect(), all);
    scene.want(&hosts);
    let mut endpoints = Vec::new();
    for host in hosts {
        let parents = taken.get(&host).into_iter().flatten().filter_map(|at| parents.get(*at));
        let targets: Vec<String> = parents.flat_map(|parent| &parent.targets).cloned().collect();
        endpoints.extend(common.of_host(&host, &targets, Evidence::None));
    }
    endpoints
}

/// The hosts that a route wants; an empty one is whatever its listeners have.
fn hosts(scene: &mut Scene<'_, '_>, route: &Route) -> Vec<String> {
    let named = &route.spec.hostnames;
    let mut hosts = named.clone();
    if !scene.options.fqdn_template.is_empty() && (named.is_empty() || scene.options.combine_fqdn_annotation)
    {
        hosts.extend(scene.templated());
    }
    let annotated = |scene: &mut Scene<'_, '_>| match scene.options.ignore_hostname_annotation {
        true => Vec::new(),
        false => scene.annotations.hosts("hostname", scene.faults),
    };
    match scene.annotations.get("gateway-hostname-source").map(str::to_lowercase).as_deref() {
        Some("annotation-only") => return annotated(scene),
        Some("defined-hosts-only") => return hosts,
        Some(other) => {
            let other = shown(other);
            let message = format!("{other} is neither annotation-only nor defined-hosts-only; both count");
            scene.faults.add("metadata.annotations[gateway-hostname-source]", Reason::Invalid, message);
        }
        None => {}
    }
    if named.is_empty() {
        hosts.push(String::new());
    }
    hosts.extend(annotated(scene));
    hosts
}

/// The gateway, or listener set, of a status that has accepted the route; none that is not asked for.
fn parent<'a>(scene: &mut Scene<'_, 'a>, route: &Route, status: &ParentStatus) -> Option<Parent<'a>> {
    let own = scene.object.key.namespace();
    let reference = &status.parent_ref;
    let id = |reference: &ParentReference| {
        let [group, kind, namespace] = parts(reference, own).map(ToOwned::to_owned);
        (group, kind, namespace, reference.name.clone())
    };
    let is_wanted = route.spec.parent_refs.iter().any(|wanted| id(wanted) == id(reference));
    if !is_wanted || !Condition::is_true(&status.conditions, "Accepted") {
        return None;
    }
    let [group, kind, namespace] = parts(reference, own);
    let kind = match (group, kind) {
        (GROUP, "Gateway") => Kind::Gateway,
        (GROUP, "ListenerSet") if scene.options.gateway_listener_sets => Kind::ListenerSet,
        _ => return None,
    };
    let key = ObjectKey::of(kind, namespace, &reference.name);
    Parent::find(scene, &key)
}

/// Group, kind and namespace of a reference, with what is meant where nothing is said.
fn parts<'r>(reference: &'r ParentReference, own: &'r str) -> [&'r str; 3] {
    let or = |said: &'r Option<String>, meant: &'r str| {
        said.as_deref().filter(|text| !text.is_empty()).unwrap_or(meant)
    };
    [or(&reference.group, GROUP), or(&reference.kind, "Gateway"), or(&reference.namespace, own)]
}

/// True when a listener takes routes of this kind, from this namespace, at the port that is asked for.
fn takes(
    scene: &mut Scene<'_, '_>,
    parent: &Parent<'_>,
    listener: &Listener,
    reference: &ParentReference,
) -> bool {
    let kind = scene.object.key.kind();
    let is_port = reference.port.is_none_or(|port| port == listener.port);
    is_port
        && fits(kind, &listener.protocol)
        && is_allowed_kind(kind, listener)
        && is_allowed(scene, parent, listener)
}

/// True when routes of a kind go with a protocol.
fn fits(kind: Kind, protocol: &str) -> bool {
    match kind {
        Kind::HttpRoute | Kind::GrpcRoute => ["HTTP", "HTTPS"].contains(&protocol),
        Kind::TlsRoute => protocol == "TLS",
        Kind::TcpRoute => ["TCP", "TLS"].contains(&protocol),
        _ => protocol == "UDP",
    }
}

fn is_allowed_kind(kind: Kind, listener: &Listener) -> bool {
    let kinds = listener.allowed_routes.as_ref().map_or(&[][..], |allowed| &allowed.kinds);
    let is_it = |allowed: &crate::gateway_api::GroupKind| {
        let group = allowed.group.as_deref().filter(|text| !text.is_empty()).unwrap_or(GROUP);
        group == GROUP && allowed.kind == kind.to_string()
    };
    kinds.is_empty() || kinds.iter().any(is_it)
}

fn is_allowed(scene: &mut Scene<'_, '_>, parent: &Parent<'_>, listener: &Listener) -> bool {
    let namespaces = listener.allowed_routes.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
    let from = namespaces.and_then(|namespaces| namespaces.from.as_deref()).unwrap_or("Same");
    let own = scene.object.key.namespace();
    match from {
        "All" => true,
        "Same" => *parent.namespace == *own,
        "Selector" => super::listeners::selects(scene, namespaces, own),
        _ => false,
    }
}

/// The more special of two host names of which one takes the other, in lower case; an empty one takes all. `*.`
/// stands for any number of labels.
fn overlap(a: &str, b: &str) -> Option<String> {
    let (a, b) = (canonical(a)?, canonical(b)?);
    if a.is_empty() {
        return Some(b);
    }
    if b.is_empty() || a == b {
        return Some(a);
    }
    let is_b_first = b.len() < a.len() || (b.len() == a.len() && b.starts_with("*."));
    let (wide, narrow) = if is_b_first { (b, a) } else { (a, b) };
    let end = wide.strip_prefix('*').filter(|end| end.starts_with('.'))?;
    narrow.ends_with(end).then(|| narrow.clone())
}

/// A host name in lower case; none that breaks RFC 1123, which forbids the underscore too.
fn canonical(host: &str) -> Option<String> {
    let is_alphanumeric = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
    let is_label = |label: &str| {
        let octets = label.as_bytes();
        (1..=LABEL_OCTETS_MAX).contains(&octets.len())
            && is_alphanumeric(octets.first())
            && is_alphanumeric(octets.last())
            && octets.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
    };
    if host.is_empty() {
        return Some(String::new());
    }
    let plain = host.strip_prefix("*.").unwrap_or(host);
    // One dot at the end passes, as with External-DNS.
    let labels = plain.strip_suffix('.').unwrap_or(plain);
    let is_name = suitable_type(host) == portolan_core::RecordType::CNAME
        && plain.len() <= HOST_OCTETS_MAX
        && labels.split('.').all(is_label);
    is_name.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
