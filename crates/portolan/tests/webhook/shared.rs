//! Records in an etcd that several servers share.

use portolan_testbed::Etcd;
use portolan_testbed::ask::RecordType;
use serde_json::json;
use tempfile::TempDir;

use crate::server::{Server, endpoint, texts};

/// Starts one, whether or not its store is there.
fn begin(folder: &TempDir, etcd: &Etcd) -> Server {
    let url = etcd.url();
    let words = [
        "webhook",
        "--listen",
        "127.0.0.1:0",
        "--domain-filter",
        "example.com",
        "--dns",
        "127.0.0.1:0",
        "--etcd",
        &url,
    ];
    Server::start_with(folder.path(), &words)
}

fn start(folder: &TempDir, etcd: &Etcd) -> Server {
    let server = begin(folder, etcd);
    server.program.wait("the store to be read", || (server.get("/records").status == 200).then_some(()));
    server
}

/// What one is given the other gives back and answers; what is acknowledged is there after a kill, and stays in the
/// answers while the store is away, over a restart too.
#[test]
fn several_servers_are_one_provider() {
    let Some(etcd) = Etcd::start("webhook-records") else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = folders.each_ref().map(|folder| start(folder, &etcd));
    one.create(&[
        endpoint("a.example.com", "A", &["192.0.2.1"]),
        endpoint("b.example.com", "A", &["192.0.2.1"]),
    ]);
    assert_eq!(
        other.records(),
        ["a.example.com A 192.0.2.1", "b.example.com A 192.0.2.1"],
        "a list is never older"
    );
    other.program.wait("the other to answer", || {
        (other.addresses("a.example.com") == texts(["192.0.2.1"])).then_some(())
    });
    let changes = json!({
        "updateOld": [endpoint("a.example.com", "A", &["192.0.2.1"])],
        "updateNew": [endpoint("a.example.com", "A", &["192.0.2.2"])],
        "delete": [endpoint("b.example.com", "A", &["192.0.2.1"])],
    });
    assert_eq!(other.apply(&changes).status, 204);
    assert_eq!(other.addresses("a.example.com"), texts(["192.0.2.2"]));
    one.program
        .wait("the one to follow", || (one.addresses("a.example.com") == texts(["192.0.2.2"])).then_some(()));
    one.program.wait("the one to follow a delete", || {
        (one.answer("b.example.com", RecordType::A).0 == 3).then_some(())
    });
    // More than one transaction takes.
    let many: Vec<_> =
        (0..300).map(|n| endpoint(&format!("n{n}.example.com"), "A", &["192.0.2.3"])).collect();
    one.create(&many);
    one.program.kill();
    assert_eq!(other.records().len(), 301);
    let one = start(&folders[0], &etcd);
    assert_eq!(one.records().len(), 301);
    assert_eq!(one.addresses("n299.example.com"), texts(["192.0.2.3"]));
    // The last good state has it by now, as a server that ends leaves it.
    one.program.stop();
    etcd.kill();
    let one = begin(&folders[0], &etcd);
    assert_eq!(one.addresses("n299.example.com"), texts(["192.0.2.3"]), "without its store");
    assert_eq!(other.addresses("n299.example.com"), texts(["192.0.2.3"]), "without its store");
    assert_eq!(one.apply(&json!({"create": [endpoint("c.example.com", "A", &["192.0.2.1"])]})).status, 500);
    assert_eq!(one.get("/records").status, 500);
}
