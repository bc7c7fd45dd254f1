//! The bits of a word: members, depths.

/// The numbers of the bits that are set, ascending.
pub(crate) struct Bits(pub(crate) u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let lowest = usize::try_from(self.0.trailing_zeros()).ok()?;
        self.0 &= self.0.checked_sub(1)?;
        Some(lowest)
    }
}

impl DoubleEndedIterator for Bits {
    #[inline]
    fn next_back(&mut self) -> Option<usize> {
        let highest = self.0.checked_ilog2()?;
        self.0 &= !(1 << highest);
        usize::try_from(highest).ok()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::Bits;

    #[test]
    fn bits_are_found_from_both_ends() {
        for set in [&[][..], &[0], &[63], &[0, 5, 62, 63]] {
            let word = set.iter().fold(0, |word, bit| word | 1 << bit);
            assert_eq!(Bits(word).collect::<Vec<_>>(), set);
            assert!(Bits(word).rev().eq(set.iter().rev().copied()));
        }
    }
}
