//! Where the documents of a YAML file begin and end.
//!
//! A line that starts with `---` or `...` and ends there, or goes on with white space, is a document
//! marker wherever it stands: YAML 1.2 section 9.1.2 allows no scalar to hold one. So the file is cut
//! before it is parsed, and a fault in one document hides neither the next one nor its faults.

use super::place::Spot;

/// One document, its marker included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document<'a> {
    /// Its text.
    pub(super) text: &'a str,
    /// Where the text begins in the file.
    pub(super) spot: Spot,
}

/// Cuts a file into the documents that hold more than comments.
pub(super) fn documents(text: &str) -> impl Iterator<Item = Document<'_>> {
    let mut cutter = Cutter { text, spot: Spot::START };
    std::iter::from_fn(move || cutter.next_document()).filter(Document::has_content)
}

impl Document<'_> {
    /// Where its first line stands that is neither blank, nor a comment, nor a marker.
    pub(super) fn first_content(&self) -> Option<Spot> {
        let mut spot = self.spot;
        for line in self.text.split_inclusive('\n') {
            let body = line.trim_start_matches(' ');
            if !is_marker_alone(line) && !matches!(body.as_bytes().first(), None | Some(b'#' | b'\r' | b'\n'))
            {
                return Some(spot.after(line.get(..line.len() - body.len()).unwrap_or_default()));
            }
            spot = spot.after(line);
        }
        None
    }

    /// Where its text ends in the file, in bytes.
    pub(super) fn end(&self) -> usize {
        self.spot.offset + self.text.len()
    }

    fn has_content(&self) -> bool {
        self.first_content().is_some()
    }
}

struct Cutter<'a> {
    text: &'a str,
    spot: Spot,
}

impl<'a> Cutter<'a> {
    fn next_document(&mut self) -> Option<Document<'a>> {
        if self.text.is_empty() {
            return None;
        }
        let (length, lines) = length_of_first(self.text);
        let (text, rest) = self.text.split_at(length);
        let spot = self.spot;
        self.text = rest;
        self.spot = Spot { offset: spot.offset + length, line: spot.line + lines, column: 1 };
        Some(Document { text, spot })
    }
}

/// How many bytes and lines belong to the first document. `%` directives belong to the one that they
/// stand before.
fn length_of_first(text: &str) -> (usize, usize) {
    let mut length = 0;
    let (mut prelude, mut directives) = (true, false);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let starts = is_marker(line, "---");
        if starts && number > 0 && !(prelude && directives) {
            return (length, number);
        }
        length += line.len();
        if is_marker(line, "...") {
            return (length, number + 1);
        }
        directives |= prelude && line.starts_with('%');
        prelude &= !starts && (line.starts_with(['%', '#']) || line.trim_start().is_empty());
    }
    (length, text.split_inclusive('\n').count())
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// True of a marker that only a comment may follow.
fn is_marker_alone(line: &str) -> bool {
    let body =
        ["---", "..."].into_iter().find(|marker| is_marker(line, marker)).and_then(|m| line.strip_prefix(m));
    body.is_some_and(|rest| matches!(rest.trim_start().as_bytes().first(), None | Some(b'#')))
}
