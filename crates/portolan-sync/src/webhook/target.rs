//! Targets as External-DNS spells them, and core's.
//!
//! Names stand without their trailing dot but for those of SRV and NAPTR records, which External-DNS wants whole. A TXT
//! record is one text in quotes, however many strings it takes on the wire: strings that are full are one text with
//! what follows, as DNS providers cut them.

use std::net::IpAddr;

use portolan_core::name::Name;
use portolan_core::record::{Present, Rdata, RecordType, TXT_STRING_OCTETS_MAX, Target};

use super::sets::shown;

/// Most characters of a target that are told when it is wrong.
const SHOWN_CHARS_MAX: usize = 60;

/// Reads a target of an endpoint of this type.
///
/// # Errors
/// The target and the rule that it breaks.
pub(super) fn read(rtype: RecordType, text: &str) -> Result<Target, String> {
    target(rtype, text).map_err(|rule| {
        let start: String = text.chars().take(SHOWN_CHARS_MAX).collect();
        format!("{rtype} target {start:?} {rule}")
    })
}

fn target(rtype: RecordType, text: &str) -> Result<Target, String> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let data = match (rtype, words.as_slice()) {
        (RecordType::A | RecordType::AAAA, [text]) => return address(rtype, text),
        (RecordType::CNAME, [host]) => return Ok(Target::Host(name(host)?)),
        (RecordType::NS | RecordType::PTR | RecordType::DNAME, [host]) => Rdata::name(&name(host)?),
        (RecordType::MX, [preference, host]) => Rdata::mx(number(preference)?, &name(host)?),
        (RecordType::SRV, [priority, weight, port, host]) => {
            Rdata::srv(number(priority)?, number(weight)?, number(port)?, &name(host)?)
        }
        (RecordType::TXT, _) => txt(text)?,
        (RecordType::NAPTR, _) => naptr(text)?,
        (_, ["\\#", length, hex @ ..]) => octets(length, &hex.concat())?,
        (RecordType::A | RecordType::AAAA, _) => return Err("is not one address".into()),
        (RecordType::MX, _) => return Err("is not PREFERENCE HOST".into()),
        (RecordType::SRV, _) => return Err("is not PRIORITY WEIGHT PORT HOST".into()),
        (RecordType::CNAME | RecordType::NS | RecordType::PTR | RecordType::DNAME, _) => {
            return Err("is not one host name".into());
        }
        _ => return Err("is of a type that is written as \\# LENGTH HEX alone (RFC 3597)".into()),
    };
    Ok(Target::Record(rtype, data))
}

/// Spells a target of a set of this type.
pub(super) fn spell(rtype: RecordType, target: &Target) -> String {
    let data = match target {
        Target::Address(address) => return address.to_string(),
        Target::Host(host) => return host.to_dotless(),
        Target::Record(_, data) => data,
    };
    let host = || data.target_name(rtype).map(|host| host.to_dotless());
    let whole = Present(rtype, data.as_wire()).to_string();
    match rtype {
        RecordType::NS | RecordType::PTR | RecordType::DNAME => host().unwrap_or(whole),
        RecordType::MX => {
            let preference = whole.split(' ').next().unwrap_or_default();
            host().map_or_else(|| whole.clone(), |host| format!("{preference} {host}"))
        }
        RecordType::TXT => texts(data.as_wire()).unwrap_or(whole),
        _ => whole,
    }
}

/// An address; a host name where the DNS itself is to resolve it.
fn address(rtype: RecordType, text: &str) -> Result<Target, String> {
    match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address) if address.is_ipv4() == (rtype == RecordType::A) => Ok(Target::Address(address)),
        Ok(_) => Err("is an address of the other family".into()),
        Err(_) => name(text).map(Target::Host),
    }
}

fn name(text: &str) -> Result<Name, String> {
    text.parse().map_err(|error| format!("has the name {:?}, which {error}", shown(text)))
}

fn number(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("has {:?}, which is not 0 to 65535", shown(text)))
}

fn txt(text: &str) -> Result<Rdata, String> {
    let texts = if text.starts_with('"') { quoted(text)? } else { vec![text.as_bytes().to_vec()] };
    Rdata::txt_of(texts.iter().map(Vec::as_slice))
        .ok_or_else(|| "is longer than 64 KiB with its lengths".into())
}

/// RFC 3403 section 4.1.
fn naptr(text: &str) -> Result<Rdata, String> {
    const FORM: &str = "is not ORDER PREFERENCE \"FLAGS\" \"SERVICE\" \"REGEXP\" REPLACEMENT";
    let words = quoted(text)?;
    let [order, preference, flags, service, regexp, replacement] = words.as_slice() else {
        return Err(FORM.into());
    };
    let plain = |word: &[u8]| String::from_utf8(word.to_vec()).map_err(|_| FORM.to_owned());
    let mut data = [number(&plain(order)?)?, number(&plain(preference)?)?].map(u16::to_be_bytes).concat();
    for string in [flags, service, regexp] {
        data.push(u8::try_from(string.len()).map_err(|_| "has a string of more than 255 octets")?);
        data.extend_from_slice(string);
    }
    data.extend_from_slice(name(&plain(replacement)?)?.as_wire());
    Rdata::from_wire(&data).ok_or_else(|| FORM.into())
}

/// RFC 3597 section 5.
fn octets(length: &str, hex: &str) -> Result<Rdata, String> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let octet = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    let octets: Option<Vec<u8>> = pairs.iter().map(octet).collect();
    let octets = octets.filter(|octets| rest.is_empty() && length.parse() == Ok(octets.len()));
    octets.and_then(|octets| Rdata::from_wire(&octets)).ok_or_else(|| "is not \\# LENGTH HEX".into())
}

/// Words with spaces between them, in quotes or not; `\C` and `\DDD` stand for an octet.
fn quoted(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut words = Vec::new();
    let (mut word, mut is_inside): (Option<Vec<u8>>, bool) = (None, false);
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        match octet {
            b'"' if is_inside => {
                words.extend(word.take());
                is_inside = false;
            }
            b'"' => {
                words.extend(word.take());
                word = Some(Vec::new());
                is_inside = true;
            }
            b'\\' => word.get_or_insert_default().push(escaped(&mut rest)?),
            _ if octet.is_ascii_whitespace() && !is_inside => words.extend(word.take()),
            _ => word.get_or_insert_default().push(octet),
        }
    }
    if is_inside {
        return Err("has a quote that does not end".into());
    }
    words.extend(word);
    Ok(words)
}

fn escaped(rest: &mut std::str::Bytes<'_>) -> Result<u8, String> {
    const RULE: &str = "has a '\\' that no character or number up to 255 follows";
    let first = rest.next().ok_or(RULE)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let digits = [first, rest.next().ok_or(RULE)?, rest.next().ok_or(RULE)?];
    std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok()).ok_or_else(|| RULE.into())
}

/// The texts of a TXT record, each in quotes; none when the octets are no strings.
fn texts(mut octets: &[u8]) -> Option<String> {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    let mut goes_on = false;
    while let Some((&length, rest)) = octets.split_first() {
        let (string, rest) = rest.split_at_checked(usize::from(length))?;
        match texts.last_mut().filter(|_| goes_on) {
            Some(text) => text.extend_from_slice(string),
            None => texts.push(string.to_vec()),
        }
        goes_on = string.len() == TXT_STRING_OCTETS_MAX;
        octets = rest;
    }
    Some(texts.iter().map(|text| in_quotes(text)).collect::<Vec<_>>().join(" "))
}

fn in_quotes(text: &[u8]) -> String {
    let plain = text.iter().map(|octet| match octet {
        b'"' | b'\\' => format!("\\{}", char::from(*octet)),
        0x20..=0x7e => char::from(*octet).to_string(),
        _ => format!("\\{octet:03}"),
    });
    format!("\"{}\"", plain.collect::<String>())
}
