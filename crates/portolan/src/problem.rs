//! Problems and errors as people read them: each thing said once.
//!
//! A [`Problem`] of a file has that file for its subject and for its place, and an error of a library
//! often repeats its cause. Whoever prints one of them asks here what is left to say.

use std::fmt;

use portolan_core::Problem;
use serde::{Deserialize, Serialize};

/// What is wrong with somebody's input, with stable keys for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemRow {
    /// Where it stands, as `FILE:LINE:COLUMN`.
    pub place: String,
    /// The object and the field.
    pub subject: String,
    /// One word for machines.
    pub reason: String,
    /// The value and the rule.
    pub message: String,
}

impl From<&Problem> for ProblemRow {
    fn from(problem: &Problem) -> Self {
        Self {
            place: problem.place.clone(),
            subject: problem.subject.clone(),
            reason: problem.reason.to_string(),
            message: problem.message.clone(),
        }
    }
}

/// The subject of a problem; none where the place says it already: a file, a flag or a variable that is a key
/// of the configuration.
#[must_use]
pub fn subject<'p>(place: &str, subject: &'p str) -> Option<&'p str> {
    let is_the_file = |rest: &str| rest.is_empty() || rest.starts_with(':');
    let names_a_key = place.starts_with("--") || place.starts_with("environment ");
    let is_said = place.strip_prefix(subject).is_some_and(is_the_file)
        || (names_a_key && subject.starts_with("config: "));
    (!is_said).then_some(subject)
}

/// A problem on one line, for the log: `PLACE: SUBJECT: MESSAGE`. What follows the first line of a message
/// is for pasting, which nobody does from a log.
#[must_use]
pub fn line(problem: &Problem) -> String {
    let place = Some(problem.place.as_str()).filter(|place| !place.is_empty());
    let said = [place, subject(&problem.place, &problem.subject), problem.message.lines().next()];
    said.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// An error with its causes. A cause that the one before it has told is not told again.
#[must_use]
pub fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&format!(": {cause}")) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// An error that is a fault of what somebody gave, and none of the program's: the exit code is 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests;
