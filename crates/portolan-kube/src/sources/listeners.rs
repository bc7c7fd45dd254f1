//! Listeners: a Gateway's own, and those of ListenerSets that it allows.

use std::sync::Arc;

use super::annotations::Annotations;
use super::scene::Scene;
use crate::gateway_api::{AllowedNamespaces, Condition, Gateway, Listener, ListenerSet};
use crate::object::{Body, Kind, ObjectKey};
use crate::selector::Selector;
use crate::workload::Meta;

/// Listeners, and where they are reached.
pub(super) struct Parent<'a> {
    /// The namespace that `Same` means.
    pub(super) namespace: Arc<str>,
    /// What their gateway is reached by.
    pub(super) targets: Vec<String>,
    listeners: Vec<&'a Listener>,
}

impl<'a> Parent<'a> {
    /// The listeners of a Gateway or ListenerSet; none when it is not there, is not asked for, or does not
    /// count.
    pub(super) fn find(scene: &mut Scene<'_, 'a>, key: &ObjectKey) -> Option<Self> {
        match &scene.view.get(key)?.body {
            Body::Gateway(gateway) => {
                let targets = targets(scene, &[&gateway.meta], gateway);
                let listeners = gateway.spec.listeners.iter().collect();
                is_asked_for(scene, key, gateway).then_some(Self {
                    namespace: key.namespace().into(),
                    targets,
                    listeners,
                })
            }
            Body::ListenerSet(set) => Self::of_set(scene, key, set),
            _ => None,
        }
    }

    /// The listeners of a section; all without one.
    pub(super) fn listeners(&self, section: Option<&str>) -> impl Iterator<Item = &'a Listener> {
        let section = section.unwrap_or_default().to_owned();
        let all = self.listeners.clone().into_iter();
        all.filter(move |listener| section.is_empty() || listener.name == section)
    }

    fn of_set(scene: &mut Scene<'_, 'a>, key: &ObjectKey, set: &'a ListenerSet) -> Option<Self> {
        let reference = &set.spec.parent_ref;
        let said = |said: &'a Option<String>| said.as_deref().filter(|text| !text.is_empty());
        let namespace = said(&reference.namespace).unwrap_or(key.namespace());
        let of = ObjectKey::of(Kind::Gateway, namespace, &reference.name);
        let gateway = gateway_of(&scene.view.get(&of)?.body)?;
        let counts = is_asked_for(scene, &of, gateway)
            && allows(scene, gateway, &of, key)
            && Condition::is_true(&set.status.conditions, "Accepted");
        let is_accepted = |listener: &&Listener| {
            let status = set.status.listeners.iter().find(|status| status.name == listener.name);
            status.is_some_and(|status| Condition::is_true(&status.conditions, "Accepted"))
        };
        let targets = targets(scene, &[&set.meta, &gateway.meta], gateway);
        let listeners = set.spec.listeners.iter().filter(is_accepted).collect();
        counts.then_some(Self { namespace: key.namespace().into(), targets, listeners })
    }
}

/// True of a Gateway that the options take.
fn is_asked_for(scene: &Scene<'_, '_>, key: &ObjectKey, gateway: &Gateway) -> bool {
    let options = scene.options;
    let is_one = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    is_one(&options.gateway_name, key.name())
        && is_one(&options.gateway_namespace, key.namespace())
        && options.gateway_label_filter.takes(&gateway.meta.labels)
}

/// True when a Gateway lets a ListenerSet add to its listeners; nobody's, when it says nothing.
fn allows(scene: &mut Scene<'_, '_>, gateway: &Gateway, of: &ObjectKey, set: &ObjectKey) -> bool {
    let namespaces = gateway.spec.allowed_listeners.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
    match namespaces.and_then(|namespaces| namespaces.from.as_deref()) {
        Some("All") => true,
        Some("Same") => of.namespace() == set.namespace(),
        Some("Selector") => selects(scene, namespaces, set.namespace()),
        _ => false,
    }
}

/// True when a selector takes a namespace; one that is not known is not taken.
pub(super) fn selects(scene: &mut Scene<'_, '_>, by: Option<&AllowedNamespaces>, namespace: &str) -> bool {
    let selector = by.and_then(|by| by.selector.as_ref()).and_then(Selector::of);
    let key = ObjectKey::of(Kind::Namespace, "", namespace);
    match (selector, scene.view.get(&key).map(|object| &object.body)) {
        (Some(selector), Some(Body::Namespace(namespace))) => selector.takes(&namespace.labels),
        _ => false,
    }
}

/// The targets that the first of these objects names, else the addresses of the Gateway.
fn targets(scene: &mut Scene<'_, '_>, named_by: &[&Meta], gateway: &Gateway) -> Vec<String> {
    for meta in named_by {
        let annotations = Annotations::new(&meta.annotations, &scene.options.annotation_prefixes);
        let named = annotations.targets(scene.faults);
        if !named.is_empty() {
            return named;
        }
    }
    scene.few(gateway.status.addresses.iter().map(|address| &*address.value), "status.addresses")
}

/// The body of a Gateway.
fn gateway_of(body: &Body) -> Option<&Gateway> {
    if let Body::Gateway(gateway) = body { Some(gateway) } else { None }
}
