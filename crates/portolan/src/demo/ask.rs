//! A client of the demo: one question by UDP with its network (RFC 7871), and what of the reply it wants.
//!
//! The wire crate is a server's: it reads questions and writes replies. A client needs the other half, and
//! only of it what stands here: addresses and their TTL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, bail};
use portolan_core::{Name, RecordType};

use super::clients::{Client, NAME};

/// How long a reply may take; on the loopback interface only a server that is down takes so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest reply that it takes, in octets.
const REPLY_OCTETS_MAX: usize = 1_232;
/// Octets of a message's header.
const HEADER_OCTETS: usize = 12;
/// The number that all its questions bear: each waits for its reply, and the socket hears one server only.
const ID: u16 = 0x706f;

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Got {
    /// The response code.
    pub(super) rcode: u8,
    /// The addresses, sorted.
    pub(super) addresses: Vec<IpAddr>,
    /// The TTL of the first of them.
    pub(super) ttl: u32,
}

/// A socket to the demo's server.
pub(super) struct Asker {
    socket: UdpSocket,
    name: Name,
}

impl Asker {
    pub(super) fn new(server: SocketAddr) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot open a socket to ask from")?;
        socket.connect(server).with_context(|| format!("cannot ask {server}"))?;
        socket.set_read_timeout(Some(PATIENCE)).context("cannot limit how long to wait for a reply")?;
        Ok(Self { socket, name: NAME.parse().context("the demo's name is no name")? })
    }

    /// Asks for the A records of the demo's name, as a client in that network.
    pub(super) fn ask(&self, client: &Client) -> anyhow::Result<Got> {
        self.socket.send(&question(&self.name, client)).context("cannot send a question")?;
        let mut reply = [0; REPLY_OCTETS_MAX];
        let octets = self.socket.recv(&mut reply).context("no reply from the demo's own server")?;
        let reply = reply.get(..octets).unwrap_or_default();
        match read(reply) {
            Some(got) => Ok(got),
            None => bail!("the demo's own server sent {octets} octets that are no reply"),
        }
    }
}

fn question(name: &Name, client: &Client) -> Vec<u8> {
    let address = match client.address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let family: u16 = if client.address.is_ipv4() { 1 } else { 2 };
    let network = address.get(..usize::from(client.prefix / 8)).unwrap_or_default();
    let length = u16::try_from(network.len() + 4).unwrap_or(u16::MAX);
    let mut packet = Vec::with_capacity(128);
    // Header: one question, one additional record.
    for number in [ID, 0, 1, 0, 0, 1] {
        packet.extend(number.to_be_bytes());
    }
    packet.extend(name.as_wire());
    for number in [RecordType::A.0, 1] {
        packet.extend(number.to_be_bytes());
    }
    // OPT: root, type, payload, code and version and flags; then the one option, client subnet.
    packet.push(0);
    for number in [RecordType::OPT.0, 1_232, 0, 0, length + 4, 8, length, family] {
        packet.extend(number.to_be_bytes());
    }
    packet.extend([client.prefix, 0]);
    packet.extend(network);
    packet
}

/// None for what is no reply to a question of ours.
fn read(reply: &[u8]) -> Option<Got> {
    let number = |at: usize| Some(u16::from_be_bytes(reply.get(at..at + 2)?.try_into().ok()?));
    if number(0)? != ID {
        return None;
    }
    let rcode = reply.get(3)? & 0x0f;
    let mut at = after_name(reply, HEADER_OCTETS)? + 4;
    let (mut addresses, mut ttl) = (Vec::new(), 0);
    for _ in 0..number(6)? {
        at = after_name(reply, at)?;
        let rtype = RecordType(number(at)?);
        let seconds = u32::from_be_bytes(reply.get(at + 4..at + 8)?.try_into().ok()?);
        let length = usize::from(number(at + 8)?);
        let data = reply.get(at + 10..at + 10 + length)?;
        let address = match rtype {
            RecordType::A => Some(IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?))),
            RecordType::AAAA => Some(IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?))),
            _ => None,
        };
        if addresses.is_empty() && address.is_some() {
            ttl = seconds;
        }
        addresses.extend(address);
        at += 10 + length;
    }
    addresses.sort_unstable();
    Some(Got { rcode, addresses, ttl })
}

/// Where a name ends: behind its root label, or behind a pointer (RFC 1035 section 4.1.4).
fn after_name(reply: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *reply.get(at)? {
            0 => return Some(at + 1),
            length if length >= 0xc0 => return Some(at + 2),
            length => at += usize::from(length) + 1,
        }
    }
}
