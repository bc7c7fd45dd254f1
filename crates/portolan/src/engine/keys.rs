//! Names that keys of a store give, beside those of clusters' objects.
//!
//! ```text
//!   keys ──▶ Table ──▶ facts ──┐
//!            (store)           ├──▶ Store::commit ──▶ compile ──▶ publish
//!   objects ──▶ Index ─────────┘ an object's name hides the keys'
//! ```
//!
//! There is one way to answer: keys become the same facts as objects do. A name, or a zone, that an object speaks for is
//! answered from the object, and the keys' copy waits for it to go.
//!
//! After our own restart the last good state answers. What of it a first list lacks is gone, unless that is half of all
//! names, or all, which is held; or the keys of a name are there and cannot be understood.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_core::fleet::{NameFacts, ZoneFacts};
use portolan_core::{Fact, Fleet, Name, Problem, Reason};
use portolan_store::skydns::table::{Lacking, OWNER_KIND, Read, is_doubtful};
use portolan_store::skydns::{Setup, Table};

use super::Engine;
use super::publish::caught;
use crate::threads::{cores, share};

/// Names that become facts in one step.
const NAMES_AT_ONCE: usize = 65_536;
/// Names that a thread makes facts of in one go.
const SHARE: usize = 1_024;
/// Most threads that do.
const THREADS_MAX: usize = 8;
/// How many names further up than a key its name may be, when the key alone is known.
const LABELS_STRIPPED_MAX: usize = 2;

/// What whoever follows a store tells.
#[derive(Debug)]
pub enum Told {
    /// A list of all keys begins.
    ListBegins,
    /// Some of its keys.
    Listed(Vec<Read>),
    /// It came to its end. True when it is to be believed whatever it lacks.
    ListEnds(bool),
    /// What became of keys, in order.
    Changed(Vec<Change>),
    /// Somebody says that what is held is gone.
    Released,
    /// The store is at an older state than it was, and not followed; or that is over.
    Regressed(bool),
    /// What is wrong with the following itself: this, and nothing else.
    Trouble(Option<Problem>),
}

/// What became of a key.
#[derive(Debug)]
pub enum Change {
    /// It was written.
    Put(Read),
    /// It was deleted.
    Deleted(Vec<u8>),
}

/// How it stands with keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysState {
    /// Keys that are understood.
    pub keys: usize,
    /// Keys that are not.
    pub faulty: usize,
    /// Why some are held; none while none is.
    pub held: Option<String>,
    /// They were read whole since our own start.
    pub is_read: bool,
    /// The store is at an older state than it was, and not followed.
    pub is_regressed: bool,
}

/// What the engine knows of keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    table: Option<Table>,
    is_read: bool,
    /// Names of the last good state that the first list lacked, and that stay.
    lacking: BTreeSet<Name>,
    /// How many of them look like a loss, of how many names.
    lost: Option<(usize, usize)>,
    /// Keys that a list lacked, of how many.
    missing: Option<(usize, usize)>,
    /// Names that objects have too.
    hidden: BTreeSet<Name>,
    trouble: Option<Problem>,
    is_regressed: bool,
}

impl Keys {
    /// True when no name is of keys.
    pub(super) fn are_off(&self) -> bool {
        self.table.is_none()
    }

    /// True when no key is waited for.
    pub(super) fn are_read(&self) -> bool {
        self.are_off() || self.is_read
    }

    /// What of a fleet is the index' to remember.
    pub(super) fn without(&self, fleet: &Fleet) -> Fleet {
        let Some(table) = &self.table else { return fleet.clone() };
        let is_ours = |kind: &str| kind == OWNER_KIND;
        let zones = fleet
            .zones
            .iter()
            .filter(|(apex, zone)| !(zone.held_by.is_empty() && table.setup().zones.contains(*apex)));
        let zones = zones.map(|(apex, zone)| (apex.clone(), zone.clone())).collect();
        let (clusters, policies) = (fleet.clusters.clone(), fleet.policies.clone());
        if !fleet.names.iter().any(|(_, facts)| is_ours(facts.owner().kind)) {
            return Fleet { clusters, policies, zones, names: fleet.names.clone() };
        }
        let others = fleet.names.iter().filter(|(_, facts)| !is_ours(facts.owner().kind));
        let others: Vec<_> = others.map(|(name, facts)| (name.to_name(), facts.to_facts())).collect();
        let names = others.iter().map(|(name, facts)| (name.clone(), facts)).collect();
        Fleet { clusters, policies, zones, names }
    }

    /// What objects come to, with the keys' say where they have none any more.
    pub(super) fn beside(&mut self, mut facts: Vec<Fact>, fleet: &Fleet) -> Vec<Fact> {
        let Some(table) = &self.table else { return facts };
        for fact in &mut facts {
            match fact {
                Fact::Name(name, now @ None) => {
                    self.hidden.remove(name);
                    *now = table.facts(name);
                }
                Fact::Name(name, Some(_)) => {
                    let is_ours =
                        fleet.names.get(name.borrowed()).is_some_and(|was| was.owner().kind == OWNER_KIND);
                    if is_ours || table.facts(name).is_some() {
                        self.lacking.remove(name);
                        self.hidden.insert(name.clone());
                    }
                }
                Fact::Zone(apex, now @ None) => *now = table.zone(apex),
                _ => {}
            }
        }
        facts
    }

    /// What is wrong with keys, and with their following.
    pub(super) fn problems(&self) -> impl Iterator<Item = Problem> {
        let faults = self
            .table
            .iter()
            .flat_map(|table| table.faults().map(|fault| of_key(&fault.key, fault.message())));
        faults
            .chain(self.untold())
            .chain(self.overlap())
            .chain(self.held_problem())
            .chain(self.trouble.clone())
    }

    fn untold(&self) -> Option<Problem> {
        let table = self.table.as_ref()?;
        let untold = table.faulty().saturating_sub(table.faults().count());
        let message = format!("{untold} more keys have a fault; they are left out, each by itself");
        (untold > 0).then(|| Problem {
            subject: self.subject(),
            reason: Reason::LimitReached,
            message,
            place: String::new(),
        })
    }

    fn overlap(&self) -> Option<Problem> {
        let first = self.hidden.first()?;
        let more = match self.hidden.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "the names {}{more} are an object's too, and are answered from there; their keys are not",
            first.to_dotless()
        );
        Some(Problem { subject: self.subject(), reason: Reason::Conflict, message, place: String::new() })
    }

    fn held_problem(&self) -> Option<Problem> {
        let message = format!(
            "{}; they are kept until a delete is told, they are back, or `portolan holds --release` says that they are \
             gone",
            self.held()?
        );
        Some(Problem { subject: self.subject(), reason: Reason::Held, message, place: String::new() })
    }

    fn held(&self) -> Option<String> {
        let (what, (lost, before), things) = match (self.lost, self.missing) {
            (Some(lost), _) => ("the first list since our own start lacks", lost, "names"),
            (None, Some(missing)) => ("no delete was told, and a new list lacks", missing, "keys"),
            (None, None) => return None,
        };
        Some(format!("{what} {lost} of {before} {things}"))
    }

    fn subject(&self) -> String {
        let prefix = self.table.as_ref().map_or("", |table| table.setup().layout.prefix());
        format!("keys of {prefix}")
    }

    /// What a name of the keys becomes as a fact; none when an object speaks for it, or it is held.
    fn fact(&mut self, name: Name, facts: Option<NameFacts>, is_objects: bool) -> Option<Fact> {
        if is_objects {
            match facts {
                Some(_) => self.hidden.insert(name),
                None => self.hidden.remove(&name),
            };
            return None;
        }
        if facts.is_none() && self.lacking.contains(&name) {
            return None;
        }
        self.found(&name);
        Some(Fact::Name(name, facts))
    }

    /// A name that the first list lacked shows itself, or is told to be gone.
    fn found(&mut self, name: &Name) {
        if self.lacking.remove(name) {
            self.lost =
                self.lost.and_then(|(lost, before)| Some((lost.checked_sub(1).filter(|l| *l > 0)?, before)));
        }
    }

    /// The names of the last good state that the first list lacks: those that are gone.
    fn gone(&mut self, fleet: &Fleet, is_believed: bool) -> Vec<Name> {
        let Some(table) = &self.table else { return Vec::new() };
        let remembered = fleet.names.iter().filter(|(_, facts)| facts.owner().kind == OWNER_KIND);
        let (mut before, mut lacking) = (0, Vec::new());
        for (name, _) in remembered {
            before += 1;
            let name = name.to_name();
            if table.facts(&name).is_none() {
                lacking.push(name);
            }
        }
        let (faulty, lacking): (Vec<Name>, Vec<Name>) =
            lacking.into_iter().partition(|name| table.is_faulty_at(name));
        self.lacking = faulty.into_iter().collect();
        if is_believed || !is_doubtful(lacking.len(), before - lacking.len()) {
            return lacking;
        }
        self.lost = Some((lacking.len(), before));
        self.lacking.extend(lacking);
        Vec::new()
    }

    /// Names that may have been a key's of which nothing is known but that it was deleted.
    fn deleted(&mut self, key: &[u8]) -> Vec<Fact> {
        let Some(table) = self.table.as_ref().filter(|_| !self.lacking.is_empty()) else { return Vec::new() };
        let Ok(spelled) = table.setup().layout.name(key) else { return Vec::new() };
        let names = spelled.borrowed().suffixes().take(LABELS_STRIPPED_MAX);
        let names: Vec<Name> =
            names.map(|name| name.to_name()).filter(|name| self.lacking.contains(name)).collect();
        names.iter().for_each(|name| self.found(name));
        names.into_iter().map(|name| Fact::Name(name, None)).collect()
    }
}

impl Engine {
    /// The same with names of keys. To be called before all else.
    #[must_use]
    pub fn with_keys(mut self, setup: &Arc<Setup>) -> Self {
        self.keys.table = Some(Table::new(setup.clone()));
        self
    }

    /// Takes what was told of keys.
    pub fn take_keys(&mut self, told: Vec<Told>, now: i64) {
        let complete = self.complete;
        match caught(|| self.told_of_keys(told)) {
            Some(Some(facts)) => self.commit_keys(facts, complete, now),
            Some(None) => {}
            None => {
                self.panics += 1;
                tracing::error!("reading keys panicked; answers stay as they were");
            }
        }
    }

    /// How it stands with keys; none when none are followed.
    #[must_use]
    pub fn keys_state(&self) -> Option<KeysState> {
        let table = self.keys.table.as_ref()?;
        Some(KeysState {
            keys: table.len(),
            faulty: table.faulty(),
            held: self.keys.held(),
            is_read: self.keys.is_read,
            is_regressed: self.keys.is_regressed,
        })
    }

    /// Takes it in; the facts that it comes to beside those of the table. None while a list is under way.
    fn told_of_keys(&mut self, told: Vec<Told>) -> Option<Vec<Fact>> {
        let mut facts = None;
        for told in told {
            let Some(table) = &mut self.keys.table else { return None };
            match told {
                Told::ListBegins => table.begin_list(),
                Told::Listed(reads) => reads.into_iter().for_each(|read| table.take(read)),
                Told::ListEnds(is_believed) => {
                    let Lacking { held, .. } = table.end_list(is_believed);
                    self.keys.missing = (held > 0).then(|| (held, table.len()));
                    let gone = match self.keys.is_read {
                        false => self.keys.gone(self.store.fleet(), is_believed),
                        true => Vec::new(),
                    };
                    self.keys.is_read = true;
                    facts
                        .get_or_insert_with(Vec::new)
                        .extend(gone.into_iter().map(|name| Fact::Name(name, None)));
                }
                Told::Changed(changes) => {
                    let facts = facts.get_or_insert_with(Vec::new);
                    for change in changes {
                        let Some(table) = &mut self.keys.table else { return None };
                        match change {
                            Change::Put(read) => table.take(read),
                            Change::Deleted(key) => {
                                table.delete(&key);
                                facts.extend(self.keys.deleted(&key));
                            }
                        }
                    }
                    self.keys.note_missing();
                }
                Told::Released => {
                    table.release();
                    self.keys.note_missing();
                    let names = std::mem::take(&mut self.keys.lacking);
                    self.keys.lost = None;
                    facts
                        .get_or_insert_with(Vec::new)
                        .extend(names.into_iter().map(|name| Fact::Name(name, None)));
                }
                Told::Regressed(is_so) => self.keys.is_regressed = is_so,
                Told::Trouble(problem) => self.keys.trouble = problem,
            }
            self.problems_changed += 1;
        }
        facts
    }

    /// Commits what the table has for news, some names at a time; the first reading is compiled as a whole.
    fn commit_keys(&mut self, mut facts: Vec<Fact>, was_complete: bool, now: i64) {
        let is_first = self.store.fleet().names.is_empty() && self.store.revision() == 0;
        let Some(table) = &mut self.keys.table else { return };
        let fleet = self.store.fleet();
        let is_objects =
            |apex: &Name| fleet.zones.get(apex).is_some_and(|known: &ZoneFacts| !known.held_by.is_empty());
        let zones = table.take_zones().into_iter().filter(|(apex, _)| !is_objects(apex));
        facts.extend(zones.map(|(apex, zone)| Fact::Zone(apex, Some(zone))));
        loop {
            let Some((names, is_last)) = caught(|| self.some_names()) else {
                self.panics += 1;
                tracing::error!("names of keys panicked; they stay as they were");
                return;
            };
            facts.extend(names);
            let batch = std::mem::take(&mut facts);
            self.complete |= is_last && self.all_was_read();
            if is_first {
                self.due.facts(self.store.fleet(), &batch);
                self.store.commit(batch);
            } else {
                self.commit(batch, was_complete, now);
            }
            if is_last {
                break;
            }
        }
        if is_first {
            self.publish_whole(now);
        }
    }
}

impl Engine {
    /// Some of the names that changed, as facts; and whether they were the last.
    fn some_names(&mut self) -> (Vec<Fact>, bool) {
        let Some(table) = &mut self.keys.table else { return (Vec::new(), true) };
        let names = table.take_names(NAMES_AT_ONCE);
        let is_last = names.len() < NAMES_AT_ONCE;
        let fleet = self.store.fleet();
        let told = |name: &Name| (table.facts(name), is_objects(fleet, name));
        let told = |names: &[Name]| names.iter().map(told).collect::<Vec<_>>();
        let told = share(names.chunks(SHARE), cores(THREADS_MAX), told).into_iter().flatten();
        let facts = names.into_iter().zip(told);
        let facts = facts.filter_map(|(name, (now, is_objects))| self.keys.fact(name, now, is_objects));
        (facts.collect(), is_last)
    }
}

/// True of a name that an object speaks for.
fn is_objects(fleet: &Fleet, name: &Name) -> bool {
    fleet.names.get(name.borrowed()).is_some_and(|known| known.owner().kind != OWNER_KIND)
}

impl Keys {
    /// Keys that were held may have shown themselves, or been told to be gone.
    fn note_missing(&mut self) {
        let held = self.table.as_ref().map_or(0, Table::held);
        self.missing = self.missing.filter(|_| held > 0).map(|(_, before)| (held, before));
    }
}

/// What is wrong with one key.
fn of_key(key: &str, message: String) -> Problem {
    Problem { subject: format!("key {key}"), reason: Reason::Invalid, message, place: String::new() }
}

#[cfg(test)]
mod tests;
