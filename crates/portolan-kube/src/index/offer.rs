//! What a cluster offers: the addresses of a load balancer, and whether something stands behind it.

use std::net::IpAddr;

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::{Endpoint, Evidence, TARGETS_MAX, suspect_address, unusable_address};
use portolan_core::{Name, Problem, Reason, Target};

use super::backing::Backing;
use super::draft::{Draft, placed, subject};
use super::resolved::Hosts;
use super::source::{Source, service_key};
use super::world::World;
use crate::kinds::{Backend, BackendKind, GlobalName};
use crate::manifest::Located;
use crate::object::{Body, Kind, ObjectKey};
use crate::settle;
use crate::{hosts, ingress};

/// Most problems of one load balancer's status that are told; a status may list thousands of addresses.
const PROBLEMS_MAX: usize = 16;

/// Which of a Service's addresses are offered, and when.
#[derive(Clone, Copy)]
pub(super) struct ServiceRule {
    /// Ready without a ready endpoint.
    pub(super) allow_without_endpoints: bool,
    /// `spec.externalIPs` count beside the load balancer's; not for KubeFed's kinds.
    pub(super) external_ips: bool,
}

/// Names for Services and Ingresses of the object's namespace: each host is offered by each backend of
/// each cluster.
pub(super) fn global_name(draft: &mut Draft<'_>, object: &GlobalName, world: World<'_>) {
    let (settled, problems) = settle::global_name(object);
    draft.problems.extend(placed(problems, &draft.held));
    draft.ttl = settled.ttl;
    draft.policy = settled.policy;
    let rule =
        ServiceRule { allow_without_endpoints: settled.allow_service_without_endpoints, external_ips: true };
    for host in &settled.hosts {
        draft.name(host.clone(), None);
    }
    for backend in settled.backends {
        let key = ObjectKey::of(backend.kind, draft.held.key.namespace(), &backend.name);
        let mut backing = Backing::of(&key);
        for (cluster, source) in world.objects.clusters() {
            let Some(located) = backing.look(cluster, source) else { continue };
            if backend.kind == Kind::Service {
                let Some(offer) = service(draft, cluster, source, located, rule, world.hosts) else {
                    continue;
                };
                backing.found();
                for host in &settled.hosts {
                    draft.offer(host, offer.clone());
                }
            } else if ingress_hosts(draft, cluster, source, located, &settled.hosts, world.hosts) {
                backing.found();
            }
        }
        backing.judge(draft, field_of(object, &key), world);
        draft.uses.insert(key);
    }
}

/// The field that names a backend.
fn field_of(object: &GlobalName, key: &ObjectKey) -> Option<String> {
    let is_kind = |said: &BackendKind| match said {
        BackendKind::Service => key.kind() == Kind::Service,
        BackendKind::Ingress => key.kind() == Kind::Ingress,
        BackendKind::Other(_) => false,
    };
    let is_it = |said: &Backend| said.name == *key.name() && is_kind(&said.kind);
    object.spec.backends.iter().position(is_it).map(|i| format!("spec.backends[{i}].name"))
}

/// What a cluster's Service, which stands at `located`, offers; none without an address.
pub(super) fn service(
    draft: &mut Draft<'_>,
    cluster: &ClusterName,
    source: &Source,
    located: &Located,
    rule: ServiceRule,
    resolved: &Hosts,
) -> Option<Endpoint> {
    let Body::Service(object) = &located.object.body else { return None };
    let external = object.external_ips.iter().map(|ip| &**ip).filter(|_| rule.external_ips);
    let about = About { cluster, located };
    let targets = targets(draft, object.balancer.all().chain(external), &about, resolved);
    let evidence = match source.readiness_of(&located.object.key, Some(&located.object.body)) {
        Evidence::NotReady if rule.allow_without_endpoints => Evidence::Allowed,
        evidence => evidence,
    };
    endpoint(cluster, targets, evidence)
}

/// Adds what a cluster's Ingress offers for each host; true when it has an address.
pub(super) fn ingress_hosts<'h>(
    draft: &mut Draft<'_>,
    cluster: &ClusterName,
    source: &Source,
    located: &Located,
    hosts: impl IntoIterator<Item = &'h Name>,
    resolved: &Hosts,
) -> bool {
    let key = &located.object.key;
    let Body::Ingress(object) = &located.object.body else { return false };
    let targets = targets(draft, object.balancer.all(), &About { cluster, located }, resolved);
    let routes =
        ingress::Routes::of(object, |service| source.readiness(&service_key(key.namespace(), service)));
    let mut unruled = Vec::new();
    for host in hosts {
        if !routes.has_rule(host) {
            unruled.push(host.clone());
        }
        if let Some(offer) = endpoint(cluster, targets.clone(), routes.evidence(host)) {
            draft.offer(host, offer);
        }
    }
    if !unruled.is_empty() {
        draft.unruled.entry((key.clone(), unruled)).or_default().push(cluster.clone());
    }
    !targets.is_empty()
}

fn endpoint(cluster: &ClusterName, targets: Vec<Target>, evidence: Evidence) -> Option<Endpoint> {
    let cluster = Some(cluster.clone());
    (!targets.is_empty()).then_some(Endpoint { cluster, targets, evidence, weight: None, ttl: None })
}

/// Whose status is read.
struct About<'a> {
    cluster: &'a ClusterName,
    located: &'a Located,
}

impl About<'_> {
    fn subject(&self) -> String {
        subject(&self.located.object.key, self.cluster)
    }
}

/// The targets that a load balancer's status has, host names resolved, sorted, each once, no more than
/// [`TARGETS_MAX`].
fn targets<'t>(
    draft: &mut Draft<'_>,
    texts: impl Iterator<Item = &'t str>,
    about: &About<'_>,
    resolved: &Hosts,
) -> Vec<Target> {
    let mut faults = Vec::new();
    let mut targets = Vec::new();
    for text in texts {
        match target(text, &mut faults) {
            Some(Target::Host(host)) => {
                draft.want_host(&host, resolved, || about.subject());
                targets.extend(resolved.targets(host, &mut faults));
            }
            other => targets.extend(other),
        }
    }
    targets.sort_unstable();
    targets.dedup();
    let more = faults.len().saturating_sub(PROBLEMS_MAX);
    faults.truncate(PROBLEMS_MAX);
    if more > 0 {
        faults.push((Reason::LimitReached, format!("{more} more problems are not listed")));
    }
    if targets.len() > TARGETS_MAX {
        let message =
            format!("has {} targets; those after the first {TARGETS_MAX} are left out", targets.len());
        faults.push((Reason::LimitReached, message));
        targets.truncate(TARGETS_MAX);
    }
    let subject = || format!("{}: status.loadBalancer.ingress", about.subject());
    draft.problems.extend(faults.into_iter().map(|(reason, message)| Problem {
        subject: subject(),
        reason,
        message,
        place: about.located.place.to_string(),
    }));
    targets
}

fn target(text: &str, faults: &mut Vec<(Reason, String)>) -> Option<Target> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return address_target(address, faults);
    }
    // No top-level domain is a number (RFC 3696 section 2), so this was meant as an address.
    if text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.') {
        faults.push((Reason::TargetSkipped, format!("target {text:?} is left out: it is not an IP address")));
        return None;
    }
    match hosts::plain_host(text) {
        Ok(host) => Some(Target::Host(host)),
        Err(rule) => {
            faults.push((Reason::TargetSkipped, format!("target {text:?} is left out: {rule}")));
            None
        }
    }
}

/// An address that may be served, mapped IPv4 as IPv4.
pub(crate) fn address_target(address: IpAddr, faults: &mut Vec<(Reason, String)>) -> Option<Target> {
    let address = address.to_canonical();
    if let Some(why) = unusable_address(address) {
        faults.push((Reason::TargetSkipped, format!("target {address} is left out: it {why}")));
        return None;
    }
    if let Some(why) = suspect_address(address) {
        faults.push((Reason::TargetSuspect, format!("target {why}; it is served all the same")));
    }
    Some(Target::Address(address))
}
