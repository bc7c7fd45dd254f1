//! A question to bytes, and a reply to what it says.
//!
//! A reply counts when it has the question's id and repeats the question; that it came from the server that was
//! asked is seen to by the socket. Of its answer section the aliases are followed from the name that was asked
//! for, whatever order its records have; records of other names are nobody's concern.

use std::collections::BTreeMap;
use std::net::IpAddr;

use domain::base::iana::{Class, Rcode};
use domain::base::{Message, ParsedName, Rtype, ToName};
use domain::rdata::{A, Aaaa, Cname};
use portolan_core::{Name, RecordType};

use crate::host::{Heard, Why};

/// Longest way of aliases that is followed; recursive servers give up about there too.
pub const CHAIN_MAX: usize = 16;
/// Most records of a reply that are read: more than fit in 65,535 octets.
const RECORDS_MAX: usize = 8_192;
/// The largest reply over UDP that is asked for, in octets: one that is not cut into fragments on its way.
const UDP_OCTETS: u16 = 1_232;

/// Recursion desired.
const RD: u16 = 0x0100;
const IN: u16 = 1;

/// Addresses of which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A records.
    V4,
    /// AAAA records.
    V6,
}

/// Both, in the order that a round has them in.
pub const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// A number that nobody can foresee.
    pub id: u16,
    /// The name.
    pub host: Name,
    /// What is asked of it.
    pub family: Family,
    /// With an OPT record, which very old servers do not know.
    pub has_edns: bool,
}

/// What a reply says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// This is so.
    Heard(Heard),
    /// The rest did not fit: it is to be asked for over TCP.
    Cut,
    /// The server does not know the OPT record (RFC 6891 section 7): it is to be asked without.
    Plain,
}

impl Question {
    /// The question as it is sent.
    #[must_use]
    pub fn packet(&self) -> Vec<u8> {
        let additional = u16::from(self.has_edns);
        let mut packet = Vec::with_capacity(64);
        for number in [self.id, RD, 1, 0, 0, additional] {
            packet.extend(number.to_be_bytes());
        }
        packet.extend(self.host.as_wire());
        packet.extend(self.family.rtype().0.to_be_bytes());
        packet.extend(IN.to_be_bytes());
        if self.has_edns {
            // The root, OPT, the size of a reply; no extended code, version 0, no flags, no options.
            packet.push(0);
            packet.extend(RecordType::OPT.0.to_be_bytes());
            packet.extend(UDP_OCTETS.to_be_bytes());
            packet.extend([0; 6]);
        }
        packet
    }

    /// What a packet says; none when it is no reply to this question, and the wait goes on.
    #[must_use]
    pub fn reply(&self, packet: &[u8]) -> Option<Reply> {
        let message = Message::from_octets(packet).ok()?;
        let header = message.header();
        if !header.qr() || header.id() != self.id {
            return None;
        }
        let is_plain = header.rcode() == Rcode::FORMERR || header.rcode() == Rcode::NOTIMP;
        if is_plain && self.has_edns && message.header_counts().qdcount() == 0 {
            // Who cannot read a question may not repeat it.
            return Some(Reply::Plain);
        }
        let question = message.sole_question().ok()?;
        let is_ours = name(question.qname())? == self.host
            && question.qtype() == self.family.rtype_of_library()
            && question.qclass() == Class::IN;
        if !is_ours {
            return None;
        }
        if header.tc() {
            return Some(Reply::Cut);
        }
        let heard = match header.rcode() {
            Rcode::FORMERR | Rcode::NOTIMP if self.has_edns => return Some(Reply::Plain),
            Rcode::NXDOMAIN => Heard::Nothing(Why::NoSuchName),
            Rcode::SERVFAIL => Heard::Failed(Why::ServerFailed),
            Rcode::NOERROR => match Answer::of(&message) {
                None => Heard::Failed(Why::Malformed),
                Some(answer) => {
                    // What neither knows the name, or where its aliases lead, nor asks others leads to who does
                    // (RFC 1034 section 4.3.1); who knows that there is nothing gives the zone's SOA (RFC 2308
                    // section 2.2).
                    let knows = header.ra() || (header.aa() && answer.is_end(&message));
                    match answer.follow(&self.host) {
                        Heard::Nothing(_) if !knows => Heard::Failed(Why::NotRecursive),
                        heard => heard,
                    }
                }
            },
            other => Heard::Failed(Why::Refused(other.to_int())),
        };
        Some(Reply::Heard(heard))
    }
}

impl Family {
    fn rtype(self) -> RecordType {
        match self {
            Self::V4 => RecordType::A,
            Self::V6 => RecordType::AAAA,
        }
    }

    fn rtype_of_library(self) -> Rtype {
        Rtype::from_int(self.rtype().0)
    }
}

/// The answer section of a reply.
#[derive(Default)]
struct Answer {
    aliases: BTreeMap<Name, (Name, u32)>,
    addresses: BTreeMap<Name, (Vec<IpAddr>, u32)>,
}

impl Answer {
    /// Reads it; none when it is malformed.
    fn of(message: &Message<&[u8]>) -> Option<Self> {
        let mut answer = Self::default();
        for record in message.answer().ok()?.take(RECORDS_MAX) {
            let record = record.ok()?;
            if record.class() != Class::IN {
                continue;
            }
            let (owner, ttl) = (name(&record.owner())?, record.ttl().as_secs());
            match record.rtype() {
                Rtype::A => answer.address(owner, record.to_record::<A>().ok()??.data().addr().into(), ttl),
                Rtype::AAAA => {
                    answer.address(owner, record.to_record::<Aaaa>().ok()??.data().addr().into(), ttl);
                }
                Rtype::CNAME => {
                    let alias = record.to_record::<Cname<ParsedName<&[u8]>>>().ok()??;
                    answer.aliases.insert(owner, (name(alias.data().cname())?, ttl));
                }
                // DNAMEs come with the CNAMEs that they mean (RFC 6672 section 3.1), signatures with what they sign.
                _ => {}
            }
        }
        Some(answer)
    }

    fn address(&mut self, owner: Name, address: IpAddr, ttl: u32) {
        let (addresses, least) = self.addresses.entry(owner).or_insert_with(|| (Vec::new(), ttl));
        addresses.push(address);
        *least = ttl.min(*least);
    }

    /// True when what is not in an answer is not there: it has no alias that may lead to somebody else's zone, or
    /// the zone where they end is named.
    fn is_end(&self, message: &Message<&[u8]>) -> bool {
        let mut authority = message.authority().into_iter().flatten().take(RECORDS_MAX);
        self.aliases.is_empty()
            || authority.any(|record| record.is_ok_and(|record| record.rtype() == Rtype::SOA))
    }

    /// The addresses at the end of the aliases.
    fn follow(&self, host: &Name) -> Heard {
        let (mut at, mut least, mut way) = (host, u32::MAX, Vec::new());
        for _ in 0..CHAIN_MAX {
            if let Some((addresses, ttl)) = self.addresses.get(at) {
                return Heard::Addresses { addresses: addresses.clone(), ttl: least.min(*ttl), way };
            }
            let Some((to, ttl)) = self.aliases.get(at) else { return Heard::Nothing(Why::NoAddress) };
            (at, least) = (to, least.min(*ttl));
            way.push(to.clone());
        }
        Heard::Failed(Why::Loop)
    }
}

/// A name of the library as one of ours.
fn name(name: &impl ToName) -> Option<Name> {
    Name::from_wire(name.to_vec().as_slice()).ok()
}

#[cfg(test)]
mod tests;
