//! Services without an address of their own: the name is the pods', and each pod that has a host name has one
//! below it.

use std::collections::BTreeMap;

use portolan_core::RecordType;
use portolan_core::fleet::Evidence;

use super::annotations::Annotations;
use super::endpoint::{Common, suitable_type};
use super::{Endpoint, Scene, Selector};
use crate::object::{Body, Kind, ObjectKey};
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

/// The records of a name: what the pods behind it are reached by.
pub(super) fn endpoints(
    scene: &mut Scene<'_, '_>,
    key: &ObjectKey,
    service: &ServiceSource,
    host: &str,
    common: &Common,
) -> Vec<Endpoint> {
    let selector = Selector::of_map(service.selector.iter());
    let addresses = match scene.annotations.get("endpoints-type") {
        Some("NodeExternalIP") => Addresses::NodeExternal,
        Some("HostIP") => Addresses::Host,
        _ if scene.options.publish_host_ip => Addresses::Host,
        _ => Addresses::Pod,
    };
    let takes_unready = service.publishes_not_ready || scene.options.always_publish_not_ready_addresses;
    let mut found: BTreeMap<(String, RecordType), (Vec<String>, bool)> = BTreeMap::new();
    for slice in scene.view.slices(key) {
        for endpoint in &slice.endpoints {
            let is_published = endpoint.is_ready || takes_unready;
            if !is_published || (addresses == Addresses::Pod && !endpoint.is_ip) {
                continue;
            }
            let pod =
                ObjectKey { kind: Kind::Pod, namespace: key.namespace.clone(), name: (*endpoint.pod).into() };
            let Some(Body::Pod(pod)) = scene.view.get(&pod).map(|object| &object.body) else { continue };
            if !selector.takes(&pod.meta.labels) {
                continue;
            }
            let targets = targets(scene, addresses, pod, endpoint);
            let own = (!pod.hostname.is_empty()).then(|| format!("{}.{host}", pod.hostname));
            for name in std::iter::once(host.to_owned()).chain(own) {
                for target in targets.iter().filter(|target| !target.is_empty()) {
                    let set = found.entry((name.clone(), suitable_type(target))).or_default();
                    set.0.push(target.clone());
                    set.1 |= endpoint.is_ready;
                }
            }
        }
    }
    let set = |((name, rtype), (targets, is_ready)): ((String, RecordType), (Vec<String>, bool))| {
        // Pods that are not ready are there because somebody wants them to be.
        let evidence = if is_ready { Evidence::Ready } else { Evidence::Allowed };
        common.endpoint(&name, rtype, targets, evidence)
    };
    found.into_iter().map(set).collect()
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
    let key = ObjectKey { kind: Kind::Node, namespace: "".into(), name: name.into() };
    match &scene.view.get(&key)?.body {
        Body::Node(node) => node.source.as_deref(),
        _ => None,
    }
}
