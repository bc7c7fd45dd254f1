//! The order in which people read problems: down each file.

use std::cmp::Ordering;

use portolan_core::{Problem, Reason};

/// By file, line and column, and what stands in one place by subject. Numbers are compared as numbers, so
/// that `hosts[2]` comes before `hosts[11]`, and line 9 before line 10.
#[must_use]
pub fn reading_order(a: &Problem, b: &Problem) -> Ordering {
    Key::of(a).cmp(&Key::of(b))
}

/// What a problem is sorted by; made once where many are sorted.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    subject: Natural<'a>,
    reason: Reason,
    message: Natural<'a>,
    place: &'a str,
}

impl<'a> Key<'a> {
    pub(crate) fn of(problem: &'a Problem) -> Self {
        let (file, line, column) = parts(&problem.place).unwrap_or((&problem.place, 0, 0));
        let (subject, message) = (Natural(&problem.subject), Natural(&problem.message));
        Self { file, line, column, subject, reason: problem.reason, message, place: &problem.place }
    }
}

/// The file, line and column of a place. A file may have colons in its name.
fn parts(place: &str) -> Option<(&str, usize, usize)> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

/// A text in which runs of digits are numbers.
#[derive(PartialEq, Eq)]
struct Natural<'a>(&'a str);

impl Ord for Natural<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0.as_bytes(), other.0.as_bytes());
        while let (Some(&x), Some(&y)) = (a.first(), b.first()) {
            let (of_a, of_b) = (run(a), run(b));
            let order = match of_a.is_empty() || of_b.is_empty() {
                true => x.cmp(&y),
                false => of_a.len().cmp(&of_b.len()).then(of_a.cmp(of_b)),
            };
            if order != Ordering::Equal {
                return order;
            }
            a = rest(a);
            b = rest(b);
        }
        // Numbers that differ only in leading zeros are two texts all the same.
        a.len().cmp(&b.len()).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Natural<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The digits that a text begins with, but for leading zeros: all of them are one zero.
fn run(text: &[u8]) -> &[u8] {
    let digits = digits(text);
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    digits.get(zeros.min(digits.len().saturating_sub(1))..).unwrap_or_default()
}

/// What follows the digits, or the one byte, that a text begins with.
fn rest(text: &[u8]) -> &[u8] {
    text.get(digits(text).len().max(1)..).unwrap_or_default()
}

fn digits(text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests;
