//! The records of a zone file, frozen.
//!
//! A zone file is read as a whole and replaced as a whole, and may have millions of names. So it is kept
//! as flat as can be: all names with their rendered RRsets in one run of octets, and one table of slots
//! to find them by. That is some 20 octets a name beside the name and its records, two places in memory
//! to look at for an answer, and nothing to free but two blocks.
//!
//! ```text
//!   slot:   low half of the hash · where the node begins + 1         0: free, then the next one
//!   node:   name length · name · sets · (type · records · octets · rendered records)…
//! ```
//!
//! A name without records of its own that has names below it (RFC 8020) is a node without sets.
//!
//! A file that is damaged, or not there, is one too: the zone is wanted, so it exists, and what could be read is
//! answered. What could not is denied by nobody ([`ZoneFile::is_whole`]).

use alloc::boxed::Box;

use crate::name::{Name, NameRef, hash_of};
use crate::record::{RecordType, Ttl};
use crate::rrset::{Rrset, width_of};

mod build;
mod gather;

pub use build::{Fault, FaultKind};
pub use gather::Gather;

/// Octets that the nodes of one zone file may take: a place in them has 32 bits.
pub const FILE_OCTETS_MAX: usize = u32::MAX as usize - 1;

/// What stands behind a set's type: how many records, how many octets.
const SET_HEAD_OCTETS: usize = 8;

/// The records of a zone file.
#[derive(Debug)]
pub struct ZoneFile {
    apex: Name,
    octets: Box<[u8]>,
    slots: Box<[u64]>,
    /// Names with records.
    names: usize,
    /// One bit a depth at which there are delegations below the apex.
    cuts: u64,
    /// True when there is a DNAME that names are redirected by.
    has_dname: bool,
    /// How many labels the deepest name has.
    deepest: usize,
    content: u128,
    /// None where nothing could be read.
    soa: Option<Soa>,
    is_whole: bool,
}

/// The start of authority as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Soa {
    ttl: Ttl,
    data: Box<[u8]>,
}

/// What stands at one name of a zone file.
#[derive(Clone, Copy, Debug)]
pub struct FileNode<'f> {
    sets: u8,
    octets: &'f [u8],
}

impl ZoneFile {
    /// That of a zone of which nothing could be read: there is no file, or none with an SOA.
    #[must_use]
    pub fn unread(apex: &Name) -> Self {
        Self {
            apex: apex.clone(),
            octets: Box::default(),
            slots: Box::from([0]),
            names: 0,
            cuts: 0,
            has_dname: false,
            deepest: 0,
            content: 0,
            soa: None,
            is_whole: false,
        }
    }

    /// The same, of a file in which there was more than could be read.
    #[must_use]
    pub fn in_part(self) -> Self {
        Self { is_whole: false, ..self }
    }

    /// True when all of the file was read: only then is a name or a type that is not here denied, or answered by
    /// what stands for such names (a wildcard, a DNAME).
    #[must_use]
    #[inline]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The zone's apex.
    #[must_use]
    pub fn apex(&self) -> &Name {
        &self.apex
    }

    /// How many names have records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names
    }

    /// True when no name has records: nothing could be read, for a zone has an SOA.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names == 0
    }

    /// A sum over the hashes of its RRsets, the SOA's serial left out.
    #[must_use]
    pub fn content(&self) -> u128 {
        self.content
    }

    /// The SOA's data, and its TTL; none where nothing could be read.
    #[must_use]
    pub fn soa(&self) -> Option<(&[u8], Ttl)> {
        self.soa.as_ref().map(|soa| (&*soa.data, soa.ttl))
    }

    /// One bit a depth at which there are delegations below the apex.
    #[must_use]
    #[inline]
    pub(crate) fn cuts(&self) -> u64 {
        self.cuts
    }

    /// True when there is a DNAME.
    #[must_use]
    #[inline]
    pub(crate) fn has_dname(&self) -> bool {
        self.has_dname
    }

    /// How many labels the deepest name has.
    #[must_use]
    pub(crate) fn deepest(&self) -> usize {
        self.deepest
    }

    /// What stands at a name, whose hash is that of the snapshot's seed.
    #[must_use]
    #[inline]
    pub(crate) fn find(&self, hash: u64, name: NameRef<'_>) -> Option<FileNode<'_>> {
        find(&self.slots, &self.octets, hash, name).map(|(_, node)| node)
    }

    /// What stands at a name.
    #[must_use]
    pub fn node(&self, name: NameRef<'_>, seed: u64) -> Option<FileNode<'_>> {
        self.find(hash_of(name, seed), name)
    }

    /// Every name with what stands at it, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (NameRef<'_>, FileNode<'_>)> {
        self.slots.iter().filter_map(|slot| node_at(&self.octets, place_of(*slot)?))
    }
}

impl<'f> FileNode<'f> {
    /// Its RRsets, by type.
    #[must_use]
    pub fn sets(&self) -> Sets<'f> {
        Sets { left: self.sets, rest: self.octets }
    }

    /// The RRset of a type.
    #[must_use]
    #[inline]
    pub fn set(&self, rtype: RecordType) -> Option<Rrset<'f>> {
        self.sets().find(|set| set.rtype == rtype)
    }

    /// True when there are only names below.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets == 0
    }
}

/// The RRsets of one name.
#[derive(Clone, Debug)]
pub struct Sets<'f> {
    left: u8,
    rest: &'f [u8],
}

impl<'f> Iterator for Sets<'f> {
    type Item = Rrset<'f>;

    #[inline]
    fn next(&mut self) -> Option<Rrset<'f>> {
        self.left = self.left.checked_sub(1)?;
        let (head, rest) = self.rest.split_first_chunk::<SET_HEAD_OCTETS>()?;
        let [t1, t0, c1, c0, l3, l2, l1, l0] = *head;
        let length = usize::try_from(u32::from_be_bytes([l3, l2, l1, l0])).ok()?;
        let (octets, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        let rtype = RecordType(u16::from_be_bytes([t1, t0]));
        Some(Rrset { rtype, count: u16::from_be_bytes([c1, c0]), width: width_of(rtype), octets })
    }
}

/// Finds a node and its slot. There is always a free slot, so this ends.
#[inline]
fn find<'f>(slots: &[u64], octets: &'f [u8], hash: u64, name: NameRef<'_>) -> Option<(usize, FileNode<'f>)> {
    let mut at = home(slots.len(), hash);
    loop {
        let slot = *slots.get(at)?;
        let place = place_of(slot)?;
        if slot >> 32 == hash & 0xffff_ffff
            && let Some((owner, node)) = node_at(octets, place)
            && owner == name
        {
            return Some((at, node));
        }
        at = if at + 1 == slots.len() { 0 } else { at + 1 };
    }
}

/// The slot that a hash belongs into: its upper half, as a fraction of all slots.
#[inline]
fn home(slots: usize, hash: u64) -> usize {
    let wide = (hash >> 32) * u64::try_from(slots).unwrap_or(0);
    usize::try_from(wide >> 32).unwrap_or(0)
}

#[inline]
fn place_of(slot: u64) -> Option<usize> {
    usize::try_from((slot & 0xffff_ffff).checked_sub(1)?).ok()
}

#[inline]
fn node_at(octets: &[u8], place: usize) -> Option<(NameRef<'_>, FileNode<'_>)> {
    let (&length, rest) = octets.get(place..)?.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(length))?;
    let (&sets, rest) = rest.split_first()?;
    Some((NameRef::trusted(name), FileNode { sets, octets: rest }))
}

#[cfg(test)]
mod tests;
