//! What External-DNS makes of a cluster's own objects, by the same rules (of its version 0.22).
//!
//! ```text
//!   object ─▶ asked for? ─▶ source ─▶ templates ─▶ finish ─▶ Endpoint: name, type, targets, TTL, set
//!             filters       one file   template     targets, TTLs, PTR
//!             controller    a kind
//! ```
//!
//! A source is pure: it looks at one object, at others of the same cluster through a [`View`], and at
//! [`Options`], which have External-DNS' names, defaults and meanings. The view notes what was looked at, so
//! that whoever keeps the result knows when it is stale. A fault costs the object that has it, and is told
//! beside what could be made of the rest; External-DNS ends its whole sync on some and passes over others.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `source` | the sources, by their names |
//! | `options` | what an operator asked for |
//! | `template` | names by Go templates |
//! | `annotations` | the annotations that sources read, with both prefixes |
//! | `scene` | what a source has at hand for one object |
//! | `view` | the other objects of the cluster |
//! | `endpoint` | what a source gives |
//! | `room` | how many names and targets of one object count |
//! | `faults` | what is wrong with an object |
//! | `finish` | the steps that all of it takes |
//! | `service`, `headless`, `node_port`, `ingress`, `node`, `pod` | Kubernetes' own kinds |
//! | `gateway`, `listeners` | Gateway API's routes |
//! | `openshift`, `istio` | theirs |
//! | `crd` | what options do to DNSEndpoints |

mod annotations;
pub(crate) mod crd;
mod endpoint;
mod faults;
mod finish;
mod gateway;
mod headless;
mod ingress;
mod istio;
mod listeners;
mod node;
mod node_port;
mod openshift;
mod options;
mod pod;
mod room;
mod scene;
mod service;
mod source;
mod template;
mod view;

use std::collections::BTreeSet;

pub use annotations::seconds;
pub use endpoint::Endpoint;
pub(crate) use faults::shown;
pub use faults::{FAULTS_MAX, Fault, Faults};
pub use options::{DEFAULT_PREFIXES, ITEMS_MAX, OptionFault, Options, RECORD_TYPES, Templates};
pub use room::{NAMES_MAX, RECORDS_MAX, TARGETS_MAX};
pub use source::Source;
pub use template::{
    NESTING_MAX, OUTPUT_OCTETS_MAX, STEP_OCTETS, STEPS_MAX, TEMPLATE_OCTETS_MAX, Template, TemplateError,
};
pub use view::{Addresses, Cluster, View};
pub(crate) use view::{all_of, labelled};

use crate::object::{Body, Object};
use annotations::Annotations;
use scene::Scene;

/// What a source makes of one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offered {
    /// The records.
    pub endpoints: Vec<Endpoint>,
    /// Names that it wants and has no target for yet.
    pub names: Vec<String>,
    /// What is wrong with the object.
    pub faults: Faults,
}

/// What a source makes of an object of a cluster; nothing when none that is on asks for it.
pub fn offered<'a>(object: &'a Object, view: &mut View<'a>, options: &'a Options) -> Offered {
    if !Source::of(object.key.kind()).is_some_and(|source| options.is_on(source)) {
        return Offered::default();
    }
    let Some(meta) = meta(&object.body) else { return Offered::default() };
    let annotations = Annotations::new(&meta.annotations, &options.annotation_prefixes);
    let is_asked_for = options.takes_namespace(&object.key)
        && options.annotation_filter.takes(&meta.annotations)
        && options.label_filter.takes(&meta.labels)
        && annotations.is_ours();
    if !is_asked_for {
        return Offered::default();
    }
    let (mut faults, mut wanted) = (Faults::default(), BTreeSet::new());
    let scene = &mut Scene { object, annotations, options, view, faults: &mut faults, wanted: &mut wanted };
    let endpoints = match &object.body {
        Body::Service(service) => service::endpoints(scene, service),
        Body::Ingress(ingress) => ingress::endpoints(scene, ingress),
        Body::Node(node) => node::endpoints(scene, node),
        Body::Pod(pod) => pod::endpoints(scene, pod),
        Body::Route(route) => openshift::endpoints(scene, route),
        Body::GatewayRoute(route) => gateway::endpoints(scene, route),
        Body::IstioGateway(gateway) => istio::gateway(scene, gateway),
        Body::VirtualService(service) => istio::virtual_service(scene, service),
        _ => Vec::new(),
    };
    // One that options leave nothing of is not waiting for a target, so its names are others' to have.
    for endpoint in endpoints.iter().filter(|endpoint| !endpoint.targets.is_empty()) {
        wanted.remove(&endpoint.name);
    }
    let endpoints = finish::finish(endpoints, options);
    Offered { endpoints, names: wanted.into_iter().collect(), faults }
}

/// The labels and annotations of an object that a source may make records of; none of one that nothing was
/// kept for.
fn meta(body: &Body) -> Option<&crate::workload::Meta> {
    match body {
        Body::Service(service) => service.source.as_ref().map(|source| &source.meta),
        Body::Ingress(ingress) => ingress.source.as_ref().map(|source| &source.meta),
        Body::Node(node) => node.source.as_ref().map(|source| &source.meta),
        Body::Pod(pod) => Some(&pod.meta),
        Body::Route(route) => Some(&route.meta),
        Body::GatewayRoute(route) => Some(&route.meta),
        Body::IstioGateway(gateway) => Some(&gateway.meta),
        Body::VirtualService(service) => Some(&service.meta),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests;
