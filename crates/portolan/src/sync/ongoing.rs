//! `portolan sync` until it is stopped.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use portolan_core::Problem;

use super::desk::Desk;
use super::publish::guarded;
use super::report::{self, Report};
use super::tally::{self, Tally};
use super::{Job, Stage, TOLD_MAX, lines};
use crate::clusters::{Elector, Gate};
use crate::commands::Outcome;
use crate::control::{self, Control, Known};
use crate::run::{Signals, announce};
use crate::threads::supervised;
use crate::{http, problem};

/// How long after a cluster was not reached it is tried again; doubled each time up to [`ASK_MAX`].
const ASK_FIRST: Duration = Duration::from_secs(1);
/// The longest that it is.
const ASK_MAX: Duration = Duration::from_secs(30);

/// Publishes until SIGTERM or SIGINT.
pub(super) async fn run(stage: Stage, elector: Option<Elector>) -> anyhow::Result<Outcome> {
    let mut signals = Signals::new()?;
    let Job { lead, settings, http: address, .. } = &stage.job;
    if let Some(address) = address {
        let bound =
            http::open(*address, doors(stage.desk.clone(), stage.tally.clone(), stage.gate.clone())).await?;
        announce(&format!("metrics and health on http://{bound}"));
    }
    let control = open_control(&stage)?;
    let (cluster, owner) = (lead.name(), &settings.owner);
    tracing::info!(%cluster, %owner, provider = %settings.make, "publishing the DNSEndpoints of a cluster");
    let telling = tokio::spawn(tell(stage.desk.clone()));
    let electing = elector.map(Elector::start);
    let publishing = publish(stage.clone());
    let ended = tokio::select! {
        signal = signals.wait() => {
            tracing::info!(signal, "stopping");
            Ok(())
        }
        // Nothing that was sent is undone when this is dropped; what it came to is read at the next start.
        ended = publishing => ended,
    };
    telling.abort();
    if let Some(electing) = electing {
        electing.end().await;
    }
    drop(control);
    tracing::info!("stopped");
    ended.map(|()| Outcome::Fine)
}

/// Which cluster it is; then, as the one who publishes, what it asks for.
async fn publish(stage: Stage) -> anyhow::Result<()> {
    let instance = identity(&stage.job).await;
    let mut publishing = stage.publishing(&instance)?;
    // Who waits for the Lease follows meanwhile, and reads again once it has claimed.
    if !stage.gate.elects() {
        publishing.claimed().await;
    }
    let records = stage.follow();
    let again = records.clone();
    let (desk, gate) = (stage.desk.clone(), stage.gate.clone());
    let report = move || Report::new(desk.clone(), records.clone()).run(gate.clone());
    let report = tokio::spawn(supervised("report", report));
    guarded(publishing.reading_again(Box::new(move || again.read_again()))).await;
    report.abort();
    anyhow::bail!("the publisher has ended, which is a fault of this program; see its log")
}

async fn identity(job: &Job) -> String {
    let mut wait = ASK_FIRST;
    loop {
        match job.lead.identity().await {
            Ok(uid) => return uid,
            Err(failure) => {
                tracing::warn!(cluster = %job.lead.name(), "cannot be read: {}", failure.message);
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(ASK_MAX);
            }
        }
    }
}

fn doors(desk: Arc<Desk>, tally: Arc<Tally>, gate: Gate) -> http::Doors {
    let ready = move || match desk.is_read() {
        Ok(true) => Ok("ok\n".to_owned()),
        Ok(false) => Err("the cluster was not read yet\n".to_owned()),
        Err(problems) => Err(format!("the cluster was not read yet: {}\n", lines(&problems))),
    };
    let metrics = move || tally::render(vec![tally.clone()], gate.leader());
    http::Doors { ready: Arc::new(ready), metrics: Arc::new(metrics) }
}

/// The control socket. One that nobody named is done without where it cannot be had.
fn open_control(stage: &Stage) -> anyhow::Result<Option<Control>> {
    let job = &stage.job;
    let known = Known { engine: None, holds: stage.holds.clone(), gate: stage.gate.clone() };
    let path = match &job.control {
        Some(path) => Ok(path.clone()),
        None => control::default_path_of(&format!("sync-{}", job.settings.name)),
    };
    match path.and_then(|path| Control::open(&path, known)) {
        Ok(control) => {
            announce(&format!("control socket {}", control.path().display()));
            Ok(Some(control))
        }
        Err(error) if job.control.is_none() => {
            let why = problem::chain(&error);
            tracing::warn!("{why}; going on without a control socket (--control PATH names one)");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Logs what is wrong with what is read, once each.
async fn tell(desk: Arc<Desk>) {
    let mut changes = desk.watch();
    let mut told = BTreeSet::new();
    while changes.changed().await.is_ok() {
        let problems: BTreeSet<Problem> = desk.problems().into_iter().collect();
        for problem in problems.difference(&told).take(TOLD_MAX) {
            tracing::warn!("{}", problem::line(problem));
        }
        told = problems;
        tokio::time::sleep(report::TICK).await;
    }
}
