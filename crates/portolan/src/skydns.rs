//! Names from an etcd that anybody fills, in SkyDNS' layout.
//!
//! ```text
//!   range, a page at a time ─▶ read, on all cores ─┐
//!   watch from there ──GATHER──▶ read ─────────────┴─▶ Engine::take_keys
//!        ▲                                                  (what names have of them: portolan-store)
//!        └── list again: forgotten, or held and released
//! ```
//!
//! Answers never depend on the store being there: what was read last stays, over our own restart too (the state file). A
//! store that went back, to an older state or to none, is not followed; a list that lacks half of the keys, or all, is not
//! believed. Both are holds, as with clusters: `portolan holds` shows them, and releases them.
//!
//! What decides is pure ([`portolan_store::skydns`]); here are the store's door and the time.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use portolan_core::Name;
use portolan_store::kv::Kv;
use portolan_store::skydns::{Layout, Rules, Setup};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::clusters::Holds;
use crate::engine::SharedEngine;
use crate::etcd::Etcd;
use crate::threads::supervised;

mod follow;
mod past;

pub use crate::watching::{BATCH_MAX, GATHER};
pub use follow::{PAGE_KEYS, STORE_HOLD};
use past::Past;

/// Threads that wait for the store, and for the engine.
const THREADS: usize = 2;
/// How long what is at hand may take when the following ends.
const LAST_STEP: Duration = Duration::from_secs(1);
/// Most zones.
pub const ZONES_MAX: usize = 1_000;
/// Most name servers that are given for them.
pub const NAME_SERVERS_MAX: usize = 16;

/// What the configuration says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The store.
    pub etcd: Etcd,
    /// The zones.
    pub zones: Vec<Name>,
    /// Their name servers, where the keys give none.
    pub name_servers: Vec<Name>,
    /// Where the keys are.
    pub layout: Layout,
    /// What names have of them.
    pub rules: Rules,
}

impl Config {
    /// What a table of it is of. `addresses` are ours: those of the zones' name server where nobody else is known.
    #[must_use]
    pub fn setup(&self, addresses: impl IntoIterator<Item = IpAddr>) -> Arc<Setup> {
        Arc::new(Setup {
            layout: self.layout.clone(),
            rules: self.rules,
            zones: self.zones.iter().cloned().collect(),
            name_servers: self.name_servers.clone(),
            addresses: addresses.into_iter().filter(|address| !address.is_unspecified()).collect(),
        })
    }
}

/// A store, and what it is called.
#[derive(Clone)]
pub struct Way {
    /// What it is and where, for people.
    pub name: String,
    /// Its door.
    pub kv: Arc<dyn Kv>,
}

/// Keys that are followed. Dropping it ends the following; names stay.
#[derive(Debug)]
pub struct SkyDns {
    following: Option<(Runtime, JoinHandle<()>)>,
    past: Arc<Past>,
}

impl SkyDns {
    /// Follows the keys of an etcd for an engine that was made with the same setup. `state` is the file of the last good
    /// state, beside which stands how far the store was; `is_alone` when no other source gives names.
    ///
    /// # Errors
    /// When no thread can be started, or what was said of the etcd is not whole.
    pub fn start(
        etcd: &Etcd,
        setup: Arc<Setup>,
        engine: &SharedEngine,
        holds: &Arc<Holds>,
        state: Option<&Path>,
        is_alone: bool,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("keys")
            .enable_all()
            .build()
            .context("cannot start the threads that follow the store")?;
        let past = Past::open(state, engine.lock().state_from().is_some(), &etcd.name());
        let kv = etcd.client(past.revision()).context("skydns")?;
        let way = Way { name: etcd.name(), kv };
        let (engine, holds, their) = (engine.clone(), holds.clone(), past.clone());
        let mut is_after = false;
        let follow = move || {
            let (way, setup, engine, holds) = (way.clone(), setup.clone(), engine.clone(), holds.clone());
            let follow = follow::Follow::new(way, setup, engine, holds, their.clone(), is_alone);
            follow.after_another(std::mem::replace(&mut is_after, true)).run()
        };
        let follow = runtime.spawn(supervised("keys", follow));
        Ok(Self { following: Some((runtime, follow)), past })
    }
}

impl Drop for SkyDns {
    fn drop(&mut self) {
        if let Some((runtime, follow)) = self.following.take() {
            follow.abort();
            // What it is at comes to its end before the clock that it waits by is taken away.
            let _ = runtime.block_on(async { tokio::time::timeout(LAST_STEP, follow).await });
            runtime.shutdown_background();
        }
        self.past.write();
    }
}

#[cfg(test)]
mod tests;
