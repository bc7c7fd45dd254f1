//! `portolan run --skydns` on a real etcd: beside a stock CoreDNS, filled by a stock External-DNS, and without any member.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `program` | a running binary, and how it and others are asked |
//! | `store` | keys in a real etcd |
//! | `names` | names as the RFCs have them: a table of expectations |
//! | `stock` | the same questions to ours, with CoreDNS' rules, and to CoreDNS; each difference with its reason |
//! | `filled` | an etcd that a stock External-DNS fills; members that go, and all of them |
//!
//! What is not there is passed over with one loud line; with `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod filled;
mod names;
mod program;
mod stock;
mod store;
