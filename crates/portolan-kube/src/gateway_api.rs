//! Gateway API's kinds, cut down to what decides a name (`gateway.networking.k8s.io`, of whatever version).
//!
//! The five kinds of routes have one form here: those without host names in their spec (TCPRoute, UDPRoute)
//! have none. Of a status only what says yes or no is kept. An explicit `null` is the same as absence.

use serde::Deserialize;

use crate::kubefed::null_is_default;
use crate::selector::LabelSelector;
use crate::workload::Meta;

/// The API group of the kinds here, and of what a reference means that names none.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// An object as a manifest has it.
#[derive(Debug, Deserialize)]
pub struct Read<Spec, Status> {
    /// Its metadata.
    #[serde(default)]
    pub metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    /// What it asks for.
    #[serde(
        default = "Spec::default",
        deserialize_with = "null_is_default",
        bound(deserialize = "Spec: Default + Deserialize<'de>")
    )]
    pub spec: Spec,
    /// What became of it.
    #[serde(
        default = "Status::default",
        deserialize_with = "null_is_default",
        bound(deserialize = "Status: Default + Deserialize<'de>")
    )]
    pub status: Status,
}

/// What is kept of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept<Spec, Status> {
    /// The labels and annotations that sources ask for.
    pub meta: Meta,
    /// What it asks for.
    pub spec: Spec,
    /// What became of it.
    pub status: Status,
}

/// Where traffic comes in.
pub type Gateway = Kept<GatewaySpec, GatewayStatus>;
/// More listeners of a [`Gateway`], in an object of their own.
pub type ListenerSet = Kept<ListenerSetSpec, ListenerSetStatus>;
/// Where traffic goes: HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute.
pub type Route = Kept<RouteSpec, RouteStatus>;

/// What a [`Gateway`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewaySpec {
    /// Ways in.
    #[serde(deserialize_with = "null_is_default")]
    pub listeners: Vec<Listener>,
    /// Which [`ListenerSet`]s may add to them; none says nobody's.
    pub allowed_listeners: Option<Allowed>,
}

/// What became of a [`Gateway`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GatewayStatus {
    /// Where it is reached.
    #[serde(deserialize_with = "null_is_default")]
    pub addresses: Vec<Address>,
}

/// An address or a host name.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The text of it.
    pub value: String,
}

/// A way in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Listener {
    /// What a `sectionName` calls it.
    pub name: String,
    /// The host names that it takes, `*.` as first label for any number of labels; none for all.
    pub hostname: Option<String>,
    /// Its port.
    pub port: i64,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`.
    pub protocol: String,
    /// Which routes may join.
    pub allowed_routes: Option<Allowed>,
}

/// Who may join.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Allowed {
    /// Of which namespaces.
    pub namespaces: Option<AllowedNamespaces>,
    /// Of which kinds; empty for all that fit the protocol.
    #[serde(deserialize_with = "null_is_default")]
    pub kinds: Vec<GroupKind>,
}

/// Of which namespaces somebody may join.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AllowedNamespaces {
    /// `All`, `Same`, `Selector`, `None`.
    pub from: Option<String>,
    /// By the namespace's labels; none takes none.
    pub selector: Option<LabelSelector>,
}

/// A kind of routes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GroupKind {
    /// None is [`GROUP`].
    pub group: Option<String>,
    /// `HTTPRoute`.
    pub kind: String,
}

/// What a [`ListenerSet`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerSetSpec {
    /// Whose listeners they are.
    pub parent_ref: ParentReference,
    /// Ways in.
    #[serde(deserialize_with = "null_is_default")]
    pub listeners: Vec<Listener>,
}

/// What became of a [`ListenerSet`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ListenerSetStatus {
    /// As a whole.
    #[serde(deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition>,
    /// Of each listener.
    #[serde(deserialize_with = "null_is_default")]
    pub listeners: Vec<ListenerStatus>,
}

/// What became of a listener.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ListenerStatus {
    /// Which.
    pub name: String,
    /// How it is.
    #[serde(deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition>,
}

/// What a [`Route`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteSpec {
    /// The host names that it serves.
    #[serde(deserialize_with = "null_is_default")]
    pub hostnames: Vec<String>,
    /// Which gateways it wants to join.
    #[serde(deserialize_with = "null_is_default")]
    pub parent_refs: Vec<ParentReference>,
}

/// What became of a [`Route`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RouteStatus {
    /// At each gateway.
    #[serde(deserialize_with = "null_is_default")]
    pub parents: Vec<ParentStatus>,
}

/// What became of a [`Route`] at one gateway.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentStatus {
    /// Which.
    pub parent_ref: ParentReference,
    /// How it is.
    #[serde(deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition>,
}

/// A gateway, or a [`ListenerSet`], that something belongs to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentReference {
    /// None is [`GROUP`].
    pub group: Option<String>,
    /// None is `Gateway`.
    pub kind: Option<String>,
    /// None is that of whoever refers.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// One listener of it; none for all.
    pub section_name: Option<String>,
    /// The listeners of one port; none for all.
    pub port: Option<i64>,
}

/// What is so of something, or is not.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// What: `Accepted`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
}

impl Condition {
    /// True when the first condition of a kind says so.
    #[must_use]
    pub fn is_true(conditions: &[Self], kind: &str) -> bool {
        conditions.iter().find(|condition| condition.kind == kind).is_some_and(|found| found.status == "True")
    }
}
