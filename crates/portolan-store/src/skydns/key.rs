//! Keys: a prefix, and the labels of a name from the right, each behind a slash.
//!
//! A label is written in presentation form, escaped as miekg/dns does it, which is what CoreDNS makes a key of. A slash in
//! a label is `\047`: a stock CoreDNS cannot ask for such a name, ours reads it.

use std::fmt::Write as _;

use portolan_core::name::{LABELS_MAX, NameError};
use portolan_core::{Name, NameRef};

use super::value::Value;
use super::{Fault, Wrong};
use crate::kv::Span;

/// The prefix that External-DNS and CoreDNS have by default.
pub const PREFIX: &str = "/skydns";
/// Most octets of a key: a name with each octet escaped, and a prefix.
pub const KEY_OCTETS_MAX: usize = 2_048;
/// Most octets of a prefix.
pub const PREFIX_OCTETS_MAX: usize = 512;
/// Digits of the label that External-DNS gives each target.
const TARGET_LABEL_DIGITS: usize = 8;

/// Where in a store the layout stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Begins with a slash and ends with none.
    prefix: String,
}

impl Default for Layout {
    fn default() -> Self {
        Self { prefix: PREFIX.into() }
    }
}

impl Layout {
    /// A layout under a prefix; slashes around it do not matter.
    ///
    /// # Errors
    /// When it has no part, an empty one, or is longer than [`PREFIX_OCTETS_MAX`].
    pub fn new(prefix: &str) -> Result<Self, String> {
        let parts = prefix.trim_matches('/');
        if parts.len() > PREFIX_OCTETS_MAX {
            return Err(format!("is longer than {PREFIX_OCTETS_MAX} octets"));
        }
        if parts.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(format!("{prefix:?} is no prefix of keys, such as {PREFIX}"));
        }
        Ok(Self { prefix: format!("/{parts}") })
    }

    /// The prefix, without a slash at its end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// All keys of the layout.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::prefix(format!("{}/", self.prefix).as_bytes())
    }

    /// The key of a name itself.
    #[must_use]
    pub fn key(&self, name: NameRef<'_>) -> Vec<u8> {
        let mut key = self.prefix.clone();
        let labels: Vec<&[u8]> = name.labels().collect();
        for label in labels.iter().rev() {
            key.push('/');
            push_label(&mut key, label);
        }
        key.into_bytes()
    }

    /// The keys below a name's own: its targets with labels of their own, and its children.
    #[must_use]
    pub fn below(&self, name: NameRef<'_>) -> Span {
        let mut key = self.key(name);
        key.push(b'/');
        Span::prefix(&key)
    }

    /// The name that a key spells, the label of a target included.
    ///
    /// # Errors
    /// A [`Fault`] when it is not under the prefix, or spells no name that a question can have.
    pub fn name(&self, key: &[u8]) -> Result<Name, Fault> {
        let fault = |rule: &str| Fault::of_key(key, rule);
        if key.len() > KEY_OCTETS_MAX {
            return Err(fault("the key is longer than any name's"));
        }
        let text = std::str::from_utf8(key).map_err(|_| fault("the key is not text"))?;
        let labels = text.strip_prefix(self.prefix.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let labels = labels.ok_or_else(|| fault("the key is not under the prefix"))?;
        let mut dotted = String::with_capacity(labels.len() + 1);
        for label in labels.rsplit('/') {
            check_label(label).map_err(fault)?;
            dotted.push_str(label);
            dotted.push('.');
        }
        dotted.parse().map_err(|error: NameError| fault(&format!("the key spells a name that {error}")))
    }
}

/// True of a label as External-DNS gives each target: eight hexadecimal digits.
#[must_use]
pub fn is_target_label(label: &[u8]) -> bool {
    let is_digit = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    label.len() == TARGET_LABEL_DIGITS && label.iter().all(is_digit)
}

/// The name that a value is about: the one that its key spells without the labels that `targetstrip` says. Where it says
/// none, a label as External-DNS gives each target is not the name's (older ones wrote no `targetstrip`).
///
/// # Errors
/// When `targetstrip` leaves nothing of the name.
pub fn owner(spelled: &Name, value: &Value) -> Result<Name, Wrong> {
    let spelled = spelled.borrowed();
    let strip = match value.target_strip {
        0 => usize::from(spelled.first_label().is_some_and(is_target_label)),
        strip => usize::from(strip),
    };
    let owner = spelled.suffixes().take(LABELS_MAX).nth(strip).filter(|name| !name.is_root());
    owner
        .map(NameRef::to_name)
        .ok_or_else(|| Wrong::field("targetstrip", value.target_strip, "leaves nothing of the name"))
}

fn check_label(label: &str) -> Result<(), &'static str> {
    if label.is_empty() {
        return Err("the key has an empty label");
    }
    if label.bytes().any(|octet| octet.is_ascii_uppercase()) {
        return Err("the key has capital letters, which no question finds");
    }
    let mut octets = label.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' if octets.next().is_none() => return Err("the key has a label with a bad escape in it"),
            b'.' => return Err("the key has a label with a dot in it"),
            _ => {}
        }
    }
    Ok(())
}

/// As miekg/dns presents a label, and a slash by its number.
fn push_label(key: &mut String, label: &[u8]) {
    for &octet in label {
        match octet {
            b'.' | b' ' | b'\'' | b'@' | b';' | b'(' | b')' | b'"' | b'\\' => {
                key.push('\\');
                key.push(char::from(octet));
            }
            b'/' => key.push_str("\\047"),
            0x21..=0x7e => key.push(char::from(octet)),
            _ => write!(key, "\\{octet:03}").expect("a string takes all that is written"),
        }
    }
}
