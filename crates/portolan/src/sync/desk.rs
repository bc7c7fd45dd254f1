//! Between whoever sees what is wanted and the publishers: what is wanted now, and what of it is news to whom.
//!
//! ```text
//!   objects of a cluster ─┐                    ┌─▶ seat 0: touched names, or everything
//!   names of an engine ───┴─▶ Wants (pure) ────┴─▶ seat 1: …           (each publisher takes its own, when it likes)
//!                                  │
//!                                  └─▶ objects that every seat has seen: their status; what is wrong with them: an event
//! ```
//!
//! A publisher that is slow or fails holds up no other: its seat gathers names, up to [`TOUCHED_MAX`], and then it
//! is told that everything may be other than it was. What is known to be gone is remembered until every publisher
//! has carried it out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portolan_core::plan::{Desired, Wanted};
use portolan_core::{Name, Problem, Problems};
use portolan_kube::api::Resource;
use portolan_kube::dns_endpoint::DnsEndpoint;
use portolan_kube::object::{Body, Kind, ObjectKey};
use portolan_kube::status::event::{self, Said};
use portolan_kube::wants::{Asker, MEMBERS, Wants};
use tokio::sync::watch;

use crate::engine::Event;

/// Most names that wait for one publisher; above it everything is looked at.
pub const TOUCHED_MAX: usize = 10_000;

/// What is wanted, for every publisher.
#[derive(Debug)]
pub struct Desk {
    state: Mutex<State>,
    /// Counts the changes, for whoever waits for one.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    wants: Wants,
    /// All was read once.
    is_read: bool,
    /// How often something was read to its end.
    reads: u64,
    /// What was read lacks nothing that is there.
    is_whole: bool,
    /// What is wrong with the reading.
    trouble: Vec<Problem>,
    seats: Vec<Seat>,
    /// Objects as they are, in each group.
    copies: BTreeMap<(ObjectKey, Resource), Copy>,
    /// Those whose status is due, and the turn that every seat must have seen.
    due: BTreeMap<(ObjectKey, Resource), u64>,
    /// What was last said to be wrong with an object, and what is to be said.
    complaints: BTreeMap<ObjectKey, String>,
    unsaid: BTreeMap<ObjectKey, Said>,
}

/// What one publisher has to do.
#[derive(Debug)]
struct Seat {
    touched: BTreeSet<Name>,
    everything: bool,
    /// A round that looked at this turn has ended.
    seen: u64,
    /// What was gone at this turn is gone there.
    settled: u64,
}

/// An object of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Which of its author's versions.
    pub generation: i64,
    /// Which object of its name.
    pub uid: String,
}

/// What a publisher is to do next.
#[derive(Debug)]
pub enum Task {
    /// Everything is looked at.
    Whole(Desired),
    /// These names are.
    Touched(BTreeSet<Name>, Desired),
}

impl Desk {
    /// One for so many publishers, that has heard of nothing yet.
    #[must_use]
    pub fn new(seats: usize) -> Self {
        let seat = || Seat { touched: BTreeSet::new(), everything: true, seen: 0, settled: 0 };
        let state = State {
            is_whole: true,
            seats: std::iter::repeat_with(seat).take(seats).collect(),
            ..State::default()
        };
        Self { state: Mutex::new(state), changes: watch::Sender::new(0) }
    }

    /// Takes what a cluster's `DNSEndpoint`s have become.
    pub fn take(&self, events: Vec<Event>) {
        let mut state = self.lock();
        let before = state.wants.turn();
        let mut copied = Vec::new();
        for event in events {
            copied.extend(state.apply(event));
        }
        let turn = state.wants.turn().max(before);
        state.due.extend(copied.into_iter().map(|at| (at, turn)));
        drop(state);
        self.changed();
    }

    /// Takes what a name comes to; none when it comes to nothing any more.
    pub fn take_names(&self, names: Vec<(Name, Option<DnsEndpoint>)>, is_whole: bool) {
        let mut state = self.lock();
        for (name, object) in names {
            // Which object a name stands in may change; the name is who asks.
            let asker = Asker { key: ObjectKey::new(Kind::DnsEndpoint, None, ""), name: Some(name) };
            let touched = match object {
                Some(object) => state.wants.set(asker, &object, ""),
                None => state.wants.remove(&asker),
            };
            state.touch(&touched);
        }
        state.was_read(is_whole);
        drop(state);
        self.changed();
    }

    /// What a publisher is to do, and the turn that this is as of; none while there is nothing, or nothing was read.
    /// It `needs_whole` when it cannot do with less.
    #[must_use]
    pub fn task(&self, seat: usize, needs_whole: bool) -> Option<(Task, u64)> {
        let mut state = self.lock();
        let state = &mut *state;
        let (is_whole, turn) = (state.is_whole, state.wants.turn());
        let seat = state.seats.get_mut(seat).filter(|_| state.is_read)?;
        let touched = std::mem::take(&mut seat.touched);
        if std::mem::take(&mut seat.everything) || needs_whole {
            return Some((Task::Whole(state.wants.desired(is_whole)), turn));
        }
        if touched.is_empty() {
            // What changed since says nothing else of any name.
            seat.seen = turn;
            return None;
        }
        let desired = state.wants.desired_of(&touched, is_whole);
        Some((Task::Touched(touched, desired), turn))
    }

    /// A publisher's round has ended that looked at a turn; it `is_settled` when all that was to go is gone there.
    pub fn seen(&self, seat: usize, turn: u64, is_settled: bool) {
        let mut state = self.lock();
        if let Some(seat) = state.seats.get_mut(seat) {
            seat.seen = seat.seen.max(turn);
            seat.settled = if is_settled { seat.settled.max(turn) } else { seat.settled };
        }
        let settled = state.seats.iter().map(|seat| seat.settled).min().unwrap_or_default();
        state.wants.settled(settled);
    }

    /// A publisher could not do what it was to: everything is looked at again.
    pub fn owed(&self, seat: usize) {
        if let Some(seat) = self.lock().seats.get_mut(seat) {
            seat.everything = true;
        }
    }

    /// What is wrong with what objects ask for, as a round found it; it is said to them.
    pub fn complain(&self, problems: &Problems) {
        let mut by_object: BTreeMap<ObjectKey, Vec<&Problem>> = BTreeMap::new();
        for problem in &problems.told {
            if let Some(key) = object_of(&problem.subject) {
                by_object.entry(key).or_default().push(problem);
            }
        }
        let mut state = self.lock();
        for (key, problems) in by_object {
            // What nobody has an object of is said to none, and would be remembered for ever.
            if state.copy_of(&key).is_some() {
                state.complain(key, event::wrong(&problems));
            }
        }
    }

    /// What is wrong with what was read and with the objects.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let state = self.lock();
        state.trouble.iter().cloned().chain(state.wants.problems().told).collect()
    }

    /// True once all was read; else what is wrong, if anything is.
    ///
    /// # Errors
    /// What is wrong.
    pub fn is_read(&self) -> Result<bool, Vec<Problem>> {
        let state = self.lock();
        if state.is_read || state.trouble.is_empty() { Ok(state.is_read) } else { Err(state.trouble.clone()) }
    }

    /// How often something was read to its end.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.lock().reads
    }

    /// Objects whose status is due: every publisher has seen them.
    #[must_use]
    pub fn statuses(&self) -> Vec<(ObjectKey, Resource, Copy)> {
        let mut state = self.lock();
        let seen = state.seats.iter().map(|seat| seat.seen).min().unwrap_or_default();
        let due: Vec<_> = state.due.extract_if(.., |_, turn| *turn <= seen).collect();
        let copies = &state.copies;
        let copy = |(at, _): ((ObjectKey, Resource), u64)| {
            let copy = copies.get(&at)?.clone();
            Some((at.0, at.1, copy))
        };
        due.into_iter().filter_map(copy).collect()
    }

    /// What is to be said to objects, each with a copy of it.
    #[must_use]
    pub fn unsaid(&self) -> Vec<(ObjectKey, Resource, Copy, Said)> {
        let mut state = self.lock();
        let unsaid = std::mem::take(&mut state.unsaid);
        let of = |(key, said): (ObjectKey, Said)| {
            let (resource, copy) = state.copy_of(&key)?;
            Some((key, resource, copy.clone(), said))
        };
        unsaid.into_iter().filter_map(of).collect()
    }

    /// Every set that is wanted, to be counted.
    pub fn count(&self, mut count: impl FnMut(&Wanted)) {
        self.lock().wants.sets().for_each(&mut count);
    }

    /// For whoever waits for changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands before every resource of a key.
const RESOURCE_FIRST: Resource =
    Resource { group: "", versions: &[], plural: "", kind: Kind::Service, spelt: "" };

impl State {
    /// Takes one event; the object of a group that it is about, where that has another generation.
    fn apply(&mut self, event: Event) -> Option<(ObjectKey, Resource)> {
        match event {
            Event::Set { object, place, .. } => {
                let Body::DnsEndpoint(endpoint) = &object.body else { return None };
                let asker = Asker { key: object.key.clone(), name: None };
                let touched = self.wants.set(asker.clone(), endpoint, &place.to_string());
                self.touch(&touched);
                let problems: Vec<&Problem> = self.wants.problems_of(&asker).iter().collect();
                let said = event::wrong(&problems);
                self.complain(object.key.clone(), said);
            }
            Event::Deleted { key, .. } => {
                let touched = self.wants.remove(&Asker { key: key.clone(), name: None });
                self.touch(&touched);
                self.complaints.remove(&key);
                self.unsaid.remove(&key);
            }
            Event::Copy { resource, key, object } => return self.copy(key, resource, object.as_deref()),
            Event::Lacks(_, lacks) => {
                let is_whole = lacks.is_empty();
                if self.is_whole != is_whole {
                    self.is_whole = is_whole;
                    self.everything();
                }
            }
            Event::Heard(_) => {
                self.reads += 1;
                self.was_read(self.is_whole);
            }
            Event::Reading(_, problems) => self.trouble = problems,
            _ => {}
        }
        None
    }

    fn copy(
        &mut self,
        key: ObjectKey,
        resource: Resource,
        object: Option<&portolan_kube::object::Object>,
    ) -> Option<(ObjectKey, Resource)> {
        let at = (key, resource);
        let Some(Body::DnsEndpoint(endpoint)) = object.map(|object| &object.body) else {
            self.copies.remove(&at);
            self.due.remove(&at);
            return None;
        };
        let metadata = &endpoint.metadata;
        let now = Copy {
            generation: metadata.generation.unwrap_or_default(),
            uid: metadata.uid.clone().unwrap_or_default(),
        };
        let before = self.copies.insert(at.clone(), now.clone());
        (before.as_ref() != Some(&now)).then_some(at)
    }

    /// An object as it is in the first group that has it.
    fn copy_of(&self, key: &ObjectKey) -> Option<(Resource, &Copy)> {
        let ((found, resource), copy) = self.copies.range((key.clone(), RESOURCE_FIRST)..).next()?;
        (found == key).then_some((*resource, copy))
    }

    fn was_read(&mut self, is_whole: bool) {
        if !self.is_read || self.is_whole != is_whole {
            (self.is_read, self.is_whole) = (true, is_whole);
            self.everything();
        }
    }

    fn everything(&mut self) {
        self.seats.iter_mut().for_each(|seat| seat.everything = true);
    }

    fn touch(&mut self, names: &BTreeSet<Name>) {
        for seat in &mut self.seats {
            seat.touched.extend(names.iter().cloned());
            if seat.touched.len() > TOUCHED_MAX {
                seat.touched.clear();
                seat.everything = true;
            }
        }
    }

    /// Notes what is wrong with an object, if anything is; what was said is not said again.
    fn complain(&mut self, key: ObjectKey, said: Option<Said>) {
        let Some(said) = said else {
            self.complaints.remove(&key);
            return;
        };
        if self.complaints.get(&key) != Some(&said.note) {
            self.complaints.insert(key.clone(), said.note.clone());
            self.unsaid.insert(key, said);
        }
    }
}

/// The object that a problem of a plan is about: `crd/shop/web: shop.example.net. A`.
fn object_of(subject: &str) -> Option<ObjectKey> {
    let (resource, _) = subject.split_once(": ")?;
    let (namespace, name) = resource.strip_prefix("crd/")?.split_once('/')?;
    Some(ObjectKey::new(Kind::DnsEndpoint, Some(namespace), name))
}

/// What is wanted without what objects of ours say of each target, for DNS that cannot keep it.
#[must_use]
pub fn without_members(mut desired: Desired) -> Desired {
    for wanted in &mut desired.sets {
        wanted.set.properties.remove(MEMBERS);
    }
    desired
}

#[cfg(test)]
pub(crate) mod tests;
