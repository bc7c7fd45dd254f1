//! Following what becomes of keys, from member to member.
//!
//! ```text
//!             ┌──────────── ended, or its member gives no proof ────────────┐
//!             ▼                                                             │
//!   open at the next member, at the revision that was told ──▶ events, progress ──▶ batches
//!        │ behind: is it so of the store, or of this member?
//!        └─ went back: the end
//! ```
//!
//! A watch begins *at* the revision that was told and not after it: etcd reports no progress of a watch that begins in the
//! future. What is told twice by that is passed over.
//!
//! What etcd promises of watches (ordered, whole revisions, nothing left out) was broken in some of its versions, around
//! compaction and progress. What can be noticed is: an event of a revision that was told already, and a watch that says nothing
//! for [`Options::silence`](super::Options::silence) though it is asked how far it is. Then everything is read again.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep, timeout_at};
use tonic::{Status, Streaming};

use super::access::{Token, addressed};
use super::ask::{NO_ANSWER, Question};
use super::fault::Fault;
use super::link::Link;
use super::protocol::event::EventType;
use super::protocol::watch_request::RequestUnion;
use super::protocol::{
    Event, RangeRequest, WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse,
};
use super::told::{Told, check};
use super::{Client, bounds, revision, wire};
use crate::kv::{Batch, KeyEvent, KvError, Revision, Span};

/// How often a watch is asked how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(30);
/// How long members are looked for before the store counts as not reached.
const REOPEN_MAX: Duration = Duration::from_secs(30);
/// Between two looks, at first and at most.
const REOPEN_PAUSE: Duration = Duration::from_millis(100);
const REOPEN_PAUSE_MAX: Duration = Duration::from_secs(2);
/// Requests of a watch that may wait to be sent: the first, and one for progress.
const REQUESTS_MAX: usize = 4;

/// What becomes of the keys of a span.
pub(super) fn follow(
    client: Arc<Client>,
    span: Span,
    after: Revision,
) -> BoxStream<'static, Result<Batch, KvError>> {
    let now = Instant::now();
    let watch = Watch { client, span, told: Told::new(after), heard: now, asked: now, open: None };
    stream::unfold(Some(watch), |watch| async move {
        let mut watch = watch?;
        let next = watch.next().await;
        let watch = next.is_ok().then_some(watch);
        Some((next, watch))
    })
    .boxed()
}

/// A watch that is read.
struct Watch {
    client: Arc<Client>,
    span: Span,
    told: Told,
    /// When the watch last said anything.
    heard: Instant,
    /// When it was last asked how far it is.
    asked: Instant,
    open: Option<Open>,
}

/// A watch at a member.
struct Open {
    member: usize,
    link: Arc<Link>,
    requests: mpsc::Sender<WatchRequest>,
    answers: Streaming<WatchResponse>,
}

impl Watch {
    async fn next(&mut self) -> Result<Batch, KvError> {
        if self.span.is_empty() {
            return Err(KvError::Refused("no key can be in the span that is watched".to_owned()));
        }
        loop {
            let client = Arc::clone(&self.client);
            let Some(open) = &mut self.open else {
                self.reopen().await?;
                continue;
            };
            let (member, link) = (open.member, Arc::clone(&open.link));
            tokio::select! {
                answer = open.answers.message() => match answer {
                    Ok(Some(answer)) => {
                        self.heard = Instant::now();
                        match self.take(answer).await {
                            Ok(Some(batch)) => return Ok(batch),
                            Ok(None) => {}
                            Err(Fault::NotDone(_) | Fault::Unanswered(_) | Fault::Token(_)) => self.open = None,
                            Err(fault) => return Err(fault.into()),
                        }
                    }
                    Ok(None) | Err(_) => {
                        client.members.lost(member, &link);
                        self.open = None;
                    }
                },
                proof = proof(&client, member, &self.span) => match proof {
                    Ok(()) => self.ask_progress()?,
                    Err(_) => self.open = None,
                },
            }
        }
    }

    /// Asks how far the watch is, from time to time.
    fn ask_progress(&mut self) -> Result<(), KvError> {
        if self.heard.elapsed() > self.client.options.silence {
            tracing::warn!(
                seconds = self.heard.elapsed().as_secs(),
                "a watch of the store said nothing; all is read again"
            );
            return Err(KvError::Compacted(self.told.upto));
        }
        if self.asked.elapsed() >= PROGRESS_EVERY
            && let Some(open) = &self.open
        {
            self.asked = Instant::now();
            let ask = RequestUnion::ProgressRequest(WatchProgressRequest {});
            // One that does not take it is silent, and found out by that.
            let _ = open.requests.try_send(WatchRequest { request_union: Some(ask) });
        }
        Ok(())
    }

    /// Opens the watch at the next member that has what was told.
    async fn reopen(&mut self) -> Result<(), KvError> {
        let end = Instant::now() + REOPEN_MAX;
        let mut pause = REOPEN_PAUSE;
        let mut why = String::new();
        loop {
            let mut is_behind = false;
            for member in self.client.members.order() {
                let start = self.told.begin();
                match self.client.open(member, &self.span, start).await {
                    Ok(open) => {
                        self.client.members.answered(member);
                        self.heard = Instant::now();
                        self.open = Some(open);
                        return Ok(());
                    }
                    Err(Fault::Behind(_)) => is_behind = true,
                    Err(Fault::NotDone(said) | Fault::Unanswered(said)) => why = said,
                    Err(fault) => return Err(fault.into()),
                }
            }
            if is_behind {
                // A member may lag for a moment; a read, of which most others know, does not.
                let found = self.client.now(&self.span).await;
                match found {
                    Ok(found) if found < self.told.upto => {
                        return Err(KvError::WentBack { seen: self.told.upto, found });
                    }
                    Err(error @ KvError::WentBack { .. }) => return Err(error),
                    _ => {}
                }
            }
            if Instant::now() >= end {
                return Err(KvError::Unreachable(why));
            }
            sleep(self.client.options.drawn(pause)).await;
            pause = (pause * 2).min(REOPEN_PAUSE_MAX);
        }
    }

    /// Reads an answer; a batch when there is something to tell.
    async fn take(&mut self, answer: WatchResponse) -> Result<Option<Batch>, Fault> {
        let Some((revision, events)) = self.told.take(answer)? else { return Ok(None) };
        let events = self.client.events(events).await?;
        self.told.tell(revision);
        Ok(Some(Batch { revision, events }))
    }
}

impl Client {
    /// Opens a watch at a member that begins at a revision, and waits until it is there.
    async fn open(&self, member: usize, span: &Span, start: Revision) -> Result<Open, Fault> {
        let until = Instant::now() + self.options.attempt;
        let link = self.link(member, until).await?;
        let token = self.token(&link, until).await?;
        let (requests, mut waiting) = mpsc::channel(REQUESTS_MAX);
        // There is room for the first.
        let _ = requests.try_send(creation(span, start));
        let waiting = stream::poll_fn(move |context| waiting.poll_recv(context));
        let begun = async {
            let request = addressed(waiting, token.as_ref())?;
            let mut answers = link.watch().watch(request).await?.into_inner();
            let created = answers.message().await?;
            Ok::<_, Status>((answers, created))
        };
        let (answers, created) = match timeout_at(until, begun).await {
            Ok(Ok((answers, Some(created)))) => (answers, created),
            Ok(Err(status)) => {
                return Err(self.unopened(member, &link, Fault::of(&status), token.as_ref()).await);
            }
            Ok(Ok((_, None))) | Err(_) => {
                let silent = Fault::Unanswered(NO_ANSWER.to_owned());
                return Err(self.unopened(member, &link, silent, token.as_ref()).await);
            }
        };
        if let Err(fault) = check(&created) {
            return Err(self.unopened(member, &link, fault, token.as_ref()).await);
        }
        let (store, found) =
            created.header.map_or((0, 0), |header| (header.cluster_id, revision(header.revision)));
        if found < start || self.seen.mark().is_another(store) {
            self.members.failed(member);
            return Err(Fault::Behind(KvError::WentBack { seen: start, found }));
        }
        Ok(Open { member, link, requests, answers })
    }

    /// Why it was not opened. A token that is void is replaced when it is tried again.
    async fn unopened(&self, member: usize, link: &Arc<Link>, fault: Fault, token: Option<&Token>) -> Fault {
        match fault {
            Fault::Token(why) if self.access.has_user() => {
                self.access.void(token);
                Fault::NotDone(why)
            }
            Fault::NotDone(_) | Fault::Unanswered(_) => {
                self.members.lost(member, link);
                fault
            }
            other => other,
        }
    }

    /// The oldest revision that a span can be read at; the one that was asked for when it is not known.
    pub(super) async fn oldest(&self, span: &Span, at: Revision) -> Revision {
        for member in self.members.order() {
            let Ok(mut open) = self.open(member, span, at).await else { continue };
            let until = Instant::now() + self.options.attempt;
            while let Ok(Ok(Some(answer))) = timeout_at(until, open.answers.message()).await {
                if let Err(Fault::Compacted(Some(oldest))) = check(&answer) {
                    return oldest;
                }
            }
        }
        at
    }

    /// Events as we have them.
    async fn events(&self, events: Vec<Event>) -> Result<Vec<KeyEvent>, Fault> {
        let is_put = |event: &Event| event.r#type() == EventType::Put;
        let kinds: Vec<bool> = events.iter().map(is_put).collect();
        let keys = events.into_iter().map(|event| event.kv.unwrap_or_default()).collect();
        // Whoever cannot be asked for leases cannot be believed to watch either: it is opened again.
        let pairs = self.pairs(keys).await.map_err(|error| Fault::Unanswered(error.to_string()))?;
        let event = |(is_put, pair): (bool, crate::kv::Pair)| {
            if is_put { KeyEvent::Put(pair) } else { KeyEvent::Delete(pair.key) }
        };
        Ok(kinds.into_iter().zip(pairs).map(event).collect())
    }
}

/// Ends after a while of silence, with whether the member is one of most that go on. It is not while it says nothing and
/// another does.
async fn proof(client: &Client, member: usize, span: &Span) -> Result<(), Fault> {
    let attempt = client.options.attempt;
    sleep(attempt / 2).await;
    let request = RangeRequest { key: bounds(span).0, count_only: true, ..RangeRequest::default() };
    let question = Question { attempt, writes: None };
    let read = |link: Arc<Link>, token: Option<Token>| {
        let request = addressed(request.clone(), token.as_ref());
        async move { link.kv().range(request?).await }
    };
    let first = client.race(client.members.order_from(member), &question, &read).await?;
    match first.said {
        _ if first.member != member => Err(Fault::NotDone(NO_ANSWER.to_owned())),
        // It answers; that we may not read is for the watch to say.
        Ok(_) | Err(Fault::Final(_)) => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// The request that begins a watch.
fn creation(span: &Span, start: Revision) -> WatchRequest {
    let (key, range_end) = bounds(span);
    let start_revision = wire(start);
    let create = WatchCreateRequest { key, range_end, start_revision, progress_notify: true, fragment: true };
    WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) }
}
