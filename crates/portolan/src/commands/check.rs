//! `portolan check`: every fault at once, each with its place.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use portolan_core::{Problem, Reason};

use super::outcome::Outcome;
use crate::config::here;
use crate::config::said::Said;
use crate::logs::plain;
use crate::source;

/// True of what is served all the same and only looks like a mistake.
#[must_use]
pub fn is_warning(problem: &Problem) -> bool {
    matches!(problem.reason, Reason::TargetSuspect | Reason::NoZone | Reason::Silent | Reason::Incomplete)
}

/// Prints what is wrong with the configuration and with the fleet folder that it names.
///
/// # Errors
/// When the folder cannot be read, or nothing can be written.
pub fn check(said: &Said, out: &mut dyn Write) -> Result<Outcome> {
    let mut problems = match said.settle() {
        Ok(config) => here::faults(said, &config),
        Err(faults) => faults,
    };
    let mut seen = String::new();
    if let Some(folder) = said.text("fleet") {
        let engine = source::load(Path::new(folder))?;
        problems.extend(engine.problems());
        let fleet = engine.fleet();
        let counts =
            [(fleet.clusters.len(), "cluster"), (fleet.names.len(), "name"), (fleet.zones.len(), "zone")];
        seen = format!(" in {}", counts.map(|(number, what)| count(number, what)).join(", "));
    }
    for problem in &problems {
        print_problem(problem, out)?;
    }
    let warnings = problems.iter().filter(|problem| is_warning(problem)).count();
    let faults = problems.len() - warnings;
    writeln!(out, "{}, {}{seen}", count(faults, "fault"), count(warnings, "warning"))?;
    Ok(if faults > 0 { Outcome::Faults } else { Outcome::Fine })
}

/// One problem, as compilers write them: place, severity, object and field, value and rule. What a message
/// says in further lines (a manifest to paste) stands further right.
///
/// # Errors
/// When it cannot be written.
pub fn print_problem(problem: &Problem, out: &mut dyn Write) -> Result<()> {
    let severity = if is_warning(problem) { "warning" } else { "fault" };
    if !problem.place.is_empty() {
        write!(out, "{}: ", plain(&problem.place))?;
    }
    let mut lines = problem.message.lines();
    let first = lines.next().unwrap_or_default();
    writeln!(out, "{severity}: {}: {} [{}]", plain(&problem.subject), plain(first), problem.reason)?;
    for line in lines {
        writeln!(out, "    {}", plain(line))?;
    }
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
