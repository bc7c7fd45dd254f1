//! Three members that are one store, each of which may stop, die or lose its data.
//!
//! ```text
//!   NAME-member-0/data ─┐
//!   NAME-member-1/data ─┼─▶ a snapshot: all three at once, as a machine's disks would be copied
//!   NAME-member-2/data ─┘
//! ```
//!
//! A snapshot is taken of members that stand still, so it is what a crash at that moment would have left. Who restores
//! one has members that know each other and their ports, and a revision that went back.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::tls::{ClientFiles, Tls};
use super::{Etcd, Launch, url};
use crate::client::Error;
use crate::folder::Folder;
use crate::port::free_port;
use crate::{missing, part};

/// How many members there are: the fewest that go on without one.
const MEMBERS: usize = 3;

/// How a cluster is set up.
#[derive(Clone, Debug, Default)]
pub struct EtcdSetup {
    /// What else each member is told, such as `--quota-backend-bytes=16777216`.
    pub flags: Vec<String>,
    /// Clients come by TLS and prove who they are: [`EtcdCluster::client_files`].
    pub tls: bool,
}

/// A running cluster, ended and forgotten with its value.
#[derive(Debug)]
pub struct EtcdCluster {
    members: Vec<Etcd>,
    tls: Option<Arc<Tls>>,
}

/// What all members had at one moment.
#[derive(Debug)]
pub struct EtcdSnapshot {
    folder: Folder,
}

impl EtcdCluster {
    /// Starts one on loopback, without TLS; none, after a loud line, when there is no etcd.
    ///
    /// # Panics
    /// When it does not become healthy.
    #[must_use]
    pub fn start(name: &str) -> Option<Self> {
        Self::start_with(name, &EtcdSetup::default())
    }

    /// Starts one as it is set up; none, after a loud line, when there is no etcd.
    ///
    /// # Panics
    /// When it does not become healthy.
    #[must_use]
    pub fn start_with(name: &str, setup: &EtcdSetup) -> Option<Self> {
        let program = missing::program(&part::ETCD)?;
        let tls = setup.tls.then(|| Arc::new(Tls::new(name)));
        let address = || SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let peers: [SocketAddr; MEMBERS] = std::array::from_fn(|_| address());
        let named = |member: usize| format!("member-{member}");
        let all: Vec<String> =
            (0..MEMBERS).map(|member| format!("{}={}", named(member), url("http", peers[member]))).collect();
        let launched = (0..MEMBERS).map(|member| {
            let health = url("http", address());
            let mut flags = vec![format!("--listen-metrics-urls={health}")];
            flags.extend(tls.iter().flat_map(|tls| tls.flags()));
            flags.extend(setup.flags.iter().cloned());
            Etcd::launched(Launch {
                program: program.clone(),
                folder: Folder::new(&format!("{name}-{}", named(member))),
                namespace: None,
                name: named(member),
                client: address(),
                peer: peers[member],
                members: all.join(","),
                tls: tls.clone(),
                health,
                flags,
            })
        });
        let cluster = Self { members: launched.collect(), tls };
        cluster.wait_for_health();
        Some(cluster)
    }

    /// Where its members are asked, one after the other.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.members.iter().map(Etcd::url).collect()
    }

    /// Who leads them, as a member's number.
    ///
    /// # Panics
    /// When there is no leader.
    #[must_use]
    pub fn leader(&self) -> usize {
        let status = |member: &Etcd| member.ask("/v3/maintenance/status", &json!({}));
        let led = self.members.iter().position(|member| {
            let said = status(member).unwrap_or_default();
            said["leader"].is_string() && said["leader"] == said["header"]["member_id"]
        });
        led.expect("a cluster that is well has a leader")
    }

    /// Sends a request of the JSON gateway to a member, such as `/v3/kv/compaction`.
    ///
    /// # Errors
    /// When it refuses, or does not answer.
    pub fn ask(&self, member: usize, path: &str, body: &Value) -> Result<Value, Error> {
        self.members[member].ask(path, body)
    }

    /// The same with a token, where the store has users.
    ///
    /// # Errors
    /// When it refuses, or does not answer.
    pub fn ask_as(&self, member: usize, path: &str, body: &Value, token: &str) -> Result<Value, Error> {
        self.members[member].ask_as(path, body, Some(token))
    }

    /// As SIGSTOP: a member's sockets stay open, and it says nothing.
    pub fn pause(&self, member: usize) {
        self.members[member].pause();
    }

    /// It goes on after [`EtcdCluster::pause`].
    pub fn resume(&self, member: usize) {
        self.members[member].resume();
    }

    /// As SIGKILL; [`EtcdCluster::restart`] brings it back with its data.
    pub fn kill(&self, member: usize) {
        self.members[member].kill();
    }

    /// Kills a member, where it runs, and starts it with its data, on its ports. It is waited for where most members run:
    /// fewer cannot be well.
    pub fn restart(&self, member: usize) {
        self.members[member].kill();
        self.members[member].begin();
        let running = self.members.iter().filter(|member| member.process().is_running()).count();
        if running > MEMBERS / 2 {
            self.members[member].wait_for_health();
        }
    }

    /// Kills all members and starts them with their data.
    pub fn restart_all(&self) {
        self.again(|_, _| ());
    }

    /// Kills all members and starts them without data, on their ports: revisions begin again.
    pub fn wipe(&self) {
        self.again(|_, member| member.launch.remove_data());
    }

    /// What all members have now. They stand still for it.
    ///
    /// # Panics
    /// When one does not run, or its data cannot be copied.
    #[must_use]
    pub fn snapshot(&self) -> EtcdSnapshot {
        let snapshot = EtcdSnapshot { folder: Folder::new("etcd-snapshot") };
        self.members.iter().for_each(Etcd::pause);
        for (number, member) in self.members.iter().enumerate() {
            copy(&member.launch.data(), &snapshot.folder.path().join(number.to_string()));
        }
        self.members.iter().for_each(Etcd::resume);
        snapshot
    }

    /// Kills all members and starts them with what they had: revisions go back.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn restore(&self, snapshot: &EtcdSnapshot) {
        self.again(|number, member| {
            member.launch.remove_data();
            copy(&snapshot.folder.path().join(number.to_string()), &member.launch.data());
        });
    }

    /// The files by which clients come in; none without TLS.
    #[must_use]
    pub fn client_files(&self) -> Option<ClientFiles> {
        self.tls.as_deref().map(Tls::client_files)
    }

    /// Another authority signs for the members from now on, which begin again, and for clients. What clients have on disk
    /// stays until [`EtcdCluster::renew_client`].
    ///
    /// # Panics
    /// Without TLS.
    pub fn renew_members(&self) {
        let tls = self.tls.as_ref().expect("members without TLS have nothing to renew");
        self.again(|number, _| {
            if number == 0 {
                tls.renew_members();
            }
        });
    }

    /// The members, which begin again, prove themselves and believe clients by files that somebody else made.
    ///
    /// # Panics
    /// Without TLS, or when one cannot be read.
    pub fn take_members(&self, files: &ClientFiles) {
        let tls = self.tls.as_ref().expect("members without TLS have nothing to take");
        self.again(|number, _| {
            if number == 0 {
                tls.take_members(files);
            }
        });
    }

    /// Writes the client's files anew, with a certificate that is good, or one that was good long ago.
    ///
    /// # Panics
    /// Without TLS.
    pub fn renew_client(&self, is_good: bool) {
        self.tls.as_ref().expect("clients without TLS have nothing to renew").renew_client(is_good);
    }

    fn again(&self, between: impl Fn(usize, &Etcd)) {
        self.members.iter().for_each(Etcd::kill);
        self.members.iter().enumerate().for_each(|(number, member)| between(number, member));
        self.members.iter().for_each(Etcd::begin);
        self.wait_for_health();
    }

    fn wait_for_health(&self) {
        self.members.iter().for_each(Etcd::wait_for_health);
    }
}

/// Copies a folder and all below it.
fn copy(from: &Path, to: &Path) {
    let fault = |error: std::io::Error| -> ! { panic!("copying {}: {error}", from.display()) };
    fs::create_dir_all(to).unwrap_or_else(|error| fault(error));
    for entry in fs::read_dir(from).unwrap_or_else(|error| fault(error)) {
        let entry = entry.unwrap_or_else(|error| fault(error));
        let (here, there) = (entry.path(), to.join(entry.file_name()));
        if here.is_dir() {
            copy(&here, &there);
        } else {
            fs::copy(&here, &there).unwrap_or_else(|error| fault(error));
        }
    }
}
