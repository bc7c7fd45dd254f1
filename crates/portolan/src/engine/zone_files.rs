//! Zone files beside the fleet: the names that both have, and what is wrong with either.
//!
//! A name of the fleet hides what a zone file has there, and what the file has above it may hide the name. That
//! is not told at each look but kept: the names that a batch touched are looked up in the files, and for a new
//! file all are looked up once. Names below one at which a file delegates or redirects are kept by that name, for
//! when the fleet has something there itself, or has it no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::publish::Serial;
use portolan_core::zone::{Overlap, ZoneFile};
use portolan_core::{Name, NameRef, Problem, Reason, Snapshot};

use super::Engine;
use super::publish::caught;

/// Most names that are told of which the fleet and a zone file both have a say in; of more it is said how many.
const OVERLAPS_TOLD_MAX: usize = 20;

/// What the engine knows of zone files.
#[derive(Debug, Default)]
pub(super) struct ZoneFiles {
    /// What is wrong with the reading of each, by apex.
    reading: BTreeMap<Name, Vec<Problem>>,
    /// What each shares with the fleet, by apex.
    shared: BTreeMap<Name, Shared>,
    /// How many names were looked up so far: what it cost, counted and not timed.
    pub(super) steps: u64,
}

/// What one zone file shares with the fleet.
#[derive(Debug, Default)]
struct Shared {
    /// The names of the fleet that the file has a say in.
    overlaps: BTreeMap<Name, Overlap>,
    /// Names at which the file delegates or redirects what is below, each with the names of the fleet there.
    below: BTreeMap<Name, BTreeSet<Name>>,
    /// Those at which the fleet has something itself, which hides the file's from the names below.
    hiding: BTreeSet<Name>,
}

impl ZoneFiles {
    /// What is wrong with the reading of zone files.
    pub(super) fn reading(&self) -> impl Iterator<Item = &Problem> {
        self.reading.values().flatten()
    }

    /// Looks a name up that came, changed or went; returns the names below that are to be looked up again, as it
    /// hides something from them now, or does no more.
    fn note(&mut self, snapshot: &Snapshot, name: NameRef<'_>) -> BTreeSet<Name> {
        self.steps += 1;
        let mut was_hiding = false;
        for suffix in name.suffixes() {
            if let Some(shared) = self.shared.get_mut(suffix.as_wire()) {
                was_hiding |= shared.take(name);
            }
        }
        let is_there = snapshot.records(name).is_some();
        let Some(zone) = snapshot.zone_of(name).filter(|zone| zone.file().is_some()) else {
            return BTreeSet::new();
        };
        let hides = is_there && snapshot.is_cover(name);
        if is_there {
            let shared = self.shared.entry(zone.apex.clone()).or_default();
            shared.put(snapshot, name, hides);
        }
        let below = || self.shared.get(&zone.apex)?.below.get(name.as_wire()).cloned();
        (hides != was_hiding).then(below).flatten().unwrap_or_default()
    }
}

impl Shared {
    /// Takes a name in.
    fn put(&mut self, snapshot: &Snapshot, name: NameRef<'_>, hides: bool) {
        if let Some((overlap, _)) = snapshot.overlap(name) {
            self.overlaps.insert(name.to_name(), overlap);
        }
        for cover in snapshot.covers_above(name) {
            self.below.entry(cover.to_name()).or_default().insert(name.to_name());
        }
        if hides {
            self.hiding.insert(name.to_name());
        }
    }

    /// Takes a name out; true when it hid something.
    fn take(&mut self, name: NameRef<'_>) -> bool {
        self.overlaps.remove(name.as_wire());
        for above in name.suffixes().skip(1) {
            if let Some(below) = self.below.get_mut(above.as_wire()) {
                below.remove(name.as_wire());
                if below.is_empty() {
                    self.below.remove(above.as_wire());
                }
            }
        }
        self.hiding.remove(name.as_wire())
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
        self.problems_changed += 1;
        self.due.everything();
        let Some(file) = file else { return };
        self.serve_file(apex);
        let before = self.published.current();
        let Some(next) = caught(|| before.with_file(apex, Some(file), self.store.serials())) else {
            self.panics += 1;
            tracing::error!(%apex, "a zone file cannot be published; the zone stays as it was");
            return;
        };
        if let Some(zone) = next.zone_of(apex.borrowed()).filter(|zone| zone.is_whole())
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

    /// Looks all names of the fleet up in the zone files, each once.
    pub(super) fn find_overlaps(&mut self) {
        self.zone_files.shared.clear();
        if self.zone_files.reading.is_empty() {
            return;
        }
        let snapshot = self.published.current();
        self.store.fleet().names.keys().for_each(|name| _ = self.zone_files.note(&snapshot, name));
    }

    /// Looks the names of the fleet up that a new zone file may have a say in. Before the last good state is
    /// published none is answered yet, and then all are looked up.
    fn find_overlaps_in(&mut self, apex: &Name) {
        self.zone_files.shared.remove(apex);
        let snapshot = self.published.current();
        if snapshot.names().next().is_none() {
            return;
        }
        let names = self.store.fleet().names.keys().filter(|name| name.is_at_or_below(apex.borrowed()));
        names.for_each(|name| _ = self.zone_files.note(&snapshot, name));
    }

    /// Looks names of the fleet up in the zone files, after they came, changed or went.
    pub(super) fn note_overlaps<'n>(&mut self, names: impl Iterator<Item = &'n Name>) {
        if self.zone_files.reading.is_empty() {
            return;
        }
        self.problems_changed += 1;
        let snapshot = self.published.current();
        let mut again = BTreeSet::new();
        for name in names {
            again.extend(self.zone_files.note(&snapshot, name.borrowed()));
        }
        for name in again {
            self.zone_files.note(&snapshot, name.borrowed());
        }
    }

    /// What is to be said of names that zone files and the fleet have.
    pub(super) fn overlap_problems(&self) -> impl Iterator<Item = Problem> {
        self.zone_files.shared.iter().flat_map(|(apex, shared)| self.overlapping(apex, &shared.overlaps))
    }

    fn overlapping(&self, apex: &Name, names: &BTreeMap<Name, Overlap>) -> Vec<Problem> {
        let subject = format!("zone {}", apex.to_dotless());
        let problem = |message, place| {
            let reason = Reason::Conflict;
            Problem { subject: subject.clone(), reason, message, place }
        };
        let told = names.iter().take(OVERLAPS_TOLD_MAX).map(|(name, overlap)| {
            let owner = self.store.fleet().names.get(name.borrowed()).map(|facts| facts.owner().to_string());
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
