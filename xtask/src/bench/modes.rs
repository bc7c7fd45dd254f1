//! What is measured: each mode is a data set, questions, and the subjects that have a configuration for it.

use anyhow::{Context, Result};

use super::meter::Memory;
use super::rounds::Sample;
use std::time::Duration;

pub(super) mod counting;
pub(super) mod fleet;
pub(super) mod serving;

/// A mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// 10,000 names, all records.
    Static,
    /// The same with a client's network told, and steering for those that can.
    Policy,
    /// 1,000,000 names, all records.
    Million,
    /// Changes of a fleet folder, starts and `explain` of Portolan alone.
    Fleet,
}

impl Mode {
    /// All of them, in the order of the report.
    pub(super) const ALL: [Self; 4] = [Self::Static, Self::Policy, Self::Million, Self::Fleet];

    /// Its name in options and headings.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Policy => "policy",
            Self::Million => "million",
            Self::Fleet => "fleet",
        }
    }

    /// Whether instructions are counted in it. Under callgrind, a million names take minutes to start.
    fn is_counted(self) -> bool {
        matches!(self, Self::Static | Self::Policy)
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
    /// The table of the fleet mode, as Markdown.
    pub(super) fleet: Option<String>,
    /// Tools that could not be had.
    pub(super) missing: usize,
}

/// What a mode has found.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) mode: Mode,
    pub(super) rows: Vec<Row>,
}

impl Table {
    /// The row of a subject, if it did not fail.
    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name && row.failure.is_none())
    }

    /// Each failed subject with its mode.
    pub(super) fn failures(&self) -> impl Iterator<Item = String> {
        let failed = self.rows.iter().filter(|row| row.failure.is_some());
        failed.map(|row| format!("{} in {}", row.name, self.mode.name()))
    }
}

/// What was found of one subject.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Its name.
    pub(super) name: String,
    /// What it was set up to do.
    pub(super) what: String,
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
