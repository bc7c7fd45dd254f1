//! Zone files (RFC 1035 section 5): octets in, records and faults out.
//!
//! ```text
//!   text ──cut──▶ pieces ──read, each on a thread of its own──▶ records, one by one, into a sink
//!                   │                                     └──▶ what was found besides: faults
//!                   └──▶ $INCLUDE: the caller fetches that text and cuts it too
//! ```
//!
//! Nothing between the text and the sink holds all of a zone: a record is lent to the sink, and its buffers
//! are written over for the next one. A large zone is cut first, so that each thread reads a part; a part
//! carries what its first record takes from the lines before ([`Context`]), and reading the parts one after
//! the other gives the same as reading the whole.
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`read`](mod@read) | the records of a piece |
//! | [`cut`](mod@cut) | a text into pieces |
//! | `plain` | the fast path: records in one line without escapes |
//! | `entry` | where entries and their words end |
//! | `line` | the general way from words to a record or a directive |
//! | [`rdata`] | rdata in presentation form into wire form |
//! | `library` | the door to the library `domain` |
//! | [`fault`] | faults, with their places |
//!
//! What a zone must have and what may stand beside what is judged where its records come together, in the
//! core; here each record is judged alone.
//!
//! **Architecture Invariant:** no file is opened here; whoever has a text says what it is called.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cut;
pub mod fault;
pub mod rdata;
pub mod read;

mod context;
mod entry;
mod library;
mod line;
mod owner;
mod plain;
mod seconds;

pub use context::Context;
pub use cut::{Include, Piece, cut};
pub use fault::{Fault, Faults, Harm};
pub use read::{Found, Part, Record, read};
