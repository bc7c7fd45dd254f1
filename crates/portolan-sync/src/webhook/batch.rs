//! Steps of a plan as the changes of one request.
//!
//! ```text
//!   list ─▶ Stand ─▶ Draft ◀─ steps whose names are as they were seen
//!                      └─▶ Changes: each set that differs, as the provider spelled it and as it is to be
//! ```

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::name::Name;
use portolan_core::plan::{Act, Marked, RecordSet};
use portolan_core::record::Target;
use portolan_core::registry::Listed;
use portolan_core::{Problem, Problems, Reason};

use super::json::{Changes, Endpoint};
use super::sets::{self, shown};
use crate::{Edit, Step};

/// What a provider has, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Stand(BTreeMap<Name, Vec<Held>>);

/// A set, and how the provider spelled it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    listed: Listed,
    endpoint: Endpoint,
}

impl Held {
    fn key(&self) -> sets::Key {
        sets::key_of(&self.listed.0)
    }
}

impl Stand {
    /// Takes what was listed. Endpoints of one name, type and identifier are one set; those that cannot be understood
    /// are left out and told.
    pub(super) fn of(listed: Vec<Endpoint>) -> (Self, Problems) {
        let (mut by_key, mut problems): (BTreeMap<sets::Key, Parts>, Problems) = Default::default();
        for endpoint in listed {
            match sets::set(&endpoint) {
                Ok(set) => by_key.entry(sets::key_of(&set)).or_default().push((set, endpoint)),
                Err(message) => problems.push(problem(&endpoint, message)),
            }
        }
        let mut stand = Self::default();
        for ((name, ..), parts) in by_key {
            stand.0.entry(name).or_default().extend(together(parts));
        }
        (stand, problems)
    }

    /// All sets.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.0.values().flatten().map(|held| &held.listed)
    }

    fn at(&self, name: &Name) -> &[Held] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Follows what was done.
    pub(super) fn follow(&mut self, done: Done) {
        for (name, now) in done.0 {
            if now.is_empty() { drop(self.0.remove(&name)) } else { drop(self.0.insert(name, now)) }
        }
    }
}

/// Endpoints of one set, each as it was read.
type Parts = Vec<(RecordSet, Endpoint)>;

/// The set of endpoints that are one: the first says its TTL and properties.
fn together(parts: Parts) -> Option<Held> {
    let mut parts = parts.into_iter();
    let (mut set, mut endpoint) = parts.next()?;
    if parts.len() > 0 {
        let mut targets: Vec<Target> = set.targets.iter().cloned().collect();
        let mut known: BTreeSet<String> = endpoint.targets.iter().cloned().collect();
        for (more, spelled) in parts {
            targets.extend(more.targets.iter().cloned());
            endpoint.targets.extend(spelled.targets.into_iter().filter(|text| known.insert(text.clone())));
        }
        set.targets = targets.into_iter().collect();
    }
    Some(Held { listed: (set, None), endpoint })
}

fn problem(endpoint: &Endpoint, message: String) -> Problem {
    Problem {
        subject: format!("{} {}", shown(&endpoint.dns_name), shown(&endpoint.record_type)),
        reason: Reason::Invalid,
        message,
        place: String::new(),
    }
}

/// What is asked for in one request.
#[derive(Debug)]
pub(super) struct Draft<'s> {
    stand: &'s Stand,
    /// The names that are touched, as they are to be.
    now: BTreeMap<Name, Vec<Held>>,
    changes: Changes,
}

/// What names become once a draft is done.
#[derive(Debug)]
pub(super) struct Done(BTreeMap<Name, Vec<Held>>);

impl<'s> Draft<'s> {
    pub(super) fn new(stand: &'s Stand) -> Self {
        Self { stand, now: BTreeMap::new(), changes: Changes::default() }
    }

    /// Adds a step; false when a name of it is not as it was seen, or another step of this draft writes there too, and
    /// nothing is added.
    #[must_use]
    pub(super) fn add(&mut self, step: &Step) -> bool {
        let is_taken = step.names().into_iter().any(|name| self.now.contains_key(name));
        let stand = self.stand;
        if is_taken || !step.is_as_seen(|name| stand.at(name).iter().map(|held| &held.listed).collect()) {
            return false;
        }
        for edit in step.edits() {
            self.edit(step, edit);
        }
        true
    }

    fn edit(&mut self, step: &Step, edit: Edit) {
        let Some(set) = edit.set() else { return };
        let (name, key) = (set.name.clone(), sets::key_of(set));
        let stand = self.stand;
        let now = self.now.entry(name.clone()).or_insert_with(|| stand.at(&name).to_vec());
        let place = now.iter().position(|held| held.key() == key);
        let old = place.map(|place| now.remove(place).endpoint);
        let new = edit.new.map(|set| {
            let endpoint = Endpoint { labels: labels(step, &key), ..sets::endpoint(&set) };
            now.push(Held { listed: (set, None), endpoint: endpoint.clone() });
            endpoint
        });
        match (old, new) {
            (None, Some(new)) => self.changes.create.push(new),
            (Some(old), Some(new)) => {
                self.changes.update_old.push(old);
                self.changes.update_new.push(new);
            }
            (Some(old), None) => self.changes.delete.push(old),
            (None, None) => {}
        }
    }

    /// What to ask for.
    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// For [`Stand::follow`].
    pub(super) fn done(self) -> Done {
        Done(self.now)
    }
}

/// What the mark says that a step gives a set, for providers that keep it by themselves.
fn labels(step: &Step, key: &sets::Key) -> BTreeMap<String, String> {
    let marked = step.change.acts.iter().find_map(|act| match act {
        Act::Create(new) | Act::Update { new, .. } => {
            Some(new).filter(|new: &&Marked| sets::key_of(&new.set) == *key)
        }
        Act::Delete(_) => None,
    });
    marked.map(|new| sets::labels(&new.mark)).unwrap_or_default()
}
