//! `GlobalName`: a tenant's names, and what serves them.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::Status;
use super::choice::choice;

/// Most hosts of one object.
pub const HOSTS_MAX: usize = 256;
/// Most backends of one object.
pub const BACKENDS_MAX: usize = 16;

/// What a global name is.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "portolan.dev",
    version = "v1alpha1",
    kind = "GlobalName",
    plural = "globalnames",
    namespaced,
    shortname = "gname",
    category = "portolan",
    doc = "Host names that are answered with what serves them in each cluster of the fleet.",
    derive = "PartialEq",
    status = "Status",
    printcolumn(name = "Hosts", type_ = "string", json_path = ".spec.hosts"),
    printcolumn(name = "Policy", type_ = "string", json_path = ".spec.policy"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct GlobalNameSpec {
    /// Host names, such as `shop.global.example.com`; `*.` may be the first label; IDNs as A-labels
    /// (`xn--...`). Each is answered if its zone admits this object to it.
    #[schemars(length(min = 1, max = HOSTS_MAX), inner(length(min = 1, max = 254)))]
    pub hosts: Vec<String>,
    /// What serves the hosts: objects of this object's namespace, looked for in that same namespace of every
    /// cluster.
    #[schemars(length(min = 1, max = BACKENDS_MAX))]
    pub backends: Vec<Backend>,
    /// Name of the SteeringPolicy. Default: the one whose hosts fit most closely, else the zone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub policy: Option<String>,
    /// TTL of the answers, in seconds, 1 to 2147483647. Default (also for 0): the policy's, else 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub ttl: Option<i64>,
    /// True: a Service counts as ready in a cluster even when its EndpointSlices there have no ready endpoint.
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_service_without_endpoints: Option<bool>,
}

/// An object that serves the hosts.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backend {
    /// Its kind: `Service` (of type LoadBalancer; ready by its EndpointSlices) or `Ingress`
    /// (ready for a host when a backend Service of the rule that fits the host best has a ready endpoint; a host without
    /// a rule has the default backend, and without that one is never ready).
    pub kind: BackendKind,
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

choice! {
    /// The kinds that a backend may have.
    BackendKind {
        /// `v1` Service.
        Service,
        /// `networking.k8s.io/v1` Ingress.
        Ingress,
    }
}
