//! Records to other DNS: one file a provider.
//!
//! ```text
//!   Desired ─┐
//!            ├─▶ plan (core) ─▶ Batch of steps ─▶ Provider::apply ─▶ Applied
//!   Listing ─┘                                        │
//!      ▲─────────────── Provider::list ◀──────────────┘
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`publisher`] | rounds: from what is wanted to what became of it |
//! | [`provider`] | the trait that each make of DNS is behind |
//! | [`cipher`] | seals marks as External-DNS does |
//! | [`etcd`] | keys in SkyDNS' layout |
//! | [`rfc2136`] | zones of servers that take dynamic updates |
//! | [`webhook`] | External-DNS' webhook protocol: a provider, and the records of a server |
//! | [`zonefile`] | a zone file |
//! | [`memory`] | a DNS in memory, for tests: faults on demand |
//!
//! It executes plans and computes none ([`portolan_core::plan`]); it knows no Kubernetes.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cipher;
pub mod etcd;
pub mod memory;
pub mod provider;
pub mod publisher;
pub mod rfc2136;
pub mod webhook;
pub mod zonefile;

#[cfg(test)]
mod battery;

pub use provider::{Abilities, Applied, Batch, Edit, Listing, Provider, ProviderError, Step, StepOutcome};
pub use publisher::{Publisher, Round};
