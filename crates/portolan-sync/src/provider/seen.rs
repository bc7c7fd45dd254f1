//! Whether a name is still as it was seen.

use std::collections::BTreeSet;

use portolan_core::Name;
use portolan_core::record::RecordType;
use portolan_core::registry::{Listed, Text};

use super::Step;

impl Step {
    /// The names that it writes at: its own, and those of its texts.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&Name> {
        let texts = self.texts.iter().map(|text| match text {
            Text::Put { name, .. } | Text::Remove { name, .. } => name,
        });
        texts.chain([&self.change.name]).collect()
    }

    /// True when the sets that there are now (`at` a name) are those that were seen. For a DNS that has to compare by
    /// itself.
    pub fn is_as_seen<'l>(&self, at: impl Fn(&Name) -> Vec<&'l Listed>) -> bool {
        self.names().into_iter().all(|name| {
            let is_own = *name == self.change.name;
            let counts = |(set, _): &&Listed| is_own || set.rtype == RecordType::TXT;
            let now: Vec<&Listed> = at(name).into_iter().filter(counts).collect();
            let mut seen = self.seen.iter().filter(|(set, _)| set.name == *name).filter(counts);
            let count = seen.clone().count();
            count == now.len() && seen.all(|seen| now.iter().any(|now| is_same(seen, now)))
        })
    }
}

/// True when a set is as it was seen. What the seen one does not say (a TTL, a version) does not count.
fn is_same((seen, before): &Listed, (now, version): &Listed) -> bool {
    seen.rtype == now.rtype
        && seen.identifier == now.identifier
        && seen.targets == now.targets
        && seen.named_ttl().is_none_or(|ttl| now.ttl == Some(ttl))
        && (before.is_none() || version.is_none() || before == version)
}
