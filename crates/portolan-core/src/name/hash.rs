//! The suffixes of a name, and their hashes.
//!
//! A question's name is looked up whole, and by some of its ancestors: for its zone, for a delegation, and
//! when it is not there, for its closest encloser. Where each begins is found once; hashes are made of
//! those that are looked for. Names that strangers ask for are hashed, so it begins with a secret of the
//! process; each step takes eight octets, multiplies to 128 bits and folds them (as foldhash does).

use crate::name::{LABELS_MAX, NameRef};

/// An odd number without pattern: the fraction of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// Octets that one step takes.
const WORD_OCTETS: usize = 8;

/// The hash of a name.
#[must_use]
#[inline]
pub(crate) fn hash_of(name: NameRef<'_>, seed: u64) -> u64 {
    let wire = name.as_wire();
    let (words, rest) = wire.as_chunks::<WORD_OCTETS>();
    let hash = words.iter().fold(seed, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    if rest.is_empty() {
        return hash;
    }
    // The last octets of the name, those of the words before them shifted out.
    let last = match wire.last_chunk() {
        Some(word) => u64::from_le_bytes(*word) >> (8 * (WORD_OCTETS - rest.len())),
        None => rest.iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet)),
    };
    mix(hash, last)
}

#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    let wide = u128::from(hash ^ word ^ 0x2d35_8dcc_aa6c_78a5) * u128::from(FACTOR);
    low(wide) ^ low(wide >> 64)
}

#[expect(clippy::cast_possible_truncation, reason = "the other half is taken by another call")]
fn low(wide: u128) -> u64 {
    wide as u64
}

/// Where each suffix of a name begins. A suffix is told by how many labels it leaves out.
pub(crate) struct Suffixes<'n> {
    wire: &'n [u8],
    /// From the name itself to the root; what is behind means nothing.
    starts: [u8; LABELS_MAX + 1],
    /// Without the root.
    labels: usize,
    seed: u64,
    deepest: usize,
}

impl<'n> Suffixes<'n> {
    /// `deepest` is how many labels any name has that is looked for: what has more is not hashed, so that
    /// long names cost little.
    #[inline]
    pub(crate) fn of(name: NameRef<'n>, seed: u64, deepest: usize) -> Self {
        let wire = name.as_wire();
        let (mut starts, mut labels, mut at) = ([0; LABELS_MAX + 1], 0, 0_u8);
        // A name is whole and has no more labels than there is room for.
        while let (Some(&len @ 1..), Some(start)) = (wire.get(usize::from(at)), starts.get_mut(labels)) {
            *start = at;
            labels += 1;
            at = at.wrapping_add(len).wrapping_add(1);
        }
        if let Some(root) = starts.get_mut(labels) {
            *root = at;
        }
        Self { wire, starts, labels, seed, deepest }
    }

    /// How many labels the name has, without the root.
    #[inline]
    pub(crate) fn labels(&self) -> usize {
        self.labels
    }

    /// The suffix without the first so many labels.
    #[inline]
    pub(crate) fn name(&self, skip: usize) -> NameRef<'n> {
        let start = self.starts.get(skip).filter(|_| skip <= self.labels);
        let start = start.map_or(usize::MAX, |start| usize::from(*start));
        self.wire.get(start..).map_or(NameRef::ROOT, NameRef)
    }

    /// How many labels are to be left out at least to come to one that is not too deep to be there.
    #[inline]
    pub(crate) fn too_deep(&self) -> usize {
        self.labels.saturating_sub(self.deepest)
    }

    /// Its hash; none of a name that is too deep to be there.
    #[inline]
    pub(crate) fn hash(&self, skip: usize) -> Option<u64> {
        let depth = self.labels().checked_sub(skip)?;
        (depth <= self.deepest).then(|| hash_of(self.name(skip), self.seed))
    }
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
            let copy = suffix.to_name();
            assert_eq!(suffixes.hash(skip), Some(hash_of(copy.borrowed(), 7)), "{suffix}");
        }
        assert_ne!(hash_of(name.borrowed(), 7), hash_of(name.borrowed(), 8));
    }

    /// A name is hashed alike whatever stands before it, of each length behind the last whole word.
    #[test]
    fn lengths_are_all_alike() {
        for length in 1..40 {
            let name: Name = "x".repeat(length).parse().unwrap();
            let below = name.prepend("before").unwrap();
            let suffix = Suffixes::of(below.borrowed(), 1, LABELS_MAX);
            assert_eq!(suffix.hash(1), Some(hash_of(name.borrowed(), 1)), "{length}");
        }
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
        assert_eq!(suffixes.hash(127), Some(hash_of(NameRef::ROOT, 3)));
        assert!(suffixes.name(127).is_root());
        let shallow = Suffixes::of(name.borrowed(), 3, 4);
        assert_eq!((shallow.hash(122), shallow.hash(0)), (None, None));
        assert_eq!(shallow.hash(123), suffixes.hash(123));
    }
}
