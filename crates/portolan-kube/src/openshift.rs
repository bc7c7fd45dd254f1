//! OpenShift's Route (`route.openshift.io/v1`), cut down to what decides a name.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use crate::gateway_api::{Condition, Kept};
use crate::kubefed::null_is_default;

/// The API group.
pub const GROUP: &str = "route.openshift.io";

/// Where a router leads a host.
pub type Route = Kept<RouteSpec, RouteStatus>;

/// What a [`Route`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RouteSpec {
    /// The host that it wants; the one that it has is in its status.
    pub host: Option<String>,
    /// The port of its Service, where that has several.
    pub port: Option<RoutePort>,
}

/// Which port of a Service a [`Route`] leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoutePort {
    /// Its name, or the number of the pods' port.
    pub target_port: IntOrString,
}

/// What became of a [`Route`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RouteStatus {
    /// At each router.
    #[serde(deserialize_with = "null_is_default")]
    pub ingress: Vec<RouteIngress>,
}

/// What became of a [`Route`] at one router.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteIngress {
    /// The host that it serves.
    #[serde(deserialize_with = "null_is_default")]
    pub host: String,
    /// Which router.
    #[serde(deserialize_with = "null_is_default")]
    pub router_name: String,
    /// The router's own name, which leads to it.
    #[serde(deserialize_with = "null_is_default")]
    pub router_canonical_hostname: String,
    /// `Admitted` is what counts.
    #[serde(deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition>,
}
