//! What was written, what failed, and what is to be written therefore.
//!
//! It knows no socket: it looks at objects that are due, and is told what came of each write. Two things keep
//! it from fighting. What failed is tried again a few at a time, and more only while that goes well. And
//! an object of ours that somebody else changes is put right at once, then later each time.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Bound;
use std::time::Duration;

use portolan_core::fleet::NameView;
use portolan_core::{ClusterName, Name, NameRef, Problem, Reason};
use portolan_kube::endpoints;
use portolan_kube::follow::{Failure, RETRY_AFTER_MAX};
use portolan_kube::object::{Kind, Object, ObjectKey};
use portolan_kube::status::{self, Faults, Owners, Wanted, event, told_by};
use tokio::time::Instant;

use super::write::{Write, resource};
use crate::engine::{Look, Looks, SharedEngine};

/// Most objects that are looked at in one pass.
pub(super) const LOOKS_MAX: usize = 1_000;
/// How long clusters that were not read yet are waited for before statuses are written without them; until then
/// only `MemberCluster`s are told, why they are not.
const FIRST_READING: Duration = Duration::from_secs(60);
/// How many of those that failed are tried again at first, and after one failed again.
const AGAIN_MIN: usize = 8;
/// How long after one failed these are tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// How long our own write may take to come back to us; what we see until then may be older.
const ECHO: Duration = Duration::from_secs(1);
/// How long an object that somebody else changed after us is left to him, the second time; doubled each time.
const LEFT_MIN: Duration = Duration::from_secs(10);
/// The longest that it is.
const LEFT_MAX: Duration = Duration::from_secs(600);
/// After so many changes of his a rival is told of.
const CHANGES_TOLD: u32 = 3;
/// Most problems with writes that are told.
const PROBLEMS_MAX: usize = 100;

/// What was written, and what failed.
#[derive(Debug)]
pub(super) struct Ledger {
    place: String,
    began: Instant,
    hasher: RandomState,
    /// What is wrong with objects, and the number of that.
    faults: (Option<u64>, Faults),
    /// What each object's status was last written or seen to be, as a hash of what was wanted.
    settled: BTreeMap<ObjectKey, u64>,
    /// Each `DNSEndpoint` as it was last written.
    put: BTreeMap<ObjectKey, Put>,
    /// Objects that are left to somebody else, or may be, and when they are looked at again.
    left: BTreeMap<ObjectKey, Instant>,
    /// Objects that stand though nothing that was read asks for all of them, while not all was read.
    kept: BTreeSet<ObjectKey>,
    /// The clusters that are waited for.
    unread: Vec<ClusterName>,
    /// What failed.
    failed: BTreeSet<ObjectKey>,
    /// The one of them that was tried again last: they take turns.
    tried: Option<ObjectKey>,
    /// How many are tried again at once, from when on, and whether this pass has some.
    again: usize,
    again_at: Instant,
    tries_again: bool,
    /// What is wrong with writes.
    troubles: BTreeMap<ObjectKey, Problem>,
    /// Objects of others where ours would stand, and the records that these are for.
    conflicts: BTreeMap<ObjectKey, Vec<Problem>>,
}

/// A `DNSEndpoint` as it was last written.
#[derive(Clone, Copy, Debug)]
struct Put {
    hash: u64,
    at: Instant,
    /// How often somebody else has changed it since.
    changes: u32,
}

/// What a pass is to write.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) revision: u64,
    pub(super) writes: Vec<Write>,
    /// How long it took to find that out.
    pub(super) looked: Duration,
}

impl Ledger {
    pub(super) fn new(place: &str) -> Self {
        Self {
            place: place.to_owned(),
            began: Instant::now(),
            hasher: RandomState::new(),
            faults: (None, Faults::default()),
            settled: BTreeMap::new(),
            put: BTreeMap::new(),
            left: BTreeMap::new(),
            kept: BTreeSet::new(),
            unread: Vec::new(),
            failed: BTreeSet::new(),
            tried: None,
            again: AGAIN_MIN,
            again_at: Instant::now(),
            tries_again: false,
            troubles: BTreeMap::new(),
            conflicts: BTreeMap::new(),
        }
    }

    /// Looks at what is due, and at some of what failed; none while the hub was not read.
    pub(super) fn look(&mut self, engine: &SharedEngine) -> Option<Pass> {
        let mut engine = engine.lock();
        let began = Instant::now();
        if let Some((number, problems)) = engine.problems_since(self.faults.0) {
            let faults = Faults::of(problems);
            engine.is_due(faults.differing(&self.faults.1));
            self.faults = (Some(number), faults);
        }
        if !engine.snapshot().complete && self.began.elapsed() < FIRST_READING {
            let looks = engine.look(engine.members());
            drop(engine);
            let writes = self.statuses(&looks);
            return Some(Pass { revision: looks.snapshot.revision, writes, looked: began.elapsed() });
        }
        self.unread = engine.unread().cloned().collect();
        if self.unread.is_empty() {
            engine.is_due(std::mem::take(&mut self.kept).into_iter().collect());
        }
        let mut due: BTreeSet<ObjectKey> = engine.due(LOOKS_MAX)?.into_iter().collect();
        due.extend(self.due_again(Instant::now()));
        if due.is_empty() {
            return Some(Pass::default());
        }
        let looks = engine.look(due);
        drop(engine);
        let mut writes = self.statuses(&looks);
        writes.extend(self.endpoints(&looks));
        Some(Pass { revision: looks.snapshot.revision, writes, looked: began.elapsed() })
    }

    /// Those of what was left or failed whose time has come.
    fn due_again(&mut self, now: Instant) -> Vec<ObjectKey> {
        let mut due: Vec<ObjectKey> =
            self.left.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
        self.left.retain(|_, at| *at > now);
        if now < self.again_at {
            return due;
        }
        let after = self.tried.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let turns = self.failed.range((after, Bound::Unbounded)).chain(&self.failed);
        let again: Vec<ObjectKey> = turns.take(self.again.min(self.failed.len())).cloned().collect();
        self.tried = again.last().cloned().or(self.tried.take());
        self.tries_again = !again.is_empty();
        due.extend(again);
        due
    }

    fn statuses(&mut self, looks: &Looks) -> Vec<Write> {
        let owners = Owners::of(facts(looks, looks.looks.iter()), &looks.snapshot);
        let mut writes = Vec::new();
        for look in looks.looks.iter().filter(|look| look.key.kind != Kind::DnsEndpoint) {
            let Some(object) = &look.object else {
                self.forget(&look.key);
                continue;
            };
            writes.extend(self.status(object, looks, &owners));
        }
        writes
    }

    fn status(&mut self, object: &Object, looks: &Looks, owners: &Owners) -> Option<Write> {
        let resource = resource(object)?;
        let wanted = status::wanted(object, &looks.snapshot, &looks.fleet, owners, &self.faults.1)?;
        // KubeFed's have no room for what is wrong.
        let wrong = match wanted {
            Wanted::Ours { .. } => None,
            Wanted::Kubefed(_) => event::wrong(&self.faults.1.about(&object.key.to_string())).map(Box::new),
        };
        // One that was made anew has no status, though it be to say the same.
        let hash = self.hasher.hash_one((status::uid(object), format!("{wanted:?} {wrong:?}")));
        if self.settled.get(&object.key) == Some(&hash) {
            self.failed.remove(&object.key);
            self.troubles.remove(&object.key);
            return None;
        }
        Some(Write::Status(resource, object.key.clone(), wanted, wrong, hash))
    }

    fn endpoints(&mut self, looks: &Looks) -> Vec<Write> {
        let looked = || looks.looks.iter().filter(|look| look.key.kind == Kind::DnsEndpoint);
        let wanted = endpoints::of_names(&looks.snapshot, &looks.apart, facts(looks, looked()));
        let there = looked().filter_map(|look| look.object.as_ref());
        let plan = endpoints::plan(wanted, there, self.unread.is_empty());
        for look in looked() {
            self.kept.remove(&look.key);
        }
        self.kept.extend(plan.kept);
        let conflicts: BTreeMap<String, Problem> =
            plan.conflicts.into_iter().map(|conflict| (conflict.subject.clone(), conflict)).collect();
        let puts: Vec<Write> = plan.put.into_iter().map(Write::put).collect();
        let wrong: BTreeSet<&ObjectKey> = puts.iter().map(Write::key).chain(&plan.delete).collect();
        for key in looked().map(|look| &look.key).filter(|key| !wrong.contains(key)) {
            self.failed.remove(key);
            self.troubles.remove(key);
            match conflicts.get(&key.to_string()) {
                Some(conflict) => {
                    let told = [conflict.clone()].into_iter().chain(self.of_record(looks, key, conflict));
                    self.conflicts.insert(key.clone(), told.collect());
                }
                None => {
                    self.conflicts.remove(key);
                    self.found_right(key);
                }
            }
        }
        let mut writes: Vec<Write> = plan.delete.into_iter().map(Write::Delete).collect();
        writes.extend(puts.into_iter().filter(|put| self.may_put(put)));
        writes
    }

    /// The same conflict as the records know it whose names would stand there.
    fn of_record(&self, looks: &Looks, key: &ObjectKey, conflict: &Problem) -> Vec<Problem> {
        let names = looks.looks.iter().filter(|look| look.key == *key).flat_map(|look| &look.names);
        let owner = |name: &Name| told_by(&looks.fleet.names.get(name.borrowed())?.owner);
        let owners: BTreeSet<ObjectKey> = names.filter_map(owner).collect();
        let told = |owner: ObjectKey| Problem {
            subject: owner.to_string(),
            message: format!("{key} {}", conflict.message),
            ..conflict.clone()
        };
        owners.into_iter().map(told).collect()
    }

    // === What came of it ===

    /// A write went well.
    pub(super) fn written(&mut self, write: &Write) {
        let key = write.key();
        self.failed.remove(key);
        self.troubles.remove(key);
        match write {
            Write::Status(_, key, .., hash) => drop(self.settled.insert(key.clone(), *hash)),
            Write::Put(key, _) => {
                let hash = self.hash(write);
                let before = self.put.get(key).filter(|put| put.hash == hash);
                let changes = before.map_or(0, |put| put.changes + 1);
                self.put.insert(key.clone(), Put { hash, at: Instant::now(), changes });
                if changes >= CHANGES_TOLD {
                    self.troubles.insert(key.clone(), rival(key, &self.place));
                }
            }
            Write::Delete(key) => self.forget(key),
        }
    }

    /// A write failed.
    pub(super) fn failed(&mut self, write: &Write, failure: &Failure) {
        self.troubles.insert(write.key().clone(), write.trouble(failure, &self.place));
        self.put_off(write);
        let after = failure.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX).max(AGAIN);
        self.again = AGAIN_MIN;
        self.again_at = Instant::now() + after;
    }

    /// The hub has nowhere to write it to: it is looked at again when the hub is read anew.
    pub(super) fn not_wanted(&mut self, write: &Write) {
        self.failed.remove(write.key());
        self.troubles.remove(write.key());
    }

    /// A write is not tried now.
    pub(super) fn put_off(&mut self, write: &Write) {
        self.failed.insert(write.key().clone());
    }

    /// All of a pass went well.
    pub(super) fn went_well(&mut self) {
        if std::mem::take(&mut self.tries_again) {
            self.again = self.again.saturating_mul(2).min(LOOKS_MAX);
        }
    }

    /// What is wrong with writes.
    pub(super) fn troubles(&self) -> Vec<Problem> {
        let troubles = self.conflicts.values().flatten().chain(self.troubles.values());
        troubles.take(PROBLEMS_MAX).cloned().chain(self.kept()).collect()
    }

    /// What is told of records that stand though nothing that was read asks for all of them.
    fn kept(&self) -> Option<Problem> {
        let first = self.kept.first()?;
        let unread: Vec<String> = self.unread.iter().map(ClusterName::to_string).collect();
        let others =
            if self.kept.len() > 1 { format!(" and {} more", self.kept.len() - 1) } else { String::new() };
        let message = format!(
            "{first}{others} would lose targets; they stay until every cluster was read, and not read since the start \
             is {} (`portolan forget NAME` leaves one out)",
            unread.join(", ")
        );
        let (subject, place) = ("DNSEndpoints".to_owned(), self.place.clone());
        Some(Problem { subject, reason: Reason::Held, message, place })
    }

    fn forget(&mut self, key: &ObjectKey) {
        self.settled.remove(key);
        self.put.remove(key);
        self.left.remove(key);
        self.kept.remove(key);
        self.failed.remove(key);
        self.troubles.remove(key);
        self.conflicts.remove(key);
    }

    // === Rivals ===

    /// False of an object that somebody else changed after us, while it is left to him.
    fn may_put(&mut self, write: &Write) -> bool {
        let hash = self.hash(write);
        let Some(put) = self.put.get(write.key()).filter(|put| put.hash == hash) else { return true };
        let until = put.at + put.left_for();
        if Instant::now() >= until {
            return true;
        }
        self.left.insert(write.key().clone(), until);
        false
    }

    /// An object of ours says what it is to say. It may be but the echo of our own write: only one that stays
    /// so ends a quarrel.
    fn found_right(&mut self, key: &ObjectKey) {
        let Some(put) = self.put.get_mut(key).filter(|put| put.changes > 0) else { return };
        let until = put.at + put.left_for();
        if Instant::now() >= until {
            put.changes = 0;
            return;
        }
        if put.changes >= CHANGES_TOLD {
            self.troubles.insert(key.clone(), rival(key, &self.place));
        }
        self.left.insert(key.clone(), until);
    }

    fn hash(&self, write: &Write) -> u64 {
        match write {
            Write::Put(_, object) => self.hasher.hash_one(format!("{object:?}")),
            Write::Status(.., hash) => *hash,
            Write::Delete(_) => 0,
        }
    }
}

/// The names that objects tell of, each once, with what is known of it.
fn facts<'l>(
    looks: &'l Looks,
    looked: impl Iterator<Item = &'l Look>,
) -> impl Iterator<Item = (NameRef<'l>, NameView<'l>)> {
    let names: BTreeSet<&Name> = looked.flat_map(|look| &look.names).collect();
    let facts = |name: &'l Name| Some((name.borrowed(), looks.fleet.names.get(name.borrowed())?));
    names.into_iter().filter_map(facts)
}

impl Put {
    /// How long it is left to whoever changes it.
    fn left_for(&self) -> Duration {
        match self.changes {
            0 => ECHO,
            changes => (LEFT_MIN * 2_u32.saturating_pow((changes - 1).min(10))).min(LEFT_MAX),
        }
    }
}

fn rival(key: &ObjectKey, place: &str) -> Problem {
    let message =
        "is changed by somebody else whenever we have written it; it is left to him for longer each time";
    Problem {
        subject: key.to_string(),
        reason: Reason::Conflict,
        message: message.to_owned(),
        place: place.to_owned(),
    }
}

#[cfg(test)]
mod tests;
