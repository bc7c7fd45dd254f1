//! The records of a piece, one by one.

use portolan_core::{NameRef, RecordType, Ttl};

use crate::context::{Context, Running};
use crate::entry::{self, Token};
use crate::fault::{Fault, Faults, Harm, quoted};
use crate::line::{self, Directive};
use crate::plain;

/// A part of a text that is read in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its first octet.
    pub start: usize,
    /// The octet after its last.
    pub end: usize,
    /// The line of its first octet, from 1.
    pub line: u32,
    /// What its first record takes from the lines before.
    pub context: Context,
}

/// One record, lent to the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its owner, in the zone.
    pub owner: NameRef<'a>,
    /// Its type.
    pub rtype: RecordType,
    /// Its TTL.
    pub ttl: Ttl,
    /// Its data as on the wire, names in it lower case and uncompressed.
    pub rdata: &'a [u8],
    /// The line in which its entry begins, from 1.
    pub line: u32,
}

/// What was found besides the records that went to the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How many records went to the sink.
    pub records: u64,
    /// Records of DNSSEC (RRSIG, NSEC, NSEC3, NSEC3PARAM), which are left out.
    pub dnssec: u64,
    /// What is wrong.
    pub faults: Faults,
    /// What a record after the piece takes from it.
    pub after: Context,
}

impl Found {
    /// Adds what was found in the piece that follows.
    pub fn append(&mut self, next: Self) {
        self.records += next.records;
        self.dnssec += next.dnssec;
        self.faults.append(next.faults);
        self.after = next.after;
    }
}

/// Reads a part of a text; each record goes to the sink. `text` is the whole that was cut.
pub fn read(text: &[u8], part: &Part, sink: impl FnMut(Record<'_>)) -> Found {
    let mut reader = Reader {
        text,
        at: part.start,
        line: part.line,
        running: Running::new(&part.context),
        sink,
        tokens: Vec::new(),
        rdata: Vec::new(),
        found: Found { records: 0, dnssec: 0, faults: Faults::default(), after: part.context.clone() },
    };
    // A part ends where an entry does, so none is read beyond it.
    let end = part.end.min(text.len());
    while reader.at < end {
        reader.entry();
    }
    reader.found.after = reader.running.freeze();
    reader.found
}

struct Reader<'t, S> {
    text: &'t [u8],
    at: usize,
    line: u32,
    running: Running,
    sink: S,
    tokens: Vec<Token>,
    rdata: Vec<u8>,
    found: Found,
}

impl<S: FnMut(Record<'_>)> Reader<'_, S> {
    fn entry(&mut self) {
        if let Some(line) = plain::line(self.text, self.at, &mut self.running, &mut self.rdata) {
            self.give(line.rtype, line.ttl);
            self.at = line.end;
            self.line += 1;
            return;
        }
        let begin = self.at;
        let entry = entry::next(self.text, begin, &mut self.tokens);
        match entry.fault {
            Some((at, rule)) => {
                let octet = self.text.get(at..=at).unwrap_or_default();
                self.fault(at, Harm::Damage, format!("{} {rule}", quoted(octet)));
            }
            None if self.tokens.is_empty() => {}
            None => {
                let tokens = std::mem::take(&mut self.tokens);
                self.words(&tokens, entry.indented);
                self.tokens = tokens;
                if let Some(long) = self.running.long_ttl.take() {
                    let rule =
                        "is above the longest TTL, 2147483647 seconds, and counts as 0 (RFC 2181 section 8)";
                    let message = format!("{} {rule}", quoted(long.of(self.text)));
                    self.fault(long.start, Harm::Mended, message);
                }
            }
        }
        let passed = self.text.get(begin..entry.end).unwrap_or_default();
        self.line = self.line.saturating_add(lines(passed));
        self.at = entry.end;
    }

    fn words(&mut self, tokens: &[Token], indented: bool) {
        let is_directive = !indented && self.text.get(self.at) == Some(&b'$');
        let fault = if is_directive {
            match line::directive(self.text, tokens, &mut self.running) {
                Ok(Directive::Taken) => return,
                Ok(Directive::Include(..)) => {
                    let (at, message) =
                        (self.at, "$INCLUDE has no place in a text that is not cut".to_owned());
                    line::Fault { at, harm: Harm::Damage, message }
                }
                Err(fault) => fault,
            }
        } else {
            match line::record(self.text, tokens, indented, &mut self.running, &mut self.rdata) {
                Ok(Some(line)) => return self.give(line.rtype, line.ttl),
                Ok(None) => return self.found.dnssec += 1,
                Err(fault) => fault,
            }
        };
        self.fault(fault.at.max(self.at), fault.harm, fault.message);
    }

    /// Gives the record that was just read to the sink, if it may stand in the zone.
    fn give(&mut self, rtype: RecordType, ttl: Ttl) {
        let Ok(owner) = self.running.owner().name() else { return };
        if !self.running.owner_in_zone {
            let message =
                format!("{owner} is not in the zone {}, so the record is left out", self.running.apex);
            return self.fault(self.at, Harm::LeftOut, message);
        }
        self.found.records += 1;
        (self.sink)(Record { owner, rtype, ttl, rdata: &self.rdata, line: self.line });
    }

    /// Notes a fault at a place of the entry that begins here.
    fn fault(&mut self, at: usize, harm: Harm, message: String) {
        let before = self.text.get(self.at..at).unwrap_or_default();
        let start = memchr::memrchr(b'\n', before).map_or(self.at, |found| self.at + found + 1);
        let column = String::from_utf8_lossy(self.text.get(start..at).unwrap_or_default()).chars().count();
        self.found.faults.push(Fault {
            line: self.line.saturating_add(lines(before)),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
            harm,
            message,
        });
    }
}

/// How many lines end in a text.
pub(crate) fn lines(text: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
