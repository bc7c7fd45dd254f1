//! Rounds: every subject is measured once in each, in an order that turns, so that a machine that grows
//! slower or faster does so for all alike.

use std::time::Duration;

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use super::client::{self, Load, Pace, stream};
use super::dataset::Packets;
use super::peers::Subject;

/// Questions a second of the open loop.
pub(super) const OPEN_RATE: u32 = 20_000;
/// How long a subject is warmed up in each round, as a share of the time that it is measured.
const WARM_UP: f64 = 0.1;
/// How long the open loop runs, as a share of the time of the closed loop.
const OPEN_SHARE: f64 = 0.3;

/// How questions go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As datagrams.
    Udp,
    /// Over connections.
    Tcp(stream::Way),
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Rounds.
    pub(super) rounds: u32,
    /// How long the closed loop runs in a round.
    pub(super) time: Duration,
    /// Whether the open loop runs too.
    pub(super) open: bool,
}

/// One round of one subject.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Nanoseconds of CPU for an answered question.
    pub(super) cpu: f64,
    /// Of these, in user mode, by the ticks' shares.
    pub(super) user: f64,
    /// Cores that were busy.
    pub(super) busy: f64,
    /// The closed loop.
    pub(super) closed: Load,
    /// The open loop.
    pub(super) open: Option<Load>,
}

/// Measures all subjects; gives the samples of each, by round. One that ends, answers nothing or with
/// wrong codes is left out from there on, and what went wrong is given for it.
pub(super) fn run(
    subjects: &mut [(String, &mut Subject)],
    packets: &Packets,
    effort: Effort,
    way: Way,
    mode: &str,
) -> Vec<Result<Vec<Sample>>> {
    let mut all: Vec<Result<Vec<Sample>>> = subjects.iter().map(|_| Ok(Vec::new())).collect();
    let bar = progress(u64::from(effort.rounds) * subjects.len() as u64, mode);
    for round in 0..effort.rounds as usize {
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            let (name, subject) = &mut subjects[at];
            bar.set_message(format!("round {} of {}: {name}", round + 1, effort.rounds));
            if let Ok(samples) = &mut all[at] {
                match sample(subject, packets, effort, way, round) {
                    Ok(sample) => samples.push(sample),
                    Err(error) => {
                        bar.suspend(|| eprintln!("bench: FAILED {name}: {error:#}"));
                        all[at] = Err(error);
                    }
                }
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    all
}

fn sample(
    subject: &mut Subject,
    packets: &Packets,
    effort: Effort,
    way: Way,
    round: usize,
) -> Result<Sample> {
    let (address, time) = (subject.address, effort.time);
    // Another part of the packets in each round.
    let first = round * packets.count() / effort.rounds.max(1) as usize;
    let closed = |time| match way {
        Way::Udp => client::run(address, packets, first, Pace::Closed, time),
        Way::Tcp(way) => stream::run(address, packets, first, way, time),
    };
    closed(time.mul_f64(WARM_UP))?;
    let before = subject.cpu()?;
    let closed = closed(time)?;
    let used = subject.cpu()? - before;
    subject.ensure_alive()?;
    ensure!(closed.answered > 0, "no question was answered");
    ensure!(closed.wrong == 0, "WRONG ANSWERS: {} of {} have another code", closed.wrong, closed.answered);
    let open = effort
        .open
        .then(|| client::run(address, packets, first, Pace::Open(OPEN_RATE), time.mul_f64(OPEN_SHARE)))
        .transpose()?;
    let cpu = used.nanos() as f64 / closed.answered as f64;
    let busy = used.nanos() as f64 / 1e9 / closed.seconds;
    Ok(Sample { cpu, user: cpu * used.user_share(), busy, closed, open })
}

/// A bar on a terminal; nothing elsewhere.
fn progress(steps: u64, mode: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {pos}/{len} {msg} ({eta})")
        .expect("the template is well formed");
    ProgressBar::new(steps).with_style(style.progress_chars("=> ")).with_prefix(mode.to_owned())
}
