//! What this process decides from, told to those who only answer.
//!
//! ```text
//!   engine ─▶ Feed ─▶ store in memory ─▶ etcd's protocol, mutual TLS ─▶ followers (`crate::follow`)
//!      └── pulse, each PULSE: all of it is whole, and was true then
//! ```
//!
//! Who follows holds no credential of any cluster and reads no object: it has a certificate of the stream's authority, and
//! what it is told are facts. It goes on by itself where this process ends; so nothing here is waited for, neither by the
//! engine nor at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use portolan_store::feed::Feed;
use portolan_store::kv::server::{Options, Server, Tls};
use tokio::runtime::Runtime;

use crate::chance;
use crate::engine::SharedEngine;
use crate::threads::Regular;

/// How often followers are told that what they have is whole, and when it was true.
pub const PULSE: Duration = Duration::from_millis(500);
/// Threads that serve followers.
const THREADS: usize = 2;

/// What the configuration says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where followers come.
    pub listen: SocketAddr,
    /// Who we are, and who may come.
    pub tls: Tls,
}

/// A stream that is served. Dropping it ends that; followers go on with what they have.
#[derive(Debug)]
pub struct Stream {
    _pulse: Regular,
    address: SocketAddr,
    serving: Option<(Runtime, Server)>,
}

impl Stream {
    /// Serves what an engine knows.
    ///
    /// # Errors
    /// When the address cannot be had, a file of TLS is of no use, or no thread can be started.
    pub fn start(config: &Config, engine: &SharedEngine) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("stream")
            .enable_all()
            .build()
            .context("cannot start the threads that serve followers")?;
        let feed = Arc::new(Feed::start().context("cannot start the thread that tells followers")?);
        // Another process, another store: a follower takes the whole of it.
        let options =
            Options { listen: config.listen, tls: config.tls.clone(), store: chance::draw().max(1) };
        let serving = runtime.block_on(Server::start(feed.memory().clone(), options));
        let server = serving.context("cannot serve followers")?;
        let address = server.address();
        engine.lock().tell_stream(&feed, server.readers().clone());
        let engine = engine.clone();
        let pulse = move || {
            let pulse = engine.lock().pulse();
            pulse.into_iter().for_each(|pulse| feed.pulse(pulse));
        };
        Ok(Self { _pulse: Regular::start("pulse", PULSE, pulse)?, address, serving: Some((runtime, server)) })
    }

    /// Where followers come.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some((runtime, server)) = self.serving.take() {
            drop(server);
            runtime.shutdown_background();
        }
    }
}
