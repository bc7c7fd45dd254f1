//! Hashes of a name and of all names above it, in one pass.
//!
//! A question's name is looked up whole, and when it is not there, by its ancestors: for its zone, for a
//! delegation, for its closest encloser. So the hash runs from the root to the left, label by label, and
//! the hash of every suffix falls out on the way. Names that strangers ask for are hashed, so it begins
//! with a secret of the process; each step multiplies to 128 bits and folds them (as foldhash does).

use arrayvec::ArrayVec;

use crate::name::{LABELS_MAX, NameRef};

/// An odd number without pattern: the fraction of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// Octets that one step takes.
const WORD_OCTETS: usize = 8;

/// The hash of a name, for names that are looked up once.
#[must_use]
pub(crate) fn hash_of(name: NameRef<'_>, seed: u64) -> u64 {
    Suffixes::of(name, seed, LABELS_MAX).hash(0).expect("no name has more labels")
}

/// Where each suffix of a name begins, and its hash. A suffix is told by how many labels it leaves out.
pub(crate) struct Suffixes<'n> {
    wire: &'n [u8],
    /// From the name itself to the root.
    starts: ArrayVec<u8, { LABELS_MAX + 1 }>,
    /// From the root to the name itself, or as deep as any name is that can be found.
    hashes: ArrayVec<u64, { LABELS_MAX + 1 }>,
}

impl<'n> Suffixes<'n> {
    /// `deepest` is how many labels any name has that is looked for: of a longer name, what has more is not
    /// hashed, so that long names cost little.
    #[inline]
    pub(crate) fn of(name: NameRef<'n>, seed: u64, deepest: usize) -> Self {
        let wire = name.as_wire();
        let mut suffixes = Self { wire, starts: ArrayVec::new(), hashes: ArrayVec::new() };
        let mut at = 0;
        while let Some(&len) = wire.get(usize::from(at)) {
            // A name is whole and has no more labels than there is room for.
            let _ = suffixes.starts.try_push(at);
            if len == 0 {
                break;
            }
            at = at.wrapping_add(len).wrapping_add(1);
        }
        let mut hash = seed;
        let mut end = wire.len().saturating_sub(1);
        let _ = suffixes.hashes.try_push(seed);
        for start in suffixes.starts.iter().rev().skip(1).take(deepest) {
            let start = usize::from(*start);
            hash = mix(hash, wire, start, end);
            let _ = suffixes.hashes.try_push(hash);
            end = start;
        }
        suffixes
    }

    /// How many labels the name has, without the root.
    pub(crate) fn labels(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The suffix without the first so many labels.
    pub(crate) fn name(&self, skip: usize) -> NameRef<'n> {
        let start = self.starts.get(skip).map_or(usize::MAX, |start| usize::from(*start));
        self.wire.get(start..).map_or(NameRef::ROOT, NameRef)
    }

    /// Its hash; none of a name that is too deep to be there.
    #[inline]
    pub(crate) fn hash(&self, skip: usize) -> Option<u64> {
        self.hashes.get(self.labels().checked_sub(skip)?).copied()
    }

    /// The hash of `*.` below a suffix (RFC 4592).
    pub(crate) fn wildcard_hash(&self, skip: usize) -> u64 {
        mix(self.hash(skip).unwrap_or(0), &[1, b'*'], 0, 2)
    }
}

/// Adds the wire's octets from `start` to `end`, a label with its length.
#[inline]
fn mix(mut hash: u64, wire: &[u8], start: usize, end: usize) -> u64 {
    let mut at = start;
    while at < end {
        let left = end - at;
        let word = match wire.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(word) => u64::from_le_bytes(*word),
            None => last_word(wire.get(at..).unwrap_or_default()),
        };
        // Octets behind the label are not its own.
        let own = if left < WORD_OCTETS { word & ((1 << (8 * left)) - 1) } else { word };
        let wide = u128::from(hash ^ own ^ 0x2d35_8dcc_aa6c_78a5) * u128::from(FACTOR);
        hash = low(wide) ^ low(wide >> 64);
        at += WORD_OCTETS;
    }
    hash
}

#[expect(clippy::cast_possible_truncation, reason = "the other half is taken by another call")]
fn low(wide: u128) -> u64 {
    wide as u64
}

/// The octets of a wire's end, zeros behind them.
fn last_word(octets: &[u8]) -> u64 {
    octets.iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;

    #[test]
    fn each_suffix_hashes_as_if_alone() {
        let name: Name = "a.bc.averylonglabelindeed-of-more-than-eight.example.org".parse().unwrap();
        let suffixes = Suffixes::of(name.borrowed(), 7, LABELS_MAX);
        assert_eq!(suffixes.labels(), 5);
        for (skip, suffix) in name.borrowed().suffixes().enumerate() {
            assert_eq!(suffixes.name(skip), suffix);
            assert_eq!(suffixes.hash(skip), Some(hash_of(suffix, 7)), "{suffix}");
            let copy = suffix.to_name();
            assert_eq!(suffixes.hash(skip), Some(hash_of(copy.borrowed(), 7)), "{suffix}");
        }
        assert_ne!(hash_of(name.borrowed(), 7), hash_of(name.borrowed(), 8));
        let wildcard: Name = "*.example.org".parse().unwrap();
        assert_eq!(suffixes.wildcard_hash(3), hash_of(wildcard.borrowed(), 7));
    }

    #[test]
    fn names_that_differ_a_little_hash_apart() {
        let mut seen = alloc::collections::BTreeSet::new();
        for i in 0..20_000 {
            let name: Name = alloc::format!("n{i}.glb.example").parse().unwrap();
            let swapped: Name = alloc::format!("{i}.n.glb.example").parse().unwrap();
            assert!(seen.insert(hash_of(name.borrowed(), 1)) && seen.insert(hash_of(swapped.borrowed(), 1)));
        }
        // The upper bits, which choose the branch, are spread.
        let mut branches = [0_u32; 64];
        for hash in seen {
            branches[usize::try_from(hash >> 58).unwrap()] += 1;
        }
        assert!(branches.iter().all(|count| (500..750).contains(count)), "{branches:?}");
    }

    #[test]
    fn the_longest_names_have_room() {
        let name: Name = "a.".repeat(127).parse().unwrap();
        let suffixes = Suffixes::of(name.borrowed(), 3, LABELS_MAX);
        assert_eq!(suffixes.labels(), 127);
        assert_eq!(suffixes.hash(127), Some(3));
        assert!(suffixes.name(127).is_root());
        let shallow = Suffixes::of(name.borrowed(), 3, 4);
        assert_eq!((shallow.hash(122), shallow.hash(0)), (None, None));
        assert_eq!(shallow.hash(123), suffixes.hash(123));
    }
}
