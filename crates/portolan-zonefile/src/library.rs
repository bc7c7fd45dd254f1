//! The door to the library `domain`: rdata in presentation form into wire form, one record at a time.
//!
//! The library reads a file from one end to the other and is of no use after its first fault; we want all
//! faults, and only the rdata. So it gets one line of our own making: an owner that nobody looks at, the
//! type, and the words of the rdata one space apart. Nothing outside this file knows of the library.

use std::fmt::Write as _;

use bytes::BytesMut;
use domain::base::iana::{Class, Rtype};
use domain::base::rdata::{ComposeRecordData as _, ParseAnyRecordData as _};
use domain::rdata::AllRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};
use portolan_core::RecordType;

/// How its message begins when it has no words for a type.
pub(crate) const UNKNOWN_TYPE: &str = "unknown record type";

/// A word, and whether it was quoted.
pub(crate) type Word<'t> = (&'t [u8], bool);

/// Reads rdata in presentation form, whose names are absolute. What is wrong comes with the number of the word at fault.
pub(crate) fn scan(
    rtype: RecordType,
    words: &[Word<'_>],
    rdata: &mut Vec<u8>,
) -> Result<(), (usize, String)> {
    let mut line = format!(". 0 IN {} ", Rtype::from_int(rtype.0));
    let mut ends = Vec::with_capacity(words.len());
    for word in words {
        write_word(*word, &mut line);
        ends.push(line.len());
        line.push(' ');
    }
    line.push('\n');
    let mut zonefile = Zonefile::from(line.as_str());
    zonefile.set_default_class(Class::IN);
    zonefile.set_origin(domain::base::Name::root_bytes());
    match zonefile.next_entry() {
        Ok(Some(Entry::Record(record))) => {
            let mut composed = BytesMut::new();
            // Canonical: names are lower case, as the core has them.
            let composing = record.data().compose_canonical_rdata(&mut composed);
            composing.map_err(|_| (0, "is longer than 65535 octets".to_owned()))?;
            rdata.extend_from_slice(&composed);
            Ok(())
        }
        Ok(_) => Err((0, "is no record".to_owned())),
        Err(error) => {
            let (column, message) = split(&error.to_string());
            let word = ends.iter().position(|end| column <= end + 1).unwrap_or(words.len());
            Err((word, message))
        }
    }
}

/// Checks rdata that was written as octets (RFC 3597) against the form of its type, and makes the names in
/// it lower case. Types that the library does not know have any form.
pub(crate) fn check(rtype: RecordType, octets: &[u8]) -> Option<Vec<u8>> {
    let mut parser = octseq_parser(octets);
    let parsed: AllRecordData<_, domain::base::name::ParsedName<_>> =
        AllRecordData::parse_any_rdata(Rtype::from_int(rtype.0), &mut parser).ok()?;
    if parser.remaining() > 0 {
        return None;
    }
    if let AllRecordData::Unknown(unknown) = &parsed {
        return Some(unknown.data().to_vec());
    }
    let mut composed = Vec::new();
    parsed.compose_canonical_rdata(&mut composed).ok()?;
    Some(composed)
}

fn octseq_parser(octets: &[u8]) -> domain::dep::octseq::Parser<'_, [u8]> {
    domain::dep::octseq::Parser::from_ref(octets)
}

/// Octets of a text in base 64.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    domain::utils::base64::decode(std::str::from_utf8(text).ok()?).ok()
}

/// The library takes words as UTF-8, we as octets: what is not printable ASCII is written as an escape.
fn write_word((word, quoted): Word<'_>, line: &mut String) {
    let quote = if quoted { "\"" } else { "" };
    line.push_str(quote);
    let mut octets = word.iter();
    while let Some(&octet) = octets.next() {
        match octet {
            b'\\' => match octets.next() {
                Some(&next @ 0x21..=0x7e) => line.extend(['\\', char::from(next)]),
                Some(next) => write_escape(*next, line),
                None => line.push('\\'),
            },
            0x20..=0x7e => line.push(char::from(octet)),
            _ => write_escape(octet, line),
        }
    }
    line.push_str(quote);
}

fn write_escape(octet: u8, line: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(line, "\\{octet:03}");
}

/// `LINE:COLUMN: MESSAGE`, of which the line is always the first.
fn split(error: &str) -> (usize, String) {
    let mut parts = error.splitn(3, ':');
    let column = parts.nth(1).and_then(|column| column.parse().ok()).unwrap_or(0);
    (column, parts.next().unwrap_or(error).trim().to_owned())
}
