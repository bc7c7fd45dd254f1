//! What is not here: one loud line each, or a failure where everything must be.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::part::Part;

/// Set to anything, it makes what is missing a failure: CI sets it, because a comparison with nobody proves
/// nothing.
pub const REQUIRE_REAL: &str = "PORTOLAN_REQUIRE_REAL";

/// Lines that were said; a test binary says each once.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A part's program; none, after one loud line, when it is not to be had.
///
/// # Panics
/// When it is not to be had and [`REQUIRE_REAL`] is set.
#[must_use]
pub fn program(part: &Part) -> Option<PathBuf> {
    let found = part.find();
    if found.is_none() {
        let version = part.module.version();
        pass_over(&format!(
            "no {} {version} (`cargo xtask setup` builds it): {} do not run",
            part.name, part.without
        ));
    }
    found
}

/// Says loudly, once, that something is passed over.
///
/// # Panics
/// When [`REQUIRE_REAL`] is set.
pub fn pass_over(what: &str) {
    assert!(std::env::var_os(REQUIRE_REAL).is_none(), "{what}, and {REQUIRE_REAL} is set");
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(what.to_owned()) {
        // Not `eprintln!`, which the test harness keeps to itself when the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
    }
}
