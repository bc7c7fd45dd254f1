//! `MemberCluster`: a member of the fleet, as its platform team describes it.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::Status;
use super::choice::choice;

/// Most zones of one cluster.
pub const ZONES_MAX: usize = 32;

/// What a member is.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "portolan.dev",
    version = "v1alpha1",
    kind = "MemberCluster",
    plural = "memberclusters",
    shortname = "member",
    category = "portolan",
    doc = "A cluster of the fleet: where it stands, its share of the traffic, and what an operator wants of it. Its name is the cluster's name.",
    derive = "PartialEq",
    status = "Status",
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.region"),
    printcolumn(name = "Place", type_ = "string", json_path = ".spec.location.place"),
    printcolumn(name = "Weight", type_ = "integer", json_path = ".spec.weight"),
    printcolumn(name = "State", type_ = "string", json_path = ".spec.state"),
    printcolumn(name = "Secret", type_ = "string", json_path = ".spec.credentials.secret", priority = 1),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct MemberClusterSpec {
    /// Its region, for a cluster whose Nodes have no `topology.kubernetes.io/region` label. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub region: Option<String>,
    /// Its zones, for a cluster whose Nodes have no `topology.kubernetes.io/zone` label. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = ZONES_MAX), inner(length(min = 1, max = 63)))]
    pub zones: Vec<String>,
    /// Where it stands, for steering by place. Default: nowhere, which is far from every client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Its share under a weighted pick where a policy names none for it, 0 to 1000000; 0 is never chosen
    /// unless alone. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub weight: Option<i64>,
    /// `Active`: in service. `Draining`: down for answers, but brought back where all are down and the
    /// policy serves all. `Disabled`: no member, as if it offered nothing. Default: Active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "State")]
    pub state: Option<State>,
    /// What becomes of its offers while its API server is not reached. Default: they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_silent: Option<WhenSilent>,
    /// How it is reached, for a cluster that is followed because this object is there. Default: nothing, and
    /// the object only describes a cluster that is followed by other means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
}

/// Where the credentials of a cluster are.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// A Secret in Portolan's own namespace, with `kubeconfig`, or with `server`, `ca.crt` and `token`. Nothing
    /// in it may run a program, name a file or a proxy, or leave out the check of the server's certificate.
    #[schemars(length(min = 1, max = 253))]
    pub secret: String,
}

/// Where a cluster stands.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("has(self.latitude) == has(self.longitude)")
    .message("latitude and longitude go together"))]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// `CONTINENT[/COUNTRY[/SUBDIVISION[/CITY]]]` in ISO codes, such as `EU/DE/DE-HE/Frankfurt`, or
    /// `region:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub place: Option<String>,
    /// Degrees north as a decimal string, "-90" to "90", such as "50.11".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub latitude: Option<String>,
    /// Degrees east as a decimal string, "-180" to "180", such as "8.68".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub longitude: Option<String>,
}

choice! {
    /// What an operator wants of a cluster.
    State {
        /// In service.
        Active,
        /// Down for answers, but still a member.
        Draining,
        /// No member.
        Disabled,
    }
}

/// What becomes of a silent cluster's offers.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhenSilent {
    /// `Keep`: they stay as they were last seen. `Drain`: they count as down, but never a name's last.
    #[serde(rename = "type")]
    pub type_: WhenSilentType,
}

choice! {
    /// The ways to treat a silent cluster.
    WhenSilentType {
        /// Its offers stay.
        Keep,
        /// They count as down.
        Drain,
    }
}
