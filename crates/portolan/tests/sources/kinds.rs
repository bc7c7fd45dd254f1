//! The kinds of objects, and definitions of those that no API server has by itself.

use std::fmt::Write as _;

use serde_json::Value;

/// A kind, as its API server has it.
pub(crate) struct Kind {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
}

const fn kind(api_version: &'static str, kind: &'static str, plural: &'static str) -> Kind {
    Kind { api_version, kind, plural }
}

/// What a cluster's folder gets. Versions are those that External-DNS 0.22 watches.
pub(crate) const KINDS: [Kind; 17] = [
    kind("v1", "Service", "services"),
    kind("v1", "Node", "nodes"),
    kind("v1", "Pod", "pods"),
    kind("v1", "Namespace", "namespaces"),
    kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
    kind("networking.k8s.io/v1", "Ingress", "ingresses"),
    DNS_ENDPOINT,
    kind("gateway.networking.k8s.io/v1", "Gateway", "gateways"),
    kind("gateway.networking.k8s.io/v1", "ListenerSet", "listenersets"),
    kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes"),
    kind("gateway.networking.k8s.io/v1", "GRPCRoute", "grpcroutes"),
    kind("gateway.networking.k8s.io/v1", "TLSRoute", "tlsroutes"),
    kind("gateway.networking.k8s.io/v1alpha2", "TCPRoute", "tcproutes"),
    kind("gateway.networking.k8s.io/v1alpha2", "UDPRoute", "udproutes"),
    kind("networking.istio.io/v1", "Gateway", "gateways"),
    kind("networking.istio.io/v1", "VirtualService", "virtualservices"),
    kind("route.openshift.io/v1", "Route", "routes"),
];

/// External-DNS' own kind, with a definition of its own.
const DNS_ENDPOINT: Kind = kind("externaldns.k8s.io/v1alpha1", "DNSEndpoint", "dnsendpoints");
/// External-DNS' own definition.
const DNS_ENDPOINT_DEFINITION: &str =
    include_str!("../../../portolan-kube/compat/dnsendpoints.externaldns.k8s.io.yaml");
/// Groups that an API server knows by itself.
const BUILT_IN: [&str; 3] = ["v1", "discovery.k8s.io", "networking.k8s.io"];

impl Kind {
    /// Its group; its version for the core group, which has no name.
    fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or(self.api_version, |(group, _)| group)
    }

    /// The kind of an object.
    pub(crate) fn of(object: &Value) -> &'static Self {
        let is = |kind: &&Self| object["kind"] == kind.kind && object["apiVersion"] == kind.api_version;
        KINDS.iter().find(is).unwrap_or_else(|| panic!("of no kind that is known here: {object}"))
    }

    /// The path at which its objects of a namespace are created; without one, those that are in none.
    pub(crate) fn path_in(&self, namespace: Option<&str>) -> String {
        match (self.path().rsplit_once('/'), namespace) {
            (Some((version, plural)), Some(namespace)) => {
                format!("{version}/namespaces/{namespace}/{plural}")
            }
            _ => self.path(),
        }
    }

    /// The path that lists all of it.
    pub(crate) fn path(&self) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        format!("/{root}/{}/{}", self.api_version, self.plural)
    }
}

/// Definitions of all kinds that need one: any field is taken, and a status is written apart.
pub(crate) fn definitions() -> String {
    let mut text = DNS_ENDPOINT_DEFINITION.to_owned();
    let is_foreign = |kind: &&Kind| !BUILT_IN.contains(&kind.group()) && kind.kind != DNS_ENDPOINT.kind;
    for kind in KINDS.iter().filter(is_foreign) {
        let Kind { api_version, kind: name, plural } = kind;
        let group = kind.group();
        let (_, version) = api_version.split_once('/').unwrap();
        let _ = write!(
            text,
            "\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  \
             name: {plural}.{group}\n  \
             annotations: {{api-approved.kubernetes.io: https://github.com/kubernetes-sigs/gateway-api/pull/891}}\n\
             spec:\n  group: {group}\n  scope: Namespaced\n  \
             names: {{kind: {name}, plural: {plural}, singular: {singular}}}\n  \
             versions:\n  - name: {version}\n    served: true\n    storage: true\n    subresources: {{status: {{}}}}\n    \
             schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}\n",
            singular = name.to_ascii_lowercase(),
        );
    }
    text
}
