//! The article's chain on real parts, each link exchanged: DNSEndpoints by our federation or by hand, published by
//! `portolan sync` or a stock External-DNS into an etcd of three members, answered by us or by a stock CoreDNS.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `links` | the parts, all running side by side |
//! | `make` | the eight makes of the chain, and when each of them answers as it should |
//! | `story` | what happens to a name, in all makes |
//! | `rounds` | how long a change takes where all links are ours, again and again |
//! | `takeover` | a zone that goes from External-DNS to us and back, and members of etcd that go |
//!
//! Without kube-apiserver, etcd, External-DNS and CoreDNS (`cargo xtask tools` builds them) the tests are passed over with
//! one loud line; with `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod links;
mod make;
mod rounds;
mod story;
mod takeover;
