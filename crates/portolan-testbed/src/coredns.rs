//! A stock CoreDNS: what an etcd in SkyDNS' layout, or a zone file, is answered as without us.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use crate::ask::{RecordType, ask};
use crate::folder::Folder;
use crate::port::free_port;
use crate::process::Process;
use crate::{missing, part};

/// A running CoreDNS, ended with its value.
#[derive(Debug)]
pub struct CoreDns {
    process: Process,
    address: SocketAddr,
    _folder: Folder,
}

impl CoreDns {
    /// Starts one on loopback that answers zones from etcd (its plugin `etcd`), with no cache; none, after a loud
    /// line, when there is no CoreDNS. `more` stands in the plugin's block, a line each.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn on_etcd(name: &str, urls: &[String], zones: &[&str], prefix: &str, more: &[&str]) -> Option<Self> {
        let more: String = more.iter().map(|line| format!("        {line}\n")).collect();
        let zones = zones.join(" ");
        Self::start(
            name,
            &format!(
                "    etcd {zones} {{\n        path {prefix}\n        endpoint {}\n{more}    }}\n",
                urls.join(" ")
            ),
        )
    }

    /// Starts one on loopback that answers a zone from a file (its plugin `file`), which it looks at once a second.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn on_file(name: &str, zone: &str, file: &Path) -> Option<Self> {
        Self::start(name, &format!("    file {} {zone} {{\n        reload 1s\n    }}\n", file.display()))
    }

    /// Starts one on loopback with these plugins, each on lines of its own as a Corefile has them.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn start(name: &str, plugins: &str) -> Option<Self> {
        let program = missing::program(&part::COREDNS)?;
        let folder = Folder::new(&format!("{name}-coredns"));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let corefile =
            format!(".:{} {{\n    bind {}\n    errors\n{plugins}}}\n", address.port(), address.ip());
        let corefile = folder.write("Corefile", &corefile);
        let mut coredns = Command::new(program);
        coredns.arg("-conf").arg(corefile);
        let process = Process::start("coredns", &coredns, &folder.log());
        let coredns = Self { process, address, _folder: folder };
        coredns.wait("an answer", || ask(address, ".", RecordType::SOA));
        Some(coredns)
    }

    /// Where it answers, over UDP and TCP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Polls until something is so of it.
    ///
    /// # Panics
    /// When it has ended, or after [`crate::wait::PATIENCE`]; with the end of its log.
    pub fn wait<T>(&self, what: &str, look: impl FnMut() -> Option<T>) -> T {
        self.process.wait(what, look)
    }

    /// As SIGKILL.
    pub fn kill(&self) {
        self.process.kill();
    }
}
