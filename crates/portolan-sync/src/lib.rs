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
//! | [`provider`] | the trait that each make of DNS is behind |
//!
//! It executes plans and computes none ([`portolan_core::plan`]); it knows no Kubernetes.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod provider;

pub use provider::{Abilities, Applied, Batch, Listing, Provider, ProviderError, Step, StepOutcome};
