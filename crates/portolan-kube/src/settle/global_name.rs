//! `GlobalName` to its hosts, backends, policy and TTL.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_core::policy::PolicyName;
use portolan_core::{Name, Problem, Reason, Ttl};

use super::findings::{Findings, Value};
use crate::hosts;
use crate::kinds::{BACKENDS_MAX, BackendKind, GlobalName, HOSTS_MAX};
use crate::object::Kind;

/// What a `GlobalName` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledName {
    /// Its hosts, each once.
    pub hosts: BTreeSet<Name>,
    /// What serves them, each once.
    pub backends: BTreeSet<SettledBackend>,
    /// The policy that it names.
    pub policy: Option<PolicyName>,
    /// The TTL that it names.
    pub ttl: Option<Ttl>,
    /// A Service without a ready endpoint counts as ready.
    pub allow_service_without_endpoints: bool,
}

/// An object of the name's own namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettledBackend {
    /// [`Kind::Service`] or [`Kind::Ingress`].
    pub kind: Kind,
    /// Its name.
    pub name: Arc<str>,
}

/// What a `GlobalName` means; a host or backend that breaks a rule is left out.
#[must_use]
pub fn global_name(object: &GlobalName) -> (SettledName, Vec<Problem>) {
    let spec = &object.spec;
    let namespace = object.metadata.namespace.as_deref().unwrap_or("default");
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let mut findings = Findings::of(format!("GlobalName {namespace}/{name}"));
    let settled = SettledName {
        hosts: hosts(object, &mut findings),
        backends: backends(object, &mut findings),
        policy: findings.policy_name("spec.policy", spec.policy.as_deref()),
        ttl: findings.ttl("spec.ttl", spec.ttl),
        allow_service_without_endpoints: spec.allow_service_without_endpoints.unwrap_or(false),
    };
    (settled, findings.into_problems())
}

fn hosts(object: &GlobalName, findings: &mut Findings) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    for (i, text) in findings.within("spec.hosts", &object.spec.hosts, HOSTS_MAX) {
        let field = format!("spec.hosts[{i}]");
        if let Some(host) = findings.keep(&field, text, hosts::host(text))
            && !names.insert(host)
        {
            findings.note(Reason::Duplicate, &field, format_args!("{} is listed twice", Value(text)));
        }
    }
    if object.spec.hosts.is_empty() {
        findings.note(Reason::Invalid, "spec.hosts", "is empty; at least one host name is needed");
    }
    names
}

fn backends(object: &GlobalName, findings: &mut Findings) -> BTreeSet<SettledBackend> {
    let mut settled = BTreeSet::new();
    for (i, backend) in findings.within("spec.backends", &object.spec.backends, BACKENDS_MAX) {
        let kind = match &backend.kind {
            BackendKind::Service => Kind::Service,
            BackendKind::Ingress => Kind::Ingress,
            BackendKind::Other(word) => {
                findings.unknown_word(format_args!("spec.backends[{i}].kind"), word, BackendKind::WORDS);
                continue;
            }
        };
        if backend.name.is_empty() {
            findings.note(Reason::Invalid, format_args!("spec.backends[{i}].name"), "is empty");
        } else if !settled.insert(SettledBackend { kind, name: backend.name.as_str().into() }) {
            let message = format!("{kind} {} is listed twice", Value(&backend.name));
            findings.note(Reason::Duplicate, format_args!("spec.backends[{i}]"), message);
        }
    }
    if object.spec.backends.is_empty() {
        findings.note(
            Reason::Invalid,
            "spec.backends",
            "is empty; at least one Service or Ingress is needed",
        );
    }
    settled
}

#[cfg(test)]
mod tests;
