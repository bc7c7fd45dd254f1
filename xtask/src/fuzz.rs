//! The fuzz targets, and which of them need to run again.
//!
//! A target that has passed leaves a marker in cargo's target folder: a hash of all that it is made
//! of. The smoke run of `ci` passes over a target whose marker still fits, so a fresh clone runs all
//! of them, and a second run with nothing changed none.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use anyhow::{Context, Result};
use portolan_testbed::part;

use crate::command::{cargo, output, program, root, run};
use crate::parts;
use crate::program::target_dir;
use crate::tidy::Tree;

/// How long each target runs in `soak`.
pub(crate) const SOAK_SECONDS: u32 = 60;
/// Names the commit of the release before.
const BEFORE: &str = "PORTOLAN_BEFORE";
/// How long each changed target runs in `ci`.
const SMOKE_SECONDS: u32 = 10;
/// Cases of each property in `soak`; proptest's own default is 256.
const SOAK_CASES: &str = "4096";
/// One input that takes longer is a finding.
const INPUT_SECONDS_MAX: u32 = 5;
/// More memory than this is a finding.
const MEMORY_MIB_MAX: u32 = 2048;

/// One fuzz target: `fuzz/fuzz_targets/<name>.rs`, or `<name>/main.rs` and what stands beside it.
struct Target {
    name: &'static str,
    /// The crates of ours that it runs.
    crates: &'static [&'static str],
    /// A folder with good inputs to begin with.
    seeds: &'static str,
    /// The longest input that is made up.
    input_bytes_max: u32,
}

const TARGETS: &[Target] = &[
    Target {
        name: "question",
        crates: &["portolan-core", "portolan-wire"],
        seeds: "fuzz/seeds/question",
        input_bytes_max: 1_500,
    },
    Target { name: "name", crates: &["portolan-core"], seeds: "fuzz/seeds/name", input_bytes_max: 600 },
    Target {
        name: "manifest",
        crates: &["portolan-core", "portolan-kube"],
        seeds: "examples",
        input_bytes_max: 8_192,
    },
    Target {
        name: "zone_file",
        crates: &["portolan-core", "portolan-zonefile"],
        seeds: "fuzz/seeds/zone_file",
        input_bytes_max: 4_096,
    },
];

/// Runs the targets that changed since they last passed, for `ci`.
///
/// # Errors
/// When one finds something or does not build.
pub(crate) fn smoke() -> Result<()> {
    let tree = Tree::read(&root())?;
    for target in TARGETS {
        let marker = target_dir()?.join("fuzz-passed").join(target.name);
        let fingerprint = target.fingerprint(&tree);
        if std::fs::read_to_string(&marker).is_ok_and(|passed| passed == fingerprint) {
            println!("fuzz: {} has not changed since it passed", target.name);
            continue;
        }
        target.run(SMOKE_SECONDS)?;
        mark(&marker, &fingerprint)?;
    }
    Ok(())
}

/// Builds every target, so that a run after it need not.
///
/// # Errors
/// When one does not build.
pub(crate) fn build() -> Result<()> {
    run(cargo(&["fuzz", "build", "--fuzz-dir", "fuzz"]).env("RUSTC_BOOTSTRAP", "1"))
}

/// `cargo xtask soak`: every target for so long, then every test with many more cases.
///
/// # Errors
/// When one finds something.
pub(crate) fn soak(seconds: u32) -> Result<()> {
    for target in TARGETS {
        target.run(seconds)?;
    }
    println!("soak: the tests, {SOAK_CASES} cases of each property");
    run(cargo(&["test", "--locked", "--workspace"]).env("PROPTEST_CASES", SOAK_CASES))?;
    parts::provide(&part::KUBE_APISERVER_OLDEST)?;
    println!("soak: the tests against real API servers, on the oldest Kubernetes");
    let tests = ["test", "--locked", "-p", "portolan", "--test", "clusters", "--test", "real"];
    run(cargo(&tests).env(part::OLDEST, "1"))?;
    println!("soak: the chain with External-DNS at its default interval, without events");
    let story = ["test", "--locked", "-p", "portolan", "--test", "chain", "story"];
    run(cargo(&story).env(part::AT_ITS_DEFAULTS, "1"))?;
    println!("soak: a fleet at length, and beside the release before");
    let before = release_before()?;
    let fleet = ["test", "--locked", "-p", "portolan", "--test", "fleet", "--", "--nocapture"];
    run(cargo(&fleet).env(part::FLEET_AT_LENGTH, "1").env(part::RELEASE_BEFORE, before))
}

/// The program of the release before: of the commit that [`BEFORE`] names, else of the last tag, else of the commit before this
/// one. Its sources are checked out beside what is built, and it is built once.
fn release_before() -> Result<PathBuf> {
    let git = |args: &[&str]| output(&mut program("git", args));
    let named = std::env::var(BEFORE).or_else(|_| git(&["describe", "--tags", "--abbrev=0"]));
    let named = named.unwrap_or_else(|_| "HEAD^".to_owned());
    let commit = git(&["rev-parse", "--verify", &format!("{}^{{commit}}", named.trim())])?;
    let sources = target_dir()?.join("release-before").join(commit.trim());
    let (manifest, target) = (sources.join("Cargo.toml"), sources.join("target"));
    if !manifest.exists() {
        git(&["worktree", "prune"])?;
        git(&["worktree", "add", "--detach", &sources.display().to_string(), commit.trim()])?;
    }
    println!("soak: the program of {}", commit.trim());
    let manifest = manifest.display().to_string();
    let build = ["build", "--locked", "-p", "portolan", "--bin", "portolan", "--manifest-path", &manifest];
    run(cargo(&build).env("CARGO_TARGET_DIR", &target))?;
    Ok(target.join("debug").join("portolan"))
}

impl Target {
    fn run(&self, seconds: u32) -> Result<()> {
        println!("fuzz: {} for {seconds} s", self.name);
        let manifest = "fuzz/Cargo.toml";
        // cargo-fuzz cannot be told --locked, so the lock is proved fresh before it.
        output(&mut cargo(&["metadata", "--locked", "--format-version", "1", "--manifest-path", manifest]))?;
        let corpus = format!("fuzz/corpus/{}", self.name);
        std::fs::create_dir_all(root().join(&corpus)).with_context(|| corpus.clone())?;
        let limits = [
            format!("-max_total_time={seconds}"),
            format!("-max_len={}", self.input_bytes_max),
            format!("-timeout={INPUT_SECONDS_MAX}"),
            format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
            "-print_final_stats=1".to_owned(),
            "-verbosity=0".to_owned(),
        ];
        let mut args = vec!["fuzz", "run", "--fuzz-dir", "fuzz", self.name, &corpus];
        if root().join(self.seeds).is_dir() {
            args.push(self.seeds);
        }
        args.push("--");
        args.extend(limits.iter().map(String::as_str));
        // The instrumentation is a nightly option; this lets the one toolchain take it.
        run(cargo(&args).env("RUSTC_BOOTSTRAP", "1"))
    }

    /// A hash of every file that the target is made of.
    fn fingerprint(&self, tree: &Tree) -> String {
        let own = [".rs", "/"].map(|end| format!("fuzz/fuzz_targets/{}{end}", self.name));
        let shared = ["fuzz/Cargo.toml", "fuzz/Cargo.lock"].map(str::to_owned);
        let crates = self.crates.iter().map(|name| format!("crates/{name}/"));
        let parts: Vec<String> = crates.chain(own).chain(shared).collect();
        let mut hasher = DefaultHasher::new();
        for file in tree.texts().filter(|(path, _)| parts.iter().any(|part| path.starts_with(part))) {
            file.hash(&mut hasher);
        }
        format!("{:016x}", hasher.finish())
    }
}

fn mark(marker: &PathBuf, fingerprint: &str) -> Result<()> {
    let folder = marker.parent().context("a marker stands in a folder")?;
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    std::fs::write(marker, fingerprint).with_context(|| marker.display().to_string())
}

#[cfg(test)]
mod tests;
