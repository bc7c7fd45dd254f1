//! How long files and functions are, with a ratchet for what is longer already.
//!
//! `cargo fmt` has passed when this matters, so a function needs no parser: it begins at a line with
//! `fn` and ends at the first later line that is its own indent and `}`. Every line counts, comments too.
//!
//! The ratchet is `xtask/ratchet.txt`: a path (and `::function`) and a count of lines. What is in it
//! may stay as it is and may shrink, never grow; its line must follow it down, and go in the end.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::Tree;

/// The length that a file should have at most.
pub(super) const FILE_LINES_AIM: usize = 300;
/// The length that a file may have at most.
const FILE_LINES_MAX: usize = 600;
/// The length that a function may have at most.
const FUNCTION_LINES_MAX: usize = 70;
/// Where exceptions stand.
const RATCHET: &str = "xtask/ratchet.txt";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut ratchet = read_ratchet(tree.text(RATCHET).unwrap_or_default(), &mut findings);
    for (path, text) in tree.rust() {
        let lines = text.lines().count();
        findings.extend(judge(&mut ratchet, path, path, lines, FILE_LINES_MAX));
        for function in functions(text) {
            let key = format!("{path}::{}", function.name);
            let place = format!("{path}:{}", function.line);
            findings.extend(judge(&mut ratchet, &key, &place, function.lines, FUNCTION_LINES_MAX));
        }
    }
    // What is left over names something that is gone or short enough.
    findings.extend(
        ratchet.keys().map(|key| Finding::new(RATCHET, format!("{key} needs no exception any more"))),
    );
    findings
}

/// How many files are longer than one should be.
pub(super) fn long_files(tree: &Tree) -> usize {
    tree.rust().filter(|(_, text)| text.lines().count() > FILE_LINES_AIM).count()
}

fn read_ratchet<'a>(text: &'a str, findings: &mut Vec<Finding>) -> BTreeMap<&'a str, usize> {
    let mut ratchet = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.rsplit_once(' ').and_then(|(key, count)| Some((key, count.parse().ok()?))) {
            Some((key, count)) => drop(ratchet.insert(key, count)),
            None => findings.push(Finding::at(RATCHET, number, "is not `path[::function] lines`")),
        }
    }
    ratchet
}

/// Compares one length with its limit, or with its exception, which is then taken out.
fn judge(
    ratchet: &mut BTreeMap<&str, usize>,
    key: &str,
    place: &str,
    lines: usize,
    max: usize,
) -> Option<Finding> {
    if lines <= max {
        return None;
    }
    match ratchet.remove(key) {
        None => Some(Finding::new(place, format!("{lines} lines, and at most {max} are allowed"))),
        Some(kept) if lines > kept => Some(Finding::new(place, format!("grew from {kept} to {lines} lines"))),
        Some(kept) if lines < kept => Some(Finding::new(
            RATCHET,
            format!("{key} is down to {lines} lines; write that instead of {kept}"),
        )),
        Some(_) => None,
    }
}

struct Function<'a> {
    name: &'a str,
    /// Where it begins, counted from 1.
    line: usize,
    lines: usize,
}

/// The functions of a formatted file that have more than one line.
fn functions(text: &str) -> Vec<Function<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let begun = (0..).zip(&lines).filter_map(|(at, line)| Some((at, line, function_name(line)?)));
    begun
        .filter_map(|(at, line, name): (usize, _, _)| {
            let indent = line.len() - line.trim_start().len();
            let end = lines.iter().skip(at).position(|line| ends_function(line, indent))?;
            Some(Function { name, line: at + 1, lines: end + 1 })
        })
        .collect()
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let qualifiers = ["pub", "const", "async", "unsafe", "extern", "\"C\"", "default"];
    let is_qualifier =
        |word: &str| qualifiers.contains(&word) || word.starts_with("pub(") || word == "super)";
    before.split_whitespace().all(is_qualifier).then_some(())?;
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    after.get(..end).filter(|name| !name.is_empty())
}

/// True of the last line of a function that began with this indent: its brace, a body on the same
/// line, or the end of a signature without a body.
fn ends_function(line: &str, indent: usize) -> bool {
    let own = line.len() - line.trim_start().len() == indent && !line.trim().is_empty();
    own && (line.trim() == "}" || line.ends_with(';') || line.ends_with(" }") || line.ends_with("{}"))
}

#[cfg(test)]
mod tests;
