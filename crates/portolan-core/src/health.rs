//! Verdicts: one bit per offer of a name, one bit per cluster.
//!
//! They are all of a snapshot that changes in place (DESIGN section 8): readiness flips and drains
//! are one atomic store each, however many names are behind them, and cost no new snapshot. A
//! reader copies the bits once for one answer ([`Up`]), so that a flip comes before or after the answer
//! and never between two looks of one: every combination of bits is a legal state of the world.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::fleet::ENDPOINTS_MAX;

/// Bits of UP or DOWN, by index; UP is 1.
#[derive(Debug)]
pub struct Verdicts {
    words: Box<[AtomicU64]>,
}

impl Verdicts {
    /// So many, all UP.
    #[must_use]
    pub fn all_up(count: usize) -> Self {
        Self { words: (0..count.div_ceil(64)).map(|_| AtomicU64::new(u64::MAX)).collect() }
    }

    /// Sets one; out of range does nothing. True when that was a change.
    pub fn set(&self, index: usize, up: bool) -> bool {
        let Some(word) = self.words.get(index / 64) else {
            return false;
        };
        let bit = 1 << (index % 64);
        let before =
            if up { word.fetch_or(bit, Ordering::Relaxed) } else { word.fetch_and(!bit, Ordering::Relaxed) };
        (before & bit != 0) != up
    }

    /// A copy of the first [`ENDPOINTS_MAX`], for one answer.
    #[must_use]
    pub fn read(&self) -> Up {
        let mut up = Up { words: [u64::MAX; WORDS] };
        for (to, from) in up.words.iter_mut().zip(&self.words) {
            *to = from.load(Ordering::Relaxed);
        }
        up
    }

    /// Reads one; out of range is UP, as UNKNOWN never counts as DOWN.
    #[must_use]
    pub fn is_up(&self, index: usize) -> bool {
        let Some(word) = self.words.get(index / 64) else {
            return true;
        };
        word.load(Ordering::Relaxed) & (1 << (index % 64)) != 0
    }
}

/// Words that hold a bit for each offer that a name may have.
const WORDS: usize = ENDPOINTS_MAX.div_ceil(64);

/// Which offers of a name are up, as one answer saw it.
#[derive(Clone, Copy, Debug)]
pub struct Up {
    words: [u64; WORDS],
}

impl Up {
    /// True of an offer that is; out of range is UP.
    #[must_use]
    pub fn is_up(&self, offer: usize) -> bool {
        self.words.get(offer / 64).is_none_or(|word| word & (1 << (offer % 64)) != 0)
    }

    /// Takes one out.
    pub(crate) fn clear(&mut self, offer: usize) {
        if let Some(word) = self.words.get_mut(offer / 64) {
            *word &= !(1 << (offer % 64));
        }
    }

    /// True when any of the first so many is up.
    pub(crate) fn any_of(&self, count: usize) -> bool {
        (0..count).any(|offer| self.is_up(offer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_apart() {
        let verdicts = Verdicts::all_up(130);
        assert!(verdicts.set(129, false));
        assert!(!verdicts.set(129, false), "no change the second time");
        assert!(!verdicts.is_up(129) && verdicts.is_up(128) && verdicts.is_up(65));
        assert!(verdicts.set(129, true) && verdicts.is_up(129));
        assert!(!verdicts.set(10_000, false) && verdicts.is_up(10_000));
    }
}
