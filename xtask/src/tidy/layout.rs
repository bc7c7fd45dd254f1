//! No file of Rust that nothing compiles, and no file that is a drawer.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{Tree, code};

/// Folders of a package in which cargo looks for Rust.
const SOURCE_FOLDERS: &[&str] = &["src", "tests", "examples", "benches", "fuzz_targets"];

/// Names that say nothing of what is inside, and the one that hides a module's name.
const DRAWERS: &[&str] = &["util", "utils", "common", "helpers", "types", "manager", "misc", "mod"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = orphans(tree);
    for (path, _) in tree.rust() {
        let stem = path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs"));
        if stem.is_some_and(|stem| DRAWERS.contains(&stem)) {
            findings.push(Finding::new(path, "is named like a drawer; name it for what it holds"));
        }
    }
    findings
}

/// Files below a package's source folders that no `mod` line leads to.
fn orphans(tree: &Tree) -> Vec<Finding> {
    let packages = tree.texts().filter_map(|(path, _)| path.strip_suffix("Cargo.toml"));
    let (mut sources, mut reached) = (BTreeSet::new(), BTreeSet::new());
    for package in packages {
        for folder in SOURCE_FOLDERS {
            let folder = format!("{package}{folder}/");
            let below = |(path, _): (&'_ str, _)| path.strip_prefix(&folder).map(str::to_owned);
            for name in tree.rust().filter_map(below) {
                let path = format!("{folder}{name}");
                if is_root(&folder, &name) {
                    reach(tree, &path, true, &mut reached);
                }
                sources.insert(path);
            }
        }
    }
    sources
        .difference(&reached)
        .map(|path| Finding::new(path, "is an orphan: no `mod` line names it"))
        .collect()
}

/// True of the files that cargo finds by itself.
fn is_root(folder: &str, name: &str) -> bool {
    let main = |name: &str| name.strip_suffix("/main.rs").is_some_and(|above| !above.contains('/'));
    if folder.ends_with("/src/") || folder == "src/" {
        let binary = name.strip_prefix("bin/");
        return name == "lib.rs" || name == "main.rs" || binary.is_some_and(|b| !b.contains('/') || main(b));
    }
    !name.contains('/') || main(name)
}

/// Notes a file and all that its `mod` lines lead to.
fn reach(tree: &Tree, path: &str, is_root: bool, reached: &mut BTreeSet<String>) {
    let Some(text) = tree.text(path) else { return };
    if !reached.insert(path.to_owned()) {
        return;
    }
    // A root's modules stand beside it, another file's in the folder of its name.
    let own_folder = path.trim_end_matches(".rs");
    let folder = match path.rsplit_once('/') {
        Some((folder, _)) if is_root => folder,
        _ => own_folder,
    };
    for name in text.lines().filter_map(module_name) {
        reach(tree, &format!("{folder}/{name}.rs"), false, reached);
    }
}

/// The name in `mod name;`, whatever its visibility.
fn module_name(line: &str) -> Option<&str> {
    let (before, after) = code(line).trim().strip_suffix(';')?.split_once("mod ")?;
    let visible =
        before.is_empty() || before == "pub " || before.starts_with("pub(") && before.ends_with(") ");
    visible.then_some(after)
}

#[cfg(test)]
mod tests;
