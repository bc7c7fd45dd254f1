//! `portolan sync` for one round: `--once`, and `--dry-run`, which writes nothing.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, bail};
use portolan_core::{Problem, Reason};
use portolan_kube::follow::Failure;
use portolan_sync::publisher::Round;
use tokio::time::{Instant, sleep, timeout_at};

use super::publish::{Publishing, failures};
use super::report::Report;
use super::show::{self, Plan};
use super::{Stage, lines};
use crate::commands::Outcome;
use crate::logs::plain;
use crate::problem;

/// How long a cluster may take to be read.
const READ: Duration = Duration::from_secs(60);
/// The same once it has refused us.
const REFUSED: Duration = Duration::from_secs(5);
/// How long after a cluster was not reached it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Prints what a round would do.
pub(super) async fn look(stage: &Stage, json: bool, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let mut publishing = stage.publishing(&identity(stage).await?)?;
    let _records = stage.follow();
    let round = round(stage, &mut publishing, true).await?;
    let plan = plan(stage, &publishing, &round).with(&stage.desk.problems());
    if json {
        serde_json::to_writer_pretty(&mut *out, &plan)?;
        writeln!(out)?;
    } else {
        plan.print(out)?;
    }
    Ok(if plan.is_empty() { Outcome::Fine } else { Outcome::ToDo })
}

/// Does one round, and tells what it left.
pub(super) async fn publish(stage: &Stage, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let mut publishing = stage.publishing(&identity(stage).await?)?;
    publishing.claim().await.with_context(|| publishing.provider())?;
    let records = stage.follow();
    let round = round(stage, &mut publishing, false).await?;
    Report::new(stage.desk.clone(), records).pass().await;
    let counts = round.counts;
    writeln!(out, "{} created, {} updated, {} deleted.", counts.creates, counts.updates, counts.deletes)?;
    let mut err = std::io::stderr().lock();
    for problem in stage.desk.problems().iter().chain(&round.problems.told) {
        writeln!(err, "{}", plain(&problem::line(problem)))?;
    }
    for (name, why) in failures(&round) {
        writeln!(err, "{name}: {}", plain(&why))?;
    }
    if round.plan.is_superseded {
        writeln!(err, "another process publishes as this owner; it came later, and nothing was done")?;
    }
    let plan = plan(stage, &publishing, &round);
    if plan.kept > 0 {
        writeln!(err, "{}", show::kept(plan.kept))?;
    }
    if let Some(hold) = plan.hold {
        writeln!(err, "held: {}: {}", hold.id, plain(&hold.why))?;
        writeln!(err, "{}", hold.advice())?;
    }
    Ok(if round.is_converged() { Outcome::Fine } else { Outcome::Error })
}

async fn round(stage: &Stage, publishing: &mut Publishing, dry: bool) -> anyhow::Result<Round> {
    read(stage).await?;
    let round = publishing.once(&stage.job.released, dry).await.with_context(|| publishing.provider())?;
    round.with_context(|| format!("cluster {} was not read", stage.job.lead.name()))
}

fn plan(stage: &Stage, publishing: &Publishing, round: &Round) -> Plan {
    let settings = &stage.job.settings;
    Plan::of(publishing.provider(), settings.owner.to_string(), &settings.name, round)
}

/// Which cluster it is.
async fn identity(stage: &Stage) -> anyhow::Result<String> {
    let began = Instant::now();
    loop {
        let failure = match stage.job.lead.identity().await {
            Ok(uid) => return Ok(uid),
            Err(failure) => failure,
        };
        let Failure { code, message, .. } = failure;
        let patience = if matches!(code, Some(401 | 403)) { REFUSED } else { READ };
        if began.elapsed() + AGAIN > patience {
            bail!("cluster {} cannot be read: {message}", stage.job.lead.name());
        }
        sleep(AGAIN).await;
    }
}

/// Waits until the cluster was read.
async fn read(stage: &Stage) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut changes = stage.desk.watch();
    let cluster = stage.job.lead.name();
    loop {
        let read = stage.desk.is_read();
        let is_refused = |problems: &Vec<Problem>| problems.iter().any(|p| p.reason == Reason::Unauthorized);
        let until = match &read {
            Ok(true) => return Ok(()),
            Err(problems) if is_refused(problems) => began + REFUSED,
            Ok(false) | Err(_) => began + READ,
        };
        if timeout_at(until, changes.changed()).await.is_err() {
            match read {
                Err(problems) => bail!("cluster {cluster} cannot be read: {}", lines(&problems)),
                Ok(_) => bail!("cluster {cluster} was not read within {} s", READ.as_secs()),
            }
        }
    }
}
