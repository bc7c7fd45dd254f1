//! Zone files beside the fleet: the names that both have, and what is wrong with either.
//!
//! A name of the fleet hides what a zone file has there. That is not told at each look but kept: the names
//! that a batch touched are looked up in the files, and a new file is looked through once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::publish::Serial;
use portolan_core::zone::{Zone, ZoneFile};
use portolan_core::{Name, NameRef, Problem, Reason, Snapshot};

use super::Engine;
use super::publish::caught;

/// Most names that are told of which the fleet and a zone file both have; of more it is said how many.
const OVERLAPS_TOLD_MAX: usize = 20;

/// What the engine knows of zone files.
#[derive(Debug, Default)]
pub(super) struct ZoneFiles {
    /// What is wrong with the reading of each, by apex.
    reading: BTreeMap<Name, Vec<Problem>>,
    /// The names of the fleet in each: those that the file has too, and where the zone is the file's alone
    /// all of them.
    overlaps: BTreeMap<Name, BTreeSet<Name>>,
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
        let overlaps = fleet.filter(|name| file_at(&snapshot, *name).as_ref() == Some(apex));
        let overlaps = overlaps.map(NameRef::to_name).collect();
        self.zone_files.overlaps.insert(apex.clone(), overlaps);
    }

    /// Looks names of the fleet up in the zone files, after they came, changed or went.
    pub(super) fn note_overlaps<'n>(&mut self, names: impl Iterator<Item = &'n Name>) {
        if self.zone_files.reading.is_empty() {
            return;
        }
        let snapshot = self.published.current();
        for name in names {
            match file_at(&snapshot, name.borrowed()) {
                Some(apex) => drop(self.zone_files.overlaps.entry(apex).or_default().insert(name.clone())),
                None => self.zone_files.overlaps.values_mut().for_each(|names| {
                    names.remove(name);
                }),
            }
        }
    }

    /// What is wrong with zone files, and with names that the fleet has too.
    pub(super) fn zone_file_problems(&self) -> impl Iterator<Item = Problem> {
        let reading = self.zone_files.reading.values().flatten().cloned();
        let overlaps =
            self.zone_files.overlaps.iter().flat_map(|(apex, names)| self.overlapping(apex, names));
        reading.chain(overlaps)
    }

    fn overlapping(&self, apex: &Name, names: &BTreeSet<Name>) -> Vec<Problem> {
        let subject = format!("zone {}", apex.to_dotless());
        let snapshot = self.published.current();
        let is_shared = snapshot.zone_of(apex.borrowed()).is_some_and(Zone::is_of_fleet);
        let problem =
            |reason, message| Problem { subject: subject.clone(), reason, message, place: String::new() };
        let told = names.iter().take(OVERLAPS_TOLD_MAX).map(|name| {
            let owner = self.store.fleet().names.get(name.borrowed()).map(|facts| facts.owner.to_string());
            let owner = owner.unwrap_or_else(|| "the fleet".to_owned());
            let name = name.to_dotless();
            let message = if is_shared {
                format!("{name} is in the zone file and also of {owner}, which is answered")
            } else {
                format!(
                    "{name} of {owner} is not answered: the zone is its file's alone until a Zone admits names"
                )
            };
            problem(Reason::Conflict, message)
        });
        let more = names.len().saturating_sub(OVERLAPS_TOLD_MAX);
        let rest = (more > 0).then(|| {
            let message = if is_shared {
                format!("{more} more names of the zone file are also the fleet's, which are answered")
            } else {
                format!("{more} more names of the fleet are not answered either")
            };
            problem(Reason::Conflict, message)
        });
        told.chain(rest).collect()
    }
}

/// The apex of the zone whose file has records at a name that the fleet has too, or leaves it no room.
fn file_at(snapshot: &Snapshot, name: NameRef<'_>) -> Option<Name> {
    snapshot.records(name)?;
    let zone = snapshot.zone_of(name)?;
    let node = zone.file()?.node(name, snapshot.seed());
    (!zone.is_of_fleet() || node.is_some_and(|node| !node.is_empty())).then(|| zone.apex.clone())
}
