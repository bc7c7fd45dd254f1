//! Chance: seeds drawn once a process, from the operating system by way of std's hasher.

use std::hash::{BuildHasher as _, RandomState};

/// A number that nobody can foresee.
#[must_use]
pub(crate) fn draw() -> u64 {
    RandomState::new().hash_one(0_u8)
}
