//! Real parts for tests: etcd, API servers, controllers, External-DNS, CoreDNS; and the program among them. No part of
//! the program.
//!
//! ```text
//!   part ──▶ process ──▶ Etcd ◀── ApiServer ◀── ControllerManager
//!   (where)  (ends       (data)      │   ◀───── ExternalDns ──▶ Webhook
//!             with us)   ▲           └──▶ Client, kubeconfig      (what it published)
//!                        └── CoreDns
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`part`] | which real parts there are, and where their programs are |
//! | [`missing`] | what happens without one: a loud line, or a failure |
//! | [`etcd`] | a store, of one member or three: paused, killed, wiped, restored |
//! | [`api_server`] | a cluster's API: the same, and who may come in |
//! | [`client`] | the test's own reads and writes |
//! | [`kubeconfig`] | the file by which others come in |
//! | [`coredns`] | a stock CoreDNS, on an etcd or a zone file |
//! | [`controller_manager`] | Kubernetes' own controllers |
//! | [`external_dns`] | a stock External-DNS, and the provider that notes what it is given |
//! | [`program`] | the program under test: started, asked, ended, started again |
//! | [`ask`] | a question to a DNS server, and its reply |
//! | [`door`] | TLS before a server that has none |
//! | [`link`] | a way between two processes, which can be cut |
//! | [`meter`] | whether servers answer, and rightly, a hundred times a second |
//! | [`name_server`] | BIND, Knot and PowerDNS, whose zones are changed by updates |
//! | [`namespace`] | a network of its own, which can be cut off |
//! | [`shop`] | objects that the fleets of many tests have |
//! | [`port`] | ports for programs that must be told theirs |
//! | [`wait`] | waiting for another process |
//!
//! A part that is missing gives none after a loud line. A part that is there and does not start is a failure of
//! the test, so it panics, with the end of its log. Whatever runs ends when its value is dropped, and when the
//! test's process ends by whatever means; folders and logs stand in `portolan-testbed-UID` of the system's
//! temporary folder, where the next test binary tidies up after one that was killed.
//!
//! Nothing here is for hostile input; its limits are those of patience ([`wait::PATIENCE`]) and of replies
//! ([`client::REPLY_OCTETS_MAX`]).
#![cfg_attr(feature = "start", allow(clippy::panic, reason = "a test that cannot go on ends here"))]

pub mod missing;
pub mod part;

#[cfg(feature = "start")]
pub mod api_server;
#[cfg(feature = "start")]
pub mod ask;
#[cfg(feature = "start")]
mod authority;
#[cfg(feature = "start")]
mod background;
#[cfg(feature = "start")]
pub mod client;
#[cfg(feature = "start")]
pub mod controller_manager;
#[cfg(feature = "start")]
pub mod coredns;
#[cfg(feature = "start")]
pub mod door;
#[cfg(feature = "start")]
pub mod etcd;
#[cfg(feature = "start")]
pub mod external_dns;
#[cfg(feature = "start")]
mod folder;
#[cfg(feature = "start")]
pub mod kubeconfig;
#[cfg(feature = "start")]
pub mod link;
#[cfg(feature = "start")]
pub mod meter;
#[cfg(feature = "start")]
pub mod name_server;
#[cfg(feature = "start")]
pub mod namespace;
#[cfg(feature = "start")]
pub mod port;
#[cfg(feature = "start")]
mod process;
#[cfg(feature = "start")]
pub mod program;
#[cfg(feature = "start")]
pub mod shop;
#[cfg(feature = "start")]
pub mod wait;

#[cfg(feature = "start")]
pub use self::{
    api_server::{ApiServer, Setup},
    client::Client,
    controller_manager::ControllerManager,
    coredns::CoreDns,
    door::TlsDoor,
    etcd::{Etcd, EtcdCluster},
    external_dns::{ExternalDns, Webhook},
    link::Link,
    meter::Meter,
    name_server::NameServer,
    namespace::Namespace,
    process::Process,
    program::Program,
};
