//! Keys in a real etcd.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portolan_testbed::wait::wait;
use portolan_testbed::{Etcd, EtcdCluster};
use serde_json::{Value, json};

/// Who takes keys.
pub(crate) trait Store {
    /// The reply to a question of etcd's gateway of JSON.
    fn say(&self, path: &str, body: &Value) -> Value;

    /// Writes a key below the prefix.
    fn put(&self, key: &str, value: &str) {
        let key = BASE64_STANDARD.encode(format!("/skydns/{key}"));
        self.say("/v3/kv/put", &json!({ "key": key, "value": BASE64_STANDARD.encode(value) }));
    }

    /// Removes a key below the prefix.
    fn delete(&self, key: &str) {
        self.say("/v3/kv/deleterange", &json!({ "key": BASE64_STANDARD.encode(format!("/skydns/{key}")) }));
    }

    /// How many keys are below the prefix.
    fn count(&self) -> u64 {
        let [key, range_end] = ["/skydns/", "/skydns0"].map(|key| BASE64_STANDARD.encode(key));
        let said =
            self.say("/v3/kv/range", &json!({ "key": key, "range_end": range_end, "count_only": true }));
        said["count"].as_str().map_or(0, |count| count.parse().unwrap())
    }
}

impl Store for Etcd {
    fn say(&self, path: &str, body: &Value) -> Value {
        self.ask(path, body).unwrap()
    }
}

impl Store for EtcdCluster {
    fn say(&self, path: &str, body: &Value) -> Value {
        // While another leader is chosen a member says no.
        wait("a leader", || self.ask(0, path, body).ok())
    }
}
