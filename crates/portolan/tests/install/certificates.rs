//! Who comes in to an etcd by certificates of `portolan pki`, and who does not.

use std::path::Path;

use portolan_testbed::etcd::{ClientFiles, EtcdSetup};
use portolan_testbed::program::Ended;
use portolan_testbed::{ApiServer, EtcdCluster};

use super::program::{authority, printed, run};

const RIGHTS: &str = include_str!("../../../../deploy/rbac/sync.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

const RECORD: &str = "
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {name: web, namespace: default}
spec: {endpoints: [{dnsName: web.example.org, recordType: A, recordTTL: 60, targets: [192.0.2.1]}]}
";

/// One round of `portolan sync`, by these files: the authority, and a certificate with its key.
fn sync(kubeconfig: &str, urls: &str, authority: &Path, identity: Option<(&Path, &str)>) -> Ended {
    let authority = authority.join("ca.crt").display().to_string();
    let args = ["sync", "--once", "--kubeconfig", kubeconfig, "--provider", "etcd", "--owner-id", "me"];
    let mut args: Vec<String> = args.map(str::to_owned).to_vec();
    args.extend(["--etcd", urls, "--etcd-ca", &authority].map(str::to_owned));
    if let Some((dir, name)) = identity {
        let file = |ending: &str| dir.join(format!("{name}.{ending}")).display().to_string();
        args.extend(["--etcd-cert".to_owned(), file("crt"), "--etcd-key".to_owned(), file("key")]);
    }
    run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn who_has_a_certificate_of_the_authority_comes_in() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (folder.path().join("ours"), folder.path().join("others"));
    authority(
        &ours,
        &[
            ("etcd", &["--ip", "127.0.0.1"]),
            ("portolan", &["--client"]),
            ("server", &["--server", "--ip", "::1"]),
        ],
    );
    authority(&others, &[("portolan", &["--client"])]);
    let Some(server) = ApiServer::start("certificates") else { return };
    let setup = EtcdSetup { tls: true, ..EtcdSetup::default() };
    let Some(etcd) = EtcdCluster::start_with("certificates-dns", &setup) else { return };
    etcd.take_members(&ClientFiles {
        authority: ours.join("ca.crt"),
        certificate: ours.join("etcd.crt"),
        key: ours.join("etcd.key"),
    });
    let compat = printed(&["crds", "--compat"]);
    server.admin().apply(&format!("{RIGHTS}\n---\n{compat}\n---\n{RECORD}")).unwrap();
    let token = server.admin().token("portolan", "portolan-sync", TOKEN_SECONDS).unwrap();
    let (kubeconfig, urls) = (server.kubeconfig(&token).display().to_string(), etcd.urls().join(","));
    let sync = |authority: &Path, identity| sync(&kubeconfig, &urls, authority, identity);

    for (what, ended) in [
        ("another's authority", sync(&others, Some((&ours, "portolan")))),
        ("another's certificate", sync(&ours, Some((&others, "portolan")))),
        ("no certificate", sync(&ours, None)),
        ("a server's certificate", sync(&ours, Some((&ours, "server")))),
    ] {
        assert_eq!(ended.code, 1, "{what}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains("not reached"), "{what}: {}", ended.err);
    }
    let done = sync(&ours, Some((&ours, "portolan")));
    assert_eq!((done.code, done.out.contains("1 created")), (0, true), "{}{}", done.out, done.err);
    let dir = ours.display().to_string();
    printed(&["pki", "issue", "--dir", &dir, "--name", "portolan", "--client", "--renew"]);
    let done = sync(&ours, Some((&ours, "portolan")));
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
}

/// What is refused ends with 2, and nothing is written.
#[test]
fn what_is_refused_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("pki").display().to_string();
    for (args, expected) in [
        (vec!["pki", "issue", "--dir", &dir, "--name", "a"], "has no authority"),
        (vec!["pki", "init", "--dir", &dir, "--days", "0"], "0 is not in 1..=36500"),
        (vec!["pki", "init", "--dir", &dir, "--name", ""], "--name \"\""),
        (vec!["manifests"], "--image <IMAGE>"),
        (vec!["manifests", "--image", "i"], "--cluster is not set"),
    ] {
        let refused = run(&args);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{args:?}: {}", refused.err);
        assert!(refused.err.contains(expected), "{args:?}: {}", refused.err);
    }
    assert!(!folder.path().join("pki").exists());
    printed(&["pki", "init", "--dir", &dir]);
    let again = run(&["pki", "init", "--dir", &dir]);
    assert_eq!(again.code, 2, "{}", again.err);
    assert!(again.err.contains("ca.key is there already"), "{}", again.err);
}
