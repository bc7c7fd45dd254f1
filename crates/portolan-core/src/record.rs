//! Record types, TTLs and rdata.
//!
//! Rdata is kept as the bytes that go on the wire, names in it uncompressed: rendering an answer
//! copies them, and a type that we have no words for (RFC 3597) is no special case.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::name::{Name, NameRef};

/// Longest character string in a TXT record (RFC 1035 section 3.3).
pub const TXT_STRING_OCTETS_MAX: usize = 255;
/// Longest rdata (RFC 1035 section 3.2.1: a 16-bit length).
pub const RDATA_OCTETS_MAX: usize = 65_535;

// === RecordType ===

/// A record type (RFC 1035 section 3.2.2 and IANA's table).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(pub u16);

macro_rules! record_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        impl RecordType {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
            const NAMED: &'static [(Self, &'static str)] = &[$((Self::$name, stringify!($name)),)*];
        }
    };
}

record_types! {
    /// IPv4 address (RFC 1035).
    A = 1,
    /// Name server (RFC 1035).
    NS = 2,
    /// Alias (RFC 1035).
    CNAME = 5,
    /// Start of authority (RFC 1035).
    SOA = 6,
    /// Pointer, for reverse names (RFC 1035).
    PTR = 12,
    /// Host information; only as the body of a minimal ANY answer (RFC 8482).
    HINFO = 13,
    /// Mail exchange (RFC 1035).
    MX = 15,
    /// Text (RFC 1035).
    TXT = 16,
    /// IPv6 address (RFC 3596).
    AAAA = 28,
    /// Service location (RFC 2782).
    SRV = 33,
    /// Naming authority pointer (RFC 3403).
    NAPTR = 35,
    /// Delegation name (RFC 6672).
    DNAME = 39,
    /// EDNS pseudo record (RFC 6891).
    OPT = 41,
    /// Delegation signer (RFC 4034).
    DS = 43,
    /// Transaction key (RFC 2930).
    TKEY = 249,
    /// Transaction signature (RFC 8945).
    TSIG = 250,
    /// Incremental transfer (RFC 1995).
    IXFR = 251,
    /// Full transfer (RFC 5936).
    AXFR = 252,
    /// Any type; answered minimally (RFC 8482).
    ANY = 255,
}

impl fmt::Display for RecordType {
    /// The mnemonic, or `TYPE123` (RFC 3597 section 5).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.iter().find(|(t, _)| t == self) {
            Some((_, name)) => f.pad(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

impl fmt::Debug for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RecordType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        if let Some((found, _)) = Self::NAMED.iter().find(|(_, n)| n.eq_ignore_ascii_case(text)) {
            return Ok(*found);
        }
        let number = text.get(..4).filter(|t| t.eq_ignore_ascii_case("TYPE")).and_then(|_| text.get(4..));
        number.and_then(|n| n.parse().ok()).map(Self).ok_or(UnknownType)
    }
}

/// The text is neither a mnemonic nor `TYPE123`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownType;

// === Ttl ===

/// A time to live in seconds, 0 to 2^31-1 (RFC 2181 section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(u32);

impl Ttl {
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

/// Rdata in presentation form, `\# 4 c0000201` for what we have no words for (RFC 3597 section 5).
pub struct Present<'a>(pub RecordType, pub &'a [u8]);

impl fmt::Display for Present<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        present(self.0, self.1, f).unwrap_or_else(|| generic(self.1, f))
    }
}

/// None when the bytes are not of that type's form.
fn present(rtype: RecordType, octets: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let number = |at: usize| Some(u16::from_be_bytes(octets.get(at..at + 2)?.try_into().ok()?));
    let name = |at: usize| Name::from_wire(octets.get(at..)?).ok();
    Some(match rtype {
        RecordType::A => write!(f, "{}", Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?)),
        RecordType::AAAA => write!(f, "{}", Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?)),
        RecordType::CNAME | RecordType::NS | RecordType::PTR | RecordType::DNAME => write!(f, "{}", name(0)?),
        RecordType::MX => write!(f, "{} {}", number(0)?, name(2)?),
        RecordType::SRV => write!(f, "{} {} {} {}", number(0)?, number(2)?, number(4)?, name(6)?),
        RecordType::TXT | RecordType::HINFO => return strings(octets, f),
        RecordType::SOA => return soa(octets, f),
        _ => return None,
    })
}

fn strings(mut octets: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let mut text = String::new();
    while let Some((&len, rest)) = octets.split_first() {
        let string = rest.get(..usize::from(len))?;
        text.push_str(if text.is_empty() { "\"" } else { " \"" });
        for &octet in string {
            match octet {
                b'"' | b'\\' => text.extend(['\\', char::from(octet)]),
                0x20..=0x7e => text.push(char::from(octet)),
                _ => text.push_str(&alloc::format!("\\{octet:03}")),
            }
        }
        text.push('"');
        octets = rest.get(usize::from(len)..)?;
    }
    Some(f.write_str(&text))
}

fn soa(octets: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (names, numbers) = octets.split_at_checked(octets.len().checked_sub(20)?)?;
    let end = name_end(names)?;
    let mname = Name::from_wire(names.get(..end)?).ok()?;
    let rname = Name::from_wire(names.get(end..)?).ok()?;
    let mut out = write!(f, "{mname} {rname}");
    for number in numbers.chunks_exact(4) {
        out = out.and(write!(f, " {}", u32::from_be_bytes(number.try_into().ok()?)));
    }
    Some(out)
}

fn name_end(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let len = usize::from(*octets.get(at)?);
        at += len + 1;
        if len == 0 {
            return Some(at);
        }
    }
}

fn generic(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "\\# {}", octets.len())?;
    if !octets.is_empty() {
        f.write_str(" ")?;
    }
    octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
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
