//! The report: tables as Markdown, for the terminal and for `bench/RESULTS.md`.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};

use super::histogram::Histogram;
use super::modes::{Findings, Row, Table};
use super::options::Options;
use super::rounds::{OPEN_RATE, Sample};
use super::stats::Spread;
use super::{goals, plot};
use crate::command::root;

/// Where `--write` keeps the report.
const RESULTS: &str = "bench/RESULTS.md";
/// Where it keeps the picture, and how the report names it.
const PICTURE: &str = "ratios.svg";
/// Where the other figures stand: each is taken by a run of its own.
const ELSEWHERE: &str = "\n## Other figures\n\n\
    The article's chain, in its eight makes: [CHAIN.md](CHAIN.md). Clusters followed, stores and publishers: \
    [FLEETS.md](FLEETS.md).\n";

/// The whole report.
pub(super) fn render(options: &Options, machine: &str, date: &str, findings: &Findings) -> String {
    let mut text = format!(
        "# Figures\n\n{date}; {machine}.\n\n`cargo xtask bench`: {} rounds of {:.1} s, interleaved; closed loop of 128 in flight \
         over 4 sockets, then {OPEN_RATE} questions a second. One worker on core 0, the client on the last core.\n\
         CPU is that of all of a subject's processes and threads, by /proc, over answered questions; ratios are to the \
         batched echo's in the same round: median [quartiles].\n",
        options.effort.rounds,
        options.effort.time.as_secs_f64(),
    );
    text += "\n## Goals\n\n";
    text += &goals::render(findings);
    if plot::draw(&findings.tables, machine, date).is_some() {
        write!(text, "\n![CPU of one answer, in echoes]({PICTURE})\n").expect("a String takes everything");
    }
    for table in &findings.tables {
        text += &serving(table);
    }
    for (title, section) in &findings.sections {
        write!(text, "\n## {title}\n\n{section}").expect("a String takes everything");
    }
    text += ELSEWHERE;
    if findings.missing > 0 {
        write!(text, "\n{} tools were missing.\n", findings.missing).expect("a String takes everything");
    }
    text
}

/// Keeps the report and its picture.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(text: &str, picture: Option<&str>) -> Result<()> {
    let path = root().join(RESULTS);
    let folder = path.parent().context("bench/ is a folder")?;
    fs::create_dir_all(folder).context(RESULTS)?;
    if let Some(picture) = picture {
        fs::write(folder.join(PICTURE), picture).context(PICTURE)?;
    }
    fs::write(&path, text).context(RESULTS)
}

fn serving(table: &Table) -> String {
    let mut text = format!("\n## {}\n\n", table.title);
    text += "| subject | version | set up as | CPU / echo | CPU us | of it user us | user instructions | questions/s | busy | p50 / p99 / p99.9 us | the same at 20k/s | lost | RSS (PSS) MiB | start s |\n";
    text += "| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- | ---: | --- | ---: |\n";
    for row in &table.rows {
        if let Some(failure) = &row.failure {
            writeln!(text, "| {} | {} | {} | FAILED: {failure} |", row.name, row.version, row.what)
                .expect("a String takes everything");
        } else {
            text += &line(table, row);
        }
    }
    text
}

fn line(table: &Table, row: &Row) -> String {
    let of = |figure: fn(&Sample) -> f64| Spread::of(row.samples.iter().map(figure)).unwrap_or_default();
    let (cpu, user) = (of(|sample| sample.cpu / 1e3), of(|sample| sample.user / 1e3));
    let rate = of(|sample| sample.closed.answered as f64 / sample.closed.seconds);
    let ratio = table.ratios(row).map_or_else(|| "–".to_owned(), |ratio| ratio.to_string());
    let instructions = row.instructions.map_or_else(|| "–".to_owned(), |count| format!("{count:.0}"));
    let lost: u64 = row.samples.iter().map(|s| s.closed.lost + s.open.as_ref().map_or(0, |o| o.lost)).sum();
    let closed = latency(row.samples.iter().map(|sample| &sample.closed.latency));
    let open = latency(row.samples.iter().filter_map(|sample| Some(&sample.open.as_ref()?.latency)));
    format!(
        "| {} | {} | {} | {ratio} | {cpu} | {:.2} | {instructions} | {:.0}k | {:.2} | {closed} | {open} | {lost} | {:.1} ({:.1}) | {:.2} |\n",
        row.name,
        row.version,
        row.what,
        user.middle,
        rate.middle / 1e3,
        of(|sample| sample.busy).middle,
        row.memory.rss as f64 / 1024.0,
        row.memory.pss as f64 / 1024.0,
        row.start.as_secs_f64(),
    )
}

/// Three percentiles of all rounds together.
fn latency<'a>(rounds: impl Iterator<Item = &'a Histogram>) -> String {
    let mut all = Histogram::default();
    rounds.for_each(|round| all.merge(round));
    if all.is_empty() {
        return "–".to_owned();
    }
    let text = [0.5, 0.99, 0.999].map(|share| format!("{:.0}", all.quantile(share).as_secs_f64() * 1e6));
    text.join(" / ")
}
