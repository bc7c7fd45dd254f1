//! OpenShift's Routes: the host that a router admitted leads to the router's own name.

use portolan_core::Reason;
use portolan_core::fleet::Evidence;

use super::endpoint::Endpoint;
use super::scene::Scene;
use crate::gateway_api::Condition;
use crate::openshift::{Route, RouteIngress};

/// The records of a Route. The host is that of the status: one that is not admitted has none, whatever its
/// spec and its `target` say.
pub(super) fn endpoints(scene: &mut Scene<'_, '_>, route: &Route) -> Vec<Endpoint> {
    let common = scene.common();
    let admitted = admitted(scene, route);
    let mut targets = scene.annotations.targets(scene.faults);
    if targets.is_empty() {
        targets.extend(admitted.map(|ingress| ingress.router_canonical_hostname.clone()));
    }
    let mut hosts: Vec<String> = admitted.map(|ingress| ingress.host.clone()).into_iter().collect();
    hosts.retain(|host| !host.is_empty());
    if !scene.options.ignore_hostname_annotation {
        hosts.extend(scene.annotations.hosts("hostname", scene.faults));
    }
    if admitted.is_none() && route.spec.host.as_ref().is_some_and(|host| !host.is_empty()) {
        let by = match &*scene.options.openshift_router_name {
            "" => "any router that has a canonical host name".to_owned(),
            name => format!("router {name:?} with a canonical host name"),
        };
        scene.faults.add("status.ingress", Reason::Incomplete, format!("is not admitted by {by}"));
    }
    let of = |scene: &mut Scene<'_, '_>, hosts: Vec<String>| {
        let hosts = scene.hold(hosts, targets.len());
        scene.want(&hosts);
        hosts.iter().flat_map(|host| common.of_host(host, &targets, Evidence::None)).collect::<Vec<_>>()
    };
    let endpoints = of(scene, hosts);
    scene.combine(endpoints, |scene| {
        let hosts = scene.templated();
        of(scene, hosts)
    })
}

/// What became of the Route at the first router that admitted it, or at the one that is named.
fn admitted<'r>(scene: &Scene<'_, '_>, route: &'r Route) -> Option<&'r RouteIngress> {
    let name = &scene.options.openshift_router_name;
    let counts = |ingress: &&RouteIngress| {
        Condition::is_true(&ingress.conditions, "Admitted")
            && !ingress.router_canonical_hostname.is_empty()
            && (name.is_empty() || ingress.router_name == *name)
    };
    route.status.ingress.iter().find(counts)
}
