//! The machine that figures come from: what is printed with them, and the core that the client has.

use std::fs;

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::command::{output, program};

/// Cores that we may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A folder that goes with its value. A run that was cut short leaves it behind: its name tells whose it
/// is, so that it can be removed without touching anyone else's.
///
/// # Errors
/// When it cannot be made.
pub(super) fn folder() -> Result<tempfile::TempDir> {
    let prefix = format!("portolan-bench-{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir().context("a temporary folder")
}

/// The core of a subject with one worker.
pub(super) const SERVER_CORE: &str = "0";

/// Keeps this thread, which is the client, on the last core.
///
/// # Errors
/// When the kernel refuses.
pub(super) fn pin_client(cores: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cores - 1).context("a core's number")?;
    sched_setaffinity(Pid::from_raw(0), &set).context("the client's core")
}

/// Model, cores, memory and kernel, as one line of text.
pub(super) fn describe(cores: usize) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model = field(&cpu, "model name").unwrap_or("unknown processor");
    let kib: u64 = field(&memory, "MemTotal").and_then(|v| v.split(' ').next()?.parse().ok()).unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{model}, {cores} cores, {} GiB of memory, Linux {}, loopback", kib >> 20, kernel.trim())
}

/// The date, by UTC.
pub(super) fn date() -> String {
    output(&mut program("date", &["-u", "+%F %H:%M UTC"]))
        .map_or_else(|_| "unknown date".to_owned(), |t| t.trim().to_owned())
}

/// `KEY : VALUE` of a file in /proc; the first such line counts.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests;
