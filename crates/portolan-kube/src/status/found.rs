//! What was found out of a cluster, in the status of its `MemberCluster`: for followers, which do not read the cluster.

use portolan_core::ClusterName;
use portolan_core::cluster::Cluster;
use serde_json::{Map, Value, json};

use crate::index::time_in_words;
use crate::kinds::STATUS_ZONES_MAX;

/// What was found out of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    cluster: ClusterName,
    region: Option<String>,
    zones: Vec<String>,
    silent_since: Option<i64>,
}

/// Its fields in a status.
const FIELDS: [&str; 3] = ["region", "zones", "silentSince"];

impl Found {
    /// What is known of a cluster.
    pub(super) fn of(name: &ClusterName, cluster: &Cluster) -> Self {
        Self {
            cluster: name.clone(),
            region: cluster.region.as_deref().map(str::to_owned),
            zones: cluster.zones.iter().take(STATUS_ZONES_MAX).map(ToString::to_string).collect(),
            silent_since: cluster.silent_since,
        }
    }

    /// Adds what stands there of a cluster that was not read since the start. True when there is such.
    pub(super) fn spare(&mut self, there: Option<&Value>, unread: &[ClusterName]) -> bool {
        if !unread.contains(&self.cluster) {
            return false;
        }
        let before = (self.region.is_some(), self.zones.len());
        let standing = |field: &str| there.and_then(|there| there.get(field));
        self.region = self.region.take().or(standing("region").and_then(Value::as_str).map(str::to_owned));
        if self.zones.is_empty() {
            let zones = standing("zones").and_then(Value::as_array).into_iter().flatten();
            self.zones = zones.filter_map(|zone| zone.as_str().map(str::to_owned)).collect();
        }
        before != (self.region.is_some(), self.zones.len())
    }

    /// The values of its fields. Since when it is silent stays as it stands: every replica found that out by itself.
    fn values(&self, there: Option<&Value>) -> [Option<Value>; 3] {
        let standing = there.and_then(|there| there.get("silentSince")).cloned();
        [
            self.region.as_ref().map(|region| json!(region)),
            (!self.zones.is_empty()).then(|| json!(self.zones)),
            self.silent_since.map(|since| standing.unwrap_or_else(|| json!(time_in_words(since)))),
        ]
    }
}

/// Writes it into a status; what stands there stays where nothing is known.
pub(super) fn write(found: Option<&Found>, there: Option<&Value>, status: &mut Map<String, Value>) {
    let standing = || FIELDS.map(|field| there.and_then(|there| there.get(field)).cloned());
    let values = found.map_or_else(standing, |found| found.values(there));
    for (field, value) in FIELDS.into_iter().zip(values) {
        status.extend(value.map(|value| (field.to_owned(), value)));
    }
}
