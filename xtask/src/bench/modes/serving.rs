//! The modes that compare servers: start all, check all, measure in rounds.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::{Mode, Row, Table, counting};
use crate::bench::ask::Asker;
use crate::bench::check::check;
use crate::bench::dataset::networks::Networks;
use crate::bench::dataset::{self, MILLION, Names, PACKETS, STATIC};
use crate::bench::machine::{self, SERVER_CORE};
use crate::bench::message::{A, NOERROR, Question};
use crate::bench::options::Options;
use crate::bench::peers::{self, Peer, Site, Subject};
use crate::bench::rounds;

/// How long a subject may take to its first right answer.
const START_MAX: Duration = Duration::from_secs(600);

/// Runs one mode; gives a table for each way of asking.
///
/// # Errors
/// When something of our own fails; a subject's failure is in its row.
pub(in crate::bench) fn run(mode: Mode, options: &Options, portolan: &Path) -> Result<Vec<Table>> {
    let folder = machine::folder()?;
    let names = if mode == Mode::Million { MILLION } else { STATIC };
    let networks = (mode == Mode::Policy).then_some(&Networks);
    let zone = folder.path().join("zone");
    write_zone(&names, &zone)?;
    let packets = dataset::packets(&names, networks, PACKETS);

    let mut started = Vec::new();
    for variant in variants(mode, &peers::chosen(&options.peers, mode)?) {
        println!("bench: {}: starting {}", mode.name(), variant.name);
        let place = folder.path().join(&variant.name);
        fs::create_dir(&place).context("a peer's folder")?;
        let [port, helper_port] = [peers::free_port()?, peers::free_port()?];
        let site = Site {
            folder: &place,
            port,
            helper_port,
            workers: variant.workers,
            cores: (variant.workers == 1).then_some(SERVER_CORE),
            names,
            zone: &zone,
            portolan,
            counts: None,
        };
        started.push(Started::new(variant, &site));
    }
    let mut tables = Vec::new();
    for (way, title) in mode.ways() {
        let mut running: Vec<(String, &mut Subject)> =
            started.iter_mut().filter_map(Started::running).collect();
        let effort = mode.effort(options.effort);
        let samples = rounds::run(&mut running, &packets, effort, *way, mode.name()).into_iter();
        tables.push(Table { mode, title, rows: rows(&started, samples)? });
    }
    // All end here: what is counted next has the machine for itself.
    drop(started);
    if options.instructions && mode.is_counted() {
        let all = counting::Run { names, zone: &zone, packets: &packets, portolan };
        for row in tables.iter_mut().flat_map(|table| &mut table.rows) {
            row.instructions = counting::instructions(row, mode, &all)?;
        }
    }
    Ok(tables)
}

fn write_zone(names: &Names, path: &Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path).context("the zone file")?);
    names.write_zone(&mut file)?;
    file.flush().context("the zone file")
}

/// A peer and how many workers it has.
struct Variant {
    peer: &'static Peer,
    workers: usize,
    name: String,
}

/// Each peer once; where workers are compared, each once with one and once with two.
fn variants(mode: Mode, peers: &[&'static Peer]) -> Vec<Variant> {
    let mut variants = Vec::new();
    for peer in peers {
        variants.push(Variant { peer, workers: 1, name: peer.name.to_owned() });
        if mode == Mode::Workers && peer.name != mode.floor() {
            variants.push(Variant { peer, workers: 2, name: two_workers(peer.name) });
        }
    }
    variants
}

/// The name of a peer with two workers.
pub(in crate::bench) fn two_workers(name: &str) -> String {
    format!("{name}-x2")
}

/// A peer that was started, and whether it runs.
struct Started {
    row: Row,
    subject: Option<Subject>,
}

impl Started {
    /// Starts a peer, waits for its first right answer and checks others. What goes wrong is said at
    /// once and stands in the row; the others go on.
    fn new(variant: Variant, site: &Site<'_>) -> Self {
        let peer = variant.peer;
        let mut row = Row { name: variant.name, peer: peer.name, what: peer.what, ..Row::default() };
        match start(peer, site, &mut row) {
            Ok(subject) => Self { row, subject: Some(subject) },
            Err(error) => {
                eprintln!("bench: FAILED {}: {error:#}", row.name);
                row.failure = Some(format!("{error:#}"));
                Self { row, subject: None }
            }
        }
    }

    fn running(&mut self) -> Option<(String, &mut Subject)> {
        self.subject.as_mut().map(|subject| (self.row.name.clone(), subject))
    }
}

fn start(peer: &Peer, site: &Site<'_>, row: &mut Row) -> Result<Subject> {
    row.version = (peer.version)()?;
    let mut subject = (peer.start)(site)?;
    let last = site.names.name(site.names.count - 1);
    let question = Question { name: &last, kind: A, edns: true, subnet: None };
    let mut asker = Asker::connect(subject.address)?;
    row.start = asker
        .wait(&question, |reply| reply.code == NOERROR, subject.begun, START_MAX, || subject.ensure_alive())
        .with_context(|| format!("its log ends: {}", subject.log_end()))?;
    check(&subject, peer.answers, &site.names)?;
    Ok(subject)
}

/// The rows of all subjects, with the samples of those that ran.
fn rows(
    started: &[Started],
    mut samples: impl Iterator<Item = Result<Vec<rounds::Sample>>>,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for one in started {
        let mut row = one.row.clone();
        if let Some(subject) = &one.subject {
            match samples.next().context("samples of every subject that runs")? {
                Ok(samples) => row.samples = samples,
                Err(error) => row.failure = Some(format!("{error:#}")),
            }
            row.memory = subject.memory()?;
        }
        rows.push(row);
    }
    Ok(rows)
}
