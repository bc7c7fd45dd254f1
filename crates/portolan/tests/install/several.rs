//! Pods of two clusters, one after the other in two ways: one follows the hub that the other is, and both are a mesh.

use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portolan_testbed::ask::RecordType;
use portolan_testbed::program::ended;
use portolan_testbed::shop::{self, NAME};
use portolan_testbed::{ApiServer, Setup, kubeconfig};
use serde_json::{Value, json};

use super::pod::Pod;
use super::program::{BINARY, printed};
use super::story::{fleet, is_ready, manifests};

/// What a follower may do in the hub, and the others of a mesh in each cluster.
const FOLLOWER_RIGHTS: &str = include_str!("../../../../deploy/rbac/follower.yaml");
const MESH_RIGHTS: &str = include_str!("../../../../deploy/rbac/mesh.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;
/// The clusters, and the address of each one's load balancer.
const EU: (&str, &str) = ("eu-1", "192.0.2.10");
const US: (&str, &str) = ("us-1", "198.51.100.10");

/// The manifests of rights without what a role says of a resource.
pub(crate) fn without(rights: &str, role: &str, resource: &str) -> String {
    let mut documents: Vec<Value> = serde_saphyr::from_multiple(rights).unwrap();
    let role = documents
        .iter_mut()
        .find(|one| one["kind"] == "ClusterRole" && one["metadata"]["name"] == role)
        .unwrap();
    assert!(role["rules"].to_string().contains(&format!("\"{resource}\"")), "{role}");
    let rules = role["rules"].as_array_mut().unwrap();
    rules.iter_mut().for_each(|rule| rule["resources"].as_array_mut().unwrap().retain(|one| one != resource));
    // A rule that says nothing is none.
    rules.retain(|rule| rule["resources"] != json!([]));
    role.to_string()
}

fn start(server: &ApiServer) -> Pod {
    Pod::start(server, "portolan", "portolan")
}

fn is_in_order(pod: &Pod) {
    assert!(!pod.program.log().contains("forbidden"), "{}", pod.program.log());
    pod.program.stop();
}

#[test]
fn a_follower_and_a_mesh_with_just_these_rights() {
    let Some([eu, us]) = ApiServer::start_all([EU, US].map(|(name, _)| (name, Setup::default()))) else {
        return;
    };
    let definitions = printed(&["crds", "--compat"]);
    for (server, (_, address)) in [(&eu, EU), (&us, US)] {
        let shop = shop::workload(address, true);
        server.admin().apply(&[&*definitions, shop::NAMESPACE, &*shop].join("---")).unwrap();
    }
    one_follows_the_other(&eu, &us);
    both_are_a_mesh(&eu, &us);
}

/// As `docs/how-to/hub.md` tells.
fn one_follows_the_other(hub: &ApiServer, other: &ApiServer) {
    hub.admin().apply(&manifests(&["--cluster", EU.0])).unwrap();
    hub.admin().apply(&[FOLLOWER_RIGHTS, &fleet(EU.1)].join("---\n")).unwrap();
    let decides = start(hub);
    decides.program.wait_for(NAME, RecordType::A, &[EU.1]);

    let token = hub.admin().token("portolan", "portolan-follower", TOKEN_SECONDS).unwrap();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "hub-kubeconfig", "namespace": "portolan" },
        "data": { "kubeconfig": BASE64_STANDARD.encode(kubeconfig::text(&[hub.context(&token)])) },
    });
    other.admin().apply(&manifests(&["--cluster", US.0, "--hub-secret", "hub-kubeconfig"])).unwrap();
    other.admin().apply(&secret.to_string()).unwrap();
    let follower = start(other);
    follower.wait_until_ready();
    follower.program.wait_for(NAME, RecordType::A, &[EU.1]);
    hub.admin().apply(&shop::workload("192.0.2.11", true)).unwrap();
    follower.program.wait_for(NAME, RecordType::A, &["192.0.2.11"]);
    let said = follower.exec(&["status"]).out;
    assert!(said.contains("The hub that is followed, and not written to, is eu-1"), "{said}");
    [decides, follower].iter().for_each(is_in_order);

    hub.admin().apply(&without(FOLLOWER_RIGHTS, "portolan-follower", "dnsendpoints")).unwrap();
    start(other).wait_until_it_lacks("dnsendpoints");
}

/// As `docs/how-to/mesh.md` tells.
fn both_are_a_mesh(eu: &ApiServer, us: &ApiServer) {
    for (server, (name, address)) in [(eu, EU), (us, US)] {
        server.admin().apply(&manifests(&["--mesh", name])).unwrap();
        server.admin().apply(&fleet(address)).unwrap();
    }
    let files = std::env::join_paths([eu, us].map(ApiServer::admin_kubeconfig)).unwrap();
    for (here, there) in [(EU.0, US.0), (US.0, EU.0)] {
        let args = ["cluster", "join", there, "--mesh", "--context", there, "--hub-context", here];
        let joined = ended(Command::new(BINARY).args(args).env("KUBECONFIG", &files));
        assert_eq!(joined.code, 0, "{}", joined.all());
    }
    let pods = [eu, us].map(start);
    for (pod, server) in pods.iter().zip([eu, us]) {
        pod.wait_until_ready();
        pod.program.wait_for(NAME, RecordType::A, &[EU.1, US.1]);
        pod.program.wait("the status of the name", || is_ready(server));
    }
    pods.iter().for_each(is_in_order);

    us.admin().apply(&without(MESH_RIGHTS, "portolan-mesh", "globalnames")).unwrap();
    start(eu).wait_until_it_lacks("globalnames");
}
