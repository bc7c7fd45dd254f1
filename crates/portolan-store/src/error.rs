//! What can fail, and on which file.

use std::io;
use std::path::PathBuf;

/// An operation on the last good state that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process keeps its state in this file.
    #[error("state file {path:?} is in use by another process, which holds the lock on {lock:?}")]
    Held {
        /// The file.
        path: PathBuf,
        /// What is locked.
        lock: PathBuf,
    },
    /// Something else stands where the file is to be: a folder, a pipe, a device.
    #[error("state file {0:?} is no regular file")]
    NoFile(PathBuf),
    /// The file system refused.
    #[error("state file: cannot {operation} {path:?}: {source}")]
    Io {
        /// What was tried: `write`, `rename to`.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The bytes cannot be read.
    #[error("state file cannot be read: {0}")]
    Unread(io::Error),
    /// The bytes are not a state.
    #[error("state file is damaged: {0}")]
    Damaged(String),
    /// A later version of the program wrote it.
    #[error("state file has format version {found}; this program reads up to version {known}")]
    Newer {
        /// What the file says.
        found: u32,
        /// What this program knows.
        known: u32,
    },
    /// The writer did not come to an end within its time.
    #[error("state file {path:?}: the last write did not end within {seconds} s")]
    Slow {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
}

impl StoreError {
    pub(crate) fn io(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { operation, path: path.into(), source }
    }
}
