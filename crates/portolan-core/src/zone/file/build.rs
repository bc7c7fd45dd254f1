//! From records in the order of a file to the frozen zone.
//!
//! [`ZoneFile::build`] lays the runs of all [`Gather`]s into their nodes, in the order of the file, one pass
//! and no tree in between. What comes for an owner that has its node is merged at the end.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::gather::{Gather, Loose, is_plain, loose};
use super::{FILE_OCTETS_MAX, SET_HEAD_OCTETS, Soa, ZoneFile, find, home, node_at, place_of};
use crate::name::{LABELS_MAX, Name, NameRef, Suffixes, hash_of};
use crate::record::RecordType;
use crate::rrset::{RECORDS_MAX, render};
use crate::zone::{Depths, NAME_SERVERS_MAX, content_hash};

mod again;
mod dname;

use again::Again;

/// Most faults that are told; the others are counted.
const FAULTS_MAX: usize = 100;
/// Most types at one name, for their number is one octet.
const SETS_MAX: u8 = u8::MAX;
/// Most records of a set in which one that stands twice is found by looking at all before it.
const LOOK_BACK_MAX: usize = 16;
/// Largest message (RFC 1035 section 4.2.2: a 16-bit length), in octets.
const MESSAGE_OCTETS_MAX: usize = 65_535;
/// Octets of a message beside a set and the name that is asked for: the header, the question's type and class, OPT.
const MESSAGE_FIXED_OCTETS: usize = 12 + 4 + 11;
/// Octets of an SOA's data behind its names: the serial and four times.
const SOA_NUMBERS_OCTETS: usize = 20;

/// Something of a zone file that is served otherwise than it stands there, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The owner.
    pub owner: Name,
    /// The type.
    pub rtype: RecordType,
    /// What it is.
    pub kind: FaultKind,
}

/// What is wrong with an RRset of a zone file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The owner is outside of the zone; left out.
    OutOfZone,
    /// The records of one set have different TTLs; the least is used (RFC 2181 section 5.2).
    TtlDiffers,
    /// An alias beside other records; the alias is left out (RFC 1034 section 3.6.2).
    AliasBeside,
    /// An alias or a DNAME of several names; the first is used (RFC 2181 section 10.1, RFC 6672 section 2.3).
    ManyAliases,
    /// A DNAME where a delegation is, so that the names below are another zone's; left out.
    DnameAtCut,
    /// A DNAME of a wildcard, which redirects nothing but what is below the wildcard itself (RFC 6672
    /// section 3.3).
    WildcardDname,
    /// Below a DNAME; left out (RFC 6672 section 2.4).
    BelowDname,
    /// A second SOA, or one below the apex; left out.
    MisplacedSoa,
    /// No SOA at the apex: there is no zone.
    NoSoa,
    /// No name server at the apex.
    NoNameServer,
    /// More than [`NAME_SERVERS_MAX`]; a referral has the addresses of the first, those inside the delegated zone
    /// before all others.
    ManyNameServers,
    /// More octets than a message can have ([`MESSAGE_OCTETS_MAX`]): who asks gets none of the set, and TC by TCP too.
    TooLarge,
    /// More records or types than one name may have, or more octets than one zone; left out.
    TooMany,
}

impl ZoneFile {
    /// Lays gathered records into a zone; `seed` is that of the snapshot which is to serve it. What is
    /// left out or changed is told beside it, at most [`FAULTS_MAX`] of it and then the number of all.
    ///
    /// # Errors
    /// The faults, when there is no SOA at the apex.
    pub fn build(
        apex: &Name,
        seed: u64,
        gathers: Vec<Gather>,
    ) -> Result<(Self, Vec<Fault>, usize), Vec<Fault>> {
        let runs = gathers.iter().map(|gather| gather.count).sum();
        let mut builder = Builder::new(apex, seed, runs);
        for mut gather in gathers {
            gather.end_run();
            for (owner, records) in gather.runs() {
                builder.run(owner, records);
            }
        }
        builder.finish()
    }
}

/// A zone under way.
struct Builder<'a> {
    apex: &'a Name,
    seed: u64,
    octets: Vec<u8>,
    slots: Vec<u64>,
    /// Nodes, those without records too.
    nodes: usize,
    soa: Option<Soa>,
    /// The depths at which there are DNAMEs.
    dnames: u64,
    faults: Vec<Fault>,
    faults_count: usize,
    /// What came for owners that had their nodes.
    again: Again,
    /// Octets of nodes that were written anew elsewhere.
    dead: usize,
}

impl<'a> Builder<'a> {
    fn new(apex: &'a Name, seed: u64, runs: usize) -> Self {
        let slots = vec![0; (runs + runs / 4).max(16)];
        Self {
            apex,
            seed,
            octets: Vec::new(),
            slots,
            nodes: 0,
            soa: None,
            dnames: Depths::NONE,
            faults: Vec::new(),
            faults_count: 0,
            again: Again::default(),
            dead: 0,
        }
    }

    fn fault(&mut self, owner: NameRef<'_>, rtype: RecordType, kind: FaultKind) {
        self.faults_count += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { owner: owner.to_name(), rtype, kind });
        }
    }

    /// Takes the records of one owner: into a node, or aside where it has one.
    fn run(&mut self, owner: NameRef<'_>, records: &[u8]) {
        if !owner.is_at_or_below(self.apex.borrowed()) {
            let rtype = loose(records).next().map_or(RecordType(0), |record| record.rtype);
            return self.fault(owner, rtype, FaultKind::OutOfZone);
        }
        let suffixes = Suffixes::of(owner, self.seed, LABELS_MAX);
        let Some(hash) = suffixes.hash(0) else { return };
        if let Some((slot, _)) = find(&self.slots, &self.octets, hash, owner) {
            if let Some(place) = self.slots.get(slot).and_then(|slot| place_of(*slot)) {
                self.again.put(place, records);
            }
            return;
        }
        if !is_plain(records) {
            return self.lay(&suffixes, None, loose(records).collect());
        }
        // One set and nothing to put in order: nearly every name of a big zone.
        let place = self.octets.len();
        if self.write_node(owner, |builder| builder.write_set(owner, &loose(records))) {
            self.enter(None, hash, place);
            self.ancestors(&suffixes);
        }
    }

    /// Writes the node of an owner, which has a slot already where it is known, with all of its records.
    fn lay(&mut self, suffixes: &Suffixes<'_>, known: Option<usize>, mut all: Vec<Loose<'_>>) {
        let owner = suffixes.name(0);
        self.keep_soa_apart(owner, &mut all);
        self.drop_misplaced(owner, &mut all);
        if all.iter().any(|record| record.rtype == RecordType::DNAME) {
            self.dnames |= Depths::bit(suffixes.labels());
        }
        if all.is_empty() && known.is_none() && owner != self.apex.borrowed() {
            // What was left out makes no name.
            return;
        }
        let place = self.octets.len();
        if !self.write_node(owner, |builder| builder.write_sets(owner, &mut all)) {
            return;
        }
        self.enter(known, hash_of(owner, self.seed), place);
        if known.is_none() {
            self.ancestors(suffixes);
        }
    }

    /// The SOA is kept beside the nodes: its serial is not the file's alone.
    fn keep_soa_apart(&mut self, owner: NameRef<'_>, all: &mut Vec<Loose<'_>>) {
        let at_apex = owner == self.apex.borrowed();
        for record in all.iter().filter(|record| record.rtype == RecordType::SOA) {
            if at_apex && self.soa.is_none() {
                self.soa = Some(Soa { ttl: record.ttl, data: record.data.into() });
            } else if !self.soa.as_ref().is_some_and(|soa| at_apex && *soa.data == *record.data) {
                self.fault(owner, RecordType::SOA, FaultKind::MisplacedSoa);
            }
        }
        all.retain(|record| record.rtype != RecordType::SOA);
    }

    /// Leaves out what may not stand beside the other records of a name.
    fn drop_misplaced(&mut self, owner: NameRef<'_>, all: &mut Vec<Loose<'_>>) {
        let apex = owner == self.apex.borrowed();
        let count = |rtype: RecordType| all.iter().filter(|record| record.rtype == rtype).count();
        let (aliases, dnames, name_servers) =
            (count(RecordType::CNAME), count(RecordType::DNAME), count(RecordType::NS));
        if aliases > 0 && (aliases < all.len() || apex) {
            self.drop_type(owner, RecordType::CNAME, FaultKind::AliasBeside, all);
        }
        if dnames > 0 && name_servers > 0 && !apex {
            self.drop_type(owner, RecordType::DNAME, FaultKind::DnameAtCut, all);
        }
        for rtype in [RecordType::CNAME, RecordType::DNAME] {
            self.keep_first(owner, rtype, all);
        }
    }

    fn drop_type(
        &mut self,
        owner: NameRef<'_>,
        rtype: RecordType,
        kind: FaultKind,
        all: &mut Vec<Loose<'_>>,
    ) {
        self.fault(owner, rtype, kind);
        all.retain(|record| record.rtype != rtype);
    }

    /// Of a type that a name has one record of, keeps the first, and what is the same again.
    fn keep_first(&mut self, owner: NameRef<'_>, rtype: RecordType, all: &mut Vec<Loose<'_>>) {
        let mut of_type = all.iter().filter(|record| record.rtype == rtype).map(|record| record.data);
        let Some(first) = of_type.next() else { return };
        if of_type.any(|data| data != first) {
            self.fault(owner, rtype, FaultKind::ManyAliases);
            all.retain(|record| record.rtype != rtype || record.data == first);
        }
    }

    /// Appends a node with the sets that are written, of which there are so many; false when there is no room.
    fn write_node(&mut self, owner: NameRef<'_>, write: impl FnOnce(&mut Self) -> u8) -> bool {
        let begin = self.octets.len();
        self.octets.push(u8::try_from(owner.as_wire().len()).unwrap_or(u8::MAX));
        self.octets.extend_from_slice(owner.as_wire());
        let sets_at = self.octets.len();
        self.octets.push(0);
        let sets = write(self);
        if let Some(place) = self.octets.get_mut(sets_at) {
            *place = sets;
        }
        if self.octets.len() > FILE_OCTETS_MAX {
            self.octets.truncate(begin);
            self.fault(owner, RecordType(0), FaultKind::TooMany);
            return false;
        }
        true
    }

    /// Appends the sets of a name; how many.
    fn write_sets(&mut self, owner: NameRef<'_>, all: &mut [Loose<'_>]) -> u8 {
        // Stable: the records of a set stay in the order of the file.
        all.sort_by_key(|record| record.rtype);
        let mut sets = 0;
        for set in all.chunk_by(|a, b| a.rtype == b.rtype) {
            if sets == SETS_MAX {
                let rtype = set.first().map_or(RecordType(0), |record| record.rtype);
                self.fault(owner, rtype, FaultKind::TooMany);
                break;
            }
            sets += self.write_set(owner, &set.iter().copied());
        }
        sets
    }

    /// Appends a set; how many that makes.
    fn write_set<'r>(&mut self, owner: NameRef<'_>, set: &(impl Iterator<Item = Loose<'r>> + Clone)) -> u8 {
        let Some(first) = set.clone().next() else { return 0 };
        let ttl = set.clone().map(|record| record.ttl).min().unwrap_or(first.ttl);
        if set.clone().any(|record| record.ttl != ttl) {
            self.fault(owner, first.rtype, FaultKind::TtlDiffers);
        }
        let head_at = self.octets.len();
        self.octets.extend_from_slice(&[0; SET_HEAD_OCTETS]);
        let begin = self.octets.len();
        let mut count: u16 = 0;
        let is_big = set.clone().nth(LOOK_BACK_MAX).is_some();
        let mut seen = BTreeSet::new();
        for (at, record) in set.clone().enumerate() {
            // A record that stands twice is one (RFC 2181 section 5).
            let is_twice = match is_big {
                true => !seen.insert(record.data),
                false => set.clone().take(at).any(|other| other.data == record.data),
            };
            if is_twice {
                continue;
            }
            if usize::from(count) == RECORDS_MAX {
                self.fault(owner, first.rtype, FaultKind::TooMany);
                break;
            }
            render(&mut self.octets, first.rtype, ttl, record.data);
            count += 1;
        }
        if first.rtype == RecordType::NS && usize::from(count) > NAME_SERVERS_MAX {
            self.fault(owner, first.rtype, FaultKind::ManyNameServers);
        }
        let octets = self.octets.len() - begin;
        if octets + owner.as_wire().len() + MESSAGE_FIXED_OCTETS > MESSAGE_OCTETS_MAX {
            self.fault(owner, first.rtype, FaultKind::TooLarge);
        }
        let length = u32::try_from(octets).unwrap_or(u32::MAX).to_be_bytes();
        let [t1, t0] = first.rtype.0.to_be_bytes();
        let [c1, c0] = count.to_be_bytes();
        let [l3, l2, l1, l0] = length;
        if let Some(head) = self.octets.get_mut(head_at..).and_then(|head| head.first_chunk_mut()) {
            *head = [t1, t0, c1, c0, l3, l2, l1, l0];
        }
        1
    }

    /// Makes the names between a new one and the apex be there.
    fn ancestors(&mut self, suffixes: &Suffixes<'_>) {
        let below_apex = suffixes.labels().saturating_sub(self.apex.borrowed().labels().count());
        for skip in 1..below_apex {
            let (name, Some(hash)) = (suffixes.name(skip), suffixes.hash(skip)) else { return };
            if find(&self.slots, &self.octets, hash, name).is_some() {
                return;
            }
            let place = self.octets.len();
            if !self.write_node(name, |_| 0) {
                return;
            }
            self.enter(None, hash, place);
        }
    }

    /// Notes where a node is: in the slot that it has, or in a free one.
    fn enter(&mut self, known: Option<usize>, hash: u64, place: usize) {
        if known.is_none() {
            self.nodes += 1;
            if self.nodes * 5 > self.slots.len() * 4 {
                self.grow();
            }
        }
        let at = known.unwrap_or_else(|| free(&self.slots, hash));
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = slot_of(hash, place);
        }
    }

    fn grow(&mut self) {
        let mut slots = vec![0; self.slots.len() * 2];
        for slot in &self.slots {
            let Some((name, _)) = place_of(*slot).and_then(|place| node_at(&self.octets, place)) else {
                continue;
            };
            let at = free(&slots, hash_of(name, self.seed));
            if let Some(place) = slots.get_mut(at) {
                *place = *slot;
            }
        }
        self.slots = slots;
    }

    fn finish(mut self) -> Result<(ZoneFile, Vec<Fault>, usize), Vec<Fault>> {
        self.merge();
        let apex = self.apex.borrowed();
        let Some(soa) = self.soa.take() else {
            self.fault(apex, RecordType::SOA, FaultKind::NoSoa);
            return Err(self.faults);
        };
        // The apex is there also when it has nothing but its SOA.
        let hash = hash_of(apex, self.seed);
        match find(&self.slots, &self.octets, hash, apex) {
            Some((_, node)) if node.set(RecordType::NS).is_some() => {}
            found => {
                if found.is_none() {
                    let place = self.octets.len();
                    self.write_node(apex, |_| 0);
                    self.enter(None, hash, place);
                }
                self.fault(apex, RecordType::NS, FaultKind::NoNameServer);
            }
        }
        if self.dnames != Depths::NONE {
            self.leave_out_below_dnames();
        }
        if self.dead > 0 {
            self.compact();
        }
        let mut file = ZoneFile {
            apex: self.apex.clone(),
            octets: self.octets.into_boxed_slice(),
            slots: self.slots.into_boxed_slice(),
            names: 0,
            cuts: Depths::NONE,
            has_dname: self.dnames != Depths::NONE,
            deepest: 0,
            content: soa_content(&soa),
            soa: Some(soa),
            is_whole: true,
        };
        file.summarise();
        Ok((file, self.faults, self.faults_count))
    }

    /// Leaves out what was written anew elsewhere.
    fn compact(&mut self) {
        let mut octets = Vec::with_capacity(self.octets.len().saturating_sub(self.dead));
        for slot in &mut self.slots {
            let Some(before) = place_of(*slot) else { continue };
            *slot = *slot & !0xffff_ffff | u64::try_from(octets.len() + 1).unwrap_or(0);
            octets.extend_from_slice(node_octets(&self.octets, before));
        }
        self.octets = octets;
    }
}

impl ZoneFile {
    fn summarise(&mut self) {
        let (mut names, mut cuts, mut deepest, mut content) = (0, Depths::NONE, 0, self.content);
        let apex = self.apex.clone();
        for (name, node) in self.nodes() {
            let depth = name.labels().count();
            deepest = depth.max(deepest);
            names += usize::from(!node.is_empty() || name == apex.borrowed());
            if name != apex.borrowed() && node.set(RecordType::NS).is_some() {
                cuts |= Depths::bit(depth);
            }
            for set in node.sets() {
                content = content.wrapping_add(set_content(name, set.octets));
            }
        }
        (self.names, self.cuts, self.deepest, self.content) = (names, cuts, deepest, content);
    }
}

/// The hash of a rendered set; its records count in any order.
fn set_content(name: NameRef<'_>, rendered: &[u8]) -> u128 {
    let key = content_hash(name.as_wire());
    let records = crate::rrset::Records::of(rendered);
    records.fold(key, |sum, record| sum.wrapping_add(content_hash(record).wrapping_mul(key | 1)))
}

fn soa_content(soa: &Soa) -> u128 {
    let numbers = soa.data.len().saturating_sub(SOA_NUMBERS_OCTETS);
    let (names, numbers) = soa.data.split_at(numbers);
    let times = numbers.get(4..).unwrap_or_default();
    content_hash(&[names, times, &soa.ttl.seconds().to_be_bytes()].concat())
}

/// The octets of a node.
fn node_octets(octets: &[u8], place: usize) -> &[u8] {
    let begin = octets.get(place..).unwrap_or_default();
    let end = node_at(begin, 0).map_or(0, |(_, node)| {
        let mut sets = node.sets();
        sets.by_ref().for_each(drop);
        begin.len() - sets.rest.len()
    });
    begin.get(..end).unwrap_or_default()
}

fn slot_of(hash: u64, place: usize) -> u64 {
    hash << 32 | u64::try_from(place + 1).unwrap_or(0)
}

/// The first free slot for a hash. There is one: the table is never full.
fn free(slots: &[u64], hash: u64) -> usize {
    let mut at = home(slots.len(), hash);
    while slots.get(at).is_some_and(|slot| *slot != 0) {
        at = if at + 1 == slots.len() { 0 } else { at + 1 };
    }
    at
}
