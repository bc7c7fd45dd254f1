//! The fast way to read a YAML document: the plain form in which `kubectl get -o yaml` prints objects,
//! and people write them.
//!
//! A fleet has tens of thousands of documents, and a whole YAML parser reads ten megabytes in a second.
//! So the part of the language that nearly all of them keep to is read here, ten times as fast: block
//! mappings and lists indented by spaces, plain and quoted scalars and flow collections that end on
//! their line, literal blocks, comments. Anything else (anchors, tags, folded text, tabs, an odd
//! character, any doubt, **any fault**) is `None`, and the library reads the document from its start, so
//! what is wrong is always told by the library. A test holds the two against each other.

mod scalar;

use serde_json::{Map, Value};

use super::DEPTH_MAX;
use super::place::Spot;
use super::split::Document;
use super::tree::Tree;

/// Reads a document, if it is plain.
pub(super) fn read(document: Document<'_>) -> Option<Tree> {
    if !document.text.bytes().all(is_plain) {
        return None;
    }
    let start = document.first_content()?;
    let mut reader = Reader::new(document);
    let value = reader.block(0)?;
    let end = document.end();
    reader.line.is_none().then_some(Tree { value, start, end, items: reader.items })
}

/// Printable ASCII and line ends.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n')
}

/// A line that has content, without its indentation.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    indent: usize,
    number: usize,
    /// Of the text, from the start of the document.
    offset: usize,
}

struct Reader<'a> {
    /// The line that is looked at.
    line: Option<Line<'a>>,
    /// The lines after it.
    rest: &'a str,
    number: usize,
    offset: usize,
    spot: Spot,
    /// Where the items of a `List` stand.
    items: Vec<Spot>,
    /// True below the key `items` of the document.
    in_items: bool,
}

impl<'a> Reader<'a> {
    fn new(document: Document<'a>) -> Self {
        let mut reader = Self {
            line: None,
            rest: document.text,
            number: 0,
            offset: 0,
            spot: document.spot,
            items: Vec::new(),
            in_items: false,
        };
        reader.advance();
        if reader.line.is_some_and(|line| line.text == "---" && line.indent == 0 && line.number == 0) {
            reader.advance();
        }
        reader
    }

    /// The node that begins on this line, inside so many others.
    fn block(&mut self, depth: usize) -> Option<Value> {
        let line = self.line?;
        if is_item(line.text) {
            return self.sequence(line.indent, depth);
        }
        if scalar::key(line.text).is_some() {
            return self.mapping(line.indent, depth);
        }
        let value = scalar::inline(line.text, depth)?;
        self.advance();
        Some(value)
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        (depth < DEPTH_MAX).then_some(())?;
        while let Some(line) = self.line.filter(|line| line.indent == indent && !is_item(line.text)) {
            let (key, rest) = scalar::key(line.text)?;
            if depth == 0 {
                self.in_items = key == "items";
            }
            let value = self.value(rest, indent, depth)?;
            if map.insert(key.to_owned(), value).is_some() {
                return None;
            }
        }
        self.is_outside(indent).then_some(Value::Object(map))
    }

    /// What stands behind a key of a mapping with this indentation.
    fn value(&mut self, rest: &'a str, indent: usize, depth: usize) -> Option<Value> {
        if rest.starts_with('|') {
            return self.literal(rest, indent);
        }
        self.advance();
        if !rest.is_empty() {
            let value = scalar::inline(rest, depth + 1)?;
            return self.is_outside(indent).then_some(value);
        }
        match self.line {
            Some(next) if next.indent > indent => self.block(depth + 1),
            Some(next) if next.indent == indent && is_item(next.text) => self.sequence(indent, depth + 1),
            _ => Some(Value::Null),
        }
    }

    fn sequence(&mut self, indent: usize, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        (depth < DEPTH_MAX).then_some(())?;
        while let Some(line) = self.line.filter(|line| line.indent == indent && is_item(line.text)) {
            if depth == 1 && self.in_items {
                self.items.push(self.item_spot(line));
            }
            items.push(self.item(line, depth)?);
        }
        self.is_outside(indent).then_some(Value::Array(items))
    }

    /// One item: what follows the dash is a node that is indented to where it begins.
    fn item(&mut self, line: Line<'a>, depth: usize) -> Option<Value> {
        let text = line.text.get(1..)?.trim_start_matches(' ');
        if text.is_empty() {
            self.advance();
            let below = self.line.is_some_and(|next| next.indent > line.indent);
            return if below { self.block(depth + 1) } else { Some(Value::Null) };
        }
        let skipped = line.text.len() - text.len();
        self.line = Some(Line { text, indent: line.indent + skipped, offset: line.offset + skipped, ..line });
        self.block(depth + 1)
    }

    /// Where the content of an item begins.
    fn item_spot(&self, line: Line<'_>) -> Spot {
        let dash =
            line.text.len() - line.text.strip_prefix('-').unwrap_or_default().trim_start_matches(' ').len();
        Spot {
            offset: self.spot.offset + line.offset + dash,
            line: self.spot.line + line.number,
            column: line.indent + dash + 1,
        }
    }

    /// A literal block, whose lines are kept as they are.
    fn literal(&mut self, header: &str, parent: usize) -> Option<Value> {
        let mut text = String::new();
        let mut indent = None;
        loop {
            let (line, _) = self.rest.split_once('\n')?;
            let own = line.len() - line.trim_start_matches(' ').len();
            let blank = own == line.len();
            if !blank && own <= parent {
                break;
            }
            let indent = match indent {
                None if blank && own > 0 => return None,
                None if !blank => *indent.insert(own),
                found => found.unwrap_or_default(),
            };
            if !blank && own < indent {
                return None;
            }
            text.push_str(line.get(indent..).unwrap_or_default());
            text.push('\n');
            self.take_line();
            if self.rest.is_empty() {
                break;
            }
        }
        indent?;
        let content = text.trim_end_matches('\n').len();
        match header {
            "|" => text.truncate(content + 1),
            "|-" => text.truncate(content),
            _ => return None,
        }
        self.advance();
        Some(Value::String(text))
    }

    /// True when this line does not go on with a node of this indentation: otherwise a scalar has more
    /// lines, or the indentation is wrong.
    fn is_outside(&self, indent: usize) -> bool {
        self.line.is_none_or(|line| line.indent <= indent)
    }

    /// Goes to the next line that has content.
    fn advance(&mut self) {
        self.line = None;
        while !self.rest.is_empty() {
            let (number, offset) = (self.number, self.offset);
            let raw = self.take_line();
            let text = raw.trim_start_matches(' ');
            if !text.is_empty() && !text.starts_with('#') {
                let indent = raw.len() - text.len();
                let text = text.trim_end_matches(' ');
                self.line = Some(Line { text, indent, number, offset: offset + indent });
                return;
            }
        }
    }

    fn take_line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.offset += line.len() + 1;
        self.number += 1;
        self.rest = rest;
        line
    }
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

#[cfg(test)]
mod tests;
