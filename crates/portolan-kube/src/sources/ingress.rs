//! Ingresses: the hosts of their rules, of their TLS section and of their annotation lead to the load balancer
//! of their status.

use portolan_core::fleet::Evidence;

use super::endpoint::Endpoint;
use super::options::INGRESS_CLASS;
use super::scene::Scene;
use crate::hosts;
use crate::ingress::Routes;
use crate::object::{Kind, ObjectKey};
use crate::workload::{Ingress, IngressSource};

/// The records of an Ingress.
pub(super) fn endpoints(scene: &mut Scene<'_, '_>, object: &Ingress) -> Vec<Endpoint> {
    let Some(source) = object.source.as_deref().filter(|source| has_class(scene, source)) else {
        return Vec::new();
    };
    let common = scene.common();
    let mut targets = scene.annotations.targets(scene.faults);
    if targets.is_empty() {
        targets = scene.few(object.balancer.all(), "status.loadBalancer.ingress");
    }
    let routes = (!targets.is_empty()).then(|| routes(scene, object));
    let of = |scene: &mut Scene<'_, '_>, hosts: Vec<String>| {
        let hosts = scene.hold(hosts, targets.len());
        scene.want(&hosts);
        let evidence =
            |host: &String| routes.as_ref().map_or(Evidence::None, |routes| evidence(routes, host));
        hosts.iter().flat_map(|host| common.of_host(host, &targets, evidence(host))).collect::<Vec<_>>()
    };
    let hosts = hosts(scene, object, source);
    let endpoints = of(scene, hosts);
    scene.combine(endpoints, |scene| {
        let hosts = scene.templated();
        of(scene, hosts)
    })
}

/// True when the class is one of those that are asked for; the field counts before the annotation.
fn has_class(scene: &Scene<'_, '_>, source: &IngressSource) -> bool {
    let wanted = &scene.options.ingress_class;
    let class = match &*source.class {
        "" => source.meta.annotations.get(INGRESS_CLASS),
        class => Some(class),
    };
    wanted.is_empty() || class.is_some_and(|class| wanted.iter().any(|wanted| wanted == class))
}

/// The names of an Ingress. What `ingress-hostname-source` says that is not known gives none, as in
/// External-DNS.
fn hosts(scene: &mut Scene<'_, '_>, object: &Ingress, source: &IngressSource) -> Vec<String> {
    let (rules, tls) = (!scene.options.ignore_ingress_rules_spec, !scene.options.ignore_ingress_tls_spec);
    let rules = object.rules.iter().filter_map(|rule| rule.host.as_deref()).filter(|_| rules);
    let tls = source.tls.iter().flatten().map(|host| &**host).filter(|host| tls && !host.is_empty());
    let defined = rules.chain(tls).map(Into::into).collect::<Vec<String>>();
    let mut annotated = || match scene.options.ignore_hostname_annotation {
        true => Vec::new(),
        false => scene.annotations.hosts("hostname", scene.faults),
    };
    let said = scene.annotations.get("ingress-hostname-source").map(str::to_lowercase);
    match said.as_deref() {
        None => [defined, annotated()].concat(),
        Some("defined-hosts-only") => defined,
        Some("annotation-only") => annotated(),
        Some(_) => Vec::new(),
    }
}

/// What its rules lead to, by the Services that are ready.
fn routes(scene: &mut Scene<'_, '_>, object: &Ingress) -> Routes {
    let namespace = scene.object.key.namespace();
    let view = &mut *scene.view;
    Routes::of(object, |service| {
        let key = ObjectKey::of(Kind::Service, namespace, service);
        if view.is_ready(&key) { Evidence::Ready } else { Evidence::NotReady }
    })
}

/// Whether a Service is ready that a rule leads the host to; a host without a rule cannot be judged.
fn evidence(routes: &Routes, host: &str) -> Evidence {
    match hosts::host(host) {
        Ok(host) if routes.has_rule(&host) => routes.evidence(&host),
        _ => Evidence::None,
    }
}
