//! How many files the process may have open, and how many of these may be TCP connections.
//!
//! ```text
//!   0 ──── our sockets ──── connections ────┤ reserve ├ soft limit, raised to the hard one
//! ```
//!
//! Clients far away decide how many connections there are. What they may take must never be all: a
//! process without descriptors cannot read the fleet folder, write its state or tell how it is.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that no TCP connection takes, where there are many.
pub(crate) const RESERVE: usize = 256;
/// Where there are few, this part of them.
const RESERVE_PART: usize = 4;

/// Raises the soft limit of open files to the hard one, and returns what it is then; none when the
/// kernel does not tell. It is the whole process that gets it, and processes that it starts.
pub(crate) fn raise() -> Option<usize> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let limit = match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!(soft, hard, %error, "the limit of open files cannot be raised");
            soft
        }
    };
    Some(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Most connections under a limit of open files of which `sockets` are ours.
pub(crate) fn connections_max(limit: usize, sockets: usize) -> usize {
    let reserve = RESERVE.min(limit / RESERVE_PART);
    limit.saturating_sub(reserve).saturating_sub(sockets).max(1)
}

#[cfg(test)]
mod tests;
