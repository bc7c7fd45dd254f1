//! Where an Ingress leads a host.

use std::collections::BTreeMap;

use portolan_core::Name;
use portolan_core::fleet::Evidence;

use crate::hosts;
use crate::workload::{Backend, Ingress};

/// Every Service that an Ingress refers to.
pub(crate) fn services(ingress: &Ingress) -> impl Iterator<Item = &str> {
    let backends = ingress.rules.iter().flat_map(|rule| &rule.backends).chain(&ingress.default_backend);
    backends.filter_map(Option::as_deref)
}

/// Where an Ingress leads hosts. Its rules are read once, so that what is asked of one host costs the same
/// however many rules there are.
///
/// The evidence for an Ingress as a whole would mix hosts, so a host that has rules is served by them, and only
/// one that has none by the default backend.
pub(crate) struct Routes {
    exact: BTreeMap<Name, Behind>,
    /// `*.` of an Ingress stands for one label, in a host that is a wildcard itself for the same: by what is
    /// behind it.
    wildcard: BTreeMap<Name, Behind>,
    /// The rules for every host.
    any: Option<Behind>,
    default: Option<Behind>,
}

/// What the readiness of hosts rests on that some rules are for; nothing where these lead nowhere.
type Behind = Option<Evidence>;

impl Routes {
    /// Reads the rules of an Ingress, whose Services' readiness rests on this.
    pub(crate) fn of(ingress: &Ingress, mut readiness: impl FnMut(&str) -> Evidence) -> Self {
        let mut routes = Self { exact: BTreeMap::new(), wildcard: BTreeMap::new(), any: None, default: None };
        // A backend that is no Service (a bucket, say) cannot be judged.
        let mut evidence = |backend: &Backend| backend.as_deref().map_or(Evidence::None, &mut readiness);
        for rule in &ingress.rules {
            let of_rule = rule.backends.iter().map(&mut evidence).reduce(better);
            let Some(text) = rule.host.as_deref() else {
                add(routes.any.get_or_insert_default(), of_rule);
                continue;
            };
            let Ok(host) = hosts::host(text) else { continue };
            if let Some(parent) = parent(&host).filter(|_| host.borrowed().is_wildcard()) {
                add(routes.wildcard.entry(parent).or_default(), of_rule);
            }
            add(routes.exact.entry(host).or_default(), of_rule);
        }
        routes.default = ingress.default_backend.as_ref().map(|backend| Some(evidence(backend)));
        routes
    }

    /// True when it leads a host anywhere: by a rule for it, for all hosts, or by default.
    pub(crate) fn has_rule(&self, host: &Name) -> bool {
        self.default.is_some() || self.best(host).is_some()
    }

    /// What its readiness for a host rests on: a backend Service of that host that has a ready endpoint.
    pub(crate) fn evidence(&self, host: &Name) -> Evidence {
        let behind = self.best(host).flatten().or_else(|| self.default.flatten());
        behind.unwrap_or(Evidence::NotReady)
    }

    fn best(&self, host: &Name) -> Option<Behind> {
        let exact = || self.exact.get(host);
        let wildcard = || self.wildcard.get(&parent(host)?);
        exact().or_else(wildcard).or(self.any.as_ref()).copied()
    }
}

fn parent(host: &Name) -> Option<Name> {
    host.borrowed().parent().map(|parent| parent.to_name())
}

fn add(known: &mut Behind, more: Behind) {
    *known = (*known).into_iter().chain(more).reduce(better);
}

/// One that is ready is enough, and one that cannot be judged may be ready.
fn better(a: Evidence, b: Evidence) -> Evidence {
    let has = |evidence| a == evidence || b == evidence;
    match () {
        () if has(Evidence::Ready) => Evidence::Ready,
        () if has(Evidence::None) => Evidence::None,
        () => Evidence::NotReady,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Rule;

    fn rule(host: &str, service: &str) -> Rule {
        let host = Some(host).filter(|host| !host.is_empty()).map(Into::into);
        let backends = if service.is_empty() { Vec::new() } else { vec![Some(service.into())] };
        Rule { host, backends: backends.into() }
    }

    #[test]
    fn the_best_rules_of_a_host_count() {
        let ingress = Ingress {
            rules: [
                rule("a.example.org", "down"),
                rule("a.example.org", "up"),
                rule("b.example.org", "down"),
                rule("c.example.org", ""),
                rule("*.example.org", "up"),
                rule("*.example.net", "down"),
                rule("not a host", "up"),
            ]
            .into(),
            ..Ingress::default()
        };
        let with_default = |backend: Backend| Ingress { default_backend: Some(backend), ..ingress.clone() };
        let with_any =
            Ingress { rules: [rule("", "up"), rule("x.org", "down")].into(), ..Ingress::default() };
        for (ingress, host, expected) in [
            (ingress.clone(), "a.example.org", Some(Evidence::Ready)),
            (ingress.clone(), "b.example.org", Some(Evidence::NotReady)),
            (ingress.clone(), "c.example.org", Some(Evidence::NotReady)),
            (with_default(Some("up".into())), "c.example.org", Some(Evidence::Ready)),
            (with_default(None), "c.example.org", Some(Evidence::None)),
            (with_default(Some("up".into())), "b.example.org", Some(Evidence::NotReady)),
            (with_default(Some("up".into())), "other.org", Some(Evidence::Ready)),
            (ingress.clone(), "d.example.org", Some(Evidence::Ready)),
            (ingress.clone(), "*.example.org", Some(Evidence::Ready)),
            (ingress.clone(), "e.d.example.org", None),
            (ingress.clone(), "example.org", None),
            (ingress.clone(), "d.example.net", Some(Evidence::NotReady)),
            (with_any.clone(), "d.example.net", Some(Evidence::Ready)),
            (with_any, "x.org", Some(Evidence::NotReady)),
        ] {
            let routes = Routes::of(&ingress, |service| match service {
                "up" => Evidence::Ready,
                _ => Evidence::NotReady,
            });
            let name = host.parse().unwrap();
            let given = routes.has_rule(&name).then(|| routes.evidence(&name));
            assert_eq!(given, expected, "{host}");
        }
    }

    #[test]
    fn each_backend_is_looked_at_once() {
        const RULES: usize = 100;
        let rules = (0..RULES).map(|i| rule(&format!("{}.example.org", i % 10), "web"));
        let ingress = Ingress { rules: rules.collect(), ..Ingress::default() };
        let mut looked = 0;
        let routes = Routes::of(&ingress, |_| {
            looked += 1;
            Evidence::NotReady
        });
        for i in 0..10 {
            assert_eq!(routes.evidence(&format!("{i}.example.org").parse().unwrap()), Evidence::NotReady);
        }
        assert_eq!(looked, RULES);
    }
}
