//! Reading, in parts.
//!
//! An answer has to be whole before any of it is seen, so what is large is asked for in parts, each at the revision of the
//! first. etcd walks all keys from where a part begins to the end of the span, to count them: parts are few and large. The
//! first is small, because it may be a member that hangs that is asked.

use std::sync::Arc;

use super::access::{Token, addressed};
use super::ask::Question;
use super::fault::Fault;
use super::link::Link;
use super::protocol::{RangeRequest, RangeResponse};
use super::{ANSWER_OCTETS_MAX, Client, bounds, revision, wire};
use crate::kv::{KvError, Page, Revision, Span};

/// Keys of the first part.
const FIRST_KEYS: usize = 2_000;
/// Most keys of any part.
const PART_KEYS_MAX: usize = 50_000;
/// For so many keys more a member has one attempt's time more.
const ATTEMPT_KEYS: usize = 10_000;

impl Client {
    pub(super) async fn range(
        &self,
        span: Span,
        at: Option<Revision>,
        limit: usize,
    ) -> Result<Page, KvError> {
        if at == Some(0) {
            // Before the first change there was nothing; to etcd it would mean «now».
            return Ok(Page::default());
        }
        let (mut from, to) = bounds(&span);
        let mut page = Page { revision: at.unwrap_or(0), ..Page::default() };
        let mut part = if at.is_none() { FIRST_KEYS } else { PART_KEYS_MAX };
        let mut part_max = PART_KEYS_MAX;
        loop {
            let wanted = part.min(limit - page.pairs.len()).max(1);
            let answer = match self.part(&from, &to, page.revision, wanted).await {
                Err(Fault::TooLarge) if wanted > 1 => {
                    part_max = wanted / 4 + 1;
                    part = part_max;
                    continue;
                }
                Err(fault) => return Err(self.unread(fault, &span, page.revision).await),
                Ok(answer) => answer,
            };
            if page.revision == 0 {
                page.revision = answer.header.as_ref().map_or(0, |header| revision(header.revision));
            }
            if limit == 0 {
                page.more = !answer.kvs.is_empty();
                return Ok(page);
            }
            page.more = answer.more;
            match answer.kvs.last() {
                Some(last) => from = [&last.key[..], &[0]].concat(),
                // Asked again it would say so again.
                None if page.more => {
                    return Err(KvError::Refused(
                        "it says that there are more keys, and gives none".to_owned(),
                    ));
                }
                None => {}
            }
            page.pairs.extend(self.pairs(answer.kvs).await?);
            if !page.more || page.pairs.len() >= limit {
                return Ok(page);
            }
            part = part_max;
        }
    }

    /// The store's revision now, by a read of a span's first key.
    pub(super) async fn now(&self, span: &Span) -> Result<Revision, KvError> {
        let answer = self.part(&bounds(span).0, &[], 0, 1).await?;
        Ok(answer.header.map_or(0, |header| revision(header.revision)))
    }

    async fn part(&self, from: &[u8], to: &[u8], at: Revision, limit: usize) -> Result<RangeResponse, Fault> {
        let (key, range_end) = (from.to_vec(), to.to_vec());
        let (limit_wire, revision) = (i64::try_from(limit).unwrap_or(i64::MAX), wire(at));
        let request = RangeRequest { key, range_end, limit: limit_wire, revision, count_only: false };
        let longer = u32::try_from(limit / ATTEMPT_KEYS).unwrap_or(u32::MAX);
        let question = Question { attempt: self.options.attempt * (1 + longer), writes: None };
        self.ask(&question, |link: Arc<Link>, token: Option<Token>| {
            let request = addressed(request.clone(), token.as_ref());
            async move { link.kv().range(request?).await }
        })
        .await
    }

    /// What a fault says of a range.
    async fn unread(&self, fault: Fault, span: &Span, at: Revision) -> KvError {
        match fault {
            Fault::Compacted(None) => KvError::Compacted(self.oldest(span, at).await),
            Fault::Future => match self.now(span).await {
                Ok(found) => KvError::WentBack { seen: at, found },
                Err(error) => error,
            },
            other => other.into(),
        }
    }
}

impl From<Fault> for KvError {
    /// Of what is left when a member has answered, or none has.
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Final(error) | Fault::Behind(error) => error,
            Fault::Compacted(oldest) => Self::Compacted(oldest.unwrap_or(0)),
            Fault::Future => Self::Refused("there is no such revision yet".to_owned()),
            Fault::TooLarge => {
                Self::Refused(format!("one key alone has more than {ANSWER_OCTETS_MAX} octets"))
            }
            Fault::Token(why) => Self::Unauthorized(why),
            Fault::NotDone(why) | Fault::Unanswered(why) => Self::Unreachable(why),
        }
    }
}
