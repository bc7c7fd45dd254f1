//! The configuration file of the processes of an installation.
//!
//! Texts that somebody gave are quoted as JSON has it, which YAML takes: none of them can say more than itself.

use std::fmt::Write as _;

use portolan_kube::api::Topology;
use serde_json::json;

use crate::config::keys::STREAM_TLS;

use super::{Etcd, Family, Install, Role, Stream};

/// The port of the pods at which questions are answered: above those that need a privilege. The Service has 53.
pub const LISTEN_PORT: u16 = 1053;
/// The port of the pods for probes and metrics.
pub const HTTP_PORT: u16 = 9153;
/// The port of the pods, and of their Service, at which those come who follow them.
pub const STREAM_PORT: u16 = 7353;
/// The file of the last good state, in a volume of the pod.
pub const STATE: &str = "/var/lib/portolan/state";
/// The control socket, in a volume of the pod: `kubectl exec` asks by it.
pub const CONTROL: &str = "/run/portolan/control.sock";
/// The Lease, by which one of the replicas writes; `deploy/rbac` gives rights to it.
pub const LEASE: &str = "portolan-control";
/// Where the Secret of the etcd is mounted.
pub(super) const ETCD_FOLDER: &str = "/etc/portolan/etcd";
/// Where that of the stream is.
pub(super) const STREAM_FOLDER: &str = "/etc/portolan/stream";
/// Where the way to the hub is.
pub(super) const HUB_FOLDER: &str = "/etc/portolan/hub";

/// The text of the file.
pub(super) fn text(install: &Install) -> String {
    let mut text = "version: v1alpha1\n".to_owned();
    let mut say = |key: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key}: {value}");
    };
    if install.role != Role::All {
        say("role", install.role.word());
    }
    if install.topology == Topology::Follower {
        say("kubeconfig", &format!("{HUB_FOLDER}/kubeconfig"));
        say("followHub", "true");
    } else if install.role.follows_clusters() {
        let cluster = json!(install.cluster).to_string();
        say("inCluster", &cluster);
        say(if install.topology == Topology::Mesh { "mesh" } else { "hub" }, &cluster);
        say("namespace", &json!(install.namespace).to_string());
        // One of the replicas writes.
        say("lease", LEASE);
    }
    if install.role.answers() {
        let all = install.families.iter().map(|family| address(*family, LISTEN_PORT));
        say("listen", &json!(all.collect::<Vec<_>>()).to_string());
    }
    let family = install.families.first().copied().unwrap_or(Family::V4);
    say("http", &json!(address(family, HTTP_PORT)).to_string());
    say("state", STATE);
    say("control", CONTROL);
    say("logFormat", "json");
    if let Some(etcd) = &install.etcd {
        let said = if install.role == Role::Serve { read(install, etcd) } else { publish(install, etcd) };
        text.push_str(&said);
    }
    if let Some(stream) = &install.stream {
        text.push_str(&streamed(stream, &address(family, STREAM_PORT)));
    }
    text
}

/// Follows control replicas, or is one that is followed, at this address.
fn streamed(stream: &Stream, listen: &str) -> String {
    let mut text = match stream.urls.as_slice() {
        [] => format!("streamListen: {}\n", json!(listen)),
        urls => format!("follow: {}\n", json!(urls)),
    };
    for (key, (_, _, file)) in STREAM_TLS.into_iter().zip(FILES) {
        let _ = writeln!(text, "{key}: {STREAM_FOLDER}/{file}");
    }
    text
}

/// Every address of a family that the pod has.
fn address(family: Family, port: u16) -> String {
    match family {
        Family::V4 => format!("0.0.0.0:{port}"),
        Family::V6 => format!("[::]:{port}"),
    }
}

/// Answers from an etcd.
fn read(install: &Install, etcd: &Etcd) -> String {
    let mut text = format!("skydns: {}\nskydnsZones: {}\n", json!(etcd.urls), json!(names(&install.zones)));
    if !install.name_servers.is_empty() {
        let _ = writeln!(text, "skydnsNameServers: {}", json!(names(&install.name_servers)));
    }
    for (key, _, file) in FILES.into_iter().filter(|_| etcd.secret.is_some()) {
        let _ = writeln!(text, "{key}: {ETCD_FOLDER}/{file}");
    }
    text
}

/// Publishes to an etcd.
fn publish(install: &Install, etcd: &Etcd) -> String {
    let owner = json!(install.cluster);
    let mut text = format!("sync:\n- provider: etcd\n  owner-id: {owner}\n  etcd: {}\n", json!(etcd.urls));
    if !install.zones.is_empty() {
        let _ = writeln!(text, "  domain-filter: {}", json!(names(&install.zones)));
    }
    for (_, option, file) in FILES.into_iter().filter(|_| etcd.secret.is_some()) {
        let _ = writeln!(text, "  {option}: {ETCD_FOLDER}/{file}");
    }
    text
}

/// The files of the Secret: who reads by them, who publishes by them, and what they are called there.
const FILES: [(&str, &str, &str); 3] = [
    ("etcdCa", "etcd-ca", "ca.crt"),
    ("etcdCert", "etcd-cert", "tls.crt"),
    ("etcdKey", "etcd-key", "tls.key"),
];

fn names(names: &[portolan_core::Name]) -> Vec<String> {
    names.iter().map(portolan_core::Name::to_dotless).collect()
}
