//! Shares of a weighted pick, drawn in one step however many there are.
//!
//! Walker's alias method, as Vose builds it: each member has a place of equal size, and what of the place
//! it does not fill itself belongs to one other. A draw names a place and a height in it. Members that
//! must not be drawn now (down, of another tier) are drawn and put back, which keeps the shares of the
//! others as they are.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::draw::Draw;

/// The shares of some members.
#[derive(Debug)]
pub(crate) struct Odds {
    places: Box<[Place]>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// Of 2^32: below it the draw is the place's own member.
    own: u64,
    other: u16,
}

/// One whole place.
const WHOLE: u64 = 1 << 32;

impl Odds {
    /// None when all weights are zero.
    pub(crate) fn new(weights: &[u32]) -> Option<Self> {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        let count = u128::try_from(weights.len()).ok()?;
        if total == 0 {
            return None;
        }
        // What each fills, in units of which a place has `total`.
        let mut fills: Vec<u128> = weights.iter().map(|weight| u128::from(*weight) * count).collect();
        let (mut less, mut more): (Vec<usize>, Vec<usize>) =
            (0..fills.len()).partition(|at| fills.get(*at).is_some_and(|fill| *fill < total));
        let mut places = vec![Place { own: WHOLE, other: 0 }; weights.len()];
        while let (Some(small), Some(large)) = (less.pop(), more.last().copied()) {
            let fill = fills.get(small).copied().unwrap_or(0);
            if let Some(place) = places.get_mut(small) {
                let own = u64::try_from(fill * u128::from(WHOLE) / total).unwrap_or(WHOLE);
                *place = Place { own, other: u16::try_from(large).unwrap_or(0) };
            }
            let Some(rest) = fills.get_mut(large) else { break };
            *rest -= total - fill;
            if *rest < total {
                more.pop();
                less.push(large);
            }
        }
        Some(Self { places: places.into() })
    }

    /// Draws one member.
    #[inline]
    pub(crate) fn draw(&self, draw: &mut Draw) -> usize {
        let number = draw.number();
        let places = u64::try_from(self.places.len()).unwrap_or(1);
        let at = usize::try_from(((number >> 32) * places) >> 32).unwrap_or(0);
        match self.places.get(at) {
            Some(place) if number & (WHOLE - 1) >= place.own => usize::from(place.other),
            _ => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_weights() {
        for weights in [&[1, 2, 3, 4][..], &[0, 5, 0, 5], &[1], &[1_000_000, 1, 1], &[7; 100]] {
            let odds = Odds::new(weights).unwrap();
            let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
            let mut draw = Draw(3);
            let mut seen = vec![0_u64; weights.len()];
            let draws = 200_000;
            (0..draws).for_each(|_| seen[odds.draw(&mut draw)] += 1);
            for (seen, weight) in seen.iter().zip(weights) {
                let expected = draws * u64::from(*weight) / total;
                assert!(seen.abs_diff(expected) <= 60 + expected / 20, "{weights:?}: {seen} of {expected}");
                assert!(*weight > 0 || *seen == 0, "{weights:?}");
            }
        }
        assert!(Odds::new(&[0, 0]).is_none());
    }
}
