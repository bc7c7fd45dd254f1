//! The keys of the layout as they were read and written: by key, and by the name that each is about.
//!
//! A name's keys are few and lie together neither with each other's nor below its own key alone, so each name has a list
//! of them. Values are kept as octets and read again when they are needed: there are as many as records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::plan::{RecordSet, Targets};
use portolan_core::record::{Rdata, RecordType, Target, Ttl};
use portolan_core::registry::Listed;
use portolan_core::{Name, Problem, Problems, Reason};
use portolan_store::kv::{Batch, KeyEvent, Pair, Revision};
use portolan_store::skydns::key::owner;
use portolan_store::skydns::{Fault, Layout, Value, Wrong};

use super::draft::Draft;
use super::placed::{self, ENDPOINTS, GROUP, Member};

pub(super) type Key = Arc<[u8]>;

/// What stands at a key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: Name,
    pub(super) modified: Revision,
    pub(super) value: Vec<u8>,
}

/// What a value says.
pub(super) struct Said {
    pub(super) value: Value,
    /// Its records; none of a value that an External-DNS has emptied.
    pub(super) targets: Vec<Target>,
}

#[derive(Debug)]
struct Named {
    keys: Vec<Key>,
    /// No other key of the name was there at this revision.
    known: Revision,
}

/// The keys of the layout.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: BTreeMap<Key, Entry>,
    /// When keys were written of which it cannot be said which name they are about: they are somebody's.
    strange: BTreeMap<Key, Revision>,
    names: BTreeMap<Name, Named>,
    /// How many keys there are of names below a name.
    below: BTreeMap<Name, usize>,
    /// When all of them were read.
    listed: Revision,
    /// When we wrote since, as far as the store has not told us so.
    own: BTreeSet<Revision>,
}

impl Cache {
    pub(super) fn new(listed: Revision) -> Self {
        Self { listed, ..Self::default() }
    }

    /// Takes a key as it was read.
    ///
    /// # Errors
    /// When it cannot be said which name it is about; it is left alone.
    pub(super) fn put(&mut self, layout: &Layout, pair: Pair) -> Result<(), Fault> {
        match name_of(layout, &pair) {
            Ok(name) => self.insert(name, pair.key.into(), pair.value, pair.modified),
            Err(fault) => {
                self.strange.insert(pair.key.into(), pair.modified);
                return Err(fault);
            }
        }
        Ok(())
    }

    fn insert(&mut self, name: Name, key: Key, value: Vec<u8>, modified: Revision) {
        self.remove(&key);
        for above in name.borrowed().suffixes().skip(1) {
            match self.below.get_mut(above.as_wire()) {
                Some(count) => *count += 1,
                None => drop(self.below.insert(above.to_name(), 1)),
            }
        }
        let blank = || Named { keys: Vec::with_capacity(1), known: self.listed };
        self.names.entry(name.clone()).or_insert_with(blank).keys.push(key.clone());
        self.entries.insert(key, Entry { name, modified, value });
    }

    fn remove(&mut self, key: &[u8]) {
        let Some(entry) = self.entries.remove(key) else { return };
        for above in entry.name.borrowed().suffixes().skip(1) {
            if let Some(count) = self.below.get_mut(above.as_wire()) {
                *count = count.saturating_sub(1);
            }
        }
        if let Some(named) = self.names.get_mut(entry.name.as_wire()) {
            named.keys.retain(|known| **known != *key);
            if named.keys.is_empty() {
                self.names.remove(entry.name.as_wire());
            }
        }
    }

    /// The keys of a name.
    pub(super) fn of(&self, name: &Name) -> impl Iterator<Item = (&Key, &Entry)> {
        let keys = self.names.get(name.as_wire()).into_iter().flat_map(|named| &named.keys);
        keys.filter_map(|key| Some((key, self.entries.get(key)?)))
    }

    /// The revision at which these were all of the name's keys.
    pub(super) fn known(&self, name: &Name) -> Revision {
        self.names.get(name.as_wire()).map_or(self.listed, |named| named.known)
    }

    /// How many keys there are of names below this one.
    pub(super) fn below(&self, name: &Name) -> usize {
        self.below.get(name.as_wire()).copied().unwrap_or_default()
    }

    /// When a key was last written, as far as is known.
    pub(super) fn modified(&self, key: &[u8]) -> Option<Revision> {
        self.entries.get(key).map(|entry| entry.modified).or_else(|| self.strange.get(key).copied())
    }

    /// True when these are all the keys of a name, as they are here. They are, then, until that revision.
    pub(super) fn confirm(&mut self, name: &Name, pairs: &[Pair], at: Revision) -> bool {
        let now: BTreeSet<(&[u8], Revision)> = pairs.iter().map(|pair| (&*pair.key, pair.modified)).collect();
        let known: BTreeSet<(&[u8], Revision)> =
            self.of(name).map(|(key, entry)| (&**key, entry.modified)).collect();
        let is_same = now == known;
        if let Some(named) = self.names.get_mut(name.as_wire()).filter(|_| is_same) {
            named.known = at;
        }
        is_same
    }

    /// True when a store tells something that was neither read nor written here. What it tells comes in its order.
    pub(super) fn is_news(&mut self, batch: &Batch) -> bool {
        let is_news = batch.events.iter().any(|event| match event {
            KeyEvent::Put(pair) => {
                let is_known = self.modified(&pair.key).is_some_and(|known| known >= pair.modified);
                !is_known && !self.own.contains(&pair.modified)
            }
            // What was put again since is there at a later revision.
            KeyEvent::Delete(key) => self.modified(key).is_some_and(|known| known <= batch.revision),
        });
        self.own = self.own.split_off(&(batch.revision + 1));
        is_news
    }

    /// Takes over what a transaction did.
    pub(super) fn done(&mut self, draft: &Draft, revision: Revision) {
        self.own.insert(revision);
        for key in &draft.deletes {
            self.remove(key);
        }
        for (key, (name, value)) in &draft.puts {
            self.insert(name.clone(), key.clone(), value.clone(), revision);
        }
        for name in &draft.names {
            if let Some(named) = self.names.get_mut(name.as_wire()) {
                named.known = revision;
            }
        }
    }

    /// The sets of all names.
    pub(super) fn sets(&self, problems: &mut Problems) -> Vec<Listed> {
        let mut sets = Vec::with_capacity(self.names.len());
        for name in self.names.keys() {
            self.draw(name, &mut sets, problems);
        }
        sets
    }

    /// The sets of some names.
    pub(super) fn listed_at<'n>(&self, names: impl IntoIterator<Item = &'n Name>) -> Vec<Listed> {
        let (mut sets, mut problems) = (Vec::new(), Problems::default());
        for name in names {
            self.draw(name, &mut sets, &mut problems);
        }
        sets
    }

    fn draw(&self, name: &Name, sets: &mut Vec<Listed>, problems: &mut Problems) {
        let mut by_type: BTreeMap<RecordType, Drawn> = BTreeMap::new();
        for (key, entry) in self.of(name) {
            match said(entry) {
                Ok(said) => said.targets.iter().for_each(|target| {
                    by_type.entry(target.record_type()).or_default().add(target, &said.value, entry.modified);
                }),
                Err(wrong) => problems.push(problem(fault(key, wrong))),
            }
        }
        sets.extend(by_type.into_iter().filter_map(|(rtype, drawn)| drawn.listed(name, rtype)));
    }
}

/// A set as it is put together from its keys.
#[derive(Default)]
struct Drawn {
    targets: Vec<Target>,
    members: Vec<Member>,
    ttls: BTreeSet<u32>,
    groups: BTreeSet<String>,
    version: Revision,
}

impl Drawn {
    fn add(&mut self, target: &Target, value: &Value, modified: Revision) {
        let is_withheld = value.placed.as_ref().is_some_and(|placed| placed.withheld);
        if !is_withheld {
            self.targets.push(target.clone());
        }
        self.members.extend(Member::of(target, value));
        self.ttls.insert(value.ttl);
        self.groups.insert(value.group.clone());
        self.version = self.version.max(modified);
    }

    /// None when nothing of it is answered. A TTL or a group that its keys do not agree on is none.
    fn listed(self, name: &Name, rtype: RecordType) -> Option<Listed> {
        let targets: Targets = self.targets.into_iter().collect();
        if targets.is_empty() {
            return None;
        }
        let ttl = self.ttls.first().filter(|_| self.ttls.len() == 1).copied();
        let ttl = ttl.filter(|ttl| *ttl > 0).and_then(Ttl::from_seconds);
        let mut set = RecordSet::new(name.clone(), rtype, targets, ttl);
        let group = self.groups.first().filter(|group| self.groups.len() == 1 && !group.is_empty());
        let group = group.map(|group| (GROUP.into(), group.as_str().into()));
        let endpoints = placed::property(self.members).map(|members| (ENDPOINTS.into(), members));
        set.properties.extend(group.into_iter().chain(endpoints));
        Some((set, Some(self.version)))
    }
}

/// The name that a key is about.
pub(super) fn name_of(layout: &Layout, pair: &Pair) -> Result<Name, Fault> {
    let spelled = layout.name(&pair.key)?;
    let value = Value::parse(&pair.value).map_err(|wrong| fault(&pair.key, wrong))?;
    owner(&spelled, &value).map_err(|wrong| fault(&pair.key, wrong))
}

/// What stands at a key, for its name.
pub(super) fn said(entry: &Entry) -> Result<Said, Wrong> {
    let value = Value::parse(&entry.value)?;
    let is_empty = value.host.is_empty() && value.text.is_empty() && value.placed.is_none();
    let mut targets = match is_empty {
        true => Vec::new(),
        false => value.records(entry.name.borrowed())?.targets,
    };
    // A text beside an alias, which nobody answers rightly, is a mark that External-DNS has put there.
    let has_text = targets.iter().any(|target| target.record_type() == RecordType::TXT);
    if !has_text && !value.text.is_empty() {
        let text = Rdata::txt(value.text.as_bytes());
        targets.extend(text.map(|text| Target::Record(RecordType::TXT, text)));
    }
    Ok(Said { value, targets })
}

fn fault(key: &[u8], wrong: Wrong) -> Fault {
    let key = String::from_utf8_lossy(key).into_owned();
    Fault { key, field: wrong.field, value: wrong.value, rule: wrong.rule }
}

/// Something that is not understood, and left alone.
#[allow(clippy::needless_pass_by_value, reason = "a fault becomes a problem")]
pub(super) fn problem(fault: Fault) -> Problem {
    let message = format!("{}; it is left alone", fault.message());
    Problem { subject: fault.key, reason: Reason::Invalid, message, place: String::new() }
}
