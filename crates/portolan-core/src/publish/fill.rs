//! All names of a fleet into a snapshot that has none yet.
//!
//! What [`Snapshot::publish`] does for each name is done once for many here: an ancestor gets the number of
//! its children, and the map is built from entries in order.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Gathered;
use crate::name::Name;
use crate::record::RecordType;
use crate::zone::{Node, Records, Snapshot};

impl Snapshot {
    /// Sets the records of names that have none yet, each once.
    pub(super) fn fill(&mut self, names: Vec<(Name, Arc<Records>)>, gathered: &mut Gathered) {
        let mut children: BTreeMap<Name, u32> = BTreeMap::new();
        let mut new = Vec::with_capacity(names.len());
        for (name, records) in names {
            if !self.names.is_empty() && self.names.get(name.borrowed()).is_some() {
                // The apex of a zone, or a name above one.
                self.set_name(&name, Some(records), gathered);
                continue;
            }
            self.add_content(&name, records.content, gathered);
            if records.pool(RecordType::NS).is_some() {
                self.cuts.note(name.borrowed(), true);
            }
            self.deepest = self.deepest.max(name.borrowed().labels().count());
            if let Some(parent) = name.borrowed().parent().filter(|parent| !parent.is_root()) {
                match children.get_mut(parent.as_wire()) {
                    Some(count) => *count += 1,
                    None => drop(children.insert(parent.to_name(), 1)),
                }
            }
            new.push((name, Node { records: Some(records), ..Node::default() }));
        }
        self.names.extend(new);
        for child in children {
            self.add_children(Some(child));
        }
    }
}
