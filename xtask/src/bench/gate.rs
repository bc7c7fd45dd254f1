//! `cargo xtask bench --gate`: what a query may cost, as a ratchet.
//!
//! ```text
//!   examples/gate serve   ◀── questions over loopback, under callgrind ──▶ instructions, allocations a query
//!   examples/gate packets ◀── what means harm, in one process          ──▶ instructions a packet
//!                                                        │
//!   bench/budget.toml ◀── compared; only ever lowered ───┘
//! ```
//!
//! Times are not looked at: on a shared machine they scatter by a fifth, where these counts repeat within
//! a two-hundredth (`adr/0007`). Each way of asking is made so that the server does the same work each time:
//! *one by one* is the dearest way and has no chance in it; *bursts* are sent while the server is stopped,
//! so that all of a burst is there when it wakes, however busy the machine is; of a *stream* a whole write is
//! read at once.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, root, run as run_command};
use crate::program::target_dir;

use super::callgrind::Cost;
use budget::{Budget, Judgement};
use questions::Kind;
use subject::{Subject, Way};

mod budget;
mod packets;
mod questions;
mod subject;

/// Queries in one count.
const QUERIES: u32 = 3_200;
/// Queries before the first count of a row.
const WARM_UP: u32 = 640;
/// Counts of a row; the middle one is its figure. Timers add a little to one, and a stop that finds a thread
/// awake takes a little from another.
const COUNTS: usize = 3;

/// A row of the gate.
struct Row {
    name: &'static str,
    kind: Kind,
    way: Way,
}

const ROWS: &[Row] = &[
    Row { name: "zone-file", kind: Kind::File, way: Way::OneByOne },
    Row { name: "static", kind: Kind::Static, way: Way::OneByOne },
    Row { name: "policy", kind: Kind::Policy, way: Way::OneByOne },
    Row { name: "nxdomain", kind: Kind::NxDomain, way: Way::OneByOne },
    Row { name: "nodata", kind: Kind::NoData, way: Way::OneByOne },
    Row { name: "zone-file-burst", kind: Kind::File, way: Way::Bursts },
    Row { name: "static-burst", kind: Kind::Static, way: Way::Bursts },
    Row { name: "policy-burst", kind: Kind::Policy, way: Way::Bursts },
    Row { name: "static-tcp", kind: Kind::Static, way: Way::Stream },
];

/// What a row came to, a query.
struct Figure {
    name: &'static str,
    instructions: f64,
    allocations: f64,
}

/// Compares with the budget, and lowers it when asked and when all is within it.
///
/// # Errors
/// When a figure is above its budget, or has none.
pub(crate) fn run(lower: bool) -> Result<()> {
    let mut budget = Budget::read(&root().join(budget::PATH))?;
    let program = build()?;
    let mut judgements = Vec::new();
    println!("{:<40} {:>12} {:>12}", "instructions a query", "now", "budget");
    let figures = measure(&program)?;
    for figure in &figures {
        judgements.push(say(budget.judge(budget::INSTRUCTIONS, figure.name, figure.instructions)));
    }
    println!("{:<40} {:>12} {:>12}", "allocations a query", "now", "budget");
    for figure in &figures {
        judgements.push(say(budget.judge(budget::ALLOCATIONS, figure.name, figure.allocations)));
    }
    let packets = packets::measure(&program)?;
    println!("{:<40} {:>12} {:>12}", "instructions a packet, above 3 good ones", "now", "budget");
    println!("{packets}");
    for (name, instructions) in packets.dear() {
        judgements.push(say(budget.judge(budget::BAD_INPUT, name, instructions)));
    }
    judgements.extend(budget.unused().map(say));
    conclude(&mut budget, &judgements, lower)
}

fn conclude(budget: &mut Budget, judgements: &[Judgement], lower: bool) -> Result<()> {
    let failed = judgements.iter().filter(|judgement| judgement.fails()).count();
    if failed > 0 {
        bail!("{failed} figures are not within {} (see above)", budget::PATH);
    }
    let below = judgements.iter().filter(|judgement| judgement.is_below()).count();
    if lower {
        budget.lower(judgements)?;
        println!("gate: {below} rows of {} lowered", budget::PATH);
    } else if below > 0 {
        println!("gate: {below} rows could be lower: cargo xtask bench --gate --lower");
    }
    Ok(())
}

fn say(judgement: Judgement) -> Judgement {
    println!("{judgement}");
    judgement
}

/// Every row on one server, which is started once.
fn measure(program: &std::path::Path) -> Result<Vec<Figure>> {
    let mut subject = Subject::start(program)?;
    let mut figures = Vec::new();
    for row in ROWS {
        figures.push(row.measure(&mut subject).with_context(|| row.name.to_owned())?);
    }
    Ok(figures)
}

impl Row {
    fn measure(&self, subject: &mut Subject) -> Result<Figure> {
        subject.ask(self.kind, self.way, WARM_UP)?;
        let mut costs = Vec::new();
        for _ in 0..COUNTS {
            costs.push(subject.count(self.kind, self.way, QUERIES)?);
        }
        let middle = |of: fn(&Cost) -> u64| {
            let mut counts: Vec<u64> = costs.iter().map(of).collect();
            counts.sort_unstable();
            counts[COUNTS / 2] as f64 / f64::from(QUERIES)
        };
        Ok(Figure {
            name: self.name,
            instructions: middle(|cost| cost.instructions),
            allocations: middle(|cost| cost.allocations),
        })
    }
}

/// The answering side with a made-up fleet, as released but with the names of its functions.
/// Builds the program that is counted.
///
/// # Errors
/// When it does not build.
pub(crate) fn build() -> Result<std::path::PathBuf> {
    let profile = ["--profile", "gate", "--locked"];
    let what = ["--package", "portolan-serve", "--example", "gate"];
    run_command(cargo(&["build", "--quiet"]).args(profile).args(what))?;
    Ok(target_dir()?.join("gate/examples/gate"))
}

/// A command of the program.
fn command(program: &std::path::Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}
