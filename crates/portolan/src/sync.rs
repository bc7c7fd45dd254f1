//! Records published to other DNS: `portolan sync`, and the publishers of `portolan run`.
//!
//! ```text
//!   DNSEndpoints of a cluster ─▶ clusters::records ─┐                ┌─▶ Publishing ─▶ portolan-sync ─▶ etcd, RFC 2136, …
//!   names of the engine ───────▶ projection ────────┴─▶ Desk (wants) ┴─▶ Publishing ─▶ …
//!                                                        │
//!                                                        └─▶ Report: statuses and events of the objects
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`settings`] | what a publisher is to do, settled from what was said |
//! | [`desk`] | what is wanted, and what of it is news to which publisher |
//! | `maker` | settings to a provider, one arm a make |
//! | `gated` | a provider that is written to while this process leads |
//! | `publish` | one publisher at work: when rounds come, holds, failures |
//! | `ongoing`, `once` | `portolan sync` until it is stopped, and for one round |
//! | [`publishers`] | those of `run` |
//! | `projection` | what an engine's names come to, for publishers of `run` |
//! | `report` | what objects are told |
//! | [`show`], [`tally`] | a plan for people and programs; what is counted |
//!
//! What is done to the other DNS is decided in core ([`portolan_core::plan`]) and carried out by portolan-sync.

use std::io::{IsTerminal as _, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use portolan_core::Problem;
use portolan_sync::Provider;
use portolan_sync::publisher::Publisher;
use tokio::runtime::Runtime;

use crate::clusters::{Elector, Gate, Holds, Lead, Lease, Records, follow_records};
use crate::commands::Outcome;
use crate::nsid::host_name;
use crate::{chance, problem};

pub mod desk;
mod gated;
mod maker;
mod once;
mod ongoing;
mod projection;
mod publish;
pub mod publishers;
mod report;
pub mod settings;
pub mod show;
pub mod tally;

use desk::Desk;
use gated::Gated;
use publish::{Publishing, Remake};
pub use publishers::Publishers;
pub use settings::Settings;
use tally::Tally;

/// Threads that follow and publish.
const THREADS: usize = 2;
/// From how many names on a round shows its progress on a terminal.
const PROGRESS_MIN: usize = 1_000;
/// How long tasks have to come to an end.
const END: Duration = Duration::from_secs(2);
/// Most problems that are told at once.
const TOLD_MAX: usize = 20;

/// What `portolan sync` is to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// Whose `DNSEndpoint`s.
    pub lead: Lead,
    /// Where they go, and how.
    pub settings: Settings,
    /// Where metrics and health are served.
    pub http: Option<SocketAddr>,
    /// The control socket.
    pub control: Option<PathBuf>,
    /// Holds that somebody says are no loss.
    pub released: Vec<String>,
    /// How much.
    pub how: How,
    /// The Lease that decides which of several processes publishes; none: this one does, and so does one round.
    pub lease: Option<Lease>,
}

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Publishes until it is stopped.
    On,
    /// One whole round.
    Once,
    /// None; what one would do is printed, as JSON or as a table.
    Dry {
        /// As JSON.
        json: bool,
    },
}

/// `portolan sync`.
///
/// # Errors
/// When the cluster or the DNS cannot be read, or not all could be done that was to be.
pub fn sync(job: Job, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let (desk, holds) = (Arc::new(Desk::new(1)), Arc::default());
        let tally = Arc::new(Tally::new(&job.settings.name, job.settings.zones(), desk.clone()));
        let elector = job
            .lease
            .clone()
            .filter(|_| job.how == How::On)
            .map(|lease| Elector::new(job.lead.clone(), lease, &host_name(), chance::draw()));
        let gate = elector.as_ref().map_or(Gate::always_open(), Elector::gate);
        let stage = Stage { job, desk, holds, tally, gate };
        // What of the settings cannot be had is said before anything is asked.
        drop(stage.publishing("")?);
        match stage.job.how {
            How::On => ongoing::run(stage, elector).await,
            How::Once => once::publish(&stage, out).await,
            How::Dry { json } => once::look(&stage, json, out).await,
        }
    });
    runtime.shutdown_timeout(END);
    outcome
}

/// What the parts of `portolan sync` share.
#[derive(Clone)]
struct Stage {
    job: Job,
    desk: Arc<Desk>,
    holds: Arc<Holds>,
    tally: Arc<Tally>,
    gate: Gate,
}

impl Stage {
    /// The publisher of an installation.
    fn publishing(&self, instance: &str) -> anyhow::Result<Publishing> {
        publishing(&self.job.settings, instance, (&self.desk, 0), &self.holds, &self.tally, &self.gate)
    }

    /// Follows the cluster's `DNSEndpoint`s. What was claimed before is claimed before they are read.
    fn follow(&self) -> Records {
        let desk = self.desk.clone();
        follow_records(self.job.lead.clone(), &self.holds, move |events| desk.take(events))
    }
}

fn publishing(
    settings: &Settings,
    instance: &str,
    (desk, seat): (&Arc<Desk>, usize),
    holds: &Arc<Holds>,
    tally: &Arc<Tally>,
    gate: &Gate,
) -> anyhow::Result<Publishing> {
    let instance = settings.instance.as_deref().unwrap_or(instance).to_owned();
    let settings = settings.clone();
    let (name, interval) = (settings.name.clone(), settings.interval);
    let keeps_members = maker::keeps_members(&settings);
    let made_behind = gate.clone();
    let make = move || {
        let provider = maker::make(&settings, &instance)?;
        let provider: Arc<dyn Provider> = match made_behind.elects() {
            true => Arc::new(Gated::new(provider, &made_behind)),
            false => provider,
        };
        let publisher = Publisher::new(provider, settings.registry()?, settings.options()?);
        anyhow::Ok(publisher.with_progress(Box::new(progress())))
    };
    let publisher = make().with_context(|| format!("publisher {name}"))?;
    let made = (publisher, Box::new(make) as Remake);
    let publishing =
        Publishing::new(name, (desk.clone(), seat), made, interval, holds.clone(), tally.clone());
    Ok(publishing.keeping_members(keeps_members).behind(gate))
}

/// Shows on a terminal how far a round of many names is.
fn progress() -> impl FnMut(usize, usize) + Send {
    let is_terminal = std::io::stderr().is_terminal();
    let mut shown: Option<ProgressBar> = None;
    move |done, of| {
        if !is_terminal || of < PROGRESS_MIN {
            return;
        }
        let bar = shown.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} names published ({eta})");
            ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_length(u64::try_from(of).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        if done >= of {
            bar.finish_and_clear();
            shown = None;
        }
    }
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("sync")
        .enable_all()
        .build()
        .context("cannot start the threads that publish")
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(problem::line).collect::<Vec<_>>().join("; ")
}
