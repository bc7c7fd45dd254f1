//! What a DNAME makes of the names below it.
//!
//! Nothing may stand there (RFC 6672 section 2.4), and what does is never answered. So it is left out once
//! the zone is whole: then no question has to ask whether a name that it found is below a DNAME.

use alloc::vec;
use alloc::vec::Vec;

use super::{Builder, FaultKind, node_octets};
use crate::name::{LABELS_MAX, NameRef, Suffixes, hash_of};
use crate::record::RecordType;
use crate::zone::Depths;
use crate::zone::file::{FileNode, find, node_at, place_of};

impl Builder<'_> {
    /// Leaves out the names below DNAMEs, and tells of those that have records.
    pub(super) fn leave_out_below_dnames(&mut self) {
        let octets = core::mem::take(&mut self.octets);
        let free = vec![0; self.slots.len()];
        let slots = core::mem::replace(&mut self.slots, free);
        let at = |name: NameRef<'_>, hash: u64| find(&slots, &octets, hash, name).map(|(_, node)| node);
        let mut places: Vec<usize> = slots.iter().filter_map(|slot| place_of(*slot)).collect();
        self.nodes = 0;
        // As the file has them, whatever the seed.
        places.sort_unstable();
        for place in places {
            let Some((name, node)) = node_at(&octets, place) else { continue };
            let suffixes = Suffixes::of(name, self.seed, LABELS_MAX);
            if self.is_below_dname(&suffixes, &at) {
                self.dead += node_octets(&octets, place).len();
                if let Some(set) = node.sets().next() {
                    self.fault(name, set.rtype, FaultKind::BelowDname);
                }
                continue;
            }
            if name.is_wildcard() && node.set(RecordType::DNAME).is_some() {
                self.fault(name, RecordType::DNAME, FaultKind::WildcardDname);
            }
            self.enter(None, hash_of(name, self.seed), place);
        }
        self.octets = octets;
    }

    /// True of a name below a DNAME that is not behind a delegation: nothing there is answered, but glue.
    fn is_below_dname<'f>(
        &self,
        suffixes: &Suffixes<'_>,
        at: &impl Fn(NameRef<'_>, u64) -> Option<FileNode<'f>>,
    ) -> bool {
        let labels = suffixes.labels();
        let has = |depth: usize, rtype: RecordType| {
            let skip = labels - depth;
            let node = suffixes.hash(skip).and_then(|hash| at(suffixes.name(skip), hash));
            node.is_some_and(|node| node.set(rtype).is_some())
        };
        let apex = self.apex.borrowed().labels().count();
        let Some(above) = labels.checked_sub(1) else { return false };
        let highest = Depths::deepest_first(self.dnames, above).rev().find(|d| has(*d, RecordType::DNAME));
        highest.is_some_and(|dname| !(apex + 1..dname).any(|depth| has(depth, RecordType::NS)))
    }
}
