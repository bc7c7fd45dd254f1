//! What is wrong with an object, as far as somebody will read it.

use portolan_core::Reason;

/// Most faults of one object that are told; an object may have a thousand names, each with its own.
pub const FAULTS_MAX: usize = 16;
/// Most characters of a text that a message repeats.
const SHOWN_CHARS_MAX: usize = 80;

/// What is wrong with an object, each once, the first [`FAULTS_MAX`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    told: Vec<Fault>,
    more: usize,
}

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The field of the object: `metadata.annotations[external-dns.kubernetes.io/ttl]`; empty for the object
    /// as a whole.
    pub field: String,
    /// Why.
    pub reason: Reason,
    /// The value and the rule that it breaks.
    pub message: String,
}

impl Faults {
    /// Notes a fault of a field.
    pub(crate) fn add(&mut self, field: impl Into<String>, reason: Reason, message: impl Into<String>) {
        let fault = Fault { field: field.into(), reason, message: message.into() };
        if self.told.contains(&fault) {
            return;
        }
        if self.told.len() == FAULTS_MAX {
            self.more = self.more.saturating_add(1);
        } else {
            self.told.push(fault);
        }
    }

    /// Those that are told.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.told.iter()
    }

    /// How many there were after those; one that came twice counts twice.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }
}

/// A text as a message repeats it: in quotes, and not all of a long one.
pub(crate) fn shown(text: &str) -> String {
    if text.chars().nth(SHOWN_CHARS_MAX).is_none() {
        return format!("{text:?}");
    }
    let start: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{start:?}... ({} octets)", text.len())
}
