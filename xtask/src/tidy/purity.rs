//! Pure crates: no clock, no random source, no file and no socket in their code.
//!
//! `no_std` lets the compiler check core and wire; their files are read as well, because a test
//! brings `std` back. The Kubernetes types need `std`, so there only reading helps.

use super::Finding;
use super::tree::{Tree, code, has_word, is_test};

/// Crates that the compiler itself keeps from `std`.
const WITHOUT_STD: &[&str] = &["portolan-core", "portolan-wire"];

/// Crates whose code is read for doors to the outside.
const PURE: &[&str] = &["portolan-core", "portolan-wire", "portolan-kube", "portolan-zonefile"];

/// The doors.
const DOORS: &[&str] = &[
    "std::time",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "rand::random",
    "rand::rng",
    "use rand",
    "getrandom",
    "RandomState",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = WITHOUT_STD.iter().filter_map(|name| has_std(tree, name)).collect();
    for name in PURE {
        let folder = format!("crates/{name}/src/");
        for (path, text) in tree.rust().filter(|(path, _)| path.starts_with(&folder) && !is_test(path)) {
            findings.extend(doors(path, text));
        }
    }
    findings
}

fn has_std(tree: &Tree, name: &str) -> Option<Finding> {
    let path = format!("crates/{name}/src/lib.rs");
    let says = tree.text(&path)?.lines().any(|line| line.trim() == "#![no_std]");
    (!says).then(|| Finding::new(&path, "must say #![no_std]"))
}

fn doors(path: &str, text: &str) -> Vec<Finding> {
    let lines = (1..).zip(text.lines());
    lines
        .flat_map(|(line, text)| {
            let found = DOORS.iter().filter(move |door| has_word(code(text), door));
            found.map(move |door| Finding::at(path, line, format!("{door} has no place in a pure crate")))
        })
        .collect()
}

#[cfg(test)]
mod tests;
