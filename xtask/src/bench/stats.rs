//! Medians and quartiles, and when two of them are a tie.

use std::fmt;

/// The middle of some figures, and the quarters around it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spread {
    /// A quarter of the figures is below.
    pub(super) low: f64,
    /// The median.
    pub(super) middle: f64,
    /// A quarter of the figures is above.
    pub(super) high: f64,
}

impl Spread {
    /// Of these figures; none when there are none.
    pub(super) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let at = |share| quantile(&figures, share);
        Some(Self { low: at(0.25)?, middle: at(0.5)?, high: at(0.75)? })
    }

    /// Overlapping quartiles: neither is said to be the smaller.
    pub(super) fn ties(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// `1.11 [1.01–1.15]`, with the precision that is asked for.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(f, "{:.digits$} [{:.digits$}–{:.digits$}]", self.middle, self.low, self.high)
    }
}

/// Between the two figures that the share falls between; none of none.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests;
