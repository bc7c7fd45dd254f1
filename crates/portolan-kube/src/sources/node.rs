//! Nodes: each has its own name, or those that templates give it.

use portolan_core::fleet::Evidence;
use portolan_core::{Reason, RecordType};

use super::endpoint::{Common, Endpoint, suitable_type};
use super::room::TARGETS_MAX;
use super::scene::Scene;
use crate::workload::{Node, NodeSource};

/// The records of a Node. Its annotations are no properties of them, as in External-DNS.
pub(super) fn endpoints(scene: &mut Scene<'_, '_>, node: &Node) -> Vec<Endpoint> {
    let Some(source) = node.source.as_deref() else { return Vec::new() };
    if source.is_unschedulable && scene.options.exclude_unschedulable {
        return Vec::new();
    }
    let common = Common { ttl: scene.annotations.ttl(scene.faults), ..Common::default() };
    let mut targets = scene.annotations.targets(scene.faults);
    if targets.is_empty() {
        targets = addresses(scene, source);
    }
    let of = |scene: &mut Scene<'_, '_>, hosts: Vec<String>| {
        let hosts = scene.hold(hosts, targets.len());
        scene.want(&hosts);
        hosts.iter().flat_map(|host| common.of_host(host, &targets, Evidence::None)).collect::<Vec<_>>()
    };
    let is_named = !scene.options.has_templates() || scene.options.combine_fqdn_annotation;
    let own = is_named.then(|| String::from(scene.object.key.name()));
    let endpoints = of(scene, own.into_iter().collect());
    let endpoints = scene.combine(endpoints, Scene::paired);
    scene.combine(endpoints, |scene| {
        let hosts = scene.templated();
        of(scene, hosts)
    })
}

/// The addresses outside, else those inside. External-DNS ends its sync when there is none.
fn addresses(scene: &mut Scene<'_, '_>, node: &NodeSource) -> Vec<String> {
    let of = |kind: &str| -> Vec<String> {
        let addresses = node.addresses.iter().filter(|address| &*address.kind == kind);
        addresses.map(|address| address.address.as_ref().into()).take(TARGETS_MAX).collect()
    };
    let (mut external, internal) = (of("ExternalIP"), of("InternalIP"));
    if external.is_empty() {
        if internal.is_empty() {
            scene.faults.add(
                "status.addresses",
                Reason::Incomplete,
                "has neither an ExternalIP nor an InternalIP",
            );
        }
        return internal;
    }
    if scene.options.expose_internal_ipv6 {
        external.extend(internal.into_iter().filter(|address| suitable_type(address) == RecordType::AAAA));
    }
    external
}
