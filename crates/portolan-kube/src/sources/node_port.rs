//! Services that are a port of every Node: the name is the Nodes', and an SRV record says which port.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::RecordType;
use portolan_core::fleet::Evidence;

use super::endpoint::{Common, Endpoint, suitable_type};
use super::headless::node_of;
use super::scene::Scene;
use crate::object::{Body, Kind};
use crate::workload::{NodeSource, Pod, ServiceSource};

/// Priority and weight of the SRV records, which External-DNS makes up (RFC 2782).
const PRIORITY_AND_WEIGHT: &str = "0 50";

/// The addresses of the Nodes that lead to a Service, apart by what is known of their readiness; `evidence` is
/// that of the Service.
pub(super) fn targets(
    scene: &mut Scene<'_, '_>,
    service: &ServiceSource,
    evidence: Evidence,
) -> Vec<(Vec<String>, Evidence)> {
    if !service.is_local {
        let nodes = all(scene);
        return vec![(addresses(scene, &nodes), evidence)];
    }
    let Local { best, others, is_ready } = with_pods(scene, service);
    let evidence = if is_ready { Evidence::Ready } else { Evidence::NotReady };
    let best = addresses(scene, &best);
    let mut others = addresses(scene, &others);
    let known: BTreeSet<&String> = best.iter().collect();
    others.retain(|address| !known.contains(address));
    vec![(best, evidence), (others, Evidence::NotReady)]
}

/// The addresses of Nodes that are outside, or where there are none, or these are not asked for, inside.
fn addresses(scene: &mut Scene<'_, '_>, nodes: &[&NodeSource]) -> Vec<String> {
    let (mut external, mut internal, mut ipv6) = (Vec::new(), Vec::new(), Vec::new());
    for node in nodes {
        if node.is_unschedulable && scene.options.exclude_unschedulable {
            continue;
        }
        for address in &node.addresses {
            match &*address.kind {
                "ExternalIP" => external.push(&*address.address),
                "InternalIP" => {
                    internal.push(&*address.address);
                    let is_ipv6 = suitable_type(&address.address) == RecordType::AAAA;
                    ipv6.extend(is_ipv6.then_some(&*address.address));
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
        return scene.few(internal.into_iter(), "");
    }
    if scene.options.expose_internal_ipv6 {
        external.extend(ipv6);
    }
    scene.few(external.into_iter(), "")
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
        let name = format!("_{}._{protocol}.{host}", scene.object.key.name());
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

/// The Nodes that run pods of a Service whose traffic stays on the Node.
struct Local<'a> {
    /// Those with the best pods, which are all that External-DNS takes.
    best: Vec<&'a NodeSource>,
    others: Vec<&'a NodeSource>,
    /// True when the best pods are ready.
    is_ready: bool,
}

/// The Nodes that run pods of the Service, by their pods: ready ones before ready ones that end, and these before
/// others that run.
fn with_pods<'a>(scene: &mut Scene<'_, 'a>, service: &ServiceSource) -> Local<'a> {
    let mut ranks: BTreeMap<&str, u8> = BTreeMap::new();
    for pod in scene.view.pods(scene.object.key.namespace(), &service.selector) {
        if pod.is_running && node_of(scene, &pod.node).is_some() {
            let known = ranks.entry(&pod.node).or_default();
            *known = (*known).max(rank(pod));
        }
    }
    let most = ranks.values().copied().max().unwrap_or_default();
    let mut local = Local { best: Vec::new(), others: Vec::new(), is_ready: most > NOT_READY };
    for (name, rank) in ranks {
        let nodes = if rank == most { &mut local.best } else { &mut local.others };
        nodes.extend(node_of(scene, name));
    }
    local
}

/// The rank of a pod that runs, and is not ready.
const NOT_READY: u8 = 1;

fn rank(pod: &Pod) -> u8 {
    match (pod.is_ready, pod.is_terminating) {
        (true, false) => 3,
        (true, true) => 2,
        (false, _) => NOT_READY,
    }
}
