//! What is measured: each mode is a data set, questions, and the subjects that have a configuration for it.

use anyhow::{Context, Result};

use super::client::stream;
use super::meter::Memory;
use super::peers::{FLOOR, STREAM_FLOOR};
use super::rounds::{Effort, Sample, Way};
use super::stats::Spread;
use std::time::Duration;

pub(super) mod counting;
pub(super) mod fleet;
pub(super) mod serving;
pub(super) mod updates;

/// A mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// 10,000 names, all records.
    Static,
    /// The same with a client's network told, and steering for those that can.
    Policy,
    /// 1,000,000 names, all records.
    Million,
    /// As static, over TCP.
    Tcp,
    /// As static, with one worker and with two.
    Workers,
    /// 1,000,000 names that change while they are asked for, of Portolan alone.
    Updates,
    /// Changes of a fleet folder, starts and `explain` of Portolan alone.
    Fleet,
}

impl Mode {
    /// All of them, in the order of the report.
    pub(super) const ALL: [Self; 7] =
        [Self::Static, Self::Policy, Self::Million, Self::Tcp, Self::Workers, Self::Updates, Self::Fleet];

    /// Its name in options and headings.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Policy => "policy",
            Self::Million => "million",
            Self::Tcp => "tcp",
            Self::Workers => "workers",
            Self::Updates => "updates",
            Self::Fleet => "fleet",
        }
    }

    /// Whether instructions are counted in it. Under callgrind, a million names take minutes to start.
    fn is_counted(self) -> bool {
        matches!(self, Self::Static | Self::Policy)
    }

    /// The ways to ask in it, each with the heading of its table.
    fn ways(self) -> &'static [(Way, &'static str)] {
        match self {
            Self::Static => &[(Way::Udp, "static: 10,000 names x 3 A, half of them 3 AAAA too")],
            Self::Policy => {
                &[(Way::Udp, "policy: the same names by place, weight and health, client subnets told")]
            }
            Self::Million => &[(Way::Udp, "million: 1,000,000 names x 2 A")],
            Self::Tcp => &[
                (Way::Tcp(stream::Way::Pipelined), "tcp: 8 connections, 16 questions in flight on each"),
                (Way::Tcp(stream::Way::Single), "tcp: a connection for each question, 8 at a time"),
            ],
            Self::Workers => {
                &[(Way::Udp, "workers: static with one worker on core 0, and with two on all cores")]
            }
            Self::Updates | Self::Fleet => &[],
        }
    }

    /// Rounds of it: what has a goal gets all of them, the rest half; the open loop where it has one.
    fn effort(self, effort: Effort) -> Effort {
        match self {
            Self::Static | Self::Policy | Self::Updates | Self::Fleet => effort,
            Self::Workers => Effort { open: false, ..effort },
            Self::Million | Self::Tcp => Effort { rounds: effort.rounds.div_ceil(2), open: false, ..effort },
        }
    }

    /// The subject that all others are divided by.
    pub(super) fn floor(self) -> &'static str {
        if self == Self::Tcp { STREAM_FLOOR } else { FLOOR }
    }

    /// The mode of that name.
    pub(super) fn parse(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name).with_context(|| {
            let known = Self::ALL.map(Self::name);
            format!("--modes: {name:?} is none of {}", known.join(", "))
        })
    }
}

/// What a run has found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// One for each mode of serving.
    pub(super) tables: Vec<Table>,
    /// The sections of modes of Portolan alone, as Markdown, with their headings.
    pub(super) sections: Vec<(&'static str, String)>,
    /// What the updates mode has found.
    pub(super) updates: Option<Updates>,
    /// Tools that could not be had.
    pub(super) missing: usize,
}

impl Findings {
    /// Adds the section of a mode.
    pub(super) fn add(&mut self, mode: Mode, text: String) {
        self.sections.push((mode.name(), text));
    }
}

/// What changes cost those who ask meanwhile: ratios of phases with changes to phases without.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Updates {
    /// Of the 99th percentile of latency.
    pub(super) p99: Spread,
    /// Of the longest time without a reply.
    pub(super) gap: Spread,
    /// Resident memory of the last third of the time, over that of the first.
    pub(super) growth: f64,
}

/// What a mode has found.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) mode: Mode,
    /// Its heading.
    pub(super) title: &'static str,
    pub(super) rows: Vec<Row>,
}

impl Table {
    /// The row of a subject, if it did not fail.
    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name && row.failure.is_none())
    }

    /// The ratios of a subject to the floor, round by round; none without both.
    pub(super) fn ratios(&self, row: &Row) -> Option<Spread> {
        self.compared(row, self.row(self.mode.floor())?)
    }

    /// The ratios of a subject's CPU to another's, round by round.
    pub(super) fn compared(&self, row: &Row, other: &Row) -> Option<Spread> {
        Spread::of(row.samples.iter().zip(&other.samples).map(|(one, other)| one.cpu / other.cpu))
    }

    /// Each failed subject with its mode.
    pub(super) fn failures(&self) -> impl Iterator<Item = String> {
        let failed = self.rows.iter().filter(|row| row.failure.is_some());
        failed.map(|row| format!("{} in {}", row.name, self.mode.name()))
    }
}

/// What was found of one subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Its name.
    pub(super) name: String,
    /// The name of the peer that it is.
    pub(super) peer: &'static str,
    /// What it was set up to do.
    pub(super) what: &'static str,
    /// Its version.
    pub(super) version: String,
    /// From its start to the first right answer.
    pub(super) start: Duration,
    /// After all rounds.
    pub(super) memory: Memory,
    /// By round.
    pub(super) samples: Vec<Sample>,
    /// Instructions in user space for one answer, where they were counted.
    pub(super) instructions: Option<f64>,
    /// Why there are no figures.
    pub(super) failure: Option<String>,
}
