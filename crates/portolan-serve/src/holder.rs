//! Who holds an address that we want: read from `/proc`, as far as we may see it.
//!
//! Only asked after binding failed, so it may take its time; and only for the error message, so
//! whatever cannot be read is left out.

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::respond::Transport;

/// Most processes that are looked at.
const PROCESSES_MAX: usize = 65_536;
/// Longest command that is shown, in characters.
const COMMAND_CHARS_MAX: usize = 80;
/// What `/proc/net/tcp` calls a listening socket.
const LISTENING: &str = "0A";

/// The process that has a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its command line.
    pub command: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.command)
    }
}

/// Finds the process that keeps us from an address; none where it is not to be seen.
pub(crate) fn find(transport: Transport, address: SocketAddr) -> Option<Holder> {
    let tables = match transport {
        Transport::Udp => ["/proc/net/udp", "/proc/net/udp6"],
        Transport::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
    };
    let inodes: Vec<String> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|text| text.lines().filter_map(|line| inode(line, transport, address)).collect::<Vec<_>>())
        .collect();
    let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    if links.is_empty() {
        return None;
    }
    let pids = fs::read_dir("/proc").ok()?.flatten().take(PROCESSES_MAX);
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(|pid| has_socket(*pid, &links))
        .map(|pid| Holder { pid, command: command(pid) })
}

/// The inode of a line's socket, if that socket keeps others from the address.
fn inode(line: &str, transport: Transport, wanted: SocketAddr) -> Option<String> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let local = parse_address(words.next()?)?;
    let state = words.nth(1)?;
    let inode = words.nth(5)?;
    let listens = transport == Transport::Udp || state == LISTENING;
    let same = local.ip() == wanted.ip() || local.ip().is_unspecified() || wanted.ip().is_unspecified();
    (listens && same && local.port() == wanted.port()).then(|| inode.to_owned())
}

/// `0100007F:0035`: words of 32 bits in the machine's order, and a port.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let ip: IpAddr = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?).into()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn has_socket(pid: u32, links: &[String]) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    let target = |path: &Path| fs::read_link(path).ok()?.to_str().map(str::to_owned);
    files.flatten().filter_map(|file| target(&file.path())).any(|link| links.contains(&link))
}

fn command(pid: u32) -> String {
    let octets = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = octets.split(|octet| *octet == 0).filter(|word| !word.is_empty()).collect();
    let line = words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ");
    let shown = line.chars().filter(|c| !c.is_control()).take(COMMAND_CHARS_MAX).collect::<String>();
    if shown.is_empty() { "command unknown".to_owned() } else { shown }
}

#[cfg(test)]
mod tests;
