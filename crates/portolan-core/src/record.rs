//! Record types, TTLs and rdata.
//!
//! Rdata is kept as the bytes that go on the wire, names in it uncompressed: rendering an answer
//! copies them, and a type that we have no words for (RFC 3597) is no special case.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use crate::name::{Name, NameRef};

mod present;
mod rtype;

pub use present::Present;
pub use rtype::{RecordType, UnknownType};

/// Longest character string in a TXT record (RFC 1035 section 3.3).
pub const TXT_STRING_OCTETS_MAX: usize = 255;
/// Longest rdata (RFC 1035 section 3.2.1: a 16-bit length).
pub const RDATA_OCTETS_MAX: usize = 65_535;

// === Ttl ===

/// A time to live in seconds, 0 to 2^31-1 (RFC 2181 section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(u32);

impl Ttl {
    /// Not to be kept.
    pub const ZERO: Ttl = Ttl(0);
    /// The longest, in seconds.
    pub const MAX: Ttl = Ttl(0x7fff_ffff);
    /// What KubeFed's kinds have when they name none.
    pub const KUBEFED: Ttl = Ttl(180);
    /// What our own kinds and External-DNS' have when neither they nor their policy name one.
    pub const DEFAULT: Ttl = Ttl(30);

    /// Takes seconds; none above [`Ttl::MAX`].
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds <= Self::MAX.0 { Some(Self(seconds)) } else { None }
    }

    /// In seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// Half of it, at least one second: what an answer carries while a member is down, so that its
    /// return is seen sooner (as gdnsd does).
    #[must_use]
    pub const fn halved(self) -> Self {
        Self(if self.0 <= 1 { self.0 } else { self.0 / 2 })
    }
}

// === Rdata ===

/// The data of one record, as on the wire, names uncompressed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rdata(Arc<[u8]>);

/// An SOA's fields (RFC 1035 section 3.3.13); times in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soa {
    /// The primary name server.
    pub mname: Name,
    /// Who answers for the zone, `@` written as a dot.
    pub rname: Name,
    /// Grows with each change of content (RFC 1982).
    pub serial: u32,
    /// How often a secondary looks.
    pub refresh: u32,
    /// How soon it looks again after a failure.
    pub retry: u32,
    /// How long it goes on without.
    pub expire: u32,
    /// TTL of negative answers (RFC 2308).
    pub minimum: u32,
}

impl Rdata {
    /// Takes bytes as they are (RFC 3597); none above [`RDATA_OCTETS_MAX`].
    #[must_use]
    pub fn from_wire(octets: &[u8]) -> Option<Self> {
        (octets.len() <= RDATA_OCTETS_MAX).then(|| Self(Arc::from(octets)))
    }

    /// An A or AAAA record's data.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self(Arc::from(v4.octets())),
            IpAddr::V6(v6) => Self(Arc::from(v6.octets())),
        }
    }

    /// A CNAME, NS or PTR record's data.
    #[must_use]
    pub fn name(name: &Name) -> Self {
        Self(Arc::from(name.as_wire()))
    }

    /// An MX record's data.
    #[must_use]
    pub fn mx(preference: u16, exchange: &Name) -> Self {
        Self([&preference.to_be_bytes(), exchange.as_wire()].concat().into())
    }

    /// An SRV record's data.
    #[must_use]
    pub fn srv(priority: u16, weight: u16, port: u16, target: &Name) -> Self {
        let [p, w, t] = [priority, weight, port].map(u16::to_be_bytes);
        Self([&p, &w, &t, target.as_wire()].concat().into())
    }

    /// A TXT record's data out of one text, cut into strings of 255 octets. None when it is too long.
    #[must_use]
    pub fn txt(text: &[u8]) -> Option<Self> {
        Self::txt_of([text])
    }

    /// A TXT record's data out of several texts, which stay apart (RFC 1035 section 3.3.14), each cut into
    /// strings of 255 octets. None when it is too long, or when there is no text.
    #[must_use]
    pub fn txt_of<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> Option<Self> {
        let mut octets = Vec::new();
        for text in texts {
            let mut rest = text;
            loop {
                let (string, tail) = rest.split_at(rest.len().min(TXT_STRING_OCTETS_MAX));
                octets.push(u8::try_from(string.len()).ok()?);
                octets.extend_from_slice(string);
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
        }
        if octets.is_empty() { None } else { Self::from_wire(&octets) }
    }

    /// An SOA record's data.
    #[must_use]
    pub fn soa(soa: &Soa) -> Self {
        let mut octets = [soa.mname.as_wire(), soa.rname.as_wire()].concat();
        for number in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] {
            octets.extend_from_slice(&number.to_be_bytes());
        }
        Self(octets.into())
    }

    /// The bytes that go on the wire.
    #[must_use]
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// The name that a record of this type points at: CNAME, NS, PTR, MX, SRV.
    #[must_use]
    pub fn target_name(&self, rtype: RecordType) -> Option<NameRef<'_>> {
        let skip = match rtype {
            RecordType::CNAME | RecordType::NS | RecordType::PTR | RecordType::DNAME => 0,
            RecordType::MX => 2,
            RecordType::SRV => 6,
            _ => return None,
        };
        NameRef::from_wire(self.0.get(skip..)?).ok()
    }
}

// === Target ===

/// What an answer may contain: an address, a host name, or a record of another type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An address; IPv4 is an A record, IPv6 an AAAA record.
    Address(IpAddr),
    /// A host name: a CNAME record.
    Host(Name),
    /// A record of another type, for `DNSEndpoint`s that hold one.
    Record(RecordType, Rdata),
}

impl Target {
    /// The type of the record that offers it.
    #[must_use]
    pub fn record_type(&self) -> RecordType {
        match self {
            Self::Address(IpAddr::V4(_)) => RecordType::A,
            Self::Address(IpAddr::V6(_)) => RecordType::AAAA,
            Self::Host(_) => RecordType::CNAME,
            Self::Record(rtype, _) => *rtype,
        }
    }

    /// The data of the record that offers it.
    #[must_use]
    pub fn rdata(&self) -> Rdata {
        match self {
            Self::Address(address) => Rdata::address(*address),
            Self::Host(name) => Rdata::name(name),
            Self::Record(_, rdata) => rdata.clone(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Present(self.record_type(), self.rdata().as_wire()))
    }
}

#[cfg(test)]
mod tests;
