//! All names of a fleet into a snapshot that has none yet.
//!
//! What [`Snapshot::publish`] does for each name is done here by whoever compiles it, as there are several: an ancestor gets
//! the number of its children, a zone the sum of its contents, and the map is grown from names that are sorted already.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Gathered;
use crate::name::{Name, NameRef};
use crate::names::{Limb, Names, Sorted};
use crate::record::RecordType;
use crate::zone::{Node, Records, Snapshot};

/// Names that a snapshot is filled with, or some of them.
#[derive(Debug)]
pub(crate) struct Filling {
    pub(crate) names: Sorted<Node>,
    pub(crate) tally: Tally,
}

/// What names come to together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By apex, the content of the zone's names.
    contents: BTreeMap<Name, u128>,
    /// By name, how many names stand directly below it.
    children: BTreeMap<Name, u32>,
    /// Names that delegate.
    cuts: Vec<Name>,
    deepest: usize,
}

/// All of them, as a map.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) limbs: Vec<Limb<Node>>,
    pub(crate) tally: Tally,
}

impl Filling {
    /// None, for a snapshot whose names are hashed with this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { names: Sorted::new(seed), tally: Tally::default() }
    }

    /// Adds a name that is not there yet, and the apex of the fleet's zone that holds it.
    pub(crate) fn add(&mut self, name: Name, apex: Option<&Name>, records: Records) {
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
    pub(crate) fn add(&mut self, other: Self) {
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

impl Snapshot {
    /// Sets all names of the fleet where none has records yet.
    pub(super) fn fill(&mut self, filled: Filled, gathered: &mut Gathered) {
        let Filled { limbs, tally } = filled;
        let Tally { contents, mut children, cuts, deepest } = tally;
        let names = Names::of(self.seed(), limbs);
        let before = core::mem::replace(&mut self.names, names);
        // Apexes and the names above them are there already, and counted as children.
        for known in before.iter() {
            let mut node = known.value.clone();
            if let Some(new) = self.names.get(known.name.borrowed()) {
                node.records.clone_from(&new.records);
                let parent = known.name.borrowed().parent();
                if let Some(count) = parent.and_then(|parent| children.get_mut(parent.as_wire())) {
                    *count -= 1;
                }
            }
            self.names.insert(&known.name, node);
        }
        for (apex, content) in contents {
            let sum = gathered.contents.entry(apex).or_default();
            *sum = sum.wrapping_add(content);
        }
        cuts.iter().for_each(|name| self.cuts.note(name.borrowed(), true));
        self.deepest = self.deepest.max(deepest);
        for child in children.into_iter().filter(|(_, count)| *count > 0) {
            self.add_children(Some(child));
        }
    }
}
