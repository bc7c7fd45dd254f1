//! `portolan run` as a whole: the built binary, real sockets on loopback addresses, real files.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `server` | a running server: its answers, its pages, its limits |
//! | `fleet` | the fleet folder that it watches |
//! | `folder` | what becomes of answers when the folder changes |
//! | `state` | what becomes of them when the process ends and starts again |
//! | `descriptors` | what becomes of them when file descriptors run out |
//! | `zone_files` | what becomes of answers when a zone file changes |
//! | `hardships` | what becomes of them when nobody reads the log, or somebody hangs up |
//! | `follow` | what becomes of them where they are given by another process, which ends, and starts again |
//! | `demo` | the demo, as it looks on a terminal |
//! | `resolving` | load balancers' host names, resolved by a name server of the test's |
//! | `doors` | the other ways in: metrics, health, the control socket, a second process |
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod demo;
mod descriptors;
mod doors;
mod fleet;
mod folder;
mod follow;
mod hardships;
mod resolving;
mod server;
mod state;
mod zone_files;
