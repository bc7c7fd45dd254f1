//! Portolan alone, from outside: a real fleet folder, the program as users have it, and questions over a
//! loopback socket.
//!
//! ```text
//!   write the fleet ──▶ start ──▶ first right answer ──▶ change a file ──▶ changed answer ──▶ explain
//! ```
//!
//! Everything is bounded: the number of names and changes, the wait for each answer, and the only
//! process that is ended is the one that was started here.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::bench::ask::Asker;
use crate::bench::machine;
use crate::command::output;
use folder::BenchFleet;

mod folder;

/// Most names of a run; the addresses of the made-up fleet end there.
const NAMES_MAX: u32 = 65_536;
/// Fewest changes that a 99th percentile can be told from.
const CHANGES_MIN: u32 = 50;
/// Most changes of a run.
const CHANGES_MAX: u32 = 10_000;
/// How long the first right answer may take.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a changed answer may take.
const CHANGE_MAX: Duration = Duration::from_secs(5);
/// How often the program is started.
const STARTS: usize = 5;
/// How often `explain` is asked.
const EXPLAINS: u32 = 50;
/// A client's address in `explain` (RFC 5737).
const CLIENT: &str = "203.0.113.7";

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) struct Options {
    /// Names in the fleet.
    pub(in crate::bench) names: u32,
    /// Changed files.
    pub(in crate::bench) changes: u32,
    /// Clusters that offer each name.
    pub(in crate::bench) offers: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { names: 10_000, changes: 100, offers: 1 }
    }
}

impl Options {
    /// # Errors
    /// When a value is out of its range.
    pub(in crate::bench) fn check(&self) -> Result<()> {
        let clusters = u32::try_from(folder::CLUSTERS.len()).unwrap_or(u32::MAX);
        let ranges = [
            ("--names", self.names, CHANGES_MIN, NAMES_MAX),
            ("--changes", self.changes, CHANGES_MIN, CHANGES_MAX),
            ("--offers", self.offers, 1, clusters),
        ];
        for (option, value, least, most) in ranges {
            ensure!((least..=most).contains(&value), "{option}: {value} must be from {least} to {most}");
        }
        Ok(())
    }
}

/// Runs the mode, and gives its table.
///
/// # Errors
/// When the program does not start, or an answer does not come in its time.
pub(in crate::bench) fn run(options: &Options, portolan: &Path) -> Result<String> {
    let folder = machine::folder()?;
    println!("bench: writing {} names", options.names);
    let mut fleet = BenchFleet::write(&folder.path().join("fleet"), options.names, options.offers)?;

    println!("bench: starting {STARTS} times");
    // What was just written goes to the disk first, or the first start waits for that too.
    output(&mut Command::new("sync"))?;
    let mut starts = Vec::new();
    let (mut client, _server) = loop {
        for state in ["state", "state.1"] {
            // From the folder, not from the last good state; none at the first time.
            let _ = std::fs::remove_file(folder.path().join(state));
        }
        let begun = Instant::now();
        let server = Server::start(portolan, folder.path())?;
        let mut client = Asker::connect(server.address)?;
        let last = options.names - 1;
        let answers = fleet.answers(last);
        starts
            .push(await_answer(&mut client, &fleet.name(last), &answers, begun, START_MAX).context("start")?);
        if starts.len() == STARTS {
            break (client, server);
        }
    };

    println!("bench: changing {} files", options.changes);
    let changes = change_files(&mut fleet, &mut client, options.changes)?;
    println!("bench: explaining");
    let explains = explain(portolan, folder.path(), &fleet)?;

    Ok(render(
        options,
        &fleet,
        &[
            ("start to first right answer", Duration::from_secs(1), starts),
            ("file change to changed answer", Duration::from_millis(200), changes),
            ("explain, process included", Duration::from_millis(50), explains),
        ],
    ))
}

fn change_files(fleet: &mut BenchFleet, client: &mut Asker, count: u32) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for change in 0..count {
        // Spread over all names; a name that comes twice gets another address each time.
        let index = u32::try_from(u64::from(change) * 7_919 % u64::from(fleet.names())).unwrap_or(0);
        let begun = Instant::now();
        fleet.change(index)?;
        let time = await_answer(client, &fleet.name(index), &fleet.answers(index), begun, CHANGE_MAX)
            .with_context(|| format!("change {change}"))?;
        times.push(time);
    }
    Ok(times)
}

/// Asks until the answer is as expected, and gives the time since `begun`.
fn await_answer(
    client: &mut Asker,
    name: &str,
    expected: &[Ipv4Addr],
    begun: Instant,
    max: Duration,
) -> Result<Duration> {
    loop {
        let answer = client.addresses(name);
        if answer.as_deref() == Some(expected) {
            return Ok(begun.elapsed());
        }
        ensure!(begun.elapsed() < max, "{name}: {answer:?} instead of {expected:?} after {max:?}");
        client.pause();
    }
}

fn explain(portolan: &Path, folder: &Path, fleet: &BenchFleet) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for index in 0..EXPLAINS {
        let name = fleet.name(index);
        let begun = Instant::now();
        let text = output(in_folder(portolan, folder).args(["explain", &name, "A", "--from", CLIENT]))?;
        times.push(begun.elapsed());
        let expected = fleet.answers(index)[0].to_string();
        ensure!(text.contains(&expected), "explain {name} does not say {expected}:\n{text}");
    }
    Ok(times)
}

/// The program, with every folder that it may find by itself inside ours.
fn in_folder(portolan: &Path, folder: &Path) -> Command {
    let mut command = Command::new(portolan);
    command.current_dir(folder).stdin(Stdio::null());
    for variable in ["HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "TMPDIR"] {
        command.env(variable, folder);
    }
    command
}

/// The running program; it ends with this value.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(portolan: &Path, folder: &Path) -> Result<Self> {
        // A port that was free a moment ago; the program says so when somebody was quicker.
        let address =
            UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|s| s.local_addr()).context("a port")?;
        let log = std::fs::File::create(folder.join("log")).context("the log")?;
        let child = in_folder(portolan, folder)
            .args(["run", "--fleet", "fleet", "--state", "state", "--listen", &address.to_string()])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", portolan.display()))?;
        Ok(Self { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours, and it may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The table, as Markdown: what was measured, how often, and the goal beside it.
fn render(options: &Options, fleet: &BenchFleet, rows: &[(&str, Duration, Vec<Duration>)]) -> String {
    let mut text = format!(
        "{} names, {} offers each, {} clusters, {:.1} MB of YAML; Portolan alone, not pinned to a core.\n\n",
        options.names,
        options.offers,
        folder::CLUSTERS.len(),
        fleet.megabytes(),
    );
    text.push_str("| what | times | p50 ms | p99 ms | max ms | goal ms |  |\n");
    text.push_str("| --- | ---: | ---: | ---: | ---: | ---: | --- |\n");
    for (what, goal, times) in rows {
        let mut times = times.clone();
        times.sort();
        let [half, most, max] = [50, 99, 100].map(|percent| percentile(&times, percent));
        let word = if max <= *goal { "ok" } else { "over" };
        let [half, most, max, goal] = [half, most, max, *goal].map(|time| time.as_secs_f64() * 1e3);
        let count = times.len();
        writeln!(text, "| {what} | {count} | {half:.1} | {most:.1} | {max:.1} | {goal:.0} | {word} |")
            .expect("a String takes everything");
    }
    text
}

/// The smallest of the sorted times that so many percent of them do not pass.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
