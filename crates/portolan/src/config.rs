//! The process' configuration: what was said, and what it means.
//!
//! ```text
//!   KEYS ──▶ file ──▶ environment ──▶ flags ──▶ Said ──▶ settle ──▶ RunConfig, or problems
//!            (each says over the one before, and where it was said is kept)
//! ```
//!
//! There is one definition per key, in [`keys`]: the parser of the file, the environment, the flags
//! with their help, `portolan config show` and the reference page all come from that table, so none of
//! them can lack a key or call it otherwise. Reading has two stages. The first collects what was said
//! and refuses what has the wrong form ([`said`], [`file`](mod@file)); the second turns it into the running type and
//! checks what it means ([`settle`]). Both find every fault at once, as
//! [`Problem`](portolan_core::Problem)s with the place of each.
//!
//! What configures names, clusters and policies is not here: those are resources, in the fleet folder.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use portolan_kube::api::Topology;
use portolan_kube::registry::Believed;
use portolan_kube::sources::Options;
use portolan_probe::Servers;
use portolan_serve::Pin;

use crate::clusters::Lease;
use crate::logs::LogFormat;
use crate::sync::Settings;
use crate::zones::ZoneSource;
use crate::{follow, skydns, stream, webhook};

pub mod docs;
pub mod file;
pub mod here;
pub mod keys;
pub mod said;
pub mod settle;
pub mod show;
pub mod value;

/// What `portolan run` runs with.
#[derive(Clone, Debug, PartialEq)]
pub struct RunConfig {
    /// What the process does.
    pub role: Role,
    /// The fleet folder; none: there are clusters, or only zone files.
    pub fleet: Option<PathBuf>,
    /// The kubeconfig of clusters that are followed on their API servers, instead of a folder.
    pub kubeconfig: Option<PathBuf>,
    /// Which of its contexts, each as `CONTEXT` or `NAME=CONTEXT`; none: all.
    pub contexts: Vec<String>,
    /// What the cluster is called that this process runs in, where that one is followed.
    pub in_cluster: Option<String>,
    /// The folder of the pod's ServiceAccount; none: where Kubernetes mounts it.
    pub service_account: Option<PathBuf>,
    /// The cluster that holds the intents, or the own one of a mesh; none: the first.
    pub hub: Option<String>,
    /// Which of both, and whether the hub is followed by what it hands over.
    pub topology: Topology,
    /// The namespaces of the hub whose registrations of clusters count.
    pub believed: Believed,
    /// The part of its life after which a joined cluster's token is renewed, in percent.
    pub renew_percent: u8,
    /// The Lease that decides which of several replicas writes; none: this one does.
    pub lease: Option<Lease>,
    /// The folder of the CSV files that the hub's policies name; none: they may name none.
    pub networks: Option<PathBuf>,
    /// Zones that are served from files.
    pub zones: Vec<ZoneSource>,
    /// The etcd whose keys are answered from; none: none.
    pub skydns: Option<skydns::Config>,
    /// The control replicas that are followed; none: none.
    pub follow: Option<follow::Config>,
    /// Where those come who follow us; none: nowhere.
    pub stream: Option<stream::Config>,
    /// Who resolves host names of load balancers.
    pub resolvers: Servers,
    /// How long a load balancer's status that goes empty keeps its addresses, in seconds.
    pub load_balancer_grace: u32,
    /// Where questions are answered, over UDP and TCP.
    pub listen: Vec<SocketAddr>,
    /// True when `listen` is the default: an IPv6 address that this machine lacks is then passed over
    /// with a warning, where one that somebody asked for is an error.
    pub listen_is_default: bool,
    /// UDP workers an address; none: one a core that this process may use.
    pub workers: Option<usize>,
    /// Whether each of them stays on one core.
    pub pin: Pin,
    /// Most TCP connections at once; none: [`portolan_serve::config::CONNECTIONS_MAX`].
    pub tcp_connections: Option<usize>,
    /// Most of one client; none: [`portolan_serve::config::CONNECTIONS_PER_CLIENT_MAX`].
    pub tcp_connections_per_client: Option<usize>,
    /// Where the last good state is kept; none: nowhere.
    pub state: Option<PathBuf>,
    /// Where metrics and health are served; none: nowhere.
    pub http: Option<SocketAddr>,
    /// The webhook protocol's server; none: there is none.
    pub webhook: Option<webhook::Config>,
    /// The control socket; none: the one that is named by the first listener's port.
    pub control: Option<PathBuf>,
    /// What the server calls itself to a client that asks (NSID, RFC 5001); empty: the
    /// machine's host name; `off`: nothing.
    pub nsid: String,
    /// How much is logged: a level, or `target=level` directives.
    pub log: String,
    /// In what form.
    pub log_format: LogFormat,
    /// Which of External-DNS' sources are on, and how.
    pub sources: Arc<Options>,
    /// Where records are published to besides.
    pub sync: Vec<Settings>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    #[default]
    All,
    /// It follows clusters and writes to the hub, and answers no questions.
    Control,
    /// It answers questions, and follows no cluster.
    Serve,
}

impl RunConfig {
    /// True where there is a fleet to follow, in a folder, on API servers or by who does so; else zone files are all there is.
    #[must_use]
    pub fn has_fleet(&self) -> bool {
        self.fleet.is_some() || self.follows_clusters() || self.follow.is_some()
    }

    /// True where clusters are followed on their API servers.
    #[must_use]
    pub fn follows_clusters(&self) -> bool {
        self.kubeconfig.is_some() || self.in_cluster.is_some()
    }
}

#[cfg(test)]
mod tests;
