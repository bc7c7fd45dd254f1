//! Types whose data is no row of fields: the form of one word depends on another, or the octets stand in another
//! order than the words.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::ipv4;
use super::{Bad, Done, Words, bad};

/// IPSECKEY (RFC 4025 section 3): the gateway's form is that of its type, and without an algorithm there is no key.
pub(super) fn ipseckey(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    rdata.push(words.octet(0)?);
    let kind = words.octet(1)?;
    let algorithm = words.octet(2)?;
    rdata.extend([kind, algorithm]);
    gateway(kind, words, rdata)?.ok_or(unknown_kind(1))?;
    if algorithm == 0 {
        return words.end(4);
    }
    rdata.extend_from_slice(&words.base64(4)?);
    Ok(())
}

/// AMTRELAY (RFC 8777 section 4): the bit that tells a discovery stands before the type of the relay.
pub(super) fn amtrelay(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    rdata.push(words.octet(0)?);
    let discovery = match words.octet(1)? {
        bit @ 0..=1 => bit << 7,
        _ => return bad(1, "is neither 0 nor 1"),
    };
    let kind = words.octet(2)?;
    rdata.push(discovery | kind);
    gateway(kind, words, rdata)?.ok_or(unknown_kind(2))?;
    words.end(4)
}

/// The gateway, which is the fourth word: nobody, an address or a name. None for a type that there is not.
fn gateway(kind: u8, words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<Option<()>> {
    const GATEWAY: usize = 3;
    match kind {
        0 if words.require(GATEWAY)? == b"." => {}
        0 => return bad(GATEWAY, "is no gateway of type 0, which is written as a point"),
        1 => rdata.extend_from_slice(&ipv4(words, GATEWAY)?),
        2 => match words.text(GATEWAY)?.parse::<Ipv6Addr>() {
            Ok(address) => rdata.extend_from_slice(&address.octets()),
            Err(_) => return bad(GATEWAY, "is no IPv6 address"),
        },
        3 => words.name(GATEWAY, rdata)?,
        _ => return Ok(None),
    }
    Ok(Some(()))
}

fn unknown_kind(word: usize) -> Bad {
    Bad { word, rule: "is no type of a gateway: 0 (none), 1 (IPv4), 2 (IPv6), 3 (a name)".into() }
}

/// HIP (RFC 8005 section 5): algorithm, tag and key, then servers; the lengths of tag and key come first.
pub(super) fn hip(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    let algorithm = words.octet(0)?;
    words.require(1)?;
    let tag = words.hex(1..2)?;
    let key = words.base64_word(2)?;
    let Ok(tag_octets) = u8::try_from(tag.len()) else { return bad(1, "is longer than 255 octets") };
    let Ok(key_octets) = u16::try_from(key.len()) else { return bad(2, "is longer than 65535 octets") };
    rdata.extend([tag_octets, algorithm]);
    rdata.extend_from_slice(&key_octets.to_be_bytes());
    rdata.extend_from_slice(&tag);
    rdata.extend_from_slice(&key);
    (3..words.count()).try_for_each(|nth| words.name(nth, rdata))
}

/// APL (RFC 3123 section 4): prefixes, each with its family and an exclamation mark where it is meant not to be in.
pub(super) fn apl(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    for nth in 0..words.count() {
        match prefix(words.text(nth)?) {
            Some(octets) => rdata.extend_from_slice(&octets),
            None => {
                return bad(nth, "is no prefix: 1:192.0.2.0/24 or 2:2001:db8::/32, with ! before it or not");
            }
        }
    }
    Ok(())
}

/// The octets of one prefix; those at its end that are zero are left out.
fn prefix(word: &str) -> Option<Vec<u8>> {
    let without = word.strip_prefix('!');
    let (family, rest) = without.unwrap_or(word).split_once(':')?;
    let (address, bits) = rest.split_once('/')?;
    let (family, bits_max, mut octets): (u8, u8, Vec<u8>) = match family {
        "1" => (1, 32, address.parse::<Ipv4Addr>().ok()?.octets().into()),
        "2" => (2, 128, address.parse::<Ipv6Addr>().ok()?.octets().into()),
        _ => return None,
    };
    let is_number = bits.bytes().all(|octet| octet.is_ascii_digit());
    let bits: u8 = bits.parse().ok().filter(|bits| is_number && *bits <= bits_max)?;
    while octets.last() == Some(&0) {
        octets.pop();
    }
    let negation = if without.is_some() { 0x80 } else { 0 };
    let length = negation | u8::try_from(octets.len()).ok()?;
    Some([&[0, family, bits, length][..], &octets].concat())
}

/// WKS (RFC 1035 section 3.4.2): an address, a protocol, and one bit for each port of a service.
pub(super) fn wks(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    rdata.extend_from_slice(&ipv4(words, 0)?);
    let protocol = words.require(1)?;
    rdata.push(match protocol {
        _ if protocol.eq_ignore_ascii_case(b"tcp") => 6,
        _ if protocol.eq_ignore_ascii_case(b"udp") => 17,
        _ => words.octet(1)?,
    });
    let mut bits = Vec::new();
    for nth in 2..words.count() {
        let port = port(words, nth)?;
        let at = usize::from(port / 8);
        if bits.len() <= at {
            bits.resize(at + 1, 0);
        }
        if let Some(octet) = bits.get_mut(at) {
            *octet |= 0x80 >> (port % 8);
        }
    }
    rdata.extend_from_slice(&bits);
    Ok(())
}

/// A port, by its number or by the word of a service that such records had.
fn port(words: &Words<'_>, nth: usize) -> Done<u16> {
    const SERVICES: [(&str, u16); 20] = [
        ("ftp-data", 20),
        ("ftp", 21),
        ("ssh", 22),
        ("telnet", 23),
        ("smtp", 25),
        ("time", 37),
        ("nameserver", 42),
        ("domain", 53),
        ("tftp", 69),
        ("gopher", 70),
        ("finger", 79),
        ("http", 80),
        ("pop3", 110),
        ("sunrpc", 111),
        ("auth", 113),
        ("nntp", 119),
        ("ntp", 123),
        ("imap", 143),
        ("snmp", 161),
        ("https", 443),
    ];
    let word = words.require(nth)?;
    let known = SERVICES.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
    known.map_or_else(|| words.number(nth), |(_, port)| Ok(*port))
}
