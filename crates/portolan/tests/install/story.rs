//! Pods of what was applied, from an intent to an answer, with the rights that they have and no others.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portolan_testbed::ask::RecordType;
use portolan_testbed::etcd::{ClientFiles, EtcdSetup};
use portolan_testbed::shop::{self, INTENTS, NAME, NAMESPACE};
use portolan_testbed::{ApiServer, EtcdCluster};
use serde_json::json;

use super::pod::Pod;
use super::program::{authority, printed};
use super::several::without;

/// A zone, a name in it, and the Service that it leads to, at an address.
pub(crate) fn fleet(address: &str) -> String {
    [NAMESPACE, &shop::workload(address, true), INTENTS].join("---")
}

pub(crate) fn manifests(said: &[&str]) -> String {
    printed(&[&["manifests", "--image", "registry.example/portolan:1"], said].concat())
}

/// The status of the name says that all is well.
pub(crate) fn is_ready(server: &ApiServer) -> Option<()> {
    let name = server.admin().get("/apis/portolan.dev/v1alpha1/namespaces/shop/globalnames/shop").ok()?;
    let conditions = name["status"]["conditions"].as_array()?;
    conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True").then_some(())
}

/// One process is all: it follows its cluster by the account that was applied, and answers.
#[test]
fn all_in_one_with_just_these_rights() {
    let Some(server) = ApiServer::start("all-in-one") else { return };
    let all = manifests(&["--cluster", "eu-1"]);
    server.admin().apply(&all).unwrap();
    server.admin().apply(&printed(&["crds", "--compat"])).unwrap();
    server.admin().apply(&fleet("192.0.2.10")).unwrap();
    let pod = Pod::start(&server, "portolan", "portolan");
    pod.wait_until_ready();
    pod.program.wait_for(NAME, RecordType::A, &["192.0.2.10"]);
    pod.program.wait("the status of the name", || is_ready(&server));
    let path = "/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/global-shop";
    pod.program.wait("the record beside it", || server.admin().get(path).ok());
    let status = pod.exec(&["status"]);
    assert!(status.out.contains("eu-1") && status.out.contains(NAME), "{}{}", status.out, status.err);
    assert!(!pod.program.log().contains("forbidden"), "{}", pod.program.log());
    pod.program.stop();

    // One rule less, and it is told which.
    server.admin().apply(&without(&all, "portolan-member", "services")).unwrap();
    Pod::start(&server, "portolan", "portolan").wait_until_it_lacks("services");
}

/// The etcd with certificates of ours, and the Secret of a client's.
fn etcd(pki: &std::path::Path) -> Option<(EtcdCluster, String)> {
    authority(pki, &[("etcd", &["--ip", "127.0.0.1"]), ("portolan", &["--client"])]);
    let etcd = EtcdCluster::start_with("install-dns", &EtcdSetup { tls: true, ..EtcdSetup::default() })?;
    let file = |name: &str| pki.join(name);
    etcd.take_members(&ClientFiles {
        authority: file("ca.crt"),
        certificate: file("etcd.crt"),
        key: file("etcd.key"),
    });
    let read = |name: &str| BASE64_STANDARD.encode(std::fs::read(file(name)).unwrap());
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": "etcd-client", "namespace": "fleet" },
        "data": { "ca.crt": read("ca.crt"), "tls.crt": read("portolan.crt"), "tls.key": read("portolan.key") },
    });
    Some((etcd, secret.to_string()))
}

/// Two that control and one that serves, with an etcd between them; another namespace than ours.
#[test]
fn control_publishes_and_serve_answers() {
    let pki = tempfile::tempdir().unwrap();
    let Some(server) = ApiServer::start("apart") else { return };
    let Some((etcd, secret)) = etcd(&pki.path().join("pki")) else { return };
    let urls = etcd.urls().join(",");
    let store =
        ["--namespace", "fleet", "--etcd", &urls, "--etcd-secret", "etcd-client", "--zone", "glb.example"];
    let control = manifests(&[&["--role", "control", "--cluster", "eu-1"], &store[..]].concat());
    let serve = manifests(&[&["--role", "serve", "--name-server", "ns1.glb.example"], &store[..]].concat());
    server.admin().apply(&[&*control, &*serve, &*secret].join("\n---\n")).unwrap();
    server.admin().apply(&fleet("192.0.2.10")).unwrap();

    let controls = [(); 2].map(|()| Pod::start(&server, "fleet", "portolan-control"));
    let serve = Pod::start(&server, "fleet", "portolan-serve");
    controls.iter().for_each(Pod::wait_until_ready);
    serve.wait_until_ready();
    serve.program.wait_for(NAME, RecordType::A, &["192.0.2.10"]);
    controls[0].program.wait("the status of the name", || is_ready(&server));

    // Either of the two will do.
    for (killed, address) in [(0, "192.0.2.11"), (1, "192.0.2.12")] {
        controls[killed].program.kill();
        server.admin().apply(&fleet(address)).unwrap();
        serve.program.wait_for(NAME, RecordType::A, &[address]);
        controls[killed].program.start();
        controls[killed].wait_until_ready();
    }
    for Pod { program, .. } in &controls {
        assert!(!program.log().contains("forbidden"), "{}", program.log());
        program.stop();
    }

    // Who answers needs none of the others, and begins with what its volume has.
    server.kill();
    (0..3).for_each(|member| etcd.kill(member));
    serve.program.kill();
    serve.program.start();
    serve.wait_until_ready();
    serve.program.wait_for(NAME, RecordType::A, &["192.0.2.12"]);
}
