//! Pods: names of their annotations lead to their Node or to themselves, and each may have one of its own.

use portolan_core::RecordType;
use portolan_core::fleet::Evidence;

use super::endpoint::{Common, Endpoint, suitable_type};
use super::headless::node_of;
use super::room::TARGETS_MAX;
use super::scene::Scene;
use crate::workload::Pod;

/// The records of a pod. Its annotations are no properties of them, as in External-DNS.
pub(super) fn endpoints(scene: &mut Scene<'_, '_>, pod: &Pod) -> Vec<Endpoint> {
    let common = Common { ttl: scene.annotations.ttl(scene.faults), ..Common::default() };
    let of = |scene: &mut Scene<'_, '_>, hosts: Vec<String>, targets: &[String]| {
        let hosts = scene.hold(hosts, targets.len());
        scene.want(&hosts);
        hosts.iter().flat_map(|host| common.of_host(host, targets, evidence(pod))).collect::<Vec<_>>()
    };
    let endpoints = annotated(scene, pod, &of);
    let endpoints = scene.combine(endpoints, Scene::paired);
    scene.combine(endpoints, |scene| {
        let ips = scene.few(pod.ips.iter().map(|ip| &**ip), "status.podIPs");
        let hosts = scene.templated();
        of(scene, hosts, &ips)
    })
}

fn annotated(
    scene: &mut Scene<'_, '_>,
    pod: &Pod,
    of: &impl Fn(&mut Scene<'_, '_>, Vec<String>, &[String]) -> Vec<Endpoint>,
) -> Vec<Endpoint> {
    if scene.options.ignore_non_host_network_pods && !pod.is_on_host_network {
        return Vec::new();
    }
    let named = scene.annotations.targets(scene.faults);
    let or_else = |others: Vec<String>| if named.is_empty() { others } else { named.clone() };
    let own = or_else(pod.ips.first().map(|ip| String::from(&**ip)).into_iter().collect());
    let hosts = scene.annotations.hosts("internal-hostname", scene.faults);
    let mut endpoints = of(scene, hosts, &own);
    let hosts = scene.annotations.hosts("hostname", scene.faults);
    if !hosts.is_empty() {
        let node = or_else(outside(scene, &pod.node));
        endpoints.extend(of(scene, hosts, &node));
    }
    if !scene.options.pod_source_domain.is_empty() {
        let host = format!("{}.{}", scene.object.key.name(), scene.options.pod_source_domain);
        endpoints.extend(of(scene, vec![host], &own));
    }
    endpoints
}

/// The addresses of a Node that are outside; an IPv6 address inside is one too, without any option.
fn outside(scene: &mut Scene<'_, '_>, node: &str) -> Vec<String> {
    let addresses = node_of(scene, node).into_iter().flat_map(|node| &node.addresses);
    let is_outside = |kind: &str, address: &str| {
        kind == "ExternalIP" || (kind == "InternalIP" && suitable_type(address) == RecordType::AAAA)
    };
    let outside = addresses.filter(|address| is_outside(&address.kind, &address.address));
    outside.map(|address| address.address.as_ref().into()).take(TARGETS_MAX).collect()
}

/// External-DNS publishes a pod whatever its condition; here one that is not ready is filtered when a question
/// is answered.
fn evidence(pod: &Pod) -> Evidence {
    if pod.is_ready { Evidence::Ready } else { Evidence::NotReady }
}
