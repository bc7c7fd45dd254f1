//! The fast path: records that stand in one line without parentheses and escapes.
//!
//! Nearly all lines of a large zone are of this kind, and the library reads 2,000,000 of them too slowly for
//! a server that must answer soon after its start (adr/0006). At *any* doubt or fault a line is given up
//! here, nothing is changed, and the general way reads it from its first octet: every fault and its message
//! is made there. A property test holds the two against each other.

use std::ops::Range;

use portolan_core::{RecordType, Ttl};

use crate::context::Running;
use crate::entry::line_end;
use crate::owner::Wire;

/// Longest word that is looked at for a type, in octets: `CNAME`, `DNAME`.
const WORD_OCTETS_MAX: usize = 5;

/// A line that was read. The owner is the running context's, the data in the buffer that was given.
pub(crate) struct Line {
    pub(crate) rtype: RecordType,
    pub(crate) ttl: Ttl,
    /// Where the next line begins.
    pub(crate) end: usize,
}

/// Reads the line that begins at `at`; the running context takes its owner and TTL. `rdata` is written over.
pub(crate) fn line(text: &[u8], at: usize, running: &mut Running, rdata: &mut Vec<u8>) -> Option<Line> {
    let mut cursor = Cursor { rest: text.get(at..)? };
    let owner = cursor.owner(text, at, running)?;
    let (said, rtype) = cursor.head()?;
    let ttl = running.ttl(said)?;
    rdata.clear();
    cursor.rdata(rtype, &running.origin, rdata)?;
    let end = cursor.end(text)?;
    if let Owner::New { in_zone, text } = owner {
        running.take_next(in_zone, Some(text));
    }
    if said.is_some() {
        running.last_ttl = said;
    }
    Some(Line { rtype, ttl, end })
}

enum Owner {
    Same,
    New { in_zone: bool, text: Range<usize> },
}

struct Cursor<'t> {
    rest: &'t [u8],
}

impl<'t> Cursor<'t> {
    fn owner(&mut self, text: &[u8], at: usize, running: &mut Running) -> Option<Owner> {
        if self.blanks() {
            return running.has_owner.then_some(Owner::Same);
        }
        // The records of a name mostly follow each other, each with its owner.
        let before = running.owner_text.clone().and_then(|range| text.get(range));
        if let Some(rest) = before.and_then(|before| self.rest.strip_prefix(before))
            && matches!(rest.first(), Some(b' ' | b'\t'))
        {
            self.rest = rest;
            self.blanks();
            return Some(Owner::Same);
        }
        let (next, origin) = running.next_owner();
        let read = next.read_plain(self.rest, origin)?;
        let absolute = self.rest.get(read - 1) == Some(&b'.');
        self.rest = self.rest.get(read..)?;
        if !self.blanks() {
            return None;
        }
        // What is relative to an origin in the zone is in the zone.
        let in_zone = (!absolute && running.origin_in_zone)
            || running.candidate().name().ok()?.is_at_or_below(running.apex.borrowed());
        Some(Owner::New { in_zone, text: at..at + read })
    }

    /// TTL and class in either order, each at most once, then the type.
    fn head(&mut self) -> Option<(Option<Ttl>, RecordType)> {
        let mut ttl = None;
        let mut class = false;
        loop {
            let word = self.word()?;
            if !self.blanks() {
                return None;
            }
            if word.first()?.is_ascii_digit() {
                let seconds = number(word)?;
                ttl = match ttl {
                    None => Some(Ttl::from_seconds(seconds)?),
                    Some(_) => return None,
                };
            } else if word.eq_ignore_ascii_case(b"IN") {
                if class {
                    return None;
                }
                class = true;
            } else {
                return Some((ttl, rtype(word)?));
            }
        }
    }

    fn rdata(&mut self, rtype: RecordType, origin: &Wire, rdata: &mut Vec<u8>) -> Option<()> {
        match rtype {
            RecordType::A => rdata.extend_from_slice(&self.ipv4()?),
            RecordType::AAAA => {
                let word = std::str::from_utf8(self.word()?).ok()?;
                rdata.extend_from_slice(&word.parse::<std::net::Ipv6Addr>().ok()?.octets());
            }
            RecordType::MX => {
                self.numbers(1, rdata)?;
                self.name(origin, rdata)?;
            }
            RecordType::SRV => {
                self.numbers(3, rdata)?;
                self.name(origin, rdata)?;
            }
            RecordType::TXT => self.strings(rdata)?,
            _ => self.name(origin, rdata)?,
        }
        Some(())
    }

    fn ipv4(&mut self) -> Option<[u8; 4]> {
        let mut octets = [0; 4];
        for (nth, octet) in octets.iter_mut().enumerate() {
            if nth > 0 {
                self.rest = self.rest.strip_prefix(b".")?;
            }
            let digits = self.rest.iter().take(4).take_while(|octet| octet.is_ascii_digit()).count();
            let (text, rest) = self.rest.split_at_checked(digits)?;
            // A leading zero may mean octal to somebody.
            if text.is_empty() || (text.len() > 1 && text.first() == Some(&b'0')) {
                return None;
            }
            *octet = u8::try_from(number(text)?).ok()?;
            self.rest = rest;
        }
        Some(octets)
    }

    fn numbers(&mut self, count: usize, rdata: &mut Vec<u8>) -> Option<()> {
        for _ in 0..count {
            let number = u16::try_from(number(self.word()?)?).ok()?;
            rdata.extend_from_slice(&number.to_be_bytes());
            if !self.blanks() {
                return None;
            }
        }
        Some(())
    }

    fn name(&mut self, origin: &Wire, rdata: &mut Vec<u8>) -> Option<()> {
        let mut name = Wire::new();
        let read = name.read_plain(self.rest, origin)?;
        self.rest = self.rest.get(read..)?;
        rdata.extend_from_slice(name.as_wire());
        Some(())
    }

    /// Strings in quotes without escapes, up to the end of the line.
    fn strings(&mut self, rdata: &mut Vec<u8>) -> Option<()> {
        while let Some(rest) = self.rest.strip_prefix(b"\"") {
            let len = rest
                .iter()
                .position(|octet| !matches!(octet, 0x20..=0x7e) || matches!(octet, b'"' | b'\\'))?;
            let (string, rest) = rest.split_at_checked(len)?;
            self.rest = rest.strip_prefix(b"\"")?;
            rdata.push(u8::try_from(string.len()).ok()?);
            rdata.extend_from_slice(string);
            let apart = self.blanks();
            if !apart && self.rest.first() == Some(&b'"') {
                return None;
            }
        }
        (!rdata.is_empty()).then_some(())
    }

    /// Goes behind blanks and a comment to the end of the line, and says where the next one begins.
    fn end(&mut self, text: &[u8]) -> Option<usize> {
        self.blanks();
        let at = text.len() - self.rest.len();
        match self.rest.first() {
            None => Some(text.len()),
            Some(b'\n') => Some(at + 1),
            Some(b';') => Some(line_end(text, at)),
            Some(_) => None,
        }
    }

    /// Goes behind blanks; false when there are none.
    fn blanks(&mut self) -> bool {
        let count = self.rest.iter().take_while(|octet| matches!(octet, b' ' | b'\t' | b'\r')).count();
        self.rest = self.rest.get(count..).unwrap_or_default();
        count > 0
    }

    /// The octets up to white space or whatever has a meaning of its own.
    fn word(&mut self) -> Option<&'t [u8]> {
        let is_end =
            |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(' | b')' | b'"' | b'\\');
        let len = self.rest.iter().position(is_end).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// A whole number of digits alone.
fn number(text: &[u8]) -> Option<u32> {
    let digit = |octet: &u8| octet.is_ascii_digit().then(|| u64::from(octet - b'0'));
    if text.is_empty() || text.len() > 10 {
        return None;
    }
    let value = text.iter().try_fold(0, |value, octet| Some(value * 10 + digit(octet)?))?;
    u32::try_from(value).ok()
}

fn rtype(word: &[u8]) -> Option<RecordType> {
    let mut upper = [0; WORD_OCTETS_MAX];
    let upper = upper.get_mut(..word.len())?;
    upper.copy_from_slice(word);
    upper.make_ascii_uppercase();
    Some(match &*upper {
        b"A" => RecordType::A,
        b"AAAA" => RecordType::AAAA,
        b"CNAME" => RecordType::CNAME,
        b"DNAME" => RecordType::DNAME,
        b"MX" => RecordType::MX,
        b"NS" => RecordType::NS,
        b"PTR" => RecordType::PTR,
        b"SRV" => RecordType::SRV,
        b"TXT" => RecordType::TXT,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
