//! The files that the program prints and the repository keeps, so that they can be read without it.

use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{output, program, root};
use crate::program as portolan;
use crate::tidy::{Finding, Tree};

/// Each file, and the arguments with which `portolan` prints it.
const GENERATED: &[(&str, &[&str])] = &[
    ("crds/portolan.dev.yaml", &["crds"]),
    ("docs/reference/config.md", &["config", "docs"]),
    ("docs/reference/cli.md", &["cli-docs"]),
];

/// `cargo xtask codegen`.
///
/// # Errors
/// When the program does not build or does not print one of them, or a file cannot be written.
pub(crate) fn rewrite() -> Result<()> {
    let portolan = portolan::build()?;
    for (path, args) in GENERATED {
        let file = root().join(path);
        let folder = file.parent().context("a generated file stands in a folder")?;
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        std::fs::write(&file, print(&portolan, args)?).with_context(|| file.display().to_string())?;
        println!("codegen: {path}");
    }
    Ok(())
}

/// Which of them are not what the program prints today.
///
/// # Errors
/// When the program does not build or does not print one of them.
pub(crate) fn stale(tree: &Tree) -> Result<Vec<Finding>> {
    let portolan = portolan::build()?;
    let mut findings = Vec::new();
    for (path, args) in GENERATED {
        findings.extend(compare(path, tree.text(path), &print(&portolan, args)?));
    }
    Ok(findings)
}

fn print(portolan: &Path, args: &[&str]) -> Result<String> {
    output(&mut program(&portolan.to_string_lossy(), args))
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
