//! Where the mark of a set stands.
//!
//! External-DNS' `AffixNameMapper` (`registry/mapper/mapper.go`). The mark of `shop.example.net`'s A records is at
//!
//! ```text
//!   no affix                   a-shop.example.net
//!   prefix x-                  x-a-shop.example.net
//!   prefix %{record_type}-x.   a-x.shop.example.net
//!   suffix -x                  a-shop-x.example.net
//!   suffix -%{record_type}     shop-a.example.net
//!   before 0.12                shop.example.net, with the affix and without the type: of every type but AAAA and TXT
//! ```
//!
//! The way back is ambiguous where people name their hosts like marks (`a-shop`), and it is External-DNS' way: what it
//! takes for whose mark is all that counts.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use crate::name::{Name, NameError};
use crate::record::RecordType;

const TEMPLATE: &str = "%{record_type}";

/// The types whose marks are read, in the order in which they are tried.
const TYPES: [RecordType; 10] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CNAME,
    RecordType::NS,
    RecordType::MX,
    RecordType::PTR,
    RecordType::SRV,
    RecordType::NAPTR,
    RecordType::TXT,
    RecordType::DNAME,
];

/// How names of marks are made of names of sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affix {
    place: Place,
    /// What stands for `*` (`--txt-wildcard-replacement`); empty for itself.
    wildcard: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Before the whole name (`--txt-prefix`).
    Prefix(String),
    /// Behind the first label (`--txt-suffix`).
    Suffix(String),
}

impl Default for Place {
    fn default() -> Self {
        Self::Prefix(String::new())
    }
}

/// Prefix and suffix are given both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BothAffixes;

impl fmt::Display for BothAffixes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a prefix and a suffix of marks exclude each other")
    }
}

impl core::error::Error for BothAffixes {}

impl Affix {
    /// Takes External-DNS' options; what is empty is not set.
    ///
    /// # Errors
    /// When there are both.
    pub fn new(prefix: &str, suffix: &str, wildcard: &str) -> Result<Self, BothAffixes> {
        let place = match (prefix, suffix) {
            (prefix, "") => Place::Prefix(prefix.to_lowercase()),
            ("", suffix) => Place::Suffix(suffix.to_lowercase()),
            _ => return Err(BothAffixes),
        };
        Ok(Self { place, wildcard: wildcard.to_lowercase() })
    }

    /// The name of the mark of a set.
    ///
    /// # Errors
    /// When the name with its affix is none: a label is too long.
    pub fn mark_of(&self, name: &Name, rtype: RecordType) -> Result<Name, NameError> {
        let name = self.spelled(name).to_dotless();
        let (first, rest) = split_first(&name);
        let rtype = rtype.to_string().to_lowercase();
        let first = if self.names_type() { first.to_string() } else { format!("{rtype}-{first}") };
        let filled = |affix: &str| affix.replace(TEMPLATE, &rtype);
        let text = match &self.place {
            Place::Prefix(prefix) => format!("{}{first}{rest}", filled(prefix)),
            Place::Suffix(suffix) => format!("{first}{}{rest}", filled(suffix)),
        };
        text.parse()
    }

    /// The name, as [`Affix::spelled`] has it, and the type of the set that a mark of this name belongs to; no type
    /// when it is named as before 0.12. None when no mark is named so.
    #[must_use]
    pub fn marked_by(&self, mark: &Name) -> Option<(Name, Option<RecordType>)> {
        let mark = mark.to_dotless();
        let (text, rtype) = match &self.place {
            Place::Prefix(prefix) => {
                let drop = |affix: &str| mark.strip_prefix(affix).map(ToString::to_string);
                dropped(prefix, drop)?
            }
            Place::Suffix(suffix) => {
                // The suffix may have labels of its own; it ends where they do.
                let dots = suffix.matches('.').count();
                let end = mark.match_indices('.').nth(dots).map_or(mark.len(), |(at, _)| at);
                let (first, rest) = mark.split_at_checked(end)?;
                let drop = |affix: &str| first.strip_suffix(affix).map(ToString::to_string);
                let (first, rtype) = dropped(suffix, drop)?;
                (format!("{first}{rest}"), rtype)
            }
        };
        Some((text.parse().ok()?, rtype))
    }

    /// The name under which the mark of a set is looked for.
    #[must_use]
    pub fn spelled(&self, name: &Name) -> Name {
        let replaced = || name.borrowed().parent()?.to_name().prepend(&self.wildcard).ok();
        let has_other = name.borrowed().is_wildcard() && !self.wildcard.is_empty();
        has_other.then(replaced).flatten().unwrap_or_else(|| name.clone())
    }

    fn names_type(&self) -> bool {
        let (Place::Prefix(affix) | Place::Suffix(affix)) = &self.place;
        affix.contains(TEMPLATE)
    }
}

/// A name without its affix, which `drop` takes off, and the type that it names.
fn dropped(affix: &str, drop: impl Fn(&str) -> Option<String>) -> Option<(String, Option<RecordType>)> {
    if affix.contains(TEMPLATE) {
        let typed = TYPES.iter().find_map(|rtype| {
            let affix = affix.replace(TEMPLATE, &rtype.to_string().to_lowercase());
            Some((drop(&affix)?, Some(*rtype)))
        });
        if typed.is_some() {
            return typed;
        }
    }
    // Without a type in the affix it stands before the name, or the mark is from before 0.12.
    let name = drop(&affix.replace(TEMPLATE, ""))?;
    let typed = TYPES.iter().find_map(|rtype| {
        let rest = name.strip_prefix(&rtype.to_string().to_lowercase())?;
        // A name that is the word itself counts as one of that type.
        let own = if rest.is_empty() { &name } else { rest.strip_prefix('-')? };
        Some((own.to_string(), Some(*rtype)))
    });
    Some(typed.unwrap_or((name, None)))
}

/// The first label, and the rest with its dot.
fn split_first(name: &str) -> (&str, &str) {
    name.split_at(name.find('.').unwrap_or(name.len()))
}
