//! Metrics and health, for machines: `/metrics`, `/livez`, `/readyz`.
//!
//! `/readyz` says no only when the server cannot answer: before it knows the fleet, and while it stops.
//! Old data is no reason, it is answered from, and its age is a metric; nor is a cluster that cannot be read, but for
//! the first while after a start with nothing. `/livez` says yes for as long as
//! somebody is there to say it: workers that panic are restarted where they ran.
//!
//! Nothing here stands in the way of an answer, and nothing that a client sends becomes a label.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use portolan_core::zone::ZoneFile;
use portolan_serve::{Counters, Published};

use crate::clock;
use crate::clusters::Gate;
use crate::engine::SharedEngine;
use crate::logs::plain;
use crate::sync::tally::Tally;
use crate::webhook;

mod limits;
mod metrics;

pub(crate) use limits::Limited;
pub use limits::{CONNECTION, CONNECTIONS_MAX};

/// Most zones with damaged files that `/readyz` lists.
const DAMAGED_TOLD_MAX: usize = 20;
/// Most clusters that were not read that `/readyz` lists.
const UNREAD_TOLD_MAX: usize = 20;

/// Whether the server can answer.
#[derive(Clone, Debug)]
pub struct Health {
    published: Published,
    draining: Arc<AtomicBool>,
}

impl Health {
    /// Of what is published here.
    #[must_use]
    pub fn new(published: Published) -> Self {
        Self { published, draining: Arc::default() }
    }

    /// Says from now on that no new clients should come.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Why it cannot answer; none when it can.
    #[must_use]
    pub fn why_not_ready(&self) -> Option<&'static str> {
        if self.draining.load(Ordering::Relaxed) {
            return Some("stopping");
        }
        let complete = self.published.current().complete;
        (!complete).then_some(
            "not everything was read yet (`portolan status` says what), and there is no last good state",
        )
    }
}

/// What is asked here.
#[derive(Clone, Debug)]
pub struct Asked {
    /// For `/readyz`.
    pub health: Health,
    /// For `/metrics`.
    pub engine: SharedEngine,
    /// For `/metrics`; none of a process that answers no questions.
    pub counters: Option<Arc<Counters>>,
    /// For `/metrics`.
    pub publishers: Vec<Arc<Tally>>,
    /// For `/metrics`, where the webhook protocol is served.
    pub webhook: Option<Arc<webhook::Tally>>,
    /// For `/metrics`: who leads.
    pub gate: Gate,
}

/// What `/readyz` and `/metrics` say. Both may wait for somebody.
#[derive(Clone)]
pub struct Doors {
    /// What is said when it is ready, else why it is not.
    pub ready: Arc<dyn Fn() -> Result<String, String> + Send + Sync>,
    /// The metrics, as OpenMetrics text.
    pub metrics: Arc<dyn Fn() -> Result<String, std::fmt::Error> + Send + Sync>,
}

/// Serves what a server has to say on an address, until the runtime ends; returns where, as the port may have been 0.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(address: SocketAddr, asked: Asked) -> anyhow::Result<SocketAddr> {
    open(address, doors(asked)).await
}

/// What is served, for whoever has a listener of their own.
pub(crate) fn routes(asked: Asked) -> Router {
    router(doors(asked))
}

fn router(doors: Doors) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(doors)
}

fn doors(asked: Asked) -> Doors {
    let Asked { health, engine, counters, publishers, webhook, gate } = asked;
    let of_ready = engine.clone();
    let ready = move || {
        let unread = unread(&of_ready);
        match health.why_not_ready() {
            None => Ok(ready(&health) + &unread),
            Some(why) => Err(format!("{why}\n{unread}")),
        }
    };
    let metrics = move || {
        let gauges = engine.lock().gauges(clock::now());
        let totals = counters.as_ref().map(|counters| counters.sum());
        metrics::render(gauges, totals, publishers.clone(), webhook.clone(), gate.leader())
    };
    Doors { ready: Arc::new(ready), metrics: Arc::new(metrics) }
}

/// Opens the doors on an address, until the runtime ends; returns where, as the port may have been 0.
///
/// # Errors
/// When the address cannot be had.
pub async fn open(address: SocketAddr, doors: Doors) -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot serve metrics and health on {address}"))?;
    let bound = listener.local_addr().context("cannot learn the port of metrics and health")?;
    let router = router(doors);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(Limited::new(listener, CONNECTIONS_MAX), router).await {
            tracing::error!("metrics and health are served no more: {error}");
        }
    });
    Ok(bound)
}

async fn readyz(State(doors): State<Doors>) -> Response {
    match (doors.ready)() {
        Ok(said) => said.into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

/// The hub and the clusters that were not read since the start, a line each. Nothing while the engine is busy: who
/// asks whether this server is ready has no time to wait.
fn unread(engine: &SharedEngine) -> String {
    let Some(engine) = engine.try_lock() else { return String::new() };
    let mut text = String::new();
    if let Some((noun, hub)) = engine.unread_hub() {
        let _ = writeln!(
            text,
            "the {noun} {} was not read since the start: which names there are is not known",
            plain(&hub.0)
        );
    }
    for cluster in engine.unread().take(UNREAD_TOLD_MAX) {
        let _ = writeln!(text, "cluster {} was not read since the start", plain(&cluster.0));
    }
    let more = engine.unread().count().saturating_sub(UNREAD_TOLD_MAX);
    if more > 0 {
        let _ = writeln!(text, "and {more} more");
    }
    text
}

/// One damaged zone file is no reason to send all clients elsewhere, but to say so.
fn ready(health: &Health) -> String {
    let snapshot = health.published.current();
    let mut damaged = snapshot.zones().filter(|zone| !zone.is_whole());
    let mut text = "ok\n".to_owned();
    for zone in damaged.by_ref().take(DAMAGED_TOLD_MAX) {
        let what = match zone.file().is_none_or(ZoneFile::is_empty) {
            true => "has no records of its file: it gave none since the start",
            false => "has not all records of its file, which is damaged since the start",
        };
        let _ =
            writeln!(text, "zone {} {what}; what it may have is answered SERVFAIL", zone.apex.to_dotless());
    }
    let more = damaged.count();
    if more > 0 {
        let _ = writeln!(text, "and {more} more");
    }
    text
}

async fn metrics(State(doors): State<Doors>) -> Response {
    /// The media type of OpenMetrics text.
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    // The engine may be busy with a batch, so this waits on a thread that may wait.
    let text = tokio::task::spawn_blocking(move || (doors.metrics)());
    match text.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests;
