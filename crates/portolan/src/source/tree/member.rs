//! The files of one source: a cluster's folder, or the root.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::folder::{Change, Folder};
use portolan_kube::object::{Object, ObjectKey};

use crate::engine::{Event, root};
use crate::source::read::{FILES_MAX, FileKind, Job, Listing, Outcome, Stamp};

/// What was read of one source.
#[derive(Debug, Default)]
pub(super) struct Member {
    folder: Folder,
    /// Every file that was seen, and what it was like then; none when it went before it was read.
    stamps: BTreeMap<String, Option<Stamp>>,
    /// CSV files that cannot be read.
    unreadable: BTreeMap<String, Problem>,
    /// What was told of each object: a cluster that comes back may have been forgotten in between, so
    /// all of it is told again.
    told: BTreeMap<ObjectKey, (Arc<Object>, String)>,
    networks: BTreeMap<String, Arc<str>>,
    problems: Vec<Problem>,
    /// More folders or files than may be.
    pub(super) limit: Option<Problem>,
    presence: Presence,
}

/// Whether its folder was there the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Presence {
    #[default]
    NeverSeen,
    There,
    Gone,
}

/// What is to be read of one source.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) source: ClusterName,
    pub(super) folder: PathBuf,
    pub(super) jobs: Vec<Job>,
    /// The files of the jobs.
    names: Vec<(String, Option<Stamp>)>,
    removed: Vec<String>,
}

impl Member {
    /// True when its folder was there the last time.
    pub(super) fn is_there(&self) -> bool {
        self.presence == Presence::There
    }

    /// Compares a listing with what was read: what is new, touched, or (when each is looked at) different
    /// is to be read.
    pub(super) fn look(
        &mut self,
        source: &ClusterName,
        folder: &Path,
        listing: &Listing,
        (touched, each): (Option<&BTreeSet<String>>, bool),
    ) -> Pending {
        let mut pending = Pending::new(source, folder);
        for name in &listing.files {
            let is_touched = touched.is_some_and(|touched| touched.contains(name));
            if !each && !is_touched && self.stamps.contains_key(name) {
                continue;
            }
            let stamp = Stamp::of(&folder.join(name));
            if is_touched || self.stamps.get(name).is_none_or(|known| *known != stamp || stamp.is_none()) {
                pending.read(name, stamp);
            }
        }
        let is_listed = |name: &String| listing.files.binary_search(name).is_ok();
        pending.removed.extend(self.stamps.keys().filter(|name| !is_listed(name)).cloned());
        self.limit = listing.cut.then(|| too_many(source, folder));
        pending
    }

    /// Looks at some files only.
    pub(super) fn look_at_files(
        &self,
        source: &ClusterName,
        folder: &Path,
        touched: &BTreeSet<String>,
    ) -> Pending {
        let mut pending = Pending::new(source, folder);
        for name in touched {
            match Stamp::of(&folder.join(name)) {
                Some(stamp) if self.stamps.contains_key(name) || self.stamps.len() < FILES_MAX => {
                    pending.read(name, Some(stamp));
                }
                Some(_) => {}
                None => pending.removed.push(name.clone()),
            }
        }
        pending
    }

    /// Its folder is gone, or cannot be read: what it gave stays.
    pub(super) fn lose(&mut self, source: &ClusterName, problem: Option<&Problem>) -> Vec<Event> {
        let mut events = Vec::new();
        if std::mem::replace(&mut self.presence, Presence::Gone) != Presence::Gone {
            events.push(Event::Silent(source.clone()));
        }
        // What comes back in its place is read from scratch, whatever its files look like.
        self.stamps.values_mut().for_each(|stamp| *stamp = None);
        let problems: Vec<Problem> = problem.into_iter().cloned().collect();
        if self.problems != problems {
            self.problems.clone_from(&problems);
            events.push(Event::Reading(source.clone(), problems));
        }
        events
    }

    /// Takes what was read, and says what changed. `again`: the root was lost and is back.
    pub(super) fn take(&mut self, pending: Pending, outcomes: Vec<Outcome>, again: bool) -> Vec<Event> {
        let source = pending.source;
        let mut events = Vec::new();
        for name in &pending.removed {
            self.remove(&source, name, &mut events);
        }
        for ((name, stamp), outcome) in pending.names.into_iter().zip(outcomes) {
            self.file(&source, name, stamp, outcome, &mut events);
        }
        let is_new = std::mem::replace(&mut self.presence, Presence::There) != Presence::There;
        self.changes(&source, is_new, &mut events);
        if is_new || (again && source == root()) {
            events.push(Event::Heard(source.clone()));
        }
        let problems: Vec<Problem> =
            self.folder.problems().chain(self.unreadable.values()).chain(&self.limit).cloned().collect();
        if self.problems != problems || again {
            self.problems.clone_from(&problems);
            events.push(Event::Reading(source, problems));
        }
        events
    }

    fn file(
        &mut self,
        source: &ClusterName,
        name: String,
        stamp: Option<Stamp>,
        outcome: Outcome,
        events: &mut Vec<Event>,
    ) {
        match outcome {
            Outcome::Gone => return self.remove(source, &name, events),
            Outcome::Manifest(manifest) => self.folder.set(&name, manifest),
            Outcome::Unreadable(problem) => drop(self.unreadable.insert(name.clone(), problem)),
            Outcome::Networks(text) => {
                self.unreadable.remove(&name);
                if self.networks.get(&name) != Some(&text) {
                    self.networks.insert(name.clone(), text.clone());
                    events.push(networks(source, &name, Some(text)));
                }
            }
        }
        self.stamps.insert(name, stamp);
    }

    fn remove(&mut self, source: &ClusterName, name: &str, events: &mut Vec<Event>) {
        self.stamps.remove(name);
        self.unreadable.remove(name);
        self.folder.remove(name);
        if self.networks.remove(name).is_some() {
            events.push(networks(source, name, None));
        }
    }

    /// What changed of the objects; of a source that is new or back, all of them.
    fn changes(&mut self, source: &ClusterName, all: bool, events: &mut Vec<Event>) {
        let set = |object: &Arc<Object>, place: &str| Event::Set {
            source: source.clone(),
            object: object.clone(),
            place: place.to_owned(),
        };
        for change in self.folder.take_changes() {
            match change {
                Change::Set(object, place) => {
                    if !all {
                        events.push(set(&object, &place));
                    }
                    self.told.insert(object.key(), (object, place));
                }
                Change::Deleted(key) => {
                    self.told.remove(&key);
                    events.push(Event::Deleted { source: source.clone(), key });
                }
            }
        }
        if all {
            // Those of files that were just read are among them.
            events.retain(|event| !matches!(event, Event::Networks { text: Some(_), .. }));
            events.extend(self.told.values().map(|(object, place)| set(object, place)));
            events
                .extend(self.networks.iter().map(|(name, text)| networks(source, name, Some(text.clone()))));
        }
    }
}

impl Pending {
    fn new(source: &ClusterName, folder: &Path) -> Self {
        Self {
            source: source.clone(),
            folder: folder.into(),
            jobs: Vec::new(),
            names: Vec::new(),
            removed: Vec::new(),
        }
    }

    fn read(&mut self, name: &str, stamp: Option<Stamp>) {
        let Some(kind) = FileKind::of(name) else { return };
        let label = if self.source == root() { name.to_owned() } else { format!("{}/{name}", self.source) };
        self.jobs.push(Job { path: self.folder.join(name), label, kind });
        self.names.push((name.to_owned(), stamp));
    }
}

fn networks(source: &ClusterName, path: &str, text: Option<Arc<str>>) -> Event {
    Event::Networks { source: source.clone(), path: path.into(), text }
}

fn too_many(source: &ClusterName, folder: &Path) -> Problem {
    let subject = if *source == root() { folder.display().to_string() } else { source.to_string() };
    let message =
        format!("has more than {FILES_MAX} files, which is the most; the last by name are left out");
    Problem { subject, reason: Reason::LimitReached, message, place: String::new() }
}
