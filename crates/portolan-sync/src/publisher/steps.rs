//! From a plan to steps: each change with its marks, and what was listed around it.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::Name;
use portolan_core::plan::{Act, Change, Counts, Options, Plan, SyncPolicy};
use portolan_core::registry::{Affix, Reading, Registry, Text};

use super::mirror::Mirror;
use crate::provider::Step;

/// The steps of one plan. No name has two.
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    /// Marks without sets that go with them.
    pub(super) strays: usize,
}

impl Steps {
    pub(super) fn of(plan: &Plan, mut write: impl FnMut(&Change) -> Vec<Text>, mirror: &Mirror) -> Self {
        let steps = plan.changes.iter().map(|change| step(change.clone(), write(change), mirror));
        Self { steps: steps.collect(), strays: 0 }
    }

    /// Adds what takes away marks whose sets are gone: what a publisher left behind that was stopped half-way.
    /// A name that changes anyway is looked at in the next round.
    pub(super) fn add_strays(
        &mut self,
        registry: &Registry,
        reading: &Reading,
        options: &Options,
        mirror: &Mirror,
    ) {
        if options.policy != SyncPolicy::Sync {
            return;
        }
        let mut by_name: BTreeMap<Name, Vec<Text>> = BTreeMap::new();
        for text in registry.strays(reading, options) {
            if let Some((about, _)) = registry.affix.marked_by(name_of(&text)) {
                by_name.entry(about).or_default().push(text);
            }
        }
        if by_name.is_empty() {
            return;
        }
        let changed: BTreeSet<Name> =
            self.steps.iter().map(|step| registry.affix.spelled(&step.change.name)).collect();
        for (name, texts) in by_name {
            if !changed.contains(name.as_wire()) {
                self.strays += texts.len();
                let change = Change { name, seen: Vec::new(), acts: Vec::new() };
                self.steps.push(step(change, texts, mirror));
            }
        }
    }
}

fn step(change: Change, texts: Vec<Text>, mirror: &Mirror) -> Step {
    let marks: BTreeSet<&Name> = texts.iter().map(name_of).filter(|name| **name != change.name).collect();
    let marks = marks.into_iter().flat_map(|name| mirror.texts_at(name));
    let seen = mirror.at(&change.name).iter().chain(marks).cloned().collect();
    Step { change, texts, seen }
}

fn name_of(text: &Text) -> &Name {
    match text {
        Text::Put { name, .. } | Text::Remove { name, .. } => name,
    }
}

/// True of a name whose marks may be another name's too: a wildcard and what its marks spell it as. What such
/// names want is only seen together.
pub(super) fn has_twin(name: &Name, affix: &Affix) -> bool {
    let spelled = affix.spelled(name);
    let wildcard = name.borrowed().parent().and_then(|parent| parent.to_name().prepend("*").ok());
    spelled != *name
        || wildcard.is_some_and(|wildcard| wildcard != *name && affix.spelled(&wildcard) == *name)
}

/// What a step does to sets.
pub(super) fn counts(step: &Step) -> Counts {
    let mut counts = Counts::default();
    for act in &step.change.acts {
        match act {
            Act::Create(_) => counts.creates += 1,
            Act::Update { .. } => counts.updates += 1,
            Act::Delete(_) => counts.deletes += 1,
        }
    }
    counts
}
