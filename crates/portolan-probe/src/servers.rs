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
/// Who is asked where a `resolv.conf` names nobody.
const OURSELVES: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);

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

    /// Who is asked now, after those who were asked before. A file that names nobody means the machine itself, as
    /// `resolv.conf` has it; one that cannot be read says nothing, so that those before are asked on, and the machine
    /// itself where nobody was.
    #[must_use]
    pub fn now(&self, before: &[SocketAddr]) -> Now {
        let path = match self {
            Self::These(servers) => return Now { servers: servers.clone(), trouble: None },
            Self::File(path) => path,
        };
        let file = path.display();
        match text(path).map(|text| of_resolv_conf(&text)) {
            Ok(servers) if servers.is_empty() => {
                let servers = vec![OURSELVES];
                Now { servers, trouble: Some(format!("{file} names no name server; {OURSELVES} is asked")) }
            }
            Ok(servers) => Now { servers, trouble: None },
            Err(error) => {
                let servers = if before.is_empty() { vec![OURSELVES] } else { before.to_vec() };
                let asked: Vec<String> = servers.iter().map(ToString::to_string).collect();
                let trouble = format!("{file} cannot be read ({error}); asked is {}", asked.join(", "));
                Now { servers, trouble: Some(trouble) }
            }
        }
    }
}

/// Who is asked now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// They, in this order.
    pub servers: Vec<SocketAddr>,
    /// What is wrong with the file that should say so, in words.
    pub trouble: Option<String>,
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(RESOLV_CONF_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// The name servers of a `resolv.conf` (its manual page: the first three). A link-local address with an interface behind it (`fe80::1%eth0`) is passed over.
#[must_use]
pub fn of_resolv_conf(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let rest = line.strip_prefix("nameserver")?;
        let address = rest.strip_prefix([' ', '\t'])?.split_whitespace().next()?;
        Some(SocketAddr::new(address.parse::<IpAddr>().ok()?, PORT))
    };
    text.lines().filter_map(server).take(RESOLV_CONF_SERVERS_MAX).collect()
}

#[cfg(test)]
mod tests;
