//! What whoever writes to the hub has to look at: the objects of which something may be other than it was.
//!
//! ```text
//!   facts of names ──▶ whose names they are ──▶ its status, the DNSEndpoint that they stand in ─┐
//!   objects of the hub  ────────────────────────────────────────────────────────────────────────┴─▶ due
//!   in a mesh, an object that came or went ─────────▶ the DNSEndpoint beside it ────────────────▶ due
//!   a cluster, a zone, a policy, a zone file ──▶ everything
//! ```
//!
//! Nothing is noted before somebody asks for the first time, who then gets everything: a fleet that nobody
//! writes to pays nothing for this.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::fleet::OwnerView;
use portolan_core::{Fact, Fleet, Name, Problem, Snapshot};
use portolan_kube::api::Resource;
use portolan_kube::endpoints::written_for;
use portolan_kube::index::Apart;
use portolan_kube::manifest::Refused;
use portolan_kube::object::{Kind, Object, ObjectKey};
use portolan_kube::status::{has_status, told_by};

use super::hub::Hub;
use super::{Engine, Event, root};

/// The objects that are due, and where names are written.
#[derive(Debug, Default)]
pub(super) struct Due {
    is_asked_for: bool,
    everything: bool,
    objects: BTreeSet<ObjectKey>,
    /// The names of each `DNSEndpoint` of ours.
    names: BTreeMap<ObjectKey, BTreeSet<Name>>,
    /// Every `DNSEndpoint` of the hub, by key and group.
    copies: BTreeMap<ObjectKey, BTreeMap<Resource, Arc<Object>>>,
    /// Objects of the hub that are there and cannot be understood.
    refused: BTreeMap<ObjectKey, Arc<Refused>>,
}

/// An object that is due, as it is now.
#[derive(Clone, Debug)]
pub struct Look {
    /// Which: an intent, or a `DNSEndpoint`.
    pub key: ObjectKey,
    /// The object, where the hub has it; of a `DNSEndpoint` the copy that counts.
    pub object: Option<Arc<Object>>,
    /// The same as its author left it, where that is not understood.
    pub refused: Option<Arc<Refused>>,
    /// The object in each group that has it, of a `DNSEndpoint`.
    pub copies: Vec<(Resource, Arc<Object>)>,
    /// The names that it tells of, or that stand in it.
    pub names: Vec<Name>,
}

/// Objects that are due, and what decides what they are to say.
#[derive(Clone, Debug)]
pub struct Looks {
    /// The objects.
    pub looks: Vec<Look>,
    /// What is answered.
    pub snapshot: Arc<Snapshot>,
    /// Why.
    pub fleet: Fleet,
    /// What of the records of these names stands apart.
    pub apart: Apart,
}

impl Due {
    /// Notes what an event says of an object of the hub.
    pub(super) fn event(&mut self, event: &Event, hub: &Hub) {
        let key = match event {
            Event::Set { source, object, .. } if source == hub.home(object.key.kind()) => &object.key,
            Event::Deleted { source, key } if source == hub.home(key.kind()) => key,
            Event::Refused(refused) => &refused.key,
            Event::Copy { resource, key, object } => {
                self.copy(*resource, key, object.clone());
                key
            }
            // A kind may be there that was not, and with it a place to write to.
            Event::Heard(source) if hub.homes().any(|home| home == source) => return self.everything(),
            _ => return,
        };
        if !is_written(key.kind()) {
            return;
        }
        match event {
            Event::Refused(refused) => drop(self.refused.insert(key.clone(), refused.clone())),
            _ => drop(self.refused.remove(key)),
        }
        if self.is_asked_for {
            // That it is here at all decides whether what it asks for is written here.
            self.objects.extend(written_beside(key).filter(|_| hub.is_of_mesh()));
            self.objects.insert(key.clone());
        }
    }

    fn copy(&mut self, resource: Resource, key: &ObjectKey, object: Option<Arc<Object>>) {
        let copies = self.copies.entry(key.clone()).or_default();
        match object {
            Some(object) => copies.insert(resource, object),
            None => copies.remove(&resource),
        };
        if copies.is_empty() {
            self.copies.remove(key);
        }
    }

    fn copies_of(&self, key: &ObjectKey) -> Vec<(Resource, Arc<Object>)> {
        let copies = self.copies.get(key).into_iter().flatten();
        copies.map(|(resource, object)| (*resource, object.clone())).collect()
    }

    /// Notes facts that are about to become those of a fleet.
    pub(super) fn facts(&mut self, fleet: &Fleet, facts: &[Fact]) {
        if !self.is_asked_for {
            return;
        }
        for fact in facts {
            let Fact::Name(name, now) = fact else {
                self.everything = true;
                continue;
            };
            let before = fleet.names.get(name.borrowed());
            if let Some(before) = &before {
                self.went(name, &before.owner());
            }
            if let Some(now) = now {
                self.came(name, &now.owner.view());
            }
        }
    }

    /// Everything may be other than it was.
    pub(super) fn everything(&mut self) {
        self.everything |= self.is_asked_for;
    }

    fn went(&mut self, name: &Name, owner: &OwnerView<'_>) {
        self.objects.extend(told_by(owner));
        let Some(key) = written_for(owner) else { return };
        if let Some(names) = self.names.get_mut(&key) {
            names.remove(name);
            if names.is_empty() {
                self.names.remove(&key);
            }
        }
        self.objects.insert(key);
    }

    fn came(&mut self, name: &Name, owner: &OwnerView<'_>) {
        self.objects.extend(told_by(owner));
        let Some(key) = written_for(owner) else { return };
        self.names.entry(key.clone()).or_default().insert(name.clone());
        self.objects.insert(key);
    }

    /// The names that an object tells of, or that stand in it.
    fn names_of(&self, fleet: &Fleet, key: &ObjectKey) -> Vec<Name> {
        if key.kind() == Kind::DnsEndpoint {
            return self.names.get(key).into_iter().flatten().cloned().collect();
        }
        let kind = key.kind().to_string();
        let owner = OwnerView { kind: &kind, namespace: key.namespace(), name: key.name() };
        let written = written_beside(key).and_then(|written| self.names.get(&written));
        let is_owner =
            |name: &&Name| fleet.names.get(name.borrowed()).is_some_and(|facts| facts.owner() == owner);
        written.into_iter().flatten().filter(is_owner).cloned().collect()
    }
}

impl Engine {
    /// The objects that are due, at most so many; they are due no more. None while the root is not read: what
    /// is not known yet must not be taken for gone.
    #[must_use]
    pub fn due(&mut self, most: usize) -> Option<Vec<ObjectKey>> {
        if !self.is_fresh() {
            return None;
        }
        if !self.due.is_asked_for {
            self.due.is_asked_for = true;
            self.due.everything = true;
            for (name, facts) in self.store.fleet().names.iter() {
                self.due.came(&name.to_name(), &facts.owner());
            }
        }
        if std::mem::take(&mut self.due.everything) {
            let objects = self.home_intents().map(|object| &object.key);
            let objects = objects.filter(|key| is_written(key.kind())).chain(self.due.names.keys());
            let objects = objects.chain(self.due.refused.keys()).chain(self.due.copies.keys());
            self.due.objects.extend(objects.cloned().collect::<Vec<_>>());
        }
        let rest = match self.due.objects.iter().nth(most).cloned() {
            Some(first) => self.due.objects.split_off(&first),
            None => BTreeSet::new(),
        };
        Some(std::mem::replace(&mut self.due.objects, rest).into_iter().collect())
    }

    /// These are due as well: what is wrong with them has changed.
    pub fn is_due(&mut self, keys: Vec<ObjectKey>) {
        self.due.objects.extend(keys);
    }

    /// The `MemberCluster`s of the root.
    #[must_use]
    pub fn members(&self) -> Vec<ObjectKey> {
        let root = root();
        let objects = self.index.intents_of(&root).map(|object| &object.key);
        objects.filter(|key| key.kind() == Kind::MemberCluster).cloned().collect()
    }

    /// Objects as they are now, and what decides what they are to say.
    #[must_use]
    pub fn look(&self, keys: impl IntoIterator<Item = ObjectKey>) -> Looks {
        let fleet = self.fleet().clone();
        let look = |key: ObjectKey| Look {
            object: self.home_intent(&key).cloned(),
            refused: self.due.refused.get(&key).cloned(),
            copies: self.due.copies_of(&key),
            names: self.names_for(&fleet, &key),
            key,
        };
        let looks: Vec<Look> = keys.into_iter().map(look).collect();
        let names: BTreeSet<&Name> = looks.iter().flat_map(|look| &look.names).collect();
        let apart = self.index.apart_of(names.into_iter());
        Looks { looks, snapshot: self.snapshot(), fleet, apart }
    }

    /// Objects of the hub of which nothing was ever understood: what they ask for is not known.
    pub fn not_understood(&self) -> impl Iterator<Item = &ObjectKey> {
        self.due.refused.keys().filter(|key| self.home_intent(key).is_none())
    }

    /// The names that an object tells of, or that stand in it: of those, only what somebody asks for here.
    fn names_for(&self, fleet: &Fleet, key: &ObjectKey) -> Vec<Name> {
        let mut names = self.due.names_of(fleet, key);
        if key.kind() == Kind::DnsEndpoint && self.hub.is_of_mesh() {
            names.retain(|name| {
                fleet.names.get(name.borrowed()).is_some_and(|facts| self.is_here(&facts.owner()))
            });
        }
        names
    }

    /// True of an owner that the hub has: an intent, or an object that sources look at.
    fn is_here(&self, owner: &OwnerView<'_>) -> bool {
        let kind = Kind::of_owner(owner.kind);
        kind.is_some_and(|kind| {
            let key = ObjectKey::new(kind, Some(owner.namespace), owner.name);
            self.index.has(self.hub.home(kind), &key)
        })
    }

    fn home_intent(&self, key: &ObjectKey) -> Option<&Arc<Object>> {
        self.index.intent_of(self.hub.home(key.kind()), key)
    }

    /// What is wrong, where it is other than when this number was given before: with a new number.
    #[must_use]
    pub fn problems_since(&self, number: Option<u64>) -> Option<(u64, Vec<Problem>)> {
        let now = self.problems_changed + self.index.problems_changed();
        (number != Some(now)).then(|| (now, self.problems()))
    }
}

/// The `DNSEndpoint` that the names of an intent are written to.
fn written_beside(key: &ObjectKey) -> Option<ObjectKey> {
    let kind = key.kind().to_string();
    written_for(&OwnerView { kind: &kind, namespace: key.namespace(), name: key.name() })
}

/// True of what is written to the hub.
fn is_written(kind: Kind) -> bool {
    kind == Kind::DnsEndpoint || has_status(kind)
}

#[cfg(test)]
mod tests;
