//! Which objects ask for a name, whether or not they get it.
//!
//! Facts know the one owner of a name that is there. Of a name that is not, somebody may still have asked:
//! the objects are kept here as they were read (shared with the index, not copied), and looked through
//! when a person wants to know why a name gives nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::{ClusterName, Name};
use portolan_kube::object::{Body, Kind, Object, ObjectKey};

use super::Event;

/// The objects that ask for names.
#[derive(Debug, Default)]
pub(super) struct Intents(BTreeMap<(ClusterName, ObjectKey), Arc<Object>>);

impl Intents {
    /// Notes an object that asks for names, or that it is gone.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Set { source, object, .. } if asks(object.key.kind()) => {
                self.0.insert((source.clone(), object.key.clone()), object.clone());
            }
            Event::Deleted { source, key } if asks(key.kind()) => {
                self.0.remove(&(source.clone(), key.clone()));
            }
            _ => {}
        }
    }

    /// True where nobody asks for any.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn forget(&mut self, cluster: &ClusterName) {
        self.0.retain(|(source, _), _| source != cluster);
    }

    /// The objects that ask for a name, or for a wildcard above it, as problems call them.
    pub(super) fn of(&self, name: &Name) -> Vec<String> {
        let name = name.to_dotless();
        let mut found: Vec<String> = self
            .0
            .iter()
            .filter(|((_, key), object)| asks_for(key, object, &name))
            .map(|((_, key), _)| key.to_string())
            .collect();
        // Each once, in however many clusters it stands.
        found.sort();
        found.dedup();
        found
    }
}

fn asks(kind: Kind) -> bool {
    matches!(kind, Kind::GlobalName | Kind::IngressDnsRecord | Kind::ServiceDnsRecord)
}

fn asks_for(key: &ObjectKey, object: &Object, name: &str) -> bool {
    let fits = |host: &String| fits(host, name);
    match &object.body {
        Body::GlobalName(object) => object.spec.hosts.iter().any(fits),
        Body::IngressDnsRecord(object) => object.spec.hosts.iter().any(fits),
        // `<name>.<namespace>.<domain>.svc.…`, of whatever level.
        Body::ServiceDnsRecord(_) => {
            let rest = name.strip_prefix(key.name()).and_then(|rest| rest.strip_prefix('.'));
            let rest = rest.and_then(|rest| rest.strip_prefix(key.namespace()));
            rest.is_some_and(|rest| rest.starts_with('.') && rest.contains(".svc."))
        }
        _ => false,
    }
}

/// True when a host as somebody wrote it is the name, or a wildcard that it is found by.
fn fits(host: &str, name: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    match host.strip_prefix('*') {
        Some(above) => above.starts_with('.') && name.len() > above.len() && name.ends_with(above),
        None => host == name,
    }
}

#[cfg(test)]
mod tests;
