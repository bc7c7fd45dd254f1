//! What a question says beside its name.
//!
//! A [`Request`] is small and copied freely. It does not hold the name (that is in the caller's
//! `NameBuf`, lower case) nor the question's bytes, only how many there are: the reply copies them
//! from the packet, so that the letter case comes back as it was sent.

use core::net::IpAddr;

use portolan_core::name::NameRef;
use portolan_core::{Client, Query, RecordType};

use crate::message::{HEADER_OCTETS, UDP_OCTETS_MAX, UDP_OCTETS_PLAIN};

/// A response code for what never reaches the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// It breaks the format's rules.
    FormErr = 1,
    /// Something of ours failed.
    ServFail = 2,
    /// We do not do this opcode.
    NotImp = 4,
    /// Not this class, or a transfer.
    Refused = 5,
    /// It is signed by a key that we do not have (RFC 8945 section 5.2.1).
    NotAuth = 9,
    /// We do not do this version of EDNS (RFC 6891 section 6.1.3).
    BadVers = 16,
}

/// A request: all of a question but its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number that the reply repeats.
    pub id: u16,
    /// What is wanted; 0 is a query.
    pub opcode: u8,
    /// RD: repeated, and nothing else; we do not recurse.
    pub recursion_desired: bool,
    /// CD: repeated (RFC 4035 section 3.1.6).
    pub checking_disabled: bool,
    /// The type asked for.
    pub rtype: RecordType,
    /// The class asked for.
    pub class: u16,
    /// What the OPT record says, when there is one.
    pub edns: Option<Edns>,
    /// Octets of the question behind the header; 0 when it did not parse.
    pub(crate) question: u16,
}

/// What an OPT record says (RFC 6891).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns {
    /// The largest UDP reply that the client takes, as it says.
    pub payload: u16,
    /// The version; above 0 nothing else was read.
    pub version: u8,
    /// DO: repeated (RFC 3225).
    pub dnssec_ok: bool,
    /// The server's name is asked for (RFC 5001).
    pub nsid: bool,
    /// The client's network (RFC 7871).
    pub subnet: Option<Subnet>,
}

/// A client's network: the address has no bits behind the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// The network's address, of the family that was sent.
    pub address: IpAddr,
    /// SOURCE PREFIX-LENGTH: how many bits of it count; 0 says that the client is not to be told.
    pub source: u8,
}

impl Request {
    /// The question for the core. `source` is where the packet came from; a network in ECS beats it.
    #[must_use]
    #[inline]
    pub fn query<'q>(&self, name: NameRef<'q>, source: IpAddr) -> Query<'q> {
        let address = match &self.edns {
            Some(Edns { subnet: Some(subnet), .. }) if subnet.source > 0 => subnet.address,
            _ => source,
        };
        let address = if address.is_ipv4() { address } else { address.to_canonical() };
        Query { name, rtype: self.rtype, client: Client { address } }
    }

    /// The client's network, when the question has one.
    #[must_use]
    pub fn subnet(&self) -> Option<Subnet> {
        self.edns?.subnet
    }

    /// Largest UDP reply to it, in octets.
    #[must_use]
    #[inline]
    pub fn udp_octets_max(&self) -> usize {
        match &self.edns {
            Some(edns) => usize::from(edns.payload).clamp(UDP_OCTETS_PLAIN, UDP_OCTETS_MAX),
            None => UDP_OCTETS_PLAIN,
        }
    }

    /// Header and question in the packet that it was decoded from; the header alone when the question did
    /// not parse.
    #[inline]
    pub(crate) fn head_of<'p>(&self, packet: &'p [u8]) -> &'p [u8] {
        packet.get(..HEADER_OCTETS + usize::from(self.question)).unwrap_or_default()
    }
}

impl Subnet {
    /// Bits in an address of its family.
    #[must_use]
    pub fn width(&self) -> u8 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// The SCOPE PREFIX-LENGTH of a reply, from the scope that the core decided for the client.
    ///
    /// A network that is IPv4 inside IPv6 was looked up as IPv4; its scope counts from bit 96 on.
    #[must_use]
    pub fn scope(&self, decided: u8) -> u8 {
        if self.source == 0 {
            return 0;
        }
        let mapped = self.address.is_ipv6() && self.address.to_canonical().is_ipv4();
        decided.saturating_add(if mapped { 96 } else { 0 }).min(self.width())
    }
}

impl Edns {
    /// Without what was asked for by options: so an error is answered.
    pub(crate) fn without_options(self) -> Self {
        Self { nsid: false, subnet: None, ..self }
    }
}

#[cfg(test)]
mod tests;
