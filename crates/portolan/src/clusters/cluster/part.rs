//! The resources of a cluster that are one source of the engine's: what was read of them, and what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::{ClusterName, Problem};
use portolan_kube::api::{Resource, may_ask};
use portolan_kube::follow::News;
use portolan_kube::index::Lacks;
use portolan_kube::object::{Kind, Object, ObjectKey};
use portolan_kube::origin::Origin;

use crate::engine::Event;

/// The resources of a cluster that are one source of the engine's.
pub(super) struct Part {
    pub(super) source: ClusterName,
    pub(super) resources: Vec<Resource>,
    pub(super) unread: Vec<Resource>,
    /// What nobody asks for, and is not watched.
    pub(super) unasked: BTreeSet<Resource>,
    /// What was read, and lacks too much to be believed.
    pub(super) in_part: BTreeSet<Resource>,
    /// What the server has of them.
    pub(super) served: BTreeSet<Resource>,
    /// Objects of which nothing was ever understood.
    pub(super) refused: BTreeMap<Resource, BTreeSet<ObjectKey>>,
    /// What was last told of these two.
    pub(super) lacks: Lacks,
    /// Objects of kinds that several resources have (KubeFed's groups), by their place among these.
    pub(super) copies: BTreeMap<ObjectKey, BTreeMap<usize, Arc<Object>>>,
    pub(super) is_reached: bool,
    /// What it gave is not the engine's any more: should it be followed, it is as one that was never read.
    pub(super) is_out: bool,
    /// What is wrong with the cluster, then with each resource that is followed, by the id of its holds.
    pub(super) trouble: Option<Problem>,
    pub(super) problems: BTreeMap<String, Vec<Problem>>,
    /// What could not be written to it.
    pub(super) unwritten: Vec<Problem>,
    /// What is wrong with the clusters that it registers.
    pub(super) registered: Vec<Problem>,
}

/// What whoever writes to the hub is to know of a `DNSEndpoint` there, of whatever group.
pub(super) fn copy(resource: Resource, news: &News) -> Option<Event> {
    if resource.kind != Kind::DnsEndpoint {
        return None;
    }
    let (key, object) = match news {
        News::Set(object) => (object.key.clone(), Some(object.clone())),
        News::Deleted(key) => (key.clone(), None),
        _ => return None,
    };
    Some(Event::Copy { resource, key, object })
}

impl Part {
    pub(super) fn new(source: ClusterName, resources: Vec<Resource>) -> Self {
        Self {
            source,
            unread: resources.clone(),
            resources,
            unasked: BTreeSet::new(),
            in_part: BTreeSet::new(),
            served: BTreeSet::new(),
            refused: BTreeMap::new(),
            lacks: Lacks::default(),
            copies: BTreeMap::new(),
            is_reached: false,
            is_out: false,
            trouble: None,
            problems: BTreeMap::new(),
            unwritten: Vec::new(),
            registered: Vec::new(),
        }
    }

    pub(super) fn has(&self, resource: Resource) -> bool {
        self.resources.contains(&resource)
    }

    /// What it gave is gone; nothing of it was read any more.
    pub(super) fn leave(&mut self) {
        let trouble = self.trouble.take();
        let fresh = Self::new(self.source.clone(), self.resources.clone());
        let unasked = std::mem::take(&mut self.unasked);
        *self = Self { trouble, unasked, is_out: true, ..fresh };
        self.unread.retain(|resource| !self.unasked.contains(resource));
    }

    /// A resource is asked for that was not. Where the others were read already, that it was not is no reason to know
    /// nothing of them.
    pub(super) fn ask(&mut self, resource: Resource) {
        if self.unasked.remove(&resource) && !self.unread.is_empty() {
            self.unread.push(resource);
        }
    }

    /// Whether all that [may ask](may_ask) for something was understood, and believed; none before it was read.
    pub(super) fn who_asks(&self) -> Option<bool> {
        let asks = |resource: &Resource| may_ask(resource.kind);
        let is_whole = || !self.in_part.iter().chain(self.refused.keys()).any(asks);
        (!self.unread.iter().any(asks)).then(is_whole)
    }

    /// What is there and could not be read, if that is news.
    pub(super) fn lacks(&mut self) -> Option<Event> {
        let kinds = self.in_part.iter().map(|resource| resource.kind).collect();
        let objects = self.refused.values().flatten().cloned().collect();
        let lacks = Lacks { kinds, objects, ..Lacks::default() };
        let is_news = lacks != self.lacks;
        self.lacks.clone_from(&lacks);
        is_news.then(|| Event::Lacks(self.source.clone(), lacks))
    }

    /// Takes an object of a resource; none when another resource's of the same key counts. Of KubeFed's groups the
    /// newest counts, of `DNSEndpoint`s External-DNS' own, where ours are.
    pub(super) fn came(&mut self, resource: Resource, object: Arc<Object>) -> Option<Arc<Object>> {
        let Some(place) = self.place_among_copies(resource) else { return Some(object) };
        let copies = self.copies.entry(object.key.clone()).or_default();
        copies.insert(place, object.clone());
        copies.first_key_value().is_some_and(|(first, _)| *first == place).then_some(object)
    }

    /// Takes that an object of a resource is no more: what counts of that key now.
    pub(super) fn went(&mut self, resource: Resource, key: ObjectKey, cluster: &Origin) -> Option<Event> {
        let source = self.source.clone();
        let Some(place) = self.place_among_copies(resource) else {
            return Some(Event::Deleted { source, key });
        };
        let copies = self.copies.entry(key.clone()).or_default();
        let was_first = copies.first_key_value().is_none_or(|(first, _)| *first >= place);
        copies.remove(&place);
        match copies.first_key_value() {
            None => {
                self.copies.remove(&key);
                Some(Event::Deleted { source, key })
            }
            Some((_, next)) => {
                was_first.then(|| Event::Set { source, object: next.clone(), place: cluster.clone() })
            }
        }
    }

    /// Where a resource stands among those of its kind, the one that counts first; none when it is alone.
    fn place_among_copies(&self, resource: Resource) -> Option<usize> {
        let same = || self.resources.iter().filter(|other| other.kind == resource.kind);
        let place = same().position(|other| *other == resource)?;
        let last = same().count() - 1;
        (last > 0).then_some(if resource.kind == Kind::DnsEndpoint { place } else { last - place })
    }

    /// Takes that a resource was read, whole or in part; what follows.
    pub(super) fn read(&mut self, resource: Resource, is_whole: bool) -> Vec<Event> {
        if is_whole {
            self.in_part.remove(&resource);
        } else {
            self.in_part.insert(resource);
        }
        let mut events: Vec<Event> = self.lacks().into_iter().collect();
        self.unread.retain(|unread| *unread != resource);
        if self.unread.is_empty() && self.trouble.is_none() {
            events.push(Event::Heard(self.source.clone()));
        }
        events
    }

    pub(super) fn reading(&self) -> Event {
        let all = self.trouble.iter().chain(self.problems.values().flatten());
        let all = all.chain(&self.unwritten).chain(&self.registered);
        Event::Reading(self.source.clone(), all.cloned().collect())
    }
}
