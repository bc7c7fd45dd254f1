//! A path into a document, which end of it is meant, and what was found there.

use std::fmt;

use portolan_core::Reason;

/// One step of a path into a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Into the value of a key.
    Key(String),
    /// Into an item of a list.
    Item(usize),
}

/// A path as people write it: `spec.ports[0].name`, `spec.weights["eu-1"]`.
pub(super) struct Path<'a>(pub(super) &'a [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if !is_plain(key) => write!(f, "[{key:?}]")?,
                Step::Key(key) if nth == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// True of a key that is a word; around others it must be seen where they end.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}

/// Which end of a path is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The key of its last step.
    Key,
    /// What stands there.
    Value,
}

/// A path, and which end of it is looked for.
pub(super) type Target<'p> = (&'p [Step], End);

/// What was found at a field.
pub(super) struct Finding {
    pub(super) path: Vec<Step>,
    pub(super) end: End,
    pub(super) reason: Reason,
    pub(super) message: String,
}
