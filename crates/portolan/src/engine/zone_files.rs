//! Zone files beside the fleet: the names that both have, and what is wrong with either.
//!
//! A name of the fleet hides what a zone file has there, and what the file has above it may hide the name. That
//! is not told at each look but kept: the names that a batch touched are looked up in the files, and for a new
//! file all are looked up once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::publish::Serial;
use portolan_core::zone::{Overlap, Zone, ZoneFile};
use portolan_core::{Name, NameRef, Problem, Reason, RecordType};

use super::Engine;
use super::publish::caught;

/// Most names that are told of which the fleet and a zone file both have a say in; of more it is said how many.
const OVERLAPS_TOLD_MAX: usize = 20;

/// What the engine knows of zone files.
#[derive(Debug, Default)]
pub(super) struct ZoneFiles {
    /// What is wrong with the reading of each, by apex.
    reading: BTreeMap<Name, Vec<Problem>>,
    /// The names of the fleet in each that the file has a say in.
    overlaps: BTreeMap<Name, BTreeMap<Name, Overlap>>,
}

impl ZoneFiles {
    /// What is wrong with the reading of zone files.
    pub(super) fn reading(&self) -> impl Iterator<Item = &Problem> {
        self.reading.values().flatten()
    }
}

impl Engine {
    /// Takes what a zone file gave. Without a zone the one before stays.
    pub fn take_zone_file(
        &mut self,
        apex: &Name,
        file: Option<Arc<ZoneFile>>,
        problems: Vec<Problem>,
        now: i64,
    ) {
        self.zone_files.reading.insert(apex.clone(), problems);
        let Some(file) = file else { return };
        let before = self.published.current();
        let Some(next) = caught(|| before.with_file(apex, Some(file), self.store.serials())) else {
            self.panics += 1;
            tracing::error!(%apex, "a zone file cannot be published; the zone stays as it was");
            return;
        };
        if let Some(zone) = next.zone_of(apex.borrowed())
            && !self.store.fleet().zones.contains_key(apex)
        {
            let given = Serial { serial: zone.serial, content: zone.content };
            self.store.serials().note_file(apex, given);
        }
        self.store.given([apex.clone()]);
        self.published.publish(next);
        self.published_at = now;
        self.find_overlaps_in(apex);
    }

    /// Looks all names of the fleet up in the zone files.
    pub(super) fn find_overlaps(&mut self) {
        let apexes: Vec<Name> = self.zone_files.reading.keys().cloned().collect();
        apexes.iter().for_each(|apex| self.find_overlaps_in(apex));
    }

    fn find_overlaps_in(&mut self, apex: &Name) {
        let snapshot = self.published.current();
        let fleet = self.store.fleet().names.keys().filter(|name| name.is_at_or_below(apex.borrowed()));
        let of_zone = |name: NameRef<'_>| {
            let (overlap, zone) = snapshot.overlap(name)?;
            (zone == apex).then(|| (name.to_name(), overlap))
        };
        self.zone_files.overlaps.insert(apex.clone(), fleet.filter_map(of_zone).collect());
    }

    /// Looks names of the fleet up in the zone files, after they came, changed or went.
    pub(super) fn note_overlaps<'n>(&mut self, names: impl Iterator<Item = &'n Name>) {
        if self.zone_files.reading.is_empty() {
            return;
        }
        let snapshot = self.published.current();
        let mut uncovered = BTreeSet::new();
        for name in names {
            match snapshot.overlap(name.borrowed()) {
                Some((overlap, apex)) => {
                    let overlaps = self.zone_files.overlaps.entry(apex.clone()).or_default();
                    drop(overlaps.insert(name.clone(), overlap));
                }
                None => self.zone_files.overlaps.values_mut().for_each(|names| {
                    names.remove(name);
                }),
            }
            // What the fleet has there hides a delegation or a DNAME from the names below, or does no more.
            let zone = snapshot.zone_of(name.borrowed());
            if let Some(zone) = zone.filter(|zone| covers(zone, name, snapshot.seed())) {
                uncovered.insert(zone.apex.clone());
            }
        }
        uncovered.iter().for_each(|apex| self.find_overlaps_in(apex));
    }

    /// What is to be said of names that zone files and the fleet have.
    pub(super) fn overlap_problems(&self) -> impl Iterator<Item = Problem> {
        self.zone_files.overlaps.iter().flat_map(|(apex, names)| self.overlapping(apex, names))
    }

    fn overlapping(&self, apex: &Name, names: &BTreeMap<Name, Overlap>) -> Vec<Problem> {
        let subject = format!("zone {}", apex.to_dotless());
        let problem = |message, place| {
            let reason = Reason::Conflict;
            Problem { subject: subject.clone(), reason, message, place }
        };
        let told = names.iter().take(OVERLAPS_TOLD_MAX).map(|(name, overlap)| {
            let owner = self.store.fleet().names.get(name.borrowed()).map(|facts| facts.owner.to_string());
            let place = owner.as_ref().and_then(|owner| self.index.whereabouts(owner));
            let place = place.map_or_else(String::new, |(_, place)| place.to_string());
            let owner = owner.unwrap_or_else(|| "the fleet".to_owned());
            problem(told(&name.to_dotless(), &owner, overlap), place)
        });
        let more = names.len().saturating_sub(OVERLAPS_TOLD_MAX);
        let rest = (more > 0).then(|| {
            let message = format!("{more} more names of the fleet, in which the zone file has a say too");
            problem(message, String::new())
        });
        told.chain(rest).collect()
    }
}

/// What comes of a name that the fleet and a zone file have a say in.
fn told(name: &str, owner: &str, overlap: &Overlap) -> String {
    match overlap {
        Overlap::Both => format!("{name} is in the zone file and also of {owner}, which is answered"),
        Overlap::FileAlone => {
            format!(
                "{name} of {owner} is not answered: the zone is its file's alone until a Zone admits names"
            )
        }
        Overlap::BelowCut(cut) => {
            format!("{name} of {owner} is not answered: the zone file delegates {}", cut.to_dotless())
        }
        Overlap::BelowDname(dname) => format!(
            "{name} of {owner} is answered, but resolvers that know the DNAME of the zone file at {} go elsewhere for it",
            dname.to_dotless()
        ),
    }
}

/// True of a name at which the zone file delegates or redirects what is below.
fn covers(zone: &Zone, name: &Name, seed: u64) -> bool {
    let node = zone.file().and_then(|file| file.node(name.borrowed(), seed));
    node.is_some_and(|node| {
        [RecordType::NS, RecordType::DNAME].iter().any(|rtype| node.set(*rtype).is_some())
    })
}
