//! Entries: what stands between two line ends that count.
//!
//! Reading and cutting a text both go from entry to entry by [`next`] and by nothing else, so that they
//! never disagree on where one ends. Inside parentheses line ends do not count (RFC 1035 section 5.1).
//! A quoted string ends in its own line, as BIND has it: a quote that is not closed then costs one line,
//! where it would otherwise cost all lines up to the next quote.

/// Longest entry, in octets. The longest rdata takes four octets of text for each of its own.
pub(crate) const ENTRY_OCTETS_MAX: usize = 1 << 20;

/// A word of an entry, by its offsets in the text. Quotes are not part of a quoted word; in
/// `key="value"` they are, as there the word is not only what is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) quoted: bool,
}

impl Token {
    pub(crate) fn of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// What [`next`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// True when the entry begins with white space: its owner is that of the record before.
    pub(crate) indented: bool,
    /// Where the next entry begins.
    pub(crate) end: usize,
    /// Where it is at fault, and why.
    pub(crate) fault: Option<(usize, &'static str)>,
}

/// Finds the words of the entry that begins at `at`. `tokens` is written over.
pub(crate) fn next(text: &[u8], at: usize, tokens: &mut Vec<Token>) -> Entry {
    tokens.clear();
    let mut walk = Walk { text, at, open: None, depth: 0 };
    let indented = matches!(text.get(at), Some(b' ' | b'\t'));
    let fault = loop {
        if walk.at - at > ENTRY_OCTETS_MAX && !tokens.is_empty() {
            break Some((walk.open.unwrap_or(at), "begins what is longer than 1 MiB; a record is not"));
        }
        match walk.step(tokens) {
            Ok(true) => {}
            Ok(false) => return Entry { indented, end: walk.at, fault: None },
            Err(fault) => break Some(fault),
        }
    };
    // The rest of the line is given up, and nothing is looked at twice: whatever stands in a file, reading it
    // takes one pass. After a parenthesis that nothing closes, that is all that was looked at.
    Entry { indented, end: line_end(text, walk.at), fault }
}

/// Where the line after this place begins.
pub(crate) fn line_end(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |found| from + found + 1)
}

struct Walk<'t> {
    text: &'t [u8],
    at: usize,
    /// The outermost parenthesis that is open.
    open: Option<usize>,
    depth: u32,
}

impl Walk<'_> {
    /// Goes on by a character, a comment or a word. False at the entry's end.
    fn step(&mut self, tokens: &mut Vec<Token>) -> Result<bool, (usize, &'static str)> {
        let Some(&octet) = self.text.get(self.at) else {
            return match self.open.filter(|_| self.depth > 0) {
                Some(open) => Err((open, "opens a parenthesis that nothing closes")),
                None => Ok(false),
            };
        };
        match octet {
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'\n' => {
                self.at += 1;
                return Ok(self.depth > 0);
            }
            b';' => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                self.at = memchr::memchr(b'\n', rest).map_or(self.text.len(), |found| self.at + found);
            }
            b'(' => {
                if self.depth == 0 {
                    self.open = Some(self.at);
                }
                self.depth += 1;
                self.at += 1;
            }
            b')' => {
                self.depth =
                    self.depth.checked_sub(1).ok_or((self.at, "closes a parenthesis that nothing opened"))?;
                self.at += 1;
            }
            b'"' => {
                let start = self.at + 1;
                self.quoted()?;
                tokens.push(Token { start, end: self.at - 1, quoted: true });
            }
            _ => {
                let start = self.at;
                self.word()?;
                tokens.push(Token { start, end: self.at, quoted: false });
            }
        }
        Ok(true)
    }

    /// Goes behind the quoted string that begins here.
    fn quoted(&mut self) -> Result<(), (usize, &'static str)> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') if self.text.get(self.at + 1).is_some_and(|next| *next != b'\n') => self.at += 2,
                None | Some(b'\n' | b'\\') => {
                    // The quote is where people look; the line is given up from there.
                    self.at = start;
                    return Err((start, "opens a quoted string that does not end in its line"));
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Goes behind the word that begins here.
    fn word(&mut self) -> Result<(), (usize, &'static str)> {
        let start = self.at;
        loop {
            match self.text.get(self.at) {
                None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(' | b')') => return Ok(()),
                Some(b'"') if self.at > start && self.text.get(self.at - 1) == Some(&b'=') => {
                    self.quoted()?;
                }
                Some(b'"') => return Ok(()),
                Some(b'\\') if matches!(self.text.get(self.at + 1), None | Some(b'\n')) => {
                    return Err((self.at, "escapes the end of the line"));
                }
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests;
