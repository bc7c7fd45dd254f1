//! Generated files are what the program prints.

use anyhow::Result;

use super::{Finding, Tree};
use crate::codegen;

/// Which of them are not what the program prints today.
///
/// # Errors
/// When the program does not build or does not print one of them.
pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let printed = codegen::printed()?;
    Ok(printed.iter().filter_map(|(path, text)| compare(path, tree.text(path), text)).collect())
}

fn compare(path: &str, kept: Option<&str>, printed: &str) -> Option<Finding> {
    let Some(kept) = kept else {
        return Some(Finding::new(path, "is not there; `cargo xtask codegen` writes it"));
    };
    let line = 1 + kept.lines().zip(printed.lines()).take_while(|(a, b)| a == b).count();
    (kept != printed)
        .then(|| Finding::at(path, line, "is not what the program prints; `cargo xtask codegen` rewrites it"))
}

#[cfg(test)]
mod tests;
