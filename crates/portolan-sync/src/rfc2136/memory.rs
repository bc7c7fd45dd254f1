//! What is known of the servers beside what steps say themselves.
//!
//! A step says how it saw its sets. It does not say whether an alias stands where a mark is to come, nor which plan was
//! applied to its zone last; both are kept from the list. Where nothing can be listed, what was made is all there is.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::name::{Name, NameRef};
use portolan_core::plan::RecordSet;
use portolan_core::record::RecordType;
use portolan_core::registry::Listed;

use super::number::LastPlan;
use crate::provider::{Edit, ProviderError};

/// Most names that are remembered as taken; above it they are asked about again.
const TAKEN_MAX: usize = 1_000_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Memory {
    aliases: BTreeSet<Name>,
    /// By zone.
    plans: BTreeMap<Name, LastPlan>,
    /// Zones that could not be listed, and why.
    unlisted: BTreeMap<Name, ProviderError>,
    /// Where nothing can be listed: the sets that we made.
    made: Option<BTreeMap<(Name, RecordType), RecordSet>>,
    /// Where nothing can be listed: names at which something was that we did not make.
    taken: BTreeSet<Name>,
}

impl Memory {
    /// Of a server that does not show what it has.
    pub(super) fn of_the_unlisted() -> Self {
        Self { made: Some(BTreeMap::new()), ..Self::default() }
    }

    /// Takes note of a set that was listed.
    pub(super) fn note(&mut self, set: &RecordSet) {
        if set.rtype == RecordType::CNAME {
            self.aliases.insert(set.name.clone());
        }
    }

    /// Takes note of the plan that a zone says was applied.
    pub(super) fn note_plan(&mut self, zone: Name, plan: LastPlan) {
        self.plans.insert(zone, plan);
    }

    /// Takes note of a zone that could not be listed: nothing is done there until it is.
    pub(super) fn note_unlisted(&mut self, zone: Name, why: ProviderError) {
        self.unlisted.insert(zone, why);
    }

    /// Why a zone could not be listed.
    pub(super) fn unlisted(&self, zone: &Name) -> Option<&ProviderError> {
        self.unlisted.get(zone)
    }

    /// True when the name is an alias.
    pub(super) fn is_alias(&self, name: &Name) -> bool {
        self.aliases.contains(name)
    }

    /// The last plan of a zone.
    pub(super) fn plan(&self, zone: &Name) -> LastPlan {
        self.plans.get(zone).cloned().unwrap_or_default()
    }

    /// True when nothing can be listed.
    pub(super) fn is_of_the_unlisted(&self) -> bool {
        self.made.is_some()
    }

    /// The sets that we made, where nothing can be listed.
    pub(super) fn made(&self) -> Vec<Listed> {
        self.made.iter().flat_map(BTreeMap::values).map(|set| (set.clone(), None)).collect()
    }

    /// True of a name at which something was that nobody showed us.
    pub(super) fn is_taken(&self, name: &Name) -> bool {
        self.taken.contains(name)
    }

    /// Takes note of such a name.
    pub(super) fn take(&mut self, name: &Name) {
        if self.taken.len() >= TAKEN_MAX {
            self.taken.clear();
        }
        self.taken.insert(name.clone());
    }

    /// This was done.
    pub(super) fn done(&mut self, edit: Edit) {
        let Some(set) = edit.set() else { return };
        let key = (set.name.clone(), set.rtype);
        if set.rtype == RecordType::CNAME {
            match edit.new {
                Some(_) => self.aliases.insert(key.0.clone()),
                None => self.aliases.remove(&key.0),
            };
        }
        let Some(made) = &mut self.made else { return };
        match edit.new {
            Some(new) => made.insert(key, new),
            None => made.remove(&key),
        };
    }
}

// === Zones ===

/// The zones that are published to.
#[derive(Clone, Debug)]
pub(super) struct Zones(BTreeSet<Name>);

impl Zones {
    pub(super) fn new(zones: impl IntoIterator<Item = Name>) -> Self {
        Self(zones.into_iter().collect())
    }

    /// The zone that a name stands in: the longest that it is at or below.
    pub(super) fn of(&self, name: NameRef<'_>) -> Option<&Name> {
        name.suffixes().find_map(|suffix| self.0.get(suffix.as_wire()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Name> {
        self.0.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
