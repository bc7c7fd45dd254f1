//! etcd: one member, for one API server or, by prefixes, for several; or three members that are one store.
//!
//! It writes without waiting for the disk (`--unsafe-no-fsync`): what is lost with the machine is no loss here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::client::{Client, Error, JSON};
use crate::folder::Folder;
use crate::namespace::{self, Namespace};
use crate::port::free_port;
use crate::process::Process;
use crate::{missing, part};
use tls::Tls;

pub use self::cluster::{EtcdCluster, EtcdSetup, EtcdSnapshot};
pub use self::tls::ClientFiles;

mod cluster;
mod tls;
mod users;

/// A running etcd, ended and forgotten with its value.
#[derive(Debug)]
pub struct Etcd {
    // Dropped before what it uses.
    process: Mutex<Process>,
    launch: Launch,
}

/// How it is started, the first time and again.
#[derive(Debug)]
struct Launch {
    program: PathBuf,
    folder: Folder,
    namespace: Option<Arc<Namespace>>,
    /// What it is called among the members.
    name: String,
    client: SocketAddr,
    peer: SocketAddr,
    /// All members, as `NAME=URL` of their peers' side.
    members: String,
    /// What clients that come by TLS prove themselves with; none when they come without.
    tls: Option<Arc<Tls>>,
    /// Where it is asked for its health, without TLS.
    health: String,
    /// What else it is told.
    flags: Vec<String>,
}

impl Etcd {
    /// Starts one on loopback; none, after a loud line, when there is no etcd.
    ///
    /// # Panics
    /// When it does not become healthy.
    #[must_use]
    pub fn start(name: &str) -> Option<Self> {
        Self::start_in(name, None)
    }

    /// Starts one for an API server, in the network that it has.
    pub(crate) fn start_in(name: &str, namespace: Option<Arc<Namespace>>) -> Option<Self> {
        let program = missing::program(&part::ETCD)?;
        let address = namespace::back_address(namespace.as_deref());
        let [client, peer] = [(); 2].map(|()| SocketAddr::new(address, free_port()));
        let folder = Folder::new(&format!("{name}-etcd"));
        let (name, members) = ("testbed".to_owned(), format!("testbed={}", url("http", peer)));
        let (tls, health, flags) = (None, url("http", client), Vec::new());
        let launch = Launch { program, folder, namespace, name, client, peer, members, tls, health, flags };
        let etcd = Self::launched(launch);
        etcd.wait_for_health();
        Some(etcd)
    }

    fn launched(launch: Launch) -> Self {
        Self { process: Mutex::new(launch.start()), launch }
    }

    /// Where it is asked, as `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.launch.scheme(), self.launch.client)
    }

    /// Sends a request of its JSON gateway, such as `/v3/kv/compaction`.
    ///
    /// # Errors
    /// When it refuses, or does not answer.
    pub fn ask(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.ask_as(path, body, None)
    }

    fn ask_as(&self, path: &str, body: &Value, token: Option<&str>) -> Result<Value, Error> {
        let files = self.launch.tls.as_deref().map(Tls::client_files);
        Client::of_etcd(&self.url(), files.as_ref(), token).send(
            "POST",
            path,
            Some((JSON, &body.to_string())),
        )
    }

    /// As SIGSTOP: its sockets stay open, and it says nothing.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// Goes on after [`Etcd::pause`].
    pub fn resume(&self) {
        self.process().resume();
    }

    /// As SIGKILL; [`Etcd::restart`] brings it back with its data.
    pub fn kill(&self) {
        self.process().kill();
    }

    /// Kills it, where it runs, and starts it with its data, on its port.
    pub fn restart(&self) {
        self.again(|| ());
    }

    /// Kills it and starts it without data: revisions begin again, which is what API servers notice least.
    ///
    /// # Panics
    /// When its data cannot be removed.
    pub fn wipe(&self) {
        self.again(|| self.launch.remove_data());
    }

    /// Removes every key below a prefix; revisions go on.
    pub(crate) fn wipe_prefix(&self, prefix: &str) {
        let [key, range_end] =
            [format!("{prefix}/"), format!("{prefix}0")].map(|key| BASE64_STANDARD.encode(key));
        let removed = self.ask("/v3/kv/deleterange", &json!({ "key": key, "range_end": range_end }));
        removed.unwrap_or_else(|error| panic!("wiping {prefix}: {error}"));
    }

    fn again(&self, between: impl FnOnce()) {
        self.kill();
        between();
        self.begin();
        self.wait_for_health();
    }

    /// Starts it and does not wait.
    fn begin(&self) {
        *self.process() = self.launch.start();
    }

    /// A full disk is no illness: it reads, and refuses to write.
    fn wait_for_health(&self) {
        let client = Client::of_etcd(&self.launch.health, None, None);
        self.process().wait("health", || {
            let said = client.send("GET", "/health?exclude=NOSPACE", None).ok()?;
            (said["health"] == "true").then_some(())
        });
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Launch {
    fn start(&self) -> Process {
        let (client, peer) = (url(self.scheme(), self.client), url("http", self.peer));
        let mut etcd = namespace::command(self.namespace.as_deref(), &self.program);
        etcd.args(["--name", &self.name, "--unsafe-no-fsync", "--log-level", "warn", "--data-dir"]);
        etcd.arg(self.data());
        etcd.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        etcd.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        etcd.args(["--initial-cluster", &self.members]).args(&self.flags);
        Process::start("etcd", &etcd, &self.folder.log())
    }

    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn remove_data(&self) {
        let data = self.data();
        std::fs::remove_dir_all(&data).unwrap_or_else(|error| panic!("{}: {error}", data.display()));
    }
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://{address}")
}
