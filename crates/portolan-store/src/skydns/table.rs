//! From keys to facts: what all keys of a layout come to, a key at a time.
//!
//! ```text
//!   put ──▶ read (on any thread) ──▶ take ──┐
//!   delete ─────────────────────────────────┼──▶ touched names, zones ──▶ facts
//!   a whole list: begin, take …, end ───────┘      (its own, or with what is below)
//! ```
//!
//! One ordered map holds everything. By [`Rules::Names`] it is in the order of owners and then of keys, so that what a
//! name has stands together whatever is below it; by [`Rules::Subtrees`] in the order of keys, so that what is below a
//! name stands together.
//!
//! What cannot be understood costs itself: it is told and counted, and what the key had before stays. A list that suddenly
//! lacks half of the keys, or all, is not believed: what it lacks is held until somebody says so, as with clusters.

use std::collections::BTreeSet;
use std::collections::btree_map::{self, BTreeMap};
use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;

use portolan_core::cluster::Sources;
use portolan_core::fleet::{NameFacts, Owner, ZoneFacts};
use portolan_core::name::LABELS_MAX;
use portolan_core::record::Soa;
use portolan_core::{Name, NameRef, Ttl};

use super::key::owner;
use super::record::{Host, TTL_DEFAULT};
use super::value::Value;
use super::{Fault, Layout, Wrong};
use crate::kv::Pair;

mod names;
mod subtrees;

use names::Kept;
use subtrees::Service;

/// The kind of the owner of a name that keys give; no object of a cluster has it.
pub const OWNER_KIND: &str = "SkyDNS";
/// From how many keys on a list that shrinks to half is held; one that shrinks to nothing always is.
pub const HALVED_MIN: usize = 10;
/// Most faults that are told; the others are counted.
pub const FAULTS_TOLD_MAX: usize = 1_000;
/// Most keys of one name that are answered from; by [`Rules::Subtrees`] those below it are its own too.
pub const KEYS_OF_NAME_MAX: usize = 1_024;
/// Most name servers of a zone that its keys give.
pub const SERVERS_MAX: usize = 64;

/// TTL of a zone's SOA and NS records, in seconds.
const ZONE_TTL: u32 = 300;
/// `ns.dns` in wire form, without an end.
const SERVER_LABELS: &[u8] = b"\x02ns\x03dns";
/// What CoreDNS says in a zone's SOA, in seconds.
const REFRESH: u32 = 7_200;
const RETRY: u32 = 1_800;
const EXPIRE: u32 = 86_400;
const MINIMUM: u32 = 30;

/// What a name has of the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// As the RFCs have names: what stands at its own key, and what External-DNS puts below it for it. A name that only
    /// others are below has no records.
    #[default]
    Names,
    /// As CoreDNS' `etcd` plugin has them: whatever is below it too.
    Subtrees,
}

/// What a table is of.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Where the keys are.
    pub layout: Layout,
    /// What a name has of them.
    pub rules: Rules,
    /// The zones; keys outside them are passed over.
    pub zones: BTreeSet<Name>,
    /// Their name servers, where keys under `ns.dns.ZONE` give none; none: `ns.dns.ZONE`.
    pub name_servers: Vec<Name>,
    /// The addresses of `ns.dns.ZONE` then.
    pub addresses: Vec<IpAddr>,
}

/// What all keys come to.
#[derive(Debug)]
pub struct Table {
    setup: Arc<Setup>,
    owner: Owner,
    entries: BTreeMap<Box<[u8]>, Entry>,
    /// How many keys there are by how many labels of theirs are not their owner's: where none is, none is looked for.
    stripped: [usize; LABELS_MAX + 1],
    /// By zone, the name servers that keys under `ns.dns.ZONE` give.
    servers: BTreeMap<Name, BTreeMap<Box<[u8]>, Name>>,
    faults: BTreeMap<Box<[u8]>, (u32, Option<Fault>)>,
    told: usize,
    held: BTreeSet<Box<[u8]>>,
    names: BTreeSet<Name>,
    zones: BTreeSet<Name>,
    /// Which list it is that is read, or was last.
    round: u32,
}

/// What stands at one key.
#[derive(Debug)]
struct Entry {
    what: What,
    /// The last list that had it, or the one before the change that brought it.
    round: u32,
}

#[derive(Debug, PartialEq)]
enum What {
    Kept(Kept),
    Service(Box<Service>),
}

/// A key with its value as it was understood.
#[derive(Debug)]
pub struct Read {
    key: Box<[u8]>,
    found: Found,
}

#[derive(Debug)]
enum Found {
    Outside,
    Fault(Fault),
    Entry { spelled: Name, owner: Name, what: What },
}

/// What a list that was read to its end lacks of what was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Keys that are held.
    pub held: usize,
    /// Keys that are gone.
    pub gone: usize,
}

impl Setup {
    /// Understands a key with its value. It changes nothing, so several threads may share the keys of a list.
    #[must_use]
    pub fn read(&self, pair: &Pair) -> Read {
        Read { key: pair.key.as_slice().into(), found: self.found(pair).unwrap_or_else(Found::Fault) }
    }

    fn found(&self, pair: &Pair) -> Result<Found, Fault> {
        let fault = |wrong: Wrong| Fault::at(&pair.key, wrong);
        let spelled = self.layout.name(&pair.key)?;
        if self.zone_of(spelled.borrowed()).is_none() {
            return Ok(Found::Outside);
        }
        let value = Value::parse(&pair.value).map_err(fault)?;
        let ttl = value.ttl(pair.lease_ttl);
        let (owner, what) = match self.rules {
            Rules::Names => {
                let owner = owner(&spelled, &value).map_err(fault)?;
                let records = value.records(owner.borrowed()).map_err(fault)?;
                if owner.borrowed().labels().skip(1).any(|label| label == b"*") {
                    return Err(Fault::of_key(&pair.key, "the key has a * that is not the leftmost label"));
                }
                (owner, What::Kept(Kept::new(records, ttl)))
            }
            Rules::Subtrees => {
                let service = Service::new(&spelled, value, ttl).map_err(fault)?;
                (spelled.clone(), What::Service(Box::new(service)))
            }
        };
        // A `targetstrip` may lead out of the zone.
        if self.zone_of(owner.borrowed()).is_none() {
            return Ok(Found::Outside);
        }
        Ok(Found::Entry { spelled, owner, what })
    }

    /// The zone around a name.
    fn zone_of(&self, name: NameRef<'_>) -> Option<&Name> {
        name.suffixes().find_map(|suffix| self.zones.get(suffix.as_wire()))
    }

    /// Where a key stands in the table.
    fn position(&self, owner: NameRef<'_>, key: &[u8]) -> Box<[u8]> {
        match self.rules {
            Rules::Names => [owner.as_wire(), key].concat().into(),
            Rules::Subtrees => key.into(),
        }
    }
}

impl Table {
    /// One without keys.
    #[must_use]
    pub fn new(setup: Arc<Setup>) -> Self {
        let owner =
            Owner { kind: OWNER_KIND.into(), namespace: "".into(), name: Arc::from(setup.layout.prefix()) };
        let zones: BTreeSet<Name> = setup.zones.clone();
        let names = zones.iter().filter_map(server_name).collect();
        Self {
            setup,
            owner,
            entries: BTreeMap::new(),
            stripped: [0; LABELS_MAX + 1],
            servers: BTreeMap::new(),
            faults: BTreeMap::new(),
            told: 0,
            held: BTreeSet::new(),
            names,
            zones,
            round: 0,
        }
    }

    /// What it is of.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// How many keys it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The faults that are told, in the order of their keys.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.values().filter_map(|(_, fault)| fault.as_ref())
    }

    /// How many keys have a fault.
    #[must_use]
    pub fn faulty(&self) -> usize {
        self.faults.len()
    }

    /// How many keys are held though a list lacked them.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    // === Changes ===

    /// Takes a key that was read.
    pub fn take(&mut self, read: Read) {
        let Read { key, found } = read;
        match found {
            // Nor is what it had before, from when it led into a zone.
            Found::Outside => self.delete(&key),
            Found::Fault(fault) => {
                // What it had before stays, and is no key that a list lacks.
                if let Some(at) = self.find(&key) {
                    self.held.remove(&at);
                    if let Some(entry) = self.entries.get_mut(&at) {
                        entry.round = self.round;
                    }
                }
                self.fault(key, fault);
            }
            Found::Entry { spelled, owner, what } => {
                self.heal(&key);
                if let Some(before) = self.find_of(&spelled, &key, |other| other != owner.borrowed()) {
                    self.remove(&before);
                }
                let position = self.setup.position(owner.borrowed(), &key);
                self.held.remove(&position);
                self.note_server(&spelled, &owner, &key, Some(&what));
                let now = Entry { what, round: self.round };
                let is_news = match self.entries.entry(position) {
                    btree_map::Entry::Occupied(entry) => {
                        let entry = entry.into_mut();
                        let is_news = entry.what != now.what;
                        *entry = now;
                        is_news
                    }
                    btree_map::Entry::Vacant(entry) => {
                        entry.insert(now);
                        *stripped(&mut self.stripped, &spelled, &owner) += 1;
                        true
                    }
                };
                if is_news {
                    self.touch(&spelled, &owner);
                }
            }
        }
    }

    /// Takes a key away, as somebody deleted it.
    pub fn delete(&mut self, key: &[u8]) {
        self.heal(key);
        if let Some(position) = self.find(key) {
            self.remove(&position);
        }
    }

    // === Lists ===

    /// A list of all keys begins: what is taken from now on is of it.
    pub fn begin_list(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// The list came to its end. What it lacks is gone; unless that is half of all, or all, and nobody said that it is
    /// to be believed.
    pub fn end_list(&mut self, is_believed: bool) -> Lacking {
        self.faults.retain(|_, (round, _)| *round == self.round);
        self.told = self.faults.values().filter(|(_, fault)| fault.is_some()).count();
        let lacking = self.entries.iter().filter(|(_, entry)| entry.round != self.round);
        let lacking: Vec<Box<[u8]>> = lacking.map(|(at, _)| at.clone()).collect();
        // What was held and is still missing is held, whatever the list has besides.
        let (mut held, mut gone): (Vec<_>, Vec<_>) =
            lacking.into_iter().partition(|at| self.held.contains(at));
        let left = self.entries.len() - held.len() - gone.len();
        if is_believed {
            gone.append(&mut held);
        } else if is_doubtful(gone.len(), left) {
            held.append(&mut gone);
        }
        gone.iter().for_each(|at| self.remove(at));
        self.held = held.into_iter().collect();
        Lacking { held: self.held.len(), gone: gone.len() }
    }

    /// Somebody says that what is held is really gone.
    pub fn release(&mut self) {
        std::mem::take(&mut self.held).iter().for_each(|at| self.remove(at));
    }

    // === Facts ===

    /// Some of the names that changed, in order. [`Table::facts`] has what they are now, for several threads at once.
    pub fn take_names(&mut self, most: usize) -> Vec<Name> {
        std::iter::from_fn(|| self.names.pop_first()).take(most).collect()
    }

    /// The zones that changed, each with its facts.
    pub fn take_zones(&mut self) -> Vec<(Name, ZoneFacts)> {
        std::mem::take(&mut self.zones)
            .into_iter()
            .filter_map(|apex| self.zone(&apex).map(|facts| (apex, facts)))
            .collect()
    }

    /// The facts of a name; none when it has no records.
    #[must_use]
    pub fn facts(&self, name: &Name) -> Option<NameFacts> {
        self.setup.zone_of(name.borrowed())?;
        let endpoints = match self.setup.rules {
            Rules::Names => self.names_endpoints(name),
            Rules::Subtrees => self.subtree_endpoints(name),
        };
        let endpoints = if endpoints.is_empty() { self.own_address(name) } else { endpoints };
        if endpoints.is_empty() {
            return None;
        }
        Some(NameFacts {
            owner: self.owner.clone(),
            ttl: None,
            default_ttl: Ttl::from_seconds(TTL_DEFAULT).unwrap_or(Ttl::MAX),
            policy: None,
            fallback: None,
            endpoints,
            held_by: Sources::new(),
        })
    }

    /// The facts of a zone; none when it is none of these.
    #[must_use]
    pub fn zone(&self, apex: &Name) -> Option<ZoneFacts> {
        self.setup.zones.get(apex)?;
        let mname = server_name(apex)?;
        let given: BTreeSet<&Name> = self.servers.get(apex).into_iter().flat_map(BTreeMap::values).collect();
        let mut name_servers: Vec<Name> = given.into_iter().take(SERVERS_MAX).cloned().collect();
        if name_servers.is_empty() {
            name_servers.clone_from(&self.setup.name_servers);
        }
        if name_servers.is_empty() {
            name_servers.push(mname.clone());
        }
        let soa = Soa {
            mname: name_servers
                .first()
                .filter(|_| !self.setup.name_servers.is_empty())
                .cloned()
                .unwrap_or(mname),
            rname: apex.prepend("hostmaster").ok()?,
            serial: 0,
            refresh: REFRESH,
            retry: RETRY,
            expire: EXPIRE,
            minimum: MINIMUM,
        };
        Some(ZoneFacts { soa, name_servers, ttl: zone_ttl(), policy: None, held_by: Sources::new() })
    }

    /// True when a key of a name, or one below it, has a fault.
    #[must_use]
    pub fn is_faulty_at(&self, name: &Name) -> bool {
        let key = self.setup.layout.key(name.borrowed());
        let below = [key.as_slice(), b"/"].concat();
        let from = (Bound::Included(below.as_slice()), Bound::Unbounded);
        let next = self.faults.range::<[u8], _>(from).next();
        self.faults.contains_key(key.as_slice()) || next.is_some_and(|(key, _)| key.starts_with(&below))
    }

    // === Inside ===

    /// Where a key stands, if it does.
    fn find(&self, key: &[u8]) -> Option<Box<[u8]>> {
        self.find_of(&self.setup.layout.name(key).ok()?, key, |_| true)
    }

    /// The same among the owners that it may be, and that are looked for.
    fn find_of(
        &self,
        spelled: &Name,
        key: &[u8],
        is_wanted: impl Fn(NameRef<'_>) -> bool,
    ) -> Option<Box<[u8]>> {
        let owners = spelled.borrowed().suffixes().zip(&self.stripped);
        let mut owners = owners.filter(|(owner, keys)| **keys > 0 && is_wanted(*owner));
        owners.find_map(|(owner, _)| {
            let position = self.setup.position(owner, key);
            self.entries.contains_key(&position).then_some(position)
        })
    }

    fn remove(&mut self, position: &[u8]) {
        self.held.remove(position);
        if self.entries.remove(position).is_none() {
            return;
        }
        let (owner, key) = match self.setup.rules {
            Rules::Names => match NameRef::split_first(position) {
                Some((owner, key)) => (Some(owner.to_name()), key),
                None => return,
            },
            Rules::Subtrees => (None, position),
        };
        let Ok(spelled) = self.setup.layout.name(key) else { return };
        let owner = owner.unwrap_or_else(|| spelled.clone());
        *stripped(&mut self.stripped, &spelled, &owner) -= 1;
        self.note_server(&spelled, &owner, key, None);
        self.touch(&spelled, &owner);
    }

    fn touch(&mut self, spelled: &Name, owner: &Name) {
        match self.setup.rules {
            Rules::Names => drop(self.names.insert(owner.clone())),
            Rules::Subtrees => {
                let above = spelled.borrowed().suffixes();
                let inside: Vec<Name> = above
                    .take_while(|name| self.setup.zone_of(*name).is_some())
                    .filter(|name| !name.labels().any(|label| label == b"*"))
                    .map(NameRef::to_name)
                    .collect();
                self.names.extend(inside);
            }
        }
    }

    /// Keys under `ns.dns.ZONE` are name servers of the zone.
    fn note_server(&mut self, spelled: &Name, owner: &Name, key: &[u8], what: Option<&What>) {
        let apex = self.setup.zone_of(spelled.borrowed()).filter(|apex| is_of_servers(spelled, apex));
        let Some(apex) = apex.cloned() else { return };
        let name = match what {
            Some(What::Kept(kept)) if kept.has_address() => Some(owner.clone()),
            Some(What::Service(service)) if service.is_address() => Some(service.stripped.clone()),
            _ => None,
        };
        let servers = self.servers.entry(apex.clone()).or_default();
        let before = match name.clone() {
            Some(name) => servers.insert(key.into(), name),
            None => servers.remove(key),
        };
        if before != name {
            self.names.extend(server_name(&apex));
            self.zones.insert(apex);
        }
    }

    /// The addresses of the only name server of a zone of which nothing else is known: ours.
    fn own_address(&self, name: &Name) -> Vec<portolan_core::Endpoint> {
        let Some(apex) = self.setup.zone_of(name.borrowed()) else { return Vec::new() };
        let is_given = !self.setup.name_servers.is_empty()
            || self.servers.get(apex).is_some_and(|servers| !servers.is_empty());
        if is_given || server_name(apex).as_ref() != Some(name) || self.setup.addresses.is_empty() {
            return Vec::new();
        }
        let targets = self.setup.addresses.iter().map(|address| portolan_core::Target::Address(*address));
        names::endpoints(targets.map(|target| (target, zone_ttl(), None)))
    }

    fn heal(&mut self, key: &[u8]) {
        if let Some((_, Some(_))) = self.faults.remove(key) {
            self.told -= 1;
        }
    }

    fn fault(&mut self, key: Box<[u8]>, fault: Fault) {
        self.heal(&key);
        let fault = (self.told < FAULTS_TOLD_MAX).then_some(fault);
        self.told += usize::from(fault.is_some());
        self.faults.insert(key, (self.round, fault));
    }

    /// What stands at positions that begin so.
    fn range(&self, prefix: &[u8]) -> impl Iterator<Item = (&[u8], &What)> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let from = self.entries.range::<[u8], _>(from);
        let own = from.take_while({
            let prefix: Box<[u8]> = prefix.into();
            move |(position, _)| position.starts_with(&prefix)
        });
        own.map(|(position, entry)| (&**position, &entry.what))
    }
}

fn zone_ttl() -> Ttl {
    Ttl::from_seconds(ZONE_TTL).unwrap_or(Ttl::MAX)
}

/// `ns.dns.ZONE`, which is a zone's name server and has those that keys give below it.
fn server_name(apex: &Name) -> Option<Name> {
    apex.prepend("ns.dns").ok()
}

/// True of a name that is a zone's name server or below it.
fn is_of_servers(name: &Name, apex: &Name) -> bool {
    let before = |suffix: NameRef<'_>| suffix.as_wire().strip_suffix(apex.as_wire()) == Some(SERVER_LABELS);
    name.borrowed().suffixes().any(before)
}

/// How many keys leave out as many labels of what they spell as this one does.
fn stripped<'s>(stripped: &'s mut [usize; LABELS_MAX + 1], spelled: &Name, owner: &Name) -> &'s mut usize {
    let labels = |name: &Name| name.borrowed().labels().count();
    let left_out = labels(spelled).saturating_sub(labels(owner));
    stripped.get_mut(left_out).expect("a name has no more labels")
}

/// True when so many keys do not go by themselves.
#[must_use]
pub fn is_doubtful(missing: usize, left: usize) -> bool {
    let before = missing + left;
    missing > 0 && (left == 0 || (before >= HALVED_MIN && left * 2 <= before))
}

/// True of a host that is an address.
fn is_address(host: Option<&Host>) -> bool {
    matches!(host, Some(Host::Address(_)))
}

#[cfg(test)]
mod tests;
