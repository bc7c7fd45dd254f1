//! Records at rest in SkyDNS' layout, as CoreDNS' `etcd` plugin answers from and External-DNS' `coredns` provider writes:
//! the seam at which either of ours may be the old system.
//!
//! ```text
//!   /skydns/com/example/shop/1a2b3c4d   {"host":"192.0.2.1","ttl":30,"targetstrip":1,"portolan":{"cluster":"eu-1",…}}
//!   ───────┬───────────────┬────────    ─┬──────────────────────────────────────────────────────────────────────────
//!      prefix, the labels from the right  what stands there: one target and what else is known of it
//!                           └ a label for this target alone, which `targetstrip` says to strip
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`key`] | keys ↔ names |
//! | [`value`] | values ↔ JSON, with our own field that others pass over |
//! | [`record`] | a value ↔ the records that it offers |
//! | [`table`] | all keys → facts, a key at a time; lists that are not believed |
//!
//! Everything here is pure: what is not understood is a [`Fault`] of that key, and nothing else is harmed.

use std::fmt;

pub mod key;
pub mod record;
pub mod table;
pub mod value;

pub use key::{Layout, PREFIX};
pub use record::Records;
pub use table::{Rules, Setup, Table};
pub use value::{Others, Placed, VALUE_OCTETS_MAX, Value};

/// What is wrong with one key or its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, as far as it can be shown.
    pub key: String,
    /// The field of the value; none when it is about the key or the whole value.
    pub field: Option<&'static str>,
    /// What stands there, shortened.
    pub value: String,
    /// The rule that it breaks.
    pub rule: String,
}

/// Most characters of somebody's value that are shown.
const SHOWN_MAX: usize = 80;

impl Fault {
    fn of_key(key: &[u8], rule: impl Into<String>) -> Self {
        Self { key: shown(key), field: None, value: String::new(), rule: rule.into() }
    }

    /// What was found wrong with a value, at its key.
    fn at(key: &[u8], wrong: Wrong) -> Self {
        Self { key: shown(key), field: wrong.field, value: wrong.value, rule: wrong.rule }
    }

    /// Field, value and rule, without the key.
    #[must_use]
    pub fn message(&self) -> String {
        match (self.field, self.value.is_empty()) {
            (Some(field), false) => format!("{field} {} {}", self.value, self.rule),
            (Some(field), true) => format!("{field} {}", self.rule),
            (None, false) => format!("{} {}", self.value, self.rule),
            (None, true) => self.rule.clone(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message())
    }
}

impl std::error::Error for Fault {}

/// What is wrong with a value, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field; none when it is about the whole value.
    pub field: Option<&'static str>,
    /// What stands there, shortened.
    pub value: String,
    /// The rule that it breaks.
    pub rule: String,
}

impl Wrong {
    fn whole(rule: impl Into<String>) -> Self {
        Self { field: None, value: String::new(), rule: rule.into() }
    }

    fn field(field: &'static str, value: impl fmt::Display, rule: impl Into<String>) -> Self {
        Self { field: Some(field), value: shown(value.to_string().as_bytes()), rule: rule.into() }
    }
}

/// Octets as they may be shown: what is not printable escaped, and not too much of it.
fn shown(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let mut shown = String::new();
    for character in text.chars().take(SHOWN_MAX) {
        match character.is_control() {
            true => shown.extend(character.escape_debug()),
            false => shown.push(character),
        }
    }
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
