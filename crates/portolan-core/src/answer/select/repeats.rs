//! Picks from a pool in which several members offer the same record, which may stand once in an answer (RFC 2181
//! section 5).
//!
//! Such a pool may have thousands of records, nearly all of them the same, so what was met is kept as bits: a
//! record costs one look at them, whatever was taken before.

use arrayvec::ArrayVec;

use super::{Candidates, Place, fill, push, shuffle};
use crate::answer::Answer;
use crate::draw::Draw;
use crate::geo::MASK_BITS;
use crate::policy::Pick;
use crate::zone::POOL_RECORDS_MAX;

/// Words of a bit for each record that a pool may have.
const WORDS: usize = POOL_RECORDS_MAX.div_ceil(MASK_BITS);

impl<'a> Place<'a, '_> {
    /// Picks records, each with the same data as others once. `firsts` has of each record the first like it.
    #[inline(never)]
    pub(super) fn pick_once_each(
        &self,
        firsts: &[u16],
        pick: Pick,
        candidates: &Candidates,
        draw: &mut Draw,
        answer: &mut Answer<'a>,
    ) {
        let start = answer.picks.len();
        let mut met = Met::none_of(firsts);
        match pick {
            Pick::All => {
                fill(self.records_of(candidates).filter(|record| met.note(*record)), draw, answer);
                shuffle(answer.picks.get_mut(start..).unwrap_or_default(), draw);
            }
            Pick::First(count) => {
                let each = self.records_of(candidates).filter(|record| met.note(*record));
                each.take(usize::from(count)).for_each(|record| push(record, answer));
            }
            Pick::Weighted(count) => {
                for nth in 0..count {
                    let drawn = self.draw_one(candidates, draw, nth == 0, |record| met.has(record));
                    let Some(record) = drawn else { break };
                    met.note(record);
                    push(record, answer);
                }
            }
        }
    }
}

/// Which records of a pool were met, or others with the same data.
struct Met<'f> {
    firsts: &'f [u16],
    words: ArrayVec<u64, WORDS>,
}

impl<'f> Met<'f> {
    fn none_of(firsts: &'f [u16]) -> Self {
        let words = firsts.len().div_ceil(MASK_BITS).min(WORDS);
        Self { firsts, words: core::iter::repeat_n(0, words).collect() }
    }

    /// Where a record's bit is: that of the first like it.
    fn bit(&self, record: u16) -> (usize, u64) {
        let first = usize::from(self.firsts.get(usize::from(record)).copied().unwrap_or(record));
        (first / MASK_BITS, 1 << (first % MASK_BITS))
    }

    /// True when the record, or one like it, was met.
    fn has(&self, record: u16) -> bool {
        let (word, bit) = self.bit(record);
        self.words.get(word).is_none_or(|word| word & bit != 0)
    }

    /// Notes a record; true when it is the first of its kind.
    fn note(&mut self, record: u16) -> bool {
        let is_new = !self.has(record);
        let (word, bit) = self.bit(record);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
        is_new
    }
}
