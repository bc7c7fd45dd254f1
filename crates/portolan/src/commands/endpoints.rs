//! `portolan endpoints`: the fleet as `DNSEndpoint` objects.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use portolan_kube::sources::Options;

use super::check::{is_warning, places, print_problem};
use super::outcome::Outcome;

/// Prints the objects, sorted: the same bytes for the same folder. What is wrong with it goes to `err`: whoever
/// applies the objects must know that some may be missing.
///
/// # Errors
/// When the folder cannot be read, or nothing can be written.
pub fn endpoints(
    folder: &Path,
    sources: &Arc<Options>,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Outcome> {
    let engine = super::read(folder, &[], sources)?;
    let objects = engine.endpoints();
    let text = if json {
        portolan_kube::endpoints::json(&objects)
    } else {
        portolan_kube::endpoints::yaml(&objects)
    };
    out.write_all(text.as_bytes())?;
    let problems = places::exact(folder, engine.problems());
    for problem in &problems {
        print_problem(problem, err)?;
    }
    Ok(if problems.iter().all(is_warning) { Outcome::Fine } else { Outcome::Faults })
}
