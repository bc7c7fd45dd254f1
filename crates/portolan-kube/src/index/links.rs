//! References kept backwards: who refers to an object.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::object::{Kind, ObjectKey};

/// Pairs of an object and one that refers to it. Most objects have one such, so pairs lie side by side
/// instead of in a set for each object.
#[derive(Debug, Default)]
pub(super) struct Links(BTreeSet<(ObjectKey, ObjectKey)>);

impl Links {
    /// Notes that an object is referred to.
    pub(super) fn add(&mut self, to: ObjectKey, from: ObjectKey) {
        self.0.insert((to, from));
    }

    /// Notes that it is not any more.
    pub(super) fn remove(&mut self, to: ObjectKey, from: ObjectKey) {
        self.0.remove(&(to, from));
    }

    /// Those that refer to an object, in order.
    pub(super) fn of(&self, to: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        let least = ObjectKey { kind: Kind::LEAST, namespace: Arc::default(), name: Arc::default() };
        let pairs = self.0.range((to.clone(), least)..);
        pairs.take_while(move |(of, _)| of == to).map(|(_, from)| from)
    }
}
