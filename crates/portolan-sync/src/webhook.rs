//! External-DNS' webhook protocol (0.22: `api/webhook.yaml`, `provider/webhook`), both sides.
//!
//! ```text
//!   client   publisher ─▶ Webhook: Provider ─▶ GET /, GET /records, POST /adjustendpoints, POST /records ─▶ a provider
//!   server   External-DNS ─▶ (sockets are the program's) ─▶ Changes ─▶ Book ─▶ what is kept, and answered
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | `json` | the forms on the wire: keys in any case, null for empty |
//! | `target`, `sets` | these and core's sets, into each other |
//! | `filter` | domain filters, regular expressions among them |
//! | `batch` | steps of a plan as changes |
//! | `asker`, `client` | a provider behind [`crate::Provider`] |
//! | [`book`] | the records that a server of the protocol holds |
//!
//! External-DNS' registry keeps its marks in TXT records, which go over the wire as endpoints like any other; so do
//! ours. The labels of endpoints say the same once more, for providers that keep them by themselves.
//!
//! The protocol has no transactions and no versions. A step is held against a list that is read just before, and is
//! never divided over two requests: a provider that does a request as one does a step as one. One that does not has
//! the records that come first in its hands, then those that change, then those that go.

pub mod book;

mod asker;
mod batch;
mod client;
mod filter;
mod json;
mod sets;
mod target;

pub use asker::{Patience, check_url};
pub use client::{Webhook, WebhookError};
pub use filter::FilterError;
pub use json::{Changes, Endpoint, Filter, LIST_MAX, Property, list, print};

/// The media type of the protocol, in both directions.
pub const MEDIA_TYPE: &str = "application/external.dns.webhook+json;version=1";
/// Largest body of a request or a reply, in octets (External-DNS' own: more is 413).
pub const BODY_OCTETS_MAX: usize = 32 << 20;
/// Most targets that an endpoint may have.
pub const TARGETS_MAX: usize = 1_000;

/// True of a `Content-Type` that is the protocol's, whatever its case and spaces.
#[must_use]
pub fn is_media_type(text: &str) -> bool {
    let plain = text.chars().filter(|c| !c.is_whitespace() && *c != '"').map(|c| c.to_ascii_lowercase());
    plain.eq(MEDIA_TYPE.chars())
}

#[cfg(test)]
mod tests;
