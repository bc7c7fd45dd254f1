//! Changes into a new snapshot, and the serials that go with them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::compile::{Change, Compiled};
use crate::fleet::ZoneFacts;
use crate::name::{Name, NameRef};
use crate::record::{Rdata, RecordType, Soa};
use crate::rrset::{RrsetBuf, Short};
use crate::zone::{Node, Records, Snapshot, Zone, ZoneFile, content_hash};

mod fill;

/// The serial that a zone's content has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serial {
    /// The serial.
    pub serial: u32,
    /// The content that it stands for.
    pub content: u128,
}

/// The serials of all zones that were ever served: one serial never stands for two contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Serials {
    /// By apex.
    pub zones: BTreeMap<Name, Serial>,
    /// The serial of a zone that was never seen: a time in seconds, so that a lost file does not make
    /// serials go back.
    pub first: u32,
}

impl Serials {
    /// The serial of a content: as it was while the content is, else the next one (RFC 1982).
    pub fn of(&mut self, apex: &Name, content: u128) -> u32 {
        match self.zones.get_mut(apex) {
            Some(known) if known.content == content => known.serial,
            Some(known) => {
                *known = Serial { serial: next(known.serial), content };
                known.serial
            }
            None => {
                let serial = self.first.max(1);
                self.zones.insert(apex.clone(), Serial { serial, content });
                serial
            }
        }
    }

    /// Notes what a file made of a zone that is the file's alone: should the fleet get a say in it, it goes on
    /// after that.
    pub fn note_file(&mut self, apex: &Name, given: Serial) {
        let known = self.zones.get(apex).map_or(self.first, |known| known.serial);
        if is_after(given.serial, known) {
            self.zones.insert(apex.clone(), given);
        }
    }
}

/// Serial arithmetic (RFC 1982 section 3.2): is the first after the second?
#[must_use]
pub fn is_after(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

/// The next serial (RFC 1982); zero is passed over, as some software takes it for none.
fn next(serial: u32) -> u32 {
    match serial.wrapping_add(1) {
        0 => 1,
        n => n,
    }
}

impl Snapshot {
    /// The next snapshot. Verdicts change in place, in this one too.
    #[must_use]
    pub fn publish(&self, compiled: Compiled, serials: &mut Serials, revision: u64) -> Self {
        let mut next = self.clone();
        next.revision = revision;
        next.clusters = compiled.parts.clusters;
        next.policies = compiled.parts.policies;
        next.tables = compiled.parts.tables;
        let mut sums = BTreeSet::new();
        let mut gathered = Gathered::default();
        for change in compiled.changes {
            match change {
                Change::Zone(apex, facts) => next.set_zone(&apex, facts.map(|facts| *facts), &mut sums),
                Change::Name(name, records) => next.set_name(&name, records, &mut gathered),
                Change::Ready { name, offer, up } => {
                    if let Some(records) = next.records(name.borrowed()) {
                        records.verdicts().set(offer, up);
                    }
                }
                Change::Drained(cluster, drained) => next.clusters.set_drained(&cluster, drained),
            }
        }
        next.add_children(gathered.children.take());
        let mut changed = next.add_contents(core::mem::take(&mut gathered.contents));
        next.sum_contents(&sums);
        // After the sums of zones that are new, which then look at no names.
        if let Some(filled) = compiled.filled {
            next.fill(filled, &mut gathered);
        }
        next.add_children(gathered.children.take());
        changed.append(&mut next.add_contents(gathered.contents));
        changed.append(&mut sums);
        next.count_serials(&changed, serials);
        next
    }

    /// Gives each zone whose content changed its serial, and its SOA the number. What a file alone makes
    /// has the file's.
    fn count_serials(&mut self, changed: &BTreeSet<Name>, serials: &mut Serials) {
        for apex in changed {
            let Some(zone) = self.zones.get(apex.borrowed()) else { continue };
            let Some(facts) = &zone.facts else { continue };
            let serial = serials.of(apex, zone.content);
            let data = Rdata::soa(&Soa { serial, ..facts.soa.clone() });
            let soa = RrsetBuf::of_one(RecordType::SOA, facts.ttl, &data);
            let soa_short = Short::of_soa(apex.borrowed(), data.as_wire()).map(Arc::new);
            let zone = Zone { serial, soa, soa_short, ..(**zone).clone() };
            self.zones.insert(apex, Arc::new(zone));
        }
    }

    fn set_zone(&mut self, apex: &Name, facts: Option<ZoneFacts>, sums: &mut BTreeSet<Name>) {
        let file = self.zones.get(apex.borrowed()).and_then(|zone| zone.file.clone());
        self.replace_zone(apex, Zone::new(apex, facts, file), sums);
    }

    /// The records of a zone file are these from now on, or there are none any more. The next
    /// [`Snapshot::publish`] gives the serial where the fleet has a say in the zone.
    #[must_use]
    pub fn with_file(&self, apex: &Name, file: Option<Arc<ZoneFile>>, serials: &mut Serials) -> Self {
        let mut next = self.clone();
        let facts = next.zones.get(apex.borrowed()).and_then(|zone| zone.facts.clone());
        let mut sums = BTreeSet::new();
        next.replace_zone(apex, Zone::new(apex, facts, file), &mut sums);
        next.sum_contents(&sums);
        next.count_serials(&sums, serials);
        next
    }

    fn replace_zone(&mut self, apex: &Name, zone: Option<Zone>, sums: &mut BTreeSet<Name>) {
        let is_there = zone.is_some();
        let of_file = zone.as_ref().and_then(|zone| zone.file.as_ref()).map_or(0, |file| file.deepest());
        self.deepest = self.deepest.max(of_file);
        if self.zones.get(apex.borrowed()).is_some() != is_there {
            self.count_zone(apex, is_there);
        }
        let before = match zone {
            Some(zone) => {
                sums.insert(apex.clone());
                self.zones.insert(apex, Arc::new(zone))
            }
            None => self.zones.remove(apex.borrowed()),
        };
        if before.is_some() == is_there {
            return;
        }
        self.depths.note(apex.borrowed(), is_there);
        // Names move between a zone and the one around it when the inner one comes or goes.
        let parent = self.zone_of(apex.borrowed().parent().unwrap_or(NameRef::ROOT)).map(|z| z.apex.clone());
        sums.extend(parent);
    }

    /// Sums the contents of zones over their names, all in one pass: only when zones come, go or change.
    fn sum_contents(&mut self, apexes: &BTreeSet<Name>) {
        let own =
            |apex: &Name| self.zones.get(apex.borrowed()).map(|zone| (apex.clone(), zone.own_content()));
        let mut sums: BTreeMap<Name, u128> = apexes.iter().filter_map(own).collect();
        if sums.is_empty() {
            return;
        }
        for (name, records) in self.names() {
            let zone = self.zone_of(name.borrowed()).filter(|zone| zone.facts.is_some());
            if let Some(sum) = zone.and_then(|zone| sums.get_mut(&zone.apex)) {
                *sum = sum.wrapping_add(records.content());
            }
        }
        for (apex, content) in sums {
            if let Some(zone) = self.zones.get(apex.borrowed()) {
                // Its own apex is one of them; that of the root zone is above no other's (RFC 1034 section 3.1).
                let zones = self.names.get(apex.borrowed()).map_or(0, |node| node.zones);
                let has_zones_below = zone.facts.is_none() && (zones > 1 || apex.borrowed().is_root());
                let zone = Zone { content, has_zones_below, ..(**zone).clone() };
                self.zones.insert(&apex, Arc::new(zone));
            }
        }
    }

    fn set_name(&mut self, name: &Name, records: Option<Records>, gathered: &mut Gathered) {
        let cut = |records: Option<&Records>| records.is_some_and(|r| r.pool(RecordType::NS).is_some());
        let content = |records: Option<&Records>| records.map_or(0, Records::content);
        let (has, new) = (cut(records.as_ref()), content(records.as_ref()));
        let before = self.set_node(name, gathered, |node| core::mem::replace(&mut node.records, records));
        let (had, old) = (cut(before.as_ref()), content(before.as_ref()));
        if had != has {
            self.cuts.note(name.borrowed(), has);
        }
        if old != new {
            self.add_content(name, new.wrapping_sub(old), gathered);
        }
    }

    /// Notes what a name adds to the content of its zone.
    fn add_content(&self, name: &Name, delta: u128, gathered: &mut Gathered) {
        let Some(zone) = self.zone_of(name.borrowed()).filter(|zone| zone.facts.is_some()) else { return };
        match gathered.contents.get_mut(&zone.apex) {
            Some(sum) => *sum = sum.wrapping_add(delta),
            None => drop(gathered.contents.insert(zone.apex.clone(), delta)),
        }
    }

    /// Adds to the contents of zones what their names came to; says which changed.
    fn add_contents(&mut self, deltas: BTreeMap<Name, u128>) -> BTreeSet<Name> {
        let mut changed = BTreeSet::new();
        for (apex, delta) in deltas.into_iter().filter(|(_, delta)| *delta != 0) {
            if let Some(zone) = self.zones.get(apex.borrowed()) {
                let zone = Zone { content: zone.content.wrapping_add(delta), ..(**zone).clone() };
                self.zones.insert(&apex, Arc::new(zone));
                changed.insert(apex);
            }
        }
        changed
    }

    /// An apex is a name that is there, so that the names above it are (RFC 8020).
    fn count_zone(&mut self, apex: &Name, is_there: bool) {
        let mut gathered = Gathered::default();
        let above = apex.borrowed().suffixes().skip(1).filter(|name| !name.is_root()).map(NameRef::to_name);
        for name in core::iter::once(apex.clone()).chain(above) {
            self.set_node(&name, &mut gathered, |node| {
                node.zones = if is_there { node.zones + 1 } else { node.zones.saturating_sub(1) };
            });
        }
        self.add_children(gathered.children);
    }

    /// Changes a node, which comes and goes with what holds it, and its ancestors with it.
    fn set_node<T>(
        &mut self,
        name: &Name,
        gathered: &mut Gathered,
        change: impl FnOnce(&mut Node) -> T,
    ) -> T {
        let before = self.names.get(name.borrowed()).cloned();
        let was_there = before.is_some();
        let mut node = before.unwrap_or_default();
        let result = change(&mut node);
        match (was_there, node.is_held()) {
            (_, true) => {
                self.deepest = self.deepest.max(name.borrowed().labels().count());
                self.names.insert(name, node);
                if !was_there {
                    self.count_child(name, gathered);
                }
            }
            (true, false) => {
                // Children that are not counted yet would keep it.
                self.add_children(core::mem::take(&mut gathered.children));
                match self.names.get(name.borrowed()).filter(|now| now.children > 0) {
                    Some(now) => drop(self.names.insert(name, Node { children: now.children, ..node })),
                    None => {
                        self.names.remove(name.borrowed());
                        self.discount_child(name);
                    }
                }
            }
            (false, false) => {}
        }
        result
    }

    /// Names that follow each other are mostly children of one: they are counted together.
    fn count_child(&mut self, name: &Name, gathered: &mut Gathered) {
        let Some(parent) = name.borrowed().parent().filter(|parent| !parent.is_root()) else { return };
        match &mut gathered.children {
            Some((known, count)) if known.borrowed() == parent => *count += 1,
            children => {
                let before = children.replace((parent.to_name(), 1));
                self.add_children(before);
            }
        }
    }

    /// Makes the ancestors of new nodes be there, up to the first that is.
    fn add_children(&mut self, children: Option<(Name, u32)>) {
        let Some((name, mut count)) = children else { return };
        let mut at = Some(name.borrowed());
        while let Some(name) = at.filter(|name| !name.is_root()) {
            let mut node = self.names.get(name).cloned().unwrap_or_default();
            let was_there = node.is_held();
            node.children += core::mem::replace(&mut count, 1);
            self.names.insert(&name.to_name(), node);
            at = if was_there { None } else { name.parent() };
        }
    }

    /// Takes the ancestors of a node that went away with it, as far as nothing else holds them.
    fn discount_child(&mut self, name: &Name) {
        let mut child = name.borrowed().parent();
        while let Some(parent) = child.filter(|p| !p.is_root()) {
            let Some(mut node) = self.names.get(parent).cloned() else { return };
            node.children = node.children.saturating_sub(1);
            if node.is_held() {
                self.names.insert(&parent.to_name(), node);
                return;
            }
            self.names.remove(parent);
            child = parent.parent();
        }
    }
}

/// What the changes of names come to together, and is done once for many.
#[derive(Default)]
pub(super) struct Gathered {
    /// By apex, what is to be added to the zone's content.
    contents: BTreeMap<Name, u128>,
    /// A name, and how many below it are new.
    children: Option<(Name, u32)>,
}

impl Node {
    /// True while something keeps it in the map.
    fn is_held(&self) -> bool {
        self.children > 0 || self.records.is_some() || self.zones > 0
    }
}

impl Zone {
    /// A zone of the fleet, of a file, or of both: then the fleet's word on SOA and NS counts.
    fn new(apex: &Name, facts: Option<ZoneFacts>, file: Option<Arc<ZoneFile>>) -> Option<Self> {
        let (soa, ttl) = match (&facts, &file) {
            (Some(facts), _) => (Some(Rdata::soa(&facts.soa)), facts.ttl),
            (None, Some(file)) => match file.soa() {
                Some((data, ttl)) => (Some(Rdata::from_wire(data)?), ttl),
                // Never answered: nothing of such a zone is.
                None => (None, crate::Ttl::DEFAULT),
            },
            (None, None) => return None,
        };
        let name_servers = facts.as_ref().map(|facts| {
            let names: Vec<Rdata> = facts.name_servers.iter().map(Rdata::name).collect();
            RrsetBuf::new(RecordType::NS, facts.ttl, names.iter().map(Rdata::as_wire))
        });
        let data = soa.as_ref().map_or(&[][..], Rdata::as_wire);
        let (serial, minimum) = soa_numbers(data);
        let content = file.as_ref().map_or(0, |file| file.content());
        Some(Self {
            apex: apex.clone(),
            serial,
            content,
            negative_ttl: ttl.min(crate::Ttl::from_seconds(minimum).unwrap_or(crate::Ttl::MAX)),
            soa: RrsetBuf::new(RecordType::SOA, ttl, soa.iter().map(Rdata::as_wire)),
            soa_short: Short::of_soa(apex.borrowed(), data).map(Arc::new),
            depth: apex.borrowed().labels().count(),
            name_servers,
            facts,
            has_zones_below: false,
            is_whole: file.as_ref().is_none_or(|file| file.is_whole()),
            file,
        })
    }

    /// The hash of what the zone says of itself, the serial left out, and of what its file has.
    fn own_content(&self) -> u128 {
        let of_file = self.file.as_ref().map_or(0, |file| file.content());
        let Some(facts) = &self.facts else {
            return of_file;
        };
        let mut octets: Vec<u8> = Vec::new();
        octets.extend_from_slice(Rdata::soa(&Soa { serial: 0, ..facts.soa.clone() }).as_wire());
        octets.extend_from_slice(&facts.ttl.seconds().to_be_bytes());
        for name_server in &facts.name_servers {
            octets.extend_from_slice(name_server.as_wire());
        }
        content_hash(&octets).wrapping_add(of_file)
    }
}

/// Serial and minimum out of an SOA's data (RFC 1035 section 3.3.13).
fn soa_numbers(data: &[u8]) -> (u32, u32) {
    let numbers = data.len().checked_sub(20).and_then(|at| data.get(at..)).unwrap_or_default();
    let number = |at: usize| {
        numbers.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |number| u32::from_be_bytes(*number))
    };
    (number(0), number(16))
}
