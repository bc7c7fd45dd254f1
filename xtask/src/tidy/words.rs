//! No word that says «unfinished», and no path of one machine, in any file.

use super::Finding;
use super::tree::Tree;

/// Each word in two parts, so that this file does not break its own rule, and what is wrong with it.
const BANNED: &[(&str, &str, &str)] = &[
    ("to", "do!", "finish it"),
    ("unimple", "mented!", "finish it"),
    ("FIX", "ME", "mend it, or make it an issue"),
    ("#[ign", "ore", "a test that does not run is no test"),
    ("/wo", "rk/", "a path of one machine"),
    ("/ro", "ot/", "a path of one machine"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (first, second, why) in BANNED {
        let word = format!("{first}{second}");
        for (path, text) in tree.texts() {
            let lines = (1..).zip(text.lines()).filter(|(_, line)| line.contains(&word));
            findings.extend(lines.map(|(line, _)| Finding::at(path, line, format!("{word}: {why}"))));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
