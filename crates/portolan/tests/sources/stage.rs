//! The API server with the objects in it, the fleet folder, and both programs.

use std::path::Path;
use std::process::Command;
use std::thread;

use portolan_testbed::client::JSON;
use portolan_testbed::program::{Ended, ended};
use portolan_testbed::wait::wait;
use portolan_testbed::{ApiServer, ExternalDns, Webhook, missing, part};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cases::THEIRS;
use crate::kinds::{KINDS, Kind, definitions};
use crate::manifests;
use crate::record::{Records, read};

/// How many objects are written at once.
const WRITERS: usize = 4;
/// How long External-DNS' token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// What a stock External-DNS must be let do, whatever its sources.
const ACCOUNT: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: external-dns}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: external-dns}
rules:
- {apiGroups: ['*'], resources: ['*'], verbs: [get, list, watch]}
- {apiGroups: [externaldns.k8s.io], resources: [dnsendpoints/status], verbs: ['*']}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: external-dns}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: external-dns}
subjects: [{kind: ServiceAccount, name: external-dns, namespace: default}]
";

/// Zones that hold every name of the objects, and admit whoever wants one; a delegation is spelt out.
const ZONES: &str = "
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: example.com}
spec: {apex: example.com, admit: [{namespaces: ['*']}, {hosts: [crd-ns.example.com]}]}
---
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: v4}
spec: {apex: in-addr.arpa, admit: [{namespaces: ['*']}]}
---
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: v6}
spec: {apex: ip6.arpa, admit: [{namespaces: ['*']}]}
";

/// Everything that cases share.
pub(crate) struct Stage {
    server: ApiServer,
    token: String,
    fleet: TempDir,
}

/// What ours gives.
pub(crate) struct Ours {
    pub(crate) records: Records,
    /// What it says of objects that are wrong.
    pub(crate) problems: String,
}

impl Stage {
    /// Starts an API server, creates all objects and writes them, as they were read back, to a fleet folder;
    /// none, after a loud line, when a part is missing.
    pub(crate) fn set() -> Option<Self> {
        missing::program(&part::EXTERNAL_DNS)?;
        let server = ApiServer::start("sources")?;
        server.admin().apply(&format!("{}\n---\n{ACCOUNT}", definitions())).unwrap();
        for kind in &KINDS {
            wait(kind.kind, || server.admin().get(&kind.path()).ok());
        }
        create_all(&server, &manifests::all());
        let token = server.admin().token("default", "external-dns", TOKEN_SECONDS).unwrap();
        let stage = Self { server, token, fleet: tempfile::tempdir().unwrap() };
        std::fs::write(stage.fleet.path().join("zones.yaml"), ZONES).unwrap();
        stage.take_down();
        Some(stage)
    }

    /// Creates one more object, for both.
    pub(crate) fn add(&self, mut object: Value) {
        manifests::spell_annotations(&mut object);
        create(&self.server, &object);
        self.take_down();
    }

    /// Takes an object away again, by its path, for both.
    pub(crate) fn remove(&self, path: &str) {
        self.server.admin().delete(path).unwrap();
        self.take_down();
    }

    /// What External-DNS creates in a provider that holds nothing.
    ///
    /// # Errors
    /// With the end of its log when it ends its sync instead.
    pub(crate) fn theirs(&self, options: &[&str]) -> Result<Records, String> {
        let webhook = Webhook::start();
        let options: Vec<&str> =
            options.iter().map(|word| word.strip_prefix(THEIRS).unwrap_or(word)).collect();
        let ended = ExternalDns::run_once(&self.server, &self.token, &webhook, &options);
        ended.expect("it was there a moment ago")?;
        Ok(read(webhook.endpoints().iter()))
    }

    /// What ours makes of the same objects.
    pub(crate) fn ours(&self, options: &[&str]) -> Ours {
        let mut endpoints = Command::new(env!("CARGO_BIN_EXE_portolan"));
        endpoints.arg("endpoints").arg("--fleet").arg(self.fleet.path()).args(["-o", "json"]);
        endpoints.args(options.iter().filter(|word| !word.starts_with(THEIRS)));
        let Ended { out, err: problems, .. } = ended(&endpoints);
        let list: Value =
            serde_json::from_str(&out).unwrap_or_else(|error| panic!("{options:?}: {error}: {problems}"));
        let objects = list["items"].as_array().unwrap().iter();
        let records = read(objects.flat_map(|object| object["spec"]["endpoints"].as_array().unwrap()));
        Ours { records, problems }
    }

    /// Writes what the API server has now to the folder of the one cluster.
    fn take_down(&self) {
        let cluster = self.fleet.path().join("one");
        std::fs::create_dir_all(&cluster).unwrap();
        let objects: Vec<Value> = KINDS
            .iter()
            .flat_map(|kind| {
                let mut list = self.server.admin().get(&kind.path()).unwrap();
                let items = list["items"].take();
                let Value::Array(mut items) = items else { panic!("{}: no list", kind.path()) };
                for item in &mut items {
                    // A list says it once for all.
                    item["apiVersion"] = kind.api_version.into();
                    item["kind"] = kind.kind.into();
                }
                items
            })
            .collect();
        write(&cluster.join("objects.json"), &objects);
    }
}

fn write(path: &Path, objects: &[Value]) {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    std::fs::write(path, list.to_string()).unwrap();
}

/// Creates objects, namespaces before what is in them; ends those that are said to be ending.
fn create_all(server: &ApiServer, objects: &[Value]) {
    let (namespaces, others): (Vec<&Value>, Vec<&Value>) =
        objects.iter().partition(|object| object["kind"] == "Namespace");
    for some in [namespaces, others] {
        let each = some.len().div_ceil(WRITERS).max(1);
        thread::scope(|scope| {
            for chunk in some.chunks(each) {
                scope.spawn(move || chunk.iter().for_each(|object| create(server, object)));
            }
        });
    }
}

/// Creates an object, and then its status as a controller does. (Applying would not do: the fields of a Node's
/// address list may stand there twice.)
fn create(server: &ApiServer, object: &Value) {
    let path = Kind::of(object).path_in(object["metadata"]["namespace"].as_str());
    let send = |method, path: &str, object: &Value| {
        let query = format!("{path}?fieldValidation=Strict");
        let sent = server.admin().send(method, &query, Some((JSON, &object.to_string())));
        sent.unwrap_or_else(|error| panic!("{error}: {object}"))
    };
    let mut made = send("POST", &path, object);
    let of_object = format!("{path}/{}", object["metadata"]["name"].as_str().unwrap());
    if let Some(status) = object.get("status") {
        made["status"] = status.clone();
        send("PUT", &format!("{of_object}/status"), &made);
    }
    if object["metadata"]["labels"]["gone"] == "soon" {
        // Its finalizer keeps it.
        server.admin().delete(&of_object).unwrap();
    }
}
