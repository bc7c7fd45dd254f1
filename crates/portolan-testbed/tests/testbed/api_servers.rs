//! Three API servers at once: apart, restarted, wiped, cut off.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use portolan_testbed::client::Error;
use portolan_testbed::wait::wait;
use portolan_testbed::{ApiServer, Etcd, Namespace, Setup, part};

/// How long a connection is tried before it counts as lost: many times what one takes on a machine of ours.
const LOST: Duration = Duration::from_millis(500);

/// An object that says whose it is.
fn note(owner: &str) -> String {
    format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: note}}, data: {{owner: {owner}}}}}")
}

/// Whose object a server has; none when it has none.
fn owner(server: &ApiServer) -> Option<String> {
    match server.admin().get("/api/v1/namespaces/default/configmaps/note") {
        Ok(note) => Some(note["data"]["owner"].as_str().unwrap().to_owned()),
        Err(Error::Refused { code: 404, .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

fn resource_version(server: &ApiServer) -> u64 {
    let list = server.admin().get("/api/v1/configmaps").unwrap();
    list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

/// One with a store of its own, and a network of its own where we may make one; two that share a store.
fn three() -> Option<[ApiServer; 3]> {
    let shared = Some(Arc::new(Etcd::start("shared")?));
    let own = Setup { namespace: Namespace::new("eu-1").map(Arc::new), ..Setup::default() };
    let both = Setup { etcd: shared, ..Setup::default() };
    ApiServer::start_all([("eu-1", own), ("us-1", both.clone()), ("us-2", both)])
}

#[test]
fn three_at_once_are_apart_and_come_back() {
    let Some(servers) = three() else { return };
    let [eu, us, other] = &servers;
    for (server, name) in servers.iter().zip(["eu-1", "us-1", "us-2"]) {
        server.admin().apply(&note(name)).unwrap();
    }
    let owners = || servers.each_ref().map(owner);
    let all = ["eu-1", "us-1", "us-2"].map(|name| Some(name.to_owned()));
    assert_eq!(owners(), all);

    eu.restart();
    us.kill();
    us.restart();
    assert_eq!(owners(), all, "a restart keeps objects");

    let before = [eu, us].map(resource_version);
    eu.wipe();
    us.wipe();
    assert_eq!(owners(), [None, None, all[2].clone()], "a wipe loses them, and another's stay");
    assert!(resource_version(eu) < before[0], "a store of its own begins again");
    assert!(resource_version(us) > before[1], "a shared one goes on");

    a_paused_store_answers_nobody(other);
    a_network_is_cut_and_healed(eu);
}

fn a_paused_store_answers_nobody(server: &ApiServer) {
    server.etcd().pause();
    let ready = server.admin().get("/readyz");
    assert!(matches!(ready, Err(Error::Refused { code: 500, .. })), "{ready:?}");
    server.etcd().resume();
    wait("the API server to find its store again", || server.admin().get("/readyz").ok());
}

fn a_network_is_cut_and_healed(server: &ApiServer) {
    let Some(namespace) = server.namespace() else { return };
    let front: SocketAddr = server.url().strip_prefix("https://").unwrap().parse().unwrap();
    let connect = || TcpStream::connect_timeout(&front, LOST).map(drop).map_err(|error| error.kind());
    assert_eq!(connect(), Ok(()));
    namespace.cut();
    assert_eq!(connect(), Err(ErrorKind::TimedOut), "silence, not a refusal");
    assert_eq!(owner(server), None, "the test's own way stays open");
    namespace.heal();
    wait("the way to be open", || connect().ok());
}

#[test]
fn who_comes_in_may_do_what_rbac_says() {
    let Some(server) = ApiServer::start("rbac") else { return };
    // Clients are told the version that the linker was told.
    let (major_minor, _) = part::kube_apiserver().module.version().rsplit_once('.').unwrap();
    let said = server.admin().get("/version").unwrap()["gitVersion"].take();
    assert!(said.as_str().unwrap().starts_with(&format!("v{major_minor}.")), "{said}");
    let reader = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [configmaps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: default}]
";
    server.admin().apply(&format!("{}\n---{reader}", note("all"))).unwrap();
    let client = server.client(&server.admin().token("default", "reader", 600).unwrap());
    assert_eq!(client.get("/api/v1/namespaces/default/configmaps/note").unwrap()["data"]["owner"], "all");
    let code = |done: Result<_, Error>| match done {
        Err(Error::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(client.get("/api/v1/namespaces/default/secrets")), 403);
    assert_eq!(code(client.delete("/api/v1/namespaces/default/configmaps/note")), 403);
    assert_eq!(code(server.client("nonsense").get("/api/v1/namespaces/default/configmaps/note")), 401);
}
