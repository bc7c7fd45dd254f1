//! Who writes, where there are several replicas: the Lease, and the gate before every write.
//!
//! ```text
//!   Elector ── look, claim, renew ──▶ API server              Election (pure, portolan-kube) says what and when
//!      │
//!      └─ Standing ─▶ Gate ─┬─▶ patch: statuses, events, DNSEndpoints         (every replica computes them,
//!                           ├─▶ renew: tokens of registered clusters           and the holder alone writes)
//!                           └─▶ sync: rounds of publishers, reports to objects
//! ```
//!
//! A write begins with [`Gate::term`], before it is computed, and asks [`Gate::time`] right before it is sent: whether
//! that term is still ours by the steady clock, and how long the request may take, which is never longer than what is left
//! of the Lease. A process that elects nobody has a gate that is always open.
//!
//! The elector has a connection of its own: it waits for nobody who reads.

mod elector;
mod gate;
#[cfg(test)]
pub(super) mod tests;

pub(crate) use elector::Electing;
pub use elector::Elector;
pub use gate::{Gate, Leader, Term};

/// Which Lease, and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its namespace, which is Portolan's own.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How long its holder may say nothing before it is another's, in seconds; from
    /// [`SECONDS_MIN`](portolan_kube::lease::SECONDS_MIN) to [`SECONDS_MAX`](portolan_kube::lease::SECONDS_MAX).
    pub seconds: u32,
}
