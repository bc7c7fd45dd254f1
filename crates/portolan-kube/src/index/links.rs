//! References kept backwards: who refers to an object.

use std::collections::BTreeMap;

use crate::object::ObjectKey;

/// Pairs of an object and one that refers to it, each with what was noted of it. Most objects have one such, so pairs
/// lie side by side instead of in a set for each object.
#[derive(Debug)]
pub(super) struct Links<N = ()>(BTreeMap<(ObjectKey, ObjectKey), N>);

impl<N> Default for Links<N> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl Links {
    /// Notes that an object is referred to.
    pub(super) fn add(&mut self, to: ObjectKey, from: ObjectKey) {
        self.note(to, from, ());
    }
}

impl<N> Links<N> {
    /// The same, with a note of who refers to it: it is there without another look-up.
    pub(super) fn note(&mut self, to: ObjectKey, from: ObjectKey, note: N) {
        self.0.insert((to, from), note);
    }

    /// Notes that it is not any more.
    pub(super) fn remove(&mut self, to: ObjectKey, from: ObjectKey) {
        self.0.remove(&(to, from));
    }

    /// Lays them close together, as many to a node of the tree as it holds.
    pub(super) fn pack(&mut self) {
        self.0 = std::mem::take(&mut self.0).into_iter().collect();
    }

    /// Those that refer to an object, in order.
    pub(super) fn of(&self, to: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.pairs(to).map(|((_, from), _)| from)
    }

    /// What was noted of them, in their order.
    pub(super) fn notes(&self, to: &ObjectKey) -> impl Iterator<Item = &N> {
        self.pairs(to).map(|(_, note)| note)
    }

    fn pairs(&self, to: &ObjectKey) -> impl Iterator<Item = (&(ObjectKey, ObjectKey), &N)> {
        let least = ObjectKey::least();
        self.0.range((to.clone(), least)..).take_while(move |((of, _), _)| of == to)
    }
}
