//! The servers: their configurations, their start and their end.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use portolan_testbed::ask::octets_over_tcp;
use portolan_testbed::port::free_port;
use portolan_testbed::{Process, missing};

use crate::question::Question;
use crate::reply::Reply;

/// The zones that all of them serve, and the files that they stand in.
pub(crate) const ZONES: [(&str, &str); 2] =
    [("features.example", "features.zone"), ("moved.example", "moved.zone")];
/// What the first of them includes.
const INCLUDED: &str = "part.zone";
/// Where the zone file stands, with the file that it includes.
pub(crate) const ZONE_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers");
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one reply is waited for before the question is asked again.
const REPLY_WAIT: Duration = Duration::from_secs(3);

/// A make of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Portolan,
    Knot,
    Nsd,
    Bind,
}

/// A running server.
pub(crate) struct Peer {
    pub(crate) kind: Kind,
    process: Process,
    address: SocketAddr,
    socket: UdpSocket,
}

impl Peer {
    /// Starts a server on the zone file, in a folder of its own below this one. None when it is not there.
    pub(crate) fn start(kind: Kind, below: &Path) -> Option<Self> {
        let Some(program) = program(kind) else {
            missing::pass_over(&format!(
                "{kind:?} is not installed (`cargo xtask setup` does): its answers are not compared"
            ));
            return None;
        };
        let folder = below.join(format!("{kind:?}"));
        fs::create_dir(&folder).unwrap();
        for file in ZONES.map(|(_, file)| file).into_iter().chain([INCLUDED]) {
            fs::copy(Path::new(ZONE_FOLDER).join(file), folder.join(file)).unwrap();
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = command(kind, &program, &folder, address);
        command.current_dir(&folder);
        let process = Process::start(&format!("{kind:?}"), &command, &folder.join("log"));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        let peer = Self { kind, process, address, socket };
        for (apex, _) in ZONES {
            peer.wait_for_the_zone(apex);
        }
        Some(peer)
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The reply over UDP, and over TCP where it was cut.
    pub(crate) fn ask(&self, question: &Question) -> Reply {
        let packet = question.packet();
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "{:?} does not answer {question}", self.kind);
            if let Some(cut) = self.ask_once(&packet, REPLY_WAIT) {
                let whole = octets_over_tcp(self.address, &packet, PATIENCE);
                let whole = whole.unwrap_or_else(|| panic!("{:?}: no TCP for {question}", self.kind));
                return Reply::new(&cut, &whole);
            }
        }
    }

    fn ask_once(&self, packet: &[u8], wait: Duration) -> Option<Vec<u8>> {
        self.socket.set_read_timeout(Some(wait)).unwrap();
        self.socket.send(packet).ok()?;
        let mut reply = vec![0; 4096];
        loop {
            let octets = self.socket.recv(&mut reply).ok()?;
            // A late reply to what was asked before is passed over.
            if reply.get(..2) == packet.get(..2) {
                reply.truncate(octets);
                return Some(reply);
            }
        }
    }

    /// Waits until a zone's SOA is answered with authority.
    fn wait_for_the_zone(&self, apex: &str) {
        let packet = Question::soa(apex).packet();
        self.process.wait(&format!("zone {apex}"), || {
            let reply = self.ask_once(&packet, Duration::from_millis(50))?;
            Reply::new(&reply, &reply).is_authoritative.then_some(())
        });
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // NSD has children, which end by its own good order.
        self.process.terminate_within(Duration::from_secs(5));
    }
}

/// Where a server's program is; Debian has them where the path of an ordinary user does not lead.
fn program(kind: Kind) -> Option<PathBuf> {
    let name = match kind {
        Kind::Portolan => return Some(env!("CARGO_BIN_EXE_portolan").into()),
        Kind::Knot => "knotd",
        Kind::Nsd => "nsd",
        Kind::Bind => "named",
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn command(kind: Kind, program: &Path, folder: &Path, address: SocketAddr) -> Command {
    let mut command = Command::new(program);
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    match kind {
        Kind::Portolan => {
            command.args(["run", "--workers", "1", "--listen", &address.to_string()]);
            for (apex, file) in ZONES {
                command.arg("--zone").arg(format!("{apex}={}", folder.join(file).display()));
            }
            command.arg("--control").arg(folder.join("control.sock"));
        }
        Kind::Knot => {
            command.arg("-c").arg(write("knot.conf", knot(folder, address)));
        }
        Kind::Nsd => {
            command.args(["-d", "-c"]).arg(write("nsd.conf", nsd(folder, address)));
        }
        Kind::Bind => {
            command.args(["-f", "-n", "1", "-c"]).arg(write("named.conf", bind(folder, address)));
        }
    }
    command
}

fn knot(folder: &Path, address: SocketAddr) -> String {
    let (ip, port, folder) = (address.ip(), address.port(), folder.display());
    let zones = ZONES.map(|(apex, file)| format!("  - domain: {apex}\n    file: {file}\n")).concat();
    format!(
        "server:\n    listen: {ip}@{port}\n    rundir: \"{folder}\"\n    udp-workers: 1\n    tcp-workers: 1\n    \
         background-workers: 1\nlog:\n  - target: stderr\n    any: info\ndatabase:\n    storage: \"{folder}/db\"\n    \
         journal-db-max-size: 10M\n    kasp-db-max-size: 10M\n    timer-db-max-size: 10M\ntemplate:\n  - id: default\n    \
         storage: \"{folder}\"\n    semantic-checks: off\n    zonefile-sync: -1\n    zonefile-load: whole\n    \
         journal-content: none\nzone:\n{zones}"
    )
}

fn nsd(folder: &Path, address: SocketAddr) -> String {
    let (ip, port, folder) = (address.ip(), address.port(), folder.display());
    let zones = ZONES.map(|(apex, file)| format!("zone:\n    name: {apex}\n    zonefile: {file}\n")).concat();
    format!(
        "server:\n    ip-address: {ip}\n    port: {port}\n    server-count: 1\n    username: \"\"\n    chroot: \"\"\n    \
         zonesdir: \"{folder}\"\n    database: \"\"\n    pidfile: \"{folder}/nsd.pid\"\n    xfrdfile: \"{folder}/xfrd\"\n    \
         zonelistfile: \"{folder}/zone.list\"\n    xfrdir: \"{folder}\"\n    minimal-responses: yes\n    \
         rrl-ratelimit: 0\n    rrl-whitelist-ratelimit: 0\nremote-control:\n    control-enable: no\n{zones}"
    )
}

fn bind(folder: &Path, address: SocketAddr) -> String {
    let (ip, port, folder) = (address.ip(), address.port(), folder.display());
    let zone = |(apex, file)| format!("zone \"{apex}\" {{ type primary; file \"{file}\"; }};\n");
    let zones = ZONES.map(zone).concat();
    format!(
        "options {{\n  directory \"{folder}\";\n  pid-file \"{folder}/named.pid\";\n  session-keyfile none;\n  \
         listen-on port {port} {{ {ip}; }};\n  listen-on-v6 {{ none; }};\n  recursion no;\n  minimal-responses yes;\n  \
         notify no;\n  dnssec-validation no;\n  max-udp-size 1232;\n  check-names primary ignore;\n  check-integrity no;\n  \
         empty-zones-enable no;\n  zero-no-soa-ttl no;\n}};\ncontrols {{ }};\n{zones}"
    )
}
