//! A file of callgrind's, as far as it is needed: the sum, and the calls of allocators.
//!
//! ```text
//!   fn=portolan_serve::tcp::answer      the function that the lines below are of
//!   cfn=malloc                          it calls this one,
//!   calls=12 0                          so many times;
//!   0 840                               what that cost comes after it
//!   totals: 4711
//! ```
//!
//! Names must be written out (`--compress-strings=no`).

use anyhow::{Context, Result};

/// What is read of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    /// Instructions.
    pub(super) instructions: u64,
    /// Calls for memory, from outside the allocator.
    pub(super) allocations: u64,
}

/// Functions of the C library (and so of Rust's system allocator) that give memory.
const ALLOCATORS: &[&str] =
    &["malloc", "calloc", "realloc", "reallocarray", "posix_memalign", "aligned_alloc", "memalign"];

impl Profile {
    /// # Errors
    /// When it has no sum, or a number is none.
    pub(super) fn read(text: &str) -> Result<Self> {
        let (mut profile, mut total) = (Self::default(), None);
        let (mut caller, mut called) = ("", "");
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                caller = name;
            } else if let Some(name) = line.strip_prefix("cfn=") {
                called = name;
            } else if let Some(calls) = line.strip_prefix("calls=") {
                if gives_memory(called) && !gives_memory(caller) {
                    profile.allocations += number(calls, line)?;
                }
            } else if let Some(sum) = line.strip_prefix("totals: ") {
                total = Some(number(sum, line)?);
            }
        }
        profile.instructions = total.context("it has no line `totals:`; is it whole?")?;
        Ok(profile)
    }
}

/// True of the doors of an allocator: the C library's, mimalloc's (`mi_malloc_aligned`) and jemalloc's.
fn gives_memory(function: &str) -> bool {
    // The same function of another version, or seen through another library: `malloc@@GLIBC_2.2.5`, `malloc'2`.
    let name = function.split(['@', '\'']).next().unwrap_or(function);
    let of_mimalloc = name.strip_prefix("mi_").is_some_and(|rest| rest.contains("alloc"));
    let of_jemalloc = name.strip_prefix("je_").is_some_and(|rest| ALLOCATORS.contains(&rest));
    ALLOCATORS.contains(&name) || of_mimalloc || of_jemalloc
}

/// The first number of a line.
fn number(text: &str, line: &str) -> Result<u64> {
    let first = text.split_whitespace().next().unwrap_or_default();
    first.parse().with_context(|| format!("{line:?}: {first:?} is no number"))
}

#[cfg(test)]
mod tests;
