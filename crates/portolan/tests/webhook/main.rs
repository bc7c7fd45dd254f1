//! `portolan webhook`: the built binary as a provider of External-DNS' webhook protocol, and what it answers.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `server` | a running provider: its protocol, its answers |
//! | `protocol` | each request, and what is not one |
//! | `kept` | what was acknowledged, over kills and restarts |
//! | `shared` | records in an etcd that several servers share |
//! | `stock` | a stock External-DNS that publishes to it |
//! | `plans` | the plans of both publishers, on the same states |
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod kept;
mod plans;
mod protocol;
mod server;
mod shared;
mod stock;
