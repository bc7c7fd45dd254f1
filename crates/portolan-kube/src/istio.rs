//! Istio's Gateway and VirtualService (`networking.istio.io`, of whatever version), cut down to what decides a
//! name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::gateway_api::Kept;
use crate::kubefed::null_is_default;

/// The API group of both kinds.
pub const GROUP: &str = "networking.istio.io";

/// Where traffic comes in: pods of Istio's, with a Service before them.
pub type Gateway = Kept<GatewaySpec, NoStatus>;
/// Where traffic goes.
pub type VirtualService = Kept<VirtualServiceSpec, NoStatus>;

/// A status that says nothing about names.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoStatus;

impl<'de> Deserialize<'de> for NoStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// What a [`Gateway`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GatewaySpec {
    /// The labels of the pods that it is.
    #[serde(deserialize_with = "null_is_default")]
    pub selector: BTreeMap<String, String>,
    /// Ways in.
    #[serde(deserialize_with = "null_is_default")]
    pub servers: Vec<Server>,
}

/// A way in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Server {
    /// `[namespace/]host`; the namespace is that of VirtualServices, `.` for the gateway's and `*` for any.
    #[serde(deserialize_with = "null_is_default")]
    pub hosts: Vec<String>,
    /// Where.
    #[serde(deserialize_with = "null_is_default")]
    pub port: Port,
}

/// A port of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Port {
    /// Its number.
    #[serde(deserialize_with = "null_is_default")]
    pub number: u32,
    /// `HTTP`, `HTTPS`, `TLS`, ...
    #[serde(deserialize_with = "null_is_default")]
    pub protocol: String,
    /// Its name.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
}

/// What a [`VirtualService`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VirtualServiceSpec {
    /// The hosts that it serves.
    #[serde(deserialize_with = "null_is_default")]
    pub hosts: Vec<String>,
    /// `[namespace/]name` of gateways; `mesh` is all sidecars.
    #[serde(deserialize_with = "null_is_default")]
    pub gateways: Vec<String>,
    /// The namespaces that see it: a name, `.` or `*`; none for all.
    #[serde(deserialize_with = "null_is_default")]
    pub export_to: Vec<String>,
}
