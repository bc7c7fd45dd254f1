//! `DNSEndpoint`: records as objects, the seam between whoever wants records and whoever publishes them.
//!
//! External-DNS owns the kind; KubeFed's groups have an older copy of it. Both are read into one type that
//! remembers which it was ([`DnsEndpoint::api_version`]), and printed from it with the fields in the order in
//! which people write them. `status` is the publisher's, so it is neither read nor printed.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};

use crate::kubefed::{RecordTtl, null_is_default};

/// External-DNS' group, and its version that we read and print.
pub const GROUP: &str = "externaldns.k8s.io";
/// The version.
pub const VERSION: &str = "v1alpha1";
/// Both, as objects have them.
pub const API_VERSION: &str = "externaldns.k8s.io/v1alpha1";
/// The kind, in every group.
pub const KIND: &str = "DNSEndpoint";
/// Our mark: an object that bears this annotation is a projection of ours, never an intent. Its value is
/// versioned JSON, and tells what a target alone cannot (its cluster, readiness, weight).
pub const MARK: &str = "portolan.dev/endpoints";

/// Records that somebody wants published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsEndpoint {
    /// Group and version that it was read from.
    #[serde(default = "api_version")]
    pub api_version: String,
    /// [`KIND`].
    #[serde(default = "kind")]
    pub kind: String,
    /// Its metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// The records.
    #[serde(default, deserialize_with = "null_is_default")]
    pub spec: DnsEndpointSpec,
}

/// What a [`DnsEndpoint`] holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DnsEndpointSpec {
    /// One entry for each name and type.
    #[serde(default, deserialize_with = "null_is_default")]
    pub endpoints: Vec<RecordSpec>,
}

/// The records of one name and type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordSpec {
    /// The name, with or without its trailing dot.
    #[serde(default, deserialize_with = "null_is_default")]
    pub dns_name: String,
    /// Addresses, a host name, or data of another type in presentation form.
    #[serde(default, deserialize_with = "null_is_default")]
    pub targets: Vec<String>,
    /// `A`, `AAAA`, `CNAME`, ...; any text is read.
    #[serde(default, deserialize_with = "null_is_default")]
    pub record_type: String,
    /// Seconds that a resolver may keep it.
    #[serde(default, rename = "recordTTL", skip_serializing_if = "RecordTtl::is_unset")]
    pub record_ttl: RecordTtl,
    /// Tells apart several sets of one name and type (weights, places).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_identifier: Option<String>,
    /// Free labels; External-DNS keeps them in its registry.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Settings for one make of DNS.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub provider_specific: Vec<ProviderProperty>,
}

/// One setting for one make of DNS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderProperty {
    /// Its name: `aws/weight`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
    /// Its value.
    #[serde(default, deserialize_with = "null_is_default")]
    pub value: String,
}

impl DnsEndpoint {
    /// An object of External-DNS' group.
    #[must_use]
    pub fn new(metadata: ObjectMeta, endpoints: Vec<RecordSpec>) -> Self {
        Self { api_version: api_version(), kind: kind(), metadata, spec: DnsEndpointSpec { endpoints } }
    }

    /// True when it bears our mark, so it is never read as an intent.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(MARK))
    }
}

impl Default for DnsEndpoint {
    fn default() -> Self {
        Self::new(ObjectMeta::default(), Vec::new())
    }
}

fn api_version() -> String {
    API_VERSION.into()
}

fn kind() -> String {
    KIND.into()
}

#[cfg(test)]
mod tests;
