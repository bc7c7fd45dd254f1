//! What becomes of keys, told in parts that fit.
//!
//! ```text
//!   created ──▶ [ wait for news ─▶ whole revisions, as many as fit ─▶ in fragments ] … ──▶ compacted: canceled
//!                     ▲ asked how far it is: told so
//! ```
//!
//! Nothing is kept for who reads: what is told next is looked up in the store when the connection has room for it. So a
//! client that reads slowly costs what is on its way, and one that falls behind what is remembered is told that.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;
use tonic::{Status, Streaming};

use super::answers::{Answers, key_value, span};
use super::{ANSWER_OCTETS, Entry};
use crate::kv::etcd::{revision, wire};
use crate::kv::memory::Since;
use crate::kv::protocol::event::EventType;
use crate::kv::protocol::watch_request::RequestUnion;
use crate::kv::protocol::{Event, KeyValue, WatchRequest, WatchResponse};
use crate::kv::{KeyEvent, KvError, Revision, Span};

/// A watch that is read.
struct Watching {
    answers: Answers,
    questions: Streaming<WatchRequest>,
    news: watch::Receiver<u64>,
    entry: Entry,
    span: Span,
    /// All up to here was looked up.
    after: Revision,
    /// What was looked up and not told.
    ready: VecDeque<WatchResponse>,
    is_over: bool,
}

/// Begins a watch as its first question asks for it.
///
/// # Errors
/// When that is none, or the client has gone.
pub(super) async fn follow(
    answers: Answers,
    mut questions: Streaming<WatchRequest>,
) -> Result<BoxStream<'static, Result<WatchResponse, Status>>, Status> {
    let first = questions.message().await?.and_then(|request| request.request_union);
    let Some(RequestUnion::CreateRequest(create)) = first else {
        return Err(Status::invalid_argument("a watch begins by its creation"));
    };
    let now = answers.memory.revision();
    // Without a revision it is what comes from now on.
    let after =
        Some(revision(create.start_revision)).filter(|start| *start > 0).map_or(now, |start| start - 1);
    let created = WatchResponse { created: true, header: answers.header(now), ..WatchResponse::default() };
    let watching = Watching {
        news: answers.memory.news(),
        entry: answers.readers.enter(answers.peer, after),
        span: span(create.key, create.range_end),
        ready: VecDeque::from([created]),
        is_over: false,
        answers,
        questions,
        after,
    };
    let told = |mut watching: Watching| async move { watching.next().await.map(|next| (Ok(next), watching)) };
    Ok(stream::unfold(watching, told).boxed())
}

impl Watching {
    /// What is told next; none at the end.
    async fn next(&mut self) -> Option<WatchResponse> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            if self.is_over {
                return None;
            }
            self.news.mark_unchanged();
            self.look();
            if !self.ready.is_empty() {
                continue;
            }
            tokio::select! {
                // The sender is in the store, which we hold.
                _ = self.news.changed() => {}
                question = self.questions.message() => match question {
                    Ok(Some(WatchRequest { request_union: Some(RequestUnion::ProgressRequest(_)) })) => {
                        self.ready.push_back(self.progress());
                    }
                    // A second watch, or the end.
                    Ok(_) | Err(_) => return None,
                },
            }
        }
    }

    /// Looks up what there is to tell.
    fn look(&mut self) {
        match self.answers.memory.since(&self.span, self.after, ANSWER_OCTETS) {
            // One that asks for the next revision before there is one waits for it.
            Err(KvError::WentBack { .. }) => {}
            Err(KvError::Compacted(oldest)) => {
                let header = self.answers.header(oldest);
                let compact_revision = wire(oldest);
                self.is_over = true;
                let over =
                    WatchResponse { header, compact_revision, canceled: true, ..WatchResponse::default() };
                self.ready.push_back(over);
            }
            Err(error) => {
                let (canceled, cancel_reason) = (true, error.to_string());
                self.is_over = true;
                self.ready.push_back(WatchResponse { canceled, cancel_reason, ..WatchResponse::default() });
            }
            Ok(Since { upto, events }) => {
                self.after = upto;
                self.entry.told(upto);
                let header = self.answers.header(upto);
                let mut parts = fragments(events).into_iter().peekable();
                while let Some(events) = parts.next() {
                    let fragment = parts.peek().is_some();
                    self.ready.push_back(WatchResponse {
                        header,
                        events,
                        fragment,
                        ..WatchResponse::default()
                    });
                }
            }
        }
    }

    /// How far it is.
    fn progress(&self) -> WatchResponse {
        WatchResponse { header: self.answers.header(self.after), ..WatchResponse::default() }
    }
}

/// Events in parts that fit: one revision alone may have more than that.
fn fragments(events: Vec<(Revision, KeyEvent)>) -> Vec<Vec<Event>> {
    let (mut parts, mut octets) = (Vec::new(), ANSWER_OCTETS);
    for (at, event) in events {
        let (r#type, kv) = match event {
            KeyEvent::Put(pair) => (EventType::Put, key_value(pair)),
            KeyEvent::Delete(key) => {
                (EventType::Delete, KeyValue { key, mod_revision: wire(at), ..KeyValue::default() })
            }
        };
        if octets >= ANSWER_OCTETS {
            parts.push(Vec::new());
            octets = 0;
        }
        octets += kv.key.len() + kv.value.len();
        if let Some(part) = parts.last_mut() {
            part.push(Event { r#type: r#type.into(), kv: Some(kv) });
        }
    }
    parts
}
