//! Services without an address of their own: the name is the pods', and each pod that has a host name has one
//! below it.
//!
//! External-DNS leaves out a pod that is not ready. Here it stays, and is filtered when a question is answered:
//! readiness is a verdict, and the last pod of a name is not taken away by it.

use std::collections::BTreeMap;

use portolan_core::fleet::Evidence;
use portolan_core::{Reason, RecordType};

use super::annotations::Annotations;
use super::endpoint::{Common, Endpoint, suitable_type};
use super::room::TARGETS_MAX;
use super::scene::Scene;
use crate::object::{Body, Kind, ObjectKey};
use crate::selector::Selector;
use crate::workload::{NodeSource, Pod, ServiceSource, ServiceType, SliceEndpoint};

/// Which addresses a pod is published with.
#[derive(Clone, Copy, PartialEq)]
enum Addresses {
    /// Its own.
    Pod,
    /// Its Node's, as its status has it.
    Host,
    /// Those of its Node that are outside.
    NodeExternal,
}

/// A pod behind a Service.
pub(super) struct Backing<'a> {
    /// Its label below the name; empty for none.
    label: &'a str,
    targets: Vec<String>,
    evidence: Evidence,
}

/// The pods behind a Service, as far as they have [`TARGETS_MAX`] targets together.
pub(super) fn pods<'a>(
    scene: &mut Scene<'_, 'a>,
    key: &ObjectKey,
    service: &ServiceSource,
) -> Vec<Backing<'a>> {
    let selector = Selector::of_map(service.selector.iter());
    let addresses = match scene.annotations.get("endpoints-type") {
        Some("NodeExternalIP") => Addresses::NodeExternal,
        Some("HostIP") => Addresses::Host,
        _ if scene.options.publish_host_ip => Addresses::Host,
        _ => Addresses::Pod,
    };
    // Pods that are not ready count where somebody wants them to.
    let takes_unready = service.publishes_not_ready || scene.options.always_publish_not_ready_addresses;
    let unready = if takes_unready { Evidence::Allowed } else { Evidence::NotReady };
    let (mut pods, mut room) = (Vec::new(), TARGETS_MAX);
    for slice in scene.view.slices(key) {
        for endpoint in &slice.endpoints {
            if addresses == Addresses::Pod && !endpoint.is_ip {
                continue;
            }
            let pod = ObjectKey::of(Kind::Pod, key.namespace(), &endpoint.pod);
            let Some(Body::Pod(pod)) = scene.view.get(&pod).map(|object| &object.body) else { continue };
            if !selector.takes(&pod.meta.labels) {
                continue;
            }
            let mut targets = targets(scene, addresses, pod, endpoint);
            targets.retain(|target| !target.is_empty());
            if targets.len() > room {
                let message =
                    format!("its pods have more than {TARGETS_MAX} targets; the others are left out");
                scene.faults.add("", Reason::LimitReached, message);
                return pods;
            }
            room -= targets.len();
            let evidence = if endpoint.is_ready { Evidence::Ready } else { unready };
            pods.push(Backing { label: &pod.hostname, targets, evidence });
        }
    }
    pods
}

/// How many records a name has of these pods: its own, and those of the names below it.
pub(super) fn size(pods: &[Backing<'_>]) -> usize {
    let of = |pod: &Backing<'_>| pod.targets.len() * if pod.label.is_empty() { 1 } else { 2 };
    pods.iter().map(of).sum()
}

/// The records of a name and of those below it: what the pods are reached by, ready and not ready apart.
pub(super) fn endpoints(pods: &[Backing<'_>], host: &str, common: &Common) -> Vec<Endpoint> {
    let mut found: BTreeMap<(&str, RecordType), BTreeMap<&str, Evidence>> = BTreeMap::new();
    for pod in pods {
        let own = Some(pod.label).filter(|label| !label.is_empty());
        for label in std::iter::once("").chain(own) {
            for target in &pod.targets {
                let targets = found.entry((label, suitable_type(target))).or_default();
                // Of a Node's address one ready pod is enough.
                let known = targets.entry(target).or_insert(pod.evidence);
                if pod.evidence == Evidence::Ready {
                    *known = pod.evidence;
                }
            }
        }
    }
    let mut endpoints = Vec::new();
    for ((label, rtype), targets) in found {
        let name = if label.is_empty() { host.to_owned() } else { format!("{label}.{host}") };
        for evidence in [Evidence::Ready, Evidence::Allowed, Evidence::NotReady] {
            let of = targets.iter().filter(|(_, known)| **known == evidence);
            let targets: Vec<String> = of.map(|(target, _)| (*target).to_owned()).collect();
            if !targets.is_empty() {
                endpoints.push(common.endpoint(&name, rtype, targets, evidence));
            }
        }
    }
    endpoints
}

/// What a pod is reached by; its own annotation counts before all.
fn targets(
    scene: &mut Scene<'_, '_>,
    addresses: Addresses,
    pod: &Pod,
    endpoint: &SliceEndpoint,
) -> Vec<String> {
    let annotations = Annotations::new(&pod.meta.annotations, &scene.options.annotation_prefixes);
    let named = annotations.targets(scene.faults);
    if !named.is_empty() {
        return named;
    }
    match addresses {
        Addresses::Pod => vec![endpoint.address.as_ref().into()],
        Addresses::Host => vec![pod.host_ip.as_ref().into()],
        Addresses::NodeExternal => external(scene, &pod.node),
    }
}

/// The addresses of a Node that are outside. External-DNS looks at no Nodes when Services of type NodePort are
/// filtered away.
fn external(scene: &mut Scene<'_, '_>, node: &str) -> Vec<String> {
    if !scene.options.takes_type(ServiceType::NodePort) {
        return Vec::new();
    }
    let Some(node) = node_of(scene, node) else { return Vec::new() };
    let exposes = scene.options.expose_internal_ipv6;
    let is_outside = |kind: &str, address: &str| {
        let is_exposed = exposes && kind == "InternalIP" && suitable_type(address) == RecordType::AAAA;
        kind == "ExternalIP" || is_exposed
    };
    let addresses = node.addresses.iter().filter(|a| is_outside(&a.kind, &a.address));
    addresses.map(|a| a.address.as_ref().into()).collect()
}

/// A Node of the cluster.
pub(super) fn node_of<'a>(scene: &mut Scene<'_, 'a>, name: &str) -> Option<&'a NodeSource> {
    let key = ObjectKey::of(Kind::Node, "", name);
    match &scene.view.get(&key)?.body {
        Body::Node(node) => node.source.as_deref(),
        _ => None,
    }
}
