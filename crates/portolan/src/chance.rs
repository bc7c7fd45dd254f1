//! Chance: seeds drawn once a process, from the operating system by way of std's hasher.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// A number that nobody can foresee.
#[must_use]
pub(crate) fn draw() -> u64 {
    RandomState::new().hash_one(0_u8)
}

/// Some part of a time, from nothing to nearly all of it.
#[must_use]
pub(crate) fn part_of(most: Duration) -> Duration {
    most.mul_f64((draw() % 1024) as f64 / 1024.0)
}
