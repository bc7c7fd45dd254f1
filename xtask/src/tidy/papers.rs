//! Papers that stay true: the architecture's length and sentences, and links that lead somewhere.

use super::Finding;
use super::tree::Tree;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
/// A map that is longer is not read.
const ARCHITECTURE_LINES_MAX: usize = 300;
/// What the sentences are found by.
const INVARIANT: &str = "Architecture Invariant";
/// How many there must be: the design's own.
const INVARIANTS_MIN: usize = 12;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = architecture(tree.text(ARCHITECTURE));
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in links(text) {
            if !leads_somewhere(tree, path, target) {
                findings.push(Finding::at(path, line, format!("link to {target:?}, which is not there")));
            }
        }
    }
    findings
}

fn architecture(text: Option<&str>) -> Vec<Finding> {
    let Some(text) = text else {
        return vec![Finding::new(ARCHITECTURE, "is not there")];
    };
    let (lines, invariants) = (text.lines().count(), text.matches(INVARIANT).count());
    let long = format!("{lines} lines, and at most {ARCHITECTURE_LINES_MAX} are read");
    let few = format!("{invariants} sentences marked {INVARIANT:?}, and at least {INVARIANTS_MIN} hold");
    let found = [(lines > ARCHITECTURE_LINES_MAX, long), (invariants < INVARIANTS_MIN, few)];
    found.into_iter().filter(|(is, _)| *is).map(|(_, rule)| Finding::new(ARCHITECTURE, rule)).collect()
}

/// The targets of `[text](target)` and `[text]: target` with their lines, outside fenced code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        found.extend(inline.map(|target| (number, target)));
        if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            found.push((number, target.trim()));
        }
    }
    found
}

/// True of another site, of an anchor, and of a file or folder that is there.
fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
        return true;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." if parts.pop().is_none() => return false,
            ".." => {}
            part => parts.push(part),
        }
    }
    tree.has(&parts.join("/"))
}

#[cfg(test)]
mod tests;
