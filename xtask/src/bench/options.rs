//! The command line of `cargo xtask bench`.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::modes::Mode;
use super::modes::fleet;
use super::rounds::Effort;
use crate::options::number;

/// Most rounds of a run.
const ROUNDS_MAX: u32 = 100;
/// Longest time of a subject's round, in seconds.
const SECONDS_MAX: f64 = 60.0;
/// Shortest: below it, ticks of 10 ms tell little.
const SECONDS_MIN: f64 = 0.1;

/// What is measured, and how much.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Peers or families; all of them for none.
    pub(super) peers: Vec<String>,
    /// Modes, in their own order.
    pub(super) modes: Vec<Mode>,
    /// Rounds and their time.
    pub(super) effort: Effort,
    /// Whether less is measured.
    pub(super) quick: bool,
    /// Whether instructions are counted too.
    pub(super) instructions: bool,
    /// Whether the results are kept.
    pub(super) write: bool,
    /// What the fleet mode measures.
    pub(super) fleet: fleet::Options,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// When an option is unknown or out of its range.
    pub(crate) fn parse(args: &[&str]) -> Result<Self> {
        let (mut rounds, mut seconds, mut count) = (None, None, false);
        let mut options = Self {
            peers: Vec::new(),
            modes: Mode::ALL.to_vec(),
            effort: Effort { rounds: 12, time: Duration::from_millis(1_500), open: true },
            quick: false,
            instructions: true,
            write: false,
            fleet: fleet::Options::default(),
        };
        let mut args = args.iter().copied();
        while let Some(option) = args.next() {
            let mut value = || args.next().unwrap_or_default();
            match option {
                "--write" => options.write = true,
                "--quick" => options.quick = true,
                "--count" => count = true,
                "--rounds" => rounds = Some(in_range(option, number(option, value())?)?),
                "--seconds" => seconds = Some(time(option, value())?),
                "--peers" => options.peers = value().split(',').map(str::to_owned).collect(),
                "--modes" => options.modes = value().split(',').map(Mode::parse).collect::<Result<_>>()?,
                "--names" => options.fleet.names = number(option, value())?,
                "--changes" => options.fleet.changes = number(option, value())?,
                "--offers" => options.fleet.offers = number(option, value())?,
                other => bail!("bench: {other:?} is no option; see `cargo xtask --help`"),
            }
        }
        if options.quick {
            options.effort = Effort { rounds: 3, time: Duration::from_millis(500), open: true };
            options.instructions = count;
        }
        options.effort.rounds = rounds.unwrap_or(options.effort.rounds);
        options.effort.time = seconds.unwrap_or(options.effort.time);
        options.fleet.check()?;
        Ok(options)
    }
}

fn in_range(option: &str, rounds: u32) -> Result<u32> {
    ensure!((1..=ROUNDS_MAX).contains(&rounds), "{option}: {rounds} must be from 1 to {ROUNDS_MAX}");
    Ok(rounds)
}

fn time(option: &str, value: &str) -> Result<Duration> {
    let seconds: f64 =
        value.parse().with_context(|| format!("{option}: {value:?} must be a number of seconds"))?;
    ensure!(
        (SECONDS_MIN..=SECONDS_MAX).contains(&seconds),
        "{option}: {seconds} must be from {SECONDS_MIN} to {SECONDS_MAX}"
    );
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests;
