//! A histogram of times that never grows: each doubling has 32 buckets, so that a percentile is within
//! 3 % of the truth whatever the number of samples.

use std::time::Duration;

/// Buckets per doubling, as a power of two.
const STEP_BITS: u32 = 5;
/// Buckets per doubling.
const STEPS: usize = 1 << STEP_BITS;
/// Doublings of a nanosecond that are told apart: up to 1.2 hours.
const DOUBLINGS: usize = 42;

/// Counts by time.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; DOUBLINGS * STEPS], total: 0 }
    }
}

impl Histogram {
    /// Counts a time.
    pub(super) fn add(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = bucket(nanos).min(self.counts.len() - 1);
        self.counts[bucket] += 1;
        self.total += 1;
    }

    /// True when nothing was counted.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Counts all that another has counted.
    pub(super) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// The time that this share of all does not pass, as the upper end of its bucket; zero for none.
    pub(super) fn quantile(&self, share: f64) -> Duration {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(end(bucket));
            }
        }
        Duration::ZERO
    }
}

/// The bucket of a time: exact below [`STEPS`], then by its highest bits.
fn bucket(nanos: u64) -> usize {
    if nanos < STEPS as u64 {
        return nanos as usize;
    }
    let shift = nanos.ilog2() - STEP_BITS;
    (shift as usize) * STEPS + (nanos >> shift) as usize
}

/// The last time of a bucket.
fn end(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let shift = (bucket / STEPS - 1) as u32;
    (((bucket % STEPS + STEPS) as u64 + 1) << shift) - 1
}

#[cfg(test)]
mod tests;
