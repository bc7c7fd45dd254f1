//! Everything about one name: what is there, and what is wanted.
//!
//! Both lists are sorted once and walked side by side, so that a plan of many names needs no map of them, and
//! two plans of one state are the same whatever order it came in.

use alloc::vec::Vec;

use super::options::Options;
use super::record_set::{Found, RecordSet, Wanted};
use super::{Current, Desired};
use crate::name::Name;

/// Everything about one name.
#[derive(Debug)]
pub(super) struct Group<'p> {
    pub(super) name: &'p Name,
    /// Every set there, whatever its type and whoever has it, by identifier and type.
    pub(super) found: &'p [&'p Found],
    /// What is wanted, by identifier and type; of types that we have to do with.
    pub(super) wanted: &'p [&'p Wanted],
    /// Something is asked for that was not understood, so nothing goes.
    pub(super) stays: bool,
}

impl<'p> Group<'p> {
    /// True when anything asks for the name.
    pub(super) fn is_wanted(&self) -> bool {
        self.stays || !self.wanted.is_empty()
    }

    /// The sets of types that we have to do with.
    pub(super) fn managed(&self, options: &Options) -> impl Iterator<Item = &'p Found> {
        self.found.iter().copied().filter(|found| options.manages(found.set.rtype))
    }
}

/// What is there and what is wanted, by name.
pub(super) struct Sides<'p> {
    found: Vec<&'p Found>,
    wanted: Vec<&'p Wanted>,
    desired: &'p Desired,
}

impl<'p> Sides<'p> {
    pub(super) fn new(current: &'p Current, desired: &'p Desired, options: &Options) -> Self {
        fn place(set: &RecordSet) -> impl Ord {
            (&set.name, set.key())
        }
        let mut found: Vec<&Found> = current.sets.iter().collect();
        found.sort_by(|a, b| place(&a.set).cmp(&place(&b.set)));
        let asked = desired.sets.iter().filter(|wanted| options.manages(wanted.set.rtype));
        let mut wanted: Vec<&Wanted> = asked.collect();
        wanted.sort_by(|a, b| place(&a.set).cmp(&place(&b.set)));
        Self { found, wanted, desired }
    }

    /// The names that we have to do with, in order.
    pub(super) fn groups(&self, options: &Options) -> Vec<Group<'_>> {
        let mut found = self.found.chunk_by(|a, b| a.set.name == b.set.name).peekable();
        let mut wanted = self.wanted.chunk_by(|a, b| a.set.name == b.set.name).peekable();
        let mut groups = Vec::new();
        loop {
            let there = found.peek().and_then(|sets| sets.first()).map(|found| &found.set.name);
            let asked = wanted.peek().and_then(|sets| sets.first()).map(|wanted| &wanted.set.name);
            let Some(name) = there.into_iter().chain(asked).min() else {
                return groups;
            };
            let found = if there == Some(name) { found.next().unwrap_or_default() } else { &[] };
            let wanted = if asked == Some(name) { wanted.next().unwrap_or_default() } else { &[] };
            if options.takes(name.borrowed()) {
                let stays = self.desired.stays.contains(name.as_wire());
                groups.push(Group { name, found, wanted, stays });
            }
        }
    }
}
