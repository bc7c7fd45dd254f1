//! Records in an etcd that several servers share.

use std::path::Path;
use std::process::Command;

use portolan_testbed::ask::RecordType;
use portolan_testbed::etcd::EtcdSetup;
use portolan_testbed::program::ended;
use portolan_testbed::{Etcd, EtcdCluster};
use serde_json::json;
use tempfile::TempDir;

use crate::server::{BINARY, Server, endpoint, texts};

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

/// An etcd that is reached by TLS alone, of three members, and asks who comes.
#[test]
fn records_are_kept_in_an_etcd_with_certificates_and_users() {
    let setup = EtcdSetup { tls: true, ..EtcdSetup::default() };
    let Some(etcd) = EtcdCluster::start_with("webhook-tls", &setup) else { return };
    etcd.enable_users("dns", "right", "/portolan/webhook/records/");
    let (files, folder) = (etcd.client_files().unwrap(), tempfile::tempdir().unwrap());
    let text = |path: &Path| path.display().to_string();
    let password = folder.path().join("password");
    std::fs::write(&password, "wrong\n").unwrap();
    let (ca, cert, key) = (text(&files.authority), text(&files.certificate), text(&files.key));
    let (urls, password_file) = (etcd.urls().join(","), text(&password));
    let access = [
        ["--etcd-ca", &*ca],
        ["--etcd-cert", &*cert],
        ["--etcd-key", &*key],
        ["--etcd-user", "dns"],
        ["--etcd-password-file", &*password_file],
    ]
    .concat();
    let words =
        ["webhook", "--listen", "127.0.0.1:0", "--domain-filter", "example.com", "--dns", "127.0.0.1:0"];
    let server = Server::start_with(folder.path(), &[&words[..], &["--etcd", &*urls], &access].concat());
    let refused =
        server.program.wait("a refusal", || Some(server.get("/records")).filter(|reply| reply.status == 500));
    let why = String::from_utf8(refused.body).unwrap();
    assert!(why.contains("the store refuses us"), "{why}");
    // The file is read again.
    std::fs::write(&password, "right\n").unwrap();
    server.program.wait("the store to be read", || (server.get("/records").status == 200).then_some(()));
    server.create(&[endpoint("a.example.com", "A", &["192.0.2.1"])]);
    assert_eq!(server.addresses("a.example.com"), texts(["192.0.2.1"]));

    // Beside a fleet the keys are the same, but for where the members are named.
    let folder = tempfile::tempdir().unwrap();
    let words = [
        "run",
        "--webhook-listen",
        "127.0.0.1:0",
        "--webhook-domain-filter",
        "example.com",
        "--listen",
        "127.0.0.1:0",
    ];
    let words = [&words[..], &["--resolver", "none", "--webhook-etcd", &*urls], &access].concat();
    let other = Server::start_with(folder.path(), &words);
    other.program.wait("the other to answer", || {
        (other.addresses("a.example.com") == texts(["192.0.2.1"])).then_some(())
    });

    // A stranger's authority.
    etcd.renew_members();
    server.program.wait("the members not to be trusted", || {
        let reply = server.get("/records");
        let why = String::from_utf8_lossy(&reply.body);
        (reply.status == 500 && why.contains("the store is not reached")).then_some(())
    });
    assert_eq!(server.addresses("a.example.com"), texts(["192.0.2.1"]), "what was read stays");
}

/// What is wrong with how an etcd is reached is told before anything is begun, by the flag that was given.
#[test]
fn what_is_said_of_an_etcd_is_checked() {
    for (flags, says) in [
        (
            &["--etcd", "127.0.0.1:2379"][..],
            "--etcd: fault: \"127.0.0.1:2379\" must begin with http:// or https://",
        ),
        (&["--etcd", "https://127.0.0.1:2379"], "--etcd: fault: has members with https, which need `etcdCa`"),
        (
            &["--etcd", "http://127.0.0.1:2379", "--etcd-cert", "tls.crt"],
            "--etcd-cert: fault: says nothing without `etcdKey`",
        ),
        (
            &["--etcd", "http://127.0.0.1:2379", "--etcd-user", "dns"],
            "--etcd-user: fault: says nothing without `etcdPasswordFile`",
        ),
        (&["--etcd-ca", ""], "--etcd-ca: fault: says nothing without `skydns` or `webhookEtcd`"),
    ] {
        let refused = ended(Command::new(BINARY).arg("webhook").args(flags));
        assert_eq!(refused.code, 2, "{flags:?}: {}", refused.err);
        assert!(refused.err.contains(says), "{flags:?}\n   found: {}\nexpected: {says}", refused.err);
    }
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
