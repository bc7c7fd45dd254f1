//! The program: what it reads, how it runs, and what it tells people.
//!
//! ```text
//!   name servers ─▶ resolving ┐
//!   zone files ────▶ zones ───┤
//!   etcd ──────────▶ skydns ──┤
//!   API servers ──▶ clusters ─┤
//!   External-DNS ─▶ webhook ──┤
//!   control ──────▶ follow ───┤
//!   fleet folder ──▶ source ──▶ engine ──▶ Published ──▶ portolan-serve: UDP, TCP
//!                               │    │
//!                    portolan-store  ├──▶ http: /metrics /livez /readyz
//!                    last good state ├──▶ control: explain, status, forget
//!                                    ├──▶ stream: those who follow
//!                                    └──▶ sync ──▶ portolan-sync: other DNS
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`engine`] | events in, the next snapshot published: index, store and compile behind one call |
//! | [`source`] | the fleet folder: read once, or watched |
//! | [`clusters`] | clusters followed on their API servers |
//! | [`zones`] | zone files: read, and watched |
//! | [`etcd`] | an etcd that is named, whatever it is for, and how we come in |
//! | [`skydns`] | keys of an etcd that anybody fills, followed |
//! | [`stream`], [`follow`] | what is known, told to those who only answer; and followed by them |
//! | `watching` | what becomes of a store's keys, in batches, for both of those that follow one |
//! | [`webhook`] | External-DNS' webhook protocol: records that are given, kept and answered |
//! | [`resolving`], [`ticks`] | host names of load balancers, resolved; what time it is, told to the engine |
//! | [`sync`] | records published to other DNS: `portolan sync`, and publishers of `run` |
//! | [`run`] | `portolan run`: everything wired, from top to bottom |
//! | [`http`], [`control`] | metrics and health; questions to a running server |
//! | [`explain`], [`status`] | why a client gets what it gets; how the fleet is |
//! | [`cli`], [`config`], [`commands`], [`logs`] | the command line, the configuration, the offline commands, the log |
//! | [`manifests`], [`pki`] | what to apply to run in a cluster; a small authority, for who has no certificates |
//! | [`problem`] | problems and errors as people read them |
//! | [`clock`], [`when`] | what time it is; times and ages in words |
//! | [`demo`] | a fleet that fails over before your eyes |
//!
//! **Architecture Invariant:** no DNS and no policy is decided here: the program moves values between
//! the crates that decide (core), read (kube), keep (store) and answer (serve).
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod chance;
pub mod cli;
pub mod clock;
pub mod clusters;
pub mod commands;
pub mod config;
pub mod control;
pub mod demo;
pub mod engine;
pub mod etcd;
pub mod explain;
pub mod follow;
pub mod http;
pub mod logs;
pub mod manifests;
mod nsid;
pub mod pki;
pub mod problem;
pub mod resolving;
pub mod run;
pub mod skydns;
pub mod source;
pub mod status;
pub mod stream;
pub mod sync;
mod threads;
pub mod ticks;
mod watching;
pub mod webhook;
pub mod when;
pub mod zones;

use std::process::ExitCode;

/// What `main.rs` calls.
#[must_use]
pub fn main() -> ExitCode {
    cli::main()
}
