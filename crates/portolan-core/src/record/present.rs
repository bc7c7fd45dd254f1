//! Rdata in words.

use alloc::string::String;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::RecordType;
use crate::name::Name;

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
