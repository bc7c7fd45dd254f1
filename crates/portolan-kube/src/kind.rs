//! The kinds that we read.

use std::fmt;

/// The kinds of object that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "they are the names of the kinds")]
pub enum Kind {
    Service,
    EndpointSlice,
    Endpoints,
    Ingress,
    Node,
    Pod,
    Namespace,
    Gateway,
    ListenerSet,
    HttpRoute,
    GrpcRoute,
    TlsRoute,
    TcpRoute,
    UdpRoute,
    Route,
    /// Istio's, which has the name of Gateway API's.
    IstioGateway,
    VirtualService,
    Domain,
    ServiceDnsRecord,
    IngressDnsRecord,
    DnsEndpoint,
    Zone,
    GlobalName,
    SteeringPolicy,
    MemberCluster,
    // Registrations after ours, in the order in which they count: see `crate::registry`.
    KubeFedCluster,
    FederatedCluster,
    /// The cluster registry's, which it calls `Cluster`.
    RegistryCluster,
    ClusterProfile,
    Secret,
}

impl Kind {
    /// The first in order.
    pub(crate) const LEAST: Self = Self::Service;

    /// Those that External-DNS' sources make records of, whose copies speak each for its own cluster.
    const SOURCED: [Self; 12] = [
        Self::Service,
        Self::Ingress,
        Self::Node,
        Self::Pod,
        Self::Route,
        Self::HttpRoute,
        Self::GrpcRoute,
        Self::TlsRoute,
        Self::TcpRoute,
        Self::UdpRoute,
        Self::IstioGateway,
        Self::VirtualService,
    ];

    /// True of the kinds, as owners of names have them, whose copies speak each for its own cluster.
    #[must_use]
    pub fn is_sourced(kind: &str) -> bool {
        Self::SOURCED.iter().any(|known| known.to_string() == kind)
    }

    /// The kind that may own or steer a name, as facts spell it.
    #[must_use]
    pub fn of_owner(text: &str) -> Option<Self> {
        match text {
            "ServiceDNSRecord" => Some(Self::ServiceDnsRecord),
            "IngressDNSRecord" => Some(Self::IngressDnsRecord),
            "DNSEndpoint" => Some(Self::DnsEndpoint),
            "GlobalName" => Some(Self::GlobalName),
            "Zone" => Some(Self::Zone),
            "SteeringPolicy" => Some(Self::SteeringPolicy),
            _ => Self::SOURCED.into_iter().find(|known| known.to_string() == text),
        }
    }

    /// True when its objects stand in namespaces.
    #[must_use]
    pub fn is_namespaced(self) -> bool {
        let is_not = matches!(self, Self::Node | Self::Namespace | Self::Zone);
        !is_not && !matches!(self, Self::SteeringPolicy | Self::MemberCluster)
    }
}

impl fmt::Display for Kind {
    /// As the kind is spelt in a manifest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::ServiceDnsRecord => "ServiceDNSRecord",
            Self::IngressDnsRecord => "IngressDNSRecord",
            Self::DnsEndpoint => "DNSEndpoint",
            Self::HttpRoute => "HTTPRoute",
            Self::GrpcRoute => "GRPCRoute",
            Self::TlsRoute => "TLSRoute",
            Self::TcpRoute => "TCPRoute",
            Self::UdpRoute => "UDPRoute",
            Self::IstioGateway => "Gateway",
            Self::RegistryCluster => "Cluster",
            other => return write!(f, "{other:?}"),
        };
        f.pad(name)
    }
}
