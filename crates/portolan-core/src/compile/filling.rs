//! What all names of a fleet come to, added up where they are compiled, as there are several who do: an ancestor gets the number of
//! its children, a zone the sum of its contents, and the map is grown from names that are sorted already.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::num::Wrapping;
use core::ops::AddAssign;

use crate::name::{Name, NameRef};
use crate::names::{Limb, Sorted};
use crate::record::RecordType;
use crate::zone::{Node, Records};

/// Names that a snapshot is filled with, or some of them.
#[derive(Debug)]
pub(super) struct Filling {
    pub(super) names: Sorted<Node>,
    pub(super) tally: Tally,
}

/// What names come to together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By apex, the content of the zone's names.
    pub(crate) contents: Sums<Wrapping<u128>>,
    /// By name, how many names stand directly below it.
    pub(crate) children: Sums<Wrapping<u32>>,
    /// Names that delegate.
    pub(crate) cuts: Vec<Name>,
    pub(crate) deepest: usize,
}

/// Sums by name. Names that follow each other often add to one: it is kept at hand.
#[derive(Debug, Default)]
pub(crate) struct Sums<V> {
    settled: BTreeMap<Name, V>,
    last: Option<(Name, V)>,
}

/// All of them, as a map.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) limbs: Vec<Limb<Node>>,
    pub(crate) tally: Tally,
}

impl Filling {
    /// None, with room for about so many, for a snapshot whose names are hashed with this seed.
    pub(super) fn with_capacity(seed: u64, count: usize) -> Self {
        Self { names: Sorted::with_capacity(seed, count), tally: Tally::default() }
    }

    /// Adds a name that is not there yet, and the apex of the fleet's zone that holds it.
    pub(super) fn add(&mut self, name: Name, apex: Option<&Name>, records: Records) {
        let tally = &mut self.tally;
        if let Some(apex) = apex {
            tally.contents.add(apex.borrowed(), Wrapping(records.content()));
        }
        if let Some(parent) = name.borrowed().parent().filter(|parent| !parent.is_root()) {
            tally.children.add(parent, Wrapping(1));
        }
        if records.pool(RecordType::NS).is_some() {
            tally.cuts.push(name.clone());
        }
        tally.deepest = tally.deepest.max(name.borrowed().labels().count());
        self.names.push(name, Node { records: Some(records), ..Node::default() });
    }
}

impl Tally {
    /// Adds what other names come to.
    pub(super) fn add(&mut self, other: Self) {
        self.contents.add_all(other.contents);
        self.children.add_all(other.children);
        self.cuts.extend(other.cuts);
        self.deepest = self.deepest.max(other.deepest);
    }
}

impl<V: Copy + Default + AddAssign> Sums<V> {
    fn add(&mut self, name: NameRef<'_>, more: V) {
        match &mut self.last {
            Some((last, sum)) if last.borrowed() == name => *sum += more,
            last => match self.settled.get_mut(name.as_wire()) {
                Some(sum) => *sum += more,
                None => {
                    let before = last.replace((name.to_name(), more));
                    self.settle(before);
                }
            },
        }
    }

    fn add_all(&mut self, other: Self) {
        other.into_map().into_iter().for_each(|sum| self.settle(Some(sum)));
    }

    fn settle(&mut self, sum: Option<(Name, V)>) {
        if let Some((name, more)) = sum {
            *self.settled.entry(name).or_default() += more;
        }
    }

    /// All of them.
    pub(crate) fn into_map(mut self) -> BTreeMap<Name, V> {
        let last = self.last.take();
        self.settle(last);
        self.settled
    }
}
