//! Three members that are one store.

use portolan_testbed::EtcdCluster;
use portolan_testbed::etcd::EtcdSetup;
use portolan_testbed::wait::wait;
use serde_json::{Value, json};

/// `a` and `b` in base64, as the gateway has keys and values.
const KEY: &str = "YQ==";
const VALUE: &str = "Yg==";

#[test]
fn a_cluster_goes_on_without_a_member_and_back_to_a_snapshot() {
    let Some(cluster) = EtcdCluster::start("cluster") else { return };
    let others = |member: usize| (member + 1) % 3;
    put(&cluster, 0);
    let snapshot = cluster.snapshot();
    let before = put(&cluster, 0);
    let leader = cluster.leader();

    cluster.pause(leader);
    let while_paused = put(&cluster, others(leader));
    cluster.resume(leader);
    wait("the paused member to catch up", || (put(&cluster, leader) > while_paused).then_some(()));

    cluster.kill(0);
    put(&cluster, 1);
    cluster.restart(0);
    let last = put(&cluster, 0);
    assert!(last > before, "nothing is lost");

    cluster.restore(&snapshot);
    assert!(put(&cluster, 1) <= before, "it went back");
    cluster.wipe();
    assert_eq!(put(&cluster, 2), 2, "revisions begin again");
}

#[test]
fn without_most_members_nothing_is_written() {
    let Some(cluster) = EtcdCluster::start("no-quorum") else { return };
    cluster.kill(1);
    cluster.kill(2);
    assert!(cluster.ask(0, "/v3/kv/put", &json!({ "key": KEY, "value": VALUE })).is_err());
    cluster.restart(1);
    put(&cluster, 0);
    cluster.restart_all();
    put(&cluster, 2);
}

#[test]
fn with_tls_only_members_of_the_authority_come_in() {
    let setup = EtcdSetup { tls: true, ..EtcdSetup::default() };
    let Some(cluster) = EtcdCluster::start_with("tls", &setup) else { return };
    let files = cluster.client_files().unwrap();
    let before = std::fs::read(&files.certificate).unwrap();
    cluster.renew_members();
    assert_eq!(std::fs::read(&files.certificate).unwrap(), before);
    cluster.renew_client(true);
    assert_ne!(std::fs::read(&files.certificate).unwrap(), before);
    assert!(cluster.urls().iter().all(|url| url.starts_with("https://")));
}

/// Writes a key by a member, as soon as it can, and gives the revision then.
fn put(cluster: &EtcdCluster, member: usize) -> u64 {
    let body = json!({ "key": KEY, "value": VALUE });
    let written = wait("a write", || cluster.ask(member, "/v3/kv/put", &body).ok());
    revision(&written)
}

/// The gateway writes numbers of 64 bits as text.
fn revision(answer: &Value) -> u64 {
    answer["header"]["revision"].as_str().unwrap().parse().unwrap()
}
