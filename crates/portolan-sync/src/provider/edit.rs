//! What a step makes of each set: acts and texts in, old and new out.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::Name;
use portolan_core::plan::{Act, RecordSet, Targets};
use portolan_core::record::{RecordType, Target};
use portolan_core::registry::{Listed, Text};

use super::Step;

/// What becomes of one set in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// As it was listed; none when it comes.
    pub old: Option<Listed>,
    /// As it is to be; none when it goes.
    pub new: Option<RecordSet>,
}

/// What a DNS tells sets apart by.
type Key = (Name, RecordType, Arc<str>);

impl Edit {
    /// The set that it is about, as it was or as it comes.
    #[must_use]
    pub fn set(&self) -> Option<&RecordSet> {
        self.old.as_ref().map(|(set, _)| set).or(self.new.as_ref())
    }
}

impl Step {
    /// What becomes of each set that the step changes, every set once.
    ///
    /// For a DNS that has no transactions they stand in the order in which they do least harm when they end half-way:
    /// marks that come, then sets in the order of [`portolan_core::plan::Change::acts`], then marks that go. So what is made is
    /// never left behind as nobody's.
    #[must_use]
    pub fn edits(&self) -> Vec<Edit> {
        let mut draft = Draft { step: self, order: Vec::new(), sets: BTreeMap::new() };
        for text in &self.texts {
            draft.text(text);
        }
        let texts = draft.order.len();
        for act in &self.change.acts {
            draft.act(act);
        }
        let Draft { mut order, mut sets, .. } = draft;
        let acts = order.split_off(texts);
        let comes = |key: &Key| {
            let is_put = |text: &Text| matches!(text, Text::Put { name, .. } if *name == key.0);
            self.texts.iter().any(is_put)
        };
        let (comes, goes): (Vec<Key>, Vec<Key>) = order.into_iter().partition(comes);
        let keys = comes.into_iter().chain(acts).chain(goes);
        keys.filter_map(|key| {
            let new = sets.remove(&key)?;
            let old = self.seen(&key).cloned();
            let is_same = old.as_ref().map(|(set, _)| set) == new.as_ref();
            (!is_same).then_some(Edit { old, new })
        })
        .collect()
    }

    fn seen(&self, key: &Key) -> Option<&Listed> {
        self.seen.iter().find(|(set, _)| set.name == key.0 && set.rtype == key.1 && set.identifier == key.2)
    }

    /// Settings that the texts of a new TXT set have: those of the set that they are about, as External-DNS has it.
    fn settings(&self, identifier: &str) -> Option<&RecordSet> {
        let sets = self.change.acts.iter().filter_map(|act| match act {
            Act::Create(new) | Act::Update { new, .. } => Some(&new.set),
            Act::Delete(_) => None,
        });
        sets.into_iter().find(|set| *set.identifier == *identifier)
    }
}

/// The sets of a step as they change.
struct Draft<'s> {
    step: &'s Step,
    /// In which order they were first touched.
    order: Vec<Key>,
    sets: BTreeMap<Key, Option<RecordSet>>,
}

impl Draft<'_> {
    fn text(&mut self, text: &Text) {
        let (name, identifier) = match text {
            Text::Put { name, identifier, .. } | Text::Remove { name, identifier, .. } => (name, identifier),
        };
        let key = (name.clone(), RecordType::TXT, identifier.clone());
        let step = self.step;
        let blank = || {
            let mut set = RecordSet::new(name.clone(), RecordType::TXT, Targets::default(), None);
            set.identifier = identifier.clone();
            set.properties = step.settings(identifier).map(|set| set.properties.clone()).unwrap_or_default();
            set
        };
        match text {
            Text::Put { data, .. } => {
                let target = Target::Record(RecordType::TXT, data.clone());
                self.change(&key, blank, &Targets::default(), &[target].into_iter().collect());
            }
            Text::Remove { data, .. } => {
                let target = Target::Record(RecordType::TXT, data.clone());
                self.change(&key, blank, &[target].into_iter().collect(), &Targets::default());
            }
        }
    }

    fn act(&mut self, act: &Act) {
        let none = Targets::default();
        let (set, old, new) = match act {
            Act::Create(new) => (&new.set, &none, &new.set.targets),
            Act::Update { old, new } => (&new.set, &old.set.targets, &new.set.targets),
            Act::Delete(old) => (&old.set, &old.set.targets, &none),
        };
        let key = (set.name.clone(), set.rtype, set.identifier.clone());
        self.change(&key, || RecordSet { targets: Targets::default(), ..set.clone() }, old, new);
        // A text of a mark that stands in the set has no say in its TTL.
        if let Some(Some(now)) = self.sets.get_mut(&key) {
            now.ttl = set.named_ttl().or(now.ttl);
            now.properties = set.properties.clone();
        }
    }

    /// Takes some targets of a set away and adds others; what else it holds stays.
    fn change(&mut self, key: &Key, blank: impl FnOnce() -> RecordSet, old: &Targets, new: &Targets) {
        if !self.sets.contains_key(key) {
            self.order.push(key.clone());
            let seen = self.step.seen(key).map(|(set, _)| set.clone());
            self.sets.insert(key.clone(), seen);
        }
        let Some(slot) = self.sets.get_mut(key) else { return };
        let mut set = slot.take().unwrap_or_else(blank);
        let stays = set.targets.iter().filter(|target| !old.contains(target) || new.contains(target));
        set.targets = stays.chain(new).cloned().collect();
        *slot = (!set.targets.is_empty()).then_some(set);
    }
}

#[cfg(test)]
mod tests;
