//! Istio's Gateways and VirtualServices: their hosts lead to the Services before the gateway's pods, or to the
//! Ingress that an annotation names.

use portolan_core::Reason;
use portolan_core::fleet::Evidence;

use super::annotations::Annotations;
use super::endpoint::Common;
use super::{Endpoint, Scene, Selector};
use crate::istio::{Gateway, VirtualService};
use crate::object::{Body, Kind, ObjectKey};

/// All sidecars, which are no gateway.
const MESH: &str = "mesh";

/// The records of a Gateway.
pub(super) fn gateway(scene: &mut Scene<'_, '_>, gateway: &Gateway) -> Vec<Endpoint> {
    let common = Common::of(scene);
    let key = scene.object.key.clone();
    let targets = targets_of(scene, &key, gateway);
    let of = |host: &String| common.of_host(host, &targets, Evidence::None);
    let servers = gateway.spec.servers.iter().flat_map(|server| &server.hosts);
    let mut hosts: Vec<String> = servers.map(|host| without_namespace(host).to_owned()).collect();
    hosts.retain(|host| !host.is_empty() && host != "*");
    if !scene.options.ignore_hostname_annotation {
        hosts.extend(scene.annotations.hosts("hostname", scene.faults));
    }
    let endpoints = hosts.iter().flat_map(of).collect();
    scene.combine(endpoints, |scene| scene.templated().iter().flat_map(of).collect())
}

/// The records of a VirtualService: of each host what those of its gateways give that take the host.
pub(super) fn virtual_service(scene: &mut Scene<'_, '_>, service: &VirtualService) -> Vec<Endpoint> {
    let common = Common::of(scene);
    let named = scene.annotations.targets(scene.faults);
    let mut hosts: Vec<String> =
        service.spec.hosts.iter().map(|host| without_namespace(host).to_owned()).collect();
    hosts.retain(|host| !host.is_empty() && host != "*");
    if !scene.options.ignore_hostname_annotation {
        hosts.extend(scene.annotations.hosts("hostname", scene.faults));
    }
    let mut endpoints = Vec::new();
    for host in hosts {
        let targets = if named.is_empty() { through_gateways(scene, service, &host) } else { named.clone() };
        endpoints.extend(common.of_host(&host, &targets, Evidence::None));
    }
    scene.combine(endpoints, |scene| {
        let mut endpoints = Vec::new();
        for host in scene.templated() {
            let targets = through_gateways(scene, service, &host);
            endpoints.extend(common.of_host(&host, &targets, Evidence::None));
        }
        endpoints
    })
}

/// The host of `namespace/host`.
fn without_namespace(host: &str) -> &str {
    match host.split_once('/') {
        Some((_, host)) if !host.contains('/') => host,
        _ => host,
    }
}

fn through_gateways(scene: &mut Scene<'_, '_>, service: &VirtualService, host: &str) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    for reference in
        service.spec.gateways.iter().filter(|reference| !["", MESH].contains(&reference.as_str()))
    {
        let Some(key) = referred(Kind::IstioGateway, reference, &scene.object.key.namespace) else {
            let message = format!("{reference:?} is not NAME or NAMESPACE/NAME");
            scene.faults.add("spec.gateways", Reason::Invalid, message);
            continue;
        };
        let gateway = scene.view.get(&key).filter(|_| scene.options.takes_namespace(&key));
        let Some(Body::IstioGateway(gateway)) = gateway.map(|object| &object.body) else {
            scene.faults.add("spec.gateways", Reason::NotFound, format!("{key} is not there"));
            continue;
        };
        if !binds(scene, service, &key, gateway, host) {
            continue;
        }
        for target in targets_of(scene, &key, gateway) {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    targets
}

/// The object that `name` or `namespace/name` refers to.
fn referred(kind: Kind, reference: &str, from: &str) -> Option<ObjectKey> {
    let (namespace, name) = match reference.split_once('/') {
        None => (from, reference),
        Some((_, name)) if name.contains('/') => return None,
        Some(("", name)) => (from, name),
        Some(both) => both,
    };
    Some(ObjectKey { kind, namespace: namespace.into(), name: name.into() })
}

/// True when a gateway serves a host of the VirtualService: it sees it, and one of its servers takes the host
/// from that namespace.
fn binds(
    scene: &Scene<'_, '_>,
    service: &VirtualService,
    key: &ObjectKey,
    gateway: &Gateway,
    host: &str,
) -> bool {
    let (own, theirs) = (&*scene.object.key.namespace, &*key.namespace);
    let sees = |to: &String| to == "*" || to == theirs || (to == "." && own == theirs);
    if !service.spec.export_to.is_empty() && !service.spec.export_to.iter().any(sees) {
        return false;
    }
    let takes = |said: &String| {
        let (namespace, said) = match said.split('/').collect::<Vec<_>>().as_slice() {
            [host] => ("*", *host),
            [namespace, host] => (*namespace, *host),
            _ => return false,
        };
        let is_from = namespace == "*" || namespace == own || (namespace == "." && own == theirs);
        let is_below = said.strip_prefix('*').is_some_and(|end| end.starts_with('.') && host.ends_with(end));
        is_from && (said == "*" || said == host || is_below)
    };
    gateway.spec.servers.iter().flat_map(|server| &server.hosts).any(takes)
}

/// Where a gateway is reached: what its annotations say, else the Services that select the pods that it does.
fn targets_of(scene: &mut Scene<'_, '_>, key: &ObjectKey, gateway: &Gateway) -> Vec<String> {
    let annotations = Annotations::new(&gateway.meta.annotations, &scene.options.annotation_prefixes);
    let named = annotations.targets(scene.faults);
    if !named.is_empty() {
        return named;
    }
    if let Some(reference) = annotations.get("ingress").filter(|text| !text.is_empty()) {
        return of_ingress(scene, key, reference);
    }
    let selector = Selector::of_map(gateway.spec.selector.iter().map(|(key, value)| (&**key, &**value)));
    let mut targets = Vec::new();
    for object in scene.view.entrances() {
        let Body::Service(service) = &object.body else { continue };
        let is_behind = service.source.as_ref().is_some_and(|source| selector.takes(&source.selector));
        if !is_behind || !scene.options.takes_namespace(&object.key) {
            continue;
        }
        if service.external_ips.is_empty() {
            targets.extend(service.balancer.one_of_each().map(String::from));
        } else {
            targets.extend(service.external_ips.iter().map(|ip| String::from(&**ip)));
        }
    }
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// The addresses of the Ingress before a gateway. One that is not there is a fault of the gateway, and not, as
/// in External-DNS, the end of every source.
fn of_ingress(scene: &mut Scene<'_, '_>, gateway: &ObjectKey, reference: &str) -> Vec<String> {
    let key = referred(Kind::Ingress, reference, &gateway.namespace);
    let ingress =
        key.as_ref().filter(|key| scene.options.takes_namespace(key)).and_then(|key| scene.view.get(key));
    match ingress.map(|object| &object.body) {
        Some(Body::Ingress(ingress)) => ingress.balancer.one_of_each().map(String::from).collect(),
        _ => {
            let message = format!("{gateway}: its ingress annotation {reference:?} names no Ingress");
            scene.faults.add("", Reason::NotFound, message);
            Vec::new()
        }
    }
}
