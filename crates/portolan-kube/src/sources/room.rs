//! How much of an object counts: whoever may annotate one object must not be able to fill the memory.
//!
//! Names and targets of an object multiply, so both have a limit and so has their product. What is above it is
//! left out, from the end, and told.

use std::collections::BTreeSet;

use portolan_core::Reason;

use super::faults::Faults;

/// Most names that one object may have of a source.
pub const NAMES_MAX: usize = 1_024;
/// Most targets that a name may have of one object.
pub const TARGETS_MAX: usize = 1_024;
/// Most records that the names of one object may have together.
pub const RECORDS_MAX: usize = 65_536;

/// Each text once, in its order and no more than so many; the others are told.
pub(super) fn distinct(
    mut texts: Vec<String>,
    most: usize,
    what: &str,
    field: &str,
    faults: &mut Faults,
) -> Vec<String> {
    let mut known = BTreeSet::new();
    texts.retain(|text| known.insert(text.clone()));
    if texts.len() > most {
        let message = format!("has {} {what}; those after the first {most} are left out", texts.len());
        faults.add(field, Reason::LimitReached, message);
        texts.truncate(most);
    }
    texts
}
