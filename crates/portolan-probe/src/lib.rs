//! What is to be found out from here about others: the addresses behind host names of load balancers.
//!
//! ```text
//!   wanted names ─▶ Hosts ──▶ ask: UDP, then TCP ──▶ Heard, of A and of AAAA ─▶ Host::hear ─▶ Report
//!                   (which is due)   (one server after the other)              (what stays, when again)
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`host`] | the state of one name: what it last resolved to, what is wrong, when it is asked for again |
//! | [`wanted`](mod@wanted) | which names are wanted, told as that changes |
//! | [`hosts`] | all names that are wanted, and which of them is due |
//! | [`servers`] | which servers are asked |
//! | [`message`] | a question to bytes, a reply to what it says |
//! | [`ask`](mod@ask) | the sockets: one question to one server after the other |
//! | [`resolver`] | the loop around all of it |
//!
//! What decides is pure: time and chance are arguments of [`host`] and [`hosts`].
//!
//! **Architecture Invariant:** what is found out here is reported and not judged, and nobody waits for it: an
//! answer is given from what is known, and a name that resolves no more keeps its last good addresses.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod ask;
pub mod host;
pub mod hosts;
pub mod message;
pub mod resolver;
pub mod servers;
pub mod wanted;

pub use host::{ADDRESSES_MAX, HOSTS_MAX, Heard, Report, Why};
pub use resolver::Resolver;
pub use servers::Servers;
pub use wanted::{Wanted, Wanting, wanted};
