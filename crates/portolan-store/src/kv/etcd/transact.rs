//! Writing: one transaction of compares and of puts and deletes of single keys.
//!
//! ```text
//!   heard of a moment ago? ── no ─▶ a read, of whoever answers it ─▶ sent to that one, once ─▶ answer, or not known
//!            └─────────────── yes ───────────────────────────────────▲
//! ```
//!
//! Whether a transaction was done is not known of a member that hangs, and to find out takes longer than anything else. So a
//! member that was silent for a while is asked something else first, beside which others may be asked.

use std::sync::Arc;

use tokio::time::{Instant, sleep};
use tonic::{Response, Status};

use super::access::{Token, addressed};
use super::ask::Question;
use super::fault::Fault;
use super::link::Link;
use super::protocol::compare::{CompareResult, CompareTarget, TargetUnion};
use super::protocol::request_op::Request;
use super::protocol::{
    Compare as WireCompare, DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest, TxnResponse,
};
use super::race::{ROUND_PAUSE, patience};
use super::{Client, bounds, revision, wire};
use crate::kv::{Compare, KvError, Operation, Outcome, Revision, Span, Transaction};

impl Client {
    pub(super) async fn transact(&self, transaction: Transaction) -> Result<Outcome, KvError> {
        transaction.check()?;
        let Some(key) = first_key(&transaction) else {
            return Ok(Outcome::Done(self.now(&Span::prefix(b"")).await?));
        };
        let request = request(transaction, &key);
        let question = Question { attempt: self.options.attempt, writes: Some(&key) };
        let send = |link: Arc<Link>, token: Option<Token>| {
            let request = addressed(request.clone(), token.as_ref());
            async move { link.kv().txn(request?).await }
        };
        let answer = self.write(&question, &key, send).await?;
        let at = answer.header.map_or(0, |header| revision(header.revision));
        Ok(if answer.succeeded { Outcome::Done(at) } else { Outcome::Lost(at) })
    }

    /// Sends it to members that were heard of a moment ago, until one has taken it.
    ///
    /// # Errors
    /// As [`Client::ask`], and [`KvError::Unknown`] of what was sent and not answered.
    async fn write<F, Sent>(&self, question: &Question<'_>, key: &[u8], send: F) -> Result<TxnResponse, Fault>
    where
        F: Fn(Arc<Link>, Option<Token>) -> Sent,
        Sent: Future<Output = Result<Response<TxnResponse>, Status>>,
    {
        let end = question.end();
        loop {
            let member = self.lively(key).await?;
            let why = |why: String| format!("{} {why}", self.members.address(member).uri);
            match self.attempt(member, question, &send).await {
                Err(Fault::Unanswered(said)) => return Err(Fault::Final(KvError::Unknown(why(said)))),
                Err(Fault::NotDone(_) | Fault::Behind(_)) if Instant::now() < end => {}
                Err(Fault::NotDone(said)) => return Err(Fault::Final(KvError::Unreachable(why(said)))),
                Err(behind @ Fault::Behind(_)) => return Err(behind),
                said => {
                    self.members.answered(member);
                    return said;
                }
            }
            sleep(ROUND_PAUSE).await;
        }
    }

    /// A member that was heard of a moment ago; by a read of a key where none was.
    async fn lively(&self, key: &[u8]) -> Result<usize, Fault> {
        let (order, attempt) = (self.members.order(), self.options.attempt);
        let is_lively = |link: &Arc<Link>| link.is_lively(patience(attempt));
        let first = order.first().copied();
        if let Some(first) = first.filter(|first| self.members.link(*first).as_ref().is_some_and(is_lively)) {
            return Ok(first);
        }
        let request = RangeRequest { key: key.to_vec(), count_only: true, ..RangeRequest::default() };
        let read = |link: Arc<Link>, token: Option<Token>| {
            let request = addressed(request.clone(), token.as_ref());
            async move { link.kv().range(request?).await }
        };
        let first = self.race(order, &Question { attempt, writes: None }, &read).await?;
        first.said.map(|_| first.member)
    }
}

/// A key that we may read, when we may do it at all: compares are reads.
fn first_key(transaction: &Transaction) -> Option<Vec<u8>> {
    let compared = transaction.compares.first().map(|compare| match compare {
        Compare::Modified(key, _) => key.clone(),
        Compare::Unwritten(span, _) => bounds(span).0,
    });
    compared.or_else(|| transaction.operations.first().map(|operation| operation.key().to_vec()))
}

fn request(transaction: Transaction, key: &[u8]) -> TxnRequest {
    let compare = transaction.compares.into_iter().filter_map(compare).collect();
    let mut success: Vec<RequestOp> = transaction.operations.into_iter().map(operation).collect();
    if success.is_empty() {
        // Without an operation etcd would compare what this member alone has.
        let read = RangeRequest { key: key.to_vec(), count_only: true, ..RangeRequest::default() };
        success.push(RequestOp { request: Some(Request::RequestRange(read)) });
    }
    TxnRequest { compare, success }
}

/// None of what is so in any case.
fn compare(compare: Compare) -> Option<WireCompare> {
    let (key, range_end, result, against): (_, _, _, Revision) = match compare {
        Compare::Modified(key, revision) => (key, Vec::new(), CompareResult::Equal, revision),
        Compare::Unwritten(span, _) if span.is_empty() => return None,
        Compare::Unwritten(span, after) => {
            let (key, range_end) = bounds(&span);
            (key, range_end, CompareResult::Less, after.saturating_add(1))
        }
    };
    Some(WireCompare {
        result: result.into(),
        target: CompareTarget::Mod.into(),
        key,
        target_union: Some(TargetUnion::ModRevision(wire(against))),
        range_end,
    })
}

fn operation(operation: Operation) -> RequestOp {
    let request = match operation {
        Operation::Put(key, value) => Request::RequestPut(PutRequest { key, value }),
        Operation::Delete(key) => Request::RequestDeleteRange(DeleteRangeRequest { key }),
    };
    RequestOp { request: Some(request) }
}
