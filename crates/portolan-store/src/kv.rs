//! A store of keys and values with revisions, as etcd is one: what whoever keeps records outside this process needs of it.
//!
//! ```text
//!   range at a revision ─▶ Page          what there is
//!   watch from there    ─▶ Batch, Batch  what becomes of it, in order, or Compacted: read again
//!   transact            ─▶ Done | Lost   all of it, and only while what was read is still so
//! ```
//!
//! Untyped: keys and values are octets. Each make passes the same battery (`tests/kv`).
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`etcd`] | the real one: members, time limits, TLS, tokens |
//! | [`memory`] | one in this process, whose faults tests make |
//! | [`server`] | the one in this process for others to read: etcd's protocol, so that the client is the same |
//!
//! Private is what a store was ever seen at (`seen`), by which both notice that it went back, and etcd's protocol.
//!
//! **Architecture Invariant:** keys are written and removed exactly, one by one; there is no removal by prefix.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub mod etcd;
pub mod memory;
pub mod server;

mod seen;

/// What is generated from `proto/etcd.proto`.
#[allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::too_many_lines,
    reason = "generated; the file that it comes from says what it is"
)]
mod protocol {
    tonic::include_proto!("etcdserverpb");
}

/// Counts the changes of a store; 0 is before the first.
pub type Revision = u64;

/// Most operations of one transaction, and most compares, as etcd has it by default (`--max-txn-ops`).
pub const OPERATIONS_MAX: usize = 128;
/// Most octets of one transaction, in keys and values: under etcd's default of 1.5 MiB a request (`--max-request-bytes`).
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

    /// True when no key can be one of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.to.is_empty() && self.to <= self.from
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
    /// The time to live that its lease was granted with, in seconds; none without a lease, or when it has run out.
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

impl Transaction {
    /// Holds it against what every store takes.
    ///
    /// # Errors
    /// [`KvError::Refused`] when there is too much of it, a key is empty, or one is written twice.
    pub fn check(&self) -> Result<(), KvError> {
        let refused = |why: String| Err(KvError::Refused(why));
        let (compares, operations) = (self.compares.len(), self.operations.len());
        if compares.max(operations) > OPERATIONS_MAX {
            return refused(format!(
                "{operations} operations and {compares} compares; at most {OPERATIONS_MAX} of each are taken"
            ));
        }
        let octets = self.octets();
        if octets > TRANSACTION_OCTETS_MAX {
            return refused(format!("{octets} octets; at most {TRANSACTION_OCTETS_MAX} are taken"));
        }
        let mut written = BTreeSet::new();
        for key in self.operations.iter().map(Operation::key) {
            if key.is_empty() {
                return refused("an empty key".to_owned());
            }
            if !written.insert(key) {
                return refused(format!("{} is written twice", key.escape_ascii()));
            }
        }
        if self.compares.iter().any(|compare| matches!(compare, Compare::Modified(key, _) if key.is_empty()))
        {
            return refused("an empty key is compared".to_owned());
        }
        Ok(())
    }

    /// Octets of its keys and values.
    #[must_use]
    pub fn octets(&self) -> usize {
        let compares = self.compares.iter().map(|compare| match compare {
            Compare::Modified(key, _) => key.len(),
            Compare::Unwritten(span, _) => span.from.len() + span.to.len(),
        });
        let operations = self.operations.iter().map(|operation| match operation {
            Operation::Put(key, value) => key.len() + value.len(),
            Operation::Delete(key) => key.len(),
        });
        compares.chain(operations).sum()
    }
}

impl Operation {
    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, at this revision; the store's revision then when there was nothing to do.
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

impl KeyEvent {
    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Put(pair) => &pair.key,
            Self::Delete(key) => key,
        }
    }
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
    /// What is asked for was forgotten, or what became of it cannot be told for sure: read again. The oldest revision that
    /// can be asked for.
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
/// Time limits, and going on to another member, are the make's; each future ends. A store that went back
/// ([`KvError::WentBack`]) is neither read nor written until [`Kv::accept`].
pub trait Kv: Send + Sync {
    /// At most `limit` keys of a span, as they are at a revision, or now. What is read now is read
    /// linearised: nothing older than what was ever answered. With a limit of 0 it is the revision that is asked for.
    ///
    /// # Errors
    /// [`KvError::Compacted`] when the revision was forgotten, [`KvError::WentBack`] when there never was such; others when
    /// it cannot be had.
    fn range(&self, span: Span, at: Option<Revision>, limit: usize) -> BoxFuture<'_, Result<Page, KvError>>;

    /// Does all of it or nothing.
    ///
    /// # Errors
    /// [`KvError::Unknown`] when it may have been done, or may yet be. Who sends it again is safe when each key that it writes
    /// is compared: it is done once, or lost. Others when it was not done.
    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<Outcome, KvError>>;

    /// What becomes of the keys of a span after a revision, which must still be there. It goes on by itself at another member
    /// where it was interrupted; it ends after the first error, and then what is there is read again.
    fn watch(&self, span: Span, after: Revision) -> BoxStream<'static, Result<Batch, KvError>>;

    /// Somebody says that what the store went back to is meant: from now on that is followed.
    fn accept(&self) {}
}

#[cfg(test)]
mod tests;
