//! The sources, by their names.

use crate::kind::Kind;

/// A source, by the name that `--source` has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are the names of the sources")]
pub enum Source {
    Service,
    Ingress,
    Node,
    Pod,
    Crd,
    OpenshiftRoute,
    GatewayHttproute,
    GatewayGrpcroute,
    GatewayTlsroute,
    GatewayTcproute,
    GatewayUdproute,
    IstioGateway,
    IstioVirtualservice,
}

impl Source {
    /// All that there are here, in the order of the docs.
    pub const ALL: [Self; 13] = [
        Self::Service,
        Self::Ingress,
        Self::Node,
        Self::Pod,
        Self::Crd,
        Self::OpenshiftRoute,
        Self::GatewayHttproute,
        Self::GatewayGrpcroute,
        Self::GatewayTlsroute,
        Self::GatewayTcproute,
        Self::GatewayUdproute,
        Self::IstioGateway,
        Self::IstioVirtualservice,
    ];

    /// Every source of External-DNS: what a template may ask `isSource` for.
    pub const KNOWN: [&'static str; 25] = [
        "node",
        "service",
        "ingress",
        "pod",
        "gateway-httproute",
        "gateway-grpcroute",
        "gateway-tlsroute",
        "gateway-tcproute",
        "gateway-udproute",
        "istio-gateway",
        "istio-virtualservice",
        "ambassador-host",
        "contour-httpproxy",
        "gloo-proxy",
        "traefik-proxy",
        "openshift-route",
        "fake",
        "empty",
        "connector",
        "crd",
        "skipper-routegroup",
        "kong-tcpingress",
        "f5-virtualserver",
        "f5-transportserver",
        "unstructured",
    ];

    /// As `--source` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Ingress => "ingress",
            Self::Node => "node",
            Self::Pod => "pod",
            Self::Crd => "crd",
            Self::OpenshiftRoute => "openshift-route",
            Self::GatewayHttproute => "gateway-httproute",
            Self::GatewayGrpcroute => "gateway-grpcroute",
            Self::GatewayTlsroute => "gateway-tlsroute",
            Self::GatewayTcproute => "gateway-tcproute",
            Self::GatewayUdproute => "gateway-udproute",
            Self::IstioGateway => "istio-gateway",
            Self::IstioVirtualservice => "istio-virtualservice",
        }
    }

    /// The source of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// The kind whose objects it makes records of.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Service => Kind::Service,
            Self::Ingress => Kind::Ingress,
            Self::Node => Kind::Node,
            Self::Pod => Kind::Pod,
            Self::Crd => Kind::DnsEndpoint,
            Self::OpenshiftRoute => Kind::Route,
            Self::GatewayHttproute => Kind::HttpRoute,
            Self::GatewayGrpcroute => Kind::GrpcRoute,
            Self::GatewayTlsroute => Kind::TlsRoute,
            Self::GatewayTcproute => Kind::TcpRoute,
            Self::GatewayUdproute => Kind::UdpRoute,
            Self::IstioGateway => Kind::IstioGateway,
            Self::IstioVirtualservice => Kind::VirtualService,
        }
    }

    /// The source of a kind.
    #[must_use]
    pub fn of(kind: Kind) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.kind() == kind)
    }
}
