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
//! What was told of an object is noted when something first touches it, so that a file which is written again
//! unchanged, or an object that moves from file to file, is no change.
//!
//! It must not know what an object means, nor how files are found and watched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::{Problem, Reason};

use crate::few::Few;
use crate::index::Lacks;
use crate::manifest::{Located, Manifest};
use crate::object::{Object, ObjectKey};
use crate::origin::Origin;

/// What became of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is there, it is different, or it only moved: then it is the same `Arc` as before.
    Set(Arc<Object>, Origin),
    /// No file holds it any more.
    Deleted(ObjectKey),
}

/// The files of a folder.
#[derive(Debug, Default)]
pub struct Folder {
    files: BTreeMap<Arc<str>, File>,
    /// The copies of each object, by path.
    held: BTreeMap<ObjectKey, Few<Copy>>,
    /// Objects that are in more than one file, and what is to be said of it.
    duplicates: BTreeMap<ObjectKey, Vec<Problem>>,
    /// Objects to look at for the next changes, with what the last ones said of them.
    touched: BTreeMap<ObjectKey, Option<Located>>,
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

/// An object as one file has it.
#[derive(Debug)]
struct Copy {
    path: Arc<str>,
    located: Located,
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
                // The same piece as before.
                let key = &located.object.key;
                let key = before.get(key).unwrap_or(key).clone();
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
        touched.into_iter().filter_map(|(key, told)| self.take_change(key, told)).collect()
    }

    /// Every object as the last changes left it, by key; to be called after [`Folder::take_changes`].
    pub fn told(&self) -> impl Iterator<Item = &Located> {
        debug_assert!(self.touched.is_empty(), "some were not told");
        self.held.values().map(counting)
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
        let copies = Few::all_of(self.held.get(&key));
        if let Some(Copy { located: before, .. }) = copies.iter().find(|copy| copy.path == *path) {
            if before.object == located.object {
                located.object = before.object.clone();
            }
            if *before == located {
                return;
            }
        }
        self.change(key, |copies| {
            copies.retain(|copy| copy.path != *path);
            let at = copies.partition_point(|copy| copy.path < *path);
            copies.insert(at, Copy { path: path.clone(), located });
        });
    }

    fn take_away(&mut self, key: &ObjectKey, path: &Arc<str>) {
        self.change(key.clone(), |copies| copies.retain(|copy| copy.path != *path));
    }

    /// Changes which files have an object and how, and notes what was told of it before.
    fn change(&mut self, key: ObjectKey, with: impl FnOnce(&mut Vec<Copy>)) {
        let before = self.held.remove(&key);
        let told = before.as_ref().map(|copies| counting(copies).clone());
        self.touched.entry(key.clone()).or_insert(told);
        let mut copies = before.map_or_else(|| Vec::with_capacity(1), Few::into_vec);
        with(&mut copies);
        match copies.as_slice() {
            [first, others @ ..] if !others.is_empty() => {
                let of = |other: &Copy| duplicate(&key, &first.located, &other.located);
                self.duplicates.insert(key.clone(), others.iter().map(of).collect());
            }
            _ => drop(self.duplicates.remove(&key)),
        }
        self.held.extend(Few::of(copies).map(|copies| (key, copies)));
    }

    fn take_change(&mut self, key: ObjectKey, told: Option<Located>) -> Option<Change> {
        let Some(copies) = self.held.get_mut(&key) else {
            return told.map(|_| Change::Deleted(key));
        };
        let now = counting_mut(copies);
        if let Some(told) = told {
            if told.object == now.object {
                now.object = told.object.clone();
            }
            if told == *now {
                return None;
            }
        }
        Some(Change::Set(now.object.clone(), now.place.clone()))
    }
}

/// The copy that counts: the first that is whole, else the first.
fn counting(copies: &Few<Copy>) -> &Located {
    let all = copies.all();
    &all.get(nth_counting(all)).expect(ONE_AT_LEAST).located
}

fn counting_mut(copies: &mut Few<Copy>) -> &mut Located {
    let nth = nth_counting(copies.all());
    &mut copies.all_mut().get_mut(nth).expect(ONE_AT_LEAST).located
}

const ONE_AT_LEAST: &str = "an object that is held stands in a file";

fn nth_counting(copies: &[Copy]) -> usize {
    copies.iter().position(|copy| !copy.located.object.in_part).unwrap_or(0)
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
