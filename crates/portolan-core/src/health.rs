//! Verdicts: one bit per offer of a name, one bit per cluster.
//!
//! They are all of a snapshot that changes in place (DESIGN section 8): readiness flips and drains
//! are one atomic store each, however many names are behind them, and cost no new snapshot. A
//! reader copies the bits once for one answer ([`Up`]), so that a flip comes before or after the answer
//! and never between two looks of one: every combination of bits is a legal state of the world.

use arrayvec::ArrayVec;
use core::sync::atomic::{AtomicU64, Ordering};
use triomphe::ThinArc;

use crate::fleet::ENDPOINTS_MAX;

/// Bits of UP or DOWN, by index; UP is 1. Most names have few offers: the first word needs no other place.
#[derive(Debug)]
pub struct Verdicts {
    first: AtomicU64,
    /// Thin, as hardly any name has it: eight octets where a boxed slice has sixteen.
    more: Option<ThinArc<(), AtomicU64>>,
}

impl Verdicts {
    /// So many, all UP.
    #[must_use]
    pub fn all_up(count: usize) -> Self {
        let word = || AtomicU64::new(u64::MAX);
        let more = (1..count.div_ceil(64)).map(|_| word());
        let more = (more.len() > 0).then(|| ThinArc::from_header_and_iter((), more));
        Self { first: word(), more }
    }

    /// One for each, UP or not.
    pub(crate) fn new(ups: impl ExactSizeIterator<Item = bool>) -> Self {
        let all = Self::all_up(ups.len());
        for (index, _) in ups.enumerate().filter(|(_, up)| !up) {
            all.set(index, false);
        }
        all
    }

    /// Sets one; out of range does nothing. True when that was a change.
    pub fn set(&self, index: usize, up: bool) -> bool {
        let Some(word) = self.word(index / 64) else {
            return false;
        };
        let bit = 1 << (index % 64);
        let before =
            if up { word.fetch_or(bit, Ordering::Relaxed) } else { word.fetch_and(!bit, Ordering::Relaxed) };
        (before & bit != 0) != up
    }

    /// A copy of the first [`ENDPOINTS_MAX`], for one answer.
    #[must_use]
    #[inline]
    pub fn read(&self) -> Up {
        let mut up = Up { words: ArrayVec::new() };
        let words = core::iter::once(&self.first).chain(self.more()).take(WORDS);
        for word in words {
            let _ = up.words.try_push(word.load(Ordering::Relaxed));
        }
        up
    }

    /// Reads one; out of range is UP, as UNKNOWN never counts as DOWN.
    #[must_use]
    pub fn is_up(&self, index: usize) -> bool {
        let Some(word) = self.word(index / 64) else {
            return true;
        };
        word.load(Ordering::Relaxed) & (1 << (index % 64)) != 0
    }

    #[inline]
    fn more(&self) -> &[AtomicU64] {
        self.more.as_ref().map_or(&[], |more| &more.slice)
    }

    fn word(&self, index: usize) -> Option<&AtomicU64> {
        match index.checked_sub(1) {
            None => Some(&self.first),
            Some(index) => self.more().get(index),
        }
    }
}

/// Words that hold a bit for each offer that a name may have.
pub(crate) const WORDS: usize = ENDPOINTS_MAX.div_ceil(64);

/// Which offers of a name are up, as one answer saw it. Bits behind the last word are UP.
#[derive(Clone, Debug)]
pub struct Up {
    words: ArrayVec<u64, WORDS>,
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
    #[inline]
    pub(crate) fn any_of(&self, count: usize) -> bool {
        masks(count).zip(&self.words).any(|(mask, word)| word & mask != 0)
    }

    /// True when all of the first so many are.
    #[inline]
    pub(crate) fn all_of(&self, count: usize) -> bool {
        masks(count).zip(&self.words).all(|(mask, word)| word & mask == mask)
    }

    /// Its bits, 64 a word.
    #[inline]
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Those of these offers, in this order.
    pub(crate) fn of(&self, offers: impl Iterator<Item = usize>) -> Self {
        let mut some = Self { words: ArrayVec::new() };
        for (at, offer) in offers.enumerate().take(ENDPOINTS_MAX) {
            if at % 64 == 0 {
                let _ = some.words.try_push(0);
            }
            if let Some(word) = some.words.last_mut().filter(|_| self.is_up(offer)) {
                *word |= 1 << (at % 64);
            }
        }
        some
    }
}

/// The bits of the first so many, 64 a word.
#[inline]
fn masks(count: usize) -> impl Iterator<Item = u64> {
    (0..count.div_ceil(64)).map(move |word| match count - word * 64 {
        left @ ..64 => (1 << left) - 1,
        _ => u64::MAX,
    })
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
        let up = verdicts.read();
        assert!(up.any_of(1) && !up.any_of(0));
    }

    #[test]
    fn any_of_looks_no_further_than_it_is_told() {
        let verdicts = Verdicts::all_up(200);
        assert_eq!((0..130).filter(|offer| verdicts.set(*offer, false)).count(), 130);
        let up = verdicts.read();
        for (count, any) in [(1, false), (64, false), (128, false), (130, false), (131, true), (192, true)] {
            assert_eq!(up.any_of(count), any, "{count}");
        }
        let some = up.of([129, 130, 3].into_iter());
        assert_eq!((some.is_up(0), some.is_up(1), some.is_up(2)), (false, true, false));
    }
}
