//! The objects that processes run by: their configuration, pods, and the address at which they are asked.

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::configuration::{
    CONTROL, ETCD_FOLDER, HTTP_PORT, HUB_FOLDER, LISTEN_PORT, STATE, STREAM_FOLDER, STREAM_PORT,
};
use super::{Install, Role};

/// The file of the configuration, in the ConfigMap and where that is mounted.
const FILE: &str = "portolan.yaml";
/// Where the configuration is mounted.
const FOLDER: &str = "/etc/portolan/config";
/// The annotation of pods that says of which configuration they are: with another one there are other pods.
const CONFIGURATION: &str = "portolan.dev/configuration";
/// What the Service of who is followed is called: `https://portolan-stream.NAMESPACE:7353` is what followers are told.
const STREAM: &str = "portolan-stream";
/// What its port is called.
const STREAM_PORT_NAME: &str = "stream";
/// How long a pod that is taken away goes on answering while everybody learns that it goes, in seconds.
const GOODBYE_SECONDS: u32 = 5;

/// The configuration.
pub(super) fn config_map(install: &Install, configuration: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": metadata(install),
        "data": { FILE: configuration },
    })
}

/// The pods.
pub(super) fn deployment(install: &Install, configuration: &str) -> Value {
    let digest = format!("{:016x}", xxh3_64(configuration.as_bytes()));
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": metadata(install),
        "spec": {
            "replicas": install.replicas,
            "selector": { "matchLabels": labels(install) },
            // A new pod is ready before an old one goes.
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } },
            "template": {
                "metadata": { "labels": labels(install), "annotations": { CONFIGURATION: digest } },
                "spec": pod(install),
            },
        },
    })
}

/// Who empties nodes takes one pod at a time, and one that is not ready at any time.
pub(super) fn disruption_budget(install: &Install) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": metadata(install),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": { "matchLabels": labels(install) },
        },
    })
}

/// Where questions are asked, from outside of the cluster.
pub(super) fn service(install: &Install) -> Value {
    let families: Vec<&str> = install.families.iter().map(|family| family.word()).collect();
    let policy = if families.len() > 1 { "RequireDualStack" } else { "SingleStack" };
    let port = |name: &str, protocol: &str| json!({ "name": name, "port": 53, "protocol": protocol, "targetPort": name });
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": metadata(install),
        "spec": {
            "type": "LoadBalancer",
            // Whose address the client has is what answers may depend on: nobody on the way puts his own in its place.
            "externalTrafficPolicy": "Local",
            "ipFamilies": families,
            "ipFamilyPolicy": policy,
            "selector": labels(install),
            "ports": [port("dns-udp", "UDP"), port("dns-tcp", "TCP")],
        },
    })
}

/// Where those come who follow, from within the cluster: at whichever pod is ready.
pub(super) fn stream_service(install: &Install) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": STREAM, "namespace": install.namespace, "labels": labels(install) },
        "spec": {
            "selector": labels(install),
            "ports": [{ "name": STREAM_PORT_NAME, "port": STREAM_PORT, "protocol": "TCP", "targetPort": STREAM_PORT_NAME }],
        },
    })
}

fn metadata(install: &Install) -> Value {
    json!({ "name": install.name(), "namespace": install.namespace, "labels": labels(install) })
}

fn labels(install: &Install) -> Value {
    json!({ "app.kubernetes.io/name": "portolan", "app.kubernetes.io/component": install.role.word() })
}

fn pod(install: &Install) -> Value {
    json!({
        "serviceAccountName": install.account(),
        "automountServiceAccountToken": install.has_rights(),
        // Variables of a Service that is called as a key of ours would be taken for it.
        "enableServiceLinks": false,
        // No user by number: OpenShift gives each namespace its own, and elsewhere the image has one.
        "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "topologySpreadConstraints": [
            spread(install, "kubernetes.io/hostname", "DoNotSchedule"),
            spread(install, "topology.kubernetes.io/zone", "ScheduleAnyway"),
        ],
        "containers": [container(install)],
        "volumes": volumes(install),
    })
}

/// One node, or one zone, is not all. A cluster of one node has all pods on it; those that pods are kept from do not count.
fn spread(install: &Install, key: &str, otherwise: &str) -> Value {
    json!({
        "maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": otherwise,
        "nodeTaintsPolicy": "Honor", "matchLabelKeys": ["pod-template-hash"],
        "labelSelector": { "matchLabels": labels(install) },
    })
}

fn container(install: &Install) -> Value {
    let port = |name: &str, port: u16, protocol: &str| json!({ "name": name, "containerPort": port, "protocol": protocol });
    let mut ports = vec![port("http", HTTP_PORT, "TCP")];
    let mut container = json!({
        "name": "portolan",
        "image": install.image,
        "args": ["run"],
        // By this `portolan status` in the pod finds the control socket too.
        "env": [{ "name": "PORTOLAN_CONFIG", "value": format!("{FOLDER}/{FILE}") }],
        "livenessProbe": probe("/livez", 10, 3),
        "readinessProbe": probe("/readyz", 5, 2),
        "resources": resources(install.role),
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "readOnlyRootFilesystem": true,
        },
        "volumeMounts": mounts(install),
    });
    if install.role.answers() {
        ports.extend([port("dns-udp", LISTEN_PORT, "UDP"), port("dns-tcp", LISTEN_PORT, "TCP")]);
        container["lifecycle"] = json!({ "preStop": { "sleep": { "seconds": GOODBYE_SECONDS } } });
    }
    if install.role.follows_clusters() && install.stream.is_some() {
        ports.push(port(STREAM_PORT_NAME, STREAM_PORT, "TCP"));
    }
    container["ports"] = ports.into();
    container
}

fn probe(path: &str, period_seconds: u32, failures: u32) -> Value {
    json!({
        "httpGet": { "path": path, "port": "http" },
        "periodSeconds": period_seconds, "timeoutSeconds": 3, "failureThreshold": failures,
    })
}

/// What a fleet of some thousand names takes, and where a fleet of 200 clusters with a million objects ends. Processors have
/// no limit: there are as many workers as it leaves, and who is held back answers late.
fn resources(role: Role) -> Value {
    let (usual, most) = if role.follows_clusters() { ("256Mi", "2Gi") } else { ("128Mi", "1Gi") };
    json!({ "requests": { "cpu": "100m", "memory": usual }, "limits": { "memory": most } })
}

/// The last good state outlives the process and its node's restart, and goes with the pod. The control socket goes with the process.
fn volumes(install: &Install) -> Value {
    let mut volumes = vec![
        json!({ "name": "config", "configMap": { "name": install.name() } }),
        json!({ "name": "state", "emptyDir": {} }),
        json!({ "name": "run", "emptyDir": { "medium": "Memory", "sizeLimit": "1Mi" } }),
    ];
    for (name, secret, _) in secrets(install) {
        volumes.push(json!({ "name": name, "secret": { "secretName": secret } }));
    }
    volumes.into()
}

fn mounts(install: &Install) -> Value {
    let mut mounts = vec![
        json!({ "name": "config", "mountPath": FOLDER, "readOnly": true }),
        json!({ "name": "state", "mountPath": folder_of(STATE) }),
        json!({ "name": "run", "mountPath": folder_of(CONTROL) }),
    ];
    for (name, _, folder) in secrets(install) {
        mounts.push(json!({ "name": name, "mountPath": folder, "readOnly": true }));
    }
    mounts.into()
}

/// The Secrets: what their volume is called, their names, and where they are mounted.
fn secrets(install: &Install) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
    let etcd = install.etcd.as_ref().and_then(|etcd| etcd.secret.as_deref());
    let stream = install.stream.as_ref().map(|stream| stream.secret.as_str());
    let hub = install.hub.as_deref();
    [("etcd", etcd, ETCD_FOLDER), ("stream", stream, STREAM_FOLDER), ("hub", hub, HUB_FOLDER)]
        .into_iter()
        .filter_map(|(name, secret, folder)| Some((name, secret?, folder)))
}

fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or(file, |(folder, _)| folder)
}
