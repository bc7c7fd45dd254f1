//! `portolan manifests`: what an operator applies to have Portolan run in a cluster, as YAML.
//!
//! ```text
//!   Install ─┬─▶ Namespace, held to the restricted pod security standard
//!            ├─▶ definitions of our kinds, rights of deploy/rbac      of who follows clusters
//!            ├─▶ configuration ──▶ ConfigMap ──┐
//!            └─▶ workload ──▶ Deployment ◀─────┘ PodDisruptionBudget, Services of who answers and of who is followed
//! ```
//!
//! The settings of a process stand in its configuration file, which is a ConfigMap here, and in nothing else; the
//! Deployment says where that is. So `portolan check` and `portolan config show` know all of it, and so does whoever
//! looks into the cluster. Rights stand in `deploy/rbac` and nowhere else. The same settings give the same octets.
//!
//! **Architecture Invariant:** who only answers has no Kubernetes credential: its account has no right, and no pod of it a
//! token.

use std::fmt::Write as _;

use portolan_core::Name;
use portolan_kube::api::Topology;
use portolan_kube::crds;
use portolan_kube::registry::rights;
use serde_json::{Value, json};

use crate::clusters::admin::{HUB_RIGHTS, MEMBER_RIGHTS};

mod configuration;
mod workload;

pub use configuration::{CONTROL, HTTP_PORT, LEASE, LISTEN_PORT, STATE, STREAM_PORT};

/// Most replicas that may be asked for: each holds everything, and watches every cluster.
pub const REPLICAS_MAX: u16 = 100;

/// What is to run, where, with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// What its processes do.
    pub role: Role,
    /// The namespace, which is its own.
    pub namespace: String,
    /// The image, whose entry point is the program.
    pub image: String,
    /// How many pods there are.
    pub replicas: u16,
    /// What the cluster is called in the fleet, and the owner of what is published; empty where no cluster is followed.
    pub cluster: String,
    /// Whether that is the hub, one of a mesh, or one that follows a hub elsewhere.
    pub topology: Topology,
    /// The etcd: who follows clusters publishes there, and who only answers reads there.
    pub etcd: Option<Etcd>,
    /// The stream between those who follow clusters and those who answer.
    pub stream: Option<Stream>,
    /// The Secret with the `kubeconfig` of a hub elsewhere that is followed.
    pub hub: Option<String>,
    /// The zones that are published or answered from there.
    pub zones: Vec<Name>,
    /// The name servers of these zones where no key gives one.
    pub name_servers: Vec<Name>,
    /// The families of addresses of pods and Service, the pods' first one first.
    pub families: Vec<Family>,
}

/// What the processes of an installation do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// All in one: they follow clusters, and answer.
    All,
    /// They follow clusters, write to the hub, and publish where there is an etcd.
    Control,
    /// They answer from what control replicas tell, or from an etcd.
    Serve,
}

/// An etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etcd {
    /// Its members.
    pub urls: Vec<String>,
    /// The Secret with `ca.crt`, `tls.crt` and `tls.key`; none without TLS.
    pub secret: Option<String>,
}

/// The stream from those who follow clusters to those who answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Who is followed; empty of who is followed itself.
    pub urls: Vec<String>,
    /// The Secret with `ca.crt`, `tls.crt` and `tls.key`.
    pub secret: String,
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Role {
    /// True of who follows clusters, or what a hub hands over.
    #[must_use]
    pub fn follows_clusters(self) -> bool {
        matches!(self, Self::All | Self::Control)
    }

    /// True of who answers questions.
    #[must_use]
    pub fn answers(self) -> bool {
        matches!(self, Self::All | Self::Serve)
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Control => "control",
            Self::Serve => "serve",
        }
    }
}

impl Family {
    /// As Kubernetes spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

impl Install {
    /// All of it, ready for `kubectl apply --server-side`. The same octets on each run.
    #[must_use]
    pub fn yaml(&self) -> String {
        let mut text = format!(
            "# Printed by `portolan manifests --role {}`; docs/how-to/install-plain.md says what each object is for.\n",
            self.role.word()
        );
        for document in self.documents() {
            let document = serde_saphyr::to_string(&document).expect("an object is maps, lists and strings");
            // Writing to a string cannot fail.
            let _ = write!(text, "---\n{document}");
        }
        text
    }

    /// The objects, each after what it needs.
    #[must_use]
    pub fn documents(&self) -> Vec<Value> {
        let mut documents = vec![self.namespace()];
        documents.extend(self.definitions());
        documents.extend(self.objects());
        documents
    }

    /// True of who needs rights in this cluster: whose hub is another, needs none.
    fn has_rights(&self) -> bool {
        self.role.follows_clusters() && self.topology != Topology::Follower
    }

    /// The definitions of our kinds; none for who never asks this API server.
    fn definitions(&self) -> Vec<Value> {
        let all = if self.has_rights() { crds::all() } else { Vec::new() };
        let value = |crd| serde_json::to_value(crd).expect("a definition is maps, lists and strings");
        all.into_iter().map(value).collect()
    }

    /// All besides.
    fn objects(&self) -> Vec<Value> {
        let mut objects = self.rights();
        let configuration = configuration::text(self);
        objects.push(workload::config_map(self, &configuration));
        objects.push(workload::deployment(self, &configuration));
        objects.push(workload::disruption_budget(self));
        objects.extend(self.role.answers().then(|| workload::service(self)));
        let is_followed = self.role.follows_clusters() && self.stream.is_some();
        objects.extend(is_followed.then(|| workload::stream_service(self)));
        objects
    }

    /// A namespace in which no pod runs that could do more than ours need.
    fn namespace(&self) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {
                "name": self.namespace,
                "labels": { "pod-security.kubernetes.io/enforce": "restricted" },
            },
        })
    }

    /// The account, and what it may do: as much as is shipped in `deploy/rbac`, or nothing.
    fn rights(&self) -> Vec<Value> {
        if !self.has_rights() {
            return vec![json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": { "name": self.account(), "namespace": self.namespace },
                "automountServiceAccountToken": false,
            })];
        }
        let texts = [MEMBER_RIGHTS, HUB_RIGHTS].into_iter();
        let documents = texts.flat_map(|text| rights::manifests(text, &self.namespace));
        documents.filter(|document| document["kind"] != "Namespace").collect()
    }

    /// The account that its pods run as. That of who follows clusters is the one that `deploy/rbac` gives rights to.
    fn account(&self) -> &'static str {
        if self.has_rights() { "portolan" } else { self.name() }
    }

    /// What its objects are called.
    fn name(&self) -> &'static str {
        match self.role {
            Role::All => "portolan",
            Role::Control => "portolan-control",
            Role::Serve => "portolan-serve",
        }
    }
}

#[cfg(test)]
mod tests;
