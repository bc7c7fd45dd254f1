//! A store of keys and values with revisions, as etcd is one: what whoever keeps records outside this process needs of it.
//!
//! ```text
//!   range at a revision ─▶ Page          what there is
//!   watch from there    ─▶ Batch, Batch  what becomes of it, in order, or Compacted: read again
//!   transact            ─▶ Done | Lost   all of it, and only while what was read is still so
//! ```
//!
//! Untyped: keys and values are octets. Each make (memory, etcd) passes the same battery.
//!
//! **Architecture Invariant:** keys are written and removed exactly, one by one; there is no removal by prefix.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

/// Counts the changes of a store; 0 is before the first.
pub type Revision = u64;

/// Most operations of one transaction, as etcd has it by default (`--max-txn-ops`).
pub const OPERATIONS_MAX: usize = 128;
/// Most octets of one transaction: under etcd's default of 1.5 MiB a request (`--max-request-bytes`).
pub const TRANSACTION_OCTETS_MAX: usize = 1024 * 1024;

/// Keys from one up to, and without, another, in the order of their octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: Vec<u8>,
    /// Where it ends; empty when it has no end.
    pub to: Vec<u8>,
}

impl Span {
    /// One key alone.
    #[must_use]
    pub fn key(key: &[u8]) -> Self {
        Self { from: key.to_vec(), to: [key, &[0]].concat() }
    }

    /// All keys that begin so.
    #[must_use]
    pub fn prefix(prefix: &[u8]) -> Self {
        let mut to = prefix.to_vec();
        while to.last() == Some(&u8::MAX) {
            to.pop();
        }
        if let Some(last) = to.last_mut() {
            *last += 1;
        }
        Self { from: prefix.to_vec(), to }
    }

    /// True when the key is one of them.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.from.as_slice() <= key && (self.to.is_empty() || key < self.to.as_slice())
    }
}

/// A key and what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
    /// When it was last written.
    pub modified: Revision,
    /// The time to live that its lease was granted with, in seconds; none without a lease.
    pub lease_ttl: Option<u64>,
}

/// Part of what there is at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of their keys.
    pub pairs: Vec<Pair>,
    /// At which revision.
    pub revision: Revision,
    /// There are more behind the last one.
    pub more: bool,
}

/// What must be so for a transaction to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// The key was last written at this revision; 0 when there is to be none.
    Modified(Vec<u8>, Revision),
    /// No key of these was written after the revision. It does not see what was removed.
    Unwritten(Span, Revision),
}

/// What a transaction does to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It has this value.
    Put(Vec<u8>, Vec<u8>),
    /// It is no more.
    Delete(Vec<u8>),
}

/// All of it or nothing, at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// What must be so, all of it.
    pub compares: Vec<Compare>,
    /// What is done then. No key twice.
    pub operations: Vec<Operation>,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, at this revision.
    Done(Revision),
    /// Something was not as it must be; nothing was done. The store's revision then.
    Lost(Revision),
}

/// What became of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyEvent {
    /// It was written.
    Put(Pair),
    /// It was removed.
    Delete(Vec<u8>),
}

/// All that one revision, or several, did to the keys that are watched; none when only time has passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// All up to this revision was told.
    pub revision: Revision,
    /// In order.
    pub events: Vec<KeyEvent>,
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// No member answered in time, or there is no leader.
    #[error("the store is not reached: {0}")]
    Unreachable(String),
    /// Whether it was done is not known.
    #[error("the store did not say whether it was done: {0}")]
    Unknown(String),
    /// What is asked for was forgotten; the oldest revision that there is.
    #[error("the store has forgotten what was before revision {0}")]
    Compacted(Revision),
    /// It is at a lower revision than it, or another member, was: restored, wiped, or a member left behind.
    #[error(
        "the store went back from revision {seen} to {found}: it was restored from an older state or wiped"
    )]
    WentBack {
        /// The highest that it had.
        seen: Revision,
        /// What it says now.
        found: Revision,
    },
    /// It does not know us, or we may not do this.
    #[error("the store refuses us: {0}")]
    Unauthorized(String),
    /// It has no room (etcd's NOSPACE).
    #[error("the store is full: {0}")]
    Full(String),
    /// It refuses the request itself.
    #[error("the store refuses the request: {0}")]
    Refused(String),
}

/// A store of keys and values with revisions.
///
/// Time limits, and going on to another member, are the make's; each future ends.
pub trait Kv: Send + Sync {
    /// At most `limit` keys of a span, as they are at a revision, or now. What is read now is read
    /// linearised: nothing older than what was ever answered.
    ///
    /// # Errors
    /// [`KvError::Compacted`] when the revision was forgotten; others when it cannot be had.
    fn range(&self, span: Span, at: Option<Revision>, limit: usize) -> BoxFuture<'_, Result<Page, KvError>>;

    /// Does all of it or nothing.
    ///
    /// # Errors
    /// [`KvError::Unknown`] when it may have been done; others when it was not.
    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<Outcome, KvError>>;

    /// What becomes of the keys of a span after a revision. It goes on by itself at another member where it was
    /// interrupted; it ends after the first error.
    fn watch(&self, span: Span, after: Revision) -> BoxStream<'static, Result<Batch, KvError>>;
}
