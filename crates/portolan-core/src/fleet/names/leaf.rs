//! A run of names in order, each with its facts, as one shared piece of memory.
//!
//! ```text
//!   entry: length of the name  name     length of the facts  facts
//!          1                   ≤ 255    number               see `packed`
//! ```
//!
//! Entries follow each other and nothing else is kept: with some forty of them, walking costs less than a
//! table of offsets would in memory. Many changes are one walk. The same octets stand in the last good state.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::change::{Change, News};
use crate::fleet::packed::{NameView, Reader, check};
use crate::name::{Name, NameRef};

/// Most octets of a leaf of more than one entry. With the counts of its [`Arc`] it fills 4 KiB, which is
/// what a change of one name copies at most.
pub(super) const LEAF_OCTETS_MAX: usize = 4_096 - 16;
/// How full leaves are made that are made in order: there is room for a few more entries, and allocators have a class
/// of this size.
pub(super) const LEAF_OCTETS_MADE: usize = 3_584 - 16;
/// A leaf with fewer octets is put together with its neighbour.
pub(super) const LEAF_OCTETS_MIN: usize = LEAF_OCTETS_MAX / 4;

/// One or more entries.
#[derive(Clone)]
pub(super) struct Leaf(Arc<[u8]>);

/// One name, and its facts packed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) facts: &'a [u8],
}

impl<'a> Entry<'a> {
    pub(super) fn view(self) -> (NameRef<'a>, NameView<'a>) {
        (NameRef::trusted(self.name), NameView::of(self.facts))
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.push(u8::try_from(self.name.len()).expect("a name has at most 255 octets"));
        out.extend_from_slice(self.name);
        let length = u64::try_from(self.facts.len()).unwrap_or(u64::MAX);
        crate::fleet::packed::write_number(length, out);
        out.extend_from_slice(self.facts);
    }

    /// Reads one from strangers' octets: none when it is not whole, or not in the form that we give it.
    pub(super) fn read_checked(from: &mut Reader<'a>) -> Option<Self> {
        let entry = read(from)?;
        NameRef::from_wire(entry.name).ok()?;
        check(entry.facts).then_some(entry)
    }
}

fn read<'a>(from: &mut Reader<'a>) -> Option<Entry<'a>> {
    let name = from.wire()?;
    let length = from.length()?;
    Some(Entry { name, facts: from.octets(length)? })
}

/// The entries of a leaf, in order.
#[derive(Clone)]
pub(super) struct Entries<'a>(Reader<'a>);

impl<'a> Entries<'a> {
    pub(super) fn of(octets: &'a [u8]) -> Self {
        Self(Reader(octets))
    }

    /// How many octets are not read yet.
    fn left(&self) -> usize {
        self.0.0.len()
    }

    /// Goes on to where a name stands or would stand, and past it if it is there: how many octets were left before it,
    /// and its entry.
    fn seek(&mut self, name: &[u8]) -> (usize, Option<Entry<'a>>) {
        loop {
            let here = self.clone();
            match self.next().map(|entry| (entry.name.cmp(name), entry)) {
                Some((Ordering::Less, _)) => {}
                Some((Ordering::Equal, entry)) => return (here.left(), Some(entry)),
                Some((Ordering::Greater, _)) | None => {
                    *self = here;
                    return (self.left(), None);
                }
            }
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.left() == 0 {
            return None;
        }
        Some(read(&mut self.0).expect("a leaf is made of whole entries"))
    }
}

impl Leaf {
    pub(super) fn of(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn entries(&self) -> Entries<'_> {
        Entries::of(&self.0)
    }

    pub(super) fn first(&self) -> Option<Name> {
        self.entries().next().map(|entry| NameRef::trusted(entry.name).to_name())
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        let (_, found) = self.entries().seek(name);
        found.map(|entry| entry.facts)
    }

    /// Which of some changes, in order, are any.
    pub(super) fn news<'c>(&self, changes: &[Change<'c>], news: &mut News<'c>) {
        let mut entries = self.entries();
        for change in changes {
            let (_, before) = entries.seek(change.name.as_wire());
            news.note(*change, before.map(|entry| entry.facts));
        }
    }

    /// The leaf after changes, in order; and those behind it, when that is too much for one.
    pub(super) fn with(&self, changes: &[Change<'_>]) -> (Self, Vec<Self>) {
        let added: usize = changes.iter().map(Change::octets).sum();
        let mut octets = Vec::with_capacity(self.0.len() + added);
        let (mut entries, mut done) = (self.entries(), 0);
        for change in changes {
            let (left, _) = entries.seek(change.name.as_wire());
            octets.extend_from_slice(self.0.get(done..self.0.len() - left).unwrap_or_default());
            if let Some(facts) = change.facts {
                Entry { name: change.name.as_wire(), facts }.write(&mut octets);
            }
            done = self.0.len() - entries.left();
        }
        octets.extend_from_slice(self.0.get(done..).unwrap_or_default());
        Self::cut(&octets)
    }

    /// The leaf with all entries of the one behind it; none when that would be too many.
    pub(super) fn joined(&self, next: &Self) -> Option<Self> {
        let is_room = self.0.len() + next.0.len() <= LEAF_OCTETS_MADE;
        is_room.then(|| Self([&*self.0, &*next.0].concat().into()))
    }

    /// One leaf, or several of about the same size.
    fn cut(octets: &[u8]) -> (Self, Vec<Self>) {
        if octets.len() <= LEAF_OCTETS_MAX {
            return (Self::of(octets), Vec::new());
        }
        let each = octets.len().div_ceil(octets.len().div_ceil(LEAF_OCTETS_MADE));
        let mut entries = Entries::of(octets);
        let (mut leaves, mut begin, mut at) = (Vec::new(), 0, 0);
        while entries.next().is_some() {
            let end = octets.len() - entries.left();
            let is_full = at - begin >= each || end - begin > LEAF_OCTETS_MAX;
            if at > begin && is_full {
                leaves.push(Self::of(octets.get(begin..at).unwrap_or_default()));
                begin = at;
            }
            at = end;
        }
        leaves.push(Self::of(octets.get(begin..).unwrap_or_default()));
        (leaves.remove(0), leaves)
    }
}
