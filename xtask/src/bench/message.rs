//! As much of DNS as a benchmark needs: questions to bytes, replies to what is compared. It shares no
//! code with the server that it measures, so that both cannot be wrong alike.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Type A.
pub(super) const A: u16 = 1;
/// Type AAAA.
pub(super) const AAAA: u16 = 28;
/// No error.
pub(super) const NOERROR: u8 = 0;
/// No such name.
pub(super) const NXDOMAIN: u8 = 3;
/// Octets before the question.
pub(super) const HEADER_OCTETS: usize = 12;
/// The payload that questions offer (RFC 9715's size).
const PAYLOAD_OCTETS: u16 = 1232;
/// The prefix length that questions tell of a client.
pub(super) const SUBNET_BITS: u8 = 24;
/// Option code of a client subnet (RFC 7871).
const CLIENT_SUBNET: u16 = 8;
/// Type OPT.
const OPT: u16 = 41;

/// One question of class IN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question<'a> {
    /// The name, without escapes.
    pub(super) name: &'a str,
    /// [`A`] or [`AAAA`].
    pub(super) kind: u16,
    /// Whether it has an OPT record.
    pub(super) edns: bool,
    /// A client's network of [`SUBNET_BITS`] bits; it needs `edns`.
    pub(super) subnet: Option<Ipv4Addr>,
}

impl Question<'_> {
    /// Its bytes, with this id.
    pub(super) fn bytes(&self, id: u16) -> Vec<u8> {
        let mut bytes = id.to_be_bytes().to_vec();
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(self.edns)]);
        for label in self.name.split('.').filter(|label| !label.is_empty()) {
            bytes.push(u8::try_from(label.len()).expect("a label of made-up data is short"));
            bytes.extend(label.as_bytes());
        }
        bytes.push(0);
        bytes.extend(self.kind.to_be_bytes());
        bytes.extend([0, 1]);
        if self.edns {
            let subnet = self.subnet.map(subnet_option).unwrap_or_default();
            bytes.push(0);
            bytes.extend(OPT.to_be_bytes());
            bytes.extend(PAYLOAD_OCTETS.to_be_bytes());
            bytes.extend([0; 4]);
            bytes.extend(u16::try_from(subnet.len()).expect("one option").to_be_bytes());
            bytes.extend(subnet);
        }
        bytes
    }
}

fn subnet_option(network: Ipv4Addr) -> Vec<u8> {
    let [a, b, c, _] = network.octets();
    let mut option = CLIENT_SUBNET.to_be_bytes().to_vec();
    option.extend([0, 7, 0, 1, SUBNET_BITS, 0, a, b, c]);
    option
}

/// What a reply says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    /// [`NOERROR`], [`NXDOMAIN`] or another code.
    pub(super) code: u8,
    /// Whether the server says that the zone is its own.
    pub(super) authoritative: bool,
    /// The addresses of the answer section, sorted.
    pub(super) addresses: Vec<IpAddr>,
    /// Records of the authority section.
    pub(super) authority: u16,
    /// Source and scope prefix lengths of the client subnet, where it came back.
    pub(super) scope: Option<(u8, u8)>,
}

impl Reply {
    /// Reads a message; none when it is no reply or ends early.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let flags = [*bytes.get(2)?, *bytes.get(3)?];
        let count = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
        let [questions, answers, authority, additional] = [count(4)?, count(6)?, count(8)?, count(10)?];
        if flags[0] & 0x80 == 0 {
            return None;
        }
        let mut at = HEADER_OCTETS;
        for _ in 0..questions {
            at = skip_name(bytes, at)? + 4;
        }
        let mut reply =
            Self { code: flags[1] & 0x0f, authoritative: flags[0] & 4 != 0, authority, ..Self::default() };
        for number in 0..u32::from(answers) + u32::from(authority) + u32::from(additional) {
            let record = Record::read(bytes, &mut at)?;
            if number < u32::from(answers) {
                reply.addresses.extend(record.address());
            } else if record.kind == OPT {
                reply.scope = record.scope();
            }
        }
        reply.addresses.sort();
        Some(reply)
    }
}

/// One record of a reply.
struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

impl<'a> Record<'a> {
    fn read(bytes: &'a [u8], at: &mut usize) -> Option<Self> {
        let start = skip_name(bytes, *at)?;
        let fixed = bytes.get(start..start + 10)?;
        let len = usize::from(u16::from_be_bytes([fixed[8], fixed[9]]));
        *at = start + 10 + len;
        Some(Self { kind: u16::from_be_bytes([fixed[0], fixed[1]]), data: bytes.get(start + 10..*at)? })
    }

    fn address(&self) -> Option<IpAddr> {
        match self.kind {
            A => <[u8; 4]>::try_from(self.data).ok().map(|octets| Ipv4Addr::from(octets).into()),
            AAAA => <[u8; 16]>::try_from(self.data).ok().map(|octets| Ipv6Addr::from(octets).into()),
            _ => None,
        }
    }

    /// The prefix lengths of a client subnet among the options of an OPT record.
    fn scope(&self) -> Option<(u8, u8)> {
        let mut options = self.data;
        while let [code_high, code_low, len_high, len_low, rest @ ..] = options {
            let len = usize::from(u16::from_be_bytes([*len_high, *len_low]));
            let (data, others) = rest.split_at_checked(len)?;
            if u16::from_be_bytes([*code_high, *code_low]) == CLIENT_SUBNET {
                return Some((*data.get(2)?, *data.get(3)?));
            }
            options = others;
        }
        None
    }
}

/// Where a name ends: after its root label, or after the pointer that it ends with.
fn skip_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            len if len >= 0xc0 => return Some(at + 2),
            len => at += 1 + usize::from(len),
        }
    }
}

#[cfg(test)]
mod tests;
