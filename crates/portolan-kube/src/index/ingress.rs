//! Which Services an Ingress leads a host to.

use k8s_openapi::api::networking::v1::{Ingress, IngressBackend, IngressRule};
use portolan_core::Name;
use portolan_core::fleet::Evidence;

use crate::hosts;

/// Every Service that an Ingress refers to.
pub(super) fn services(ingress: &Ingress) -> impl Iterator<Item = &str> {
    let default = ingress.spec.as_ref().and_then(|spec| spec.default_backend.as_ref());
    let backends = rules(ingress).iter().flat_map(backends).chain(default);
    backends.filter_map(|backend| backend.service.as_ref().map(|service| service.name.as_str()))
}

/// What an Ingress' readiness for a host rests on: a backend Service of that host that has a ready
/// endpoint. A backend that is no Service (a bucket, say) cannot be judged.
pub(super) fn evidence(ingress: &Ingress, host: &Name, is_service_ready: impl Fn(&str) -> bool) -> Evidence {
    let backends = backends_of(ingress, host);
    let is_ready = |backend: &&IngressBackend| {
        backend.service.as_ref().is_some_and(|service| is_service_ready(&service.name))
    };
    match backends {
        b if b.iter().any(is_ready) => Evidence::Ready,
        b if b.iter().any(|backend| backend.service.is_none()) => Evidence::None,
        _ => Evidence::NotReady,
    }
}

/// True when an Ingress leads a host anywhere: by a rule for it, for all hosts, or by default.
pub(super) fn has_rule(ingress: &Ingress, host: &Name) -> bool {
    let has_default = ingress.spec.as_ref().is_some_and(|spec| spec.default_backend.is_some());
    has_default || rules(ingress).iter().any(|rule| fit_of(rule, host).is_some())
}

/// The evidence for an Ingress as a whole would mix hosts, so a host that has rules is served by them, and
/// only one that has none by the default backend.
fn backends_of<'i>(ingress: &'i Ingress, host: &Name) -> Vec<&'i IngressBackend> {
    let fits = |rule: &&IngressRule, fit: Fit| fit_of(rule, host) == Some(fit);
    let of = |fit| rules(ingress).iter().filter(move |rule| fits(rule, fit)).collect::<Vec<_>>();
    let best = [Fit::Exact, Fit::Wildcard, Fit::Any].into_iter().map(of).find(|rules| !rules.is_empty());
    let backends: Vec<_> = best.into_iter().flatten().flat_map(backends).collect();
    if backends.is_empty() {
        return ingress.spec.as_ref().and_then(|spec| spec.default_backend.as_ref()).into_iter().collect();
    }
    backends
}

/// How a rule fits a host.
#[derive(Clone, Copy, PartialEq)]
enum Fit {
    Exact,
    Wildcard,
    Any,
}

/// `*.` of an Ingress stands for one label, in a host that is a wildcard itself for the same.
fn fit_of(rule: &IngressRule, host: &Name) -> Option<Fit> {
    let Some(text) = rule.host.as_deref().filter(|text| !text.is_empty()) else {
        return Some(Fit::Any);
    };
    let rule = hosts::host(text).ok()?;
    if rule == *host {
        return Some(Fit::Exact);
    }
    let covers = rule.borrowed().is_wildcard() && rule.borrowed().parent() == host.borrowed().parent();
    covers.then_some(Fit::Wildcard)
}

fn rules(ingress: &Ingress) -> &[IngressRule] {
    ingress.spec.as_ref().and_then(|spec| spec.rules.as_deref()).unwrap_or_default()
}

fn backends(rule: &IngressRule) -> impl Iterator<Item = &IngressBackend> {
    rule.http.iter().flat_map(|http| &http.paths).map(|path| &path.backend)
}
