//! The files that the program prints and the repository keeps, so that they can be read without it.

use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{output, program, root};
use crate::program as portolan;

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
    for (path, text) in printed()? {
        let file = root().join(path);
        let folder = file.parent().context("a generated file stands in a folder")?;
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        std::fs::write(&file, text).with_context(|| file.display().to_string())?;
        println!("codegen: {path}");
    }
    Ok(())
}

/// The path of each, and what the program prints for it today.
///
/// # Errors
/// When the program does not build or does not print one of them.
pub(crate) fn printed() -> Result<Vec<(&'static str, String)>> {
    let portolan = portolan::build()?;
    GENERATED.iter().map(|(path, args)| Ok((*path, print(&portolan, args)?))).collect()
}

fn print(portolan: &Path, args: &[&str]) -> Result<String> {
    output(&mut program(&portolan.to_string_lossy(), args))
}
