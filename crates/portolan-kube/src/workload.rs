//! What a cluster runs, cut down to what is asked of it.
//!
//! A fleet has hundreds of thousands of Services and EndpointSlices, and an offer needs an address of the
//! one and a single bit of the other. So the API's types live only while an object is read, and what is
//! kept of it is here: a field that nobody asks for costs nothing, and an object that only changed in such
//! a field is the same object as before.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::discovery::v1 as discovery_v1;
use k8s_openapi::api::networking::v1 as networking_v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The label that says whose an EndpointSlice is.
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";
/// The labels that say where a Node is, today's before the one that it replaced.
pub(crate) const REGION_LABELS: [&str; 2] =
    ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"];
const ZONE_LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/// Texts that are kept for long.
pub type Texts = Box<[Box<str>]>;

/// `v1` Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Of each entry of its load balancer's status the address, then the host name.
    pub balancer: Texts,
    /// `spec.externalIPs`.
    pub external_ips: Texts,
}

/// `discovery.k8s.io/v1` EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointSlice {
    /// The Service whose endpoints it lists, by its label.
    pub service: Option<Arc<str>>,
    /// True when one of them is ready, or does not say: the API asks to take that as ready.
    pub has_ready: bool,
}

/// `v1` Endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// True when an address stands among the ready ones.
    pub has_ready: bool,
}

/// `networking.k8s.io/v1` Ingress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingress {
    /// As those of a [`Service`].
    pub balancer: Texts,
    /// In the order of the object.
    pub rules: Box<[Rule]>,
    /// Where requests go that no rule takes.
    pub default_backend: Option<Backend>,
}

/// Where an Ingress leads one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The host as it is written; none for every host.
    pub host: Option<Box<str>>,
    /// Of each of its paths.
    pub backends: Box<[Backend]>,
}

/// Where an Ingress leads: the name of a Service, or none for anything else (a bucket, say).
pub type Backend = Option<Box<str>>;

/// `v1` Node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its region.
    pub region: Option<Box<str>>,
    /// Its zone.
    pub zone: Option<Box<str>>,
}

impl From<&core_v1::Service> for Service {
    fn from(service: &core_v1::Service) -> Self {
        let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let entries = status.and_then(|status| status.ingress.as_deref()).unwrap_or_default();
        let external = service.spec.as_ref().and_then(|spec| spec.external_ips.as_deref());
        Self {
            balancer: texts(entries.iter().flat_map(|entry| [&entry.ip, &entry.hostname]).flatten()),
            external_ips: texts(external.unwrap_or_default()),
        }
    }
}

impl From<&discovery_v1::EndpointSlice> for EndpointSlice {
    fn from(slice: &discovery_v1::EndpointSlice) -> Self {
        let ready = |endpoint: &discovery_v1::Endpoint| endpoint.conditions.as_ref().and_then(|c| c.ready);
        Self {
            service: label(&slice.metadata, &[SERVICE_NAME_LABEL]).map(Arc::from),
            has_ready: slice.endpoints.iter().any(|endpoint| ready(endpoint).unwrap_or(true)),
        }
    }
}

impl From<&core_v1::Endpoints> for Endpoints {
    fn from(endpoints: &core_v1::Endpoints) -> Self {
        let subsets = endpoints.subsets.as_deref().unwrap_or_default();
        let has_ready = subsets.iter().any(|subset| subset.addresses.as_ref().is_some_and(|a| !a.is_empty()));
        Self { has_ready }
    }
}

impl From<&networking_v1::Ingress> for Ingress {
    fn from(ingress: &networking_v1::Ingress) -> Self {
        let status = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let entries = status.and_then(|status| status.ingress.as_deref()).unwrap_or_default();
        let spec = ingress.spec.as_ref();
        let rules = spec.and_then(|spec| spec.rules.as_deref()).unwrap_or_default();
        Self {
            balancer: texts(entries.iter().flat_map(|entry| [&entry.ip, &entry.hostname]).flatten()),
            rules: rules.iter().map(Rule::from).collect(),
            default_backend: spec.and_then(|spec| spec.default_backend.as_ref()).map(backend),
        }
    }
}

impl From<&networking_v1::IngressRule> for Rule {
    fn from(rule: &networking_v1::IngressRule) -> Self {
        let paths = rule.http.iter().flat_map(|http| &http.paths);
        Self {
            host: rule.host.as_deref().filter(|text| !text.is_empty()).map(Box::from),
            backends: paths.map(|path| backend(&path.backend)).collect(),
        }
    }
}

impl From<&core_v1::Node> for Node {
    fn from(node: &core_v1::Node) -> Self {
        let of = |names| label(&node.metadata, names).map(Box::from);
        Self { region: of(&REGION_LABELS), zone: of(&ZONE_LABELS) }
    }
}

fn backend(backend: &networking_v1::IngressBackend) -> Backend {
    backend.service.as_ref().map(|service| service.name.as_str().into())
}

fn texts<'t>(texts: impl IntoIterator<Item = &'t String>) -> Texts {
    texts.into_iter().map(|text| text.as_str().into()).collect()
}

/// The first of some labels that says something.
fn label<'m>(metadata: &'m ObjectMeta, names: &[&str]) -> Option<&'m str> {
    let labels = metadata.labels.as_ref()?;
    let values = names.iter().filter_map(|name| labels.get(*name));
    values.map(String::as_str).find(|value| !value.is_empty())
}
