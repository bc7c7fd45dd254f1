//! `portolan check`: every fault at once, each with its place.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use portolan_core::{ClusterName, Problem, Reason};

use super::outcome::Outcome;
use crate::config::said::Said;
use crate::config::value::fault;
use crate::config::{RunConfig, here};
use crate::engine::Engine;
use crate::logs::plain;
use crate::problem;
use crate::source;
use crate::{clock, clusters};

pub(super) mod places;

/// What this does not look at.
const UNREAD: &str = "; what API servers have is not read here: `portolan cluster check` looks at rights, `portolan status` \
                      tells what is wrong with objects";

/// True of what is served all the same and only looks like a mistake.
#[must_use]
pub fn is_warning(problem: &Problem) -> bool {
    matches!(
        problem.reason,
        Reason::TargetSuspect | Reason::NoZone | Reason::Silent | Reason::Incomplete | Reason::Disagreement
    )
}

/// Prints what is wrong with the configuration and with the fleet folder that it names.
///
/// # Errors
/// When nothing can be written.
pub fn check(said: &Said, out: &mut dyn Write) -> Result<Outcome> {
    let mut unread = "";
    let (mut problems, files) = match said.settle() {
        Ok(config) => {
            let mut problems = here::faults(said, &config);
            if config.kubeconfig.is_some() || config.in_cluster.is_some() {
                problems.extend(contexts(said, &config));
                unread = UNREAD;
            }
            (problems, config.zones)
        }
        Err(faults) => (faults, Vec::new()),
    };
    let mut engine = None;
    let folder = said.text("fleet").map(Path::new);
    match folder.map(|folder| source::load(folder, &said.sources())) {
        Some(Ok(read)) => engine = Some(read),
        Some(Err(problem)) => problems.push(problem),
        None => {}
    }
    if !files.is_empty() {
        super::read_zone_files(engine.get_or_insert_with(|| Engine::new(clock::now())), &files);
    }
    let seen = engine.as_ref().map_or(String::new(), |engine| format!(" in {}", counts(engine)));
    if let Some(engine) = engine {
        problems.extend(places::exact(folder.unwrap_or(Path::new("")), engine.problems()));
    }
    for problem in &problems {
        print_problem(problem, out)?;
    }
    let warnings = problems.iter().filter(|problem| is_warning(problem)).count();
    let faults = problems.len() - warnings;
    writeln!(out, "{}, {}{seen}{unread}", count(faults, "fault"), count(warnings, "warning"))?;
    Ok(if faults > 0 { Outcome::Faults } else { Outcome::Fine })
}

/// What is wrong with the contexts that are named, and with the hub; no API server is asked.
fn contexts(said: &Said, config: &RunConfig) -> Option<Problem> {
    let wrong = |key: &str, why: String| {
        let place = said.values.get(key).map_or(String::new(), |value| value.source.to_string());
        fault(key, Reason::Invalid, why, &place)
    };
    let contexts = match config.kubeconfig.as_deref() {
        None => Vec::new(),
        Some(file) => match clusters::read(file, &config.contexts) {
            Err(why) => return Some(wrong("kubeconfig", format!("{} {why}", file.display()))),
            Ok(contexts) => contexts,
        },
    };
    let own = config.in_cluster.as_deref().map(ClusterName::from);
    let (key, why) =
        clusters::hub(&contexts, own.as_ref(), (config.topology, config.hub.as_deref())).err()?;
    Some(wrong(key, why))
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

/// What was read, counted as `status` does: zones of files are zones.
fn counts(engine: &Engine) -> String {
    let (fleet, zones) = (engine.fleet(), engine.snapshot().zones().count());
    let counts = [(fleet.clusters.len(), "cluster"), (fleet.names.len(), "name"), (zones, "zone")];
    counts.map(|(number, what)| count(number, what)).join(", ")
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
