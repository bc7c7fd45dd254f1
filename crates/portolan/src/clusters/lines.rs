//! The events of a watch, as they come: one JSON document a line.
//!
//! What is there at once is taken together, as much of it as a bound of octets lets in: events may be as small as a
//! name and as large as objects are.

use futures_util::{FutureExt as _, StreamExt as _};
use http_body_util::{BodyDataStream, BodyExt as _};
use kube_client::client::Body;
use portolan_kube::follow::Failure;

use super::connect::said;

/// Longest event, in octets: some ten times the largest object that an etcd takes as it comes.
pub(super) const EVENT_OCTETS_MAX: usize = 16 << 20;
/// From so many octets on no more is waited for to be told together: a hundred events of the usual size. What is
/// there then is an event and a read more at most.
const TOGETHER_OCTETS: usize = 256 << 10;
/// Room that a watch keeps when it has nothing to read, in octets: thousands of them are idle.
const KEPT_OCTETS_MAX: usize = 16 << 10;

/// The lines of a watch. After a failure nothing more is to be had of it.
pub(super) struct Lines {
    body: BodyDataStream<Body>,
    octets: Vec<u8>,
    /// Where the next line begins.
    begins: usize,
    /// Up to where there is no end of it.
    looked: usize,
    has_ended: bool,
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        let body = body.into_data_stream();
        Self { body, octets: Vec::new(), begins: 0, looked: 0, has_ended: false }
    }

    /// Waits until there is a line, and takes what else is there already; false at the end. What comes after the
    /// last line is half an event, and passed over.
    pub(super) async fn wait(&mut self) -> Result<bool, Failure> {
        self.octets.drain(..self.begins);
        self.looked -= self.begins;
        self.begins = 0;
        if self.octets.is_empty() && self.octets.capacity() > KEPT_OCTETS_MAX {
            self.octets = Vec::new();
        }
        while self.end().is_none() {
            if self.octets.len() > EVENT_OCTETS_MAX {
                return Err(too_long());
            }
            let more = if self.has_ended { None } else { self.body.next().await };
            if !self.take(more) {
                return Ok(false);
            }
        }
        while self.octets.len() < TOGETHER_OCTETS && !self.has_ended {
            let Some(more) = self.body.next().now_or_never() else { break };
            self.take(more);
        }
        Ok(true)
    }

    /// The next line, of those that are there; empty lines are passed over.
    pub(super) fn next(&mut self) -> Option<Result<&[u8], Failure>> {
        loop {
            let end = self.end()?;
            let begins = std::mem::replace(&mut self.begins, end + 1);
            self.looked = end + 1;
            if end - begins > EVENT_OCTETS_MAX {
                return Some(Err(too_long()));
            }
            if self.octets[begins..end].iter().any(|octet| !octet.is_ascii_whitespace()) {
                return Some(Ok(&self.octets[begins..end]));
            }
        }
    }

    /// Where the next line ends, if its end is there.
    fn end(&mut self) -> Option<usize> {
        let found = memchr::memchr(b'\n', &self.octets[self.looked..]).map(|length| self.looked + length);
        self.looked = found.unwrap_or(self.octets.len());
        found
    }

    /// Takes what came; false when that is the end. A connection that breaks is one that ends: what is asked next
    /// tells whether the server is there.
    fn take<E>(&mut self, more: Option<Result<impl AsRef<[u8]>, E>>) -> bool {
        match more {
            Some(Ok(more)) => self.octets.extend_from_slice(more.as_ref()),
            Some(Err(_)) | None => self.has_ended = true,
        }
        !self.has_ended
    }
}

fn too_long() -> Failure {
    said(&format!("an event is longer than {EVENT_OCTETS_MAX} octets"))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    /// The lines of a body that comes in these pieces.
    async fn lines(pieces: &[&str]) -> Lines {
        let pieces: Vec<Result<Vec<u8>, Infallible>> =
            pieces.iter().map(|piece| Ok(piece.as_bytes().to_vec())).collect();
        let service = tower::service_fn(move |_: http::Request<Body>| {
            let body = axum::body::Body::from_stream(stream::iter(pieces.clone()));
            async move { Ok::<_, Infallible>(http::Response::new(body)) }
        });
        let client = kube_client::Client::new(service, "default");
        Lines::of(super::super::connect::open(&client, http::Request::new(Vec::new())).await.unwrap())
    }

    /// What lines come of these pieces of a body, or what is wrong.
    async fn read(pieces: &[&str]) -> Vec<String> {
        let mut lines = lines(pieces).await;
        let mut read = Vec::new();
        loop {
            match lines.wait().await {
                Ok(true) => {}
                Ok(false) => return read,
                Err(failure) => return vec![failure.message],
            }
            while let Some(line) = lines.next() {
                match line {
                    Ok(line) => read.push(String::from_utf8_lossy(line).trim().to_owned()),
                    Err(failure) => return vec![failure.message],
                }
            }
        }
    }

    #[tokio::test]
    async fn an_event_is_a_line_however_it_is_cut() {
        let rows: &[(&[&str], &[&str])] = &[
            (&[], &[]),
            (&["one\n", "two\n"], &["one", "two"]),
            (&["one\ntwo\n"], &["one", "two"]),
            (&["on", "e\nt", "", "wo\n"], &["one", "two"]),
            (&["\n", "one\n", "\r\n\n", "two\r\n"], &["one", "two"]),
            // A connection that ends in the middle of an event: it was none.
            (&["one\n", "two"], &["one"]),
            (&["one"], &[]),
        ];
        for (pieces, events) in rows {
            assert_eq!(read(pieces).await, *events, "{pieces:?}");
        }
    }

    /// What is told together is bounded by its octets, however many events that are.
    #[tokio::test]
    async fn what_is_there_at_once_is_not_without_bound() {
        let piece = format!("{}\n", "x".repeat(100_000));
        let mut lines = lines(&[piece.as_str(); 40]).await;
        let mut together = Vec::new();
        while lines.wait().await.unwrap() {
            together.push(std::iter::from_fn(|| lines.next().map(drop)).count());
        }
        assert_eq!(together.iter().sum::<usize>(), 40);
        assert!(together.iter().all(|count| *count <= 3), "{together:?}");
        assert!(together.iter().any(|count| *count > 1), "{together:?}");
    }

    /// B-32.
    #[tokio::test]
    async fn an_event_without_an_end_is_not_read_for_ever() {
        let piece = "x".repeat(1 << 20);
        let mut pieces = vec![piece.as_str(); 40];
        assert_eq!(read(&pieces).await, ["an event is longer than 16777216 octets"]);
        // One that has an end after all, and is there with it.
        pieces.truncate(16);
        pieces.extend(["x\n"]);
        assert_eq!(read(&pieces).await, ["an event is longer than 16777216 octets"]);
    }
}
