//! `Zone`: a zone that Portolan answers for, and the fence around it.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::Status;

/// Most rules in a fence, and most patterns in each list of a rule.
pub const RULES_MAX: usize = 64;
/// Most name servers of a zone, and most addresses of one of them.
pub const NAME_SERVERS_MAX: usize = 16;

/// What a zone is.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "portolan.dev",
    version = "v1alpha1",
    kind = "Zone",
    plural = "zones",
    shortname = "pzone",
    category = "portolan",
    doc = "A DNS zone that Portolan answers for, and who may make names in it. Names of the zone come from other objects.",
    derive = "PartialEq",
    status = "Status",
    printcolumn(name = "Apex", type_ = "string", json_path = ".spec.apex"),
    printcolumn(name = "Policy", type_ = "string", json_path = ".spec.defaultPolicy"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct ZoneSpec {
    /// The zone's own name, such as `global.example.com`; IDNs as A-labels (`xn--...`).
    #[schemars(length(min = 1, max = 254))]
    pub apex: String,
    /// The zone's name servers, primary first. Default: one, `ns.<apex>`, without addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = NAME_SERVERS_MAX))]
    pub name_servers: Vec<NameServer>,
    /// Values of the zone's SOA record; its serial is Portolan's own. Each has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soa: Option<SoaValues>,
    /// TTL of the zone's SOA and NS records and of its name servers' addresses, in seconds,
    /// 1 to 2147483647. Default (also for 0): 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub ttl: Option<i64>,
    /// Name of the SteeringPolicy of names that neither name one themselves nor fit another's hosts.
    /// Default: all healthy members, evenly; all of them when all are down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub default_policy: Option<String>,
    /// The fence: an object may make a name in the zone when one of these rules admits it. Default: no
    /// rule, which admits nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RULES_MAX))]
    pub admit: Vec<AdmitRule>,
}

/// A name server of a zone.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NameServer {
    /// Its host name, such as `ns1.global.example.com`.
    #[schemars(length(min = 1, max = 254))]
    pub name: String,
    /// Its IPv4 and IPv6 addresses, answered as glue. Needed when its name is inside the zone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = NAME_SERVERS_MAX), inner(length(min = 1, max = 45)))]
    pub addresses: Vec<String>,
}

/// What an SOA record says beside its serial and primary name server.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoaValues {
    /// Who answers for the zone, as a mail address (`hostmaster@example.com`) or with its `@` as a dot.
    /// Default: `hostmaster.<apex>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 254))]
    pub rname: Option<String>,
    /// How often a secondary looks for a new serial, in seconds, 1 to 2147483647. Default (also for 0): 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub refresh: Option<i64>,
    /// How soon a secondary looks again after a failure, in seconds, 1 to 2147483647. Default (also for 0): 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub retry: Option<i64>,
    /// How long a secondary goes on without the primary, in seconds, 1 to 2147483647. Default (also
    /// for 0): 1209600 (two weeks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub expire: Option<i64>,
    /// How long a resolver may remember that a name is not there, in seconds, 1 to 2147483647.
    /// Default (also for 0): 30.
    #[serde(default, rename = "negativeTTL", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub negative_ttl: Option<i64>,
}

/// One rule of the fence: it admits an object that fits all three lists.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmitRule {
    /// Namespaces whose objects it admits; `*` stands for any run of characters (`team-*`). Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RULES_MAX), inner(length(min = 1, max = 253)))]
    pub namespaces: Vec<String>,
    /// Clusters whose objects it admits; `*` stands for any run of characters (`eu-*`). Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RULES_MAX), inner(length(min = 1, max = 253)))]
    pub clusters: Vec<String>,
    /// Host names that it admits: a name, or `*.` and a name for all below it. The apex, the name servers'
    /// names and names with NS records are admitted only by a rule that spells them out. Default: all
    /// names of the zone but those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RULES_MAX), inner(length(min = 1, max = 254)))]
    pub hosts: Vec<String>,
    /// It has a field that no rule has: what that should have narrowed is not known, so it admits nobody.
    #[serde(skip)]
    #[schemars(skip)]
    pub is_misspelt: bool,
}
