//! Every file of `scenarios/`, run through the core alone and through a loopback server.
//!
//! A scenario is commands, a line `----`, and what they print, up to an empty line; then the next such
//! block. Both ways must print what stands there. `REWRITE=1` writes what they print into the files:
//! commit that only if you understand it.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a scenario that is wrong ends its test")]

mod command;
mod commands;
mod reply;
mod script;
mod way;
mod world;

use std::path::{Path, PathBuf};

use script::Script;
use way::Way;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
/// How many scenarios run at once.
const THREADS: usize = 8;

#[test]
fn scenarios() {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(files.len() >= 40, "only {} scenarios in {FOLDER}", files.len());
    let failures = failures(&files);
    assert!(failures.is_empty(), "{} scenarios differ:\n\n{}", failures.len(), failures.join("\n"));
}

/// Runs all files, several at once, as ending a server is mostly waiting.
fn failures(files: &[PathBuf]) -> Vec<String> {
    let run = |files: &[PathBuf]| files.iter().filter_map(|path| failure(path)).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            files.chunks(files.len().div_ceil(THREADS)).map(|part| scope.spawn(move || run(part))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("the scenario above is wrong")).collect()
    })
}

/// Runs one file both ways; says what differs.
fn failure(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let script = Script::parse(&path.file_name().unwrap().to_string_lossy(), &text);
    let server = commands::run(&script, Way::server());
    let core = commands::run(&script, Way::core());
    if let Some(difference) = script.difference("core alone", &script.with(&server), &core) {
        return Some(format!("the two ways differ: {difference}"));
    }
    if std::env::var_os("REWRITE").is_some() {
        std::fs::write(path, script.with(&server).to_string()).unwrap();
        return None;
    }
    script.difference("server", &script, &server)
}
