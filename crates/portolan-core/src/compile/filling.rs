//! What all names of a fleet come to, added up where they are compiled, as there are several who do: an ancestor gets the number of
//! its children, a zone the sum of its contents, and the map is grown from names that are sorted already.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

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
    pub(crate) contents: BTreeMap<Name, u128>,
    /// By name, how many names stand directly below it.
    pub(crate) children: BTreeMap<Name, u32>,
    /// Names that delegate.
    pub(crate) cuts: Vec<Name>,
    pub(crate) deepest: usize,
}

/// All of them, as a map.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) limbs: Vec<Limb<Node>>,
    pub(crate) tally: Tally,
}

impl Filling {
    /// None, for a snapshot whose names are hashed with this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { names: Sorted::new(seed), tally: Tally::default() }
    }

    /// Adds a name that is not there yet, and the apex of the fleet's zone that holds it.
    pub(super) fn add(&mut self, name: Name, apex: Option<&Name>, records: Records) {
        let tally = &mut self.tally;
        if let Some(apex) = apex {
            let content = entry(&mut tally.contents, apex.borrowed());
            *content = content.wrapping_add(records.content);
        }
        if let Some(parent) = name.borrowed().parent().filter(|parent| !parent.is_root()) {
            *entry(&mut tally.children, parent) += 1;
        }
        if records.pool(RecordType::NS).is_some() {
            tally.cuts.push(name.clone());
        }
        tally.deepest = tally.deepest.max(name.borrowed().labels().count());
        self.names.push(name, Node { records: Some(Arc::new(records)), ..Node::default() });
    }
}

impl Tally {
    /// Adds what other names come to.
    pub(super) fn add(&mut self, other: Self) {
        for (apex, content) in other.contents {
            let sum = entry(&mut self.contents, apex.borrowed());
            *sum = sum.wrapping_add(content);
        }
        for (name, count) in other.children {
            *entry(&mut self.children, name.borrowed()) += count;
        }
        self.cuts.extend(other.cuts);
        self.deepest = self.deepest.max(other.deepest);
    }
}

/// What a map has of a name, which is copied only when it is new there.
fn entry<'m, V: Default>(map: &'m mut BTreeMap<Name, V>, name: NameRef<'_>) -> &'m mut V {
    if !map.contains_key(name.as_wire()) {
        map.insert(name.to_name(), V::default());
    }
    map.get_mut(name.as_wire()).expect("it was put there if it was not")
}
