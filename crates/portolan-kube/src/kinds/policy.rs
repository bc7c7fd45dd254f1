//! `SteeringPolicy`: how to order, filter and pick.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use portolan_core::policy::{ANSWERS_MAX, STAGES_MAX, TIERS_MAX};
use serde::{Deserialize, Serialize};

use super::Status;
use super::choice::choice;
use super::global_name::HOSTS_MAX;

/// Most networks that stand in the object itself; a longer map is a CSV file.
pub const INLINE_NETWORKS_MAX: usize = 4_096;
/// Most clusters in one tier.
pub const CLUSTERS_PER_TIER_MAX: usize = 256;
/// The largest `minimumHealthy`: a name has no more members.
pub const MINIMUM_HEALTHY_MAX: u16 = 1_024;

/// What a policy is.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "portolan.dev",
    version = "v1alpha1",
    kind = "SteeringPolicy",
    plural = "steeringpolicies",
    shortname = "steer",
    category = "portolan",
    doc = "How clients are steered: who comes first, who is left out, how many are answered, and what is answered when all are down.",
    derive = "PartialEq",
    status = "Status",
    printcolumn(name = "Hosts", type_ = "string", json_path = ".spec.hosts"),
    printcolumn(name = "Order", type_ = "string", json_path = ".spec.order[*].type"),
    printcolumn(name = "Pick", type_ = "string", json_path = ".spec.pick.type"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct SteeringPolicySpec {
    /// Names that the policy is for without being named by them: a name, or `*.` and a name for all below it.
    /// The most specific pattern wins, then the oldest policy. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = HOSTS_MAX), inner(length(min = 1, max = 254)))]
    pub hosts: Vec<String>,
    /// Stages that make the tiers; each splits the tiers that the one before made. Default: all members in
    /// one tier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = STAGES_MAX))]
    pub order: Vec<Stage>,
    /// What is taken from the tier in use. Default: All.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick: Option<Pick>,
    /// Shares under a weighted pick by cluster name, 0 to 1000000 each: 0 is never chosen unless alone, all 0
    /// is even. Default: each cluster's own weight.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend(
        "maxProperties" = 1024,
        "additionalProperties" = { "type": "integer", "format": "int64", "minimum": 0, "maximum": 1_000_000 }
    ))]
    pub weights: BTreeMap<String, i64>,
    /// Healthy members that a tier must have to be used, 1 to 1024; when no tier has enough, the first with any
    /// is used. Default (also for 0): 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = MINIMUM_HEALTHY_MAX))]
    pub minimum_healthy: Option<i64>,
    /// What is answered when no member is healthy. Default: ServeAll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_down: Option<AllDown>,
    /// What a client of unknown place gets from a Geo stage. Default: Even.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_location: Option<UnknownLocation>,
    /// TTL of names that name none themselves, in seconds, 1 to 2147483647; halved while anything is down.
    /// Default (also for 0): 180 for KubeFed's kinds, 30 for GlobalName.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub ttl: Option<i64>,
}

/// One stage of an order.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("self.type == 'Geo' || !has(self.networks)")
        .message("networks goes with type Geo"),
    validation = Rule::new("self.type == 'Geo' || !has(self.networksFile)")
        .message("networksFile goes with type Geo"),
    validation = Rule::new("(self.type == 'Tiers') == has(self.tiers)")
        .message("tiers goes with type Tiers, which needs it")
)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// `Geo`: same city, then subdivision, country, region, continent, rest. `Tiers`: fixed lists of
    /// clusters, first to last.
    #[serde(rename = "type")]
    pub type_: StageType,
    /// With Geo: where clients' networks are; the longest that holds a client counts. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = INLINE_NETWORKS_MAX))]
    pub networks: Vec<NetworkPlace>,
    /// With Geo: name of a CSV file `cidr,place` beside the manifests, read after networks; a network that
    /// stands in both counts as networks has it. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub networks_file: Option<String>,
    /// With Tiers: the tiers, first to last; clusters in none of them come after all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = TIERS_MAX))]
    pub tiers: Vec<Tier>,
}

choice! {
    /// What a stage looks at.
    StageType {
        /// How near a cluster is to the client's place.
        Geo,
        /// Fixed lists.
        Tiers,
    }
}

/// A network of clients, and where it is.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPlace {
    /// An IPv4 or IPv6 network, such as `203.0.113.0/24`, without bits behind its prefix.
    #[schemars(length(min = 1, max = 49))]
    pub cidr: String,
    /// `CONTINENT[/COUNTRY[/SUBDIVISION[/CITY]]]` in ISO codes, such as `EU/DE`, or `region:NAME`.
    #[schemars(length(min = 1, max = 128))]
    pub place: String,
}

/// Clusters of equal rank.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tier {
    /// Their names; each cluster stands once in all tiers of the stage. One that is not there may join later.
    #[schemars(length(min = 1, max = CLUSTERS_PER_TIER_MAX), inner(length(min = 1, max = 253)))]
    pub clusters: Vec<String>,
}

/// What is taken from the tier in use.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("self.type != 'All' || !has(self.answers)")
    .message("answers goes with type First or Weighted"))]
#[serde(rename_all = "camelCase")]
pub struct Pick {
    /// `All`: every healthy member, in an order drawn per answer. `First`: the first by cluster name.
    /// `Weighted`: drawn by weight.
    #[serde(rename = "type")]
    pub type_: PickType,
    /// With First and Weighted: how many members are answered, 1 to 64. Default (also for 0): 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = ANSWERS_MAX))]
    pub answers: Option<i64>,
}

choice! {
    /// The ways to pick.
    PickType {
        /// Every healthy member.
        All,
        /// The first by cluster name.
        First,
        /// Drawn by weight.
        Weighted,
    }
}

/// What is answered when no member is healthy.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("(self.type == 'Fallback') == has(self.name)")
    .message("name goes with type Fallback, which needs it"))]
#[serde(rename_all = "camelCase")]
pub struct AllDown {
    /// `ServeAll`: as if all were up. `Fallback`: an alias of `name`. `Empty`: no records. `Refuse`: REFUSED.
    #[serde(rename = "type")]
    pub type_: AllDownType,
    /// With Fallback: the host name that the answer is an alias of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 254))]
    pub name: Option<String>,
}

choice! {
    /// The answers when no member is healthy.
    AllDownType {
        /// As if all were up.
        ServeAll,
        /// An alias of another name.
        Fallback,
        /// No records.
        Empty,
        /// REFUSED.
        Refuse,
    }
}

/// What a client of unknown place gets.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("(self.type == 'Place') == has(self.place)")
    .message("place goes with type Place, which needs it"))]
#[serde(rename_all = "camelCase")]
pub struct UnknownLocation {
    /// `Even`: all members in one tier. `Place`: what a client of `place` gets.
    #[serde(rename = "type")]
    pub type_: UnknownLocationType,
    /// With Place: the place, as in networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub place: Option<String>,
}

choice! {
    /// The ways to treat a client of unknown place.
    UnknownLocationType {
        /// All members in one tier.
        Even,
        /// As a client of that place.
        Place,
    }
}
