//! Rdata in presentation form into wire form: the general way.
//!
//! Most types are the library's ([`crate::library`]). Ours are those that it lacks ([`fields`] for most of them),
//! IPSECKEY, whose gateway may be an address, SOA, because operators write its times with units, SVCB and HTTPS,
//! whose keys with a `z` or a `9` the library refuses, and every name, of whatever type.

use std::ops::Range;

use portolan_core::record::{Rdata, TXT_STRING_OCTETS_MAX};
use portolan_core::{NameRef, RecordType};

use crate::entry::{self, Token};
use crate::fault::quoted;
use crate::library;
use crate::owner::{Wire, escaped};
use crate::seconds::seconds;

mod fields;
mod loc;
mod odd;
mod svcb;

/// Longest rdata, in octets (RFC 1035 section 3.2.1).
const RDATA_OCTETS_MAX: usize = 65_535;

/// What is wrong with rdata.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    /// The word at fault; their number when it is what is missing at the end.
    pub(crate) word: usize,
    /// The rule that it breaks.
    pub(crate) rule: String,
}

/// The words of the rdata of one record.
pub(crate) struct Words<'t> {
    pub(crate) text: &'t [u8],
    pub(crate) tokens: &'t [Token],
    pub(crate) origin: &'t Wire,
}

type Done<T> = Result<T, Bad>;

fn bad<T>(word: usize, rule: impl Into<String>) -> Done<T> {
    Err(Bad { word, rule: rule.into() })
}

/// Rdata in words, as one line has it behind the type; relative names are relative to the root.
///
/// # Errors
/// The word at fault and the rule that it breaks, for people.
pub fn of_words(rtype: RecordType, text: &str) -> Result<Rdata, String> {
    let text = text.as_bytes();
    let mut tokens = Vec::new();
    let entry = entry::next(text, 0, &mut tokens);
    if let Some((_, rule)) = entry.fault {
        return Err(rule.to_owned());
    }
    if entry.end < text.len() {
        return Err("has more than one line".to_owned());
    }
    let mut octets = Vec::new();
    read(rtype, &Words { text, tokens: &tokens, origin: &Wire::new() }, &mut octets).map_err(|bad| {
        match tokens.get(bad.word) {
            Some(token) => format!("has {}, which {}", quoted(token.of(text)), bad.rule),
            None => "is not whole: something is missing at its end".to_owned(),
        }
    })?;
    Rdata::from_wire(&octets).ok_or_else(|| "is longer than 65535 octets".to_owned())
}

/// Reads the rdata of a type. `rdata` is written over.
pub(crate) fn read(rtype: RecordType, words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    rdata.clear();
    if words.get(0).is_some_and(|word| word == b"\\#") {
        return generic(rtype, words, rdata);
    }
    match rtype {
        RecordType::SOA => soa(words, rdata)?,
        RecordType::URI => uri(words, rdata)?,
        RecordType::CERT => cert(words, rdata)?,
        RecordType::LOC => loc::read(words, rdata)?,
        RecordType::SVCB | RecordType::HTTPS => svcb::read(words, rdata)?,
        RecordType::APL => odd::apl(words, rdata)?,
        RecordType::IPSECKEY => odd::ipseckey(words, rdata)?,
        RecordType::AMTRELAY => odd::amtrelay(words, rdata)?,
        RecordType::HIP => odd::hip(words, rdata)?,
        RecordType::WKS => odd::wks(words, rdata)?,
        _ => match fields::of(rtype) {
            Some(fields) => fields::read(fields, words, rdata)?,
            None => words.library(rtype, rdata)?,
        },
    }
    if rdata.len() > RDATA_OCTETS_MAX {
        return bad(
            0,
            format!("makes {} octets of data; a record has at most {RDATA_OCTETS_MAX}", rdata.len()),
        );
    }
    Ok(())
}

/// `\# LENGTH HEX…` (RFC 3597 section 5). Data of a known type must have that type's form.
fn generic(rtype: RecordType, words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    let length = usize::from(words.number(1)?);
    let nibbles = words.nibbles(2..words.count())?;
    if nibbles.len() != 2 * length {
        return bad(1, format!("octets are announced, and {} hexadecimal digits follow", nibbles.len()));
    }
    rdata.extend_from_slice(&pairs(&nibbles));
    match library::check(rtype, rdata) {
        Some(canonical) => *rdata = canonical,
        None => return bad(2, format!("is not the data of {rtype}")),
    }
    Ok(())
}

/// The value of a hexadecimal digit.
fn nibble(octet: u8) -> Option<u8> {
    u8::try_from(char::from(octet).to_digit(16)?).ok()
}

/// Octets of two digits each.
fn pairs(nibbles: &[u8]) -> Vec<u8> {
    nibbles.chunks_exact(2).map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)).collect()
}

fn soa(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    words.name(0, rdata)?;
    words.name(1, rdata)?;
    let serial = words.require(2)?;
    let Some(serial) = std::str::from_utf8(serial).ok().and_then(|text| text.parse::<u32>().ok()) else {
        return bad(2, "is no serial: a number from 0 to 4294967295");
    };
    rdata.extend_from_slice(&serial.to_be_bytes());
    for nth in 3..7 {
        let Some(time) = seconds(words.require(nth)?) else {
            return bad(nth, "is no time: seconds, or numbers with units as in 1h30m");
        };
        rdata.extend_from_slice(&time.to_be_bytes());
    }
    words.end(7)
}

/// RFC 7553 section 4.5: priority, weight, and a target in quotes that is the rest of the data.
fn uri(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    rdata.extend_from_slice(&words.number(0)?.to_be_bytes());
    rdata.extend_from_slice(&words.number(1)?.to_be_bytes());
    let target = words.octets(2)?;
    if target.is_empty() {
        return bad(2, "is an empty target (RFC 7553 section 4.4)");
    }
    rdata.extend_from_slice(&target);
    words.end(3)
}

/// RFC 4398 section 2.2.
fn cert(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    const KINDS: [(&str, u16); 10] = [
        ("PKIX", 1),
        ("SPKI", 2),
        ("PGP", 3),
        ("IPKIX", 4),
        ("ISPKI", 5),
        ("IPGP", 6),
        ("ACPKIX", 7),
        ("IACPKIX", 8),
        ("URI", 253),
        ("OID", 254),
    ];
    let word = words.require(0)?;
    let kind = KINDS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
    let kind = kind.map_or_else(|| words.number(0), |(_, number)| Ok(*number))?;
    rdata.extend_from_slice(&kind.to_be_bytes());
    rdata.extend_from_slice(&words.number(1)?.to_be_bytes());
    rdata.push(fields::algorithm(words, 2)?);
    rdata.extend_from_slice(&words.base64(3)?);
    Ok(())
}

/// The words that are names. They are read here, as the library takes `@` for a label and lets an empty one
/// through.
fn names_of(rtype: RecordType) -> &'static [usize] {
    match rtype {
        RecordType::NS | RecordType::CNAME | RecordType::PTR | RecordType::DNAME => &[0],
        RecordType::MX => &[1],
        RecordType::SRV => &[3],
        RecordType::NAPTR => &[5],
        RecordType::RP => &[0, 1],
        _ => &[],
    }
}

impl<'t> Words<'t> {
    pub(crate) fn get(&self, nth: usize) -> Option<&'t [u8]> {
        self.tokens.get(nth).map(|token| token.of(self.text))
    }

    fn require(&self, nth: usize) -> Done<&'t [u8]> {
        self.get(nth)
            .ok_or(Bad { word: nth, rule: "is not all of the record: something is missing after it".into() })
    }

    /// How many there are.
    fn count(&self) -> usize {
        self.tokens.len()
    }

    /// A word as text.
    fn text(&self, nth: usize) -> Done<&'t str> {
        std::str::from_utf8(self.require(nth)?).or_else(|_| bad(nth, "is not UTF-8"))
    }

    /// There is no word here.
    fn end(&self, nth: usize) -> Done<()> {
        match self.get(nth) {
            None => Ok(()),
            Some(_) => bad(nth, "is more than the record has"),
        }
    }

    fn number(&self, nth: usize) -> Done<u16> {
        let word = self.require(nth)?;
        let number =
            word.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(word).ok()?.parse().ok());
        number.flatten().ok_or(Bad { word: nth, rule: "is no number from 0 to 65535".into() })
    }

    fn octet(&self, nth: usize) -> Done<u8> {
        let number = self.number(nth).ok().and_then(|number| u8::try_from(number).ok());
        match number {
            Some(number) => Ok(number),
            None => self.require(nth).and_then(|_| bad(nth, "is no number from 0 to 255")),
        }
    }

    fn long(&self, nth: usize) -> Done<u32> {
        let word = self.text(nth)?;
        match word.parse() {
            Ok(number) if word.bytes().all(|octet| octet.is_ascii_digit()) => Ok(number),
            _ => bad(nth, "is no number from 0 to 4294967295"),
        }
    }

    fn rtype(&self, nth: usize) -> Done<RecordType> {
        self.text(nth)?
            .parse()
            .or_else(|_| bad(nth, "is no record type: a word as AAAA, or TYPE and a number"))
    }

    /// The digits of some words in hexadecimal.
    fn nibbles(&self, range: Range<usize>) -> Done<Vec<u8>> {
        let mut nibbles = Vec::new();
        for nth in range {
            for octet in self.require(nth)? {
                nibbles.push(nibble(*octet).ok_or(Bad { word: nth, rule: "is not hexadecimal".into() })?);
            }
        }
        Ok(nibbles)
    }

    /// The octets of some words in hexadecimal, which are one number of digits.
    fn hex(&self, range: Range<usize>) -> Done<Vec<u8>> {
        let first = range.start;
        let nibbles = self.nibbles(range)?;
        match nibbles.len() % 2 {
            0 => Ok(pairs(&nibbles)),
            _ => bad(first, "has an odd number of hexadecimal digits"),
        }
    }

    /// The octets of this word and all behind it, in base 64.
    fn base64(&self, from: usize) -> Done<Vec<u8>> {
        self.require(from)?;
        let text: Vec<u8> =
            self.tokens.iter().skip(from).flat_map(|token| token.of(self.text)).copied().collect();
        library::base64(&text).ok_or(Bad { word: from, rule: "is not in base 64".into() })
    }

    /// The octets of one word in base 64.
    fn base64_word(&self, nth: usize) -> Done<Vec<u8>> {
        library::base64(self.require(nth)?).ok_or(Bad { word: nth, rule: "is not in base 64".into() })
    }

    fn name(&self, nth: usize, rdata: &mut Vec<u8>) -> Done<()> {
        let mut name = Wire::new();
        match name.read(self.require(nth)?, self.origin).and_then(|()| name.name()) {
            Ok(name) => rdata.extend_from_slice(name.as_wire()),
            Err(error) => return bad(nth, format!("{error}, so it is no domain name")),
        }
        Ok(())
    }

    /// A word without its escapes.
    fn octets(&self, nth: usize) -> Done<Vec<u8>> {
        let mut octets = self.require(nth)?.iter().copied();
        let mut out = Vec::new();
        while let Some(octet) = octets.next() {
            match octet {
                b'\\' => match escaped(&mut octets) {
                    Some(octet) => out.push(octet),
                    None => return bad(nth, "has a bad escape (\\C or \\DDD up to 255)"),
                },
                _ => out.push(octet),
            }
        }
        Ok(out)
    }

    fn library(&self, rtype: RecordType, rdata: &mut Vec<u8>) -> Done<()> {
        self.require(0)?;
        let mut names = Vec::new();
        for nth in names_of(rtype).iter().filter(|nth| **nth < self.tokens.len()) {
            let mut wire = Vec::new();
            self.name(*nth, &mut wire)?;
            names.push((
                *nth,
                NameRef::from_wire(&wire).map_or_else(|_| String::new(), |name| name.to_string()),
            ));
        }
        let word = |(nth, token): (usize, &Token)| {
            let name = names.iter().find(|(at, _)| *at == nth);
            name.map_or((token.of(self.text), token.quoted), |(_, name)| (name.as_bytes(), false))
        };
        let words: Vec<library::Word<'_>> = self.tokens.iter().enumerate().map(word).collect();
        library::scan(rtype, &words, rdata).map_err(|(word, message)| {
            let rule = if message.starts_with(library::UNKNOWN_TYPE) {
                format!("is {rtype} data in words, which we have none for; write \\# LENGTH HEX (RFC 3597)")
            } else if self.get(word).is_some_and(|text| text.len() > TXT_STRING_OCTETS_MAX) && message.contains("charstr") {
                format!("is longer than {TXT_STRING_OCTETS_MAX} octets, the most of one text; write several in quotes")
            } else {
                format!("does not belong into {rtype} data: {message}")
            };
            Bad { word, rule }
        })
    }
}

#[cfg(test)]
mod tests;
