//! What another DNS has or is to have: record sets, and whose they are.
//!
//! A set is all records of one name and type, and where a DNS has several of those side by side (weights,
//! places), of one set identifier too. Its targets are a set, sorted and without repeats, so that equal is
//! equal: an address whatever its spelling, a host name whatever its case.
//!
//! Whose a set is says its [`Mark`], which stands beside it in that DNS ([`crate::registry`]). External-DNS
//! knows one owner a set. Here several owners may each claim *their targets* of one set, so that several
//! clusters feed one name and none takes another's targets away.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::name::Name;
use crate::record::{RecordType, Target, Ttl};

/// Longest id of an owner, in octets.
pub const OWNER_OCTETS_MAX: usize = 128;

// === Owner ===

/// Who has a record: what an operator calls one publisher (External-DNS' `--txt-owner-id`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Arc<str>);

/// Why something is not the id of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerError {
    /// Nothing there.
    Empty,
    /// More than [`OWNER_OCTETS_MAX`] octets.
    TooLong,
    /// A comma, a quote or a control character, which the registry's text could not give back.
    Character,
}

impl Owner {
    /// Takes an id that the registry's text can hold.
    ///
    /// # Errors
    /// [`OwnerError`] says which rule it breaks.
    pub fn new(id: &str) -> Result<Self, OwnerError> {
        if id.is_empty() {
            return Err(OwnerError::Empty);
        }
        if id.len() > OWNER_OCTETS_MAX {
            return Err(OwnerError::TooLong);
        }
        if !is_label_value(id) {
            return Err(OwnerError::Character);
        }
        Ok(Self(id.into()))
    }

    /// Takes an id as it was found, which may be any text.
    pub(crate) fn found(id: &str) -> Self {
        Self(id.into())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for OwnerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {OWNER_OCTETS_MAX} octets"),
            Self::Character => f.write_str("has a comma, a quote or a control character"),
        }
    }
}

impl core::error::Error for OwnerError {}

/// True of a text that the registry gives back as it was: labels are divided by commas and stand in quotes.
pub(crate) fn is_label_value(text: &str) -> bool {
    !text.contains([',', '"']) && !text.contains(char::is_control)
}

// === Targets ===

/// Targets as a set: sorted, without repeats; a copy shares them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Targets(Arc<[Target]>);

impl Targets {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, sorted.
    pub fn iter(&self) -> core::slice::Iter<'_, Target> {
        self.0.iter()
    }

    /// True when it is one of them.
    #[must_use]
    pub fn contains(&self, target: &Target) -> bool {
        self.0.binary_search(target).is_ok()
    }
}

impl Default for Targets {
    fn default() -> Self {
        Self(Arc::from([]))
    }
}

impl FromIterator<Target> for Targets {
    fn from_iter<I: IntoIterator<Item = Target>>(targets: I) -> Self {
        let mut targets: Vec<Target> = targets.into_iter().collect();
        targets.sort_unstable();
        targets.dedup();
        Self(targets.into())
    }
}

impl<'t> IntoIterator for &'t Targets {
    type Item = &'t Target;
    type IntoIter = core::slice::Iter<'t, Target>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

// === RecordSet ===

/// Settings for one make of DNS, by name (`alias`, `aws/weight`).
pub type Properties = BTreeMap<Arc<str>, Arc<str>>;

/// All records of one name, type and set identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSet {
    /// The name.
    pub name: Name,
    /// The type. An address type whose targets are host names is an alias that the DNS itself resolves.
    pub rtype: RecordType,
    /// Tells apart several sets of one name and type; empty for the only one.
    pub identifier: Arc<str>,
    /// What the records hold.
    pub targets: Targets,
    /// None, or 0, when nobody named one: the DNS has its default then.
    pub ttl: Option<Ttl>,
    /// Settings for one make of DNS.
    pub properties: Properties,
}

impl RecordSet {
    /// A set without identifier and properties.
    #[must_use]
    pub fn new(name: Name, rtype: RecordType, targets: Targets, ttl: Option<Ttl>) -> Self {
        Self { name, rtype, identifier: Arc::from(""), targets, ttl, properties: Properties::new() }
    }

    /// The TTL that somebody named.
    #[must_use]
    pub fn named_ttl(&self) -> Option<Ttl> {
        self.ttl.filter(|ttl| ttl.seconds() > 0)
    }

    /// What a DNS tells sets of one name apart by.
    pub(crate) fn key(&self) -> (&str, RecordType) {
        (&self.identifier, self.rtype)
    }
}

impl fmt::Display for RecordSet {
    /// What it is, not what it holds: `shop.example.net. A`, with its set identifier in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.rtype)?;
        if self.identifier.is_empty() { Ok(()) } else { write!(f, " [{}]", self.identifier) }
    }
}

// === Mark ===

/// Further words of a claim, as External-DNS has them beside owner and resource.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// What stands beside a set about whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing: it is nobody's that we know of.
    #[default]
    None,
    /// Something that we cannot read: it is somebody's, and not ours.
    Unreadable,
    /// Who claims it, sorted by owner.
    Claims(Vec<Claim>),
}

/// That an owner has a set, or some targets of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// Who.
    pub owner: Owner,
    /// For which resource: `service/shop/web`. Empty when the mark does not say.
    pub resource: Arc<str>,
    /// What else the mark says.
    pub labels: Labels,
    /// How much of it.
    pub extent: Extent,
}

/// How much of a set an owner claims.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// All of it, as External-DNS does.
    Whole,
    /// These targets; others may claim others, or the same.
    Targets(Targets),
}

/// A set with its mark, as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The set.
    pub set: RecordSet,
    /// Whose it is.
    pub mark: Mark,
}

/// A set as another DNS has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The set.
    pub set: RecordSet,
    /// Whose it is.
    pub mark: Mark,
    /// The mark stands in an older form, and is written anew.
    pub outdated: bool,
    /// What the DNS counts its changes with (etcd's revision of a key); none where it does not, and a write
    /// is held against what the set holds.
    pub version: Option<u64>,
}

/// A set that a resource asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The set.
    pub set: RecordSet,
    /// Who asks: `service/shop/web`.
    pub resource: Arc<str>,
    /// What else its mark is to say.
    pub labels: Labels,
}

impl Wanted {
    /// What a problem with it is about: `service/shop/web: shop.example.net. A`.
    pub(crate) fn subject(&self) -> String {
        match &*self.resource {
            "" => self.set.to_string(),
            resource => format!("{resource}: {}", self.set),
        }
    }
}
