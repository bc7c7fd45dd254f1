//! What to listen on, and the limits that clients meet.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// The port of a server that needs no root.
pub const PORT: u16 = 1053;
/// Most worker threads, whatever is asked for.
pub const WORKERS_MAX: usize = 1_024;
/// Most TCP connections at once. Of more, the one that has been idle for the longest is closed. Where the
/// process may not open that many files there are fewer (`Server::bind` asks the kernel).
pub const CONNECTIONS_MAX: usize = 1_024;
/// Most TCP connections of one client: an IPv4 address, or an IPv6 network of 64 bits.
pub const CONNECTIONS_PER_CLIENT_MAX: usize = 256;
/// How long a new connection may wait before its first byte.
pub const FIRST_BYTE: Duration = Duration::from_secs(5);
/// How long a connection may be idle after a reply (RFC 7766 section 6.2.3).
pub const IDLE: Duration = Duration::from_secs(10);
/// How long a message may take from its first byte to its last.
pub const MESSAGE: Duration = Duration::from_secs(5);
/// How long a client may take to make room for replies.
pub const WRITE: Duration = Duration::from_secs(5);

/// What a server is made of. `Config::default()` listens on the loopback addresses.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen, UDP and TCP. With port 0 both take the same free port.
    pub listen: Vec<SocketAddr>,
    /// UDP threads an address; none: as many as the process may use cores (affinity and cgroup quota).
    pub workers: Option<usize>,
    /// Whether each of them stays on a processor.
    pub pin: Pin,
    /// The name server identifier (RFC 5001); empty: none is given.
    pub nsid: Vec<u8>,
    /// Where chance begins. Draw it once a process; the same seed draws the same orders.
    pub seed: u64,
    /// What TCP clients meet.
    pub limits: Limits,
}

/// Whether UDP workers stay on a processor each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pin {
    /// They do when the process may use fewer processors than are online, so that these are likely its
    /// own.
    #[default]
    Auto,
    /// They do.
    Yes,
    /// They go where the kernel puts them.
    No,
}

/// What TCP clients meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most connections.
    pub connections: usize,
    /// Most connections of one client.
    pub connections_per_client: usize,
    /// How long a new connection may wait before its first byte.
    pub first_byte: Duration,
    /// How long it may be idle after a reply.
    pub idle: Duration,
    /// How long a message may take from its first byte to its last.
    pub message: Duration,
    /// How long a client may take to make room for replies.
    pub write: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![(Ipv4Addr::LOCALHOST, PORT).into(), (Ipv6Addr::LOCALHOST, PORT).into()],
            workers: None,
            pin: Pin::default(),
            nsid: Vec::new(),
            seed: 0,
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// How many UDP threads an address gets.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.workers.unwrap_or_else(cores).clamp(1, WORKERS_MAX)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            connections_per_client: CONNECTIONS_PER_CLIENT_MAX,
            first_byte: FIRST_BYTE,
            idle: IDLE,
            message: MESSAGE,
            write: WRITE,
        }
    }
}

#[cfg(test)]
mod tests;
