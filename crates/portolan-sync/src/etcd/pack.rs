//! Steps into transactions: as many as fit, none divided, and in waves.
//!
//! Transactions of one wave may be under way at once. A step that points at a name of another one, or is pointed at by it, comes a wave
//! later, so that what others point at is there before them and goes behind them.

use std::collections::BTreeSet;

use portolan_core::Name;
use portolan_core::plan::Act;
use portolan_core::record::Target;
use portolan_store::kv::TRANSACTION_OCTETS_MAX;

use super::draft::{Draft, STEP_MAX};
use crate::provider::Step;

/// Steps that share a transaction.
#[derive(Debug, Default)]
pub(super) struct Pack {
    /// Which of the batch.
    pub(super) steps: Vec<usize>,
    pub(super) draft: Draft,
    pub(super) wave: usize,
    octets: usize,
}

/// The names that the steps of a wave write at and point at.
#[derive(Default)]
struct Wave {
    number: usize,
    names: BTreeSet<Name>,
    pointed: BTreeSet<Name>,
}

/// Transactions of these steps, in their order, and the steps that have a name in common with an earlier one.
pub(super) fn pack(steps: &[Step], drafts: Vec<Option<Draft>>) -> (Vec<Pack>, Vec<usize>) {
    let (mut packs, mut late): (Vec<Pack>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut taken: BTreeSet<Name> = BTreeSet::new();
    let mut wave = Wave::default();
    for (index, (step, draft)) in steps.iter().zip(drafts).enumerate() {
        let Some(draft) = draft else { continue };
        if draft.names.iter().any(|name| taken.contains(name.as_wire())) {
            late.push(index);
            continue;
        }
        taken.extend(draft.names.iter().cloned());
        let pointed = pointed_at(step);
        if wave.meets(&step.change.name, &pointed) {
            wave = Wave { number: wave.number + 1, ..Wave::default() };
        }
        wave.names.insert(step.change.name.clone());
        wave.pointed.extend(pointed);
        match packs.last_mut().filter(|pack| pack.wave == wave.number && pack.has_room(&draft)) {
            Some(pack) => pack.add(index, draft),
            None => {
                let mut pack = Pack { wave: wave.number, ..Pack::default() };
                pack.add(index, draft);
                packs.push(pack);
            }
        }
    }
    (packs, late)
}

impl Pack {
    fn has_room(&self, draft: &Draft) -> bool {
        self.draft.compares.len() + draft.compares.len() <= STEP_MAX
            && self.draft.operations_count() + draft.operations_count() <= STEP_MAX
            && self.octets + draft.octets() <= TRANSACTION_OCTETS_MAX
    }

    fn add(&mut self, index: usize, draft: Draft) {
        self.steps.push(index);
        self.octets += draft.octets();
        self.draft.join(draft);
    }
}

impl Wave {
    fn meets(&self, name: &Name, pointed: &[Name]) -> bool {
        self.pointed.contains(name.as_wire())
            || pointed.iter().any(|name| self.names.contains(name.as_wire()))
    }
}

/// The names that the records of a step point at, those that go among them.
fn pointed_at(step: &Step) -> Vec<Name> {
    let targets = |act: &Act| match act {
        Act::Create(new) => vec![new.set.targets.clone()],
        Act::Update { old, new } => vec![old.set.targets.clone(), new.set.targets.clone()],
        Act::Delete(old) => vec![old.set.targets.clone()],
    };
    let mut names = Vec::new();
    for targets in step.change.acts.iter().flat_map(targets) {
        names.extend(targets.iter().filter_map(|target| match target {
            Target::Address(_) => None,
            Target::Host(name) => Some(name.clone()),
            Target::Record(rtype, data) => data.target_name(*rtype).map(|name| name.to_name()),
        }));
    }
    names
}

#[cfg(test)]
mod tests;
