//! Our own kinds: what a platform team and its tenants tell Portolan.
//!
//! These types are what was *said*, text and all, and the single source of our CRDs ([`crate::crds`]);
//! what it *means* is worked out by [`crate::settle`], with a Problem for whatever is not allowed. Hence their form: everything that may be left out is an `Option` or an empty list (no
//! default is in the schema: a default is a meaning), numbers are `i64` so that one that is too large
//! or negative can be told apart from one that is no number, and choices keep a word that they do not
//! know ([`choice`]). The doc comment of a field is its description in the schema.
//!
//! | kind | scope | what it says |
//! | --- | --- | --- |
//! | [`Zone`] | cluster | apex, name servers, SOA values, and who may make names in it |
//! | [`SteeringPolicy`] | cluster | how to order, filter and pick |
//! | [`MemberCluster`] | cluster | where a member is, its weight and state |
//! | [`GlobalName`] | namespace | hosts and what serves them |
//!
//! **Architecture Invariant:** v1alpha1 changes only by adding: no field is renamed, removed, or given
//! another meaning.
#![allow(unreachable_pub, reason = "KubeSchema expands to a public struct inside a function")]
#![allow(clippy::duplicated_attributes, reason = "two printer columns may be of one type")]

mod choice;
mod global_name;
mod member_cluster;
mod policy;
mod status;
#[allow(dead_code, reason = "the schema's own copy of `AdmitRule` has `is_misspelt` too, which nobody reads")]
mod zone;

pub use global_name::{BACKENDS_MAX, Backend, BackendKind, GlobalName, GlobalNameSpec, HOSTS_MAX};
pub use member_cluster::{
    Credentials, Location, MemberCluster, MemberClusterSpec, State, WhenSilent, WhenSilentType, ZONES_MAX,
};
pub use policy::{
    AllDown, AllDownType, CLUSTERS_PER_TIER_MAX, INLINE_NETWORKS_MAX, MINIMUM_HEALTHY_MAX, NetworkPlace,
    Pick, PickType, Stage, StageType, SteeringPolicy, SteeringPolicySpec, Tier, UnknownLocation,
    UnknownLocationType,
};
pub use status::{
    AnswerStatus, ClusterStatus, STATUS_ANSWERS_MAX, STATUS_CLUSTERS_MAX, STATUS_TARGETS_MAX,
    STATUS_ZONES_MAX, Status,
};
pub use zone::{AdmitRule, NAME_SERVERS_MAX, NameServer, RULES_MAX, SoaValues, Zone, ZoneSpec};

/// The API group of our kinds.
pub const GROUP: &str = "portolan.dev";
/// Its version.
pub const VERSION: &str = "v1alpha1";

#[cfg(test)]
mod tests;
