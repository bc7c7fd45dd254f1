//! Where `portolan` is built, and with which flags.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command::{cargo, output, run};

/// The program as tests have it.
///
/// All targets of the whole workspace are built, because that is what `cargo test` builds: another
/// choice of packages would mean other features of shared dependencies, and everything built twice.
///
/// # Errors
/// When it does not build.
pub(crate) fn build() -> Result<PathBuf> {
    run(&mut cargo(&["build", "--quiet", "--locked", "--workspace", "--all-targets"]))?;
    built("debug")
}

/// The program as users have it.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_release() -> Result<PathBuf> {
    run(&mut cargo(&["build", "--release", "--locked", "--package", "portolan"]))?;
    built("release")
}

/// The folder that cargo builds in, whoever set it.
///
/// # Errors
/// When cargo does not say.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let text = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let folder = metadata.get("target_directory").and_then(Value::as_str);
    Ok(folder.context("cargo metadata names no target_directory")?.into())
}

fn built(profile: &str) -> Result<PathBuf> {
    let path = target_dir()?.join(profile).join("portolan");
    ensure!(path.is_file(), "{} is not there after the build", path.display());
    Ok(path)
}
