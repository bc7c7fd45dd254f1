//! Clusters that the hub registers: joined, followed, given other tokens, refused, and forgotten.
//!
//! The operator's commands come in with the administrator's token, as an operator does; the server has nothing
//! but the rights that we ship, and the tokens that join took.

use std::process::Command;

use portolan_testbed::program::{Ended, ended};
use portolan_testbed::wait::wait;
use portolan_testbed::{ApiServer, Setup};
use serde_json::{Value, json};

use super::followed::{Followed, HUB_RIGHTS, MEMBER_RIGHTS};
use super::walk::{SHOP, intents, slice, workload};
use super::{compat, definitions};

const KUBEFED_RIGHTS: &str = include_str!("../../../../deploy/rbac/hub-kubefed.yaml");
const HUB_IP: &str = "192.0.2.10";
const US_IP: &str = "198.51.100.10";
const AP_IP: &str = "203.0.113.10";

/// A hub with its rights and intents, and two clusters that nobody knows yet.
struct Fleet {
    hub: ApiServer,
    us: ApiServer,
    ap: ApiServer,
}

impl Fleet {
    fn start() -> Option<Self> {
        let setup = Setup::default;
        let servers = ApiServer::start_all([("hub", setup()), ("us-1", setup()), ("ap-1", setup())])?;
        for (server, address) in servers.iter().zip([HUB_IP, US_IP, AP_IP]) {
            workload(server, "x", address);
        }
        let [hub, us, ap] = servers;
        let all = [MEMBER_RIGHTS, &definitions(), &compat(), HUB_RIGHTS].join("\n---\n");
        hub.admin().apply(&all).unwrap();
        hub.admin().apply(&intents()).unwrap();
        Some(Self { hub, us, ap })
    }

    /// `portolan cluster`, run by an administrator of all three.
    fn cluster(&self, args: &[&str]) -> Ended {
        self.cluster_of("hub", args)
    }

    /// The same with another for the hub.
    fn cluster_of(&self, hub: &str, args: &[&str]) -> Ended {
        let files = [&self.hub, &self.us, &self.ap].map(ApiServer::admin_kubeconfig);
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.arg("cluster").args(args).args(["--hub-context", hub]);
        ended(command.env("KUBECONFIG", std::env::join_paths(files).unwrap()))
    }

    /// The same, which goes well; its output.
    #[track_caller]
    fn fine(&self, args: &[&str]) -> String {
        let ended = self.cluster(args);
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.all());
        ended.all()
    }

    /// The same, which is refused for this reason.
    #[track_caller]
    fn refused(&self, hub: &str, args: &[&str], why: &str) {
        let Ended { code, err, .. } = self.cluster_of(hub, args);
        assert!(code == 2 && err.contains(why), "{args:?}: {code}: {err}");
    }

    fn join(&self, name: &str) -> String {
        self.fine(&["join", name, "--context", name, "--token-life", "10m"])
    }

    fn secret(&self, name: &str) -> Value {
        self.hub.admin().get(&format!("/api/v1/namespaces/portolan/secrets/{name}")).unwrap()
    }

    /// The status and message of a condition of a `MemberCluster`, once it is as expected.
    #[track_caller]
    fn wait_for_condition(
        &self,
        followed: &Followed,
        member: &str,
        [type_, status, reason]: [&str; 3],
        message: &str,
    ) {
        let path = format!("/apis/portolan.dev/v1alpha1/memberclusters/{member}");
        followed.program.wait(&format!("{member} to be {type_}={status}/{reason}: {message}"), || {
            let object = self.hub.admin().get(&path).unwrap();
            let conditions = object["status"]["conditions"].as_array()?.clone();
            let one = conditions.into_iter().find(|one| one["type"] == type_)?;
            let is_it = one["status"] == status
                && one["reason"] == reason
                && one["message"].as_str()?.contains(message);
            is_it.then_some(())
        });
    }

    /// Waits until `status` does not know a cluster, and looks at every answer meanwhile.
    #[track_caller]
    fn wait_until_forgotten(&self, followed: &Followed, cluster: &str, each: impl Fn(&[String])) {
        let row = format!("\"name\": \"{cluster}\"");
        followed.program.wait(&format!("{cluster} to be forgotten"), || {
            each(&followed.ask(SHOP));
            (!followed.program.says(&["status", "-o", "json"]).contains(&row)).then_some(())
        });
    }
}

fn has(answer: &[String], address: &str) -> bool {
    answer.iter().any(|one| one == address)
}

#[test]
fn clusters_join_are_followed_and_leave() {
    let Some(fleet) = Fleet::start() else { return };
    let followed = Followed::start_with(&[&fleet.hub], &["--renew-tokens-at", "1"]);
    followed.wait_for(SHOP, &[HUB_IP]);

    // Two clusters join, while the program runs.
    let said = fleet.join("us-1");
    assert!(said.contains("cluster us-1 has joined") && !said.contains("missing"), "{said}");
    followed.wait_for(SHOP, &[HUB_IP, US_IP]);
    fleet.join("ap-1");
    followed.wait_for(SHOP, &[HUB_IP, US_IP, AP_IP]);
    fleet.wait_for_condition(&followed, "us-1", ["Ready", "True", "Ready"], "");

    what_is_registered_is_told(&fleet);
    a_slip_of_the_operator_costs_nothing(&fleet);
    a_token_is_renewed_and_nothing_is_lost(&fleet, &followed);
    another_token_is_taken_up(&fleet, &followed);
    a_drained_cluster_does_not_come_back_when_it_goes(&fleet, &followed);

    // F-41: one leaves, and its addresses with it, in one step; the others' stay in every answer.
    let said = fleet.fine(&["leave", "us-1", "--context", "us-1"]);
    assert!(said.contains("ClusterRole portolan-member is deleted"), "{said}");
    fleet.wait_until_forgotten(&followed, "us-1", |answer| {
        assert!(has(answer, HUB_IP), "{answer:?}");
    });
    followed.wait_for(SHOP, &[HUB_IP]);
    let gone = fleet.cluster(&["leave", "us-1"]);
    assert_eq!(gone.code, 2, "{gone:?}");
}

fn what_is_registered_is_told(fleet: &Fleet) {
    let list = fleet.fine(&["list"]);
    for text in ["us-1", "ap-1", "MemberCluster ap-1", &fleet.us.url(), "Ready"] {
        assert!(list.contains(text), "{text}: {list}");
    }
    let json: Value = serde_json::from_str(&fleet.fine(&["list", "-o", "json"])).unwrap();
    assert_eq!(json["clusters"][1]["name"], "us-1");
    assert!(json["clusters"][1]["tokenEnds"].is_string(), "{json}");
    let check = fleet.fine(&["check"]);
    assert!(check.contains("cluster us-1: is reached, and has every right"), "{check}");
    assert!(check.contains("hub: has every right"), "{check}");

    // One rule less, and it is named with what mends it.
    let admin = fleet.us.admin();
    admin.apply(&MEMBER_RIGHTS.replace("[endpointslices]", "[endpointslicez]")).unwrap();
    let rule = "may not watch endpointslices.discovery.k8s.io; apply deploy/rbac/member.yaml, or add the rule \
                {apiGroups: [\"discovery.k8s.io\"], resources: [endpointslices], verbs: [watch]}";
    wait("the missing right to be told", || {
        let said = fleet.cluster(&["check", "us-1"]);
        (said.code == 2 && said.out.contains(rule)).then_some(())
    });
    // The role is the test's now too, and join says so instead of taking it.
    let said = fleet.cluster(&["join", "us-1", "--context", "us-1"]);
    assert!(said.err.contains("--take-over"), "{said:?}");
    fleet.fine(&["join", "us-1", "--context", "us-1", "--token-life", "10m", "--take-over"]);
}

/// The wrong context, for the cluster or for the hub: nothing is made, and nothing is taken away.
fn a_slip_of_the_operator_costs_nothing(fleet: &Fleet) {
    fleet.refused("hub", &["leave", "us-1", "--context", "ap-1"], "is another cluster than us-1");
    fleet.refused("hub", &["leave", "us-1", "--context", "hub"], "the context is the hub");
    fleet.refused("hub", &["leave", "us1", "--context", "us-1"], "the cluster that is registered as us-1");
    fleet.refused("hub", &["join", "own", "--context", "hub"], "the context is the hub");
    fleet.refused("hub", &["join", "us-2", "--context", "us-1"], "the cluster is registered as us-1 already");
    fleet.refused("us-1", &["join", "ap-1", "--context", "ap-1"], "the hub has no MemberClusters");
    let secret = "/api/v1/namespaces/portolan/secrets/cluster-ap-1";
    assert!(fleet.us.admin().get(secret).is_err(), "no token is written where there is no hub");
    let check = fleet.fine(&["check"]);
    assert!(check.contains("cluster us-1: is reached, and has every right"), "{check}");
}

/// What was there before a cluster joined is not join's, and stays when it leaves.
#[test]
fn what_join_did_not_make_leave_does_not_take_away() {
    let Some(fleet) = Fleet::start() else { return };
    fleet.us.admin().apply(MEMBER_RIGHTS).unwrap();
    fleet.join("us-1");
    let said = fleet.fine(&["leave", "us-1", "--context", "us-1"]);
    let stays = "ClusterRoleBinding portolan-member was not made by `portolan cluster join`, and stays";
    assert!(said.contains(stays) && !said.contains("ServiceAccount portolan/portolan is deleted"), "{said}");
    fleet.us.admin().get("/api/v1/namespaces/portolan/serviceaccounts/portolan").unwrap();

    // A Secret of somebody else's is replaced whole when it is taken over: its kubeconfig would count.
    let kubeconfig = json!({ "stringData": { "kubeconfig": "contexts: []" } });
    register(&fleet, "cluster-us-1", &kubeconfig);
    fleet.refused("hub", &["join", "us-1", "--context", "us-1"], "--take-over");
    fleet.fine(&["join", "us-1", "--context", "us-1", "--take-over"]);
    assert!(fleet.secret("cluster-us-1")["data"]["kubeconfig"].is_null());
    fleet.hub.admin().delete("/apis/portolan.dev/v1alpha1/memberclusters/cluster-us-1").unwrap();
    let list = fleet.fine(&["list"]);
    assert!(list.contains(&fleet.us.url()), "{list}");
    let said = fleet.fine(&["leave", "us-1", "--context", "us-1"]);
    assert!(said.contains("ClusterRoleBinding portolan-member is deleted"), "{said}");
}

/// A registration is deleted while no server runs: its cluster goes at the next start, in one step.
#[test]
fn a_cluster_that_left_while_nobody_ran_goes_at_the_next_start() {
    let Some(fleet) = Fleet::start() else { return };
    fleet.join("us-1");
    fleet.join("ap-1");
    let followed = Followed::start_with(&[&fleet.hub], &[]);
    followed.wait_for(SHOP, &[HUB_IP, US_IP, AP_IP]);
    followed.program.stop();
    fleet.fine(&["leave", "ap-1"]);
    followed.program.start();
    fleet.wait_until_forgotten(&followed, "ap-1", |answer| {
        assert!(has(answer, HUB_IP) && has(answer, US_IP), "{answer:?}");
    });
    followed.wait_for(SHOP, &[HUB_IP, US_IP]);
}

/// The same cluster by two names, on its way from the old one to the new one: it is followed by the old one, the tokens
/// of both are renewed, and when the old one leaves, it is followed by the new one.
#[test]
fn a_cluster_of_two_names_has_two_tokens_that_live() {
    let Some(fleet) = Fleet::start() else { return };
    fleet.join("us-1");
    fleet.fine(&["join", "us-2", "--context", "us-1", "--token-life", "10m", "--rename"]);
    let token = |name: &str| fleet.secret(&format!("cluster-{name}"))["data"]["token"].clone();
    let before = ["us-1", "us-2"].map(token);
    let followed = Followed::start_with(&[&fleet.hub], &["--renew-tokens-at", "1"]);
    followed.wait_for(SHOP, &[HUB_IP, US_IP]);
    let twin = ["Reached", "False", "Duplicate"];
    fleet.wait_for_condition(&followed, "us-2", twin, "is the same cluster as us-1");
    followed.program.wait("both tokens to be renewed", || {
        let now = ["us-1", "us-2"].map(token);
        before.iter().zip(&now).all(|(before, now)| before != now).then_some(())
    });
    fleet.fine(&["leave", "us-1"]);
    fleet.wait_until_forgotten(&followed, "us-1", |answer| {
        assert!(has(answer, HUB_IP), "{answer:?}");
    });
    fleet.wait_for_condition(&followed, "us-2", ["Reached", "True", "Reached"], "");
    followed.wait_for(SHOP, &[HUB_IP, US_IP]);
    fleet.us.admin().apply(&slice(false)).unwrap();
    followed.wait_for(SHOP, &[HUB_IP]);
}

/// Its life is ten minutes, of which one percent is six seconds.
fn a_token_is_renewed_and_nothing_is_lost(fleet: &Fleet, followed: &Followed) {
    let before = fleet.secret("cluster-us-1")["data"]["token"].clone();
    followed.program.wait("the token to be renewed", || {
        (fleet.secret("cluster-us-1")["data"]["token"] != before).then_some(())
    });
    fleet.us.admin().apply(&slice(false)).unwrap();
    followed.wait_for(SHOP, &[HUB_IP, AP_IP]);
    fleet.us.admin().apply(&slice(true)).unwrap();
    followed.wait_for(SHOP, &[HUB_IP, US_IP, AP_IP]);
}

/// A Secret that somebody breaks takes nothing away; one that is mended is taken up.
fn another_token_is_taken_up(fleet: &Fleet, followed: &Followed) {
    let mut secret = fleet.secret("cluster-us-1");
    let good = std::mem::replace(&mut secret["data"]["token"], json!("d3Jvbmc="));
    let path = "/api/v1/namespaces/portolan/secrets/cluster-us-1";
    let put = |secret: &Value| {
        let mut secret = secret.clone();
        secret["metadata"] = fleet.secret("cluster-us-1")["metadata"].clone();
        fleet.hub.admin().send("PUT", path, Some(("application/json", &secret.to_string()))).unwrap();
    };
    put(&secret);
    followed.program.wait_for_status(&["Unauthorized", "cluster us-1"]);
    assert_eq!(followed.ask(SHOP).len(), 3, "answers stay");
    fleet.wait_for_condition(followed, "us-1", ["Reached", "False", "Unauthorized"], "refuses us");
    secret["data"]["token"] = good;
    put(&secret);
    fleet.wait_for_condition(followed, "us-1", ["Reached", "True", "Reached"], "");
    fleet.us.admin().apply(&slice(false)).unwrap();
    followed.wait_for(SHOP, &[HUB_IP, AP_IP]);
    fleet.us.admin().apply(&slice(true)).unwrap();
    followed.wait_for(SHOP, &[HUB_IP, US_IP, AP_IP]);
}

/// Its `MemberCluster` is all that says that it is drained: what it describes must be gone before that is.
fn a_drained_cluster_does_not_come_back_when_it_goes(fleet: &Fleet, followed: &Followed) {
    let drained = "{apiVersion: portolan.dev/v1alpha1, kind: MemberCluster, metadata: {name: ap-1}, spec: {state: Draining}}";
    fleet.hub.admin().apply(drained).unwrap();
    followed.wait_for(SHOP, &[HUB_IP, US_IP]);
    fleet.fine(&["leave", "ap-1"]);
    fleet.wait_until_forgotten(followed, "ap-1", |answer| {
        assert!(!has(answer, AP_IP), "{answer:?}");
        assert!(has(answer, US_IP), "{answer:?}");
    });
    followed.wait_for(SHOP, &[HUB_IP, US_IP]);
}

/// B-43: what cannot be followed is told where it was registered, and costs itself.
#[test]
fn what_is_refused_is_told_in_the_condition_of_its_cluster() {
    let Some(fleet) = Fleet::start() else { return };
    fleet.join("us-1");
    let good = fleet.secret("cluster-us-1")["data"].clone();
    fleet.join("ap-1");
    let mut wrong_authority = good.clone();
    wrong_authority["ca.crt"] = fleet.secret("cluster-ap-1")["data"]["ca.crt"].clone();
    let mut unreachable = good.clone();
    // Port 1 of loopback, where nobody listens.
    unreachable["server"] = json!("aHR0cHM6Ly8xMjcuMC4wLjE6MQ==");
    for (name, data) in
        [("wrong-authority", wrong_authority), ("unreachable", unreachable), ("us-1-twin", good)]
    {
        register(&fleet, name, &json!({ "data": data }));
    }
    let exec = "contexts: [{name: c, context: {cluster: k, user: u}}]\n\
                clusters: [{name: k, cluster: {server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true}}]\n\
                users: [{name: u, user: {exec: {command: /bin/touch, args: [/tmp/never]}}}]\n";
    register(&fleet, "plugin", &json!({ "stringData": { "kubeconfig": exec } }));
    let followed = Followed::start_with(&[&fleet.hub], &[]);
    followed.wait_for(SHOP, &[HUB_IP, US_IP, AP_IP]);

    let plugin = "users[0].user.exec \"/bin/touch\" would run a program";
    fleet.wait_for_condition(&followed, "plugin", ["Accepted", "False", "Invalid"], plugin);
    fleet.wait_for_condition(
        &followed,
        "plugin",
        ["Accepted", "False", "Invalid"],
        "insecure-skip-tls-verify",
    );
    fleet.wait_for_condition(&followed, "wrong-authority", ["Reached", "False", "Silent"], "certificate");
    fleet.wait_for_condition(&followed, "unreachable", ["Reached", "False", "Silent"], "refused");
    // Of two names of one cluster the one that was there first is followed.
    fleet.wait_for_condition(
        &followed,
        "us-1-twin",
        ["Reached", "False", "Duplicate"],
        "is the same cluster as us-1",
    );
    fleet.wait_for_condition(&followed, "us-1", ["Reached", "True", "Reached"], "");
    let list = fleet.cluster(&["list"]);
    assert!(list.code == 2 && list.out.contains("exec"), "{list:?}");

    // The kind goes, and every registration with it: no cluster does.
    fleet
        .hub
        .admin()
        .delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/memberclusters.portolan.dev")
        .unwrap();
    followed.program.wait("the kind to be held", || {
        followed.program.says(&["holds"]).contains("hub/memberclusters.portolan.dev").then_some(())
    });
    assert_eq!(followed.ask(SHOP).len(), 3, "answers stay");
}

/// A `MemberCluster` and its Secret, made by hand.
fn register(fleet: &Fleet, name: &str, secret: &Value) {
    let mut secret = secret.clone();
    secret["apiVersion"] = "v1".into();
    secret["kind"] = "Secret".into();
    secret["metadata"] = json!({ "name": name, "namespace": "portolan" });
    let member = json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "MemberCluster",
        "metadata": { "name": name }, "spec": { "credentials": { "secret": name } },
    });
    fleet.hub.admin().apply(&format!("{secret}\n---\n{member}")).unwrap();
}

/// KubeFed's registry and the inventory's are followed where they are, with no `MemberCluster` at all.
#[test]
fn other_registries_are_followed() {
    let Some(fleet) = Fleet::start() else { return };
    let hub = fleet.hub.admin();
    hub.apply(&definition("core.kubefed.io", "v1beta1", "kubefedclusters", "KubeFedCluster")).unwrap();
    hub.apply(&definition("multicluster.x-k8s.io", "v1alpha1", "clusterprofiles", "ClusterProfile")).unwrap();
    hub.apply(KUBEFED_RIGHTS).unwrap();
    for server in [&fleet.us, &fleet.ap] {
        server.admin().apply(MEMBER_RIGHTS).unwrap();
    }
    let token = |server: &ApiServer| server.admin().token("portolan", "portolan", 3_600).unwrap();
    let authority = |server: &ApiServer| {
        // As join writes it for a cluster; here only the reading of others' objects is looked at.
        let text = std::fs::read_to_string(server.admin_kubeconfig()).unwrap();
        let kubeconfig: Value = serde_json::from_str(&text).unwrap();
        kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"].clone()
    };
    let objects = [
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "us-1-abc", "namespace": "kube-federation-system" },
            "stringData": { "token": token(&fleet.us) },
        }),
        json!({
            "apiVersion": "core.kubefed.io/v1beta1", "kind": "KubeFedCluster",
            "metadata": { "name": "us-1", "namespace": "kube-federation-system" },
            "spec": {
                "apiEndpoint": fleet.us.url(), "caBundle": authority(&fleet.us),
                "secretRef": { "name": "us-1-abc" },
            },
        }),
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "ap-1", "namespace": "portolan" },
            "stringData": { "token": token(&fleet.ap) },
        }),
        json!({
            "apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ClusterProfile",
            "metadata": { "name": "ap-1", "namespace": "portolan" },
            "spec": { "clusterManager": { "name": "test" } },
            "status": { "accessProviders": [{
                "name": "secretreader",
                "cluster": { "server": fleet.ap.url(), "certificate-authority-data": authority(&fleet.ap) },
            }] },
        }),
    ];
    for object in &objects {
        hub.apply(&object.to_string()).unwrap();
    }
    let followed = Followed::start_with(&[&fleet.hub], &[]);
    followed.wait_for(SHOP, &[HUB_IP, US_IP, AP_IP]);
    let list = fleet.fine(&["list"]);
    assert!(list.contains("KubeFedCluster kube-federation-system/us-1"), "{list}");
    assert!(list.contains("ClusterProfile portolan/ap-1"), "{list}");

    hub.delete("/apis/core.kubefed.io/v1beta1/namespaces/kube-federation-system/kubefedclusters/us-1")
        .unwrap();
    followed.wait_for(SHOP, &[HUB_IP, AP_IP]);
}

/// A kind that takes any object.
fn definition(group: &str, version: &str, plural: &str, kind: &str) -> String {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            "annotations": { "api-approved.kubernetes.io": "unapproved, a test's" },
        },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase() },
            "versions": [{
                "name": version, "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
            }],
        },
    })
    .to_string()
}

/// As in a pod: the files of a ServiceAccount, and where the API server is.
#[test]
fn the_own_cluster_is_followed_by_its_service_account() {
    let Some(server) = ApiServer::start("hub") else { return };
    workload(&server, "x", HUB_IP);
    server.admin().apply(&[MEMBER_RIGHTS, &definitions(), &compat(), HUB_RIGHTS].join("\n---\n")).unwrap();
    server.admin().apply(&intents()).unwrap();
    let followed = Followed::in_pod(&server);
    followed.wait_for(SHOP, &[HUB_IP]);
    workload(&server, "x", US_IP);
    followed.wait_for(SHOP, &[US_IP]);
}
