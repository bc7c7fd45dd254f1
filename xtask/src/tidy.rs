//! What holds of the tree of files, as tests that read it.
//!
//! Each rule is a function from a [`Tree`] (or cargo's graph) to [`Finding`]s, so that a rule's own
//! tests are a few lines of made-up files. Nothing here changes a file.

use std::fmt;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{cargo, output, root};

pub(crate) use tree::Tree;

mod fresh;
mod imports;
mod layout;
mod lock;
mod papers;
mod purity;
mod sizes;
mod tree;
mod words;

/// A rule that looks at files alone.
type Rule = fn(&Tree) -> Vec<Finding>;

/// Those rules, by what they are called.
const RULES: &[(&str, Rule)] = &[
    ("pure crates", purity::check),
    ("sizes", sizes::check),
    ("layout", layout::check),
    ("words", words::check),
    ("papers", papers::check),
    ("lock", lock::check),
];

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A path, and a line where there is one; or a crate.
    place: String,
    /// What it breaks.
    rule: String,
}

impl Finding {
    /// A finding about a whole file or crate.
    pub(crate) fn new(place: &str, rule: impl Into<String>) -> Self {
        Self { place: place.into(), rule: rule.into() }
    }

    /// A finding at a line, counted from 1.
    pub(crate) fn at(path: &str, line: usize, rule: impl Into<String>) -> Self {
        Self { place: format!("{path}:{line}"), rule: rule.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.rule)
    }
}

/// `cargo xtask tidy`.
///
/// # Errors
/// When there is a finding, or a rule cannot be checked.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&root())?;
    let mut count = report("imports", &imports::check(&graph()?));
    for (name, rule) in RULES {
        count += report(name, &rule(&tree));
    }
    // Last, because it builds the program, which may fail.
    let stale = fresh::check(&tree);
    count += report("generated files", &stale.unwrap_or_else(|error| vec![cannot_print(&error)]));
    let long = sizes::long_files(&tree);
    println!("tidy: {} files, {long} of Rust over the {} lines to aim at", tree.len(), sizes::FILE_LINES_AIM);
    if count > 0 {
        bail!("{count} things to mend");
    }
    Ok(())
}

fn report(rule: &str, findings: &[Finding]) -> usize {
    println!("tidy: {rule:<16} {}", if findings.is_empty() { "ok" } else { "FAILED" });
    for finding in findings {
        println!("  {finding}");
    }
    findings.len()
}

fn cannot_print(error: &anyhow::Error) -> Finding {
    Finding::new("portolan", format!("{error:#}"))
}

/// Who depends on whom, as cargo resolved it for this machine.
fn graph() -> Result<imports::Graph> {
    let version = output(&mut cargo(&["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("cargo names no host")?;
    // Without the filter cargo would download every crate of every other platform.
    let args = ["metadata", "--locked", "--format-version", "1", "--filter-platform", host];
    let metadata: Value = serde_json::from_str(&output(&mut cargo(&args))?).context("cargo metadata")?;
    let graph = imports::Graph::from_metadata(&metadata);
    let mut graph = graph.context("cargo metadata has not the form that we know")?;
    for name in graph.names() {
        let tree = ["tree", "--locked", "--package", &name, "--edges", "normal", "--prefix", "none"];
        graph.set_reach(&name, &output(&mut cargo(&tree))?);
    }
    Ok(graph)
}
