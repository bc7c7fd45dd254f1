//! A walk down one document, by the events of the library's parser.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, Marker, Span};

use super::path::{End, Step, Target};

/// Paths as a tree, and what the walk found of them.
#[derive(Default)]
pub(super) struct Wanted {
    key: Option<Marker>,
    value: Option<Marker>,
    keys: BTreeMap<String, Wanted>,
    items: BTreeMap<usize, Wanted>,
}

impl Wanted {
    pub(super) fn add(&mut self, path: &[Step]) {
        let mut node = self;
        for step in path {
            node = match step {
                Step::Key(key) => node.keys.entry(key.clone()).or_default(),
                Step::Item(index) => node.items.entry(*index).or_default(),
            };
        }
    }

    /// How many nodes there are in the tree.
    fn count(&self) -> usize {
        1 + self.keys.values().chain(self.items.values()).map(Self::count).sum::<usize>()
    }

    /// The end of a path, or of as much of it as is there.
    pub(super) fn end(&self, (path, end): Target<'_>) -> Option<Marker> {
        let (mut node, mut last) = (self, self.value);
        for (nth, step) in path.iter().enumerate() {
            let below = match step {
                Step::Key(key) => node.keys.get(key),
                Step::Item(index) => node.items.get(index),
            };
            let Some(below) = below else { return last };
            node = below;
            last = node.key.or(last);
            if end == End::Value || nth + 1 < path.len() {
                last = node.value.or(last);
            }
        }
        last
    }
}

/// A walk down one document. None is the end, or a fault of syntax.
pub(super) struct Walk<I> {
    pub(super) events: I,
    /// How many of the nodes that are wanted were not seen yet.
    pub(super) left: usize,
}

impl<'a, I, E> Walk<I>
where
    I: Iterator<Item = Result<(Event<'a>, Span), E>>,
{
    /// Finds what is wanted of the document, and reads no further than it must for that.
    pub(super) fn root(&mut self, wanted: &mut Wanted) -> Option<()> {
        self.left = wanted.count();
        let (event, marker) = self.node()?;
        self.visit(&event, marker, wanted)
    }

    /// Finds what is wanted of a node whose first event was just taken. It goes down no further than what
    /// is wanted does.
    fn visit(&mut self, first: &Event<'_>, marker: Marker, wanted: &mut Wanted) -> Option<()> {
        wanted.value = Some(marker);
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return None;
        }
        match first {
            Event::MappingStart(..) if !wanted.keys.is_empty() => self.visit_mapping(wanted),
            Event::SequenceStart(..) if !wanted.items.is_empty() => self.visit_sequence(wanted),
            _ => self.skip_rest(first),
        }
    }

    fn visit_mapping(&mut self, wanted: &mut Wanted) -> Option<()> {
        loop {
            let (key, at) = self.node()?;
            let below = match &key {
                Event::MappingEnd => return Some(()),
                Event::Scalar(key, ..) => wanted.keys.get_mut(&**key),
                _ => None,
            };
            self.skip_rest(&key)?;
            let (value, marker) = self.node()?;
            match below {
                Some(below) => {
                    below.key = Some(at);
                    self.visit(&value, marker, below)?;
                }
                None => self.skip_rest(&value)?,
            }
        }
    }

    fn visit_sequence(&mut self, wanted: &mut Wanted) -> Option<()> {
        for index in 0.. {
            let (item, marker) = self.node()?;
            if matches!(item, Event::SequenceEnd) {
                break;
            }
            match wanted.items.get_mut(&index) {
                Some(below) => self.visit(&item, marker, below)?,
                None => self.skip_rest(&item)?,
            }
        }
        Some(())
    }

    /// Where the items of the list `items` stand.
    pub(super) fn items(&mut self) -> Option<Vec<Marker>> {
        let mut markers = Vec::new();
        self.go_to_items()?;
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

    fn go_to_items(&mut self) -> Option<()> {
        let (Event::MappingStart(..), _) = self.node()? else { return None };
        loop {
            let (key, _) = self.node()?;
            match &key {
                Event::MappingEnd => return None,
                Event::Scalar(key, ..) if &**key == "items" => return Some(()),
                _ => self.skip_rest(&key)?,
            }
            let (value, _) = self.node()?;
            self.skip_rest(&value)?;
        }
    }

    /// The line of the first key that is the same as the one which stands at a line and column.
    pub(super) fn first_of_twins(&mut self, again: (usize, usize)) -> Option<usize> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let (event, marker) = self.node()?;
            let inside = open.last_mut().filter(|inside| inside.is_mapping && opens(&event) >= 0);
            let first = inside.and_then(|inside| inside.take(&event, marker));
            // A collection that ends there is no key: its end is told where the next node begins.
            if first.is_some() && (marker.line(), marker.col() + 1) == again {
                return first;
            }
            match event {
                Event::MappingStart(..) => open.push(Open { is_mapping: true, ..Open::default() }),
                Event::SequenceStart(..) => open.push(Open::default()),
                Event::MappingEnd | Event::SequenceEnd => drop(open.pop()),
                _ => {}
            }
        }
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

/// A collection that the walk is in.
#[derive(Default)]
struct Open {
    is_mapping: bool,
    /// A key was just read, so that a value follows.
    has_key: bool,
    /// The lines of its keys.
    lines: BTreeMap<String, usize>,
}

impl Open {
    /// Takes a key or a value of a mapping; returns the line in which the key stands first.
    fn take(&mut self, event: &Event<'_>, marker: Marker) -> Option<usize> {
        self.has_key = !self.has_key;
        match event {
            Event::Scalar(key, ..) if self.has_key => {
                Some(*self.lines.entry(key.to_string()).or_insert(marker.line()))
            }
            _ => None,
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
