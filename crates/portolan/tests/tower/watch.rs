//! An open watch of a scripted server.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use futures_util::stream;
use http::Response;
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until};

use super::call::told;
use super::server::{Fault, Server};

/// How often a watch says that nothing happened, as API servers do.
const BOOKMARK: Duration = Duration::from_secs(60);

/// What a watch says, line by line.
pub(crate) struct Lines {
    server: Server,
    /// The request that it answers.
    line: String,
    first: VecDeque<String>,
    events: UnboundedReceiver<String>,
    is_deaf: Arc<AtomicBool>,
}

impl Lines {
    pub(crate) fn new(
        server: Server,
        line: String,
        first: Vec<String>,
        events: UnboundedReceiver<String>,
        is_deaf: Arc<AtomicBool>,
    ) -> Self {
        Self { server, line, first: first.into(), events, is_deaf }
    }

    /// The answer, which goes on for so long unless the server ends it before.
    pub(crate) fn open(self, seconds: u64) -> Response<Body> {
        let ends = Instant::now() + Duration::from_secs(seconds);
        let lines = stream::unfold(self, move |mut lines| async move {
            let line = lines.next(ends).await?;
            Some((Ok::<_, io::Error>(line), lines))
        });
        Response::new(Body::from_stream(lines))
    }

    /// An answer that ends with these lines.
    pub(crate) fn ended(lines: &[String]) -> Response<Body> {
        Response::new(Body::from(lines.concat()))
    }

    async fn next(&mut self, ends: Instant) -> Option<String> {
        loop {
            // Who says nothing does not say that it ends either.
            let ends = if self.is_silent() { Instant::now() + 10 * BOOKMARK } else { ends };
            let line = match self.first.pop_front() {
                Some(line) => line,
                None => tokio::select! {
                    event = self.events.recv() => event?,
                    () = sleep(BOOKMARK) => bookmark(self.server.version(), false),
                    () = sleep_until(ends) => {
                        if self.is_silent() {
                            continue;
                        }
                        return None;
                    }
                },
            };
            if !self.is_silent() {
                return Some(line);
            }
        }
    }

    fn is_silent(&self) -> bool {
        let faults = self.server.faults(&self.line);
        let is_scripted = faults.contains(&Fault::Silent) || faults.contains(&Fault::Hang);
        is_scripted || self.is_deaf.load(Ordering::Relaxed)
    }
}

/// Nothing happened up to a version; `is_end` of the bookmark that ends a stream's initial objects.
pub(crate) fn bookmark(version: u64, is_end: bool) -> String {
    let annotations = if is_end { json!({"k8s.io/initial-events-end": "true"}) } else { json!({}) };
    let metadata = json!({"resourceVersion": version.to_string(), "annotations": annotations});
    told(
        &json!({"type": "BOOKMARK", "object": {"kind": "Service", "apiVersion": "v1", "metadata": metadata}}),
    )
}
