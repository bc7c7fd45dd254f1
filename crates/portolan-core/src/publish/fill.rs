//! All names of a fleet into a snapshot that has none yet, from what whoever compiled them added up.

use super::Gathered;
use crate::compile::{Filled, Tally};
use crate::names::Names;
use crate::zone::Snapshot;

impl Snapshot {
    /// Sets all names of the fleet where none has records yet.
    pub(super) fn fill(&mut self, filled: Filled, gathered: &mut Gathered) {
        let Filled { limbs, tally } = filled;
        let Tally { contents, children, cuts, deepest } = tally;
        let mut children = children.into_map();
        let names = Names::of(self.seed(), limbs);
        let before = core::mem::replace(&mut self.names, names);
        // Apexes and the names above them are there already, and counted as children.
        for known in before.iter() {
            let mut node = known.value.clone();
            if let Some(new) = self.names.get(known.name.borrowed()) {
                node.records.clone_from(&new.records);
                let parent = known.name.borrowed().parent();
                if let Some(count) = parent.and_then(|parent| children.get_mut(parent.as_wire())) {
                    count.0 -= 1;
                }
            }
            self.names.insert(&known.name, node);
        }
        for (apex, content) in contents.into_map() {
            let sum = gathered.contents.entry(apex).or_default();
            *sum = sum.wrapping_add(content.0);
        }
        cuts.iter().for_each(|name| self.cuts.note(name.borrowed(), true));
        self.deepest = self.deepest.max(deepest);
        for (name, count) in children.into_iter().filter(|(_, count)| count.0 > 0) {
            self.add_children(Some((name, count.0)));
        }
    }
}
