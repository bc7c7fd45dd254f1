//! Verdicts: one bit per offer of a name, one bit per cluster.
//!
//! They are all of a snapshot that changes in place (DESIGN section 8): readiness flips and drains
//! are one atomic store each, however many names are behind them, and cost no new snapshot. A
//! reader sees a bit before or after the flip, never a broken answer: every combination of bits is
//! a legal state of the world.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};

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

    /// Reads one; out of range is UP, as UNKNOWN never counts as DOWN.
    #[must_use]
    pub fn is_up(&self, index: usize) -> bool {
        let Some(word) = self.words.get(index / 64) else {
            return true;
        };
        word.load(Ordering::Relaxed) & (1 << (index % 64)) != 0
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
