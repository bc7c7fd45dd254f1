//! The steps of a whole check, their times, and the table at its end.
//!
//! Every step runs, also after one has failed: one run shows all that is wrong.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use portolan_testbed::part;

use crate::command::{cargo, program, run};
use crate::{bench, fuzz, parts, program as portolan, setup, tidy};

/// What a step is called, and what it does.
type Step = (&'static str, fn() -> Result<()>);

/// The scenarios and the property tests are part of `test`.
const STEPS: &[Step] = &[
    ("format", format),
    ("clippy", clippy),
    ("test", test_and_build_ahead),
    ("tidy", tidy::run),
    ("deny", deny),
    ("fuzz", fuzz::smoke),
    ("demo", demo),
    ("gate", gate),
];

/// Runs every step and prints a table of them.
///
/// # Errors
/// When a step failed.
fn run_list(steps: &[Step]) -> Result<()> {
    let mut table = String::new();
    let mut failed = Vec::new();
    for (name, step) in steps {
        println!("\n=== {name} ===");
        let start = Instant::now();
        let result = step();
        let seconds = start.elapsed().as_secs_f64();
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        table.push_str(&format!("{name:<8} {seconds:>7.1} s  {word}\n"));
        println!("=== {name}: {word} in {seconds:.1} s ===");
        if let Err(error) = result {
            eprintln!("{name}: {error:#}");
            failed.push(*name);
        }
    }
    println!("\n{table}");
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// `cargo xtask ci`.
///
/// # Errors
/// When a step failed.
pub(crate) fn run_ci(skip_test: bool) -> Result<()> {
    // What is missing is said here; the step that needs it fails, for what did not run has not passed.
    setup::provide(setup::Need::Checks);
    let steps: Vec<Step> =
        STEPS.iter().copied().filter(|(name, _)| !(skip_test && *name == "test")).collect();
    run_list(&steps)
}

/// Tests mostly wait, for servers and for clocks; so what the steps after them need is built meanwhile, out of their way.
fn test_and_build_ahead() -> Result<()> {
    run(&mut cargo(&["test", "--locked", "--workspace", "--no-run"]))?;
    let this = std::env::current_exe().context("this program has no path")?;
    let mut ahead = program("nice", &["-n", "19", &this.to_string_lossy(), "ahead"]);
    // What goes wrong is said by the step that needs it.
    let ahead = ahead.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let result = test();
    if let Ok(mut ahead) = ahead {
        ahead.wait().context("what is built ahead")?;
    }
    result
}

/// Builds what the steps after the tests need.
///
/// # Errors
/// When something does not build.
pub(crate) fn ahead() -> Result<()> {
    fuzz::build()?;
    bench::gate::build().map(drop)
}

/// `cargo xtask test`: sets up, runs every test of every crate, and says what was skipped.
///
/// # Errors
/// When a test failed.
pub(crate) fn test() -> Result<()> {
    let tools = setup::provide(setup::Need::Tests);
    let parts = parts::provide_each(part::OF_TESTS);
    let result = run(&mut cargo(&["test", "--locked", "--workspace"]));
    let skipped = tools.iter().map(|tool| tool.without).chain(parts.iter().map(|part| part.without));
    for without in skipped.collect::<BTreeSet<_>>() {
        println!("skipped: {without} (see `cargo xtask setup`)");
    }
    result
}

fn format() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    run(&mut cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Advisories are left out: somebody else's news must not stop our work, and they need a network.
fn deny() -> Result<()> {
    let what = ["bans", "licenses", "sources"];
    run(cargo(&["deny", "--locked", "check", "--hide-inclusion-graph"]).args(what))
}

fn demo() -> Result<()> {
    let portolan = portolan::build()?;
    run(&mut program(&portolan.to_string_lossy(), &["demo", "--once"]))
}

fn gate() -> Result<()> {
    bench::gate::run(false)
}

#[cfg(test)]
mod tests;
