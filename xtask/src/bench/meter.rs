//! What a subject costs, read from /proc: CPU time and memory of all its processes and threads.
//!
//! A thread's `schedstat` counts nanoseconds on a core; `stat` counts ticks of 10 ms, a process's with
//! the threads that ended, and tells user time from system time. Nanoseconds are preferred; where the
//! kernel has no `schedstat`, ticks stand in, and a round must be long enough for them.

use std::fs;
use std::ops::Sub;

use anyhow::{Context, Result};

/// Nanoseconds in a tick of /proc (USER_HZ is 100 on every Linux that we build for).
const TICK_NANOS: u64 = 10_000_000;

/// Ticks may be ahead of nanoseconds by so many.
const TICKS_OFF_MAX: u64 = 4;

/// CPU time, since the processes began or between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cpu {
    /// Nanoseconds by `schedstat`; none where the kernel does not keep it.
    pub(super) exact: Option<u64>,
    /// Nanoseconds in user mode, in whole ticks.
    pub(super) user: u64,
    /// Nanoseconds in the kernel, in whole ticks.
    pub(super) system: u64,
}

impl Cpu {
    /// Nanoseconds in all, as exactly as is known. What threads used that have ended since stands only in
    /// the ticks: where these say clearly more, they count.
    pub(super) fn nanos(&self) -> u64 {
        let ticks = self.user + self.system;
        self.exact.filter(|exact| ticks <= exact + exact / 20 + TICKS_OFF_MAX * TICK_NANOS).unwrap_or(ticks)
    }

    /// The share of it that was in user mode.
    pub(super) fn user_share(&self) -> f64 {
        self.user as f64 / (self.user + self.system).max(1) as f64
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            exact: self.exact.zip(before.exact).map(|(now, then)| now.saturating_sub(then)),
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
        }
    }
}

/// Resident memory, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// All pages, shared ones counted in each process.
    pub(super) rss: u64,
    /// Shared pages counted by their share.
    pub(super) pss: u64,
}

/// The CPU time of all processes of these groups.
///
/// # Errors
/// When /proc cannot be read.
pub(super) fn cpu(groups: &[i32]) -> Result<Cpu> {
    let mut sum = Cpu { exact: Some(0), user: 0, system: 0 };
    for process in processes(groups)? {
        sum.user += process.user_ticks * TICK_NANOS;
        sum.system += process.system_ticks * TICK_NANOS;
        sum.exact = sum.exact.zip(exact_nanos(process.id)).map(|(a, b)| a + b);
    }
    Ok(sum)
}

/// The memory of all processes of these groups.
///
/// # Errors
/// When /proc cannot be read.
pub(super) fn memory(groups: &[i32]) -> Result<Memory> {
    let mut sum = Memory::default();
    for process in processes(groups)? {
        // A process may end while it is looked at.
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.id)).unwrap_or_default();
        let memory = read_rollup(&text);
        sum.rss += memory.rss;
        sum.pss += memory.pss;
    }
    Ok(sum)
}

/// The resident memory alone, in KiB: what the kernel keeps count of, without a walk through all pages
/// that would hold the processes up.
///
/// # Errors
/// When /proc cannot be read.
pub(super) fn resident(groups: &[i32]) -> Result<u64> {
    let of = |id: i32| {
        let text = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        kib(&text, "VmRSS:")
    };
    Ok(processes(groups)?.iter().map(|process| of(process.id)).sum())
}

/// What `stat` says of one process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    id: i32,
    group: i32,
    user_ticks: u64,
    system_ticks: u64,
}

fn processes(groups: &[i32]) -> Result<Vec<Stat>> {
    let entries = fs::read_dir("/proc").context("/proc")?.filter_map(Result::ok);
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let stats = ids.filter_map(|id| read_stat(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?));
    Ok(stats.filter(|stat| groups.contains(&stat.group)).collect())
}

/// `PID (NAME) STATE PPID PGRP ...`; the name may hold spaces and brackets.
fn read_stat(line: &str) -> Option<Stat> {
    let (start, rest) = (line.split_once(" (")?.0, line.rsplit_once(") ")?.1);
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse().ok();
    let group = fields.get(2)?.parse().ok()?;
    Some(Stat { id: start.parse().ok()?, group, user_ticks: number(11)?, system_ticks: number(12)? })
}

/// Nanoseconds on a core, of all threads of a process that are there.
fn exact_nanos(id: i32) -> Option<u64> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).ok()?.filter_map(Result::ok);
    let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    texts.map(|text| text.split_ascii_whitespace().next()?.parse::<u64>().ok()).sum()
}

fn read_rollup(text: &str) -> Memory {
    Memory { rss: kib(text, "Rss:"), pss: kib(text, "Pss:") }
}

/// `KEY NUMBER kB` of a file in /proc; 0 without such a line.
fn kib(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
