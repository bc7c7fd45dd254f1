//! What one source gave, and what stands behind a Service or an Ingress of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Endpoints;
use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::ingress;
use crate::manifest::Located;
use crate::object::{Kind, Object, ObjectKey};

/// The label that says whose an EndpointSlice is.
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// The objects of one source.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) objects: BTreeMap<ObjectKey, Located>,
    /// The EndpointSlices of each Service.
    slices: BTreeMap<ObjectKey, BTreeSet<ObjectKey>>,
    /// The Ingresses that lead to each Service.
    ingresses: BTreeMap<ObjectKey, BTreeSet<ObjectKey>>,
    /// True since it was read whole for the first time.
    pub(super) is_read: bool,
    /// Not heard from since then.
    pub(super) silent_since: Option<i64>,
}

impl Source {
    /// Takes an object; returns whose meaning changed with it, nothing when it was there like this.
    pub(super) fn set(&mut self, key: ObjectKey, located: Located) -> Vec<ObjectKey> {
        if self.objects.get(&key).is_some_and(|known| *known == located) {
            return Vec::new();
        }
        let mut affected: Vec<ObjectKey> = self.delete(&key).into_iter().collect();
        self.link(&key, &located.object, true);
        let now = affects(&key, &located.object);
        if !affected.contains(&now) {
            affected.push(now);
        }
        self.objects.insert(key, located);
        affected
    }

    /// Takes an object away; returns whose meaning changed with it.
    pub(super) fn delete(&mut self, key: &ObjectKey) -> Option<ObjectKey> {
        let located = self.objects.remove(key)?;
        self.link(key, &located.object, false);
        Some(affects(key, &located.object))
    }

    /// An object, as one that stands here.
    pub(super) fn get(&self, key: &ObjectKey) -> Option<&Located> {
        self.objects.get(key)
    }

    /// The Ingresses that lead to a Service.
    pub(super) fn ingresses_to(&self, service: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.ingresses.get(service).into_iter().flatten()
    }

    /// True when a Service has a ready endpoint. Its EndpointSlices tell; Endpoints only where it has none.
    pub(super) fn is_ready(&self, service: &ObjectKey) -> bool {
        let Some(slices) = self.slices.get(service) else {
            let key = ObjectKey { kind: Kind::Endpoints, ..service.clone() };
            return matches!(self.object(&key), Some(Object::Endpoints(e)) if has_address(e));
        };
        let is_ready = |key| matches!(self.object(key), Some(Object::EndpointSlice(s)) if has_ready(s));
        slices.iter().any(is_ready)
    }

    fn object(&self, key: &ObjectKey) -> Option<&Object> {
        self.objects.get(key).map(|located| &*located.object)
    }

    /// Keeps the references backwards, or drops them.
    fn link(&mut self, key: &ObjectKey, object: &Object, is_there: bool) {
        match object {
            Object::EndpointSlice(_) => {
                let service = affects(key, object);
                if service != *key {
                    relate(&mut self.slices, service, key, is_there);
                }
            }
            Object::Ingress(ingress) => {
                for service in ingress::services(ingress) {
                    let service = service_key(&key.namespace, service);
                    relate(&mut self.ingresses, service, key, is_there);
                }
            }
            _ => {}
        }
    }
}

/// The key of a Service.
pub(super) fn service_key(namespace: &Arc<str>, name: &str) -> ObjectKey {
    ObjectKey { kind: Kind::Service, namespace: namespace.clone(), name: name.into() }
}

/// Whose meaning an object is part of: that of its Service, or its own.
pub(super) fn affects(key: &ObjectKey, object: &Object) -> ObjectKey {
    match object {
        Object::EndpointSlice(slice) => {
            let labels = slice.metadata.labels.as_ref();
            let service = labels.and_then(|labels| labels.get(SERVICE_NAME_LABEL));
            service.map_or_else(|| key.clone(), |name| service_key(&key.namespace, name))
        }
        Object::Endpoints(_) => ObjectKey { kind: Kind::Service, ..key.clone() },
        _ => key.clone(),
    }
}

fn relate(
    map: &mut BTreeMap<ObjectKey, BTreeSet<ObjectKey>>,
    to: ObjectKey,
    from: &ObjectKey,
    is_there: bool,
) {
    if is_there {
        map.entry(to).or_default().insert(from.clone());
    } else if let Some(set) = map.get_mut(&to) {
        set.remove(from);
        if set.is_empty() {
            map.remove(&to);
        }
    }
}

/// A condition that is absent is unknown, which the API asks to be taken as ready.
fn has_ready(slice: &EndpointSlice) -> bool {
    let is_ready = |ready: Option<bool>| ready.unwrap_or(true);
    slice.endpoints.iter().any(|e| is_ready(e.conditions.as_ref().and_then(|c| c.ready)))
}

fn has_address(endpoints: &Endpoints) -> bool {
    let subsets = endpoints.subsets.as_deref().unwrap_or_default();
    subsets.iter().any(|subset| subset.addresses.as_ref().is_some_and(|a| !a.is_empty()))
}
