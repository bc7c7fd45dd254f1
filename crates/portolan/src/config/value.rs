//! What was said of one key, where, and what a fault of it looks like.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use portolan_core::{Problem, Reason, shown_url};

/// Where a value was said. A later one counts over an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// At this place of the file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
    },
    /// By this variable.
    Env(&'static str),
    /// By this flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Env(variable) => write!(f, "environment {variable}"),
            Self::Flag(flag) => write!(f, "--{flag}"),
        }
    }
}

/// What was said of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The texts: several only where the key is a list.
    pub texts: Vec<String>,
    /// Where.
    pub source: Source,
}

impl Value {
    /// The items of a list whose texts may each hold several, with commas between them.
    pub(crate) fn items(&self) -> Vec<String> {
        let items = self.texts.iter().flat_map(|text| text.split(',')).map(str::trim);
        items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

/// What was said of a key, for people: of a URL without what of it may be secret. One with a user is refused, and shown
/// all the same.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.contains("://") { shown_url(text).into() } else { text.into() }
}

/// A fault of the configuration. `field` is the path of the key; empty for the file as a whole.
pub(crate) fn fault(field: &str, reason: Reason, message: String, place: &str) -> Problem {
    let subject = if field.is_empty() { "config".to_owned() } else { format!("config: {field}") };
    Problem { subject, reason, message, place: place.to_owned() }
}
