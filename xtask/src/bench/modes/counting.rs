//! User instructions of one answer, of any subject: it is started once more, under callgrind, and asked the
//! same questions by the same client.
//!
//! A start under callgrind takes seconds and every answer some fifty times as long, so this comes after the
//! rounds, with nothing else running, and never into their figures.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Mode, Row};
use crate::bench::ask::Asker;
use crate::bench::callgrind::Counter;
use crate::bench::client::{self, Pace};
use crate::bench::dataset::{Names, Packets};
use crate::bench::machine::{self, SERVER_CORE};
use crate::bench::message::{A, NOERROR, Question};
use crate::bench::peers::{self, Peer, Site};

/// How long a subject may take to its first answer.
const START_MAX: Duration = Duration::from_secs(300);
/// How long it is asked before counting.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long it is asked while counting.
const TIME: Duration = Duration::from_secs(3);
/// Fewer answers than this tell nothing.
const ANSWERED_MIN: u64 = 500;

/// What all subjects of a mode have in common.
pub(super) struct Run<'r> {
    pub(super) names: Names,
    pub(super) zone: &'r Path,
    pub(super) packets: &'r Packets,
    pub(super) portolan: &'r Path,
}

/// Instructions of one answer; none for a subject that cannot run there, which is said.
///
/// # Errors
/// When something of our own fails.
pub(super) fn instructions(row: &Row, mode: Mode, run: &Run<'_>) -> Result<Option<f64>> {
    let name = row.peer;
    let peers = peers::chosen(&[name.to_owned()], mode)?;
    let peer = peers.into_iter().find(|peer| peer.name == name).context("a row is a peer's")?;
    if row.failure.is_some() || !peer.counted {
        return Ok(None);
    }
    println!("bench: {}: counting {name}", mode.name());
    match count(peer, run) {
        Ok(instructions) => Ok(Some(instructions)),
        Err(error) => {
            eprintln!("bench: {name} under callgrind: {error:#}");
            Ok(None)
        }
    }
}

fn count(peer: &Peer, run: &Run<'_>) -> Result<f64> {
    let folder = machine::folder()?;
    let counts = folder.path().join("counts");
    fs::create_dir(&counts).context("a folder for the counts")?;
    let site = Site {
        folder: folder.path(),
        port: peers::free_port()?,
        helper_port: peers::free_port()?,
        workers: 1,
        cores: Some(SERVER_CORE),
        names: run.names,
        zone: run.zone,
        portolan: run.portolan,
        counts: Some(&counts),
    };
    let mut subject = (peer.start)(&site)?;
    // The last name's answer, so that all of them are there: reading them must not be counted.
    let last = run.names.name(run.names.count - 1);
    let question = Question { name: &last, kind: A, edns: true, subnet: None };
    Asker::connect(subject.address)?
        .wait(&question, |reply| reply.code == NOERROR, subject.begun, START_MAX, || subject.ensure_alive())
        .with_context(|| format!("its log ends: {}", subject.log_end()))?;
    let counter = Counter::switch_on(&counts)?;
    let ask = |time| client::run(subject.address, run.packets, 0, Pace::Closed, time);
    ask(WARM_UP)?;
    let (load, cost) = counter.count(|| ask(TIME))?;
    subject.ensure_alive()?;
    ensure!(load.lost == 0, "{} of {} questions were lost", load.lost, load.lost + load.answered);
    ensure!(load.answered >= ANSWERED_MIN, "only {} questions were answered", load.answered);
    Ok(cost.instructions as f64 / load.answered as f64)
}
