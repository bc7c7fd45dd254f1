//! The files of one source: a cluster's folder, or the root.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portolan_core::{ClusterName, Problem, Reason};
use portolan_kube::folder::{Change, Folder};
use portolan_kube::index::Lacks;
use portolan_kube::object::Object;
use portolan_kube::origin::Origin;

use crate::engine::{Event, root};
use crate::source::read::{FILES_MAX, FileKind, Job, KEPT, Listing, Outcome, Sight, Stamp};
use crate::source::tree::touches::Touches;

/// What was read of one source.
#[derive(Debug, Default)]
pub(super) struct Member {
    folder: Folder,
    /// Every file that was seen, and what it was like when it was read; none when that failed.
    stamps: BTreeMap<String, Option<Stamp>>,
    /// Files that cannot be read.
    unreadable: BTreeMap<String, Problem>,
    networks: BTreeMap<String, Arc<str>>,
    problems: Vec<Problem>,
    /// What is there and was never read, as it was told last.
    lacks: Lacks,
    /// More files than may be.
    too_many_files: Option<Problem>,
    /// Files that were written after notices were gathered; they are read the next time.
    postponed: BTreeSet<String>,
    /// More folders than may be, of the root.
    pub(super) too_many_folders: Option<Problem>,
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

    /// True when files were left out: then one that goes makes room for another, which only a listing tells.
    pub(super) fn is_cut(&self) -> bool {
        self.too_many_files.is_some()
    }

    /// Compares a listing with what was read: what is new, touched, or (when each is looked at) different
    /// is to be read.
    pub(super) fn look(
        &mut self,
        source: &ClusterName,
        folder: &Path,
        listing: &Listing,
        (touches, each): (&Touches, bool),
    ) -> Pending {
        let mut pending = Pending::new(source, folder);
        for name in &listing.files {
            let is_touched = touches.has_file(source, name);
            let known = self.stamps.get(name).copied();
            if touches.is_held(source, name) || (!each && !is_touched && known.is_some()) {
                continue;
            }
            match Sight::of(&folder.join(name)) {
                Sight::Gone => pending.removed.push(name.clone()),
                Sight::File(stamp) if !is_touched && known == Some(Some(stamp)) => {}
                sight if self.postpone(name, sight, touches) => {}
                sight => pending.read(name, sight.stamp()),
            }
        }
        let is_listed = |name: &String| listing.files.binary_search(name).is_ok();
        pending.removed.extend(self.stamps.keys().filter(|name| !is_listed(name)).cloned());
        self.too_many_files = listing.cut.then(|| too_many(source, folder));
        pending
    }

    /// Looks at the touched files only.
    pub(super) fn look_at_files(
        &mut self,
        source: &ClusterName,
        folder: &Path,
        touches: &Touches,
    ) -> Pending {
        let mut pending = Pending::new(source, folder);
        let mut count = self.stamps.len();
        for name in touches.files_of(source).filter(|name| !touches.is_held(source, name)) {
            match Sight::of(&folder.join(name)) {
                Sight::Gone => pending.removed.push(name.clone()),
                sight if self.postpone(name, sight, touches) => {}
                sight if self.stamps.contains_key(name) => pending.read(name, sight.stamp()),
                sight if count < FILES_MAX => {
                    count += 1;
                    pending.read(name, sight.stamp());
                }
                _ => self.too_many_files = Some(too_many(source, folder)),
            }
        }
        pending
    }

    /// Leaves a file for the next time that was written after notices were gathered: its writer may be at
    /// it still, and then the next notices tell. Once, so that one who never rests is read as well.
    fn postpone(&mut self, name: &str, sight: Sight, touches: &Touches) -> bool {
        let modified = sight.stamp().and_then(|stamp| stamp.modified());
        !self.postponed.remove(name)
            && touches.may_be_untold(modified)
            && self.postponed.insert(name.to_owned())
    }

    /// The files that were left for the next time.
    pub(super) fn postponed(&self) -> &BTreeSet<String> {
        &self.postponed
    }

    /// The files that nobody will tell of: those that could not be read, and those behind links that
    /// look different now. `links` is how many more of these may be looked at.
    pub(super) fn doubtful(&self, folder: &Path, links: &mut usize) -> Vec<String> {
        let mut is_doubtful = |name: &str, stamp: Option<Stamp>| match stamp {
            None => true,
            Some(stamp) if stamp.is_linked() && *links > 0 => {
                *links -= 1;
                Sight::of(&folder.join(name)) != Sight::File(stamp)
            }
            Some(_) => false,
        };
        let doubtful = self.stamps.iter().filter(|(name, stamp)| is_doubtful(name, **stamp));
        doubtful.map(|(name, _)| name.clone()).collect()
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
        let lacks = self.lacks();
        if self.lacks != lacks || (is_new && !lacks.is_empty()) {
            self.lacks.clone_from(&lacks);
            events.push(Event::Lacks(source.clone(), lacks));
        }
        if is_new || (again && source == root()) {
            events.push(Event::Heard(source.clone()));
        }
        let problems: Vec<Problem> = self
            .folder
            .problems()
            .chain(self.unreadable.values())
            .chain(&self.too_many_files)
            .chain(&self.too_many_folders)
            .cloned()
            .collect();
        if self.problems != problems || again {
            self.problems.clone_from(&problems);
            events.push(Event::Reading(source, problems));
        }
        events
    }

    /// What is there and was never read. A CSV file of networks is no object, and is not counted.
    fn lacks(&self) -> Lacks {
        let mut lacks = self.folder.lacks();
        let is_manifest = |name: &&String| FileKind::of(name) == Some(FileKind::Manifest);
        let unread = self.unreadable.keys().filter(is_manifest).filter(|name| !self.folder.has_read(name));
        lacks.files.extend(unread.map(|name| name.as_str().into()));
        lacks
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
            Outcome::Unread(mut problem) => {
                if self.folder.has_read(&name) || self.networks.contains_key(&name) {
                    problem.message = format!("{}; {KEPT}", problem.message);
                }
                self.unreadable.insert(name.clone(), problem);
                self.stamps.insert(name, None);
                return;
            }
            Outcome::Unreadable(problem) => drop(self.unreadable.insert(name.clone(), problem)),
            Outcome::Manifest(manifest) => {
                self.unreadable.remove(&name);
                self.folder.set(&name, manifest);
            }
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
        self.postponed.remove(name);
        self.unreadable.remove(name);
        self.folder.remove(name);
        if self.networks.remove(name).is_some() {
            events.push(networks(source, name, None));
        }
    }

    /// What changed of the objects; of a source that is new or back, all of them: a cluster that comes back
    /// may have been forgotten in between.
    fn changes(&mut self, source: &ClusterName, all: bool, events: &mut Vec<Event>) {
        let set = |object: &Arc<Object>, place: &Origin| Event::Set {
            source: source.clone(),
            object: object.clone(),
            place: place.clone(),
        };
        for change in self.folder.take_changes() {
            match change {
                Change::Set(object, place) if !all => events.push(set(&object, &place)),
                Change::Set(..) => {}
                Change::Deleted(key) => events.push(Event::Deleted { source: source.clone(), key }),
            }
        }
        if all {
            // Those of files that were just read are among them.
            events.retain(|event| !matches!(event, Event::Networks { text: Some(_), .. }));
            events.extend(self.folder.told().map(|located| set(&located.object, &located.place)));
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
