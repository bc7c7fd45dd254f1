//! Which processor each worker stays on.
//!
//! A worker that stays has its caches warm. But one that is told to stay cannot step aside when somebody
//! else runs there, and waits where a free one would go on. So workers stay only where nobody else is:
//! when the process was given processors of its own, as by the CPU manager of a kubelet with the static
//! policy, or when somebody asked for it. That they are its own nobody tells; fewer than are online is
//! the sign of it.

use std::fs;
use std::io;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::config::Pin;

/// Where the kernel lists the processors that are online, as in `0-3,8`.
const ONLINE: &str = "/sys/devices/system/cpu/online";
/// The calling thread, where a thread's number is asked for.
const MYSELF: Pid = Pid::from_raw(0);

/// The processors that workers stay on in turn; none when they go where the kernel puts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    processors: Vec<usize>,
}

impl Placement {
    /// What this process may have.
    pub(crate) fn find(pin: Pin) -> Self {
        if pin == Pin::No {
            return Self { processors: Vec::new() };
        }
        let allowed = allowed().unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot tell which processors are ours; no worker is pinned");
            Vec::new()
        });
        let online = fs::read_to_string(ONLINE).ok().and_then(|list| count(&list));
        let processors = choose(pin, allowed, online);
        if !processors.is_empty() {
            tracing::info!(?processors, "each worker stays on a processor");
        }
        Self { processors }
    }

    /// Makes the calling thread stay where the worker of this number belongs. It works where it is when
    /// the kernel does not let it.
    pub(crate) fn settle(&self, worker: usize) {
        let Some(processor) = self.processors.iter().cycle().nth(worker) else { return };
        if let Err(error) = stay_on(*processor) {
            tracing::warn!(worker, processor, %error, "cannot pin a worker");
        }
    }
}

/// The processors to stay on, of those that the process may use; `online` is how many the machine has.
fn choose(pin: Pin, allowed: Vec<usize>, online: Option<usize>) -> Vec<usize> {
    let is_pinned = match pin {
        Pin::Yes => true,
        Pin::No => false,
        Pin::Auto => online.is_some_and(|online| allowed.len() < online),
    };
    if is_pinned { allowed } else { Vec::new() }
}

fn allowed() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(MYSELF)?;
    Ok((0..CpuSet::count()).filter(|processor| set.is_set(*processor).unwrap_or(false)).collect())
}

fn stay_on(processor: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor)?;
    Ok(sched_setaffinity(MYSELF, &set)?)
}

/// How many processors a list of the kernel names; none when it is no such list.
fn count(list: &str) -> Option<usize> {
    let number = |text: &str| text.parse::<usize>().ok();
    let range = |part: &str| match part.split_once('-') {
        Some((first, last)) => number(last)?.checked_sub(number(first)?)?.checked_add(1),
        None => number(part).map(|_| 1),
    };
    list.trim().split(',').try_fold(0_usize, |sum, part| sum.checked_add(range(part)?))
}

#[cfg(test)]
mod tests;
