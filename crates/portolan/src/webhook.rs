//! A server of External-DNS' webhook protocol: what stock External-DNS is told to publish is what we answer.
//!
//! ```text
//!   External-DNS ─▶ server ─▶ Book (portolan-sync) ─▶ keep: FILE.webhook ─▶ feed: Zone, DNSEndpoint ─▶ engine ─▶ answers
//!                     ◀─ 204 ───────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! What was acknowledged is on the disk and in the answers. The records go into the engine as the objects that a fleet
//! would hold: a `DNSEndpoint` for each name, and a `Zone` for each domain, of a source that is called [`SOURCE`]. So
//! there is one way to answer, with one fence, one last good state and one list of problems.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `records` | the book: what was acknowledged, kept and fed |
//! | `keep` | where they are kept: a file, or a store |
//! | `store`, `follow` | a store (etcd) that several processes share |
//! | `feed` | records as objects of the fleet |
//! | `server` | the protocol on a socket |
//! | `tally` | how often what was asked, in numbers |
//!
//! The protocol has no authentication: whoever reaches the socket makes names. It is on loopback unless somebody says
//! otherwise, and what a web page may send there without being asked is refused.

mod feed;
mod follow;
mod keep;
mod records;
mod server;
mod store;
mod tally;

use std::net::{IpAddr, SocketAddr};

use portolan_core::Name;

use crate::etcd::Etcd;

pub use keep::Keep;
pub use records::Records;
pub use server::{CONNECTIONS_MAX, Provider};
pub use tally::{Tallied, Tally};

/// Where External-DNS looks for its webhook provider when nobody tells it.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8888);
/// What the records' source is called among the clusters, and the namespace of their `DNSEndpoint`s.
pub const SOURCE: &str = "webhook";
/// Most domains that records may be made in, and most that they may not.
pub const DOMAINS_MAX: usize = 64;

/// What is served, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the protocol is spoken.
    pub listen: SocketAddr,
    /// The domains that records may be made in, as External-DNS' `--domain-filter` has them; none: all.
    pub domains: Vec<String>,
    /// The domains that they may not be made in, as `--exclude-domains`.
    pub excluded: Vec<String>,
    /// The etcd that records are kept in; none: they are kept in a file.
    pub etcd: Option<Etcd>,
    /// The name servers of the zones of these domains; none: `ns.` and the zone.
    pub name_servers: Vec<NameServer>,
}

/// A name server, with its addresses where it stands in the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// Its name.
    pub name: Name,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

impl Default for Config {
    fn default() -> Self {
        let (domains, excluded, etcd, name_servers) = Default::default();
        Self { listen: LISTEN_DEFAULT, domains, excluded, etcd, name_servers }
    }
}

#[cfg(test)]
mod tests;
