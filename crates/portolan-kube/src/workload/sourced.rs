//! What External-DNS' sources ask of a cluster's own objects.

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::discovery::v1 as discovery_v1;
use k8s_openapi::api::networking::v1 as networking_v1;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Keep, Meta, Pairs, Texts, texts};
use crate::kind::Kind;

/// The label of EndpointSlices whose Service has no address of its own, and that of their maker.
const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";
const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
/// Who makes the EndpointSlices of Services that have a selector.
const SLICE_CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// Of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSource {
    /// Its labels and annotations.
    pub meta: Meta,
    /// `spec.type`.
    pub kind: ServiceType,
    /// `spec.clusterIP`; `None` for a headless Service, empty when there is none yet.
    pub cluster_ip: Box<str>,
    /// `spec.externalName`.
    pub external_name: Box<str>,
    /// `spec.selector`.
    pub selector: Pairs,
    /// `spec.ports`.
    pub ports: Box<[ServicePort]>,
    /// `spec.trafficDistribution`; empty when it does not say.
    pub traffic_distribution: Box<str>,
    /// `spec.publishNotReadyAddresses`.
    pub publishes_not_ready: bool,
    /// `spec.externalTrafficPolicy` is `Local`: a Node without a pod of it drops what comes.
    pub is_local: bool,
}

/// The types of Services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceType {
    /// An address inside the cluster, or none: what a Service is that does not say.
    #[default]
    ClusterIp,
    /// A port of every Node.
    NodePort,
    /// An address outside.
    LoadBalancer,
    /// Another name.
    ExternalName,
}

/// A port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name; empty for the only port, which needs none.
    pub name: Box<str>,
    /// Where the Service takes what comes.
    pub port: i32,
    /// Where its pods take it: a number, or the name of a port of theirs; empty when it does not say.
    pub target_port: Box<str>,
    /// `TCP`, `UDP`, `SCTP`; empty when it does not say.
    pub protocol: Box<str>,
    /// The port of every Node; 0 when there is none.
    pub node_port: i32,
}

/// An endpoint that is a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SliceEndpoint {
    /// The pod's name.
    pub pod: Box<str>,
    /// Its first address.
    pub address: Box<str>,
    /// True when it is ready, or does not say.
    pub is_ready: bool,
    /// True when addresses of its slice are IP addresses.
    pub is_ip: bool,
}

/// Of an Ingress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngressSource {
    /// Its labels and annotations.
    pub meta: Meta,
    /// `spec.ingressClassName`; empty when it does not say.
    pub class: Box<str>,
    /// `spec.tls[].hosts`, of each entry.
    pub tls: Box<[Texts]>,
}

/// Of a Node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSource {
    /// Its labels and annotations.
    pub meta: Meta,
    /// `status.addresses`.
    pub addresses: Box<[NodeAddress]>,
    /// `status.nodeInfo.architecture`, as Go calls it: `amd64`.
    pub architecture: Box<str>,
    /// `status.nodeInfo.operatingSystem`.
    pub operating_system: Box<str>,
    /// `spec.unschedulable`.
    pub is_unschedulable: bool,
}

/// An address of a Node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeAddress {
    /// `ExternalIP`, `InternalIP`, `Hostname`.
    pub kind: Box<str>,
    /// The address.
    pub address: Box<str>,
}

/// `v1` Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its annotations that sources read, and all of its labels: Services select by them.
    pub meta: Meta,
    /// `spec.hostname`, a label of a name.
    pub hostname: Box<str>,
    /// The Node that it runs on.
    pub node: Box<str>,
    /// The address of that Node.
    pub host_ip: Box<str>,
    /// Its own addresses, the primary one first.
    pub ips: Texts,
    /// `spec.hostNetwork`.
    pub is_on_host_network: bool,
    /// `status.phase` is `Running`.
    pub is_running: bool,
    /// Its `Ready` condition is true.
    pub is_ready: bool,
    /// It is being deleted.
    pub is_terminating: bool,
}

/// `v1` Namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its labels, by which listeners select.
    pub labels: Pairs,
}

impl ServiceSource {
    /// What sources ask of a Service; nothing of one that neither names a host nor is a way in that an
    /// Istio gateway may stand behind.
    pub(super) fn of(service: &core_v1::Service, is_entrance: bool, keep: &Keep) -> Option<Self> {
        let names_hosts = keep.reads(Kind::Service) && keep.names_hosts(&service.metadata);
        let is_behind_gateway = is_entrance && keep.reads(Kind::IstioGateway);
        if !names_hosts && !is_behind_gateway {
            return None;
        }
        let spec = service.spec.as_ref();
        let text = |field: fn(&core_v1::ServiceSpec) -> Option<&String>| {
            spec.and_then(field).map_or("", String::as_str).into()
        };
        let target = |target: &IntOrString| match target {
            IntOrString::Int(number) => number.to_string().into(),
            IntOrString::String(name) => name.as_str().into(),
        };
        let port = |port: &core_v1::ServicePort| ServicePort {
            name: port.name.as_deref().unwrap_or_default().into(),
            port: port.port,
            target_port: port.target_port.as_ref().map(target).unwrap_or_default(),
            protocol: port.protocol.as_deref().unwrap_or_default().into(),
            node_port: port.node_port.unwrap_or_default(),
        };
        Some(Self {
            meta: keep.meta(&service.metadata),
            kind: ServiceType::of(spec.and_then(|spec| spec.type_.as_deref()).unwrap_or_default()),
            cluster_ip: text(|spec| spec.cluster_ip.as_ref()),
            external_name: text(|spec| spec.external_name.as_ref()),
            selector: spec.and_then(|spec| spec.selector.as_ref()).into_iter().flatten().collect(),
            ports: spec.and_then(|spec| spec.ports.as_deref()).unwrap_or_default().iter().map(port).collect(),
            traffic_distribution: text(|spec| spec.traffic_distribution.as_ref()),
            publishes_not_ready: spec.and_then(|spec| spec.publish_not_ready_addresses).unwrap_or_default(),
            is_local: spec.is_some_and(|spec| spec.external_traffic_policy.as_deref() == Some("Local")),
        })
    }
}

impl ServiceType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ClusterIp, Self::NodePort, Self::LoadBalancer, Self::ExternalName];

    /// As Services spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterIp => "ClusterIP",
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
            Self::ExternalName => "ExternalName",
        }
    }

    fn of(text: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == text).unwrap_or_default()
    }
}

impl SliceEndpoint {
    /// The endpoints of a slice that a headless Service may be asked for: External-DNS takes pods alone, and
    /// none whose reference names an `apiVersion`. The slices of a Service that has an address are passed
    /// over by their labels; one that somebody wrote by hand may lack them.
    pub(super) fn all_of(slice: &discovery_v1::EndpointSlice, keep: &Keep) -> Box<[Self]> {
        let label = |name: &str| slice.metadata.labels.as_ref().and_then(|labels| labels.get(name));
        let is_managed = label(MANAGED_BY_LABEL).is_some_and(|by| by == SLICE_CONTROLLER);
        if !keep.reads(Kind::Service) || (is_managed && label(HEADLESS_LABEL).is_none()) {
            return Box::default();
        }
        let is_ip = matches!(slice.address_type.as_str(), "IPv4" | "IPv6");
        let endpoint = |endpoint: &discovery_v1::Endpoint| {
            let pod = endpoint.target_ref.as_ref()?;
            let is_pod =
                pod.kind.as_deref() == Some("Pod") && pod.api_version.as_ref().is_none_or(String::is_empty);
            is_pod.then(|| Self {
                pod: pod.name.as_deref().unwrap_or_default().into(),
                address: endpoint.addresses.first().map_or("", String::as_str).into(),
                is_ready: endpoint.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true),
                is_ip,
            })
        };
        slice.endpoints.iter().filter_map(endpoint).collect()
    }
}

impl IngressSource {
    pub(super) fn of(ingress: &networking_v1::Ingress, keep: &Keep) -> Self {
        let spec = ingress.spec.as_ref();
        let class = spec.and_then(|spec| spec.ingress_class_name.as_deref()).unwrap_or_default();
        let tls = spec.and_then(|spec| spec.tls.as_deref()).unwrap_or_default();
        Self {
            meta: keep.meta(&ingress.metadata),
            class: class.into(),
            tls: tls.iter().map(|tls| texts(tls.hosts.iter().flatten())).collect(),
        }
    }
}

impl NodeSource {
    pub(super) fn of(node: &core_v1::Node, keep: &Keep) -> Self {
        let status = node.status.as_ref();
        let addresses = status.and_then(|status| status.addresses.as_deref()).unwrap_or_default();
        let info = status.and_then(|status| status.node_info.as_ref());
        let address = |address: &core_v1::NodeAddress| NodeAddress {
            kind: address.type_.as_str().into(),
            address: address.address.as_str().into(),
        };
        Self {
            meta: keep.meta(&node.metadata),
            addresses: addresses.iter().map(address).collect(),
            architecture: info.map_or("", |info| &info.architecture).into(),
            operating_system: info.map_or("", |info| &info.operating_system).into(),
            is_unschedulable: node.spec.as_ref().and_then(|spec| spec.unschedulable).unwrap_or_default(),
        }
    }
}

impl Pod {
    /// What is kept of a Pod.
    #[must_use]
    pub fn of(pod: &core_v1::Pod, keep: &Keep) -> Self {
        let (spec, status) = (pod.spec.as_ref(), pod.status.as_ref());
        let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
        let ready = conditions.iter().find(|condition| condition.type_ == "Ready");
        let text = |said: Option<&String>| said.map_or("", String::as_str).into();
        let ips = status.and_then(|status| status.pod_ips.as_deref()).unwrap_or_default();
        let ips = ips.iter().map(|ip| &ip.ip);
        let ip = status.and_then(|status| status.pod_ip.as_ref()).filter(|_| ips.len() == 0);
        Self {
            meta: Meta {
                labels: pod.metadata.labels.iter().flatten().collect(),
                annotations: keep.meta(&pod.metadata).annotations,
            },
            hostname: text(spec.and_then(|spec| spec.hostname.as_ref())),
            node: text(spec.and_then(|spec| spec.node_name.as_ref())),
            host_ip: text(status.and_then(|status| status.host_ip.as_ref())),
            ips: texts(ips.chain(ip)),
            is_on_host_network: spec.and_then(|spec| spec.host_network).unwrap_or_default(),
            is_running: status.is_some_and(|status| status.phase.as_deref() == Some("Running")),
            is_ready: ready.is_some_and(|condition| condition.status == "True"),
            is_terminating: pod.metadata.deletion_timestamp.is_some(),
        }
    }
}

impl Namespace {
    /// What is kept of a Namespace.
    #[must_use]
    pub fn of(namespace: &core_v1::Namespace, _: &Keep) -> Self {
        Self { labels: namespace.metadata.labels.iter().flatten().collect() }
    }
}
