//! A running binary: its lines, its answers, its signals.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use hickory_proto::op::Message;
use hickory_proto::rr::RData;
use portolan_core::{Name, RecordType};
pub(crate) use portolan_testbed::wait::{PATIENCE, wait};

use crate::fleet::{FleetFolder, WEB};

/// `portolan run`.
pub(crate) struct Server {
    child: Child,
    pub(crate) dns: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) control: PathBuf,
    /// What it says on standard error goes here.
    log: PathBuf,
}

impl Server {
    /// Starts on a fleet folder, with its last good state beside it.
    pub(crate) fn start(fleet: &FleetFolder) -> Self {
        Self::start_by(fleet, Command::new(env!("CARGO_BIN_EXE_portolan")))
    }

    /// The same with so many files that it may have open.
    pub(crate) fn start_with_descriptors(fleet: &FleetFolder, soft: u32, hard: u32) -> Self {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={soft}:{hard}")).arg(env!("CARGO_BIN_EXE_portolan"));
        Self::start_by(fleet, command)
    }

    /// Starts with a zone file beside the fleet.
    pub(crate) fn start_with_zone(fleet: &FleetFolder, zone: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.args(["run", "--zone", zone]);
        Self::start_with(fleet, command)
    }

    /// Starts with these flags.
    pub(crate) fn start_flagged(fleet: &FleetFolder, flags: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.arg("run").args(flags);
        Self::start_with(fleet, command)
    }

    fn start_by(fleet: &FleetFolder, mut command: Command) -> Self {
        command.arg("run");
        Self::start_with(fleet, command)
    }

    fn start_with(fleet: &FleetFolder, mut command: Command) -> Self {
        let control = fleet.beside("control.sock");
        let log = fleet.beside("log");
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--workers", "1"])
            .arg("--fleet")
            .arg(fleet.dir())
            .arg("--state")
            .arg(fleet.beside("state/last-good"))
            .arg("--control")
            .arg(&control)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut find = |before: &str| {
            let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with(before)));
            let log = std::fs::read_to_string(&log).unwrap();
            let line = line.unwrap_or_else(|| panic!("no line {before:?}; the log:\n{log}")).unwrap();
            line[before.len()..].split(' ').next().unwrap().parse().unwrap()
        };
        let http = find("metrics and health on http://");
        let dns = find("listening on ");
        Self { child, dns, http, control, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Changes how many files it may have open; the hard limit stays.
    pub(crate) fn limit_descriptors(&self, soft: u64) {
        let id = self.id().to_string();
        let set =
            Command::new("prlimit").args(["--pid", &id, &format!("--nofile={soft}:")]).status().unwrap();
        assert!(set.success());
    }

    /// The soft limit of files that it may have open.
    pub(crate) fn descriptors_max(&self) -> u64 {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.id())).unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// As `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) {
        let sent = Command::new("kill").arg(self.id().to_string()).status().unwrap();
        assert!(sent.success());
        let status = wait("the server to stop", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}; the log:\n{}", self.log());
    }

    /// The reply to a question over UDP.
    pub(crate) fn ask(&self, name: &str, rtype: RecordType) -> Message {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(self.dns).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut packet = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        packet.extend(name.parse::<Name>().unwrap().as_wire());
        packet.extend(rtype.0.to_be_bytes());
        packet.extend([0, 1]);
        socket.send(&packet).unwrap();
        let mut reply = [0; 4096];
        let octets = socket.recv(&mut reply).expect("a reply");
        Message::from_vec(&reply[..octets]).unwrap()
    }

    /// What [`WEB`] leads to now.
    pub(crate) fn web(&self) -> BTreeSet<String> {
        let reply = self.ask(WEB, RecordType::A);
        let address = |data: &RData| match data {
            RData::A(address) => Some(address.to_string()),
            _ => None,
        };
        reply.answers.iter().filter_map(|record| address(&record.data)).collect()
    }

    /// Waits until [`WEB`] leads to this address.
    pub(crate) fn wait_for_web(&self, address: &str) {
        wait(&format!("{WEB} to be {address}; the log:\n{}", self.log()), || {
            (self.web() == [address.to_owned()].into()).then_some(())
        });
    }

    /// The serial of the fleet's zone.
    pub(crate) fn serial(&self) -> u32 {
        let reply = self.ask("glb.example", RecordType::SOA);
        let soa = reply.answers.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(soa.serial),
            _ => None,
        });
        soa.expect("an SOA record")
    }

    /// The status line and the body of a page.
    pub(crate) fn get(&self, page: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {page} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }

    /// The value of a metric, by its name and labels.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let (_, body) = self.get("/metrics");
        let value = body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in\n{body}"))
    }

    /// Runs another command of the binary against this server.
    pub(crate) fn control(&self, command: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(command)
            .arg("--control")
            .arg(&self.control)
            .output()
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, as its test wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
