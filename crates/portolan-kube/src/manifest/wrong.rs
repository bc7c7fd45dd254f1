//! Every wrong type of an object, not only the first.
//!
//! A reader of a type ends at the first value that does not fit. So that value is taken away and the rest is
//! read again, until nothing is wrong any more or it can go on no longer. Each round reads the whole object, so of
//! a large one there are few.

use std::collections::BTreeSet;

use portolan_core::Reason;
use serde_json::Value;

use super::path::{End, Finding, Step};
use super::words;

/// Most rounds for one object, each of which finds a wrong type.
const ROUNDS_MAX: usize = 100;
/// Most octets that all rounds together read of one object; there is one round whatever its size.
const READ_OCTETS_MAX: usize = 16 * 1024 * 1024;

/// What a reader of a type found of a value: what it ended at, and the fields that it passed over until then.
pub(super) struct Found {
    pub(super) wrong: Option<Finding>,
    pub(super) unknown: Vec<Finding>,
}

/// What is wrong, and then the fields that were passed over. `find` reads a value as far as it goes.
pub(super) fn types(value: &Value, find: impl Fn(&Value) -> Found) -> (Vec<Finding>, Vec<Finding>) {
    let mut rest = value.clone();
    let (mut unknown, mut seen): (Vec<Finding>, BTreeSet<Vec<Step>>) = Default::default();
    let mut found: Vec<Finding> = Vec::new();
    let mut taken: Vec<Vec<Step>> = Vec::new();
    for _ in 0..rounds(value) {
        let Found { wrong, unknown: passed_over } = find(&rest);
        for mut finding in passed_over {
            finding.path = as_it_was(&finding.path, &taken);
            if seen.insert(finding.path.clone()) {
                unknown.push(finding);
            }
        }
        let Some(mut finding) = wrong else { return (found, unknown) };
        let here = std::mem::take(&mut finding.path);
        let goes_on = take(&mut rest, &here);
        finding.path = as_it_was(&here, &taken);
        let path = finding.path.clone();
        if !is_missing_by_us(&finding, &taken) {
            found.push(finding);
        }
        if !goes_on {
            return (found, unknown);
        }
        taken.push(path);
    }
    let message = "no more wrong types are looked for in an object of this size; there may be more".into();
    found.push(Finding { path: Vec::new(), end: End::Value, reason: Reason::LimitReached, message });
    (found, unknown)
}

fn rounds(value: &Value) -> usize {
    (READ_OCTETS_MAX / octets(value)).clamp(1, ROUNDS_MAX)
}

/// About as many octets as a value is written with; no fewer than one.
fn octets(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 4,
        Value::String(text) => 2 + text.len(),
        Value::Array(items) => 2 + items.iter().map(|item| 1 + octets(item)).sum::<usize>(),
        Value::Object(object) => {
            2 + object.iter().map(|(key, value)| 4 + key.len() + octets(value)).sum::<usize>()
        }
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The first number in a list of texts, which is what is wrong with it.
    fn first_number(value: &Value) -> Found {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let finding = |index, reason, message: &str| Finding {
            path: vec![Step::Item(index)],
            end: End::Value,
            reason,
            message: message.into(),
        };
        let wrong = items.iter().position(Value::is_number);
        let passed_over = items.get(..wrong.unwrap_or(items.len())).unwrap_or_default();
        let unknown = passed_over.iter().enumerate().filter(|(_, item)| item.is_string());
        Found {
            wrong: wrong.map(|index| finding(index, Reason::Invalid, "a number")),
            unknown: unknown.map(|(index, _)| finding(index, Reason::UnknownField, "a text")).collect(),
        }
    }

    #[track_caller]
    fn check(numbers: usize, text_octets: usize, found: usize, is_all: bool) {
        let mut items = vec![json!(1); numbers];
        items.push(Value::String("x".repeat(text_octets)));
        let (findings, unknown) = types(&Value::Array(items), first_number);
        // The text behind them all is seen once they are gone, and stands where it stood.
        let seen: Vec<_> = unknown.into_iter().map(|finding| finding.path).collect();
        assert_eq!(seen, if is_all { vec![vec![Step::Item(numbers)]] } else { Vec::new() });
        let told = findings.iter().filter(|finding| finding.reason == Reason::Invalid).count();
        let says_more = findings.last().is_some_and(|last| last.reason == Reason::LimitReached);
        assert_eq!((told, says_more), (found, !is_all));
    }

    #[test]
    fn the_larger_an_object_the_fewer_rounds() {
        check(0, 1, 0, true);
        check(99, 1, 99, true);
        check(200, 1, 100, false);
        check(200, 1024 * 1024, 15, false);
        check(3, 1024 * 1024, 3, true);
        check(200, 32 * 1024 * 1024, 1, false);
    }
}
