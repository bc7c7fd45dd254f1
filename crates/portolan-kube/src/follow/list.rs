//! A list under way: what of it came, before it is known whether the rest does.

use std::collections::BTreeMap;
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
}

impl List {
    pub(super) fn take(&mut self, given: Given) {
        let faults = given.problems();
        let key = match given {
            Given::Object(object, _) => {
                let key = object.key.clone();
                self.objects.insert(key.clone(), Arc::new(object));
                key
            }
            Given::Refused(refused, _) => {
                let key = refused.key.clone();
                self.refused.insert(key.clone(), refused.into());
                key
            }
            Given::Nameless(_) => return,
        };
        if !faults.is_empty() {
            self.faults.insert(key, faults);
        }
    }

    /// How many objects came.
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
