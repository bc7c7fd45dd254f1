//! Istio's Gateways and VirtualServices: their hosts lead to the Services before the gateway's pods, or to the
//! Ingress that an annotation names.

use std::collections::BTreeSet;

use portolan_core::Reason;
use portolan_core::fleet::Evidence;

use super::annotations::Annotations;
use super::endpoint::{Common, Endpoint};
use super::faults::shown;
use super::scene::Scene;
use crate::istio::{Gateway, VirtualService};
use crate::object::{Body, Kind, ObjectKey};
use crate::selector::Selector;

/// All sidecars, which are no gateway.
const MESH: &str = "mesh";

/// Most gateways that count of one VirtualService.
const GATEWAYS_MAX: usize = 64;
/// Most labels that a name has (RFC 1035 section 3.1).
const LABELS_MAX: usize = 127;

/// The records of a Gateway.
pub(super) fn gateway(scene: &mut Scene<'_, '_>, gateway: &Gateway) -> Vec<Endpoint> {
    let common = scene.common();
    let key = scene.object.key.clone();
    let targets = targets_of(scene, &key, gateway);
    let of = |scene: &mut Scene<'_, '_>, hosts: Vec<String>| {
        let hosts = scene.hold(hosts, targets.len());
        scene.want(&hosts);
        hosts.iter().flat_map(|host| common.of_host(host, &targets, Evidence::None)).collect::<Vec<_>>()
    };
    let servers = gateway.spec.servers.iter().flat_map(|server| &server.hosts);
    let hosts = hosts(scene, servers);
    let endpoints = of(scene, hosts);
    scene.combine(endpoints, |scene| {
        let hosts = scene.templated();
        of(scene, hosts)
    })
}

/// The records of a VirtualService: of each host what those of its gateways give that take the host.
pub(super) fn virtual_service(scene: &mut Scene<'_, '_>, service: &VirtualService) -> Vec<Endpoint> {
    let common = scene.common();
    let named = scene.annotations.targets(scene.faults);
    let hosts = hosts(scene, service.spec.hosts.iter());
    // Templates give names to what gateways lead to, whatever target is named.
    let mut doors = None;
    let endpoints = if named.is_empty() {
        let doors = doors.get_or_insert_with(|| Door::all_of(scene, service));
        through(scene, doors, hosts, &common)
    } else {
        let hosts = scene.hold(hosts, named.len());
        hosts.iter().flat_map(|host| common.of_host(host, &named, Evidence::None)).collect()
    };
    scene.combine(endpoints, |scene| {
        let hosts = scene.templated();
        let doors = doors.get_or_insert_with(|| Door::all_of(scene, service));
        through(scene, doors, hosts, &common)
    })
}

/// The hosts of a spec, and of the annotation.
fn hosts<'h>(scene: &mut Scene<'_, '_>, said: impl Iterator<Item = &'h String>) -> Vec<String> {
    let mut hosts: Vec<String> = said.map(|host| without_namespace(host).to_owned()).collect();
    hosts.retain(|host| !host.is_empty() && host != "*");
    if !scene.options.ignore_hostname_annotation {
        hosts.extend(scene.annotations.hosts("hostname", scene.faults));
    }
    hosts
}

/// The host of `namespace/host`.
fn without_namespace(host: &str) -> &str {
    match host.split_once('/') {
        Some((_, host)) if !host.contains('/') => host,
        _ => host,
    }
}

/// The records of hosts through gateways. A host that none of them takes is one of the mesh alone.
fn through(
    scene: &mut Scene<'_, '_>,
    doors: &[Door<'_>],
    hosts: Vec<String>,
    common: &Common,
) -> Vec<Endpoint> {
    let all = doors.iter().map(|door| door.targets.len()).sum();
    let hosts = scene.hold(hosts, all);
    let mut endpoints = Vec::new();
    for host in hosts {
        let taking: Vec<&Door<'_>> = doors.iter().filter(|door| door.takes(&host)).collect();
        if taking.is_empty() {
            continue;
        }
        let targets: Vec<String> = taking.iter().flat_map(|door| &door.targets).cloned().collect();
        endpoints.extend(common.of_host(&host, &targets, Evidence::None));
        scene.want(&[host]);
    }
    endpoints
}

/// A gateway as a VirtualService sees it.
struct Door<'a> {
    /// Those of its servers' hosts that it takes from the VirtualService's namespace.
    hosts: BTreeSet<&'a str>,
    /// Where it is reached.
    targets: Vec<String>,
}

impl<'a> Door<'a> {
    /// The gateways that a VirtualService names and shows itself to, each once.
    fn all_of(scene: &mut Scene<'_, 'a>, service: &VirtualService) -> Vec<Self> {
        let references: BTreeSet<&str> = service.spec.gateways.iter().map(String::as_str).collect();
        let references: Vec<&str> =
            references.into_iter().filter(|reference| !["", MESH].contains(reference)).collect();
        if references.len() > GATEWAYS_MAX {
            let message =
                format!("{} gateways; those after the first {GATEWAYS_MAX} are left out", references.len());
            scene.faults.add("spec.gateways", Reason::LimitReached, message);
        }
        let mut doors = Vec::new();
        for reference in references.into_iter().take(GATEWAYS_MAX) {
            let Some(key) = referred(Kind::IstioGateway, reference, scene.object.key.namespace()) else {
                let message = format!("{} is not NAME or NAMESPACE/NAME", shown(reference));
                scene.faults.add("spec.gateways", Reason::Invalid, message);
                continue;
            };
            let gateway = scene.view.get(&key).filter(|_| scene.options.takes_namespace(&key));
            let Some(Body::IstioGateway(gateway)) = gateway.map(|object| &object.body) else {
                scene.faults.add("spec.gateways", Reason::NotFound, format!("{key} is not there"));
                continue;
            };
            if is_shown(scene, service, &key) {
                let hosts = hosts_for(scene.object.key.namespace(), key.namespace(), gateway);
                doors.push(Self { hosts, targets: targets_of(scene, &key, gateway) });
            }
        }
        doors
    }

    /// True when one of its servers takes a host.
    fn takes(&self, host: &str) -> bool {
        // `.b.org` and `.org` of `a.b.org`: what a wildcard ends in.
        let mut ends = host.match_indices('.').take(LABELS_MAX).filter_map(|(at, _)| host.get(at..));
        let has = |host: &str| self.hosts.contains(host);
        has("*") || has(host) || ends.any(|end| has(&format!("*{end}")))
    }
}

/// True when a VirtualService shows itself to the namespace of a gateway.
fn is_shown(scene: &Scene<'_, '_>, service: &VirtualService, gateway: &ObjectKey) -> bool {
    let (own, theirs) = (scene.object.key.namespace(), gateway.namespace());
    let sees = |to: &String| to == "*" || to == theirs || (to == "." && own == theirs);
    service.spec.export_to.is_empty() || service.spec.export_to.iter().any(sees)
}

/// The hosts that a gateway's servers take from a namespace.
fn hosts_for<'a>(own: &str, theirs: &str, gateway: &'a Gateway) -> BTreeSet<&'a str> {
    let of = |said: &'a String| {
        let (namespace, host) = match said.split_once('/') {
            None => ("*", said.as_str()),
            Some((_, host)) if host.contains('/') => return None,
            Some(both) => both,
        };
        let is_from = namespace == "*" || namespace == own || (namespace == "." && own == theirs);
        is_from.then_some(host)
    };
    gateway.spec.servers.iter().flat_map(|server| &server.hosts).filter_map(of).collect()
}

/// The object that `name` or `namespace/name` refers to.
fn referred(kind: Kind, reference: &str, from: &str) -> Option<ObjectKey> {
    let (namespace, name) = match reference.split_once('/') {
        None => (from, reference),
        Some((_, name)) if name.contains('/') => return None,
        Some(("", name)) => (from, name),
        Some(both) => both,
    };
    Some(ObjectKey::of(kind, namespace, name))
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
    let mut targets = BTreeSet::new();
    for object in scene.view.entrances() {
        let Body::Service(service) = &object.body else { continue };
        let is_behind = service.source.as_ref().is_some_and(|source| selector.takes(&source.selector));
        if !is_behind || !scene.options.takes_namespace(&object.key) {
            continue;
        }
        if service.external_ips.is_empty() {
            targets.extend(service.balancer.one_of_each());
        } else {
            targets.extend(service.external_ips.iter().map(|ip| &**ip));
        }
    }
    scene.few(targets.into_iter(), "")
}

/// The addresses of the Ingress before a gateway. One that is not there is a fault of the gateway, and not, as
/// in External-DNS, the end of every source.
fn of_ingress(scene: &mut Scene<'_, '_>, gateway: &ObjectKey, reference: &str) -> Vec<String> {
    let key = referred(Kind::Ingress, reference, gateway.namespace());
    let ingress =
        key.as_ref().filter(|key| scene.options.takes_namespace(key)).and_then(|key| scene.view.get(key));
    match ingress.map(|object| &object.body) {
        Some(Body::Ingress(ingress)) => scene.few(ingress.balancer.one_of_each(), ""),
        _ => {
            let message = format!("{gateway}: its ingress annotation {} names no Ingress", shown(reference));
            scene.faults.add("", Reason::NotFound, message);
            Vec::new()
        }
    }
}
