//! The demo's story on three real API servers, which it starts itself: `cargo xtask demo --real`.
//!
//! The same clusters, intents and clients as `portolan demo`; the objects are in real API servers, are followed
//! there with the rights that we ship, and their status is written back. `--once` ends it when the story is told.
#![allow(clippy::unwrap_used, reason = "it ends here, with what went wrong")]

use std::any::Any;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use portolan::clusters::{self, Clusters, Fleet, Holds};
use portolan::demo::{self, CLUSTER_THAT_FAILS, FILES, Scene, Step};
use portolan::engine::SharedEngine;
use portolan_core::ClusterName;
use portolan_kube::api::Topology;
use portolan_kube::registry::Believed;
use portolan_testbed::part::KUBECTL;
use portolan_testbed::{ApiServer, Setup, kubeconfig};
use serde_json::{Value, json};

const CLUSTERS: [&str; 3] = [CLUSTER_THAT_FAILS, "us-virginia", "ap-singapore"];
/// The hub is one whose API server is there when the European cluster fails: only its pods do.
const HUB: &str = CLUSTER_THAT_FAILS;
const MEMBER_RIGHTS: &str = include_str!("../../../deploy/rbac/member.yaml");
const HUB_RIGHTS: &str = include_str!("../../../deploy/rbac/hub.yaml");
/// How long the program's tokens live, in seconds.
const TOKEN_SECONDS: u32 = 24 * 3_600;

fn main() -> anyhow::Result<()> {
    let once = std::env::args().any(|arg| arg == "--once");
    println!("Starting three API servers, each with its etcd ...");
    let scene = Real::start()?;
    anyhow::ensure!(demo::play(Box::new(scene), once)?, "not every answer was as it should be");
    Ok(())
}

/// Three API servers with the example's objects.
struct Real {
    servers: [ApiServer; 3],
    folder: tempfile::TempDir,
}

impl Real {
    fn start() -> anyhow::Result<Self> {
        let servers = ApiServer::start_all(CLUSTERS.map(|name| (name, Setup::default()))).context(
            "there is no kube-apiserver or no etcd: `cargo xtask setup` builds them where there is Go",
        )?;
        for (server, name) in servers.iter().zip(CLUSTERS) {
            apply(server, MEMBER_RIGHTS)?;
            apply(server, NAMESPACES)?;
            // What runs pods is not followed, and nobody is here to run them.
            let followed = |path: &str| path.starts_with(name) && !path.ends_with("workloads.yaml");
            for (path, text) in FILES.iter().filter(|(path, _)| followed(path)) {
                for object in objects(text) {
                    apply(server, &object.to_string()).with_context(|| format!("{path} on {name}"))?;
                }
            }
        }
        let [hub, ..] = &servers;
        let definitions = portolan_kube::crds::yaml();
        for text in [&definitions, &portolan_kube::crds::compat(), HUB_RIGHTS] {
            apply(hub, text)?;
        }
        for (path, text) in FILES.iter().filter(|(path, _)| path.ends_with(".yaml") && !path.contains('/')) {
            for object in objects(text) {
                apply(hub, &with_networks(object).to_string()).with_context(|| (*path).to_owned())?;
            }
        }
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        let context = |server: &ApiServer| -> anyhow::Result<_> {
            let token = server.admin().token("portolan", "portolan", TOKEN_SECONDS);
            Ok(server.context(&token.map_err(|error| anyhow!("no token: {error}"))?))
        };
        let contexts: Vec<_> = servers.iter().map(context).collect::<anyhow::Result<_>>()?;
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig::text(&contexts))?;
        Ok(Self { servers, folder })
    }
}

const NAMESPACES: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: bookinfo}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-federation-system}
";

impl Scene for Real {
    fn about(&self) -> &'static str {
        "Bookinfo in three clusters on three continents, on real API servers."
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let servers = self.servers.iter().zip(CLUSTERS).enumerate();
        let line = |(nth, (server, name)): (usize, (&ApiServer, &str))| {
            (if nth == 0 { "clusters" } else { "" }, format!("{name:<13} {}", server.url()))
        };
        servers.map(line).collect()
    }

    fn follow(&self, engine: &SharedEngine) -> anyhow::Result<Box<dyn Any>> {
        let contexts = clusters::read(&self.folder.path().join("kubeconfig"), &[]);
        let contexts = contexts.map_err(|why| anyhow!("the kubeconfig {why}"))?;
        let holds = Arc::new(Holds::default());
        let fleet = Fleet {
            contexts,
            own: None,
            hub: ClusterName::from(HUB),
            topology: Topology::Hub,
            registrations: (Believed::default(), 66),
        };
        engine.lock().has_hub(fleet.hub.clone(), fleet.topology);
        Ok(Box::new(Clusters::start(fleet, engine, &holds, None, None)?))
    }

    fn set_ready(&self, is_ready: bool) -> anyhow::Result<()> {
        let [europe, ..] = &self.servers;
        let path = format!("{CLUSTER_THAT_FAILS}/endpoints.yaml");
        let (_, text) =
            FILES.iter().find(|(file, _)| *file == path).context("the example lacks its endpoints")?;
        for mut slice in objects(text) {
            for endpoint in slice["endpoints"].as_array_mut().into_iter().flatten() {
                endpoint["conditions"] = json!({"ready": is_ready});
            }
            apply(europe, &slice.to_string())?;
        }
        Ok(())
    }

    fn folder(&self) -> Option<&Path> {
        None
    }

    fn to_try(&self) -> Vec<Step> {
        let [hub, ..] = &self.servers;
        let kubeconfig = hub.admin_kubeconfig().display().to_string();
        let program = KUBECTL.find().map_or("kubectl".into(), |path| path.display().to_string());
        let get = |why, words: &[&str]| {
            let kubectl = [program.as_str(), "--kubeconfig", &kubeconfig, "-n", "bookinfo", "get"];
            Step::new(why, &[&kubectl, words].concat())
        };
        vec![
            get("what the hub says of the name", &["globalname", "bookinfo", "-o", "yaml"]),
            get("what a stock External-DNS would publish", &["dnsendpoints", "-o", "yaml"]),
        ]
    }
}

fn apply(server: &ApiServer, text: &str) -> anyhow::Result<()> {
    server.admin().apply(text).map(drop).map_err(|error| anyhow!("{error}"))
}

/// The objects of a file, without what another API server gave them.
fn objects(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    let items = documents.into_iter().flat_map(|document| match document.get("items") {
        Some(Value::Array(items)) => items.clone(),
        _ => vec![document],
    });
    items.map(own).collect()
}

fn own(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        let kept = ["name", "namespace", "labels", "annotations"];
        metadata.retain(|field, _| kept.contains(&field.as_str()));
    }
    // Its labels are what counts.
    if object["kind"] == "Node"
        && let Some(node) = object.as_object_mut()
    {
        node.remove("status");
    }
    if object["kind"] == "Service"
        && let Some(spec) = object["spec"].as_object_mut()
    {
        // What this server has for it is its own business.
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            spec.remove(field);
        }
    }
    object
}

/// A policy's file of networks is beside it in the folder, and in it on an API server.
fn with_networks(mut object: Value) -> Value {
    let (_, csv) = FILES.iter().find(|(path, _)| *path == "networks.csv").unwrap();
    let rows =
        csv.lines().skip(1).filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(','));
    let networks: Vec<Value> = rows.map(|(cidr, place)| json!({"cidr": cidr, "place": place})).collect();
    let order = object.pointer_mut("/spec/order").and_then(Value::as_array_mut);
    for stage in order.into_iter().flatten() {
        if let Some(stage) = stage.as_object_mut()
            && stage.remove("networksFile").is_some()
        {
            stage.insert("networks".into(), networks.clone().into());
        }
    }
    object
}
