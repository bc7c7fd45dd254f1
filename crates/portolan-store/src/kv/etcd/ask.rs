//! One question to one member.
//!
//! ```text
//!   attempt: link ─▶ token ─▶ proof, before anything is written ─▶ sent ─▶ answer, no older than what was seen
//!            └──────────────── not done ───────────────────────┘   └─ read: not done; written: not known
//! ```

use std::sync::Arc;

use tokio::time::{Duration, Instant, timeout_at};
use tonic::{Response, Status};

use super::access::{Token, addressed};
use super::fault::Fault;
use super::link::Link;
use super::protocol::{LeaseTimeToLiveResponse, RangeRequest, RangeResponse, ResponseHeader, TxnResponse};
use super::{Client, QUESTION_MAX, revision};
use crate::kv::KvError;

/// What is special to a question.
pub(super) struct Question<'a> {
    /// How long a member has for it.
    pub(super) attempt: Duration,
    /// It writes: nothing goes over a connection that was not proven, by a read of this key.
    pub(super) writes: Option<&'a [u8]>,
}

impl Question<'_> {
    /// Until when members are asked: any one of them has its time for it.
    pub(super) fn end(&self) -> Instant {
        Instant::now() + QUESTION_MAX.max(self.attempt * 2)
    }
}

/// An answer that says at which revision the store was.
pub(super) trait Answer {
    fn header(&self) -> Option<&ResponseHeader>;
}

impl Answer for RangeResponse {
    fn header(&self) -> Option<&ResponseHeader> {
        self.header.as_ref()
    }
}

impl Answer for TxnResponse {
    fn header(&self) -> Option<&ResponseHeader> {
        self.header.as_ref()
    }
}

impl Answer for LeaseTimeToLiveResponse {
    /// It has one, of a member that may lag behind.
    fn header(&self) -> Option<&ResponseHeader> {
        None
    }
}

impl Client {
    /// Asks one member; with another token when it wants one.
    pub(super) async fn attempt<T, F, Sent>(
        &self,
        member: usize,
        question: &Question<'_>,
        send: &F,
    ) -> Result<T, Fault>
    where
        T: Answer,
        F: Fn(Arc<Link>, Option<Token>) -> Sent,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let until = Instant::now() + question.attempt;
        let link = self.link(member, until).await?;
        let mut said = self.attempt_over(&link, question, send, until).await;
        if let Err(Fault::Token(_)) = said {
            said = self.attempt_over(&link, question, send, until).await;
        }
        match said {
            Err(Fault::Token(why)) => Err(Fault::Final(KvError::Unauthorized(why))),
            Err(Fault::NotDone(_) | Fault::Unanswered(_)) => {
                self.members.lost(member, &link);
                said
            }
            Err(Fault::Behind(_)) => {
                self.members.failed(member);
                said
            }
            said => said,
        }
    }

    async fn attempt_over<T, F, Sent>(
        &self,
        link: &Arc<Link>,
        question: &Question<'_>,
        send: &F,
        until: Instant,
    ) -> Result<T, Fault>
    where
        T: Answer,
        F: Fn(Arc<Link>, Option<Token>) -> Sent,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let token = self.token(link, until).await?;
        if let Some(key) = question.writes.filter(|_| !link.is_proven()) {
            let request = RangeRequest { key: key.to_vec(), count_only: true, ..RangeRequest::default() };
            let proof = |link: Arc<Link>, token: Option<Token>| {
                let request = addressed(request.clone(), token.as_ref());
                async move { link.kv().range(request?).await }
            };
            self.once(link, token.as_ref(), &proof, until).await.map_err(not_done)?;
        }
        self.once(link, token.as_ref(), send, until).await
    }

    /// Sends it, and holds the answer against what was seen before.
    async fn once<T, F, Sent>(
        &self,
        link: &Arc<Link>,
        token: Option<&Token>,
        send: &F,
        until: Instant,
    ) -> Result<T, Fault>
    where
        T: Answer,
        F: Fn(Arc<Link>, Option<Token>) -> Sent,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let before = self.seen.mark();
        let answer = match timeout_at(until, send(Arc::clone(link), token.cloned())).await {
            Err(_) => return Err(Fault::Unanswered(NO_ANSWER.to_owned())),
            Ok(Err(status)) => return Err(self.understood(&status, token)),
            Ok(Ok(answer)) => answer.into_inner(),
        };
        if let Some(header) = answer.header() {
            self.seen.note(before, header.cluster_id, revision(header.revision))?;
            link.prove();
        }
        Ok(answer)
    }

    /// What a status means. A token that is void is forgotten.
    pub(super) fn understood(&self, status: &Status, token: Option<&Token>) -> Fault {
        let fault = Fault::of(status);
        if let Fault::Token(_) = fault {
            self.access.void(token);
        }
        fault
    }

    /// The token to send over a link.
    pub(super) async fn token(&self, link: &Link, until: Instant) -> Result<Option<Token>, Fault> {
        match timeout_at(until, self.access.token(link)).await {
            Err(_) => Err(Fault::NotDone(NO_ANSWER.to_owned())),
            Ok(token) => token.map_err(not_done),
        }
    }

    /// The connection to a member; made where there is none.
    pub(super) async fn link(&self, member: usize, until: Instant) -> Result<Arc<Link>, Fault> {
        if let Some(link) = self.members.link(member) {
            return Ok(link);
        }
        let connecting = Link::connect(self.members.address(member), self.options.tls.as_ref());
        let link = match timeout_at(until, connecting).await {
            Ok(Ok(link)) => Arc::new(link),
            Ok(Err(why)) => return Err(self.unlinked(member, why)),
            Err(_) => return Err(self.unlinked(member, NO_ANSWER.to_owned())),
        };
        self.members.linked(member, &link);
        Ok(link)
    }

    fn unlinked(&self, member: usize, why: String) -> Fault {
        self.members.failed(member);
        Fault::NotDone(why)
    }
}

/// What is said of a member that hangs.
pub(super) const NO_ANSWER: &str = "does not answer in time";

/// What came before anything was written did not write.
fn not_done(fault: Fault) -> Fault {
    match fault {
        Fault::Unanswered(why) => Fault::NotDone(why),
        other => other,
    }
}
