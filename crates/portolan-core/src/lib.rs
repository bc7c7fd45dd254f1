//! The decision: facts about a fleet and a policy in, a DNS answer out.
//!
//! ```text
//!   Fact ──▶ Fleet ──▶ compile ──▶ Change ──▶ Snapshot ──▶ answer(query, draw, trace) ──▶ Answer
//!            fleet     compile                zone         locate · order · filter · pick
//!
//!   records of another DNS ──▶ registry::read ──▶ plan(wanted) ──▶ Change ──▶ registry::write ──▶ marks
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`name`] | domain names: lower-case wire form, compared and hashed as bytes |
//! | [`record`] | record types, TTLs, rdata as wire bytes, targets |
//! | [`rrset`] | RRsets, rendered as they go on the wire |
//! | [`place`] | places and networks: where clusters and clients are |
//! | [`cluster`] | members of the fleet |
//! | [`fleet`] | facts: clusters, zones, policies, and what each name is offered by whom |
//! | [`policy`] | how to order, filter and pick |
//! | [`geo`] | nearness, and the table that gives each client its order of tiers |
//! | [`health`] | verdicts: one bit per offer, one bit per cluster, changed in place |
//! | [`zone`] | the snapshot: zones, names and their pools; [`zone::file`] the records of a zone file |
//! | `names`, `odds`, `draw` | a persistent map by name; the shares of a weighted pick; chance as a value |
//! | [`compile`] | facts and touched names in, changes of the snapshot and problems out |
//! | [`publish`](mod@publish) | changes into the next snapshot, and the serials that go with them |
//! | [`answer`] | one question, one answer, and the trace of its reasons |
//! | [`plan`](mod@plan) | what to do to another DNS, so that it has what is wanted |
//! | [`registry`] | whose records are in another DNS: External-DNS' TXT marks, read and written |
//!
//! **Architecture Invariant:** nothing here reads a clock, a random source, a file or a socket;
//! time and randomness are arguments. The crate is `no_std`, so the compiler checks it.
#![no_std]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod answer;
pub mod cluster;
pub mod compile;
pub mod fleet;
pub mod geo;
pub mod health;
pub mod name;
pub mod place;
pub mod plan;
pub mod policy;
pub mod publish;
pub mod record;
pub mod registry;
pub mod rrset;
pub mod zone;

mod bits;
mod draw;
mod names;
mod odds;
mod problem;
#[cfg(test)]
mod testing;

pub use answer::{Answer, Client, Query, answer, answer_into};
pub use cluster::ClusterName;
pub use draw::Draw;
pub use fleet::{Endpoint, Fact, Fleet};
pub use name::{Name, NameRef};
pub use problem::{PROBLEMS_MAX, Problem, Problems, Reason, shown_url};
pub use record::{RecordType, Target, Ttl};
pub use zone::Snapshot;
