//! What was written, what failed, and what is to be written therefore.
//!
//! It knows no socket: it looks at objects that are due, and is told what came of each write. Two things keep
//! it from fighting. What failed is tried again in turn ([`Turns`]). And an object of ours that somebody else
//! changes is put right at once, then later each time.
//!
//! Records are written before statuses: somebody publishes them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use portolan_core::fleet::NameView;
use portolan_core::{ClusterName, Name, NameRef, Problem, Reason};
use portolan_kube::api::{INTENTS, Resource, dns_endpoints};
use portolan_kube::dns_endpoint::{DnsEndpoint, MARK};
use portolan_kube::endpoints;
use portolan_kube::follow::{Failure, RETRY_AFTER_MAX};
use portolan_kube::object::{Body, Kind, Object, ObjectKey};
use portolan_kube::status::{self, Faults, Owners, Wanted, event, told_by};
use tokio::time::Instant;

use super::turns::Turns;
use super::write::{At, Mark, Status, Write, resource};
use crate::engine::{Look, Looks, SharedEngine};

/// Most objects that are looked at in one pass.
pub(super) const LOOKS_MAX: usize = 1_000;
/// How long clusters that were not read yet are waited for before statuses are written without them; until then
/// only `MemberCluster`s are told, why they are not.
const FIRST_READING: Duration = Duration::from_secs(60);
/// How long after one failed these are tried again.
pub(super) const AGAIN: Duration = Duration::from_secs(10);
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
/// Most clusters that were not read that are told of as the reason why something stands.
const UNREAD_TOLD_MAX: usize = 6;

/// What was written, and what failed.
#[derive(Debug)]
pub(super) struct Ledger {
    place: String,
    began: Instant,
    /// It is we who write.
    leads: bool,
    hasher: RandomState,
    /// What is wrong with objects, and the number of that.
    faults: (Option<u64>, Faults),
    /// What each object's status was last written or seen to be, as a hash of what was wanted.
    settled: BTreeMap<ObjectKey, u64>,
    /// Each `DNSEndpoint` as it was last written.
    put: BTreeMap<At, Put>,
    /// Objects that are left to somebody else, or may be, and when they are looked at again.
    left: BTreeMap<ObjectKey, Instant>,
    /// Objects whose status has more than what was read asks for.
    spared: BTreeSet<ObjectKey>,
    /// Objects that stand though nothing that was read asks for all of them.
    kept: BTreeSet<ObjectKey>,
    /// Why they do.
    lacks: Lacks,
    /// What failed, and what was not tried because too much did.
    failed: Turns,
    put_off: Turns,
    /// What is wrong with writes.
    troubles: BTreeMap<At, Problem>,
    /// Objects of others where ours would stand, and the records that these are for.
    conflicts: BTreeMap<At, Vec<Problem>>,
}

/// What is not known of the fleet.
#[derive(Debug, Default, PartialEq)]
struct Lacks {
    /// The clusters that were not read since the start.
    unread: Vec<ClusterName>,
    /// Objects of the hub of which nothing was ever understood.
    intents: BTreeSet<ObjectKey>,
}

impl Lacks {
    /// True of a `DNSEndpoint` that may go, or lose targets: nothing that may ask for more is lacking.
    fn lessens(&self, key: &ObjectKey) -> bool {
        let record = endpoints::record_of(key);
        let is_lacking = |record: &ObjectKey| {
            // A record of KubeFed's has no name without its Domain, whichever that is.
            let has_domain = record.kind() == Kind::ServiceDnsRecord;
            let is_domain = |key: &ObjectKey| key.kind() == Kind::Domain;
            self.intents.contains(record) || (has_domain && self.intents.iter().any(is_domain))
        };
        self.unread.is_empty() && !record.is_some_and(|record| is_lacking(&record))
    }
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
            leads: false,
            hasher: RandomState::new(),
            faults: (None, Faults::default()),
            settled: BTreeMap::new(),
            put: BTreeMap::new(),
            left: BTreeMap::new(),
            spared: BTreeSet::new(),
            kept: BTreeSet::new(),
            lacks: Lacks::default(),
            failed: Turns::default(),
            put_off: Turns::default(),
            troubles: BTreeMap::new(),
            conflicts: BTreeMap::new(),
        }
    }

    /// Looks at what is due, and at some of what failed; none while the hub was not read. `groups` are those in
    /// which the hub has `DNSEndpoint`s. While it is not we who lead, others write, and what stands is known by looking alone.
    pub(super) fn look(&mut self, engine: &SharedEngine, groups: &[Resource], leads: bool) -> Option<Pass> {
        self.leads = leads;
        let mut engine = engine.lock();
        let began = Instant::now();
        if let Some((number, problems)) = engine.problems_since(self.faults.0) {
            let faults = Faults::of(problems, &self.place);
            engine.is_due(faults.differing(&self.faults.1));
            self.faults = (Some(number), faults);
        }
        if !engine.snapshot().complete && self.began.elapsed() < FIRST_READING {
            let looks = engine.look(engine.members());
            drop(engine);
            let writes = self.statuses(&looks);
            return Some(Pass { revision: looks.snapshot.revision, writes, looked: began.elapsed() });
        }
        let unread = engine.unread().cloned().collect();
        let lacks = Lacks { unread, intents: engine.not_understood().cloned().collect() };
        if lacks != self.lacks {
            self.lacks = lacks;
            let spared = std::mem::take(&mut self.spared);
            for key in &spared {
                self.settled.remove(key);
            }
            engine.is_due(self.kept.iter().cloned().chain(spared).collect());
        }
        let touched: BTreeSet<ObjectKey> = engine.due(LOOKS_MAX)?.into_iter().collect();
        let now = Instant::now();
        let (left, again) = (self.left_until(now), self.again(now));
        let due: BTreeSet<&ObjectKey> =
            touched.iter().chain(&left).chain(again.iter().map(|at| &at.key)).collect();
        if due.is_empty() {
            return Some(Pass::default());
        }
        let looks = engine.look(due.into_iter().cloned());
        drop(engine);
        let mut writes = self.endpoints(&looks, groups);
        writes.extend(self.statuses(&looks));
        // A copy in another group has its own turn.
        let waits = |at: &At| self.failed.has(at) || self.put_off.has(at);
        writes.retain(|write| {
            let at = write.at();
            touched.contains(&at.key) || again.contains(at) || !waits(at)
        });
        Some(Pass { revision: looks.snapshot.revision, writes, looked: began.elapsed() })
    }

    /// What was left to somebody else, and is no more.
    fn left_until(&mut self, now: Instant) -> Vec<ObjectKey> {
        let over = self.left.extract_if(.., |_, at| *at <= now);
        over.map(|(key, _)| key).collect()
    }

    /// What failed and has its turn again; what was not tried at all has it before.
    fn again(&mut self, now: Instant) -> BTreeSet<At> {
        let turns = if self.put_off.is_empty() { &mut self.failed } else { &mut self.put_off };
        turns.next(now).into_iter().collect()
    }

    // === Statuses ===

    fn statuses(&mut self, looks: &Looks) -> Vec<Write> {
        let owners = Owners::of(facts(looks, looks.looks.iter()), &looks.snapshot);
        let mut writes = Vec::new();
        for look in looks.looks.iter().filter(|look| look.key.kind() != Kind::DnsEndpoint) {
            if look.object.is_none() && look.refused.is_none() {
                self.forget(&look.key);
                continue;
            }
            writes.extend(self.status(look, looks, &owners));
        }
        writes
    }

    fn status(&mut self, look: &Look, looks: &Looks, owners: &Owners) -> Option<Write> {
        let there = look.object.as_deref().and_then(|object| Some((object, resource(object)?)));
        // One of another group is not what stands here.
        let is_here =
            |one: Option<Resource>| one.is_some() && there.is_none_or(|(_, here)| one == Some(here));
        let refused = look.refused.as_deref().filter(|refused| is_here(refused.resource));
        let wanted = there.and_then(|(object, _)| {
            status::wanted(object, &looks.snapshot, &looks.fleet, owners, &self.faults.1)
        });
        let wanted = match refused {
            Some(refused) => status::with_refused(wanted, refused, &self.faults.1),
            None => wanted?,
        };
        // KubeFed's have no room for what is wrong.
        let wrong = match wanted {
            Wanted::Ours { .. } => None,
            Wanted::Kubefed(_) | Wanted::AsItIs => event::wrong(&self.faults.1.about(&look.key.to_string())),
        };
        let uid = match (refused, there) {
            (Some(refused), _) => refused.uid.clone(),
            (None, there) => there.and_then(|(object, _)| status::uid(object)).map(str::to_owned),
        };
        let resource = refused.and_then(|refused| refused.resource).or(there.map(|(_, here)| here))?;
        let at = At { key: look.key.clone(), resource };
        // One that was made anew has no status, though it be to say the same.
        let hash = self.hasher.hash_one((&uid, format!("{wanted:?} {wrong:?}")));
        if self.leads && self.settled.get(&at.key) == Some(&hash) {
            self.is_well(&at);
            return None;
        }
        let unread = self.lacks.unread.clone();
        Some(Write::Status(Box::new(Status { at, uid, wanted, unread, wrong, hash })))
    }

    // === Records ===

    fn endpoints(&mut self, looks: &Looks, groups: &[Resource]) -> Vec<Write> {
        let looked = || looks.looks.iter().filter(|look| look.key.kind() == Kind::DnsEndpoint);
        let wanted = endpoints::of_names(&looks.snapshot, &looks.apart, facts(looks, looked()));
        for look in looked() {
            self.kept.remove(&look.key);
        }
        let mut writes = Vec::new();
        for group in dns_endpoints() {
            if groups.contains(&group) {
                writes.extend(self.of_group(group, &wanted, looks));
                continue;
            }
            // Nowhere to write to.
            for look in looked() {
                self.is_right(&At { key: look.key.clone(), resource: group }, Vec::new());
            }
        }
        writes
    }

    fn of_group(&mut self, group: Resource, wanted: &[DnsEndpoint], looks: &Looks) -> Vec<Write> {
        let looked = || looks.looks.iter().filter(|look| look.key.kind() == Kind::DnsEndpoint);
        let there = looked().flat_map(|look| &look.copies).filter(|(of, _)| *of == group);
        let there: Vec<&Arc<Object>> = there.map(|(_, object)| object).collect();
        let marks: BTreeMap<&ObjectKey, Option<Mark>> =
            there.iter().map(|object| (&object.key, mark_of(object))).collect();
        let there = there.iter().copied();
        let plan = endpoints::plan(group, wanted, there, |key| self.lacks.lessens(key));
        self.kept.extend(plan.kept);
        let conflicts: BTreeMap<String, Problem> =
            plan.conflicts.into_iter().map(|conflict| (conflict.subject.clone(), conflict)).collect();
        let seen = |key: &ObjectKey| marks.get(key).cloned().flatten();
        let put = plan.put.into_iter().map(|object| Write::put(group, object, seen));
        let mut writes: Vec<Write> = put.collect();
        writes.extend(plan.delete.into_iter().map(|key| Write::delete(group, key, seen)));
        let wrong: BTreeSet<At> = writes.iter().map(|write| write.at().clone()).collect();
        for look in looked() {
            let at = At { key: look.key.clone(), resource: group };
            if wrong.contains(&at) {
                continue;
            }
            if look.copies.iter().all(|(of, _)| *of != group) {
                self.put.remove(&at);
            }
            let conflict = conflicts.get(&at.key.to_string());
            let of_record = conflict.map(|conflict| of_record(looks, look, conflict));
            let told = conflict.into_iter().cloned().chain(of_record.into_iter().flatten());
            self.is_right(&at, told.collect());
        }
        writes.retain(|write| self.may_put(write));
        writes
    }

    /// Nothing is to be written there; somebody else's object may stand there.
    fn is_right(&mut self, at: &At, conflicts: Vec<Problem>) {
        self.is_well(at);
        if conflicts.is_empty() {
            self.conflicts.remove(at);
            self.found_right(at);
        } else {
            self.conflicts.insert(at.clone(), conflicts);
        }
    }

    // === What came of it ===

    /// A write went well.
    pub(super) fn written(&mut self, write: &Write) {
        let at = write.at();
        self.is_well(at);
        match write {
            Write::Status(status) => drop(self.settled.insert(at.key.clone(), status.hash)),
            Write::Put(..) => {
                let hash = self.hash(write);
                let before = self.put.get(at).filter(|put| put.hash == hash);
                let changes = before.map_or(0, |put| put.changes + 1);
                self.put.insert(at.clone(), Put { hash, at: Instant::now(), changes });
                if changes >= CHANGES_TOLD {
                    self.troubles.insert(at.clone(), rival(at, &self.place));
                }
            }
            Write::Delete(at, _) => drop(self.put.remove(at)),
        }
    }

    /// A status was written, and what stood there of clusters that were not read stays.
    pub(super) fn spared(&mut self, write: &Write) {
        self.written(write);
        self.spared.insert(write.at().key.clone());
    }

    /// A write failed.
    pub(super) fn failed(&mut self, write: &Write, failure: &Failure) {
        let at = write.at();
        self.troubles.insert(at.clone(), write.trouble(failure, &self.place));
        self.put_off.done(at);
        self.failed.wait(at.clone());
        self.failed.slow_down(rest(failure));
    }

    /// The hub has nowhere to write it to: it is looked at again when the hub is read anew.
    pub(super) fn not_wanted(&mut self, write: &Write) {
        self.is_well(write.at());
    }

    /// A write is not tried now.
    pub(super) fn put_off(&mut self, write: &Write) {
        self.put_off.wait(write.at().clone());
    }

    /// A write is somebody else's to do, or ours later: what stands there now is not what is wanted.
    pub(super) fn owed(&mut self, write: &Write) {
        let at = write.at();
        self.is_well(at);
        if let Write::Status(_) = write {
            self.settled.remove(&at.key);
        }
        self.put_off.wait(at.clone());
    }

    /// The same of one that was not ours to do any more, or not what was looked at: the watch tells of it soon.
    pub(super) fn late(&mut self, write: &Write) {
        self.owed(write);
        self.put_off.slow_down(ECHO);
    }

    /// So much failed that others were put off.
    pub(super) fn gave_up(&mut self, failure: &Failure) {
        self.put_off.slow_down(rest(failure));
    }

    /// All of a pass was tried, or put off.
    pub(super) fn pass_ended(&mut self) {
        self.failed.pass_ended();
        self.put_off.pass_ended();
    }

    fn is_well(&mut self, at: &At) {
        self.failed.done(at);
        self.put_off.done(at);
        self.troubles.remove(at);
    }

    /// What is wrong with writes.
    pub(super) fn troubles(&self) -> Vec<Problem> {
        let troubles = self.conflicts.values().flatten().chain(self.troubles.values());
        troubles.take(PROBLEMS_MAX).cloned().chain(self.kept()).collect()
    }

    /// What is told of records that stand though nothing that was read asks for all of them.
    fn kept(&self) -> Option<Problem> {
        let first = self.kept.first()?;
        let others =
            if self.kept.len() > 1 { format!(" and {} more", self.kept.len() - 1) } else { String::new() };
        let Lacks { unread, intents } = &self.lacks;
        let until = match (unread.is_empty(), intents.first()) {
            (true, Some(intent)) => format!("what may ask for them is understood, and {intent} is not"),
            _ => {
                let told: Vec<&str> = unread.iter().take(UNREAD_TOLD_MAX).map(|name| &*name.0).collect();
                let more = unread.len() - told.len();
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!(
                    "every cluster was read, and not read since the start is {}{more} (`portolan forget NAME` leaves \
                     one out)",
                    told.join(", ")
                )
            }
        };
        let message = format!("{first}{others} would lose targets; they stay until {until}");
        let (subject, place) = ("DNSEndpoints".to_owned(), self.place.clone());
        Some(Problem { subject, reason: Reason::Held, message, place })
    }

    /// An intent is no more.
    fn forget(&mut self, key: &ObjectKey) {
        self.settled.remove(key);
        self.spared.remove(key);
        for resource in INTENTS.into_iter().filter(|resource| resource.kind == key.kind()) {
            self.is_well(&At { key: key.clone(), resource });
        }
    }

    // === Rivals ===

    /// False of an object that somebody else changed after us, while it is left to him.
    fn may_put(&mut self, write: &Write) -> bool {
        let hash = self.hash(write);
        let Some(put) = self.put.get(write.at()).filter(|put| put.hash == hash) else { return true };
        let until = put.at + put.left_for();
        if Instant::now() >= until {
            return true;
        }
        let at = write.at();
        self.failed.done(at);
        self.put_off.done(at);
        self.leave(&at.key, until);
        false
    }

    /// An object of ours says what it is to say. It may be but the echo of our own write: only one that stays
    /// so ends a quarrel.
    fn found_right(&mut self, at: &At) {
        let Some(put) = self.put.get_mut(at).filter(|put| put.changes > 0) else { return };
        let until = put.at + put.left_for();
        if Instant::now() >= until {
            put.changes = 0;
            return;
        }
        if put.changes >= CHANGES_TOLD {
            self.troubles.insert(at.clone(), rival(at, &self.place));
        }
        self.leave(&at.key, until);
    }

    /// It is looked at again then, or sooner for its copy in another group.
    fn leave(&mut self, key: &ObjectKey, until: Instant) {
        let at = self.left.entry(key.clone()).or_insert(until);
        *at = until.min(*at);
    }

    fn hash(&self, write: &Write) -> u64 {
        match write {
            Write::Put(_, object, _) => self.hasher.hash_one(format!("{object:?}")),
            Write::Status(status) => status.hash,
            Write::Delete(..) => 0,
        }
    }
}

/// A conflict as the records know it whose names would stand there.
fn of_record(looks: &Looks, look: &Look, conflict: &Problem) -> Vec<Problem> {
    let owner = |name: &Name| told_by(&looks.fleet.names.get(name.borrowed())?.owner());
    let owners: BTreeSet<ObjectKey> = look.names.iter().filter_map(owner).collect();
    let told = |owner: ObjectKey| Problem {
        subject: owner.to_string(),
        message: format!("{} {}", look.key, conflict.message),
        ..conflict.clone()
    };
    owners.into_iter().map(told).collect()
}

/// How long nothing is tried after a failure.
fn rest(failure: &Failure) -> Duration {
    failure.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX).max(AGAIN)
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

/// The mark of a `DNSEndpoint` of ours.
fn mark_of(object: &Object) -> Option<Mark> {
    let Body::DnsEndpoint(endpoint) = &object.body else { return None };
    endpoint.metadata.annotations.as_ref()?.get(MARK).cloned()
}

fn rival(at: &At, place: &str) -> Problem {
    let message =
        "is changed by somebody else whenever we have written it; it is left to him for longer each time";
    Problem {
        subject: at.to_string(),
        reason: Reason::Conflict,
        message: message.to_owned(),
        place: place.to_owned(),
    }
}

#[cfg(test)]
mod tests;
