//! What one source gave, and what stands behind a Service or an Ingress of it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use portolan_core::fleet::Evidence;

use super::lacks::Lacks;
use super::links::Links;
use crate::ingress;
use crate::manifest::Located;
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::sources::{Cluster, all_of, labelled};
use crate::workload::{EndpointSlice, Pairs};

/// The objects of one source.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) objects: BTreeMap<ObjectKey, Located>,
    /// The EndpointSlices of each Service, and whether they have a ready endpoint.
    slices: Links<bool>,
    /// The Ingresses that lead to each Service.
    ingresses: Links,
    /// The Services that an Istio gateway may stand behind.
    entrances: BTreeSet<ObjectKey>,
    /// True since it was read for the first time.
    pub(super) is_read: bool,
    /// What of it could not be read.
    pub(super) lacks: Lacks,
    /// Not heard from since then.
    pub(super) silent_since: Option<i64>,
}

impl Source {
    /// Takes an object; returns whose meaning changed with it, nothing when it was there like this.
    pub(super) fn set(&mut self, located: Located) -> Vec<ObjectKey> {
        let object = located.object.clone();
        let key = &object.key;
        let before = match self.objects.entry(key.clone()) {
            Entry::Vacant(room) => {
                room.insert(located);
                None
            }
            Entry::Occupied(known) if *known.get() == located => return Vec::new(),
            Entry::Occupied(mut known) => Some(known.insert(located).object),
        };
        let mut affected = Vec::new();
        if let Some(before) = before {
            self.unlink(key, &before);
            affected.extend(affects(key, &before));
        }
        self.link(key, &object);
        for now in affects(key, &object) {
            if !affected.contains(&now) {
                affected.push(now);
            }
        }
        affected
    }

    /// Lays what came one by one close together: the nodes of a tree that grew in order are half full.
    pub(super) fn pack(&mut self) {
        self.objects = std::mem::take(&mut self.objects).into_iter().collect();
        self.slices.pack();
        self.ingresses.pack();
    }

    /// Takes an object away; returns whose meaning changed with it.
    pub(super) fn delete(&mut self, key: &ObjectKey) -> Vec<ObjectKey> {
        let Some(located) = self.objects.remove(key) else { return Vec::new() };
        self.unlink(key, &located.object);
        affects(key, &located.object).collect()
    }

    /// An object, as one that stands here.
    pub(super) fn get(&self, key: &ObjectKey) -> Option<&Located> {
        self.objects.get(key)
    }

    /// The same, where it was given whole.
    pub(super) fn get_whole(&self, key: &ObjectKey) -> Option<&Located> {
        self.get(key).filter(|located| !located.object.in_part)
    }

    /// The Ingresses that lead to a Service.
    pub(super) fn ingresses_to(&self, service: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.ingresses.of(service)
    }

    /// What the readiness of a Service rests on. Of one that stands for another name nothing tells.
    pub(super) fn readiness(&self, service: &ObjectKey) -> Evidence {
        self.readiness_of(service, self.body(service))
    }

    /// The same of one that was found here.
    pub(super) fn readiness_of(&self, service: &ObjectKey, body: Option<&Body>) -> Evidence {
        match body {
            Some(Body::Service(object)) if object.is_external_name => Evidence::None,
            _ if self.has_ready(service) => Evidence::Ready,
            _ => Evidence::NotReady,
        }
    }

    /// True when a Service has a ready endpoint. Its EndpointSlices tell; Endpoints only where it has none.
    fn has_ready(&self, service: &ObjectKey) -> bool {
        let mut slices = self.slices.notes(service).peekable();
        if slices.peek().is_none() {
            let key = service.of_kind(Kind::Endpoints);
            return matches!(self.body(&key), Some(Body::Endpoints(endpoints)) if endpoints.has_ready);
        }
        slices.any(|has_ready| *has_ready)
    }

    /// True when nothing was read that tells whether a Service is ready, or one that an Ingress leads to.
    pub(super) fn is_readiness_untold(&self, backend: &ObjectKey) -> bool {
        let is_untold = |service: &ObjectKey| {
            self.slices.of(service).next().is_none() && self.body(&service.of_kind(Kind::Endpoints)).is_none()
        };
        match self.body(backend) {
            Some(Body::Ingress(ingress)) => ingress::services(ingress)
                .any(|service| is_untold(&service_key(backend.namespace(), service))),
            _ => is_untold(backend),
        }
    }

    fn body(&self, key: &ObjectKey) -> Option<&Body> {
        self.objects.get(key).map(|located| &located.object.body)
    }

    /// Keeps the references backwards.
    fn link(&mut self, key: &ObjectKey, object: &Object) {
        if is_entrance(object) {
            self.entrances.insert(key.clone());
        }
        each_link(key, object, |service| match &object.body {
            Body::EndpointSlice(slice) => self.slices.note(service, key.clone(), slice.has_ready),
            Body::Ingress(_) => self.ingresses.add(service, key.clone()),
            _ => {}
        });
    }

    /// Drops them.
    fn unlink(&mut self, key: &ObjectKey, object: &Object) {
        self.entrances.remove(key);
        each_link(key, object, |service| match &object.body {
            Body::EndpointSlice(_) => self.slices.remove(service, key.clone()),
            Body::Ingress(_) => self.ingresses.remove(service, key.clone()),
            _ => {}
        });
    }
}

impl Cluster for Source {
    fn get(&self, key: &ObjectKey) -> Option<&Object> {
        self.objects.get(key).map(|located| &*located.object)
    }

    fn list(&self, kind: Kind, namespace: &str) -> Vec<&Object> {
        let all = self.objects.range(all_of(kind, namespace)..);
        let is_one = |key: &ObjectKey| key.kind() == kind && (namespace.is_empty() || key.is_in(namespace));
        all.take_while(|(key, _)| is_one(key)).map(|(_, located)| &*located.object).collect()
    }

    fn entrances(&self) -> Vec<&Object> {
        self.entrances.iter().filter_map(|key| Cluster::get(self, key)).collect()
    }

    fn slices(&self, service: &ObjectKey) -> Vec<&EndpointSlice> {
        let bodies = self.slices.of(service).filter_map(|key| self.body(key));
        bodies
            .filter_map(|body| if let Body::EndpointSlice(slice) = body { Some(slice) } else { None })
            .collect()
    }

    fn is_ready(&self, service: &ObjectKey) -> bool {
        self.readiness(service).is_up()
    }
}

/// True of a Service that Istio's sources look at.
fn is_entrance(object: &Object) -> bool {
    match &object.body {
        Body::Service(service) => {
            service.source.is_some() && !(service.balancer.is_empty() && service.external_ips.is_empty())
        }
        _ => false,
    }
}

/// The Services that an object refers to.
fn each_link(key: &ObjectKey, object: &Object, mut each: impl FnMut(ObjectKey)) {
    match &object.body {
        Body::EndpointSlice(slice) => slice.service.iter().cloned().for_each(each),
        Body::Ingress(ingress) => {
            ingress::services(ingress).for_each(|service| each(service_key(key.namespace(), service)));
        }
        _ => {}
    }
}

/// The key of a Service.
pub(super) fn service_key(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::of(Kind::Service, namespace, name)
}

/// Whose meaning an object is part of: that of its Service, or its own, that of what is behind all Services where
/// it is one that Istio's sources look at, and of a pod that of those with each of its labels.
pub(super) fn affects(key: &ObjectKey, object: &Object) -> impl Iterator<Item = ObjectKey> {
    let own = match &object.body {
        Body::EndpointSlice(EndpointSlice { service: Some(service), .. }) => service.clone(),
        Body::Endpoints(_) => key.of_kind(Kind::Service),
        _ => key.clone(),
    };
    let all = is_entrance(object).then(|| all_of(Kind::Service, ""));
    let labels = if let Body::Pod(pod) = &object.body { Some(&pod.meta.labels) } else { None };
    let labels = labels.into_iter().flat_map(Pairs::iter);
    let labelled = labels.map(|(name, value)| labelled(key.namespace(), name, value));
    std::iter::once(own).chain(all).chain(labelled)
}
