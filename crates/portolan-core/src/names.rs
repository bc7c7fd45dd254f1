//! A persistent map by name.
//!
//! Every question looks names up by hash, most of them once; a change replaces one. So it is a trie over
//! the bits of the hash whose branches have 64 ways, and whose leaves are small buckets:
//!
//! ```text
//!   hash  b63…b58 ─▶ branch[64] ─ b57…b52 ─▶ branch[64] ─▶ … ─▶ bucket: at most 8 entries
//! ```
//!
//! A copy shares everything. A change copies the branches on its way, 64 pointers each, and one bucket,
//! so it costs the same among ten names and among a million; what is not shared any more changes in
//! place, so that many changes at once cost little more than their own. Buckets rather than single
//! entries at the ends keep a million names to two or three branches and 16 octets of them a name.

use alloc::vec::Vec;
use core::array;

use triomphe::{Arc, ThinArc};

use crate::name::{Name, NameRef, hash_of};

/// Bits of the hash that one branch looks at.
const BITS: u32 = 6;
/// Ways of a branch.
const WAYS: usize = 1 << BITS;
/// Entries that a bucket holds before it becomes a branch; at the last bits of the hash there is no end.
const BUCKET_MAX: usize = 8;
/// Branches until the bits of the hash are used up.
const DEPTH_MAX: u32 = u64::BITS / BITS;

/// A persistent map by name. Values are copied with the bucket that they stand in, so they are small.
#[derive(Clone, Debug)]
pub(crate) struct Names<V> {
    root: Slot<V>,
    len: usize,
    seed: u64,
}

/// One name and what is there.
#[derive(Clone, Debug)]
pub(crate) struct Entry<V> {
    hash: u64,
    pub(crate) name: Name,
    pub(crate) value: V,
}

#[derive(Debug)]
enum Slot<V> {
    Empty,
    Bucket(ThinArc<(), Entry<V>>),
    Branch(Arc<[Slot<V>; WAYS]>),
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Bucket(bucket) => Self::Bucket(bucket.clone()),
            Self::Branch(branch) => Self::Branch(branch.clone()),
        }
    }
}

impl<V> Names<V> {
    /// An empty map. The seed is for the hash of names, which strangers choose.
    pub(crate) fn new(seed: u64) -> Self {
        Self { root: Slot::Empty, len: 0, seed }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// What is there at a name whose hash is known.
    #[inline]
    pub(crate) fn find(&self, hash: u64, name: NameRef<'_>) -> Option<&Entry<V>> {
        let mut slot = &self.root;
        let mut depth = 0;
        while let Slot::Branch(branch) = slot {
            slot = branch.get(way(hash, depth))?;
            depth += 1;
        }
        let Slot::Bucket(bucket) = slot else { return None };
        bucket.slice.iter().find(|entry| entry.hash == hash && entry.name.borrowed() == name)
    }

    pub(crate) fn get(&self, name: NameRef<'_>) -> Option<&V> {
        self.find(hash_of(name, self.seed), name).map(|entry| &entry.value)
    }

    /// Every entry, in an order that means nothing.
    pub(crate) fn iter(&self) -> Iter<'_, V> {
        Iter { open: Vec::from([core::slice::from_ref(&self.root).iter()]), bucket: [].iter() }
    }
}

impl<V: Clone> Names<V> {
    /// Sets a value; the one before it, if there was one.
    pub(crate) fn insert(&mut self, name: &Name, value: V) -> Option<V> {
        let hash = hash_of(name.borrowed(), self.seed);
        let before = put(&mut self.root, Entry { hash, name: name.clone(), value }, 0);
        self.len += usize::from(before.is_none());
        before
    }

    /// Takes a value out.
    pub(crate) fn remove(&mut self, name: NameRef<'_>) -> Option<V> {
        let before = take(&mut self.root, hash_of(name, self.seed), name, 0);
        self.len -= usize::from(before.is_some());
        before
    }
}

/// The way that a branch of this depth takes for a hash.
#[inline]
fn way(hash: u64, depth: u32) -> usize {
    let low = (depth + 1) * BITS;
    // Below the last bits all is one bucket, so no branch asks there.
    usize::try_from(hash >> (u64::BITS.saturating_sub(low)) & (WAYS as u64 - 1)).unwrap_or(0)
}

fn put<V: Clone>(slot: &mut Slot<V>, entry: Entry<V>, depth: u32) -> Option<V> {
    match slot {
        Slot::Empty => {
            *slot = bucket_of([entry].into_iter());
            None
        }
        Slot::Branch(branch) => {
            let next = Arc::make_mut(branch).get_mut(way(entry.hash, depth))?;
            put(next, entry, depth + 1)
        }
        Slot::Bucket(bucket) => {
            let same = |other: &Entry<V>| other.hash == entry.hash && other.name == entry.name;
            if let Some(at) = bucket.slice.iter().position(same) {
                return Some(replace(bucket, at, entry.value));
            }
            let entries = || bucket.slice.iter().cloned();
            if bucket.slice.len() < BUCKET_MAX || depth >= DEPTH_MAX {
                let all: Vec<Entry<V>> = entries().chain([entry]).collect();
                *slot = bucket_of(all.into_iter());
            } else {
                let mut branch = Slot::Branch(Arc::new(array::from_fn(|_| Slot::Empty)));
                for entry in entries().chain([entry]) {
                    put(&mut branch, entry, depth);
                }
                *slot = branch;
            }
            None
        }
    }
}

/// Replaces a value where it stands, or in a copy of a bucket that others have too.
fn replace<V: Clone>(bucket: &mut ThinArc<(), Entry<V>>, at: usize, value: V) -> V {
    if bucket.with_arc(|bucket| !Arc::is_unique(bucket)) {
        *bucket = ThinArc::from_header_and_iter((), bucket.slice.iter().cloned());
    }
    bucket.with_arc_mut(|bucket| {
        let own = Arc::get_mut(bucket).expect("it is nobody else's");
        let entry = own.slice_mut().get_mut(at).expect("the caller found it there");
        core::mem::replace(&mut entry.value, value)
    })
}

/// Branches that become empty stay: names come back, and a branch without names is rare.
fn take<V: Clone>(slot: &mut Slot<V>, hash: u64, name: NameRef<'_>, depth: u32) -> Option<V> {
    match slot {
        Slot::Empty => None,
        Slot::Branch(branch) => {
            // A name that is not there must not copy the way to it.
            if !is_below(branch, hash, name, depth) {
                return None;
            }
            take(Arc::make_mut(branch).get_mut(way(hash, depth))?, hash, name, depth + 1)
        }
        Slot::Bucket(bucket) => {
            let here = |entry: &Entry<V>| entry.hash == hash && entry.name.borrowed() == name;
            let before = bucket.slice.iter().find(|entry| here(entry))?.value.clone();
            let rest: Vec<Entry<V>> = bucket.slice.iter().filter(|entry| !here(entry)).cloned().collect();
            *slot = if rest.is_empty() { Slot::Empty } else { bucket_of(rest.into_iter()) };
            Some(before)
        }
    }
}

fn is_below<V>(branch: &[Slot<V>; WAYS], hash: u64, name: NameRef<'_>, depth: u32) -> bool {
    match branch.get(way(hash, depth)) {
        Some(Slot::Branch(next)) => is_below(next, hash, name, depth + 1),
        Some(Slot::Bucket(bucket)) => {
            bucket.slice.iter().any(|entry| entry.hash == hash && entry.name.borrowed() == name)
        }
        _ => false,
    }
}

fn bucket_of<V>(entries: impl ExactSizeIterator<Item = Entry<V>>) -> Slot<V> {
    Slot::Bucket(ThinArc::from_header_and_iter((), entries))
}

// === Many names at once ===

/// Names that are not there yet, each once, by the way that the root takes for them: several threads put them there, each into
/// its own, and then each grows some of the ways.
#[derive(Debug)]
pub(crate) struct Sorted<V> {
    ways: Vec<Vec<Entry<V>>>,
    seed: u64,
}

/// What stands at one way of the root: of each thread its own.
#[derive(Debug)]
pub(crate) struct Way<V>(Vec<Vec<Entry<V>>>);

/// The same as part of the map, and how many names are in it.
#[derive(Debug)]
pub(crate) struct Limb<V>(Slot<V>, usize);

impl<V> Sorted<V> {
    /// None, with room for about so many.
    pub(crate) fn with_capacity(seed: u64, count: usize) -> Self {
        // Hashes spread evenly: of many names a way gets its share, and hardly ever an eighth more.
        let share = count / WAYS;
        Self { ways: (0..WAYS).map(|_| Vec::with_capacity(share + share / 8)).collect(), seed }
    }

    pub(crate) fn push(&mut self, name: Name, value: V) {
        let hash = hash_of(name.borrowed(), self.seed);
        if let Some(own) = self.ways.get_mut(way(hash, 0)) {
            own.push(Entry { hash, name, value });
        }
    }

    /// All ways of the root, in order.
    pub(crate) fn ways(all: Vec<Self>) -> Vec<Way<V>> {
        let mut ways: Vec<Way<V>> = (0..WAYS).map(|_| Way(Vec::with_capacity(all.len()))).collect();
        for sorted in all {
            ways.iter_mut().zip(sorted.ways).for_each(|(way, own)| way.0.push(own));
        }
        ways
    }
}

impl<V> Way<V> {
    pub(crate) fn grown(self) -> Limb<V> {
        let count = self.0.iter().map(Vec::len).sum();
        let mut entries = Vec::with_capacity(count);
        self.0.into_iter().for_each(|own| entries.extend(own));
        entries.sort_unstable_by_key(|entry| entry.hash);
        Limb(built(&mut entries.into_iter(), count, 1), count)
    }
}

impl<V> Names<V> {
    /// The map of all ways, in order.
    pub(crate) fn of(seed: u64, limbs: Vec<Limb<V>>) -> Self {
        let len = limbs.iter().map(|Limb(_, len)| len).sum();
        let mut slots = limbs.into_iter().map(|Limb(slot, _)| slot);
        let root = Slot::Branch(Arc::new(array::from_fn(|_| slots.next().unwrap_or(Slot::Empty))));
        Self { root: if len == 0 { Slot::Empty } else { root }, len, seed }
    }
}

/// The slot of the next so many entries, which are in the order of their hashes.
fn built<V>(entries: &mut alloc::vec::IntoIter<Entry<V>>, count: usize, depth: u32) -> Slot<V> {
    if count == 0 {
        return Slot::Empty;
    }
    if count <= BUCKET_MAX || depth >= DEPTH_MAX {
        return bucket_of(entries.by_ref().take(count));
    }
    let mut left = count;
    Slot::Branch(Arc::new(array::from_fn(|at| {
        let rest = entries.as_slice().get(..left).unwrap_or_default();
        let here = rest.partition_point(|entry| way(entry.hash, depth) <= at);
        left -= here;
        built(entries, here, depth + 1)
    })))
}

/// Every entry of a map.
pub(crate) struct Iter<'m, V> {
    open: Vec<core::slice::Iter<'m, Slot<V>>>,
    bucket: core::slice::Iter<'m, Entry<V>>,
}

impl<'m, V> Iterator for Iter<'m, V> {
    type Item = &'m Entry<V>;

    fn next(&mut self) -> Option<&'m Entry<V>> {
        loop {
            if let Some(entry) = self.bucket.next() {
                return Some(entry);
            }
            match self.open.last_mut()?.next() {
                None => drop(self.open.pop()),
                Some(Slot::Empty) => {}
                Some(Slot::Bucket(bucket)) => self.bucket = bucket.slice.iter(),
                Some(Slot::Branch(branch)) => self.open.push(branch.iter()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
