//! What is printed is taken: strictly, by kubectl, and its pods by the restricted pod security standard.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use portolan_testbed::client::{Error, JSON};
use portolan_testbed::{ApiServer, missing, part};
use serde_json::{Value, json};

use super::program::printed;

/// Each role, and what is said of it besides the image.
const ROLES: [(&str, &str, &[&str]); 5] = [
    ("portolan", "portolan", &["--cluster", "eu-1"]),
    (
        "fleet",
        "portolan-control",
        &["--role", "control", "--cluster", "eu-1", "--etcd", "https://etcd:2379", "--etcd-secret", "tls"],
    ),
    ("edge", "portolan", &["--cluster", "us-1", "--hub-secret", "hub-kubeconfig"]),
    ("mesh", "portolan-control", &["--role", "control", "--mesh", "eu-1", "--stream-secret", "tls"]),
    ("fleet", "portolan-serve", &["--role", "serve", "--etcd", "http://etcd:2379", "--zone", "example.org"]),
];

fn manifests(namespace: &str, said: &[&str]) -> String {
    let args = ["manifests", "--image", "registry.example/portolan:1", "--namespace", namespace];
    printed(&[&args[..], said].concat())
}

/// An API server that has all of them.
fn cluster() -> Option<&'static ApiServer> {
    static CLUSTER: LazyLock<Option<ApiServer>> = LazyLock::new(|| {
        let server = ApiServer::start("install")?;
        for (namespace, _, said) in ROLES {
            let text = manifests(namespace, said);
            let applied = server.admin().apply(&text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
            let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
            assert_eq!(applied.len(), documents.len());
            for (printed, stored) in documents.iter().zip(&applied) {
                holds(stored, printed, &format!("{} {}", printed["kind"], printed["metadata"]["name"]));
            }
        }
        Some(server)
    });
    CLUSTER.as_ref()
}

/// All that was printed stands there; an API server adds defaults.
fn holds(stored: &Value, printed: &Value, place: &str) {
    match (stored, printed) {
        (Value::Object(stored), Value::Object(printed)) => {
            for (field, value) in printed {
                let stored = stored.get(field).unwrap_or(&Value::Null);
                holds(stored, value, &format!("{place}.{field}"));
            }
        }
        (Value::Array(stored), Value::Array(printed)) if stored.len() == printed.len() => {
            let pairs = stored.iter().zip(printed).enumerate();
            pairs.for_each(|(nth, (stored, printed))| holds(stored, printed, &format!("{place}[{nth}]")));
        }
        // Of a whole number it is not told whether it was written as one.
        (Value::Number(stored), Value::Number(printed)) => {
            assert_eq!(stored.as_f64(), printed.as_f64(), "{place}");
        }
        // What is empty is left out.
        (Value::Null, Value::Object(printed)) if printed.is_empty() => {}
        _ => assert_eq!(stored, printed, "{place}"),
    }
}

#[test]
fn an_api_server_takes_each_object() {
    let Some(cluster) = cluster() else { return };
    for (namespace, name, said) in ROLES {
        let get = |path: &str| cluster.admin().get(path);
        let service = get(&format!("/api/v1/namespaces/{namespace}/services/{name}"));
        assert_eq!(service.is_ok(), !said.contains(&"control"), "{name}: {service:?}");
        let budget = format!("/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/{name}");
        assert_eq!(get(&budget).unwrap()["spec"]["maxUnavailable"], 1);
    }
}

/// A pod of each, as its Deployment would make it.
fn pod_of(cluster: &ApiServer, namespace: &str, name: &str) -> Value {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
    let mut pod = cluster.admin().get(&path).unwrap()["spec"]["template"].take();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = format!("{name}-0").into();
    pod
}

#[test]
fn pods_are_restricted_and_others_are_not_admitted() {
    let Some(cluster) = cluster() else { return };
    for (namespace, name, _) in ROLES {
        let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
        let make = |pod: &Value| cluster.admin().send("POST", &path, Some((JSON, &pod.to_string())));
        let pod = pod_of(cluster, namespace, name);
        make(&pod).unwrap_or_else(|error| panic!("{name}: {error}"));
        let spoil: [fn(&mut Value); 4] = [
            |spec| spec["securityContext"]["runAsNonRoot"] = false.into(),
            |spec| spec["securityContext"]["seccompProfile"] = json!({ "type": "Unconfined" }),
            |spec| spec["containers"][0]["securityContext"]["capabilities"] = json!({}),
            |spec| spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = true.into(),
        ];
        for spoil in spoil {
            let mut pod = pod.clone();
            spoil(&mut pod["spec"]);
            match make(&pod) {
                Err(Error::Refused { code: 403, message, .. }) => {
                    assert!(message.contains("violates PodSecurity \"restricted"), "{name}: {message}");
                }
                other => panic!("{name}: it was not refused: {other:?}"),
            }
        }
    }
}

/// As the how-to tells: `portolan manifests … | kubectl apply --server-side -f -`.
#[test]
fn kubectl_takes_them() {
    let (Some(cluster), Some(kubectl)) = (cluster(), missing::program(&part::KUBECTL)) else { return };
    for (namespace, _, said) in ROLES {
        let text = manifests(namespace, said);
        let mut command = Command::new(&kubectl);
        command.arg("--kubeconfig").arg(cluster.admin_kubeconfig());
        // The test has applied them before, as somebody else.
        command.args(["apply", "--server-side", "--force-conflicts", "--filename", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        let [said, complained] = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text));
        assert!(done.status.success(), "{said}{complained}");
        assert_eq!(said.matches("serverside-applied").count(), text.matches("\n---\n").count(), "{said}");
    }
}
