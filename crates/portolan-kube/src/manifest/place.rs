//! Where something stands in a file.
//!
//! Reading makes no note of places, because nearly all files have no fault. Only when there is one is
//! the text of that object walked again, down the path of the field.

use std::borrow::Cow;
use std::fmt;

use serde_saphyr::granit_parser::{Event, Marker, Parser, Span};

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

/// One step of a path into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into the value of a key.
    Key(String),
    /// Into an item of a list.
    Item(usize),
}

/// A path as people write it: `spec.ports[0].name`.
pub(super) struct Path<'a>(pub(super) &'a [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if nth == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Which end of a path is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The key of its last step.
    Key,
    /// What stands there.
    Value,
}

/// Finds the end of a path in the node that begins at `node`, where `body` begins too; what is not found
/// stands where the path was lost.
pub(super) fn find(body: &str, node: Spot, path: &[Step], end: End) -> Spot {
    let source = Source::new(body, node);
    let mut walk = Walk { events: Parser::new_from_str(&source.text), last: None };
    walk.find(path, end);
    walk.last.map_or(node, |marker| source.spot(marker))
}

/// Finds each item of the list `items` in the mapping that begins at `node`, where `body` begins too.
pub(super) fn items(body: &str, node: Spot) -> Vec<Spot> {
    let source = Source::new(body, node);
    let mut walk = Walk { events: Parser::new_from_str(&source.text), last: None };
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
        let text = if padding == 0 { body.into() } else { format!("{:padding$}{body}", "").into() };
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

/// A walk down one document, by the parser's events. None is the end, or a fault of syntax.
struct Walk<I> {
    events: I,
    /// The last step that was found.
    last: Option<Marker>,
}

impl<'a, I, E> Walk<I>
where
    I: Iterator<Item = Result<(Event<'a>, Span), E>>,
{
    /// Goes down the path as far as it leads.
    fn find(&mut self, path: &[Step], end: End) -> Option<()> {
        let (mut event, mut marker) = self.node()?;
        for (nth, step) in path.iter().enumerate() {
            match (step, event) {
                (Step::Key(key), Event::MappingStart(..)) => self.key(key)?,
                (Step::Item(index), Event::SequenceStart(..)) => self.skip_nodes(*index)?,
                _ => return None,
            }
            if end == End::Key && nth + 1 == path.len() {
                return Some(());
            }
            (event, marker) = self.node()?;
            self.last = Some(marker);
        }
        self.last = Some(marker);
        Some(())
    }

    /// Where the items of the list `items` stand.
    fn items(&mut self) -> Option<Vec<Marker>> {
        self.find(&[Step::Key("items".into())], End::Key)?;
        let mut markers = Vec::new();
        let (Event::SequenceStart(..), _) = self.node()? else { return None };
        loop {
            let (event, marker) = self.node()?;
            if matches!(event, Event::SequenceEnd) {
                return Some(markers);
            }
            markers.push(marker);
            self.skip_rest(&event)?;
        }
    }

    /// Goes to the key of a mapping that is open.
    fn key(&mut self, wanted: &str) -> Option<()> {
        loop {
            match self.node()? {
                (Event::MappingEnd, _) => return None,
                (Event::Scalar(key, ..), marker) if key == wanted => {
                    self.last = Some(marker);
                    return Some(());
                }
                (event, _) => self.skip_rest(&event)?,
            }
            self.skip_nodes(1)?;
        }
    }

    fn skip_nodes(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            let (event, _) = self.node()?;
            self.skip_rest(&event)?;
        }
        Some(())
    }

    /// Skips what is left of a node whose first event was just taken.
    fn skip_rest(&mut self, first: &Event<'_>) -> Option<()> {
        let mut depth = opens(first);
        while depth > 0 {
            depth += opens(&self.node()?.0);
        }
        (depth == 0).then_some(())
    }

    /// The next event that is of a node.
    fn node(&mut self) -> Option<(Event<'a>, Marker)> {
        loop {
            let (event, span) = self.events.next()?.ok()?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::Comment(..) | Event::Anchor(..) => {}
                Event::StreamEnd | Event::DocumentEnd => return None,
                event => return Some((event, span.start)),
            }
        }
    }
}

/// How much deeper it is after this event.
fn opens(event: &Event<'_>) -> i32 {
    match event {
        Event::MappingStart(..) | Event::SequenceStart(..) => 1,
        Event::MappingEnd | Event::SequenceEnd => -1,
        _ => 0,
    }
}
