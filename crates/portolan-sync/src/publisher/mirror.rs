//! What another DNS has, by name, as it was listed and as it became since.
//!
//! Marks stand at other names than the sets that they are about. So that everything about one name is found without looking
//! at the others, the names of TXT sets are kept by the name that their marks would be about.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::Name;
use portolan_core::record::RecordType;
use portolan_core::registry::{Affix, Listed};

use super::Sets;
use crate::provider::Edit;

/// What another DNS has, by name.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    sets: BTreeMap<Name, Sets>,
    /// Where texts stand that may be marks, by the name that they are about.
    marks: BTreeMap<Name, BTreeSet<Name>>,
}

impl Mirror {
    pub(super) fn new(listed: Sets, affix: &Affix) -> Self {
        let mut mirror = Self::default();
        for set in listed {
            mirror.put(set, affix);
        }
        mirror
    }

    /// All that there is.
    pub(super) fn listed(&self) -> impl Iterator<Item = Listed> {
        self.sets.values().flatten().cloned()
    }

    /// The sets of a name.
    pub(super) fn at(&self, name: &Name) -> &[Listed] {
        self.sets.get(name.as_wire()).map_or(&[], Vec::as_slice)
    }

    /// The TXT sets of a name.
    pub(super) fn texts_at(&self, name: &Name) -> impl Iterator<Item = &Listed> {
        self.at(name).iter().filter(|(set, _)| set.rtype == RecordType::TXT)
    }

    /// All that says something about some names: their sets, and the texts that may be their marks.
    pub(super) fn about(&self, names: &BTreeSet<Name>, affix: &Affix) -> Sets {
        let marks = |name: &Name| self.marks.get(affix.spelled(name).as_wire()).into_iter().flatten();
        let marks: BTreeSet<&Name> = names.iter().flat_map(marks).collect();
        let beside = marks.into_iter().filter(|name| !names.contains(name.as_wire()));
        let beside = beside.flat_map(|name| self.texts_at(name));
        names.iter().flat_map(|name| self.at(name)).chain(beside).cloned().collect()
    }

    /// Takes over what was done. What was written has no version that we know.
    pub(super) fn apply(&mut self, edit: Edit, affix: &Affix) {
        if let Some((old, _)) = &edit.old
            && let Some(sets) = self.sets.get_mut(old.name.as_wire())
        {
            sets.retain(|(set, _)| set.rtype != old.rtype || set.identifier != old.identifier);
            if sets.is_empty() {
                self.sets.remove(old.name.as_wire());
            }
            self.forget_marks(&old.name, affix);
        }
        if let Some(new) = edit.new {
            self.put((new, None), affix);
        }
    }

    fn put(&mut self, listed: Listed, affix: &Affix) {
        let name = listed.0.name.clone();
        if listed.0.rtype == RecordType::TXT
            && let Some((about, _)) = affix.marked_by(&name)
        {
            self.marks.entry(about).or_default().insert(name.clone());
        }
        self.sets.entry(name).or_default().push(listed);
    }

    fn forget_marks(&mut self, name: &Name, affix: &Affix) {
        if self.texts_at(name).next().is_some() {
            return;
        }
        let Some((about, _)) = affix.marked_by(name) else { return };
        if let Some(names) = self.marks.get_mut(about.as_wire()) {
            names.remove(name.as_wire());
            if names.is_empty() {
                self.marks.remove(about.as_wire());
            }
        }
    }
}
