//! What a cluster runs, cut down to what is asked of it.
//!
//! A fleet has hundreds of thousands of Services and EndpointSlices, and an offer needs an address of the
//! one and a single bit of the other. So the API's types live only while an object is read, and what is
//! kept of it is here: a field that nobody asks for costs nothing, and an object that only changed in such
//! a field is the same object as before. What External-DNS' sources ask for beside that is in a box of its
//! own, and only there when [`Keep`] says that they ask.

mod keep;
mod sourced;

use std::net::IpAddr;

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::discovery::v1 as discovery_v1;
use k8s_openapi::api::networking::v1 as networking_v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::key::ObjectKey;
use crate::kind::Kind;

pub use keep::{Keep, Meta, Pairs};
pub use sourced::{
    IngressSource, Namespace, NodeAddress, NodeSource, Pod, ServicePort, ServiceSource, ServiceType,
    SliceEndpoint,
};

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
    /// Its load balancer's status.
    pub balancer: Balancer,
    /// `spec.externalIPs`.
    pub external_ips: Texts,
    /// `spec.type` is `ExternalName`: it stands for another name, so that nothing here tells whether it is ready.
    pub is_external_name: bool,
    /// `spec.type` is `LoadBalancer`.
    pub is_load_balancer: bool,
    /// What sources ask for.
    pub source: Option<Box<ServiceSource>>,
}

/// The entries of a load balancer's status that say something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balancer(Box<[Entrance]>);

/// One entry of a load balancer's status.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entrance {
    /// An address or a host name.
    One(Box<str>),
    /// An address and a host name.
    Both(Box<(Box<str>, Box<str>)>),
}

/// `discovery.k8s.io/v1` EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointSlice {
    /// The Service whose endpoints it lists, by its label.
    pub service: Option<ObjectKey>,
    /// True when one of them is ready, or does not say: the API asks to take that as ready.
    pub has_ready: bool,
    /// Those that a headless Service may be asked for.
    pub endpoints: Box<[SliceEndpoint]>,
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
    pub balancer: Balancer,
    /// In the order of the object.
    pub rules: Box<[Rule]>,
    /// Where requests go that no rule takes.
    pub default_backend: Option<Backend>,
    /// What sources ask for.
    pub source: Option<Box<IngressSource>>,
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
    /// What sources ask for.
    pub source: Option<Box<NodeSource>>,
}

impl Service {
    /// What is kept of a Service.
    #[must_use]
    pub fn of(service: &core_v1::Service, keep: &Keep) -> Self {
        let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let entries = status.and_then(|status| status.ingress.as_deref()).unwrap_or_default();
        let external = service.spec.as_ref().and_then(|spec| spec.external_ips.as_deref());
        let balancer = Balancer::of(entries.iter().map(|entry| (&entry.ip, &entry.hostname)));
        let external_ips = texts(external.unwrap_or_default());
        let kind = service.spec.as_ref().and_then(|spec| spec.type_.as_deref());
        let is_external_name = kind == Some("ExternalName");
        let is_entrance = !balancer.is_empty() || !external_ips.is_empty();
        let source = ServiceSource::of(service, is_entrance, keep).map(Box::new);
        let is_load_balancer = kind == Some(ServiceType::LoadBalancer.name());
        Self { balancer, external_ips, is_external_name, is_load_balancer, source }
    }
}

impl EndpointSlice {
    /// What is kept of an EndpointSlice.
    #[must_use]
    pub fn of(slice: &discovery_v1::EndpointSlice, keep: &Keep) -> Self {
        let ready = |endpoint: &discovery_v1::Endpoint| endpoint.conditions.as_ref().and_then(|c| c.ready);
        let namespace = slice.metadata.namespace.as_deref();
        let service = |name| ObjectKey::new(Kind::Service, namespace, name);
        Self {
            service: label(&slice.metadata, &[SERVICE_NAME_LABEL]).map(service),
            has_ready: slice.endpoints.iter().any(|endpoint| ready(endpoint).unwrap_or(true)),
            endpoints: SliceEndpoint::all_of(slice, keep),
        }
    }
}

impl Endpoints {
    /// What is kept of an Endpoints.
    #[must_use]
    pub fn of(endpoints: &core_v1::Endpoints, _: &Keep) -> Self {
        let subsets = endpoints.subsets.as_deref().unwrap_or_default();
        let has_ready = subsets.iter().any(|subset| subset.addresses.as_ref().is_some_and(|a| !a.is_empty()));
        Self { has_ready }
    }
}

impl Ingress {
    /// What is kept of an Ingress.
    #[must_use]
    pub fn of(ingress: &networking_v1::Ingress, keep: &Keep) -> Self {
        let status = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let entries = status.and_then(|status| status.ingress.as_deref()).unwrap_or_default();
        let spec = ingress.spec.as_ref();
        let rules = spec.and_then(|spec| spec.rules.as_deref()).unwrap_or_default();
        Self {
            balancer: Balancer::of(entries.iter().map(|entry| (&entry.ip, &entry.hostname))),
            rules: rules.iter().map(Rule::from).collect(),
            default_backend: spec.and_then(|spec| spec.default_backend.as_ref()).map(backend),
            source: keep.reads(Kind::Ingress).then(|| Box::new(IngressSource::of(ingress, keep))),
        }
    }
}

impl Balancer {
    fn of<'e>(entries: impl Iterator<Item = (&'e Option<String>, &'e Option<String>)>) -> Self {
        let text = |said: &'e Option<String>| said.as_deref().filter(|text| !text.is_empty());
        let entrance = |(ip, host): (&'e Option<String>, &'e Option<String>)| match (text(ip), text(host)) {
            (Some(ip), Some(host)) => Some(Entrance::Both(Box::new((ip.into(), host.into())))),
            (one, other) => one.or(other).map(|one| Entrance::One(one.into())),
        };
        Self(entries.filter_map(entrance).collect())
    }

    /// True when nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of each entry the address, then the host name.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .flat_map(|entrance| match entrance {
                Entrance::One(one) => [Some(&**one), None],
                Entrance::Both(both) => [Some(&*both.0), Some(&*both.1)],
            })
            .flatten()
    }

    /// One with these entries, each an address and a host name, either of them empty.
    #[must_use]
    pub fn of_entries(entries: Vec<(String, String)>) -> Self {
        let entries: Vec<_> = entries.into_iter().map(|(ip, host)| (Some(ip), Some(host))).collect();
        Self::of(entries.iter().map(|(ip, host)| (ip, host)))
    }

    /// Of each entry the address and the host name, either of them empty.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|entrance| match entrance {
            Entrance::One(one) if one.parse::<IpAddr>().is_ok() => (&**one, ""),
            Entrance::One(one) => ("", &**one),
            Entrance::Both(both) => (&*both.0, &*both.1),
        })
    }

    /// Of each entry the address, or the host name where it has none.
    pub fn one_of_each(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entrance| match entrance {
            Entrance::One(one) => &**one,
            Entrance::Both(both) => &*both.0,
        })
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

impl Node {
    /// What is kept of a Node.
    #[must_use]
    pub fn of(node: &core_v1::Node, keep: &Keep) -> Self {
        let of = |names| label(&node.metadata, names).map(Box::from);
        let source = keep.reads(Kind::Node).then(|| Box::new(NodeSource::of(node, keep)));
        Self { region: of(&REGION_LABELS), zone: of(&ZONE_LABELS), source }
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
