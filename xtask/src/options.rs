//! The values of options, read alike for every command.

use anyhow::{Context, Result};

/// The value of a numeric option.
///
/// # Errors
/// When it is no whole number, with the option's name.
pub(crate) fn number(option: &str, value: &str) -> Result<u32> {
    value.parse().with_context(|| format!("{option}: {value:?} must be a whole number from 0"))
}
