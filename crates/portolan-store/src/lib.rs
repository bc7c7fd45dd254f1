//! Revisions of fleet state: in memory, and the last good state on disk.
//!
//! ```text
//!   facts ──▶ Store::commit ──▶ touched keys, revision          (memory: at once)
//!                  │
//!                  ├─▶ slot: the latest of each key ──LAG──▶ writer's replica ──▶ format ──▶ file
//!                  │                                         (its own thread, never waited for)
//!                  └─▶ feed ──▶ kv in memory ──▶ followers
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`store`] | the fleet and the serials of its zones; what a commit touches |
//! | [`feed`] | what is committed, told to followers |
//! | [`reserve`] | serials reserved ahead: one serial never stands for two contents |
//! | [`format`](mod@format) | a state as bytes: header, checksum, versioned structs |
//! | [`skydns`] | records in SkyDNS' layout there: keys, values, and what they offer |
//! | [`kv`] | keys and values with revisions, outside this process: in etcd, and in memory for tests |
//! | [`file`] | two generations of a file, by rename; damaged ones set aside |
//! | [`kept`] | what was acknowledged to somebody: on the disk before that |
//!
//! Private is the writer's thread (`behind`).
//!
//! **Architecture Invariant:** the disk never stands between an event and an answer. A slow or failing
//! one raises a counter and a log line, and nothing else. The one exception is the start: the serials
//! of the last good state are reserved on disk before any is given out.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod feed;
pub mod file;
pub mod format;
pub mod kept;
pub mod kv;
pub mod reserve;
pub mod skydns;
pub mod store;

mod behind;
mod error;

pub use behind::Writes;
pub use error::StoreError;
pub use store::{LastGood, Store};
