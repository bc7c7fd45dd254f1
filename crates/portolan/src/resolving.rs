//! Host names of load balancers, resolved while the server runs.
//!
//! ```text
//!   Engine ── names that are wanted ──▶ Resolver (portolan-probe) ── reports ──GATHER──▶ Engine::take
//! ```
//!
//! All of it stands aside: an answer never waits for it, and it never waits for what an answer needs.

use std::time::Duration;

use anyhow::Context as _;
use portolan_kube::index::Resolution;
use portolan_probe::hosts::News;
use portolan_probe::{Resolver, Servers};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::engine::{Event, SharedEngine};
use crate::{chance, clock};

/// How long after the first report others are waited for.
pub const GATHER: Duration = Duration::from_millis(50);
/// Most reports that wait for the engine; then the resolver waits.
const WAITING_MAX: usize = 256;

/// Names that are being resolved. Dropping it ends that; what they last resolved to stays.
#[derive(Debug)]
pub struct Resolving(Option<Runtime>);

impl Resolving {
    /// Resolves what an engine wants resolved; to be called before it takes events. Nothing is done where nobody
    /// is to be asked.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(servers: &Servers, engine: &SharedEngine) -> anyhow::Result<Self> {
        if servers.is_off() {
            return Ok(Self(None));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("resolver")
            .enable_all()
            .build()
            .context("cannot start the thread that resolves host names")?;
        let wanted = engine.lock().resolve_hosts();
        let (sender, reports) = mpsc::channel(WAITING_MAX);
        // Sockets and timers belong to the runtime that they are made in.
        let entered = runtime.enter();
        let resolver = Resolver::new(servers.clone(), chance::draw);
        drop(entered);
        runtime.spawn(resolver.run(wanted, sender));
        runtime.spawn(report(reports, engine.clone()));
        Ok(Self(Some(runtime)))
    }
}

impl Drop for Resolving {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Takes reports to the engine, which may be busy for long: that is waited for on another thread.
async fn report(mut reports: mpsc::Receiver<Vec<News>>, engine: SharedEngine) {
    while let Some(mut batch) = reports.recv().await {
        let until = Instant::now() + GATHER;
        while let Ok(Some(more)) = timeout_at(until, reports.recv()).await {
            batch.extend(more);
        }
        let events = batch.into_iter().map(event).collect();
        let engine = engine.clone();
        let taken = tokio::task::spawn_blocking(move || engine.lock().take(events, clock::now()));
        // A panic inside was caught and counted by the engine.
        let _ = taken.await;
    }
}

fn event(news: News) -> Event {
    match news {
        News::Gone(host) => Event::Resolved(host, None),
        News::Now(report) => {
            let failure = report.failure.map(|why| why.to_string());
            let found =
                Resolution { addresses: report.addresses, count: report.count, way: report.way, failure };
            Event::Resolved(report.host, Some(found))
        }
    }
}
