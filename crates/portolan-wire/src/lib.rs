//! DNS messages: bytes to a query, an answer to bytes.
//!
//! ```text
//!   datagram ──▶ decode ──┬─ Query ─▶ Request::query ─▶ portolan_core::answer ─▶ encode ──▶ datagram
//!                         ├─ Identity ────────────────────────────▶ encode_identity ──▶ datagram
//!                         ├─ Error ───────────────────────────────────▶ encode_error ──▶ datagram
//!                         └─ Drop    (no reply is due)
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`request`] | what a question says beside its name: flags, EDNS, client subnet |
//! | [`decode`](mod@decode) | bytes to a request, and which bytes are none |
//! | [`encode`](mod@encode) | an answer to bytes: sections, compression, truncation, EDNS |
//! | `message` | the numbers of the format |
//!
//! Both directions touch each byte a bounded number of times and allocate nothing: a question's name
//! goes into a [`NameBuf`](portolan_core::name::NameBuf) of the caller's, a reply into the caller's
//! buffer, and what a reply echoes (the question, letter case and all) is copied from the packet.
//!
//! **Architecture Invariant:** nothing here knows a zone or a policy; a [`Request`] says what was
//! asked, and an [`Answer`](portolan_core::Answer) says all of what is to be sent. No type of a DNS
//! library is in the public face. The crate is `no_std` and does without `alloc`, so that the compiler
//! checks the rest.
#![no_std]
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(test)]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod decode;
pub mod encode;
pub mod request;

mod message;

pub use decode::{Decoded, DropReason, OPTIONS_MAX, RECORDS_MAX, decode};
pub use encode::{Limits, NSID_OCTETS_MAX, Transport, encode, encode_error, encode_identity, is_truncated};
pub use message::{TCP_OCTETS_MAX, UDP_OCTETS_MAX, UDP_OCTETS_PLAIN};
pub use request::{Edns, ErrorCode, Request, Subnet};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
