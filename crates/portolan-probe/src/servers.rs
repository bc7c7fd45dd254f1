//! Which servers are asked: those of `resolv.conf`, or those that somebody names.

use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Where the machine, or the kubelet for a pod, says who resolves names.
pub const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The port of DNS.
pub const PORT: u16 = 53;
/// Most servers that are asked; of a `resolv.conf` the first three count, as in the C library.
pub const SERVERS_MAX: usize = 8;
const RESOLV_CONF_SERVERS_MAX: usize = 3;
/// The largest `resolv.conf` that is read, in bytes.
const RESOLV_CONF_BYTES_MAX: u64 = 1 << 16;

/// Who is asked, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Servers {
    /// The name servers of this file, read again now and then.
    File(PathBuf),
    /// These; nobody when there are none.
    These(Vec<SocketAddr>),
}

impl Default for Servers {
    fn default() -> Self {
        Self::File(RESOLV_CONF.into())
    }
}

impl Servers {
    /// True when nobody is to be asked.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self, Self::These(servers) if servers.is_empty())
    }

    /// Who is asked now. A file that cannot be read is one that names nobody: the machine itself, as
    /// `resolv.conf` has it.
    #[must_use]
    pub fn now(&self) -> Vec<SocketAddr> {
        match self {
            Self::These(servers) => servers.clone(),
            Self::File(path) => of_resolv_conf(&text(path).unwrap_or_default()),
        }
    }
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(RESOLV_CONF_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// The name servers of a `resolv.conf` (its manual page: the first three; without any, the machine itself). A
/// link-local address with an interface behind it (`fe80::1%eth0`) is passed over.
#[must_use]
pub fn of_resolv_conf(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let rest = line.strip_prefix("nameserver")?;
        let address = rest.strip_prefix([' ', '\t'])?.split_whitespace().next()?;
        Some(SocketAddr::new(address.parse::<IpAddr>().ok()?, PORT))
    };
    let mut servers: Vec<SocketAddr> =
        text.lines().filter_map(server).take(RESOLV_CONF_SERVERS_MAX).collect();
    if servers.is_empty() {
        servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT));
    }
    servers
}

#[cfg(test)]
mod tests;
