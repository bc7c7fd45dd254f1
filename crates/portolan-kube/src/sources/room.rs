//! How much of an object counts: whoever may annotate one object must not be able to fill the memory.
//!
//! Names and targets of an object multiply, so both have a limit and so has their product. What is above it is
//! left out, from the end, and told.

use std::collections::BTreeSet;

use portolan_core::Reason;

use super::{Faults, Scene};

/// Most names that one object may have of a source.
pub const NAMES_MAX: usize = 1_024;
/// Most targets that a name may have of one object.
pub const TARGETS_MAX: usize = 1_024;
/// Most records that the names of one object may have together.
pub const RECORDS_MAX: usize = 65_536;

impl Scene<'_, '_> {
    /// Those of the hosts that there is room for when each has so many targets, each once.
    pub(super) fn hold(&mut self, hosts: Vec<String>, targets: usize) -> Vec<String> {
        let most = (RECORDS_MAX / targets.max(1)).clamp(1, NAMES_MAX);
        let what = match targets {
            0 | 1 => "names".to_owned(),
            targets => format!("names with {targets} targets"),
        };
        distinct(hosts, most, &what, "", self.faults)
    }

    /// Those of the targets that count, each once; `field` is where they stand.
    pub(super) fn few<'t>(&mut self, targets: impl Iterator<Item = &'t str>, field: &str) -> Vec<String> {
        distinct(targets.map(Into::into).collect(), TARGETS_MAX, "targets", field, self.faults)
    }

    /// Notes that the object wants these names, with or without a target.
    pub(super) fn want(&mut self, hosts: &[String]) {
        let dotless = |host: &String| host.strip_suffix('.').unwrap_or(host).to_owned();
        self.wanted.extend(hosts.iter().map(dotless));
    }
}

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
