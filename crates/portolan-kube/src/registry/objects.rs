//! Others' kinds that register clusters, as far as they are read.
//!
//! What they say of a cluster's health is not looked at: whoever follows it sees for himself. An explicit
//! `null` is the same as absence, as in Go.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

use crate::kubefed::null_is_default;

/// The provider whose convention is read without a plugin: the token is in a Secret of our own namespace that
/// has the profile's name.
pub const SECRET_READER: &str = "secretreader";

/// KubeFed's `KubeFedCluster` (`core.kubefed.io/v1beta1`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct KubeFedCluster {
    /// Its metadata; its name is the cluster's.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What it says.
    pub spec: KubeFedClusterSpec,
}

/// See [`KubeFedCluster`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KubeFedClusterSpec {
    /// A URL, or a host or address with or without a port.
    #[serde(default, deserialize_with = "null_is_default")]
    pub api_endpoint: String,
    /// Certificates in PEM, in base64; the Secret's `ca.crt` where it is empty.
    pub ca_bundle: Option<String>,
    /// The Secret, in the same namespace.
    #[serde(default, deserialize_with = "null_is_default")]
    pub secret_ref: Reference,
    /// Which checks of the server's certificate are to be left out; none may be.
    #[serde(default, rename = "disabledTLSValidations")]
    pub disabled_tls_validations: Value,
}

/// The name of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// Its name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
}

/// Federation v2's `FederatedCluster` (`core.federation.k8s.io/v1alpha1`), up to v0.0.4 with a
/// [`RegistryCluster`] behind it and from v0.0.5 on with an address of its own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct FederatedCluster {
    /// Its metadata; its name is the cluster's.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What it says.
    pub spec: FederatedClusterSpec,
}

/// See [`FederatedCluster`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FederatedClusterSpec {
    /// The [`RegistryCluster`].
    #[serde(default, deserialize_with = "null_is_default")]
    pub cluster_ref: Reference,
    /// From v0.0.5 on, instead of `clusterRef`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub api_endpoint: String,
    /// The Secret, in the same namespace.
    #[serde(default, deserialize_with = "null_is_default")]
    pub secret_ref: Reference,
}

/// The cluster registry's `Cluster` (`clusterregistry.k8s.io/v1alpha1`): where a cluster is, without credentials.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct RegistryCluster {
    /// Its metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What it says.
    #[serde(default, deserialize_with = "null_is_default")]
    pub spec: RegistryClusterSpec,
}

/// See [`RegistryCluster`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryClusterSpec {
    /// Where its API server is.
    #[serde(default, deserialize_with = "null_is_default")]
    pub kubernetes_api_endpoints: ApiEndpoints,
}

/// See [`RegistryClusterSpec`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiEndpoints {
    /// Addresses by the clients that are to use them; the first counts.
    #[serde(default, deserialize_with = "null_is_default")]
    pub server_endpoints: Vec<ServerEndpoint>,
    /// Certificates in PEM, in base64; the Secret's `ca.crt` where it is empty.
    pub ca_bundle: Option<String>,
}

/// See [`ApiEndpoints`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerEndpoint {
    /// A host or address, with or without a port.
    #[serde(default, deserialize_with = "null_is_default")]
    pub server_address: String,
}

/// The Cluster Inventory API's `ClusterProfile` (`multicluster.x-k8s.io/v1alpha1`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ClusterProfile {
    /// Its metadata; its name is the cluster's.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What its cluster manager says of it.
    #[serde(default, deserialize_with = "null_is_default")]
    pub status: ClusterProfileStatus,
}

/// See [`ClusterProfile`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterProfileStatus {
    /// Ways in, by who gives the credentials.
    #[serde(default, deserialize_with = "null_is_default")]
    pub access_providers: Vec<Provider>,
    /// The same, as they were called before.
    #[serde(default, deserialize_with = "null_is_default")]
    pub credential_providers: Vec<Provider>,
}

impl ClusterProfileStatus {
    /// The providers under the newer of their names.
    #[must_use]
    pub fn providers(&self) -> (&'static str, &[Provider]) {
        match self.access_providers.is_empty() {
            false => ("status.accessProviders", &self.access_providers),
            true => ("status.credentialProviders", &self.credential_providers),
        }
    }
}

/// See [`ClusterProfileStatus`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Provider {
    /// Which convention the credentials follow.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
    /// Where the cluster is, as a kubeconfig has it.
    #[serde(default)]
    pub cluster: Value,
}
