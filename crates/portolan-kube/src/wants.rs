//! What another DNS is to have, as `DNSEndpoint` objects say it.
//!
//! ```text
//!   object ─▶ asked: sets, names that stay, problems ─┐
//!   its end ──────────────────────────────────────────┴─▶ Wants ─▶ touched names; Desired, of all names or of some
//! ```
//!
//! As [`crate::index`] does for our own answers, it takes objects one by one and says which names that touches, so
//! that one changed object among 100,000 costs what it holds. What is read is what External-DNS' source `crd`
//! reads; what breaks a rule is left out alone, and nothing goes at its name.
//!
//! **Evidence.** A plan takes nothing away because a list lacks it; it wants to be told
//! ([`portolan_core::plan::Gone`]). Here is who tells: an object that is deleted is evidence for its resource and
//! for the names that nobody else asks for, and a newer version of an object is evidence for the names that it gives
//! up. What was gone before we looked leaves none.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::plan::{Desired, Gone, Wanted};
use portolan_core::{Name, Problem, Problems};

use crate::dns_endpoint::DnsEndpoint;
use crate::object::ObjectKey;

mod asked;
mod united;

use asked::{Asked, asked};
pub use asked::{MEMBERS, RECORDS_MAX};
use united::united;

/// Most names and resources of each that are remembered to be gone. Above it those that went first are forgotten:
/// a plan may ask about them.
pub const GONE_MAX: usize = 200_000;

/// Who asks: an object, or what an object says of one name where names come one by one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asker {
    /// The object.
    pub key: ObjectKey,
    /// The name; none for the whole object.
    pub name: Option<Name>,
}

/// What all objects ask for.
#[derive(Debug, Default)]
pub struct Wants {
    askers: BTreeMap<Asker, Asked>,
    /// Who asks for a name, whether it was understood or not.
    names: BTreeMap<Name, BTreeSet<Asker>>,
    /// How many askers each resource has.
    resources: BTreeMap<Arc<str>, usize>,
    gone_names: BTreeMap<Name, u64>,
    gone_resources: BTreeMap<Arc<str>, u64>,
    turn: u64,
}

impl Wants {
    /// An object is there, or says something else. The names of which it says something else than before.
    /// `place` says whose it is, for problems.
    pub fn set(&mut self, asker: Asker, object: &DnsEndpoint, place: &str) -> BTreeSet<Name> {
        let now = asked(&asker.key, object, place);
        self.replace(asker, Some(now))
    }

    /// An object is no more, and somebody said so. The names that it asked for.
    pub fn remove(&mut self, asker: &Asker) -> BTreeSet<Name> {
        if self.askers.contains_key(asker) { self.replace(asker.clone(), None) } else { BTreeSet::new() }
    }

    /// Everything that is asked for. It `is_whole` when everything was read.
    #[must_use]
    pub fn desired(&self, is_whole: bool) -> Desired {
        let gone = Gone {
            resources: self.gone_resources.keys().cloned().collect(),
            names: self.gone_names.keys().cloned().collect(),
        };
        Desired {
            sets: self.names.keys().flat_map(|name| self.sets_of(name)).collect(),
            stays: self.askers.values().flat_map(|asked| asked.stays.iter().cloned()).collect(),
            gone,
            is_whole,
        }
    }

    /// What is asked for of these names, and which of them are gone.
    #[must_use]
    pub fn desired_of(&self, names: &BTreeSet<Name>, is_whole: bool) -> Desired {
        let (mut sets, mut stays) = (Vec::new(), BTreeSet::new());
        for name in names {
            sets.extend(self.sets_of(name));
            stays.extend(self.asked_of(name).any(|asked| asked.stays.contains(name)).then(|| name.clone()));
        }
        let gone_names = names.iter().filter(|name| self.gone_names.contains_key(*name));
        let gone = Gone { resources: BTreeSet::new(), names: gone_names.cloned().collect() };
        Desired { sets, stays, gone, is_whole }
    }

    /// The names that an object asks for.
    pub fn names_of(&self, asker: &Asker) -> impl Iterator<Item = &Name> {
        self.askers.get(asker).into_iter().flat_map(Asked::names)
    }

    /// Who asks for a name.
    pub fn askers_of(&self, name: &Name) -> impl Iterator<Item = &Asker> {
        self.names.get(name).into_iter().flatten()
    }

    /// All who ask.
    pub fn askers(&self) -> impl Iterator<Item = &Asker> {
        self.askers.keys()
    }

    /// Every set that is asked for.
    pub fn sets(&self) -> impl Iterator<Item = &Wanted> {
        self.askers.values().flat_map(|asked| &asked.sets)
    }

    /// What is wrong with one object.
    #[must_use]
    pub fn problems_of(&self, asker: &Asker) -> &[Problem] {
        self.askers.get(asker).map_or(&[], |asked| &asked.problems)
    }

    /// What is wrong with all of them.
    #[must_use]
    pub fn problems(&self) -> Problems {
        let mut problems = Problems::default();
        problems.extend(self.askers.values().flat_map(|asked| &asked.problems).cloned());
        problems
    }

    /// How often something changed: the number of what is known now.
    #[must_use]
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// What was known to be gone at this turn is gone everywhere, and need not be remembered.
    pub fn settled(&mut self, turn: u64) {
        self.gone_names.retain(|_, at| *at > turn);
        self.gone_resources.retain(|_, at| *at > turn);
    }

    /// The sets of a name: what objects ask for alike is one.
    fn sets_of(&self, name: &Name) -> Vec<Wanted> {
        united(self.asked_of(name).flat_map(|asked| asked.of(name)))
    }

    /// What the objects ask for that ask for a name, in their order.
    fn asked_of(&self, name: &Name) -> impl Iterator<Item = &Asked> {
        self.askers_of(name).filter_map(|asker| self.askers.get(asker))
    }

    fn replace(&mut self, asker: Asker, now: Option<Asked>) -> BTreeSet<Name> {
        self.turn += 1;
        let before = self.askers.remove(&asker);
        self.count(before.as_ref(), now.as_ref());
        let names = |asked: Option<&Asked>| -> BTreeSet<Name> {
            asked.into_iter().flat_map(Asked::names).cloned().collect()
        };
        let (old, new) = (names(before.as_ref()), names(now.as_ref()));
        for name in old.difference(&new) {
            self.leave(name, &asker);
        }
        for name in &new {
            self.names.entry(name.clone()).or_default().insert(asker.clone());
            self.gone_names.remove(name);
        }
        let is_other = |name: &&Name| match (&before, &now) {
            (Some(before), Some(now)) => {
                before.of(name) != now.of(name) || before.stays.contains(*name) != now.stays.contains(*name)
            }
            _ => true,
        };
        let touched = old.union(&new).filter(is_other).cloned().collect();
        self.askers.extend(now.map(|now| (asker, now)));
        forget_first(&mut self.gone_names);
        forget_first(&mut self.gone_resources);
        touched
    }

    /// Nobody asks for a name through this one any more.
    fn leave(&mut self, name: &Name, asker: &Asker) {
        let Entry::Occupied(mut askers) = self.names.entry(name.clone()) else { return };
        askers.get_mut().remove(asker);
        if askers.get().is_empty() {
            askers.remove();
            self.gone_names.insert(name.clone(), self.turn);
        }
    }

    /// Counts the askers of resources: one that has none any more is gone.
    fn count(&mut self, before: Option<&Asked>, now: Option<&Asked>) {
        if let Some(now) = now {
            *self.resources.entry(now.resource.clone()).or_default() += 1;
            self.gone_resources.remove(&now.resource);
        }
        let Some(before) = before else { return };
        let Entry::Occupied(mut count) = self.resources.entry(before.resource.clone()) else { return };
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
            self.gone_resources.insert(before.resource.clone(), self.turn);
        }
    }
}

/// Forgets what went first, half of it, where there is more than is remembered.
fn forget_first<K: Ord>(gone: &mut BTreeMap<K, u64>) {
    if gone.len() <= GONE_MAX {
        return;
    }
    let mut turns: Vec<u64> = gone.values().copied().collect();
    let middle = turns.len() / 2;
    let (_, middle, _) = turns.select_nth_unstable(middle);
    let middle = *middle;
    gone.retain(|_, at| *at > middle);
}

#[cfg(test)]
mod tests;
