//! SVCB and HTTPS records (RFC 9460).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Done, Words, bad};
use crate::library;
use crate::owner::escaped;

const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
/// Reserved (RFC 9460 section 14.3.2).
const INVALID: u16 = 65_535;

/// The keys that have names, by number (RFC 9460 section 14.3.2, RFC 9461 and RFC 9540).
const KEYS: [&str; 9] =
    ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"];

/// Priority, target and parameters; these go on the wire by key, each once.
pub(super) fn read(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    let priority = words.number(0)?;
    rdata.extend_from_slice(&priority.to_be_bytes());
    words.name(1, rdata)?;
    if priority == 0 && words.get(2).is_some() {
        return bad(2, "is a parameter of an alias (priority 0), which has none (RFC 9460 section 2.4.2)");
    }
    let mut params: BTreeMap<u16, (usize, Vec<u8>)> = BTreeMap::new();
    for nth in 2..words.tokens.len() {
        let (key, value) = param(words, nth)?;
        if params.insert(key, (nth, value)).is_some() {
            return bad(nth, "has a key that stands before it already (RFC 9460 section 2.1)");
        }
    }
    check(&params)?;
    for (key, (_, value)) in params {
        let Ok(len) = u16::try_from(value.len()) else { return bad(2, "is longer than 65535 octets") };
        rdata.extend_from_slice(&key.to_be_bytes());
        rdata.extend_from_slice(&len.to_be_bytes());
        rdata.extend_from_slice(&value);
    }
    Ok(())
}

/// What one parameter demands of the others (RFC 9460 sections 7.1.1 and 8).
fn check(params: &BTreeMap<u16, (usize, Vec<u8>)>) -> Done<()> {
    if let Some((nth, _)) = params.get(&NO_DEFAULT_ALPN).filter(|_| !params.contains_key(&ALPN)) {
        return bad(*nth, "stands without alpn (RFC 9460 section 7.1.1)");
    }
    let Some((nth, keys)) = params.get(&MANDATORY) else { return Ok(()) };
    let keys =
        keys.chunks_exact(2).map(|pair| pair.iter().fold(0, |key, octet| key << 8 | u16::from(*octet)));
    for key in keys {
        if !params.contains_key(&key) {
            return bad(*nth, format!("names {}, which is not there (RFC 9460 section 8)", name_of(key)));
        }
    }
    Ok(())
}

fn param(words: &Words<'_>, nth: usize) -> Done<(u16, Vec<u8>)> {
    let word = words.require(nth)?;
    let (name, value) = match word.iter().position(|octet| *octet == b'=') {
        Some(at) => (word.get(..at).unwrap_or_default(), word.get(at + 1..)),
        None => (word, None),
    };
    let Some(key) = key_of(name) else {
        return bad(nth, format!("is no parameter: its key is none of {}, keyNNNNN", KEYS.join(", ")));
    };
    let Some(octets) = unquoted(value.unwrap_or_default()) else {
        return bad(nth, "has a bad escape or a quote in the middle of its value");
    };
    // Written by its number, a key has its value as it is on the wire.
    let numbered = name.starts_with(b"key");
    let value = match key {
        _ if numbered => raw(key, octets),
        MANDATORY => mandatory(&octets),
        ALPN => list(&octets, |id, out| {
            out.push(u8::try_from(id.len()).ok().filter(|len| *len > 0)?);
            out.extend_from_slice(id);
            Some(())
        }),
        NO_DEFAULT_ALPN | 8 => (value.is_none() || octets.is_empty()).then(Vec::new),
        3 => text(&octets).and_then(|port| Some(port.parse::<u16>().ok()?.to_be_bytes().to_vec())),
        4 => list(&octets, |item, out| {
            out.extend_from_slice(&text(item)?.parse::<Ipv4Addr>().ok()?.octets());
            Some(())
        }),
        5 => library::base64(&octets).filter(|octets| !octets.is_empty()),
        6 => list(&octets, |item, out| {
            out.extend_from_slice(&text(item)?.parse::<Ipv6Addr>().ok()?.octets());
            Some(())
        }),
        7 => text(&octets).filter(|path| path.contains("{?dns")).map(|path| path.as_bytes().to_vec()),
        _ => Some(octets),
    };
    match value {
        Some(value) => Ok((key, value)),
        None => bad(nth, format!("is no value of {}", name_of(key))),
    }
}

/// The form of a known key's value, where it was written as octets.
fn raw(key: u16, octets: Vec<u8>) -> Option<Vec<u8>> {
    let fits = match key {
        MANDATORY => !octets.is_empty() && octets.len().is_multiple_of(2),
        NO_DEFAULT_ALPN | 8 => octets.is_empty(),
        3 => octets.len() == 2,
        4 => !octets.is_empty() && octets.len().is_multiple_of(4),
        6 => !octets.is_empty() && octets.len().is_multiple_of(16),
        _ => true,
    };
    fits.then_some(octets)
}

/// Keys in ascending order, each once, and never itself.
fn mandatory(octets: &[u8]) -> Option<Vec<u8>> {
    let mut keys = Vec::new();
    list(octets, |name, _| {
        keys.push(key_of(name).filter(|key| *key != MANDATORY)?);
        Some(())
    })?;
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    (keys.len() == count).then(|| keys.iter().flat_map(|key| key.to_be_bytes()).collect())
}

/// A list of values with commas between them, where `\,` and `\\` stand for themselves (RFC 9460
/// appendix A.1); at least one.
fn list(octets: &[u8], mut item: impl FnMut(&[u8], &mut Vec<u8>) -> Option<()>) -> Option<Vec<u8>> {
    let (mut out, mut current) = (Vec::new(), Vec::new());
    let mut octets = octets.iter();
    while let Some(&octet) = octets.next() {
        match octet {
            b',' => {
                item(&current, &mut out)?;
                current.clear();
            }
            b'\\' => current.push(*octets.next().filter(|next| matches!(next, b',' | b'\\'))?),
            _ => current.push(octet),
        }
    }
    item(&current, &mut out)?;
    Some(out)
}

/// A value without its quotes and escapes.
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let value = match value.strip_prefix(b"\"") {
        Some(rest) => rest.strip_suffix(b"\"")?,
        None => value,
    };
    let mut out = Vec::new();
    let mut octets = value.iter().copied();
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => out.push(escaped(&mut octets)?),
            b'"' => return None,
            _ => out.push(octet),
        }
    }
    Some(out)
}

fn key_of(name: &[u8]) -> Option<u16> {
    if let Some(known) = KEYS.iter().position(|key| key.as_bytes() == name) {
        return u16::try_from(known).ok();
    }
    let digits = text(name.strip_prefix(b"key")?)?;
    let plain =
        digits.bytes().all(|octet| octet.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|key| plain && *key != INVALID)
}

fn name_of(key: u16) -> String {
    KEYS.get(usize::from(key)).map_or_else(|| format!("key{key}"), |name| (*name).to_owned())
}

fn text(octets: &[u8]) -> Option<&str> {
    std::str::from_utf8(octets).ok()
}
