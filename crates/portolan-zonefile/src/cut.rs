//! A text into pieces that can be read apart from each other.
//!
//! Where an entry may end and what a record takes from the lines before depends on all that stands before.
//! But only two octets can change either for many lines: `(`, which lets an entry go on, and `$` at the
//! beginning of a line, a directive. Both are found at the speed of memory; all lines between them are
//! entries of their own, of which any may be the first of a piece. What remains to be known there, the last
//! owner and TTL, stands in the few lines before; where it does not, the piece is read for it.

use std::ops::Range;

use memchr::memmem::Finder;
use portolan_core::Name;

use crate::context::{Context, Running};
use crate::entry::{self, Token, line_end};
use crate::fault::{Fault, Faults, Harm};
use crate::line::{self, Directive};
use crate::read::{Part, lines, read};

/// A piece is not shorter than this, in octets: a thread costs more than it wins below it.
pub const PART_OCTETS_MIN: usize = 64 << 10;
/// How far back the last owner and TTL are looked for before a whole piece is read for them, in octets.
const LOOK_BACK_OCTETS: usize = 16 << 10;

/// A place where the text of another file belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// As it was written.
    pub path: String,
    /// The line of the directive, from 1.
    pub line: u32,
    /// What the other file's first record takes: its `$TTL` and owner do not come back out of it.
    pub context: Context,
}

/// What a text falls into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part of this text.
    Part(Part),
    /// Another file.
    Include(Include),
}

/// Cuts a text into about so many parts, each for one thread. Faults of directives are the parts' own: each
/// part's reader sees them too.
#[must_use]
pub fn cut(text: &[u8], context: &Context, parts: usize) -> (Vec<Piece>, Faults) {
    cut_by(text, context, (text.len() / parts.max(1)).max(PART_OCTETS_MIN))
}

fn cut_by(text: &[u8], context: &Context, size: usize) -> (Vec<Piece>, Faults) {
    let mut cutter = Cutter {
        text,
        size,
        start: 0,
        at: 0,
        line: 1,
        context: context.clone(),
        running: Running::new(context),
        pieces: Vec::new(),
        faults: Faults::default(),
    };
    cutter.run();
    (cutter.pieces, cutter.faults)
}

struct Cutter<'t> {
    text: &'t [u8],
    size: usize,
    /// Where the part begins that is not cut off yet; its line and context.
    start: usize,
    line: u32,
    context: Context,
    /// All before is looked at. From here to the next octet that counts, each line is an entry.
    at: usize,
    /// `$ORIGIN` and `$TTL` as they are at `at`; nothing else of it is kept up.
    running: Running,
    pieces: Vec<Piece>,
    faults: Faults,
}

impl Cutter<'_> {
    fn run(&mut self) {
        let directive = Finder::new(b"\n$");
        let mut tokens = Vec::new();
        let mut marks = Marks { parenthesis: 0, directive: 0 };
        while let Some(special) = marks.next(self.text, self.at, &directive) {
            self.cut_before(special);
            let entry = entry::next(self.text, special, &mut tokens);
            if self.text.get(special) == Some(&b'$') && entry.fault.is_none() {
                self.directive(special..entry.end, &tokens);
            }
            self.at = entry.end;
        }
        self.cut_before(self.text.len());
        self.part(self.text.len());
    }

    /// Cuts parts off as long as there is enough before this place.
    fn cut_before(&mut self, limit: usize) {
        while self.start + self.size < limit {
            let end = line_end(self.text, (self.start + self.size).max(self.at).saturating_sub(1));
            if end >= limit {
                return;
            }
            let context = self.context_at(end);
            self.part(end);
            self.context = context;
        }
    }

    /// Ends the part that is open.
    fn part(&mut self, end: usize) {
        if end > self.start {
            let context = self.context.clone();
            self.pieces.push(Piece::Part(Part { start: self.start, end, line: self.line, context }));
        }
        self.pass(end);
    }

    fn pass(&mut self, end: usize) {
        let passed = self.text.get(self.start..end).unwrap_or_default();
        self.line = self.line.saturating_add(lines(passed));
        self.start = end;
    }

    /// What a record takes that begins here, where only lines stand that are entries back to `at`.
    fn context_at(&self, end: usize) -> Context {
        let from = end.saturating_sub(LOOK_BACK_OCTETS);
        let from = if from > self.at { line_end(self.text, from) } else { self.at.max(self.start) };
        let mut known = self.running.freeze();
        (known.owner, known.last_ttl) = (None, None);
        let look = |start: usize, context: Context| {
            read(self.text, &Part { start, end, line: 1, context }, |_| {}).after
        };
        let near = look(from, known);
        if near.is_settled() { near } else { look(self.start, self.context.clone()) }
    }

    fn directive(&mut self, at: Range<usize>, tokens: &[Token]) {
        let Ok(Directive::Include(path, origin)) = line::directive(self.text, tokens, &mut self.running)
        else {
            // A fault is told by the reader of the part.
            return;
        };
        let after = self.context_at_include(at.start);
        self.part(at.start);
        let Ok(origin) = origin.name() else {
            let message = "has an origin that is longer than a name may be".to_owned();
            self.faults.push(Fault { line: self.line, column: 1, harm: Harm::Damage, message });
            return;
        };
        let inside = Context { origin: origin.to_name(), ..after.clone() };
        self.pieces.push(Piece::Include(Include { path, line: self.line, context: inside }));
        self.pass(at.end);
        self.context = after;
    }

    /// What a record takes after an included file, which is what it takes before (RFC 1035 section 5.1).
    fn context_at_include(&self, at: usize) -> Context {
        if at > self.start { self.context_at(at) } else { self.context.clone() }
    }
}

impl Include {
    /// The apex of the zone that the file is a part of.
    #[must_use]
    pub fn apex(&self) -> &Name {
        &self.context.apex
    }
}

/// The next octets that count, each looked for only when the last one found is behind.
struct Marks {
    parenthesis: usize,
    directive: usize,
}

impl Marks {
    /// The beginning of the line, at or after `at`, in which an entry may go on or a directive stands.
    fn next(&mut self, text: &[u8], at: usize, directive: &Finder<'_>) -> Option<usize> {
        if self.parenthesis <= at {
            let rest = text.get(at..).unwrap_or_default();
            self.parenthesis = memchr::memchr(b'(', rest).map_or(usize::MAX, |found| at + found);
        }
        if self.directive <= at {
            self.directive = if text.get(at) == Some(&b'$') {
                at
            } else {
                let rest = text.get(at..).unwrap_or_default();
                directive.find(rest).map_or(usize::MAX, |found| at + found + 1)
            };
        }
        let next = self.parenthesis.min(self.directive);
        let before = text.get(at..next)?;
        Some(memchr::memrchr(b'\n', before).map_or(at, |found| at + found + 1))
    }
}

#[cfg(test)]
mod tests;
