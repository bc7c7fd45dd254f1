//! What tests do to a real etcd by its JSON gateway, and Portolan never.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portolan_store::kv::Revision;
use portolan_store::kv::etcd::{Etcd, Options};
use portolan_testbed::EtcdCluster;
use serde_json::{Value, json};

/// A client of all members.
pub(crate) fn client(cluster: &EtcdCluster) -> Etcd {
    Etcd::new(Options::new(cluster.urls())).unwrap()
}

/// A client of one.
pub(crate) fn client_of(cluster: &EtcdCluster, member: usize) -> Etcd {
    Etcd::new(Options::new(vec![cluster.urls()[member].clone()])).unwrap()
}

/// Asks the first member that does it.
pub(crate) fn ask(cluster: &EtcdCluster, path: &str, body: &Value) -> Value {
    let mut said = Vec::new();
    for member in 0..cluster.urls().len() {
        match cluster.ask(member, path, body) {
            Ok(answer) => return answer,
            Err(error) => said.push(error.to_string()),
        }
    }
    panic!("{path}: {said:?}")
}

/// Forgets what was before a revision, on disk too.
pub(crate) fn compact(cluster: &EtcdCluster, revision: Revision) {
    ask(cluster, "/v3/kv/compaction", &json!({ "revision": revision.to_string(), "physical": true }));
}

/// Writes a key with a new lease of so many seconds.
pub(crate) fn put_leased(cluster: &EtcdCluster, key: &[u8], value: &[u8], ttl: u64) {
    let lease = ask(cluster, "/v3/lease/grant", &json!({ "TTL": ttl.to_string() }));
    let body = json!({ "key": encoded(key), "value": encoded(value), "lease": lease["ID"] });
    ask(cluster, "/v3/kv/put", &body);
}

/// Octets as the gateway has them.
fn encoded(octets: &[u8]) -> String {
    BASE64_STANDARD.encode(octets)
}
