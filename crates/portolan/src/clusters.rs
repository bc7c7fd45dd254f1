//! Clusters followed on their API servers.
//!
//! ```text
//!   kubeconfig ─▶ Context ─▶ Member ─┬─ probe: who is it, where does it stand ─▶ Reach ─┐
//!                                    └─ Follow, one a resource ◀────────────────────────┘
//!                                          │ events            (they run while it is reached)
//!                                          ▼
//!                                        Feed ──GATHER──▶ Engine::take
//! ```
//!
//! Each cluster is by itself: its tasks wait for nobody else's, and what goes wrong with it is a problem of
//! that cluster. A small question every [`PROBE`] tells whether a cluster is reached and whether it is
//! still the same one; its watches rest while it is not. What decides is pure ([`portolan_kube::follow`],
//! [`identity`]); here are the sockets and the time.
//!
//! The hub is the only cluster that is written to ([`patch`]).
//!
//! One cluster is the *hub*: it holds the intents, as the root of a fleet folder does, and so its intents
//! are those of the root among the sources. What it runs is its own, like that of any other.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use portolan_core::ClusterName;
use tokio::runtime::Runtime;

use crate::clock;
use crate::engine::{Event, SharedEngine};

mod cluster;
mod connect;
mod feed;
mod follow;
mod holds;
mod identity;
mod kubeconfig;
mod member;
mod past;
mod patch;

pub use feed::{BATCH_MAX, GATHER};
pub use follow::{PAGE_OBJECTS, SILENCE};
pub use holds::{Hold, Holds};
pub use kubeconfig::{Context, read};
pub use member::PROBE;
pub use past::NOTE;

/// Threads that read what API servers send.
const THREADS: usize = 2;

/// Clusters that are followed. Dropping it ends the following; facts stay.
#[derive(Debug)]
pub struct Clusters {
    holds: Arc<Holds>,
    past: Arc<past::Past>,
    runtime: Option<Runtime>,
    /// Dropped after the runtime: the feed ends when the last task that feeds it has.
    feed: feed::Feed,
}

impl Clusters {
    /// Follows each of these clusters, the hub among them.
    ///
    /// # Errors
    /// When threads cannot be started.
    ///
    /// `state` is the file of the last good state; beside it stands what clusters were.
    pub fn start(
        contexts: Vec<Context>,
        hub: &ClusterName,
        engine: &SharedEngine,
        holds: &Arc<Holds>,
        state: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("clusters")
            .enable_all()
            .build()
            .context("cannot start the threads that follow clusters")?;
        let feed = feed::Feed::start(engine.clone())?;
        let known = Arc::new(identity::Known::default());
        let past = past::Past::open(state, engine.lock().state_from().is_some());
        let followed = contexts.iter().map(|context| Event::Followed(context.name.clone())).collect();
        engine.lock().take(followed, clock::now());
        for context in contexts {
            let is_hub = context.name == *hub;
            let member = member::Member::new(
                context,
                is_hub,
                engine.clone(),
                feed.sender(),
                holds.clone(),
                past.clone(),
                known.clone(),
            );
            runtime.spawn(member.run());
        }
        runtime.spawn(note(past.clone()));
        Ok(Self { holds: holds.clone(), past, runtime: Some(runtime), feed })
    }

    /// What is held of them.
    #[must_use]
    pub fn holds(&self) -> &Holds {
        &self.holds
    }
}

impl Drop for Clusters {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.feed.stop();
        self.past.write();
    }
}

/// Notes what clusters are, time and again.
async fn note(past: Arc<past::Past>) {
    loop {
        tokio::time::sleep(NOTE).await;
        tokio::task::block_in_place(|| past.write());
    }
}
