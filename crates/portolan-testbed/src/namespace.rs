//! A network of its own, which can be cut off.
//!
//! ```text
//!   loopback's network                             the namespace
//!     198.18.x.1 ── what others go by ──────────── 198.18.x.2     cut: what comes from .2 to .1 is lost, silently
//!     198.18.x.5 ── the back, the test's own ───── 198.18.x.6     stays open
//! ```
//!
//! One virtual cable with two networks of four addresses (from 198.18.0.0/15, which is for tests). A cut takes
//! no link down, because the machine would then say at once that nobody is there; a cable that is cut somewhere
//! in between says nothing. So replies are thrown away where they begin.
//!
//! The namespace has no name: it lives as long as a process that does nothing, and that ends with us. Making one
//! needs root.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::folder::Folder;
use crate::missing;
use crate::process::Process;

/// 198.18.0.0, the first of the addresses that networks are cut from.
const FIRST: u32 = 0xC612_0000;
/// How many networks there are, of eight addresses each.
const NETWORKS: u32 = 1 << 14;

/// A network of its own, gone with its value.
#[derive(Debug)]
pub struct Namespace {
    // Its end is the namespace's.
    holder: Process,
    first: u32,
    _folder: Folder,
}

impl Namespace {
    /// Makes one; none, after a loud line, without the right to.
    ///
    /// # Panics
    /// When we have the right and it does not become what it should be.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        if !may_make_one() {
            missing::pass_over("no right to make network namespaces (root has it): no cluster is cut off");
            return None;
        }
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = (std::process::id() * 7 + MADE.fetch_add(1, Ordering::Relaxed)) % NETWORKS;
        let folder = Folder::new(name);
        let mut sleeper = Command::new("unshare");
        sleeper.args(["--net", "sleep", "infinity"]);
        let holder = Process::start(name, &sleeper, &folder.log());
        let namespace = Self { holder, first: FIRST + number * 8, _folder: folder };
        namespace.connect(&format!("ptb{number}"));
        Some(namespace)
    }

    /// The address that others go by.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.at(2)
    }

    /// From now on nothing comes out of it to those who go by [`Namespace::address`], and nobody is told.
    pub fn cut(&self) {
        self.inside(&["ip", "route", "replace", "blackhole", &self.at(1).to_string()]);
    }

    /// Takes [`Namespace::cut`] back.
    pub fn heal(&self) {
        self.inside(&["ip", "route", "del", "blackhole", &self.at(1).to_string()]);
    }

    /// Lays the cable.
    fn connect(&self, name: &str) {
        let ours = std::fs::read_link("/proc/self/ns/net").expect("Linux has network namespaces");
        let path = self.path();
        self.holder.wait("network of its own", || (std::fs::read_link(&path).ok()? != ours).then_some(()));
        let process = self.holder.id().to_string();
        let [out, there, out_back, there_back] = [1, 2, 5, 6].map(|host| format!("{}/30", self.at(host)));
        run(&["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", &process]);
        run(&["ip", "address", "add", &out, "dev", name]);
        run(&["ip", "address", "add", &out_back, "dev", name]);
        run(&["ip", "link", "set", name, "up"]);
        self.inside(&["ip", "address", "add", &there, "dev", "eth0"]);
        self.inside(&["ip", "address", "add", &there_back, "dev", "eth0"]);
        self.inside(&["ip", "link", "set", "eth0", "up"]);
        self.inside(&["ip", "link", "set", "lo", "up"]);
    }

    fn inside(&self, command: &[&str]) {
        let net = format!("--net={}", self.path().display());
        run(&[&["nsenter", &net], command].concat());
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.holder.id()))
    }

    fn at(&self, host: u32) -> IpAddr {
        Ipv4Addr::from(self.first + host).into()
    }
}

/// The address that others go by.
pub(crate) fn address(namespace: Option<&Namespace>) -> IpAddr {
    namespace.map_or(Ipv4Addr::LOCALHOST.into(), Namespace::address)
}

/// The test's own way in.
pub(crate) fn back_address(namespace: Option<&Namespace>) -> IpAddr {
    namespace.map_or(Ipv4Addr::LOCALHOST.into(), |namespace| namespace.at(6))
}

/// A command that runs in a namespace, or here for none.
pub(crate) fn command(namespace: Option<&Namespace>, program: &Path) -> Command {
    let Some(namespace) = namespace else { return Command::new(program) };
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", namespace.path().display())).arg("--").arg(program);
    command
}

fn may_make_one() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--net", "ip", "link"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn run(command: &[&str]) {
    let done = Command::new(command[0]).args(&command[1..]).stdin(Stdio::null()).output();
    let done = done.unwrap_or_else(|error| panic!("{}: {error}", command[0]));
    assert!(done.status.success(), "{}: {}", command.join(" "), String::from_utf8_lossy(&done.stderr));
}
