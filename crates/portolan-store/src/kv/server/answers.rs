//! What is said to each question. The words of what is refused are etcd's own, by which its client knows them.

use std::net::SocketAddr;

use futures_util::stream::BoxStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{ANSWER_OCTETS, Readers, watches};
use crate::kv::etcd::{revision, wire};
use crate::kv::memory::Memory;
use crate::kv::protocol::kv_server::Kv;
use crate::kv::protocol::lease_server::Lease;
use crate::kv::protocol::watch_server::Watch;
use crate::kv::protocol::{
    KeyValue, LeaseTimeToLiveRequest, LeaseTimeToLiveResponse, RangeRequest, RangeResponse, ResponseHeader,
    TxnRequest, TxnResponse, WatchRequest, WatchResponse,
};
use crate::kv::{KvError, Page, Pair, Revision, Span};

/// Most keys of an answer.
const KEYS_MAX: usize = 50_000;

/// What a connection is answered from.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) memory: Memory,
    pub(super) store: u64,
    pub(super) readers: Readers,
    pub(super) peer: SocketAddr,
}

impl Answers {
    pub(super) fn header(&self, at: Revision) -> Option<ResponseHeader> {
        Some(ResponseHeader { cluster_id: self.store, revision: wire(at) })
    }
}

#[async_trait]
impl Kv for Answers {
    async fn range(&self, request: Request<RangeRequest>) -> Result<Response<RangeResponse>, Status> {
        let request = request.into_inner();
        let now = self.memory.revision();
        let answer = RangeResponse { header: self.header(now), ..RangeResponse::default() };
        if request.count_only {
            return Ok(Response::new(answer));
        }
        let span = span(request.key, request.range_end);
        let at = Some(revision(request.revision)).filter(|at| *at > 0);
        let limit = usize::try_from(request.limit).ok().filter(|limit| *limit > 0).unwrap_or(KEYS_MAX);
        let page = self.memory.read(&span, at, limit.min(KEYS_MAX)).map_err(|error| status(&error))?;
        // A page of now is of the revision that it was read at, and not of one before.
        let header = if at.is_none() { self.header(page.revision) } else { answer.header };
        let (kvs, more) = fitting(page);
        Ok(Response::new(RangeResponse { header, kvs, more, count: 0 }))
    }

    async fn txn(&self, _: Request<TxnRequest>) -> Result<Response<TxnResponse>, Status> {
        Err(Status::permission_denied("etcdserver: permission denied: followers only read"))
    }
}

#[async_trait]
impl Watch for Answers {
    type WatchStream = BoxStream<'static, Result<WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(watches::follow(self.clone(), request.into_inner()).await?))
    }
}

#[async_trait]
impl Lease for Answers {
    /// What a lease was granted is what it is called by here: they never run out.
    async fn lease_time_to_live(
        &self,
        request: Request<LeaseTimeToLiveRequest>,
    ) -> Result<Response<LeaseTimeToLiveResponse>, Status> {
        let seconds = request.into_inner().id;
        Ok(Response::new(LeaseTimeToLiveResponse { ttl: seconds, granted_ttl: seconds }))
    }
}

/// A page as far as it fits, and whether there is more.
fn fitting(page: Page) -> (Vec<KeyValue>, bool) {
    let (mut kvs, mut octets) = (Vec::new(), 0);
    let count = page.pairs.len();
    for pair in page.pairs {
        if octets >= ANSWER_OCTETS {
            break;
        }
        octets += pair.key.len() + pair.value.len();
        kvs.push(key_value(pair));
    }
    let more = page.more || kvs.len() < count;
    (kvs, more)
}

pub(super) fn key_value(pair: Pair) -> KeyValue {
    let lease = pair.lease_ttl.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(0);
    KeyValue { key: pair.key, value: pair.value, mod_revision: wire(pair.modified), lease }
}

/// A span as etcd has it: without an end it is the one key, and a zero octet stands for no end.
pub(super) fn span(from: Vec<u8>, end: Vec<u8>) -> Span {
    match end.as_slice() {
        [] => Span::key(&from),
        [0] => Span { from, to: Vec::new() },
        _ => Span { from, to: end },
    }
}

fn status(error: &KvError) -> Status {
    match error {
        KvError::Compacted(_) => {
            Status::out_of_range("etcdserver: mvcc: required revision has been compacted")
        }
        KvError::WentBack { .. } => {
            Status::out_of_range("etcdserver: mvcc: required revision is a future revision")
        }
        other => Status::unavailable(other.to_string()),
    }
}
