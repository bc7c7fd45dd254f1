//! Where the problems of one object are gathered while it is settled.

use std::fmt;

use portolan_core::place::{Place, PlaceError};
use portolan_core::policy::PolicyName;
use portolan_core::{Problem, Reason, Ttl};

use super::refuses;

/// Most problems that one object is told of; the rest are counted in one more.
pub(super) const PROBLEMS_MAX: usize = 100;
/// Most characters of a value that a message repeats.
const VALUE_CHARS_MAX: usize = 80;

/// The problems of one object so far.
pub(super) struct Findings {
    /// What is settled: `SteeringPolicy near`, or a file.
    object: String,
    problems: Vec<Problem>,
    /// How many more there are, and what the worst of them is.
    dropped: Option<(usize, Reason)>,
}

impl Findings {
    /// Starts on an object.
    pub(super) fn of(object: String) -> Self {
        Self { object, problems: Vec::new(), dropped: None }
    }

    /// Notes a problem with a field.
    pub(super) fn note(&mut self, reason: Reason, field: impl fmt::Display, message: impl fmt::Display) {
        self.note_at(String::new, reason, format_args!(": {field}"), message);
    }

    /// Notes a problem with a line of a file.
    pub(super) fn note_line(&mut self, line: usize, reason: Reason, message: impl fmt::Display) {
        let file = self.object.clone();
        self.note_at(|| format!("{file}:{line}:1"), reason, "", message);
    }

    /// Takes what a text was parsed to, or notes the rule that it breaks.
    pub(super) fn keep<T, E: fmt::Display>(
        &mut self,
        field: impl fmt::Display,
        text: &str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed.map_err(|rule| self.note(Reason::Invalid, field, format_args!("{} {rule}", Value(text)))).ok()
    }

    /// A place; none when it is refused. The rule names the part of the text that breaks it.
    pub(super) fn place(&mut self, field: &str, text: &str) -> Option<Place> {
        text.parse()
            .map_err(|rule: PlaceError| {
                self.note(Reason::Invalid, field, format_args!("{}: {rule}", Value(text)));
            })
            .ok()
    }

    /// A TTL; none for 0, absent and refused.
    pub(super) fn ttl(&mut self, field: impl fmt::Display, seconds: Option<i64>) -> Option<Ttl> {
        let shown = seconds.unwrap_or(0);
        super::ttl(seconds).unwrap_or_else(|rule| {
            self.note(Reason::Invalid, field, format_args!("{shown} {rule}"));
            None
        })
    }

    /// A number from 0 to a maximum; none for absent and refused.
    pub(super) fn number<N>(&mut self, field: impl fmt::Display, number: Option<i64>, max: N) -> Option<N>
    where
        N: TryFrom<i64> + PartialOrd + fmt::Display + Copy,
    {
        let number = number?;
        match N::try_from(number).ok().filter(|n| *n <= max) {
            Some(fits) => Some(fits),
            None => {
                self.note(Reason::Invalid, field, format_args!("{number} is not 0 to {max}"));
                None
            }
        }
    }

    /// A reference to a policy; whether it is there is for the index to say.
    pub(super) fn policy_name(&mut self, field: &str, name: Option<&str>) -> Option<PolicyName> {
        let name = name?;
        if name.is_empty() {
            self.note(Reason::Invalid, field, "is empty; leave it out, or name a SteeringPolicy");
            return None;
        }
        Some(PolicyName(name.into()))
    }

    /// Notes a field that a choice does not look at, beside its `type`.
    pub(super) fn unfit(&mut self, field: impl fmt::Display, goes_with: &str) {
        self.note(Reason::Invalid, field, format_args!("goes with type {goes_with} only"));
    }

    /// Notes a word that a choice does not know.
    pub(super) fn unknown_word(&mut self, field: impl fmt::Display, word: &str, words: &[&str]) {
        let known = words.join(", ");
        self.note(Reason::Invalid, field, format_args!("{} is not known; known are {known}", Value(word)));
    }

    /// The items up to a limit, numbered; notes when there are more.
    pub(super) fn within<'i, T>(
        &mut self,
        field: &str,
        items: &'i [T],
        max: usize,
    ) -> impl Iterator<Item = (usize, &'i T)> + use<'i, T> {
        if items.len() > max {
            let message = format!("{} items; at most {max} are allowed", items.len());
            self.note(Reason::LimitReached, field, message);
        }
        items.iter().take(max).enumerate()
    }

    /// The problems, in the order in which they were noted.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        if let Some((dropped, reason)) = self.dropped {
            self.problems.push(Problem {
                message: format!("{dropped} more problems are not listed"),
                subject: self.object,
                reason,
                place: String::new(),
            });
        }
        self.problems
    }

    fn note_at(
        &mut self,
        place: impl FnOnce() -> String,
        reason: Reason,
        field: impl fmt::Display,
        message: impl fmt::Display,
    ) {
        if self.problems.len() == PROBLEMS_MAX {
            let (dropped, worst) = self.dropped.unwrap_or((0, reason));
            let worst = if refuses(reason) { Reason::LimitReached } else { worst };
            self.dropped = Some((dropped + 1, worst));
            return;
        }
        self.problems.push(Problem {
            subject: format!("{}{field}", self.object),
            reason,
            message: message.to_string(),
            place: place(),
        });
    }
}

/// A value as a message repeats it: quoted, escaped, and cut when it is long.
pub(super) struct Value<'a>(pub(super) &'a str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(VALUE_CHARS_MAX) {
            Some((cut, _)) => write!(f, "{:?}...", self.0.get(..cut).unwrap_or_default()),
            None => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests;
