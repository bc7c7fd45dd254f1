//! One object of any kind that we read.

use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::discovery::v1 as discovery_v1;
use k8s_openapi::api::networking::v1 as networking_v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::dns_endpoint::DnsEndpoint;
use crate::kinds::{GlobalName, MemberCluster, SteeringPolicy, Zone};
use crate::kubefed::{Domain, IngressDnsRecord, ServiceDnsRecord};
use crate::workload::{EndpointSlice, Endpoints, Ingress, Node, Service};

/// An object of a kind that we read: which one, since when, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Which one.
    pub key: ObjectKey,
    /// When it was made, in seconds since 1970; what has no time is taken as younger than all that have.
    pub created: i64,
    /// What it says.
    pub body: Body,
}

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
    Ingress(Ingress),
    /// `v1` Node.
    Node(Node),
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
    /// The first in order.
    pub(crate) const LEAST: Self = Self::Service;

    /// The kind that may own or steer a name, as facts spell it.
    pub(crate) fn of_owner(text: &str) -> Option<Self> {
        match text {
            "ServiceDNSRecord" => Some(Self::ServiceDnsRecord),
            "IngressDNSRecord" => Some(Self::IngressDnsRecord),
            "DNSEndpoint" => Some(Self::DnsEndpoint),
            "GlobalName" => Some(Self::GlobalName),
            "Zone" => Some(Self::Zone),
            "SteeringPolicy" => Some(Self::SteeringPolicy),
            _ => None,
        }
    }

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

/// Makes an [`Object`] of what was read: of a cluster's own objects what is kept of them, of the others all.
macro_rules! objects {
    (kept in part: $($kind:ident of $read:ty),*; kept whole: $($whole:ident),*) => {
        $(impl From<$read> for Object {
            fn from(read: $read) -> Self {
                let (key, created) = identity(Kind::$kind, &read.metadata);
                Self { key, created, body: Body::$kind($kind::from(&read)) }
            }
        })*
        $(impl From<$whole> for Object {
            fn from(read: $whole) -> Self {
                let read = Box::new(read);
                let (key, created) = identity(Kind::$whole, &read.metadata);
                Self { key, created, body: Body::$whole(read) }
            }
        })*
    };
}

objects! {
    kept in part: Service of core_v1::Service, EndpointSlice of discovery_v1::EndpointSlice,
        Endpoints of core_v1::Endpoints, Ingress of networking_v1::Ingress, Node of core_v1::Node;
    kept whole: Domain, ServiceDnsRecord, IngressDnsRecord, DnsEndpoint, Zone, GlobalName, SteeringPolicy,
        MemberCluster
}

/// Which object it is, and when it was made.
fn identity(kind: Kind, metadata: &ObjectMeta) -> (ObjectKey, i64) {
    let name = metadata.name.as_deref().unwrap_or_default();
    let created = metadata.creation_timestamp.as_ref().map_or(i64::MAX, |time| time.0.as_second());
    (ObjectKey::new(kind, metadata.namespace.as_deref(), name), created)
}
