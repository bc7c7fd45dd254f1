//! One object of any kind that we read.

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::discovery::v1 as discovery_v1;
use k8s_openapi::api::networking::v1 as networking_v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

pub use crate::key::ObjectKey;
pub use crate::kind::Kind;

use crate::dns_endpoint::DnsEndpoint;
use crate::gateway_api::{self, Kept, ListenerSet};
use crate::kinds::{GlobalName, MemberCluster, SteeringPolicy, Zone};
use crate::kubefed::{Domain, IngressDnsRecord, ServiceDnsRecord};
use crate::registry::objects::{ClusterProfile, FederatedCluster, KubeFedCluster, RegistryCluster};
use crate::registry::secret::Secret;
use crate::workload::{EndpointSlice, Endpoints, Ingress, Keep, Namespace, Node, Pod, Service};
use crate::{istio, openshift};

/// An object of a kind that we read: which one, since when, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Which one.
    pub key: ObjectKey,
    /// When it was made, in seconds since 1970; what has no time is taken as younger than all that have.
    pub created: i64,
    /// What it says.
    pub body: Body,
    /// It has a value that is not allowed. What else it says counts, but only where nothing stood before: whatever
    /// did stays.
    pub in_part: bool,
}

// A fleet has millions of them: with the two counts of an `Arc`, one takes 96 octets.
const _: () = assert!(size_of::<Object>() <= 80);

/// What an object says. What is not needed of a cluster's own objects is dropped when they are read; the
/// others are fewer and larger, and stand apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `v1` Service.
    Service(Service),
    /// `discovery.k8s.io/v1` EndpointSlice.
    EndpointSlice(EndpointSlice),
    /// `v1` Endpoints; a slice of the same Service wins.
    Endpoints(Endpoints),
    /// `networking.k8s.io/v1` Ingress.
    Ingress(Box<Ingress>),
    /// `v1` Node.
    Node(Node),
    /// `v1` Pod.
    Pod(Box<Pod>),
    /// `v1` Namespace.
    Namespace(Namespace),
    /// `gateway.networking.k8s.io` Gateway.
    Gateway(Box<gateway_api::Gateway>),
    /// `gateway.networking.k8s.io` ListenerSet.
    ListenerSet(Box<ListenerSet>),
    /// A route of `gateway.networking.k8s.io`, of the kind that the key has.
    GatewayRoute(Box<gateway_api::Route>),
    /// `route.openshift.io` Route.
    Route(Box<openshift::Route>),
    /// `networking.istio.io` Gateway.
    IstioGateway(Box<istio::Gateway>),
    /// `networking.istio.io` VirtualService.
    VirtualService(Box<istio::VirtualService>),
    /// KubeFed's Domain, of any of its three groups.
    Domain(Box<Domain>),
    /// KubeFed's ServiceDNSRecord, likewise.
    ServiceDnsRecord(Box<ServiceDnsRecord>),
    /// KubeFed's IngressDNSRecord, likewise.
    IngressDnsRecord(Box<IngressDnsRecord>),
    /// KubeFed's or External-DNS' DNSEndpoint.
    DnsEndpoint(Box<DnsEndpoint>),
    /// Ours.
    Zone(Box<Zone>),
    /// Ours.
    GlobalName(Box<GlobalName>),
    /// Ours.
    SteeringPolicy(Box<SteeringPolicy>),
    /// Ours.
    MemberCluster(Box<MemberCluster>),
    /// KubeFed's `KubeFedCluster`.
    KubeFedCluster(Box<KubeFedCluster>),
    /// Federation v2's `FederatedCluster`.
    FederatedCluster(Box<FederatedCluster>),
    /// The cluster registry's `Cluster`.
    RegistryCluster(Box<RegistryCluster>),
    /// The Cluster Inventory API's `ClusterProfile`.
    ClusterProfile(Box<ClusterProfile>),
    /// What a registration needs of a `v1` Secret.
    Secret(Box<Secret>),
}

/// What was read of a manifest, to be kept as an [`Object`].
pub trait Read {
    /// The object: of a cluster's own all that is kept of them, of the others all.
    fn object(self, keep: &Keep) -> Object;
}

impl Read for core_v1::Secret {
    fn object(self, _: &Keep) -> Object {
        let (key, created) = identity(Kind::Secret, &self.metadata);
        Object { key, created, body: Body::Secret(Secret::of(&self).into()), in_part: false }
    }
}

macro_rules! objects {
    (kept in part: $($kind:ident of $read:ty),*; boxed: $($boxed:ident of $whole:ty),*) => {
        $(impl Read for $read {
            fn object(self, keep: &Keep) -> Object {
                let (key, created) = identity(Kind::$kind, &self.metadata);
                Object { key, created, body: Body::$kind($kind::of(&self, keep).into()), in_part: false }
            }
        })*
        $(impl Read for $whole {
            fn object(self, _: &Keep) -> Object {
                let read = Box::new(self);
                let (key, created) = identity(Kind::$boxed, &read.metadata);
                Object { key, created, body: Body::$boxed(read), in_part: false }
            }
        })*
    };
}

objects! {
    kept in part: Service of core_v1::Service, EndpointSlice of discovery_v1::EndpointSlice,
        Endpoints of core_v1::Endpoints, Ingress of networking_v1::Ingress, Node of core_v1::Node,
        Pod of core_v1::Pod, Namespace of core_v1::Namespace;
    boxed: Domain of Domain, ServiceDnsRecord of ServiceDnsRecord, IngressDnsRecord of IngressDnsRecord,
        DnsEndpoint of DnsEndpoint, Zone of Zone, GlobalName of GlobalName, SteeringPolicy of SteeringPolicy,
        MemberCluster of MemberCluster, KubeFedCluster of KubeFedCluster, FederatedCluster of FederatedCluster,
        RegistryCluster of RegistryCluster, ClusterProfile of ClusterProfile
}

/// An object of a kind of Gateway API, OpenShift or Istio, without what nobody asks of its metadata.
pub(crate) fn kept<Spec, Status>(
    kind: Kind,
    read: gateway_api::Read<Spec, Status>,
    body: fn(Box<Kept<Spec, Status>>) -> Body,
    keep: &Keep,
) -> Object {
    let (key, created) = identity(kind, &read.metadata);
    let meta = keep.meta(&read.metadata);
    let body = body(Box::new(Kept { meta, spec: read.spec, status: read.status }));
    Object { key, created, body, in_part: false }
}

/// Which object it is, and when it was made.
fn identity(kind: Kind, metadata: &ObjectMeta) -> (ObjectKey, i64) {
    let name = metadata.name.as_deref().unwrap_or_default();
    let created = metadata.creation_timestamp.as_ref().map_or(i64::MAX, |time| time.0.as_second());
    (ObjectKey::new(kind, metadata.namespace.as_deref(), name), created)
}
