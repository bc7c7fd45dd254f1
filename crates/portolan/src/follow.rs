//! Answers from what control replicas decide: no cluster is followed here, and there is no credential of any.
//!
//! ```text
//!              ┌──────────── another writer, or behind what is remembered ───────────┐
//!              ▼                                                                     │
//!   the whole, at one revision ─▶ engine      then what changes after it ──GATHER──▶ engine
//!              ▲                                                                     │
//!              └──────────── the writer has caught up with what was kept from it ────┘
//! ```
//!
//! Several URLs are several replicas, of which each is a store of its own: who answers is followed, and where it goes, the
//! next is, from its whole on. Nothing that it knows less of than the one before is taken ([`crate::engine`]). While nobody
//! answers, answers go on as they are, over our own restart too where there is a state file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use portolan_store::kv::etcd::{Etcd, Identity, Options, Tls};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::chance;
use crate::clusters::Holds;
use crate::engine::SharedEngine;

mod following;

pub use crate::watching::{BATCH_MAX, GATHER, PAGE_KEYS};
use following::Following;
pub use following::LOOK;

/// Threads that wait for the stream, and for the engine.
const THREADS: usize = 2;
/// How long what is at hand may take when the following ends.
const LAST_STEP: Duration = Duration::from_secs(1);

/// What the configuration says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The URLs of control replicas.
    pub urls: Vec<String>,
    /// The file of the authorities that they have their certificates from.
    pub ca: PathBuf,
    /// The file of our certificate.
    pub cert: PathBuf,
    /// And that of its key.
    pub key: PathBuf,
}

impl Config {
    /// What it is and where, for people.
    #[must_use]
    pub fn name(&self) -> String {
        self.urls.join(", ")
    }

    /// The stores that replicas serve, as an etcd is reached.
    fn options(&self) -> Options {
        let identity = Some(Identity { certificate: self.cert.clone(), key: self.key.clone() });
        let tls = Some(Tls { authority: self.ca.clone(), identity });
        Options { tls, draw: chance::draw, are_apart: true, ..Options::new(self.urls.clone()) }
    }
}

/// A stream that is followed. Dropping it ends the following; answers stay.
#[derive(Debug)]
pub struct Follow {
    following: Option<(Runtime, JoinHandle<()>)>,
}

impl Follow {
    /// Follows for an engine that was told so ([`Engine::follow_stream`](crate::engine::Engine::follow_stream)).
    ///
    /// # Errors
    /// When no thread can be started, or what was said of the replicas is not whole.
    pub fn start(config: &Config, engine: &SharedEngine, holds: &Arc<Holds>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("follow")
            .enable_all()
            .build()
            .context("cannot start the threads that follow the stream")?;
        let kv = Etcd::new(config.options()).context("follow")?;
        let following = Following::new(config.name(), Arc::new(kv), engine.clone(), holds.clone());
        let following = runtime.spawn(following.run());
        Ok(Self { following: Some((runtime, following)) })
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        if let Some((runtime, following)) = self.following.take() {
            following.abort();
            // What it is at comes to its end before the clock that it waits by is taken away.
            let _ = runtime.block_on(async { tokio::time::timeout(LAST_STEP, following).await });
            runtime.shutdown_background();
        }
    }
}
