//! The program publishing to other DNS: what a cluster asks for, and what a server decides.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `cluster` | `portolan sync` on a real API server and a real etcd, with the rights that we ship |
//! | `webhook` | the same to a webhook over TLS |
//! | `folder` | `portolan run` that publishes what it decides on a fleet folder into a zone file |
//! | `control` | `portolan run --role control` |
//!
//! Without kube-apiserver and etcd (`cargo xtask setup` builds them) the tests that need them are passed over with one
//! loud line; with `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod cluster;
mod control;
mod folder;
mod webhook;

/// The program under test.
const BINARY: &str = env!("CARGO_BIN_EXE_portolan");
