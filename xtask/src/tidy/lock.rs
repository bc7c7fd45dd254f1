//! Crates that must not even be locked: other TLS than rustls with ring, and C code that it brings.
//!
//! `cargo deny` has the same list. It stands here too because it is checked in milliseconds, without
//! cargo-deny, and in the fuzz targets' own workspace.

use super::Finding;
use super::tree::Tree;

const BANNED: &[&str] = &["aws-lc-sys", "openssl-sys", "native-tls"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with("Cargo.lock")) {
        for (number, line) in (1..).zip(text.lines()) {
            let name = line.strip_prefix("name = \"").and_then(|rest| rest.strip_suffix('"'));
            if let Some(name) = name.filter(|name| BANNED.contains(name)) {
                findings.push(Finding::at(path, number, format!("{name} must not be below us")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
