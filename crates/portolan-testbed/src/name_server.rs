//! Name servers whose zones are changed by updates (RFC 2136) and given by transfer: BIND, Knot and PowerDNS, as Debian has
//! them.
//!
//! Each zone may be changed and taken by who signs with [`KEY_NAME`], and by nobody else. BIND answers over TLS too, and
//! does not let the key touch the name `denied` of a zone.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ask::{RecordType, ResponseCode, octets_over_tcp, over_tcp};
use crate::authority::Authority;
use crate::folder::Folder;
use crate::missing;
use crate::port::free_port;
use crate::process::Process;

/// The key's name.
pub const KEY_NAME: &str = "portolan-test";
/// Its algorithm.
pub const KEY_ALGORITHM: &str = "hmac-sha256";
/// Its secret, which is none.
pub const KEY_SECRET: &str = "cG9ydG9sYW4tdGVzdC1wb3J0b2xhbi10ZXN0LTAwMDA=";

/// How long one reply is waited for.
const REPLY_WAIT: Duration = Duration::from_secs(2);
/// Where Debian has the tables that PowerDNS keeps zones in.
const POWERDNS_TABLES: &str = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";

/// A make of name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Make {
    /// ISC's.
    Bind,
    /// CZ.NIC's.
    Knot,
    /// PowerDNS on SQLite.
    PowerDns,
}

impl Make {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bind, Self::Knot, Self::PowerDns];

    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Bind => &["named"],
            Self::Knot => &["knotd"],
            Self::PowerDns => &["pdns_server", "pdnsutil", "sqlite3"],
        }
    }
}

/// A running name server, ended and forgotten with its value.
#[derive(Debug)]
pub struct NameServer {
    // Dropped before what it uses.
    process: Mutex<Process>,
    launch: Launch,
    zones: Vec<String>,
    authority: String,
}

/// How it is started, the first time and again.
struct Launch {
    make: Make,
    program: PathBuf,
    folder: Folder,
    address: SocketAddr,
    tls: SocketAddr,
}

impl NameServer {
    /// Starts one on loopback with zones, each by its name without the dot and further lines of its file; it has an SOA, and
    /// `ns1` as its name server. None, after a loud line, when there is no such server.
    ///
    /// # Panics
    /// When it does not answer for its zones.
    #[must_use]
    pub fn start(make: Make, name: &str, zones: &[(&str, &str)]) -> Option<Self> {
        let programs: Option<Vec<PathBuf>> = make.programs().iter().map(|name| program(name)).collect();
        let Some(programs) = programs else {
            missing::pass_over(&format!(
                "{make:?} is not installed (`cargo xtask setup` does): it is not published to"
            ));
            return None;
        };
        let folder = Folder::new(&format!("{name}-{make:?}"));
        let [address, tls] = [(); 2].map(|()| SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())));
        let authority = Authority::new(name);
        for (zone, lines) in zones {
            folder.write(&format!("{zone}.zone"), &zone_file(zone, lines));
        }
        let program = programs.first().expect("each make has a program").clone();
        let launch = Launch { make, program, folder, address, tls };
        launch.prepare(zones, &authority, &programs);
        let server = Self {
            process: Mutex::new(launch.start()),
            launch,
            zones: zones.iter().map(|(zone, _)| (*zone).to_owned()).collect(),
            authority: authority.pem(),
        };
        server.wait_for_zones();
        Some(server)
    }

    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.launch.address
    }

    /// Where BIND answers over TLS.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        self.launch.tls
    }

    /// The authority of its certificate, in PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// As SIGSTOP: its sockets stay open, and it says nothing.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// Goes on after [`NameServer::pause`].
    pub fn resume(&self) {
        self.process().resume();
    }

    /// As SIGKILL; [`NameServer::restart`] brings it back with its data.
    pub fn kill(&self) {
        self.process().kill();
    }

    /// Kills it, where it runs, and starts it with its data, on its port.
    pub fn restart(&self) {
        self.kill();
        *self.process() = self.launch.start();
        self.wait_for_zones();
    }

    /// The answer to one question over TCP, as octets; none when there is none.
    #[must_use]
    pub fn ask(&self, question: &[u8]) -> Option<Vec<u8>> {
        octets_over_tcp(self.address(), question, REPLY_WAIT)
    }

    fn wait_for_zones(&self) {
        for zone in &self.zones {
            self.process().wait(&format!("zone {zone}"), || {
                let reply = over_tcp(self.address(), zone, RecordType::SOA)?;
                let is_served = reply.is_authoritative && reply.code == ResponseCode::NoError;
                (is_served && !reply.answers.is_empty()).then_some(())
            });
        }
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Launch {
    /// Writes its configuration and makes its data.
    fn prepare(&self, zones: &[(&str, &str)], authority: &Authority, programs: &[PathBuf]) {
        let names: Vec<&str> = zones.iter().map(|(zone, _)| *zone).collect();
        match self.make {
            Make::Bind => {
                let (certificate, key) = authority.server(&[IpAddr::from(Ipv4Addr::LOCALHOST)]);
                self.folder.write("tls.pem", &certificate);
                self.folder.write("tls.key", &key);
                self.folder.write("named.conf", &self.bind(&names));
            }
            Make::Knot => {
                self.folder.write("knot.conf", &self.knot(&names));
            }
            Make::PowerDns => {
                self.folder.write("pdns.conf", &self.powerdns());
                let [_, util, sqlite] = programs else { panic!("PowerDNS has three programs") };
                let mut tables = Command::new(sqlite);
                done(tables.arg(self.folder.path().join("zones.db")).arg(format!(".read {POWERDNS_TABLES}")));
                let util = |args: &[&str]| {
                    let config = format!("--config-dir={}", self.folder.path().display());
                    done(Command::new(util).arg(config).args(args));
                };
                util(&["import-tsig-key", KEY_NAME, KEY_ALGORITHM, KEY_SECRET]);
                for zone in names {
                    let file = self.folder.path().join(format!("{zone}.zone"));
                    util(&["load-zone", zone, &file.display().to_string()]);
                    util(&["set-meta", zone, "TSIG-ALLOW-DNSUPDATE", KEY_NAME]);
                    util(&["set-meta", zone, "TSIG-ALLOW-AXFR", KEY_NAME]);
                }
            }
        }
    }

    fn start(&self) -> Process {
        let mut server = Command::new(&self.program);
        server.current_dir(self.folder.path());
        match self.make {
            Make::Bind => server.args(["-g", "-n", "1", "-c"]).arg(self.folder.path().join("named.conf")),
            Make::Knot => server.arg("-c").arg(self.folder.path().join("knot.conf")),
            Make::PowerDns => server.arg(format!("--config-dir={}", self.folder.path().display())),
        };
        Process::start(&format!("{:?}", self.make), &server, &self.folder.log())
    }

    fn bind(&self, zones: &[&str]) -> String {
        let (folder, ip) = (self.folder.path().display(), self.address.ip());
        let (port, tls) = (self.address.port(), self.tls.port());
        let zone = |zone: &&str| {
            format!(
                "zone \"{zone}\" {{ type primary; file \"{folder}/{zone}.zone\"; update-policy {{ deny {KEY_NAME} name \
                 denied.{zone} ANY; grant {KEY_NAME} zonesub ANY; }}; }};\n"
            )
        };
        let zones: String = zones.iter().map(zone).collect();
        format!(
            "key {KEY_NAME} {{ algorithm {KEY_ALGORITHM}; secret \"{KEY_SECRET}\"; }};\n\
             tls own {{ cert-file \"{folder}/tls.pem\"; key-file \"{folder}/tls.key\"; }};\n\
             options {{\n  directory \"{folder}\"; pid-file \"{folder}/named.pid\"; session-keyfile none;\n  \
             listen-on port {port} {{ {ip}; }}; listen-on port {tls} tls own {{ {ip}; }}; listen-on-v6 {{ none; }};\n  \
             allow-transfer {{ key {KEY_NAME}; }}; recursion no; notify no; dnssec-validation no; check-names primary ignore;\n  \
             empty-zones-enable no; minimal-responses yes;\n}};\ncontrols {{ }};\n{zones}"
        )
    }

    fn knot(&self, zones: &[&str]) -> String {
        let (folder, ip, port) = (self.folder.path().display(), self.address.ip(), self.address.port());
        let zone = |zone: &&str| format!("  - domain: {zone}\n    file: {zone}.zone\n    acl: own\n");
        let zones: String = zones.iter().map(zone).collect();
        format!(
            "server:\n    listen: {ip}@{port}\n    rundir: \"{folder}\"\n    udp-workers: 1\n    tcp-workers: 1\n    \
             background-workers: 1\nlog:\n  - target: stderr\n    any: info\ndatabase:\n    storage: \"{folder}\"\n    \
             journal-db-max-size: 1G\n    kasp-db-max-size: 10M\n    timer-db-max-size: 10M\nkey:\n  - id: {KEY_NAME}\n    \
             algorithm: {KEY_ALGORITHM}\n    secret: {KEY_SECRET}\nacl:\n  - id: own\n    key: {KEY_NAME}\n    \
             action: [transfer, update]\ntemplate:\n  - id: default\n    storage: \"{folder}\"\n    semantic-checks: off\n    \
             zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: changes\n    journal-max-usage: 500M\nzone:\n{zones}"
        )
    }

    fn powerdns(&self) -> String {
        let (folder, ip, port) = (self.folder.path().display(), self.address.ip(), self.address.port());
        format!(
            "launch=gsqlite3\ngsqlite3-database={folder}/zones.db\ngsqlite3-pragma-synchronous=0\nlocal-address={ip}\n\
             local-port={port}\nsocket-dir={folder}\ndnsupdate=yes\nallow-dnsupdate-from=127.0.0.0/8\n\
             allow-axfr-ips=\ndaemon=no\nguardian=no\nwebserver=no\nsecurity-poll-suffix=\nloglevel=4\nreceiver-threads=1\n\
             distributor-threads=1\ncache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\nzone-cache-refresh-interval=0\n"
        )
    }
}

impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.make, self.address)
    }
}

fn zone_file(zone: &str, lines: &str) -> String {
    format!(
        "$ORIGIN {zone}.\n$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 600 86400 60\n@ IN NS ns1\nns1 IN A 192.0.2.53\n{lines}\n"
    )
}

/// Where a program is; Debian has servers where the path of an ordinary user does not lead.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Runs what must succeed.
fn done(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
