//! `portolan check`: every fault at once, each with its place.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use portolan_core::{Fleet, Problem, Reason};

use super::outcome::Outcome;
use crate::config::here;
use crate::config::said::Said;
use crate::logs::plain;
use crate::problem;
use crate::source;

mod places;

/// True of what is served all the same and only looks like a mistake.
#[must_use]
pub fn is_warning(problem: &Problem) -> bool {
    matches!(problem.reason, Reason::TargetSuspect | Reason::NoZone | Reason::Silent | Reason::Incomplete)
}

/// Prints what is wrong with the configuration and with the fleet folder that it names.
///
/// # Errors
/// When nothing can be written.
pub fn check(said: &Said, out: &mut dyn Write) -> Result<Outcome> {
    let mut problems = match said.settle() {
        Ok(config) => here::faults(said, &config),
        Err(faults) => faults,
    };
    let mut seen = String::new();
    if let Some(folder) = said.text("fleet").map(Path::new) {
        match source::load(folder) {
            Ok(engine) => {
                problems.extend(places::exact(folder, engine.problems()));
                seen = format!(" in {}", counts(engine.fleet()));
            }
            Err(problem) => problems.push(problem),
        }
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
    write!(out, "{severity}: ")?;
    if let Some(subject) = problem::subject(&problem.place, &problem.subject) {
        write!(out, "{}: ", plain(subject))?;
    }
    writeln!(out, "{} [{}]", plain(first), problem.reason)?;
    for line in lines {
        writeln!(out, "    {}", plain(line))?;
    }
    Ok(())
}

fn counts(fleet: &Fleet) -> String {
    let counts =
        [(fleet.clusters.len(), "cluster"), (fleet.names.len(), "name"), (fleet.zones.len(), "zone")];
    counts.map(|(number, what)| count(number, what)).join(", ")
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
