//! One object of any kind that we read.

use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Endpoints, Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::dns_endpoint::DnsEndpoint;
use crate::kinds::{GlobalName, MemberCluster, SteeringPolicy, Zone};
use crate::kubefed::{Domain, IngressDnsRecord, ServiceDnsRecord};

/// An object of a kind that we read; what is not needed of it is dropped when it is read.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "each stands behind an Arc in the folder and the index")]
pub enum Object {
    /// `v1` Service.
    Service(Service),
    /// `discovery.k8s.io/v1` EndpointSlice.
    EndpointSlice(EndpointSlice),
    /// `v1` Endpoints; a slice of the same Service wins.
    Endpoints(Endpoints),
    /// `networking.k8s.io/v1` Ingress.
    Ingress(Ingress),
    /// `v1` Node.
    Node(Node),
    /// KubeFed's Domain, of any of its three groups.
    Domain(Domain),
    /// KubeFed's ServiceDNSRecord, likewise.
    ServiceDnsRecord(ServiceDnsRecord),
    /// KubeFed's IngressDNSRecord, likewise.
    IngressDnsRecord(IngressDnsRecord),
    /// KubeFed's or External-DNS' DNSEndpoint.
    DnsEndpoint(DnsEndpoint),
    /// Ours.
    Zone(Zone),
    /// Ours.
    GlobalName(GlobalName),
    /// Ours.
    SteeringPolicy(SteeringPolicy),
    /// Ours.
    MemberCluster(MemberCluster),
}

/// The kinds of [`Object`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "they are the names of the kinds")]
pub enum Kind {
    Service,
    EndpointSlice,
    Endpoints,
    Ingress,
    Node,
    Domain,
    ServiceDnsRecord,
    IngressDnsRecord,
    DnsEndpoint,
    Zone,
    GlobalName,
    SteeringPolicy,
    MemberCluster,
}

/// Which object of a cluster: kind, namespace (empty where the kind has none), name. The three groups of
/// KubeFed's kinds are one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl ObjectKey {
    /// The key of an object with this metadata. A namespaced kind without a namespace is in `default`;
    /// a kind that has none loses what somebody wrote there.
    #[must_use]
    pub fn new(kind: Kind, namespace: Option<&str>, name: &str) -> Self {
        let namespace = if kind.is_namespaced() {
            namespace.filter(|text| !text.is_empty()).unwrap_or("default")
        } else {
            ""
        };
        Self { kind, namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectKey {
    /// `Service shop/web`, `Node worker-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

impl Kind {
    /// True when its objects stand in namespaces.
    #[must_use]
    pub fn is_namespaced(self) -> bool {
        !matches!(self, Self::Node | Self::Zone | Self::SteeringPolicy | Self::MemberCluster)
    }
}

impl fmt::Display for Kind {
    /// As the kind is spelt in a manifest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::ServiceDnsRecord => "ServiceDNSRecord",
            Self::IngressDnsRecord => "IngressDNSRecord",
            Self::DnsEndpoint => "DNSEndpoint",
            other => return write!(f, "{other:?}"),
        };
        f.pad(name)
    }
}

impl Object {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Service(_) => Kind::Service,
            Self::EndpointSlice(_) => Kind::EndpointSlice,
            Self::Endpoints(_) => Kind::Endpoints,
            Self::Ingress(_) => Kind::Ingress,
            Self::Node(_) => Kind::Node,
            Self::Domain(_) => Kind::Domain,
            Self::ServiceDnsRecord(_) => Kind::ServiceDnsRecord,
            Self::IngressDnsRecord(_) => Kind::IngressDnsRecord,
            Self::DnsEndpoint(_) => Kind::DnsEndpoint,
            Self::Zone(_) => Kind::Zone,
            Self::GlobalName(_) => Kind::GlobalName,
            Self::SteeringPolicy(_) => Kind::SteeringPolicy,
            Self::MemberCluster(_) => Kind::MemberCluster,
        }
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Service(o) => &o.metadata,
            Self::EndpointSlice(o) => &o.metadata,
            Self::Endpoints(o) => &o.metadata,
            Self::Ingress(o) => &o.metadata,
            Self::Node(o) => &o.metadata,
            Self::Domain(o) => &o.metadata,
            Self::ServiceDnsRecord(o) => &o.metadata,
            Self::IngressDnsRecord(o) => &o.metadata,
            Self::DnsEndpoint(o) => &o.metadata,
            Self::Zone(o) => &o.metadata,
            Self::GlobalName(o) => &o.metadata,
            Self::SteeringPolicy(o) => &o.metadata,
            Self::MemberCluster(o) => &o.metadata,
        }
    }

    /// Its key, as [`ObjectKey::new`] makes it.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        let metadata = self.metadata();
        let name = metadata.name.as_deref().unwrap_or_default();
        ObjectKey::new(self.kind(), metadata.namespace.as_deref(), name)
    }

    /// When it was made, in seconds since 1970; what has no time is taken as younger than all that have.
    #[must_use]
    pub fn created(&self) -> i64 {
        self.metadata().creation_timestamp.as_ref().map_or(i64::MAX, |t| t.0.as_second())
    }
}
