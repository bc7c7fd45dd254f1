//! SVCB and HTTPS in words (RFC 9460 section 2.1 and appendix A).

use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write as _};
use core::net::{Ipv4Addr, Ipv6Addr};

use super::{name_end, quote};
use crate::name::Name;

/// The keys that have names, by number (RFC 9460 section 14.3.2, RFC 9461 and RFC 9540).
const KEYS: [&str; 9] =
    ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"];

/// None when the octets are not of the form.
pub(super) fn present(octets: &[u8], f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    let (priority, rest) = octets.split_first_chunk::<2>()?;
    let (target, mut rest) = rest.split_at_checked(name_end(rest)?)?;
    let target = Name::from_wire(target).ok()?;
    let mut text = String::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_first_chunk::<4>()?;
        let [k1, k0, l1, l0] = *head;
        let (value, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes([l1, l0])))?;
        text.push(' ');
        param(u16::from_be_bytes([k1, k0]), value, &mut text)?;
        rest = tail;
    }
    Some(write!(f, "{} {target}{text}", u16::from_be_bytes(*priority)))
}

fn param(key: u16, value: &[u8], text: &mut String) -> Option<()> {
    text.push_str(&name_of(key));
    let listed = match key {
        0 => items::<2>(value, |key| name_of(u16::from_be_bytes(key))),
        1 => return alpn(value, text),
        2 | 8 if value.is_empty() => return Some(()),
        3 => items::<2>(value, |port| format!("{}", u16::from_be_bytes(port))).filter(|_| value.len() == 2),
        4 => items::<4>(value, |address| format!("{}", Ipv4Addr::from(address))),
        5 => Some(base64(value)),
        6 => items::<16>(value, |address| format!("{}", Ipv6Addr::from(address))),
        _ => {
            text.push('=');
            quote(value, text);
            return Some(());
        }
    };
    // Writing to a string cannot fail.
    let _ = write!(text, "={}", listed?);
    Some(())
}

/// Items of one length with commas between them; at least one.
fn items<const N: usize>(value: &[u8], word: impl Fn([u8; N]) -> String) -> Option<String> {
    let (items, rest) = value.as_chunks::<N>();
    let words: alloc::vec::Vec<String> = items.iter().map(|item| word(*item)).collect();
    (rest.is_empty() && !words.is_empty()).then(|| words.join(","))
}

/// A list of strings, of which commas and backslashes are escaped once for the list and once as text.
fn alpn(mut value: &[u8], text: &mut String) -> Option<()> {
    let mut list = alloc::vec::Vec::new();
    while !value.is_empty() {
        let (id, rest) = super::string(value)?;
        if !list.is_empty() {
            list.push(b',');
        }
        for &octet in id {
            if matches!(octet, b',' | b'\\') {
                list.push(b'\\');
            }
            list.push(octet);
        }
        value = rest;
    }
    text.push('=');
    quote(&list, text);
    Some(())
}

fn name_of(key: u16) -> String {
    KEYS.get(usize::from(key)).map_or_else(|| format!("key{key}"), |name| (*name).into())
}

/// RFC 4648 section 4.
fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in octets.chunks(3) {
        let mut three = [0; 3];
        three.iter_mut().zip(group).for_each(|(to, from)| *to = *from);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for digit in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * digit) & 63).unwrap_or(0);
            let letter = ALPHABET.get(index).copied().filter(|_| digit <= group.len());
            text.push(letter.map_or('=', char::from));
        }
    }
    text
}
