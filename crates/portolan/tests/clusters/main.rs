//! The program on real clusters: API servers that the tests start, and the rights that we ship.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `followed` | the program following clusters, and what clients get of it |
//! | `handover` | a hub, and those that follow what it hands over |
//! | `managed` | the same with Kubernetes' own controllers, which make the slices and delete what goes |
//! | `mesh` | several clusters, each with a process of its own, and no hub |
//! | `meter` | asks without end, and notes what was answered wrongly or not at all |
//! | `sourced` | names of routes, on a server that has an older version of their kinds |
//! | `registry` | clusters that the hub registers: joined, refused, forgotten |
//! | `replicas` | several of them on one hub, of which one writes |
//! | `walk` | the article's walk-through on three API servers, and what may befall them |
//!
//! Without kube-apiserver and etcd (`cargo xtask setup` builds them) the tests are passed over with one loud
//! line; with `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use portolan_testbed::program::printed;

mod followed;
mod handover;
mod managed;
mod mesh;
mod meter;
mod registry;
mod replicas;
mod sourced;
mod walk;

/// What `portolan crds` prints.
fn definitions() -> String {
    printed(env!("CARGO_BIN_EXE_portolan"), &["crds"])
}

/// The definitions of others' kinds.
fn compat() -> String {
    printed(env!("CARGO_BIN_EXE_portolan"), &["crds", "--compat"])
}
