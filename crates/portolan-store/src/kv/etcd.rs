//! etcd (v3): several members that are one store, of which any may stop, hang, be left behind or lose its data.
//!
//! ```text
//!   question ──▶ race ──▶ a member ──▶ its link ──▶ answer ──▶ held against what was seen ──▶ answer
//!                 ▲         │ silent, no leader, behind              │ lower, another store
//!                 └─────────┴──────────── the next member ───────────┘
//!
//!   watch ──▶ opened at a member after the revision that was told ──▶ batches
//!                 ▲        │ ended, silent and its member too
//!                 └────────┘
//! ```
//!
//! | part | what it owns |
//! | --- | --- |
//! | `options` | what we are told, and whether it can be |
//! | `members` | which member is asked first, and which failed |
//! | `link` | one connection, never silently another; files of TLS, read for each |
//! | `access` | the token |
//! | `race` | one member, and beside one that is silent the next |
//! | `ask` | one question to one member |
//! | `fault` | what a status of theirs means |
//! | `range`, `transact`, `watch` | the three things that a store does |
//! | `told` | how far a watch is, and what it may not tell |
//! | `leases` | what each lease was granted |
//!
//! # Time
//!
//! A member has [`Options::attempt`] for an answer, a question [`QUESTION_MAX`] for one of any member. Beside a member that is
//! silent for a quarter of its time the next one is asked, and where that is quicker, the silent one is asked last for a while.
//! So a member that hangs costs a quarter of an attempt, once. A watch that says nothing is no proof of life: after half an
//! attempt its member is asked for its revision, which it gives only with most others behind it, and others beside it.
//!
//! # Whether it was done
//!
//! A transaction goes over a connection that was proven by an answer a moment before, and is sent once. What fails before that
//! was not done, and is tried at the next member; what fails after it is [`KvError::Unknown`]. It may even be done later, by a
//! member that hung: so whatever is written is to be compared.
//!
//! # Going back
//!
//! Who answers less than what was seen is passed over; where all do, or would if they answered, the store went back. A running
//! member does not go back, so a connection that was proven stays so, and nothing is written to a store that went back.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use self::access::Access;
use self::leases::Leases;
use self::members::Members;
use super::protocol;
use super::seen::Seen;
use super::{Batch, Kv, KvError, Outcome, Page, Revision, Span, Transaction};

pub use self::options::{Identity, Options, Password, Tls, User, check_member};

mod access;
mod ask;
mod fault;
mod leases;
mod link;
mod members;
mod options;
mod race;
mod range;
mod told;
mod transact;
mod watch;

/// Most members that are asked: etcd's own advice is seven at most.
pub const MEMBERS_MAX: usize = 16;
/// How long a question may take before it is given up, members that fail and pauses between them included.
pub const QUESTION_MAX: Duration = Duration::from_secs(5);
/// Most octets of one answer; a range is asked for in smaller parts when it would have more.
pub const ANSWER_OCTETS_MAX: usize = 64 * 1024 * 1024;

/// A client of an etcd. Its futures run on tokio. A clone is the same client.
#[derive(Clone, Debug)]
pub struct Etcd {
    client: Arc<Client>,
}

/// What all questions share.
#[derive(Debug)]
struct Client {
    options: Options,
    members: Members,
    access: Access,
    leases: Leases,
    seen: Seen,
}

impl Etcd {
    /// A client that has asked nothing yet.
    ///
    /// # Errors
    /// [`KvError::Refused`] when the options are not whole, with the option, its value and the rule.
    pub fn new(options: Options) -> Result<Self, KvError> {
        let members = Members::new(options.addresses()?);
        let access = Access::new(options.user.clone());
        let (leases, seen) = (Leases::default(), Seen::at(options.seen));
        Ok(Self { client: Arc::new(Client { options, members, access, leases, seen }) })
    }

    /// The highest revision that the store was seen at: what [`Options::seen`] may be told after a restart.
    #[must_use]
    pub fn seen(&self) -> Revision {
        self.client.seen.mark().revision
    }
}

impl Kv for Etcd {
    fn range(&self, span: Span, at: Option<Revision>, limit: usize) -> BoxFuture<'_, Result<Page, KvError>> {
        self.client.range(span, at, limit).boxed()
    }

    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.client.transact(transaction).boxed()
    }

    fn watch(&self, span: Span, after: Revision) -> BoxStream<'static, Result<Batch, KvError>> {
        watch::follow(Arc::clone(&self.client), span, after)
    }

    fn accept(&self) {
        self.client.seen.accept();
    }
}

/// Revisions are signed over the wire, and never negative.
pub(super) fn revision(wire: i64) -> Revision {
    Revision::try_from(wire).unwrap_or(0)
}

/// A revision as it goes over the wire; none of a store comes near the limit.
pub(super) fn wire(revision: Revision) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

/// A span as etcd has it: the first key, and the end. No key is empty, and a zero octet stands for no end.
fn bounds(span: &Span) -> (Vec<u8>, Vec<u8>) {
    let or_zero = |key: &[u8]| if key.is_empty() { vec![0] } else { key.to_vec() };
    (or_zero(&span.from), or_zero(&span.to))
}
