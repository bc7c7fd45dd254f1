//! Where something stands in a file.
//!
//! Reading makes no note of places, because nearly all files have no fault. Only when there is one is
//! the text of that object walked again, once, down the paths of all fields that are at fault.

use std::borrow::Cow;

use serde_saphyr::granit_parser::{Marker, Parser};

use super::path::Target;
use super::walk::{Walk, Wanted};

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// In bytes from the start.
    pub(super) offset: usize,
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl Spot {
    /// The first character.
    pub(super) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The place after this text, which stands here.
    pub(super) fn after(self, text: &str) -> Self {
        let offset = self.offset + text.len();
        match text.rfind('\n') {
            Some(last) => Self {
                offset,
                line: self.line + text.bytes().filter(|&byte| byte == b'\n').count(),
                column: 1 + text.get(last + 1..).unwrap_or_default().chars().count(),
            },
            None => Self { offset, column: self.column + text.chars().count(), ..self },
        }
    }
}

/// Finds the ends of paths in the node that begins at `node`, where `body` begins too, all in one walk.
/// What is not there stands where its path was lost.
pub(super) fn find(body: &str, node: Spot, targets: &[Target<'_>]) -> Vec<Spot> {
    let source = Source::new(body, node);
    let mut wanted = Wanted::default();
    targets.iter().for_each(|(path, _)| wanted.add(path));
    Walk { events: Parser::new_from_str(&source.text), left: 0 }.root(&mut wanted);
    let spot = |target: &Target<'_>| wanted.end(*target).map_or(node, |marker| source.spot(marker));
    targets.iter().map(spot).collect()
}

/// The line in which a key stands for the first time that stands again at this line and column; all are
/// counted from 1 at the start of the text.
pub(super) fn first_of_twins(text: &str, again: (usize, usize)) -> Option<usize> {
    Walk { events: Parser::new_from_str(text), left: 0 }.first_of_twins(again)
}

/// Finds each item of the list `items` in the mapping that begins at `node`, where `body` begins too.
pub(super) fn items(body: &str, node: Spot) -> Vec<Spot> {
    let source = Source::new(body, node);
    let mut walk = Walk { events: Parser::new_from_str(&source.text), left: 0 };
    let markers = walk.items().unwrap_or_default();
    markers.into_iter().map(|marker| source.spot(marker)).collect()
}

/// A node that is parsed alone. The first line of a block node is indented by its own column, so that
/// it is in line with the others.
struct Source<'a> {
    text: Cow<'a, str>,
    node: Spot,
    padding: usize,
}

impl<'a> Source<'a> {
    fn new(body: &'a str, node: Spot) -> Self {
        if body.starts_with(['{', '[']) {
            let flow = body.get(..flow_length(body)).unwrap_or(body);
            return Self { text: flow.into(), node, padding: 0 };
        }
        let padding = node.column - 1;
        // Not by a width of `format!`, which ends at 65,535: a whole list may stand in one line.
        let text = if padding == 0 { body.into() } else { (" ".repeat(padding) + body).into() };
        Self { text, node, padding }
    }

    fn spot(&self, marker: Marker) -> Spot {
        let first_line = if marker.line() == 1 { self.node.column - 1 - self.padding } else { 0 };
        let offset = marker.byte_offset().unwrap_or_default().saturating_sub(self.padding);
        Spot {
            offset: self.node.offset + offset,
            line: self.node.line + marker.line() - 1,
            column: first_line + marker.col() + 1,
        }
    }
}

/// How long the flow collection is that a text begins with, without what follows on its line: the parser
/// looks ahead to the end of the line, and would stumble over a bracket that closes something around.
fn flow_length(body: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted && depth == 1 => return at + 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    body.len()
}
