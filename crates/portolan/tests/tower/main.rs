//! What a real API server will not do on demand: scripted ones, and the rows of faults that name them.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `server`, `call`, `watch` | a scripted API server: its store, its requests, its watches |
//! | `fleet` | scripted clusters, followed; what clients and operators see of them |
//! | `lists` | lists that are empty, halved, older: F-27 to F-29 |
//! | `watches` | watches that are silent or out of order, objects made anew: F-30, F-31, B-34 |
//! | `refusals` | servers that are down, slow, or refuse: F-26, F-32 to F-34 |
//! | `writes` | second writers: F-35 |
//! | `returns` | clusters that come back: forgotten, restored, after a fault of ours |
//! | `demand` | what is watched once an intent asks for it |
//! | `mesh` | thirty clusters without a hub, and what is asked of each |
//! | `start` | starts with nothing, and kinds that come later |
//! | `restart` | starts with the last good state |
//! | `sources` | kinds of sources that clusters lack, or lose |
//! | `sizes` | objects of any size: B-32 |
//! | `together` | many watchers that begin at once: F-54 |
//!
//! Time is paused: it passes when everybody waits, so that an hour takes as long as what happens in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod call;
mod demand;
mod fleet;
mod lists;
mod mesh;
mod refusals;
mod restart;
mod returns;
mod server;
mod sizes;
mod sources;
mod start;
mod together;
mod watch;
mod watches;
mod writes;
