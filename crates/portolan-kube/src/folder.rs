//! The files of one cluster's folder: what each last gave, and what that changes.
//!
//! ```text
//!   set(path, Manifest) ─┐                       ┌─▶ Change::Set
//!                        ├─▶ held: key ─▶ files ─┤
//!   remove(path) ────────┘                       └─▶ Change::Deleted
//! ```
//!
//! Everything is kept by object, because one object may stand in several files: the first by path that is whole has
//! the word, the others wait behind it, and when it goes the next takes over without a delete between.
//! What was told is kept beside what is held, so that a file which is written again unchanged, or an
//! object that moves from file to file, is no change.
//!
//! It must not know what an object means, nor how files are found and watched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::{Problem, Reason};

use crate::index::Lacks;
use crate::manifest::{Located, Manifest};
use crate::object::{Object, ObjectKey};

/// What became of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is there, it is different, or it only moved: then it is the same `Arc` as before.
    Set(Arc<Object>, Arc<str>),
    /// No file holds it any more.
    Deleted(ObjectKey),
}

/// The files of a folder.
#[derive(Debug, Default)]
pub struct Folder {
    files: BTreeMap<Arc<str>, File>,
    held: BTreeMap<ObjectKey, Held>,
    /// Objects that are in more than one file, and what is to be said of it.
    duplicates: BTreeMap<ObjectKey, Vec<Problem>>,
    /// Objects to look at for the next changes.
    touched: BTreeSet<ObjectKey>,
}

/// What is known of one file.
#[derive(Debug, Default)]
struct File {
    /// The objects that it last gave.
    keys: BTreeSet<ObjectKey>,
    /// What is wrong with it now.
    problems: Vec<Problem>,
    /// Objects that it holds twice.
    repeats: Vec<Problem>,
    /// True when it never parsed, or has had an object that may be any ever since, so that it is not known what it holds.
    is_unread: bool,
    /// Objects that it holds and that it never gave whole.
    unread: BTreeSet<ObjectKey>,
}

impl File {
    /// Takes which objects are refused now: those that it gave before stay what they were.
    fn refuse(&mut self, refused: Vec<ObjectKey>, before: &BTreeSet<ObjectKey>) {
        let was_unread = std::mem::take(&mut self.unread);
        for key in refused {
            let is_given = before.contains(&key);
            if !is_given || was_unread.contains(&key) {
                self.unread.insert(key.clone());
            }
            self.keys.extend(is_given.then_some(key));
        }
    }
}

/// What is known of one object.
#[derive(Debug)]
struct Held {
    /// The files that hold it, by path.
    files: Vec<(Arc<str>, Located)>,
    /// What the last changes said of it.
    told: Option<Located>,
}

impl Folder {
    /// Takes what a file gives now. A file that did not parse keeps the objects that it last gave.
    pub fn set(&mut self, path: &str, manifest: Manifest) {
        let path: Arc<str> = path.into();
        let new = || File { is_unread: true, ..File::default() };
        let mut file = self.files.remove(&path).unwrap_or_else(new);
        file.problems = manifest.problems;
        if manifest.whole {
            let before = std::mem::take(&mut file.keys);
            file.repeats.clear();
            file.is_unread &= manifest.has_nameless;
            file.refuse(manifest.refused, &before);
            if manifest.has_nameless {
                // Whichever it was: it stays what it was.
                file.keys.extend(before.iter().cloned());
            }
            let mut given = BTreeMap::new();
            let stays = |object: &Object| object.in_part && before.contains(&object.key);
            let told = manifest.objects.into_iter().filter(|located| !stays(&located.object));
            let (in_part, whole): (Vec<_>, Vec<_>) = told.partition(|located| located.object.in_part);
            for located in whole.into_iter().chain(in_part) {
                let key = located.object.key.clone();
                match given.get(&key) {
                    Some(first) => file.repeats.push(duplicate(&key, first, &located)),
                    None => drop(given.insert(key, located)),
                }
            }
            file.keys.append(&mut given.keys().cloned().collect());
            before.difference(&file.keys).for_each(|key| self.take_away(key, &path));
            given.into_iter().for_each(|(key, located)| self.put(key, &path, located));
        }
        self.files.insert(path, file);
    }

    /// Takes a file away, and with it what only it held.
    pub fn remove(&mut self, path: &str) {
        let Some((path, file)) = self.files.remove_entry(path) else { return };
        file.keys.iter().for_each(|key| self.take_away(key, &path));
    }

    /// What changed since the last time, by key.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let touched = std::mem::take(&mut self.touched);
        if touched.len() == self.held.len() {
            // As at the first look: the nodes of a tree that grew in order are half full.
            self.held = std::mem::take(&mut self.held).into_iter().collect();
        }
        touched.into_iter().filter_map(|key| self.take_change(key)).collect()
    }

    /// Every object as the last changes left it, by key.
    pub fn told(&self) -> impl Iterator<Item = &Located> {
        self.held.values().filter_map(|held| held.told.as_ref())
    }

    /// What is there and was never understood: files that never parsed, and objects that were never whole.
    #[must_use]
    pub fn lacks(&self) -> Lacks {
        let unread = self.files.iter().filter(|(_, file)| file.is_unread);
        Lacks {
            files: unread.map(|(path, _)| path.clone()).collect(),
            objects: self.files.values().flat_map(|file| &file.unread).cloned().collect(),
            ..Lacks::default()
        }
    }

    /// True when a file parsed once.
    #[must_use]
    pub fn has_read(&self, path: &str) -> bool {
        self.files.get(path).is_some_and(|file| !file.is_unread)
    }

    /// What is wrong with the files, by path, and then which objects are in several of them.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        let of_files = self.files.values().flat_map(|file| file.problems.iter().chain(&file.repeats));
        of_files.chain(self.duplicates.values().flatten())
    }

    /// The paths that were set and not removed.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(AsRef::as_ref)
    }

    fn put(&mut self, key: ObjectKey, path: &Arc<str>, mut located: Located) {
        // Most objects stand in one file, so there is room for one.
        let one = || Held { files: Vec::with_capacity(1), told: None };
        let held = self.held.entry(key.clone()).or_insert_with(one);
        match held.files.binary_search_by(|(other, _)| other.cmp(path)) {
            Err(at) => held.files.insert(at, (path.clone(), located)),
            Ok(at) => {
                let Some((_, before)) = held.files.get_mut(at) else { return };
                if before.object == located.object {
                    located.object = before.object.clone();
                }
                if *before == located {
                    return;
                }
                *before = located;
            }
        }
        self.touch(key);
    }

    fn take_away(&mut self, key: &ObjectKey, path: &Arc<str>) {
        if let Some(held) = self.held.get_mut(key) {
            held.files.retain(|(other, _)| other != path);
            self.touch(key.clone());
        }
    }

    fn touch(&mut self, key: ObjectKey) {
        let files = self.held.get(&key).map(|held| held.files.as_slice()).unwrap_or_default();
        match files {
            [(_, first), others @ ..] if !others.is_empty() => {
                let problems = others.iter().map(|(_, other)| duplicate(&key, first, other)).collect();
                self.duplicates.insert(key.clone(), problems);
            }
            _ => drop(self.duplicates.remove(&key)),
        }
        self.touched.insert(key);
    }

    fn take_change(&mut self, key: ObjectKey) -> Option<Change> {
        let held = self.held.get_mut(&key)?;
        let whole = held.files.iter().find(|(_, located)| !located.object.in_part);
        let Some((_, first)) = whole.or(held.files.first()) else {
            let told = self.held.remove(&key).and_then(|held| held.told);
            return told.map(|_| Change::Deleted(key));
        };
        let mut now = first.clone();
        if let Some(told) = held.told.as_ref().filter(|told| told.object == now.object) {
            now.object = told.object.clone();
        }
        if held.told.as_ref() == Some(&now) {
            return None;
        }
        held.told = Some(now.clone());
        Some(Change::Set(now.object, now.place))
    }
}

fn duplicate(key: &ObjectKey, first: &Located, other: &Located) -> Problem {
    Problem {
        subject: key.to_string(),
        reason: Reason::Duplicate,
        message: format!("stands at {} already; the first by path that is whole counts", first.place),
        place: other.place.to_string(),
    }
}

#[cfg(test)]
mod tests;
