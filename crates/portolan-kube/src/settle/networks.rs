//! Which network is where: in a policy itself, or in a CSV file beside the manifests.
//!
//! A map may have a million networks of which most share a few places, so a place is parsed once for
//! each text ([`Places`]) and its copies share their bytes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use portolan_core::place::{NETWORKS_MAX, Network, NetworkMap, Place, PlaceError};
use portolan_core::{Problem, Reason};

use super::findings::{Findings, Value};
use crate::kinds::{INLINE_NETWORKS_MAX, Stage};

/// The header that a CSV file may have.
const HEADER: &str = "cidr,place";

/// Reads a `cidr,place` CSV. A line that begins with `#` or is blank says nothing, a first line
/// `cidr,place` is a header, and a place may stand in double quotes. A bad network costs its line; one
/// that stands twice counts as it first stood; one of unknown place is kept, hiding a wider one.
#[must_use]
pub fn networks_csv(text: &str, file: &str) -> (NetworkMap, Vec<Problem>) {
    let mut findings = Findings::of(file.to_owned());
    let mut places = Places::default();
    let mut map = NetworkMap::default();
    let mut may_be_header = true;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if std::mem::take(&mut may_be_header) && line.eq_ignore_ascii_case(HEADER) {
            continue;
        }
        if map.networks.len() == NETWORKS_MAX {
            let message = format!("{NETWORKS_MAX} networks; those from this line on are left out");
            findings.note_line(number, Reason::LimitReached, message);
            break;
        }
        if let Err((reason, message)) = add(&mut map, &mut places, line) {
            findings.note_line(number, reason, message);
        }
    }
    (map, findings.into_problems())
}

/// Reads the networks that stand in a stage itself.
pub(super) fn inline(stage: &Stage, field: &str, findings: &mut Findings) -> NetworkMap {
    let mut places = Places::default();
    let mut map = NetworkMap::default();
    let field = format!("{field}.networks");
    for (i, item) in findings.within(&field, &stage.networks, INLINE_NETWORKS_MAX) {
        if let Err((reason, message)) = insert(&mut map, &mut places, &item.cidr, &item.place) {
            findings.note(reason, format_args!("{field}[{i}]"), message);
        }
    }
    map
}

/// Why an item is left out, or kept with less.
type Fault = (Reason, String);

fn add<'t>(map: &mut NetworkMap, places: &mut Places<'t>, line: &'t str) -> Result<(), Fault> {
    let Some((cidr, place)) = line.split_once(',') else {
        return Err((Reason::Invalid, format!("{} has no comma; the form is {HEADER}", Value(line))));
    };
    let place = place.trim();
    let quoted = place.strip_prefix('"').and_then(|p| p.strip_suffix('"'));
    insert(map, places, cidr.trim(), quoted.unwrap_or(place))
}

fn insert<'t>(
    map: &mut NetworkMap,
    places: &mut Places<'t>,
    cidr: &str,
    place: &'t str,
) -> Result<(), Fault> {
    let network: Network = match cidr.parse() {
        Ok(network) => network,
        Err(rule) => return Err((Reason::Invalid, format!("network {} {rule}", Value(cidr)))),
    };
    let Entry::Vacant(slot) = map.networks.entry(network) else {
        let message = format!("network {} stands twice ({network}); the first counts", Value(cidr));
        return Err((Reason::Duplicate, message));
    };
    match places.parse(place) {
        Ok(place) => {
            slot.insert(Some(place));
            Ok(())
        }
        Err(rule) => {
            slot.insert(None);
            let message = format!("place {}: {rule}; {network} counts as of unknown place", Value(place));
            Err((Reason::Invalid, message))
        }
    }
}

/// The places that were parsed so far, by text.
#[derive(Default)]
struct Places<'t>(BTreeMap<&'t str, Result<Place, PlaceError>>);

impl<'t> Places<'t> {
    fn parse(&mut self, text: &'t str) -> Result<Place, PlaceError> {
        self.0.entry(text).or_insert_with(|| text.parse()).clone()
    }
}

#[cfg(test)]
mod tests;
