//! The events of a watch, as they come: one JSON document a line.

use futures_util::{Stream, StreamExt as _, stream};
use http_body_util::{BodyDataStream, BodyExt as _};
use kube_client::client::Body;
use kube_client::core::WatchEvent;
use portolan_kube::follow::Failure;
use serde_json::Value;

use super::connect::said;

/// Longest event, in octets: some ten times the largest object that an etcd takes as it comes.
pub(super) const EVENT_OCTETS_MAX: usize = 16 << 20;
/// Room that a watch keeps when it has nothing to read, in octets: thousands of them are idle.
const KEPT_OCTETS_MAX: usize = 16 << 10;

/// The events of a watch. After a failure nothing more is to be had of it.
pub(super) fn events(body: Body) -> impl Stream<Item = Result<WatchEvent<Value>, Failure>> {
    let lines = Lines { body: body.into_data_stream(), octets: Vec::new(), begins: 0, looked: 0 };
    stream::unfold(lines, |mut lines| async move {
        let event = lines.next().await?;
        Some((event, lines))
    })
}

/// A body under way.
struct Lines {
    body: BodyDataStream<Body>,
    octets: Vec<u8>,
    /// Where the next line begins.
    begins: usize,
    /// Up to where there is no end of it.
    looked: usize,
}

impl Lines {
    /// The next event; none at the end. What comes after the last line is half an event, and passed over.
    async fn next(&mut self) -> Option<Result<WatchEvent<Value>, Failure>> {
        loop {
            while let Some(length) = memchr::memchr(b'\n', &self.octets[self.looked..]) {
                let line = &self.octets[self.begins..self.looked + length];
                if line.len() > EVENT_OCTETS_MAX {
                    return Some(Err(too_long()));
                }
                let event = (!line.trim_ascii().is_empty()).then(|| serde_json::from_slice(line));
                self.begins = self.looked + length + 1;
                self.looked = self.begins;
                if let Some(event) = event {
                    return Some(event.map_err(|error| said(&format!("an event {error}"))));
                }
            }
            self.octets.drain(..self.begins);
            if self.octets.is_empty() && self.octets.capacity() > KEPT_OCTETS_MAX {
                self.octets = Vec::new();
            }
            self.begins = 0;
            self.looked = self.octets.len();
            if self.octets.len() > EVENT_OCTETS_MAX {
                return Some(Err(too_long()));
            }
            // A connection that breaks is one that ends: what is asked next tells whether the server is there.
            self.octets.extend_from_slice(&self.body.next().await?.ok()?);
        }
    }
}

fn too_long() -> Failure {
    said(&format!("an event is longer than {EVENT_OCTETS_MAX} octets"))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// What events come of these pieces of a body: `ADDED 1`, or what is wrong.
    async fn read(pieces: &[&str]) -> Vec<String> {
        let pieces: Vec<Result<Vec<u8>, Infallible>> =
            pieces.iter().map(|piece| Ok(piece.as_bytes().to_vec())).collect();
        let service = tower::service_fn(move |_: http::Request<Body>| {
            let body = axum::body::Body::from_stream(stream::iter(pieces.clone()));
            async move { Ok::<_, Infallible>(http::Response::new(body)) }
        });
        let client = kube_client::Client::new(service, "default");
        let body = super::super::connect::open(&client, http::Request::new(Vec::new())).await.unwrap();
        let text = |event: Result<WatchEvent<Value>, Failure>| match event {
            Ok(WatchEvent::Added(value)) => format!("ADDED {value}"),
            Ok(other) => format!("{other:?}"),
            Err(failure) => failure.message,
        };
        events(body).take(9).map(text).collect().await
    }

    #[tokio::test]
    async fn an_event_is_a_line_however_it_is_cut() {
        const ONE: &str = "{\"type\":\"ADDED\",\"object\":1}\n";
        const TWO: &str = "{\"type\":\"ADDED\",\"object\":2}\n";
        let rows: &[(&[&str], &[&str])] = &[
            (&[], &[]),
            (&[ONE, TWO], &["ADDED 1", "ADDED 2"]),
            (
                &["{\"type\":\"ADD", "ED\",\"object\":1}\n{\"type\":\"ADDED\",\"obj", "ect\":2}\n"],
                &["ADDED 1", "ADDED 2"],
            ),
            (&["\n", ONE, "\r\n\n", TWO], &["ADDED 1", "ADDED 2"]),
            // A connection that ends in the middle of an event: it was none.
            (&[ONE, "{\"type\":\"ADDED\",\"obj"], &["ADDED 1"]),
        ];
        for (pieces, events) in rows {
            assert_eq!(read(pieces).await, *events, "{pieces:?}");
        }
        let both = format!("{ONE}{TWO}");
        assert_eq!(read(&[&both]).await, ["ADDED 1", "ADDED 2"]);
    }

    /// B-32.
    #[tokio::test]
    async fn an_event_without_an_end_is_not_read_for_ever() {
        let piece = "x".repeat(1 << 20);
        let pieces = vec![piece.as_str(); 40];
        assert_eq!(read(&pieces).await[0], "an event is longer than 16777216 octets");
    }
}
