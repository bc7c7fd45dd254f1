//! The status that all of our kinds have.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most clusters in a status.
pub const STATUS_CLUSTERS_MAX: usize = 256;
/// Most zones in a status: those of a cluster.
pub const STATUS_ZONES_MAX: usize = super::ZONES_MAX;
/// Most answers in a status.
pub const STATUS_ANSWERS_MAX: usize = 16;
/// Most targets of a cluster, and records of an answer, in a status.
pub const STATUS_TARGETS_MAX: usize = 16;

/// What Portolan made of the object; written by Portolan alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The metadata.generation that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is so of the object: Ready, and what is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// What each cluster offers, of a GlobalName.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = STATUS_CLUSTERS_MAX))]
    pub clusters: Vec<ClusterStatus>,
    /// The region that the cluster was found to be in, of a MemberCluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub region: Option<String>,
    /// The zones that it was found to be in, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = STATUS_ZONES_MAX))]
    pub zones: Vec<String>,
    /// Since when it is not heard from, likewise; none while it is heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Time>,
    /// What a client of unknown place gets, of a GlobalName; the first of its names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = STATUS_ANSWERS_MAX))]
    pub answers: Vec<AnswerStatus>,
}

/// What one cluster offers for the names of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// The cluster.
    pub name: String,
    /// Whether something ready stands behind it.
    pub ready: bool,
    /// The addresses and host names that it offers; the first of them.
    #[schemars(length(max = STATUS_TARGETS_MAX))]
    pub targets: Vec<String>,
}

/// What a client of unknown place gets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerStatus {
    /// The name.
    pub host: String,
    /// The type of the records.
    #[serde(rename = "type")]
    pub rtype: String,
    /// Their data; the first of them.
    #[schemars(length(max = STATUS_TARGETS_MAX))]
    pub records: Vec<String>,
}
