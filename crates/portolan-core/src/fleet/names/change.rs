//! What becomes of names, many at once: in order, so that a leaf is walked and made anew once for all that falls to it.

use alloc::vec::Vec;

use crate::name::Name;

/// Most octets that an entry has beside its name and its facts.
const FRAME_OCTETS_MAX: usize = 1 + 10;

/// What a name's facts become; none: it goes.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) name: &'a Name,
    pub(super) facts: Option<&'a [u8]>,
}

impl Change<'_> {
    /// At most so many octets come to a leaf.
    pub(super) fn octets(&self) -> usize {
        self.facts.map_or(0, |facts| self.name.as_wire().len() + facts.len() + FRAME_OCTETS_MAX)
    }
}

/// Changes that were not so before.
#[derive(Default)]
pub(super) struct News<'a> {
    /// In the order of names.
    pub(super) changes: Vec<Change<'a>>,
    /// How many of them bring a name that was not there.
    pub(super) added: usize,
}

impl<'a> News<'a> {
    /// Notes a change beside what was.
    pub(super) fn note(&mut self, change: Change<'a>, before: Option<&[u8]>) {
        if change.facts != before {
            self.added += usize::from(before.is_none());
            self.changes.push(change);
        }
    }

    /// How many of them take a name away.
    pub(super) fn removed(&self) -> usize {
        self.changes.iter().filter(|change| change.facts.is_none()).count()
    }
}
