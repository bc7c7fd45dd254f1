//! Rdata in words.

use alloc::string::String;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::RecordType;
use crate::name::Name;

mod svcb;

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
        RecordType::TXT | RecordType::HINFO | RecordType::SPF => return strings(octets, f),
        RecordType::SOA => return soa(octets, f),
        RecordType::CAA => return caa(octets, f),
        RecordType::NAPTR => return naptr(octets, f),
        RecordType::SVCB | RecordType::HTTPS => return svcb::present(octets, f),
        _ => return None,
    })
}

fn strings(mut octets: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let mut text = String::new();
    while !octets.is_empty() {
        let (string, rest) = string(octets)?;
        if !text.is_empty() {
            text.push(' ');
        }
        quote(string, &mut text);
        octets = rest;
    }
    Some(f.write_str(&text))
}

/// The character string that octets begin with, and what follows it.
fn string(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&len, rest) = octets.split_first()?;
    rest.split_at_checked(usize::from(len))
}

/// Octets in quotes, with escapes where they are needed.
fn quote(octets: &[u8], text: &mut String) {
    text.push('"');
    for &octet in octets {
        match octet {
            b'"' | b'\\' => text.extend(['\\', char::from(octet)]),
            0x20..=0x7e => text.push(char::from(octet)),
            _ => text.push_str(&alloc::format!("\\{octet:03}")),
        }
    }
    text.push('"');
}

/// RFC 8659 section 4.1.1.
fn caa(octets: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (&flags, rest) = octets.split_first()?;
    let (tag, value) = string(rest)?;
    let is_tag = !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric);
    let tag = core::str::from_utf8(tag).ok().filter(|_| is_tag)?;
    let mut text = String::new();
    quote(value, &mut text);
    Some(write!(f, "{flags} {tag} {text}"))
}

/// RFC 3403 section 4.1.
fn naptr(octets: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (numbers, mut rest) = octets.split_first_chunk::<4>()?;
    let [o1, o0, p1, p0] = *numbers;
    let mut text = String::new();
    for _ in 0..3 {
        let (string, tail) = string(rest)?;
        quote(string, &mut text);
        text.push(' ');
        rest = tail;
    }
    let replacement = Name::from_wire(rest).ok()?;
    let [order, preference] = [[o1, o0], [p1, p0]].map(u16::from_be_bytes);
    Some(write!(f, "{order} {preference} {text}{replacement}"))
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
