//! Changes under load: does it cost a client anything that records change while it asks?
//!
//! ```text
//!   updater ──1,000 files a second──▶ fleet B ──▶ Portolan B ◀── client, in every second phase
//!                                     fleet A ──▶ Portolan A ◀── client, in the others
//! ```
//!
//! Two servers with the same names share a core. B's records change all the time; A's never do. While the
//! client asks A, B publishes to nobody: the same work is done on the same core, and only who is asked
//! differs. So what is compared is not what changes cost, but what they cost those who ask.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Updates;
use crate::bench::ask::Asker;
use crate::bench::client::{self, Load, Pace};
use crate::bench::dataset::{self, MILLION, Names, PACKETS, Packets};
use crate::bench::machine::{self, SERVER_CORE};
use crate::bench::message::{A, NOERROR, Question};
use crate::bench::peers::portolan::{command, records};
use crate::bench::peers::{self, Site, Subject};
use crate::bench::rounds::Effort;
use crate::bench::stats::Spread;
use updater::{Records, Updater};

mod updater;

/// Names that change, each in a file of its own.
const CHANGING: u32 = 10_000;
/// Changes a second.
const RATE: u32 = 1_000;
/// Phases of each kind; together they are as long as twenty rounds of a subject.
const PHASES: u32 = 3;
/// Of what a server can answer, so much is asked for.
const CAPACITY_SHARE: f64 = 0.25;
/// How long a server may take to its first answer.
const START_MAX: Duration = Duration::from_secs(600);
/// How long the last changes may take to be answered.
const SETTLE_MAX: Duration = Duration::from_secs(5);
/// How many of the last changes are looked at.
const SETTLED: u32 = 100;

/// Runs the mode, and gives its table as Markdown with the ratios that have a goal.
///
/// # Errors
/// When a server does not start, or does not answer as its records are in the end.
pub(in crate::bench) fn run(effort: Effort, portolan: &Path) -> Result<(String, Updates)> {
    // A goal at a tenth of its size is no goal: a quick run has all names too.
    let names = MILLION;
    let folder = machine::folder()?;
    let mut servers = Vec::new();
    for place in ["a", "b"] {
        println!("bench: updates: starting {place} of two");
        let place = folder.path().join(place);
        servers.push(start(&place, names, portolan)?);
    }
    let [still, changing] = &servers[..] else { unreachable!("two were started") };
    let packets = dataset::packets(&names, None, PACKETS);
    let capacity = client::run(still.address, &packets, 0, Pace::Closed, effort.time)?;
    let rate = (capacity.answered as f64 / capacity.seconds * CAPACITY_SHARE) as u32;
    ensure!(rate > 0, "no question was answered");

    let updater = Updater::start(Records::new(names, folder.path().join("b/fleet")), RATE, changing.groups());
    let time = effort.time * 20 / PHASES;
    let mut phases = Vec::new();
    for phase in 0..PHASES as usize {
        println!("bench: updates: phase {} of {PHASES}", phase + 1);
        let ask = |server: &Subject| measure(server, &packets, phase, rate, time);
        // Which comes first turns, as in rounds.
        phases.push(if phase % 2 == 0 {
            let still = ask(still)?;
            (still, ask(changing)?)
        } else {
            let changing = ask(changing)?;
            (ask(still)?, changing)
        });
    }
    let done = updater.stop()?;
    settled(changing, &done.records)?;
    let found =
        Updates { p99: ratio(&phases, p99), gap: ratio(&phases, gap), growth: growth(&done.resident) };
    Ok((render(&names, rate, &phases, &done), found))
}

fn start(folder: &Path, names: Names, portolan: &Path) -> Result<Subject> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let zone = folder.join("zone");
    let [port, helper_port] = [peers::free_port()?, peers::free_port()?];
    let cores = Some(SERVER_CORE);
    let site =
        Site { folder, port, helper_port, workers: 1, cores, names, zone: &zone, portolan, counts: None };
    records::write(&site, &(CHANGING..names.count))?;
    let records = Records::new(names, folder.join("fleet"));
    (0..CHANGING).try_for_each(|index| records.write(index))?;
    let mut subject = site.run(command(&site).args(["--fleet", "fleet"]))?;
    for index in [0, names.count - 1] {
        let question = Question { name: &names.name(index), kind: A, edns: true, subnet: None };
        let begun = subject.begun;
        Asker::connect(subject.address)?
            .wait(&question, |reply| reply.code == NOERROR, begun, START_MAX, || subject.ensure_alive())
            .with_context(|| format!("its log ends: {}", subject.log_end()))?;
    }
    Ok(subject)
}

fn measure(server: &Subject, packets: &Packets, phase: usize, rate: u32, time: Duration) -> Result<Load> {
    let load = client::run(server.address, packets, phase * packets.count() / 4, Pace::Open(rate), time)?;
    ensure!(load.answered > 0 && load.wrong == 0, "WRONG ANSWERS: {} of {}", load.wrong, load.answered);
    Ok(load)
}

/// The last changes must be what is answered.
fn settled(server: &Subject, records: &Records) -> Result<()> {
    let mut asker = Asker::connect(server.address)?;
    let begun = std::time::Instant::now();
    for index in 0..SETTLED {
        let (name, expected) = (records.name(index), records.addresses(index));
        let question = Question { name: &name, kind: A, edns: true, subnet: None };
        asker
            .wait(&question, |reply| reply.addresses == expected, begun, SETTLE_MAX, || Ok(()))
            .with_context(|| format!("after {} changes", records.changes()))?;
    }
    Ok(())
}

/// Microseconds that 99 % of the answers did not pass.
fn p99(load: &Load) -> f64 {
    load.latency.quantile(0.99).as_secs_f64() * 1e6
}

/// Microseconds of the longest time without a reply.
fn gap(load: &Load) -> f64 {
    load.longest_gap.as_secs_f64() * 1e6
}

/// A figure with changes over the same without, phase by phase.
fn ratio(phases: &[(Load, Load)], figure: impl Fn(&Load) -> f64) -> Spread {
    Spread::of(phases.iter().map(|(still, changing)| figure(changing) / figure(still))).unwrap_or_default()
}

/// The median of the last third over that of the first.
fn growth(resident: &[u64]) -> f64 {
    let third = resident.len().div_ceil(3);
    let middle = |part: &[u64]| Spread::of(part.iter().map(|kib| *kib as f64)).unwrap_or_default().middle;
    middle(&resident[resident.len() - third..]) / middle(&resident[..third])
}

fn render(names: &Names, rate: u32, phases: &[(Load, Load)], done: &updater::Done) -> String {
    let quantile = |share: f64| move |load: &Load| load.latency.quantile(share).as_secs_f64() * 1e6;
    let mut text = format!(
        "{} names, {rate} questions a second (a quarter of capacity), {:.0} changes a second, each a file of its own; \
         {} changes in {:.0} s, the last of which were answered. Both servers on core 0.\n\n\
         | what | nothing changes | it changes | ratio |\n| --- | --- | --- | --- |\n",
        names.count,
        f64::from(done.records.changes()) / done.seconds,
        done.records.changes(),
        done.seconds,
    );
    let mut line = |what: &str, figure: &dyn Fn(&Load) -> f64| {
        let of = |loads: &mut dyn Iterator<Item = f64>| Spread::of(loads).unwrap_or_default();
        let still = of(&mut phases.iter().map(|(still, _)| figure(still)));
        let changing = of(&mut phases.iter().map(|(_, changing)| figure(changing)));
        let ratio = ratio(phases, figure);
        writeln!(text, "| {what} | {still:.0} | {changing:.0} | {ratio:.2} |")
            .expect("a String takes everything");
    };
    line("p50, us", &quantile(0.5));
    line("p99, us", &p99);
    line("p99.9, us", &quantile(0.999));
    line("longest time without a reply, us", &gap);
    let mib = |kib: &u64| format!("{:.0}", *kib as f64 / 1024.0);
    let lost: u64 = phases.iter().map(|(still, changing)| still.lost + changing.lost).sum();
    writeln!(text, "\n{lost} questions were lost.").expect("a String takes everything");
    let shown: Vec<String> = done.resident.iter().map(mib).collect();
    writeln!(text, "\nRSS while it changes, MiB, each second: {}.", shown.join(" "))
        .expect("a String takes everything");
    text
}

#[cfg(test)]
mod tests;
