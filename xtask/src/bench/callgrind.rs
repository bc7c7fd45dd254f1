//! Instructions and allocations of any program, counted by callgrind while it runs.
//!
//! ```text
//!   start under valgrind, not counting ──▶ switch on ──▶ warm up ──▶ zero ──▶ work ──▶ dump ──▶ read
//!                                                                      └──── as often as wanted ────┘
//! ```
//!
//! Counts repeat where times do not: they know nothing of other processes, clock speeds or caches. The
//! price is that they see user space alone, and that a program runs some fifty times slower meanwhile.
//!
//! Valgrind is spoken to by `vgdb` through files in a folder of ours, so that nobody else's run is touched;
//! a server that forks has one such file a process, and all of them are counted.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use profile::Profile;

mod profile;

/// How the files begin that vgdb speaks through.
const PREFIX: &str = "vgdb";
/// How the files begin that counts are written to.
const OUT: &str = "counts";
/// The last part of the name of one of vgdb's files, after the process' number.
const SHARED: &str = "-shared-mem-vgdb-";

/// What some work cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    /// Instructions in user space.
    pub(super) instructions: u64,
    /// Calls of the allocator for memory.
    pub(super) allocations: u64,
}

/// The command that runs a program under callgrind; its files go to `folder`, which is to be its own.
///
/// Nothing is counted before [`Counter::switch_on`], so a start costs a few times more than without.
pub(super) fn wrapped(program: &Command, folder: &Path) -> Command {
    let mut command = valgrind(folder);
    command.arg("--instr-atstart=no");
    with_program(&mut command, program);
    command
}

/// As [`wrapped`], counting each call of one function apart: see [`calls_of`].
pub(super) fn wrapped_around(function: &str, program: &Command, folder: &Path) -> Command {
    let mut command = valgrind(folder);
    // The dumps are told by the exact name; a pattern does not match there.
    command.arg(format!("--toggle-collect={function}")).arg(format!("--dump-after={function}"));
    with_program(&mut command, program);
    command
}

/// What each call cost, in their order, after a program ran that was [`wrapped_around`] a function.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn calls_of(folder: &Path) -> Result<Vec<Cost>> {
    let number = |path: PathBuf| Some((path.extension()?.to_str()?.parse().ok()?, path));
    let mut parts: Vec<(u64, PathBuf)> = dumps(folder)?.into_iter().filter_map(number).collect();
    parts.sort();
    parts.iter().map(|(_, path)| read(path)).collect()
}

/// Counts what the processes of a folder do.
pub(super) struct Counter {
    folder: PathBuf,
}

impl Counter {
    /// Begins to count. The program must have started to serve, so that all its processes are there.
    ///
    /// # Errors
    /// When no process is found, or vgdb cannot speak to one.
    pub(super) fn switch_on(folder: &Path) -> Result<Self> {
        let counter = Self { folder: folder.to_owned() };
        ensure!(!counter.processes()?.is_empty(), "no process runs under valgrind in {}", folder.display());
        counter.tell(&["instrumentation", "on"])?;
        Ok(counter)
    }

    /// Does some work and counts what the processes did meanwhile.
    ///
    /// # Errors
    /// When the work fails, or vgdb does.
    pub(super) fn count<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, Cost)> {
        self.tell(&["zero"])?;
        for path in dumps(&self.folder)? {
            std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        let done = work()?;
        self.tell(&["dump"])?;
        let mut sum = Cost::default();
        for path in dumps(&self.folder)? {
            let Cost { instructions, allocations } = read(&path)?;
            sum.instructions += instructions;
            sum.allocations += allocations;
        }
        ensure!(sum.instructions > 0, "callgrind counted nothing");
        Ok((done, sum))
    }

    fn tell(&self, words: &[&str]) -> Result<()> {
        for process in self.processes()? {
            let mut command = Command::new("vgdb");
            command.arg(format!("--vgdb-prefix={}", self.folder.join(PREFIX).display()));
            command.arg(format!("--pid={process}")).args(words).stdin(Stdio::null());
            let done = command.output().context("cannot start vgdb, which comes with valgrind")?;
            let said = String::from_utf8_lossy(&done.stderr);
            ensure!(done.status.success(), "vgdb {} to {process}: {}", words.join(" "), said.trim());
        }
        Ok(())
    }

    /// The numbers of the processes that vgdb can speak to.
    fn processes(&self) -> Result<Vec<u32>> {
        let names = names(&self.folder)?;
        let number = |name: &String| {
            let (_, rest) = name.split_once(SHARED)?;
            rest.split_once('-')?.0.parse().ok()
        };
        Ok(names.iter().filter_map(number).collect())
    }
}

fn valgrind(folder: &Path) -> Command {
    let mut command = Command::new("valgrind");
    let path = |name: &str| folder.join(name).display().to_string();
    command.args(["--tool=callgrind", "--quiet", "--trace-children=yes", "--compress-strings=no"]);
    command.arg(format!("--log-file={}", path("valgrind.%p")));
    command.arg(format!("--vgdb-prefix={}", path(PREFIX)));
    command.arg(format!("--callgrind-out-file={}", path(&format!("{OUT}.%p"))));
    command
}

fn with_program(command: &mut Command, program: &Command) {
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// The files that counts were dumped to: `counts.PROCESS.NUMBER`. One without a number is made empty at
/// the start of a process and written at its end; of that nothing is wanted.
fn dumps(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_dump = |name: &String| name.strip_prefix(OUT).is_some_and(|rest| rest.matches('.').count() == 2);
    Ok(names(folder)?.into_iter().filter(is_dump).map(|name| folder.join(name)).collect())
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn read(path: &Path) -> Result<Cost> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let profile = Profile::read(&text).with_context(|| path.display().to_string())?;
    Ok(Cost { instructions: profile.instructions, allocations: profile.allocations })
}

#[cfg(test)]
mod tests;
