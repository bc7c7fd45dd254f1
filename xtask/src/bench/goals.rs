//! The goals, and what this run says of each: ratios within the run, or sizes and times of our own.
//!
//! A goal is met by a median; where it is «not above another's», overlapping quartiles are a tie, and a tie
//! meets it. What was not measured in this run is said to be so, never taken for met.

use std::fmt::Write as _;
use std::time::Duration;

use super::modes::serving::two_workers;
use super::modes::{Findings, Mode, Row, Table, Updates};
use super::rounds::Sample;
use super::stats::Spread;

/// Portolan with all records.
const STATIC: &str = "portolan";
/// With steering.
const STEERED: &str = "portolan-steered";
/// With many orders.
const MANY_ORDERS: &str = "portolan-1000-orders";
/// With a million names of the fleet.
const FLEET: &str = "portolan-fleet";
/// The same, started from what the last run kept.
const LAST_GOOD: &str = "portolan-last-good";
/// The pair that it replaces.
const PAIR: &str = "coredns-etcd";
/// CPU of a static answer, in echoes.
const STATIC_RATIO_MAX: f64 = 1.10;
/// CPU of a steered answer, in echoes.
const STEERED_RATIO_MAX: f64 = 1.15;
/// Of the pair's own ratio to the echo, so much must be saved.
const PAIR_SHARE_MIN: f64 = 0.85;
/// User instructions of a static answer.
const STATIC_INSTRUCTIONS_MAX: f64 = 1_000.0;
/// User instructions of a steered answer.
const STEERED_INSTRUCTIONS_MAX: f64 = 1_500.0;
/// CPU of an answer with two workers, in those of one.
const WORKERS_RATIO_MAX: f64 = 1.1;
/// Half of the answers of the open loop, in the echo's.
const OPEN_RATIO_MAX: f64 = 1.1;
/// Resident memory with steering, in MiB.
const STEERED_MIB_MAX: f64 = 20.0;
/// With a million names of a zone file, in MiB.
const ZONE_MIB_MAX: f64 = 120.0;
/// With a million names of the fleet, in MiB.
const FLEET_MIB_MAX: f64 = 400.0;
/// Start to the first answer with a million names.
const LAST_GOOD_START_MAX: Duration = Duration::from_millis(500);
/// The same from a zone file.
const ZONE_START_MAX: Duration = Duration::from_millis(1_200);

/// Latency and gaps while records change, over those while they do not.
const CHANGES_RATIO_MAX: f64 = 1.2;
/// Memory at the end of many changes, over that at their beginning: what counts as flat.
const GROWTH_MAX: f64 = 1.05;

/// What a goal came to.
struct Line {
    what: &'static str,
    /// The best of the others in this run.
    peer: String,
    goal: String,
    /// Our figure.
    ours: String,
    /// Whether it is met; none when it was not measured.
    met: Option<bool>,
}

/// The table of goals, as Markdown.
pub(super) fn render(findings: &Findings) -> String {
    let mut text =
        "| what | best peer in this run | goal | Portolan |  |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for line in lines(findings) {
        let met = match line.met {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "not measured",
        };
        writeln!(text, "| {} | {} | {} | {} | {met} |", line.what, line.peer, line.goal, line.ours)
            .expect("a String takes everything");
    }
    text
}

fn lines(findings: &Findings) -> Vec<Line> {
    let table = |mode| findings.tables.iter().find(|table: &&Table| table.mode == mode);
    let [fixed, policy, million, workers] =
        [Mode::Static, Mode::Policy, Mode::Million, Mode::Workers].map(table);
    let mut lines = vec![
        cpu("static: CPU a query / echo", fixed, STATIC, ["gdnsd", "gdnsd"], STATIC_RATIO_MAX),
        cpu(
            "geo, weights, health, ECS: CPU a query / echo",
            policy,
            STEERED,
            ["gdnsd-geoip", "gdnsd"],
            STEERED_RATIO_MAX,
        ),
        pair(fixed),
        instructions("user instructions a query, static", fixed, STATIC, "gdnsd", STATIC_INSTRUCTIONS_MAX),
        instructions(
            "user instructions a query, policy",
            policy,
            STEERED,
            "gdnsd-geoip",
            STEERED_INSTRUCTIONS_MAX,
        ),
        two(workers),
        memory(
            "RSS, 10,000 names, 10 policies, 20,000 networks",
            policy,
            STEERED,
            "gdnsd-geoip",
            STEERED_MIB_MAX,
        ),
        memory("the same with 1,000 orders", policy, MANY_ORDERS, "", f64::INFINITY),
        memory("RSS, 1,000,000 names of a zone file", million, STATIC, "gdnsd", ZONE_MIB_MAX),
        memory("RSS, 1,000,000 names of the fleet", million, FLEET, "", FLEET_MIB_MAX),
        start(
            "start to first answer, 1,000,000 names, last good file",
            million,
            LAST_GOOD,
            "",
            LAST_GOOD_START_MAX,
        ),
        start("start to first answer, 1,000,000 names, zone file", million, STATIC, "knot", ZONE_START_MAX),
        open(fixed),
    ];
    lines.extend(updates(findings.updates.as_ref()));
    lines
}

/// Under changes: latency and gaps beside those of a server that nothing changes in, and flat memory.
fn updates(found: Option<&Updates>) -> [Line; 3] {
    let line = |what, goal: String, ours: Option<String>, met| Line {
        what,
        peer: none(),
        goal,
        ours: ours.unwrap_or_else(none),
        met,
    };
    let ratio = |what, of: fn(&Updates) -> Spread| {
        let mine = found.map(of);
        let met = mine.map(|mine| mine.middle <= CHANGES_RATIO_MAX);
        line(what, format!("<= {CHANGES_RATIO_MAX:.1}"), mine.map(|mine| mine.to_string()), met)
    };
    let growth = found.map(|found| found.growth);
    [
        ratio("1,000 changes a second: p99 / the same publishing to nobody", |found| found.p99),
        ratio("the same: longest time without a reply", |found| found.gap),
        line(
            "the same: RSS, last third / first third",
            format!("<= {GROWTH_MAX:.2}"),
            growth.map(|growth| format!("{growth:.3}")),
            growth.map(|growth| growth <= GROWTH_MAX),
        ),
    ]
}

/// The ratio to the echo: at most so much, and not above another's in the same run.
fn cpu(what: &'static str, table: Option<&Table>, ours: &str, [best, below]: [&str; 2], max: f64) -> Line {
    let ratio = |name: &str| table.and_then(|table| table.ratios(table.row(name)?));
    let (mine, best, limit) = (ratio(ours), ratio(best), ratio(below));
    let met = mine.zip(limit).map(|(mine, limit)| mine.middle <= max && not_above(&mine, &limit));
    Line {
        what,
        peer: shown(best),
        goal: format!("<= {max:.2}, and not above {below}'s {}", shown(limit)),
        ours: shown(mine),
        met,
    }
}

/// How many times cheaper than the pair, of how many times dearer than the echo that is.
fn pair(table: Option<&Table>) -> Line {
    let times = table.and_then(|table| table.compared(table.row(PAIR)?, table.row(STATIC)?));
    let dear = table.and_then(|table| table.ratios(table.row(PAIR)?));
    Line {
        what: "CPU a query, against CoreDNS + etcd",
        peer: dear.map_or_else(none, |dear| format!("{dear} x echo")),
        goal: dear.map_or_else(none, |dear| format!("{:.1} times cheaper", PAIR_SHARE_MIN * dear.middle)),
        ours: times.map_or_else(none, |times| format!("{times:.1} times cheaper")),
        met: times.zip(dear).map(|(times, dear)| times.middle >= PAIR_SHARE_MIN * dear.middle),
    }
}

fn instructions(what: &'static str, table: Option<&Table>, ours: &str, peer: &str, max: f64) -> Line {
    let figure = |row: &Row| row.instructions;
    limited(what, table, ours, peer, figure, |count| format!("{count:.0}"), max)
}

fn memory(what: &'static str, table: Option<&Table>, ours: &str, peer: &str, max: f64) -> Line {
    let figure = |row: &Row| Some(row.memory.rss as f64 / 1024.0);
    limited(what, table, ours, peer, figure, |mib| format!("{mib:.1} MiB"), max)
}

fn start(what: &'static str, table: Option<&Table>, ours: &str, peer: &str, max: Duration) -> Line {
    let figure = |row: &Row| Some(row.start.as_secs_f64());
    limited(what, table, ours, peer, figure, |seconds| format!("{seconds:.2} s"), max.as_secs_f64())
}

/// A figure of our own with a limit; an infinite one is only printed.
fn limited(
    what: &'static str,
    table: Option<&Table>,
    ours: &str,
    peer: &str,
    figure: impl Fn(&Row) -> Option<f64>,
    show: impl Fn(f64) -> String,
    max: f64,
) -> Line {
    let of = |name: &str| table.and_then(|table| figure(table.row(name)?));
    let mine = of(ours);
    Line {
        what,
        peer: of(peer).map_or_else(none, |theirs| format!("{peer} {}", show(theirs))),
        goal: if max.is_finite() { format!("<= {}", show(max)) } else { none() },
        ours: mine.map_or_else(none, &show),
        met: mine.map(|mine| mine <= max),
    }
}

/// Two workers beside one, round by round.
fn two(table: Option<&Table>) -> Line {
    let ratio =
        |name: &str| table.and_then(|table| table.compared(table.row(&two_workers(name))?, table.row(name)?));
    let mine = ratio(STATIC);
    Line {
        what: "two workers: CPU a query against one",
        peer: ratio("gdnsd").map_or_else(none, |ratio| format!("gdnsd {ratio}")),
        goal: format!("<= {WORKERS_RATIO_MAX:.1}"),
        ours: shown(mine),
        met: mine.map(|mine| mine.middle <= WORKERS_RATIO_MAX),
    }
}

/// The median latency of the open loop beside the echo's, round by round.
fn open(table: Option<&Table>) -> Line {
    let half = |sample: &Sample| Some(sample.open.as_ref()?.latency.quantile(0.5).as_secs_f64());
    let ratio = |name: &str| {
        let table = table?;
        let (row, floor) = (table.row(name)?, table.row(table.mode.floor())?);
        let rounds = row.samples.iter().zip(&floor.samples);
        Spread::of(rounds.filter_map(|(one, floor)| Some(half(one)? / half(floor)?)))
    };
    let mine = ratio(STATIC);
    Line {
        what: "p50 at 20,000 queries a second / echo's",
        peer: ratio("gdnsd").map_or_else(none, |ratio| format!("gdnsd {ratio}")),
        goal: format!("<= {OPEN_RATIO_MAX:.1}"),
        ours: shown(mine),
        met: mine.map(|mine| mine.middle <= OPEN_RATIO_MAX),
    }
}

/// Below, or a tie.
fn not_above(one: &Spread, other: &Spread) -> bool {
    one.middle <= other.middle || one.ties(other)
}

fn shown(spread: Option<Spread>) -> String {
    spread.map_or_else(none, |spread| spread.to_string())
}

fn none() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests;
