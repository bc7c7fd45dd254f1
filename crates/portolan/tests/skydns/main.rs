//! `portolan run --skydns` on a real etcd: beside a stock CoreDNS, filled by a stock External-DNS, and without any member.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `reply` | what it and others reply, as text that can be compared |
//! | `store` | keys in a real etcd |
//! | `names` | names as the RFCs have them: a table of expectations |
//! | `stock` | the same questions to ours, with CoreDNS' rules, and to CoreDNS; each difference with its reason |
//! | `filled` | an etcd that a stock External-DNS fills; members that go, and all of them |
//!
//! What is not there is passed over with one loud line; with `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use portolan_testbed::Program;

mod filled;
mod names;
mod reply;
mod stock;
mod store;

/// `portolan run` with these flags, started.
fn program(flags: &[&str]) -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_portolan"), "skydns")
        .with(["run", "--listen", "127.0.0.1:0", "--workers", "1", "--resolver", "none"])
        .with_file("--state", "state")
        .with(flags);
    program.start();
    program
}
