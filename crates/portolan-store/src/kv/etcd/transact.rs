//! Writing: one transaction of compares and of puts and deletes of single keys.

use std::sync::Arc;

use super::access::Token;
use super::ask::Question;
use super::link::{Link, addressed};
use super::protocol::compare::{CompareResult, CompareTarget, TargetUnion};
use super::protocol::request_op::Request;
use super::protocol::{
    Compare as WireCompare, DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest, TxnResponse,
};
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
        let answer: TxnResponse = self
            .ask(&question, |link: Arc<Link>, token: Option<Token>| {
                let request = addressed(request.clone(), token.as_ref());
                async move { link.kv().txn(request?).await }
            })
            .await?;
        let at = answer.header.map_or(0, |header| revision(header.revision));
        Ok(if answer.succeeded { Outcome::Done(at) } else { Outcome::Lost(at) })
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
