//! The subjects of the benchmark. Each is one value in a file of its own: what it is, which modes it has
//! a configuration for, and how it is started from the templates in `bench/peers/`.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use super::callgrind;
use super::dataset::Names;
use super::meter::{self, Cpu, Memory};
use super::modes::Mode;
use super::process::Process;
use crate::command::{output, program, root};

mod accept;
mod bind;
mod coredns;
mod echo;
mod gdnsd;
mod knot;
mod nsd;
mod pdns;
pub(super) mod portolan;

pub(crate) use accept::run as run_accept;
pub(super) use accept::{LOOPBACK_TARGETS, loopback_target};
pub(super) use knot::coarse_cluster;

/// Where the templates are.
const TEMPLATES: &str = "bench/peers";
/// How often a port that is free for UDP and TCP is looked for.
const PORT_TRIES_MAX: u32 = 100;

/// A server to compare with.
pub(super) struct Peer {
    /// Its name in options and tables; a family's members share what stands before the dash.
    pub(super) name: &'static str,
    /// What it is set up to do, for the table.
    pub(super) what: &'static str,
    /// The modes that it has a configuration for.
    pub(super) modes: &'static [Mode],
    /// What is right for it to answer.
    pub(super) answers: Answers,
    /// Whether it runs under callgrind: one process started by [`Site::run`], and not Go's.
    pub(super) counted: bool,
    /// Its version.
    pub(super) version: fn() -> Result<String>,
    /// Starts it.
    pub(super) start: fn(&Site<'_>) -> Result<Subject>,
}

/// What is right for a subject to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// The question itself.
    Echo,
    /// All records of the zone.
    Zone,
    /// One address, of the clusters that are nearest to the client, by weight.
    Steered,
    /// One address, of the first of these.
    Nearest,
    /// One address, by the coarse networks that Knot is given.
    Coarse,
    /// One address, of all clusters, by weight.
    Weighted,
    /// One address, of the first cluster.
    First,
    /// One of the targets on loopback that take connections; no AAAA.
    PortUp,
}

impl Answers {
    /// Whether the client's place decides, so that the answer must say for how wide a network it holds.
    pub(super) fn by_place(self) -> bool {
        matches!(self, Self::Steered | Self::Nearest | Self::Coarse)
    }
}

/// All peers, in the order of tables.
pub(super) const ALL: &[Peer] = &[
    echo::BATCHED,
    echo::PLAIN,
    echo::STREAM,
    portolan::STATIC,
    portolan::FLEET,
    portolan::LAST_GOOD,
    portolan::STEERED,
    portolan::MANY_ORDERS,
    gdnsd::STATIC,
    gdnsd::GEOIP,
    gdnsd::GEOIP_WEIGHTED,
    gdnsd::METAFO,
    gdnsd::WEIGHTED,
    nsd::STATIC,
    knot::STATIC,
    knot::GEOIP,
    pdns::BIND_BACKEND,
    pdns::PICK_WEIGHTED,
    pdns::IF_PORT_UP,
    pdns::PICK_CLOSEST,
    pdns::GEOIP,
    bind::STATIC,
    coredns::FILE,
    coredns::ETCD,
];

/// The subject that all others are divided by.
pub(super) const FLOOR: &str = "echo";
/// The same over TCP.
pub(super) const STREAM_FLOOR: &str = "echo-stream";

/// The peers of these names or families that a mode has; of all when none is named. The floor is
/// always among them.
///
/// # Errors
/// When a name is unknown.
pub(super) fn chosen(names: &[String], mode: Mode) -> Result<Vec<&'static Peer>> {
    let fits = |peer: &Peer, name: &str| {
        peer.name == name || peer.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
    };
    for name in names {
        let known: Vec<&str> = ALL.iter().map(|peer| peer.name).collect();
        ensure!(ALL.iter().any(|peer| fits(peer, name)), "--peers: {name:?} is none of {}", known.join(", "));
    }
    // Each mode has a floor of its own.
    let floor = [FLOOR, STREAM_FLOOR];
    let wanted = |peer: &&Peer| {
        floor.contains(&peer.name) || names.is_empty() || names.iter().any(|name| fits(peer, name))
    };
    Ok(ALL.iter().filter(wanted).filter(|peer| peer.modes.contains(&mode)).collect())
}

/// Where and with what a subject is started.
pub(super) struct Site<'a> {
    /// A folder of its own.
    pub(super) folder: &'a Path,
    /// A port that was free a moment ago, for UDP and TCP, on 127.0.0.1.
    pub(super) port: u16,
    /// Another such port, for what is not measured.
    pub(super) helper_port: u16,
    /// Threads or processes that answer.
    pub(super) workers: usize,
    /// Its cores; all of them for none.
    pub(super) cores: Option<&'a str>,
    /// The names that it answers for.
    pub(super) names: Names,
    /// Their zone file.
    pub(super) zone: &'a Path,
    /// Portolan's binary.
    pub(super) portolan: &'a Path,
    /// Where callgrind writes to, when it is to run under callgrind.
    pub(super) counts: Option<&'a Path>,
}

impl Site<'_> {
    /// Fills a template in and writes it into the folder; gives where it stands.
    ///
    /// # Errors
    /// When the template is not there, has a place that nothing is known for, or cannot be written.
    pub(super) fn write(&self, template: &str, file: &str) -> Result<PathBuf> {
        let path = root().join(TEMPLATES).join(template);
        let text = fs::read_to_string(&path).with_context(|| format!("{TEMPLATES}/{template}"))?;
        let text = self.fill(&text).with_context(|| format!("{TEMPLATES}/{template}"))?;
        let path = self.folder.join(file);
        let parent = path.parent().context("a file has a folder")?;
        fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    fn fill(&self, template: &str) -> Result<String> {
        let text = template
            .replace("{{FOLDER}}", &self.folder.to_string_lossy())
            .replace("{{PORT}}", &self.port.to_string())
            .replace("{{WORKERS}}", &self.workers.to_string())
            .replace("{{APEX}}", self.names.apex)
            .replace("{{ZONE}}", &self.zone.to_string_lossy());
        if let Some((_, rest)) = text.split_once("{{") {
            bail!("nothing is known for {{{{{}", rest.split_inclusive("}}").next().unwrap_or_default());
        }
        Ok(text)
    }

    /// Starts one program as the whole subject.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn run(&self, program: &Command) -> Result<Subject> {
        let counted = self.counts.map(|counts| callgrind::wrapped(program, counts));
        let begun = Instant::now();
        let process = Process::start(counted.as_ref().unwrap_or(program), self.cores, self.folder)?;
        let (processes, address) = (vec![process], self.address());
        Ok(Subject { processes, helpers: Vec::new(), address, begun })
    }

    /// Where it answers.
    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

/// A running subject: all its processes end with it, the last that was started first.
pub(super) struct Subject {
    /// What is measured.
    pub(super) processes: Vec<Process>,
    /// What it needs beside it; not measured.
    pub(super) helpers: Vec<Process>,
    /// Where it answers.
    pub(super) address: SocketAddr,
    /// When its last process was started; what is written before is no part of a start.
    pub(super) begun: Instant,
}

impl Subject {
    /// What all its processes have used.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub(super) fn cpu(&self) -> Result<Cpu> {
        meter::cpu(&self.groups())
    }

    /// What all its processes hold.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub(super) fn memory(&self) -> Result<Memory> {
        meter::memory(&self.groups())
    }

    /// # Errors
    /// When one of its processes has ended.
    pub(super) fn ensure_alive(&mut self) -> Result<()> {
        self.processes.iter_mut().try_for_each(Process::ensure_alive)
    }

    /// The last words of its processes.
    pub(super) fn log_end(&self) -> String {
        let ends: Vec<String> = self.processes.iter().map(Process::log_end).collect();
        ends.join(" | ")
    }

    /// Its process groups, by which its processes are found in /proc.
    pub(super) fn groups(&self) -> Vec<i32> {
        self.processes.iter().map(Process::group).collect()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        while self.processes.pop().is_some() {}
    }
}

/// A port of 127.0.0.1 that is free for UDP and for TCP.
///
/// # Errors
/// When none is found.
pub(super) fn free_port() -> Result<u16> {
    for _ in 0..PORT_TRIES_MAX {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("a port")?;
        let port = socket.local_addr().context("a port")?.port();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free for UDP and TCP")
}

/// The version of a Debian package.
///
/// # Errors
/// When it is not installed.
fn package_version(package: &str) -> Result<String> {
    let text = output(&mut program("dpkg-query", &["-W", "-f", "${Version}", package]))?;
    // Without the epoch and what the distribution counts.
    let text = text.split_once(':').map_or(text.as_str(), |(_, rest)| rest);
    Ok(text.split('-').next().unwrap_or(text).to_owned())
}

#[cfg(test)]
mod tests;
