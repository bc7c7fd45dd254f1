//! Makes of the store: one battery for all, and the faults of a real etcd of three members.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `battery` | what the trait promises, run on each make |
//! | `memory` | the make in memory: the battery, and its faults |
//! | `server` | the make in memory, served: the battery through etcd's client; certificates, another store, slow readers |
//! | `members` | etcd: the battery; members dead and paused, most of them gone (F-17, F-18) |
//! | `writer` | etcd: the writer is killed (F-16) |
//! | `past` | etcd: compacted, left behind, restored, wiped (F-19 to F-22) |
//! | `access` | etcd: no room, certificates and tokens that run out (F-23, F-24) |
//! | `far` | etcd: a long way to it, on which some is lost (F-25) |
//! | `traffic` | etcd: a watch is whole and in order, whatever happens (R-20) |
//! | `gateway` | what tests do to etcd, and Portolan never |
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod access;
mod battery;
mod far;
mod gateway;
mod members;
mod memory;
mod past;
mod server;
mod traffic;
mod writer;
