//! What a record refers to is looked up here.

use std::collections::BTreeMap;

use portolan_core::cluster::{Cluster, ClusterName};

use super::objects::Objects;
use super::resolved::Hosts;
use super::zones::{Domains, Zones};
use crate::sources::Options;

/// Everything that a draft may depend on beside its own object.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) objects: &'a Objects,
    /// The members, those that are only remembered among them.
    pub(super) clusters: &'a BTreeMap<ClusterName, Cluster>,
    pub(super) domains: &'a Domains,
    pub(super) zones: &'a Zones,
    pub(super) options: &'a Options,
    pub(super) hosts: &'a Hosts,
    /// Names come from what a hub hands over.
    pub(super) follows_hub: bool,
}
