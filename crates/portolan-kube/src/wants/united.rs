//! What several objects ask for alike.
//!
//! As External-DNS' source `crd` has it (0.22: `MergeEndpoints`), and what its plan does with what is left (`PerResource`):
//!
//! | two endpoints of one name, type and set identifier | become |
//! | --- | --- |
//! | of one TTL, or both of none | one set with the targets of both; resource, labels and properties are the first's |
//! | of different TTLs | two candidates: one has the set, the other waits |
//! | aliases to one target | one |
//! | aliases to different targets | two candidates |
//!
//! The first is the one whose object comes first by namespace and name. In External-DNS it is whichever its cache gives first,
//! which is another at each look: where two objects do not have the same properties it writes them in turn.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::plan::{RecordSet, Targets, Wanted};
use portolan_core::{RecordType, Ttl};

/// By what sets are one: type, set identifier, TTL; of an alias its targets too.
type Key<'w> = (RecordType, &'w Arc<str>, Option<Ttl>, Option<&'w Targets>);

/// The sets of one name, each once.
pub(super) fn united<'w>(sets: impl Iterator<Item = &'w Wanted>) -> Vec<Wanted> {
    let mut by_key: BTreeMap<Key<'_>, Vec<&Wanted>> = BTreeMap::new();
    for wanted in sets {
        by_key.entry(key(&wanted.set)).or_default().push(wanted);
    }
    by_key.into_values().filter_map(|alike| one(&alike)).collect()
}

/// True of types of which one name has one record.
pub(super) fn is_alias(rtype: RecordType) -> bool {
    matches!(rtype, RecordType::CNAME | RecordType::DNAME)
}

fn key(set: &RecordSet) -> Key<'_> {
    (set.rtype, &set.identifier, set.named_ttl(), is_alias(set.rtype).then_some(&set.targets))
}

fn one(alike: &[&Wanted]) -> Option<Wanted> {
    let mut one = Wanted::clone(alike.first()?);
    if alike.len() > 1 {
        let targets = alike.iter().flat_map(|wanted| &wanted.set.targets);
        one.set.targets = targets.cloned().collect();
    }
    Some(one)
}
