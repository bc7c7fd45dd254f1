//! Every wrong type of an object, not only the first.
//!
//! A reader of a type ends at the first value that does not fit. So that value is taken away and the rest is
//! read again, until nothing is wrong any more or it can go on no longer.

use serde_json::Value;

use super::place::Step;
use super::typed::Finding;
use super::words;

/// Most wrong types of one object that are told.
const WRONG_TYPES_MAX: usize = 100;

/// What is wrong, and what is left without it when all of that was found. `find` says what is wrong first.
pub(super) fn types(
    value: &Value,
    find: impl Fn(&Value) -> Option<Finding>,
) -> (Vec<Finding>, Option<Value>) {
    let mut rest = value.clone();
    let mut found: Vec<Finding> = Vec::new();
    let mut taken: Vec<Vec<Step>> = Vec::new();
    while found.len() < WRONG_TYPES_MAX {
        let Some(mut finding) = find(&rest) else { return (found, Some(rest)) };
        let here = std::mem::take(&mut finding.path);
        let goes_on = take(&mut rest, &here);
        finding.path = as_it_was(&here, &taken);
        let path = finding.path.clone();
        if !is_missing_by_us(&finding, &taken) {
            found.push(finding);
        }
        if !goes_on {
            break;
        }
        taken.push(path);
    }
    (found, None)
}

/// A field that must be there and is missing because it was taken is no fault of its own.
fn is_missing_by_us(finding: &Finding, taken: &[Vec<Step>]) -> bool {
    taken.iter().any(|path| match path.split_last() {
        Some((Step::Key(key), parents)) => {
            *parents == *finding.path && finding.message == words::missing(key)
        }
        _ => false,
    })
}

/// Takes the value at a path away; false when there is none.
fn take(value: &mut Value, path: &[Step]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let parent = parents.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Item(index) => value.get_mut(index),
    });
    match (parent, last) {
        (Some(Value::Object(object)), Step::Key(key)) => object.remove(key).is_some(),
        (Some(Value::Array(items)), Step::Item(index)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        _ => false,
    }
}

/// A path as it was before items of lists were taken away in front of it.
fn as_it_was(path: &[Step], taken: &[Vec<Step>]) -> Vec<Step> {
    let mut whole: Vec<Step> = Vec::new();
    for step in path {
        let step = match step {
            Step::Key(_) => step.clone(),
            Step::Item(index) => {
                let items = taken.iter().filter_map(|path| match path.split_last() {
                    Some((Step::Item(index), parents)) if *parents == *whole => Some(*index),
                    _ => None,
                });
                let mut items: Vec<usize> = items.collect();
                items.sort_unstable();
                Step::Item(items.into_iter().fold(*index, |index, item| index + usize::from(item <= index)))
            }
        };
        whole.push(step);
    }
    whole
}
