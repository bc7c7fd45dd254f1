//! Which Services an Ingress leads a host to.

use portolan_core::Name;
use portolan_core::fleet::Evidence;

use crate::hosts;
use crate::workload::{Backend, Ingress, Rule};

/// Every Service that an Ingress refers to.
pub(super) fn services(ingress: &Ingress) -> impl Iterator<Item = &str> {
    let backends = ingress.rules.iter().flat_map(|rule| &rule.backends).chain(&ingress.default_backend);
    backends.filter_map(Option::as_deref)
}

/// What an Ingress' readiness for a host rests on: a backend Service of that host that has a ready
/// endpoint. A backend that is no Service (a bucket, say) cannot be judged.
pub(crate) fn evidence(ingress: &Ingress, host: &Name, is_service_ready: impl Fn(&str) -> bool) -> Evidence {
    let backends = backends_of(ingress, host);
    let is_ready = |backend: &&Backend| backend.as_deref().is_some_and(&is_service_ready);
    match backends {
        b if b.iter().any(is_ready) => Evidence::Ready,
        b if b.iter().any(|backend| backend.is_none()) => Evidence::None,
        _ => Evidence::NotReady,
    }
}

/// True when an Ingress leads a host anywhere: by a rule for it, for all hosts, or by default.
pub(crate) fn has_rule(ingress: &Ingress, host: &Name) -> bool {
    ingress.default_backend.is_some() || ingress.rules.iter().any(|rule| fit_of(rule, host).is_some())
}

/// The evidence for an Ingress as a whole would mix hosts, so a host that has rules is served by them, and
/// only one that has none by the default backend.
fn backends_of<'i>(ingress: &'i Ingress, host: &Name) -> Vec<&'i Backend> {
    let fits = |rule: &&Rule, fit: Fit| fit_of(rule, host) == Some(fit);
    let of = |fit| ingress.rules.iter().filter(move |rule| fits(rule, fit)).collect::<Vec<_>>();
    let best = [Fit::Exact, Fit::Wildcard, Fit::Any].into_iter().map(of).find(|rules| !rules.is_empty());
    let backends: Vec<_> = best.into_iter().flatten().flat_map(|rule| &rule.backends).collect();
    if backends.is_empty() { ingress.default_backend.iter().collect() } else { backends }
}

/// How a rule fits a host.
#[derive(Clone, Copy, PartialEq)]
enum Fit {
    Exact,
    Wildcard,
    Any,
}

/// `*.` of an Ingress stands for one label, in a host that is a wildcard itself for the same.
fn fit_of(rule: &Rule, host: &Name) -> Option<Fit> {
    let Some(text) = rule.host.as_deref() else {
        return Some(Fit::Any);
    };
    let rule = hosts::host(text).ok()?;
    if rule == *host {
        return Some(Fit::Exact);
    }
    let covers = rule.borrowed().is_wildcard() && rule.borrowed().parent() == host.borrowed().parent();
    covers.then_some(Fit::Wildcard)
}
