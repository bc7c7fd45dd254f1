//! The DNS sockets: packets in, answers out of the published snapshot.
//!
//! ```text
//!   UDP: one thread a core, one SO_REUSEPORT socket each ──┐
//!                                                          ├─▶ respond: decode ─▶ answer ─▶ encode
//!   TCP: tokio, one task a connection, replies in order ───┘        ▲
//!                                                                   │ one pointer, no lock
//!   publisher ────────────────────────────────────────────────▶ Published
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`published`] | the one place where the current snapshot stands, and how workers read it |
//! | [`config`] | what to listen on, and the limits |
//! | [`server`] | binding everything or nothing, starting, stopping |
//! | [`respond`] | one packet to one reply: the same function for every transport |
//! | [`counters`] | what happened, counted by each worker for itself |
//!
//! Private are the two ways in (`udp`, `tcp`) and what their threads share, which processors they stay
//! on, the opening of sockets, how many descriptors these may take, the
//! search for the process that holds an address that we want, and the words of [`ServeError`].
//!
//! **Architecture Invariant:** nothing here knows of Kubernetes or of a store. Answering depends on the
//! published snapshot and on nothing else, so it goes on with every API server and every store down.
//!
//! A worker is never half-dead: one that panics is counted, logged and restarted on the same socket; a
//! connection that panics is counted and closed alone.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod config;
pub mod counters;
pub mod published;
pub mod respond;
pub mod server;

mod descriptors;
mod error;
mod holder;
mod listen;
mod placement;
mod shared;
mod tcp;
mod udp;
mod worker;

pub use config::{Config, Limits, Pin};
pub use counters::{Counters, Totals};
pub use error::ServeError;
pub use holder::Holder;
pub use published::{Published, Reader};
pub use server::{Running, Server};
