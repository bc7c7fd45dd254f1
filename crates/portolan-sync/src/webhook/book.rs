//! The records that a server of the protocol holds.
//!
//! ```text
//!   Changes ─▶ those within the domains, each once ─▶ delete, updateOld ─▶ updateNew, create ─▶ the next Book, Applied
//! ```
//!
//! A book gives back what it was given, word for word: marks, labels and properties are External-DNS', of whatever
//! owner, and so is the spelling of targets, so that no client sees a difference that it did not make. Several clients
//! share a book as they would share a zone: whose a record is stands in the TXT records of each one's registry.
//!
//! A change costs a copy of one shared map of pointers and is all or nothing: the next book is made, kept, and then
//! put in place of the one before, so that what was not kept is not answered.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::name::Name;
use portolan_core::plan::DomainFilter;

use super::TARGETS_MAX;
use super::json::{Changes, Endpoint};
use super::sets::shown;

/// Most endpoints that a book holds.
pub const RECORDS_MAX: usize = 100_000;
/// Most octets of one endpoint: its name, targets, labels and properties.
pub const RECORD_OCTETS_MAX: usize = 128 << 10;
/// Most octets of a type or a set identifier: with the name they are the key in a store.
pub const KEY_PART_OCTETS_MAX: usize = 1_024;
/// Most octets of all endpoints: as much is kept in a file.
pub const BOOK_OCTETS_MAX: usize = 192 << 20;
/// Most lines about endpoints that are left out of one request; of more it is said how many.
pub const TOLD_MAX: usize = 20;

/// What tells endpoints apart: name, type and set identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// The name, lower case and without its trailing dot.
    pub name: Arc<str>,
    /// The type, in capitals.
    pub rtype: Arc<str>,
    /// Empty for the only one.
    pub identifier: Arc<str>,
}

impl RecordKey {
    /// The key of an endpoint.
    #[must_use]
    pub fn of(endpoint: &Endpoint) -> Self {
        Self {
            name: endpoint.dns_name.trim_end_matches('.').to_lowercase().into(),
            rtype: endpoint.record_type.to_ascii_uppercase().into(),
            identifier: endpoint.set_identifier.as_str().into(),
        }
    }
}

/// The records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book(BTreeMap<RecordKey, Arc<Endpoint>>);

/// What became of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The names whose records are others than before.
    pub touched: BTreeSet<Arc<str>>,
    /// Endpoints that came, changed, went.
    pub counts: [usize; 3],
    /// Endpoints of names that are outside of the domains.
    pub outside: usize,
    /// Endpoints that stood there more than once; the first counts.
    pub repeated: usize,
    /// Endpoints that cannot be held, the first [`TOLD_MAX`] of them, each with the rule that it breaks.
    pub refused: Vec<String>,
    /// How many more of these there are.
    pub untold: usize,
}

/// There would be more than [`RECORDS_MAX`] endpoints, or more than [`BOOK_OCTETS_MAX`] octets of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} endpoints of {1} octets; at most {RECORDS_MAX} of {BOOK_OCTETS_MAX} octets are held")]
pub struct Full(pub usize, pub usize);

impl Book {
    /// A book of endpoints; of several with one key the first counts.
    #[must_use]
    pub fn of(endpoints: Vec<Endpoint>) -> Self {
        let mut book = Self::default();
        for endpoint in endpoints {
            book.0.entry(RecordKey::of(&endpoint)).or_insert_with(|| Arc::new(endpoint));
        }
        book
    }

    /// How many endpoints there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True of one without any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All endpoints, by name.
    pub fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.0.values()
    }

    /// The endpoints of a name as [`RecordKey`] has it.
    pub fn at<'b>(&'b self, name: &Arc<str>) -> impl Iterator<Item = &'b Arc<Endpoint>> + use<'b> {
        let first = RecordKey { name: name.clone(), rtype: "".into(), identifier: "".into() };
        let name = name.clone();
        self.0.range(first..).take_while(move |(key, _)| key.name == name).map(|(_, endpoint)| endpoint)
    }

    /// The endpoint of a key.
    #[must_use]
    pub fn get(&self, key: &RecordKey) -> Option<&Arc<Endpoint>> {
        self.0.get(key)
    }

    /// Puts an endpoint, or takes it away, as whoever shares the book has done.
    pub fn set(&mut self, key: RecordKey, endpoint: Option<Endpoint>) {
        match endpoint {
            Some(endpoint) => drop(self.0.insert(key, Arc::new(endpoint))),
            None => drop(self.0.remove(&key)),
        }
    }

    /// The keys of which another book has something else.
    pub fn differing<'b>(&'b self, other: &'b Self) -> impl Iterator<Item = &'b RecordKey> {
        let differs = |key: &&RecordKey| self.0.get(*key) != other.0.get(*key);
        let new = other.0.keys().filter(|key| !self.0.contains_key(*key));
        self.0.keys().filter(differs).chain(new)
    }

    /// Every name that has an endpoint.
    #[must_use]
    pub fn names(&self) -> BTreeSet<Arc<str>> {
        self.0.keys().map(|key| key.name.clone()).collect()
    }

    /// The book after changes, those outside of the domains left out, and what became of them. A record that changes
    /// into what cannot be held stays as it was.
    ///
    /// # Errors
    /// [`Full`]: nothing is changed then.
    pub fn after(&self, changes: &Changes, domains: Option<&DomainFilter>) -> Result<(Self, Applied), Full> {
        let mut applied = Applied::default();
        let mut sift = |listed| sift(listed, domains, &mut applied);
        let [gone, old] = [changes.delete.as_slice(), &changes.update_old].map(&mut sift);
        let [mut new, mut create] = [changes.update_new.as_slice(), &changes.create].map(sift);
        let refused = [refuse(&mut new, &mut applied), refuse(&mut create, &mut applied)].concat();
        let mut next = self.clone();
        for key in old.keys().filter(|key| !refused.contains(key)).chain(gone.keys()) {
            next.0.remove(key);
        }
        for (key, endpoint) in new.iter().chain(&create) {
            next.0.insert(key.clone(), Arc::new((*endpoint).clone()));
        }
        if !new.is_empty() || !create.is_empty() {
            room(next.len(), next.endpoints().map(|endpoint| octets(endpoint)).sum())?;
        }
        let keys: BTreeSet<&RecordKey> =
            [&gone, &old, &new, &create].into_iter().flat_map(BTreeMap::keys).collect();
        for key in keys {
            let which = match (self.0.get(key), next.0.get(key)) {
                (None, Some(_)) => 0,
                (Some(before), Some(now)) if before != now => 1,
                (Some(_), None) => 2,
                _ => continue,
            };
            applied.touched.insert(key.name.clone());
            if let Some(count) = applied.counts.get_mut(which) {
                *count += 1;
            }
        }
        Ok((next, applied))
    }
}

type Sifted<'e> = BTreeMap<RecordKey, &'e Endpoint>;

/// Endpoints within the domains, each once.
fn sift<'e>(listed: &'e [Endpoint], domains: Option<&DomainFilter>, applied: &mut Applied) -> Sifted<'e> {
    let mut sifted = Sifted::new();
    for endpoint in listed {
        let name = endpoint.dns_name.parse::<Name>();
        // What is no name is in no domain; where all names are taken it is refused by name.
        let is_within = domains.is_none_or(|domains| name.is_ok_and(|name| domains.takes(name.borrowed())));
        if !is_within {
            applied.outside += 1;
            continue;
        }
        match sifted.entry(RecordKey::of(endpoint)) {
            Entry::Occupied(_) => applied.repeated += 1,
            Entry::Vacant(free) => _ = free.insert(endpoint),
        }
    }
    sifted
}

/// Takes out what cannot be held, and gives the keys of that.
fn refuse(sifted: &mut Sifted<'_>, applied: &mut Applied) -> Vec<RecordKey> {
    let mut refused = Vec::new();
    sifted.retain(|key, endpoint| {
        let Some(rule) = fault(endpoint) else { return true };
        if applied.refused.len() < TOLD_MAX {
            let (name, rtype) = (shown(&endpoint.dns_name), shown(&endpoint.record_type));
            applied.refused.push(format!("{name:?} {rtype}: {rule}"));
        } else {
            applied.untold += 1;
        }
        refused.push(key.clone());
        false
    });
    refused
}

/// That a book may hold so much.
pub(super) fn room(records: usize, octets: usize) -> Result<(), Full> {
    if records > RECORDS_MAX || octets > BOOK_OCTETS_MAX { Err(Full(records, octets)) } else { Ok(()) }
}

/// Why an endpoint cannot be held. What only cannot be answered is held all the same: its client would else make it
/// again each time that it looks.
fn fault(endpoint: &Endpoint) -> Option<String> {
    if let Err(error) = endpoint.dns_name.parse::<Name>() {
        return Some(format!("the name {error}"));
    }
    if endpoint.record_type.is_empty() {
        return Some("has no recordType".into());
    }
    let targets = endpoint.targets.len();
    if targets == 0 || targets > TARGETS_MAX {
        return Some(format!("has {targets} targets; 1 to {TARGETS_MAX} are held"));
    }
    let parts = [("recordType", &endpoint.record_type), ("setIdentifier", &endpoint.set_identifier)];
    if let Some((field, part)) = parts.into_iter().find(|(_, part)| part.len() > KEY_PART_OCTETS_MAX) {
        return Some(format!(
            "has a {field} of {} octets; at most {KEY_PART_OCTETS_MAX} are held",
            part.len()
        ));
    }
    let octets = octets(endpoint);
    (octets > RECORD_OCTETS_MAX).then(|| format!("has {octets} octets; at most {RECORD_OCTETS_MAX} are held"))
}

/// What an endpoint holds, in octets.
fn octets(endpoint: &Endpoint) -> usize {
    let labels = endpoint.labels.iter().map(|(key, label)| key.len() + label.len());
    let properties =
        endpoint.provider_specific.iter().map(|property| property.name.len() + property.value.len());
    let octets: usize = endpoint.targets.iter().map(String::len).chain(labels).chain(properties).sum();
    octets + endpoint.dns_name.len() + endpoint.set_identifier.len() + endpoint.record_type.len()
}
