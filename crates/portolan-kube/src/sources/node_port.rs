//! Services that are a port of every Node: the name is the Nodes', and an SRV record says which port.

use std::collections::BTreeMap;

use portolan_core::RecordType;
use portolan_core::fleet::Evidence;

use super::endpoint::{Common, suitable_type};
use super::headless::node_of;
use super::{Endpoint, Scene, Selector};
use crate::object::{Body, Kind};
use crate::workload::{NodeSource, Pod, ServiceSource};

/// Priority and weight of the SRV records, which External-DNS makes up (RFC 2782).
const PRIORITY_AND_WEIGHT: &str = "0 50";

/// The addresses of the Nodes that lead to a Service.
pub(super) fn targets(scene: &mut Scene<'_, '_>, service: &ServiceSource) -> Vec<String> {
    let nodes = if service.is_local { with_pods(scene, service) } else { all(scene) };
    let (mut external, mut internal, mut ipv6) = (Vec::new(), Vec::new(), Vec::new());
    for node in nodes {
        if node.is_unschedulable && scene.options.exclude_unschedulable {
            continue;
        }
        for address in &node.addresses {
            let text = || String::from(address.address.as_ref());
            match &*address.kind {
                "ExternalIP" => external.push(text()),
                "InternalIP" => {
                    internal.push(text());
                    ipv6.extend((suitable_type(&address.address) == RecordType::AAAA).then(text));
                }
                _ => {}
            }
        }
    }
    let is_public = match scene.annotations.get("access") {
        Some("public") => true,
        Some("private") => false,
        _ => !external.is_empty(),
    };
    if !is_public {
        return internal;
    }
    if scene.options.expose_internal_ipv6 {
        external.extend(ipv6);
    }
    external
}

/// An SRV record for each port, whether or not there is a Node.
pub(super) fn ports(
    scene: &Scene<'_, '_>,
    service: &ServiceSource,
    host: &str,
    common: &Common,
    evidence: Evidence,
) -> Vec<Endpoint> {
    let of_port = |port: &crate::workload::ServicePort| {
        let protocol =
            if port.protocol.is_empty() { "tcp".into() } else { port.protocol.to_ascii_lowercase() };
        let name = format!("_{}._{protocol}.{host}", scene.object.key.name);
        let target = format!("{PRIORITY_AND_WEIGHT} {} {host}.", port.node_port);
        common.endpoint(&name, RecordType::SRV, vec![target], evidence)
    };
    service.ports.iter().filter(|port| port.node_port > 0).map(of_port).collect()
}

fn all<'a>(scene: &mut Scene<'_, 'a>) -> Vec<&'a NodeSource> {
    let nodes = scene.view.list(Kind::Node, "").into_iter();
    let source = |body: &'a Body| if let Body::Node(node) = body { node.source.as_deref() } else { None };
    nodes.filter_map(|object| source(&object.body)).collect()
}

/// The Nodes that run pods of the Service, those with the best pods alone: ready ones before ready ones that
/// end, and these before others that run.
fn with_pods<'a>(scene: &mut Scene<'_, 'a>, service: &ServiceSource) -> Vec<&'a NodeSource> {
    let selector = Selector::of_map(service.selector.iter());
    let mut best: BTreeMap<&str, u8> = BTreeMap::new();
    for object in scene.view.list(Kind::Pod, &scene.object.key.namespace) {
        let Body::Pod(pod) = &object.body else { continue };
        if pod.is_running && selector.takes(&pod.meta.labels) && node_of(scene, &pod.node).is_some() {
            let known = best.entry(&pod.node).or_default();
            *known = (*known).max(rank(pod));
        }
    }
    let most = best.values().copied().max().unwrap_or_default();
    let names = best.into_iter().filter(|(_, rank)| *rank == most).map(|(name, _)| name);
    names.filter_map(|name| node_of(scene, name)).collect()
}

fn rank(pod: &Pod) -> u8 {
    match (pod.is_ready, pod.is_terminating) {
        (true, false) => 3,
        (true, true) => 2,
        (false, _) => 1,
    }
}
