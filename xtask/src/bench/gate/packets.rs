//! Bad input costs no more: what a packet costs that means harm, against a good question.
//!
//! The packets are answered inside `examples/gate`, one call of one function each, and callgrind counts each
//! call apart. So nothing of sockets is in these figures, and the comparison is the strictest there is.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::bench::callgrind;
use crate::command::{output, root};

/// How many good questions a bad one may cost.
const GOOD_ONES: f64 = 3.0;
/// The function of `examples/gate` that is counted.
const FUNCTION: &str = "gate::measured";
/// The packets that the fuzz target begins with, well and badly formed.
const SEEDS: &str = "fuzz/seeds/question";
/// Outcomes that a well-formed question has: what an answer costs is not a matter of bad input.
const ANSWERED: &[&str] = &["NoError", "NxDomain"];

/// What all packets cost.
pub(super) struct Packets {
    good: f64,
    all: Vec<Packet>,
}

struct Packet {
    name: String,
    /// Whether it must be cheap.
    bad: bool,
    instructions: f64,
}

/// Answers every packet under callgrind.
///
/// # Errors
/// When the program fails, or a count is missing.
pub(super) fn measure(program: &Path) -> Result<Packets> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let packets = super::command(program, &["packets", SEEDS]);
    let mut command = callgrind::wrapped_around(FUNCTION, &packets, folder.path());
    // By a name that is the same in every checkout: a longer one would move what comes after it in memory.
    let said = output(command.current_dir(root()))?;
    let costs = callgrind::calls_of(folder.path())?;
    let lines: Vec<&str> = said.lines().collect();
    ensure!(lines.len() == costs.len(), "{} packets and {} counts", lines.len(), costs.len());
    let all = lines.iter().zip(costs).map(|(line, cost)| Packet::read(line, cost.instructions as f64));
    let all = all.collect::<Result<Vec<_>>>()?;
    let good = all.first().context("no packet was answered")?.instructions;
    Ok(Packets { good, all })
}

impl Packet {
    /// Reads a line of the program's: `GROUP NAME OUTCOME…`.
    fn read(line: &str, instructions: f64) -> Result<Self> {
        let mut words = line.split(' ');
        let [group, name, outcome] =
            [words.next(), words.next(), words.next()].map(Option::unwrap_or_default);
        let bad = match group {
            "good" => false,
            "hostile" => true,
            "file" => !ANSWERED.contains(&outcome),
            _ => anyhow::bail!("{line:?}: {group:?} is no group of packets"),
        };
        Ok(Self { name: name.to_owned(), bad, instructions })
    }
}

impl Packets {
    /// The bad ones that cost too much, with their instructions.
    pub(super) fn dear(&self) -> impl Iterator<Item = (&str, f64)> {
        let dear = |packet: &&Packet| packet.bad && packet.instructions > GOOD_ONES * self.good;
        self.all.iter().filter(dear).map(|packet| (packet.name.as_str(), packet.instructions))
    }
}

impl fmt::Display for Packets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bad = self.all.iter().filter(|packet| packet.bad).count();
        write!(f, "  {} packets, {bad} of them bad; a good one: {:.0}", self.all.len(), self.good)
    }
}

#[cfg(test)]
mod tests;
