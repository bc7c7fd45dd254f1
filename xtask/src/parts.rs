//! Real parts that are built from source: `tools/PART/` holds a go.mod and a go.sum, nothing else.
//!
//! ```text
//!   KUBEBUILDER_ASSETS ──▶ PATH ──▶ the cache ──▶ `go build` into the cache
//!      the first that has a fitting version           only when none has
//! ```
//!
//! The cache is outside the checkout, by the hash of go.mod, so that a fresh clone on the same machine finds
//! what another has built. A part's version is what its go.mod requires, so it stands in one place.
//!
//! Only what is asked for is built: nothing in `ci` needs a part yet, the benchmark needs both.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::command::{program, root, run};

/// A real part.
#[derive(Debug)]
pub(crate) struct Part {
    /// The folder in `tools/`, and what the program is called.
    pub(crate) name: &'static str,
    /// The module in go.mod whose version is the part's, and the last part of whose path is what `go build`
    /// calls the program, but for a version.
    module: &'static str,
    /// How `go build` calls the program.
    built_as: &'static str,
    /// How it is asked for its version.
    version_flag: &'static str,
    /// What does not run without it.
    without: &'static str,
}

/// The store of the article's pair.
pub(crate) const ETCD: Part = Part {
    name: "etcd",
    module: "go.etcd.io/etcd/server/v3",
    built_as: "server",
    version_flag: "--version",
    without: "the comparison with CoreDNS and etcd",
};

/// The DNS server of the article's pair.
pub(crate) const COREDNS: Part = Part {
    name: "coredns",
    module: "github.com/coredns/coredns",
    built_as: "coredns",
    version_flag: "-version",
    without: "the comparison with CoreDNS",
};

const ALL: &[Part] = &[ETCD, COREDNS];

/// `cargo xtask tools`: finds or builds every part, and names the missing loudly.
///
/// # Errors
/// When one is missing and `require` is set.
pub(crate) fn provide(require: bool) -> Result<()> {
    let mut missing = 0;
    for part in ALL {
        match part.provide() {
            Ok(path) => println!("tools: {} {}", part.name, path.display()),
            Err(error) => {
                eprintln!("tools: MISSING {}: {} will not run: {error:#}", part.name, part.without);
                missing += 1;
            }
        }
    }
    ensure!(missing == 0 || !require, "{missing} real parts are missing, and they are required");
    Ok(())
}

impl Part {
    /// Where the program is; built when it is nowhere.
    ///
    /// # Errors
    /// When it is nowhere and cannot be built.
    pub(crate) fn provide(&self) -> Result<PathBuf> {
        let wanted = self.version()?;
        let found = candidates(self.name).chain([self.cached()?]).find(|path| self.fits(path, &wanted));
        match found {
            Some(path) => Ok(path),
            None => self.build(&wanted),
        }
    }

    /// The version that go.mod requires, without a `v`.
    ///
    /// # Errors
    /// When it requires none.
    pub(crate) fn version(&self) -> Result<String> {
        let path = self.folder().join("go.mod");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        required(&text, self.module)
            .with_context(|| format!("tools/{}/go.mod: no {}", self.name, self.module))
    }

    /// True of a program that says a version of the same series: another of its patches does as well.
    fn fits(&self, path: &Path, wanted: &str) -> bool {
        if !path.is_file() {
            return false;
        }
        let asked = Command::new(path).arg(self.version_flag).stdin(Stdio::null()).output();
        asked.is_ok_and(|said| says_series(&String::from_utf8_lossy(&said.stdout), wanted))
    }

    fn build(&self, wanted: &str) -> Result<PathBuf> {
        let go = Command::new("go").arg("version").stdin(Stdio::null()).stdout(Stdio::null()).status();
        ensure!(
            go.is_ok_and(|status| status.success()),
            "{} {wanted} is nowhere, and there is no Go",
            self.name
        );
        println!("tools: building {} {wanted} (a minute or two, once)", self.name);
        let path = self.cached()?;
        let folder = path.parent().context("the cache is a folder")?;
        // Built beside its place and moved there whole: who looks meanwhile finds nothing or all of it.
        let building = folder.with_extension(format!("{}.building", std::process::id()));
        let output = format!("{}/", building.display());
        fs::create_dir_all(&building).with_context(|| output.clone())?;
        let args = ["build", "-trimpath", "-ldflags", "-s -w", "-o", &output, "tool"];
        let built = run(program("go", &args).current_dir(self.folder()));
        let moved = built.and_then(|()| {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            fs::rename(building.join(self.built_as), &path).with_context(|| path.display().to_string())
        });
        fs::remove_dir_all(&building).with_context(|| output)?;
        moved?;
        if !self.fits(&path, wanted) {
            bail!("{} does not say that it is {wanted}", path.display());
        }
        Ok(path)
    }

    fn folder(&self) -> PathBuf {
        root().join("tools").join(self.name)
    }

    /// Where it stands in the cache, there or not.
    fn cached(&self) -> Result<PathBuf> {
        let path = self.folder().join("go.mod");
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Ok(cache()?.join(format!("{}-{:016x}", self.name, hasher.finish())).join(self.name))
    }
}

/// Where a program may be that somebody else has put there.
fn candidates(name: &str) -> impl Iterator<Item = PathBuf> {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = assets.into_iter().chain(std::env::split_paths(&path)).collect();
    folders.into_iter().map(move |folder| folder.join(name))
}

fn cache() -> Result<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Ok(base.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?.join("portolan-tools"))
}

/// The version of a module that go.mod requires.
fn required(go_mod: &str, module: &str) -> Option<String> {
    let mut words = go_mod.lines().map(|line| line.trim().trim_start_matches("require ").split_whitespace());
    words.find_map(|mut words| {
        (words.next() == Some(module))
            .then(|| words.next())?
            .map(|version| version.trim_start_matches('v').to_owned())
    })
}

/// True when a text says a version whose first two numbers are the wanted ones, such as `etcd Version: 3.7.3`.
fn says_series(said: &str, wanted: &str) -> bool {
    let series = |version: &str| -> Option<(u32, u32)> {
        let mut numbers = version.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    };
    let words = said.split(|c: char| c.is_whitespace() || c == '-' || c == 'v');
    series(wanted).is_some_and(|wanted| words.filter_map(series).next() == Some(wanted))
}

#[cfg(test)]
mod tests;
