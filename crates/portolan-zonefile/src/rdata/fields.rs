//! Types whose data is a row of fields: a line of one table each.
//!
//! Most are those that the library lacks, and nearly all of these are old or rare; NSD and BIND read them, so zones
//! that are moved here may have them. The keys and digests of DNSSEC are here because the library takes no words
//! for their algorithms.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use portolan_core::RecordType;
use portolan_core::record::TXT_STRING_OCTETS_MAX;

use super::{Done, Words, bad};

/// What stands in one place of the data.
#[derive(Clone, Copy)]
pub(super) enum Field {
    /// A number of 8 bits.
    Octet,
    /// A number of 16 bits.
    Number,
    /// A number of 32 bits.
    Long,
    /// An algorithm of DNSSEC (RFC 4034 appendix A.1): its number or its word.
    Algorithm,
    /// A domain name, never compressed.
    Name,
    /// An IPv4 address.
    Ipv4,
    /// One text.
    Text,
    /// One text, or none.
    MaybeText,
    /// One text or more.
    Texts,
    /// All words that are left, in hexadecimal.
    Hex,
    /// All words that are left, in base 64.
    Base64,
    /// So many octets, each in two hexadecimal digits, with hyphens between (RFC 7043 section 3.2).
    Eui(usize),
    /// Four groups of hexadecimal digits with colons between (RFC 6742 section 2.1.3).
    Node,
    /// Hexadecimal behind `0x`, with points anywhere (RFC 1706 section 6).
    Nsap,
    /// A record type.
    Type,
    /// All words that are left: a set of record types (RFC 4034 section 4.1.2).
    Types,
    /// A scheme of notifications (RFC 9859 section 2.1): NOTIFY, or a number.
    Scheme,
}

/// The fields of a type; none of one that is read otherwise.
pub(super) fn of(rtype: RecordType) -> Option<&'static [Field]> {
    use Field::{
        Algorithm, Base64, Eui, Hex, Ipv4, Long, MaybeText, Name, Node, Nsap, Number, Octet, Scheme, Text,
        Texts, Type, Types,
    };
    Some(match rtype {
        RecordType::MB | RecordType::MG | RecordType::MR => &[Name],
        RecordType::MINFO | RecordType::TALINK => &[Name, Name],
        RecordType::AFSDB | RecordType::KX | RecordType::RT | RecordType::LP => &[Number, Name],
        RecordType::PX => &[Number, Name, Name],
        RecordType::X25 => &[Text],
        RecordType::ISDN => &[Text, MaybeText],
        RecordType::GPOS => &[Text, Text, Text],
        RecordType::NSAP => &[Nsap],
        RecordType::KEY | RecordType::DNSKEY | RecordType::CDNSKEY | RecordType::RKEY => {
            &[Number, Octet, Algorithm, Base64]
        }
        RecordType::DHCID => &[Base64],
        RecordType::SMIMEA => &[Octet, Octet, Octet, Hex],
        RecordType::DS | RecordType::CDS | RecordType::DLV | RecordType::TA => {
            &[Number, Algorithm, Octet, Hex]
        }
        RecordType::CSYNC => &[Long, Number, Types],
        RecordType::DSYNC => &[Type, Scheme, Number, Name],
        RecordType::NID | RecordType::L64 => &[Number, Node],
        RecordType::L32 => &[Number, Ipv4],
        RecordType::EUI48 => &[Eui(6)],
        RecordType::EUI64 => &[Eui(8)],
        // The form of SPF is that of TXT (RFC 7208 section 3.1), and so is that of its heirs.
        RecordType::SPF | RecordType::AVC | RecordType::RESINFO | RecordType::WALLET => &[Texts],
        _ => return None,
    })
}

/// Reads a row of fields, and nothing behind it.
pub(super) fn read(fields: &[Field], words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    let mut nth = 0;
    for field in fields {
        nth = field.read(words, nth, rdata)?;
    }
    words.end(nth)
}

impl Field {
    /// Reads the field that begins with a word; the number of the word behind it.
    fn read(self, words: &Words<'_>, nth: usize, rdata: &mut Vec<u8>) -> Done<usize> {
        match self {
            Self::Octet => rdata.push(words.octet(nth)?),
            Self::Number => rdata.extend_from_slice(&words.number(nth)?.to_be_bytes()),
            Self::Long => rdata.extend_from_slice(&words.long(nth)?.to_be_bytes()),
            Self::Algorithm => rdata.push(algorithm(words, nth)?),
            Self::Name => words.name(nth, rdata)?,
            Self::Ipv4 => rdata.extend_from_slice(&ipv4(words, nth)?),
            Self::MaybeText if words.get(nth).is_none() => return Ok(nth),
            Self::Text | Self::MaybeText => text(words, nth, rdata)?,
            Self::Texts => {
                words.require(nth)?;
                (nth..words.count()).try_for_each(|nth| text(words, nth, rdata))?;
                return Ok(words.count());
            }
            Self::Hex => {
                words.require(nth)?;
                rdata.extend_from_slice(&words.hex(nth..words.count())?);
                return Ok(words.count());
            }
            Self::Base64 => {
                rdata.extend_from_slice(&words.base64(nth)?);
                return Ok(words.count());
            }
            Self::Eui(octets) => {
                let rule =
                    "is no such address: pairs of hexadecimal digits with hyphens, as 00-00-5e-00-53-2a";
                for group in groups(words, nth, octets, '-', 2..=2, rule)? {
                    rdata.extend(u8::try_from(group));
                }
            }
            Self::Node => {
                let rule = "is no node: four groups of hexadecimal digits, as 0014:4fff:ff20:ee64";
                for group in groups(words, nth, 4, ':', 1..=4, rule)? {
                    rdata.extend_from_slice(&group.to_be_bytes());
                }
            }
            Self::Nsap => nsap(words, nth, rdata)?,
            Self::Type => rdata.extend_from_slice(&words.rtype(nth)?.0.to_be_bytes()),
            Self::Types => {
                types(words, nth, rdata)?;
                return Ok(words.count());
            }
            Self::Scheme => rdata.push(match words.require(nth)?.eq_ignore_ascii_case(b"NOTIFY") {
                true => 1,
                false => words.octet(nth)?,
            }),
        }
        Ok(nth + 1)
    }
}

pub(super) fn ipv4(words: &Words<'_>, nth: usize) -> Done<[u8; 4]> {
    match words.text(nth)?.parse::<Ipv4Addr>() {
        Ok(address) => Ok(address.octets()),
        Err(_) => bad(nth, "is no IPv4 address"),
    }
}

/// An algorithm of DNSSEC, by its number or by the word that IANA or BIND has for it.
pub(super) fn algorithm(words: &Words<'_>, nth: usize) -> Done<u8> {
    const ALGORITHMS: [(&str, u8); 22] = [
        ("RSAMD5", 1),
        ("DH", 2),
        ("DSA", 3),
        ("RSASHA1", 5),
        ("DSA-NSEC3-SHA1", 6),
        ("NSEC3DSA", 6),
        ("RSASHA1-NSEC3-SHA1", 7),
        ("NSEC3RSASHA1", 7),
        ("RSASHA256", 8),
        ("RSASHA512", 10),
        ("ECC-GOST", 12),
        ("ECCGOST", 12),
        ("ECDSAP256SHA256", 13),
        ("ECDSA256", 13),
        ("ECDSAP384SHA384", 14),
        ("ECDSA384", 14),
        ("ED25519", 15),
        ("ED448", 16),
        ("SM2SM3", 17),
        ("INDIRECT", 252),
        ("PRIVATEDNS", 253),
        ("PRIVATEOID", 254),
    ];
    let word = words.require(nth)?;
    match ALGORITHMS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)) {
        Some((_, number)) => Ok(*number),
        None => words.octet(nth).or_else(|_| {
            bad(nth, "is no algorithm: a number from 0 to 255, or its word, as ECDSAP256SHA256")
        }),
    }
}

/// A text behind its length (RFC 1035 section 3.3).
fn text(words: &Words<'_>, nth: usize, rdata: &mut Vec<u8>) -> Done<()> {
    let octets = words.octets(nth)?;
    match u8::try_from(octets.len()) {
        Ok(length) if octets.len() <= TXT_STRING_OCTETS_MAX => rdata.push(length),
        _ => {
            let rule = format!(
                "is longer than {TXT_STRING_OCTETS_MAX} octets, the most of one text; write several in quotes"
            );
            return bad(nth, rule);
        }
    }
    rdata.extend_from_slice(&octets);
    Ok(())
}

/// So many numbers in hexadecimal, each of so many digits.
fn groups(
    words: &Words<'_>,
    nth: usize,
    count: usize,
    separator: char,
    digits: RangeInclusive<usize>,
    rule: &str,
) -> Done<Vec<u16>> {
    let number = |group: &str| {
        let is_number = digits.contains(&group.len()) && group.bytes().all(|octet| octet.is_ascii_hexdigit());
        if is_number { u16::from_str_radix(group, 16).ok() } else { None }
    };
    let found: Option<Vec<u16>> = words.text(nth)?.split(separator).map(number).collect();
    match found.filter(|found| found.len() == count) {
        Some(found) => Ok(found),
        None => bad(nth, rule),
    }
}

fn nsap(words: &Words<'_>, nth: usize, rdata: &mut Vec<u8>) -> Done<()> {
    let word = words.require(nth)?;
    let digits = word.strip_prefix(b"0x").or_else(|| word.strip_prefix(b"0X")).unwrap_or_default();
    let nibbles: Option<Vec<u8>> =
        digits.iter().copied().filter(|octet| *octet != b'.').map(super::nibble).collect();
    match nibbles.filter(|nibbles| !nibbles.is_empty() && nibbles.len() % 2 == 0) {
        Some(nibbles) => rdata.extend_from_slice(&super::pairs(&nibbles)),
        None => return bad(nth, "is no NSAP address: 0x and pairs of hexadecimal digits"),
    }
    Ok(())
}

/// One bit a type, in windows of 256.
fn types(words: &Words<'_>, from: usize, rdata: &mut Vec<u8>) -> Done<()> {
    let numbers: BTreeSet<u16> =
        (from..words.count()).map(|nth| words.rtype(nth).map(|rtype| rtype.0)).collect::<Done<_>>()?;
    let mut windows: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    for [window, low] in numbers.into_iter().map(u16::to_be_bytes) {
        let bits = windows.entry(window).or_default();
        let at = usize::from(low / 8);
        // Ascending, so that the last is the furthest.
        bits.resize(at + 1, 0);
        if let Some(octet) = bits.get_mut(at) {
            *octet |= 0x80 >> (low % 8);
        }
    }
    for (window, bits) in windows {
        // A window has 32 octets at most.
        rdata.extend([window, u8::try_from(bits.len()).unwrap_or(u8::MAX)]);
        rdata.extend_from_slice(&bits);
    }
    Ok(())
}
