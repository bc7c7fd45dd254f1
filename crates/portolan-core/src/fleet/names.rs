//! The names of a fleet with their facts: an ordered map that is small, and cheap to copy.
//!
//! How it is used, and how it is kept therefore:
//!
//! | what | by whom | therefore |
//! | --- | --- | --- |
//! | copied | the index, the writer of the last good state | a copy shares all of it ([`tree`]), and later changes cost each their own path only |
//! | changed, one name | every commit | a leaf of some kilobytes is made anew, whatever the size of the fleet |
//! | changed, many names | first reading | they go in order, and a leaf is made anew once for all of its own ([`change`]) |
//! | looked up | compile, index, `explain` | a view of the packed facts, which nobody has to free |
//! | walked in order | output, the last good state, compile at the start | leaves are in order, and are cut into parts that threads share |
//! | read from disk | start | leaves are cut out of the file's octets after one check ([`Block`]) |

use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;

use crate::fleet::NameFacts;
use crate::fleet::packed::{NameView, pack};
use crate::name::{Name, NameRef};

mod change;
mod leaf;
mod load;
mod tree;

use change::{Change, News};
use leaf::Leaf;
pub use load::{Block, BlockError};
use tree::{Leaves, Node, Walk};

/// Names, each with its facts. Copies share what is the same.
#[derive(Clone, Default)]
pub struct Names {
    root: Node,
    len: usize,
}

/// Some names that follow each other: what one thread looks at.
#[derive(Clone)]
pub struct Part<'a> {
    leaves: Vec<&'a Leaf>,
    names: usize,
}

impl Names {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The facts of a name.
    #[must_use]
    pub fn get(&self, name: NameRef<'_>) -> Option<NameView<'_>> {
        self.root.get(name.as_wire()).map(NameView::of)
    }

    /// True when a name is there.
    #[must_use]
    pub fn contains(&self, name: NameRef<'_>) -> bool {
        self.root.get(name.as_wire()).is_some()
    }

    /// Sets the facts of a name, or takes it out. False when it was so before.
    pub fn set(&mut self, name: &Name, facts: Option<&NameFacts>) -> bool {
        !self.set_all([(name.clone(), facts)]).is_empty()
    }

    /// Sets the facts of names, or takes them out; of a name that stands twice the last counts. Returns those that were
    /// not so before, in order.
    pub fn set_all<F: Borrow<NameFacts>>(
        &mut self,
        facts: impl IntoIterator<Item = (Name, Option<F>)>,
    ) -> Vec<Name> {
        let mut facts: Vec<(Name, Option<F>)> = facts.into_iter().collect();
        // Stable: the last of a name stays the last.
        facts.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut packed = Vec::with_capacity(facts.len() * 128);
        let mut ends = Vec::with_capacity(facts.len());
        for (_, facts) in &facts {
            facts.iter().for_each(|facts| pack(facts.borrow(), &mut packed));
            ends.push(packed.len());
        }
        let mut changes: Vec<Change<'_>> = Vec::with_capacity(facts.len());
        let mut begin = 0;
        for ((name, facts), end) in facts.iter().zip(ends) {
            let octets = packed.get(begin..end).unwrap_or_default();
            begin = end;
            changes.pop_if(|before| before.name == name);
            changes.push(Change { name, facts: facts.as_ref().map(|_| octets) });
        }
        let mut news = News::default();
        self.root.news(&changes, &mut news);
        self.len = self.len + news.added - news.removed();
        self.root.set(&news.changes);
        news.changes.into_iter().map(|change| change.name.clone()).collect()
    }

    /// All names in order, with their facts.
    pub fn iter(&self) -> impl Iterator<Item = (NameRef<'_>, NameView<'_>)> {
        Walk::of(Leaves::of(&self.root)).map(leaf::Entry::view)
    }

    /// All names in order.
    pub fn keys(&self) -> impl Iterator<Item = NameRef<'_>> {
        Walk::of(Leaves::of(&self.root)).map(|entry| NameRef::trusted(entry.name))
    }

    /// About so many names, from all over.
    pub fn sample(&self, count: usize) -> impl Iterator<Item = (NameRef<'_>, NameView<'_>)> {
        let every = Leaves::of(&self.root).count().div_ceil(count.max(1)).max(1);
        Leaves::of(&self.root).step_by(every).filter_map(|leaf| leaf.entries().next()).map(leaf::Entry::view)
    }

    /// All names in order, cut into at most so many parts of about the same size.
    #[must_use]
    pub fn parts(&self, count: usize) -> Vec<Part<'_>> {
        let leaves: Vec<&Leaf> = Leaves::of(&self.root).collect();
        let each = leaves.len().div_ceil(count.max(1)).max(1);
        let names = self.len.saturating_mul(each).div_ceil(leaves.len().max(1));
        leaves.chunks(each).map(|leaves| Part { leaves: leaves.to_vec(), names }).collect()
    }
}

impl<'a> Part<'a> {
    /// About how many names it has.
    pub(crate) fn names(&self) -> usize {
        self.names
    }

    /// Its names in order, with their facts.
    pub fn iter(&self) -> impl Iterator<Item = (NameRef<'a>, NameView<'a>)> + use<'a, '_> {
        Walk::of(self.leaves.iter().copied()).map(leaf::Entry::view)
    }
}

impl PartialEq for Names {
    /// Copies that went different ways are mostly the same leaves still; where they are not, entries tell.
    fn eq(&self, other: &Self) -> bool {
        if self.len != other.len {
            return false;
        }
        let (ours, theirs) = (Leaves::of(&self.root), Leaves::of(&other.root));
        if ours.clone().zip(theirs.clone()).all(|(a, b)| a.is_same(b)) && ours.count() == theirs.count() {
            return true;
        }
        Walk::of(Leaves::of(&self.root)).eq(Walk::of(Leaves::of(&other.root)))
    }
}

impl Eq for Names {}

impl<'f> FromIterator<(Name, &'f NameFacts)> for Names {
    fn from_iter<I: IntoIterator<Item = (Name, &'f NameFacts)>>(names: I) -> Self {
        let mut all = Self::default();
        all.set_all(names.into_iter().map(|(name, facts)| (name, Some(facts))));
        all
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
