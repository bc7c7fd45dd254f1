//! A running server: its answers, its pages, its limits.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use portolan_testbed::Program;
use portolan_testbed::ask::{RData, RecordType};
use portolan_testbed::program::ended;
use portolan_testbed::wait::PATIENCE;

use crate::fleet::{FleetFolder, WEB};

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_portolan");

/// `portolan run`.
pub(crate) struct Server {
    pub(crate) program: Program,
}

impl Server {
    /// Starts on a fleet folder, with its last good state beside it.
    pub(crate) fn start(fleet: &FleetFolder) -> Self {
        Self::start_flagged(fleet, &[])
    }

    /// The same with so many files that it may have open.
    pub(crate) fn start_with_descriptors(fleet: &FleetFolder, soft: u32, hard: u32) -> Self {
        let program = program(fleet).behind(&["prlimit", &format!("--nofile={soft}:{hard}")]);
        Self::go(program)
    }

    /// The same with a log that takes nothing, as on a disk that is full.
    pub(crate) fn start_without_log(fleet: &FleetFolder) -> Self {
        Self::go(program(fleet).behind(&["sh", "-c", "exec \"$0\" \"$@\" 2>/dev/full"]))
    }

    /// The same with a log that nobody reads, and that has no room any more: a pipe that is full.
    pub(crate) fn start_unread(fleet: &FleetFolder) -> Self {
        let pipe = fleet.beside("log").display().to_string();
        let fill = format!(
            "mkfifo {pipe}; exec 9<>{pipe}; dd if=/dev/zero of={pipe} oflag=nonblock bs=4096 2>/dev/null; \
             exec \"$0\" \"$@\" 2>&9"
        );
        Self::go(program(fleet).behind(&["sh", "-c", &fill]))
    }

    /// Starts with a zone file beside the fleet.
    pub(crate) fn start_with_zone(fleet: &FleetFolder, zone: &str) -> Self {
        Self::start_flagged(fleet, &["--zone", zone])
    }

    /// Starts with these flags.
    pub(crate) fn start_flagged(fleet: &FleetFolder, flags: &[&str]) -> Self {
        Self::go(program(fleet).with(flags))
    }

    fn go(program: Program) -> Self {
        program.start();
        // A fault at the start is told here, and not at the first question.
        let _ = program.dns();
        Self { program }
    }

    /// Changes how many files it may have open; the hard limit stays.
    pub(crate) fn limit_descriptors(&self, soft: u64) {
        let (id, limit) = (self.program.id().to_string(), format!("--nofile={soft}:"));
        let set = ended(Command::new("prlimit").args(["--pid", &id, &limit]));
        assert_eq!(set.code, 0, "{}", set.err);
    }

    /// The soft limit of files that it may have open.
    pub(crate) fn descriptors_max(&self) -> u64 {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.program.id())).unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// What [`WEB`] leads to now.
    pub(crate) fn web(&self) -> Vec<String> {
        self.program.ask(WEB, RecordType::A).data(RecordType::A)
    }

    /// Waits until [`WEB`] leads to this address.
    #[track_caller]
    pub(crate) fn wait_for_web(&self, address: &str) {
        self.program.wait_for(WEB, RecordType::A, &[address]);
    }

    /// The serial of the fleet's zone.
    pub(crate) fn serial(&self) -> u32 {
        let reply = self.program.ask("glb.example", RecordType::SOA);
        let soa = reply.answers.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(soa.serial),
            _ => None,
        });
        soa.expect("an SOA record")
    }

    /// The status line and the body of a page.
    pub(crate) fn get(&self, page: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.http()).unwrap();
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

    fn http(&self) -> SocketAddr {
        self.program.address("metrics and health on http://")
    }
}

/// Not started yet.
fn program(fleet: &FleetFolder) -> Program {
    Program::new(BINARY, "run")
        .with(["run", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--workers", "1", "--fleet"])
        .with([fleet.dir()])
        .with(["--state"])
        .with([fleet.beside("state/last-good")])
}
