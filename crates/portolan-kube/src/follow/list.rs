//! A list under way: what of it came, before it is known whether the rest does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::Problem;

use super::HALVED_MIN;
use crate::manifest::{Given, Refused};
use crate::object::{Object, ObjectKey};

/// A list under way.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) objects: BTreeMap<ObjectKey, Arc<Object>>,
    pub(super) refused: BTreeMap<ObjectKey, Arc<Refused>>,
    pub(super) faults: BTreeMap<ObjectKey, Vec<Problem>>,
    pub(super) token: Option<String>,
    /// How many came for which there was no room.
    pub(super) left_out: usize,
    /// How many that were not known before, once that matters.
    new: Option<usize>,
}

impl List {
    /// Takes an object, if it is one of so many with those that were known before.
    pub(super) fn take(&mut self, given: Given, known: &BTreeSet<ObjectKey>, most: usize) {
        let key = match &given {
            Given::Object(object, _) => object.key.clone(),
            Given::Refused(refused, _) => refused.key.clone(),
            Given::Nameless(_) => return,
        };
        if !self.has_room(&key, known, most) {
            self.left_out += 1;
            return;
        }
        let faults = match given {
            Given::Object(object, faults) => {
                self.objects.insert(key.clone(), Arc::new(object));
                faults
            }
            Given::Refused(refused, faults) => {
                self.refused.insert(key.clone(), refused.into());
                faults
            }
            Given::Nameless(_) => return,
        };
        if !faults.is_empty() {
            self.faults.insert(key, faults);
        }
    }

    /// True when there is room for an object. What was known before always has: what a list then lacks is lacking.
    fn has_room(&mut self, key: &ObjectKey, known: &BTreeSet<ObjectKey>, most: usize) -> bool {
        if self.len() + known.len() < most {
            return true;
        }
        let is_there = |key: &ObjectKey| self.objects.contains_key(key) || self.refused.contains_key(key);
        if known.contains(key) || is_there(key) {
            return true;
        }
        let keys = self.objects.keys().chain(self.refused.keys());
        let new = self.new.unwrap_or_else(|| keys.filter(|key| !known.contains(key)).count());
        let has_room = new + known.len() < most;
        self.new = Some(new + usize::from(has_room));
        has_room
    }

    /// How many objects were taken.
    pub(super) fn len(&self) -> usize {
        self.objects.len() + self.refused.len()
    }

    pub(super) fn drop(&mut self, key: &ObjectKey) {
        self.objects.remove(key);
        self.refused.remove(key);
        self.faults.remove(key);
    }
}

/// True when so many objects do not go by themselves.
pub(super) fn is_doubtful(missing: usize, left: usize) -> bool {
    let before = missing + left;
    missing > 0 && (left == 0 || (before >= HALVED_MIN && left * 2 <= before))
}

/// A version as a number; what is none counts as nothing seen.
pub(super) fn number(version: &str) -> u64 {
    version.parse().unwrap_or(0)
}
