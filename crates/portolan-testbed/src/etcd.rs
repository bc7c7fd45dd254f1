//! etcd: one member, for one API server or, by prefixes, for several.
//!
//! It writes without waiting for the disk (`--unsafe-no-fsync`): what is lost with the machine is no loss here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::client::{Client, JSON};
use crate::folder::Folder;
use crate::namespace::{self, Namespace};
use crate::port::free_port;
use crate::process::Process;
use crate::{missing, part};

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
    client: SocketAddr,
    peer: SocketAddr,
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
        let launch = Launch { program, folder, namespace, client, peer };
        let etcd = Self { process: Mutex::new(launch.start()), launch };
        etcd.wait_for_health();
        Some(etcd)
    }

    /// Where it is asked, as `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.launch.client)
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
        self.again(|| {
            let data = self.launch.data();
            std::fs::remove_dir_all(&data).unwrap_or_else(|error| panic!("{}: {error}", data.display()));
        });
    }

    /// Removes every key below a prefix; revisions go on.
    pub(crate) fn wipe_prefix(&self, prefix: &str) {
        let [key, range_end] =
            [format!("{prefix}/"), format!("{prefix}0")].map(|key| BASE64_STANDARD.encode(key));
        let body = json!({ "key": key, "range_end": range_end }).to_string();
        let removed = self.client().send("POST", "/v3/kv/deleterange", Some((JSON, &body)));
        removed.unwrap_or_else(|error| panic!("wiping {prefix}: {error}"));
    }

    fn again(&self, between: impl FnOnce()) {
        self.kill();
        between();
        *self.process() = self.launch.start();
        self.wait_for_health();
    }

    fn wait_for_health(&self) {
        let client = self.client();
        self.process().wait("health", || {
            let said = client.send("GET", "/health", None).ok()?;
            (said["health"] == "true").then_some(())
        });
    }

    fn client(&self) -> Client {
        Client::without_tls(&self.url())
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Launch {
    fn start(&self) -> Process {
        let (client, peer) = (url(self.client), url(self.peer));
        let mut etcd = namespace::command(self.namespace.as_deref(), &self.program);
        etcd.args(["--name", "testbed", "--unsafe-no-fsync", "--log-level", "warn", "--data-dir"]);
        etcd.arg(self.data());
        etcd.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        etcd.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        etcd.args(["--initial-cluster", &format!("testbed={peer}")]);
        Process::start("etcd", &etcd, &self.folder.log())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
