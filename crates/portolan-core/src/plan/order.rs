//! The order in which names change.
//!
//! Each change is a step of its own, and after each of them people ask. So what others may point at comes first and
//! goes last: names that get something, then names that change, then names that lose something; among the first
//! what an alias points at stands before it, among the last behind it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::change::{Act, Change};
use crate::name::{Name, NameRef};
use crate::record::Target;

/// Puts changes into their order. Those of one kind that do not point at each other stay as they are.
pub(super) fn order(changes: Vec<Change>) -> Vec<Change> {
    let (comes, rest): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| change.acts.iter().all(|act| matches!(act, Act::Create(_))));
    let (goes, changes): (Vec<Change>, Vec<Change>) =
        rest.into_iter().partition(|change| change.acts.iter().all(|act| matches!(act, Act::Delete(_))));
    let mut goes = targets_first(goes);
    goes.reverse();
    targets_first(comes).into_iter().chain(changes).chain(goes).collect()
}

/// Each behind those that it points at, as far as they do not point in a circle.
fn targets_first(changes: Vec<Change>) -> Vec<Change> {
    let at: BTreeMap<Name, usize> =
        changes.iter().enumerate().map(|(index, change)| (change.name.clone(), index)).collect();
    let below: Vec<Vec<usize>> = changes.iter().map(|change| pointed_at(change, &at)).collect();
    let mut is_met: Vec<bool> = changes.iter().map(|_| false).collect();
    let mut order = Vec::with_capacity(changes.len());
    // Chains may be as long as there are names, so the way down is a list and not the stack.
    let mut way: Vec<(usize, usize)> = Vec::new();
    for first in 0..changes.len() {
        enter(first, &mut is_met, &mut way);
        while let Some((index, next)) = way.last_mut() {
            let target = below.get(*index).and_then(|below| below.get(*next)).copied();
            *next += 1;
            match target {
                Some(target) => enter(target, &mut is_met, &mut way),
                None => {
                    order.push(*index);
                    way.pop();
                }
            }
        }
    }
    let mut changes: Vec<Option<Change>> = changes.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| changes.get_mut(index).and_then(Option::take)).collect()
}

fn enter(index: usize, is_met: &mut [bool], way: &mut Vec<(usize, usize)>) {
    if let Some(is_met) = is_met.get_mut(index).filter(|is_met| !**is_met) {
        *is_met = true;
        way.push((index, 0));
    }
}

/// The changes whose names the records of one point at.
fn pointed_at(change: &Change, at: &BTreeMap<Name, usize>) -> Vec<usize> {
    let sets = change.acts.iter().map(|act| match act {
        Act::Create(new) | Act::Update { new, .. } => &new.set,
        Act::Delete(old) => &old.set,
    });
    let index = |name: NameRef<'_>| at.get(name.as_wire()).copied();
    let targets = sets.flat_map(|set| &set.targets);
    targets
        .filter_map(|target| match target {
            Target::Address(_) => None,
            Target::Host(name) => index(name.borrowed()),
            Target::Record(rtype, data) => data.target_name(*rtype).and_then(index),
        })
        .collect()
}
