//! The modes that compare servers: start all, check all, measure in rounds.

use std::fs::{self, File};
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Mode, Row, Table, counting};
use crate::bench::ask::Asker;
use crate::bench::check::check;
use crate::bench::dataset::networks::Networks;
use crate::bench::dataset::{self, MILLION, Names, PACKETS, STATIC};
use crate::bench::machine::SERVER_CORE;
use crate::bench::message::{A, NOERROR, Question};
use crate::bench::options::Options;
use crate::bench::peers::{self, Peer, Site, Subject};
use crate::bench::rounds;

/// How long a subject may take to its first right answer.
const START_MAX: Duration = Duration::from_secs(120);

/// Runs one mode.
///
/// # Errors
/// When something of our own fails; a subject's failure is in its row.
pub(in crate::bench) fn run(mode: Mode, options: &Options, portolan: &Path) -> Result<Table> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let names = if mode == Mode::Million { MILLION } else { STATIC };
    let networks = (mode == Mode::Policy).then_some(&Networks);
    let zone = folder.path().join("zone");
    write_zone(&names, &zone)?;
    let packets = dataset::packets(&names, networks, PACKETS);

    let mut started = Vec::new();
    for peer in peers::chosen(&options.peers, mode)? {
        println!("bench: {}: starting {}", mode.name(), peer.name);
        let place = folder.path().join(peer.name);
        fs::create_dir(&place).context("a peer's folder")?;
        let cores = Some(SERVER_CORE);
        let [port, helper_port] = [peers::free_port()?, peers::free_port()?];
        let site = Site {
            folder: &place,
            port,
            helper_port,
            workers: 1,
            cores,
            names,
            zone: &zone,
            portolan,
            counts: None,
        };
        started.push(Started::new(peer, &site));
    }
    let mut running: Vec<(String, &mut Subject)> = started.iter_mut().filter_map(Started::running).collect();
    let mut samples = rounds::run(&mut running, &packets, options.effort, mode.name())?.into_iter();
    for one in &mut started {
        if let Some(subject) = &one.subject {
            one.row.samples = samples.next().unwrap_or_default();
            one.row.memory = subject.memory()?;
        }
    }
    // They end here: what is counted next has the machine for itself.
    let mut rows: Vec<Row> = started.into_iter().map(|one| one.row).collect();
    if options.instructions && mode.is_counted() {
        for row in rows.iter_mut().filter(|row| row.failure.is_none()) {
            let all = counting::Run { names, zone: &zone, packets: &packets, portolan };
            row.instructions = counting::instructions(&row.name, mode, &all)?;
        }
    }
    Ok(Table { mode, rows })
}

fn write_zone(names: &Names, path: &Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path).context("the zone file")?);
    names.write_zone(&mut file)?;
    file.flush().context("the zone file")
}

/// A peer that was started, and whether it runs.
struct Started {
    row: Row,
    subject: Option<Subject>,
}

impl Started {
    /// Starts a peer, waits for its first right answer and checks others. What goes wrong is said at
    /// once and stands in the row; the others go on.
    fn new(peer: &Peer, site: &Site<'_>) -> Self {
        let mut row = Row { name: peer.name.to_owned(), what: peer.what.to_owned(), ..Row::default() };
        match start(peer, site, &mut row) {
            Ok(subject) => Self { row, subject: Some(subject) },
            Err(error) => {
                eprintln!("bench: FAILED {}: {error:#}", peer.name);
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
    let begun = Instant::now();
    let mut subject = (peer.start)(site)?;
    let last = site.names.name(site.names.count - 1);
    let question = Question { name: &last, kind: A, edns: true, subnet: None };
    let mut asker = Asker::connect(subject.address)?;
    row.start = asker
        .wait(&question, |reply| reply.code == NOERROR, begun, START_MAX, || subject.ensure_alive())
        .with_context(|| format!("its log ends: {}", subject.log_end()))?;
    check(&subject, peer.answers, &site.names)?;
    Ok(subject)
}
