//! The testbed itself: what it says of its parts is so.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `api_servers` | three API servers at once: apart, restarted, wiped, cut off |
//! | `etcd` | three members that are one store: stopped, killed, wiped, restored |
//! | `neighbours` | Kubernetes' controllers and External-DNS beside one |
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod api_servers;
mod etcd;
mod neighbours;
