//! What a query may cost: `bench/budget.toml`, read strictly and only ever lowered.
//!
//! It is a small part of TOML: comments, `[section]`, `name = number`. Lowering changes numbers and takes
//! out what is not needed any more; all else stays as it was written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// Where it stands.
pub(super) const PATH: &str = "bench/budget.toml";
/// Section: instructions a query.
pub(super) const INSTRUCTIONS: &str = "instructions";
/// Section: allocations a query.
pub(super) const ALLOCATIONS: &str = "allocations";
/// Section: instructions of packets that cost more than they should.
pub(super) const BAD_INPUT: &str = "bad-input";
const SECTIONS: &[&str] = &[INSTRUCTIONS, ALLOCATIONS, BAD_INPUT];

/// What a figure may be above its budget: counts repeat within that.
const NOISE: f64 = 0.005;
/// What a figure must be below its budget before that is worth a word.
const CLEARLY: f64 = 0.02;

/// The budget, and which of its rows were asked for.
#[derive(Debug)]
pub(super) struct Budget {
    path: PathBuf,
    text: String,
    rows: BTreeMap<(String, String), f64>,
    seen: Vec<(String, String)>,
}

/// What is to be said of one figure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judgement {
    section: String,
    name: String,
    /// None: nothing was measured for this row.
    figure: Option<f64>,
    /// None: there is no such row.
    budget: Option<f64>,
}

impl Budget {
    /// # Errors
    /// When it cannot be read, with the line.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| PATH.to_owned())?;
        let rows = parse(&text)?;
        Ok(Self { path: path.to_owned(), text, rows, seen: Vec::new() })
    }

    /// Compares a figure with its row.
    pub(super) fn judge(&mut self, section: &str, name: &str, figure: f64) -> Judgement {
        let key = (section.to_owned(), name.to_owned());
        let budget = self.rows.get(&key).copied();
        self.seen.push(key);
        Judgement { section: section.into(), name: name.into(), figure: Some(figure), budget }
    }

    /// The rows that nothing was measured for.
    pub(super) fn unused(&self) -> impl Iterator<Item = Judgement> {
        let rows = self.rows.iter().filter(|(key, _)| !self.seen.contains(key));
        rows.map(|((section, name), budget)| Judgement {
            section: section.clone(),
            name: name.clone(),
            figure: None,
            budget: Some(*budget),
        })
    }

    /// Writes the lower figures over the higher, and takes out the rows of bad input that is cheap by now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn lower(&mut self, judgements: &[Judgement]) -> Result<()> {
        let mut lines = Vec::new();
        let mut section = "";
        for line in self.text.lines() {
            section = section_of(line).unwrap_or(section);
            let name = line.split_once('=').map_or("", |(name, _)| name.trim());
            let found = judgements.iter().find(|of| of.section == section && of.name == name);
            match found {
                Some(judgement) if judgement.is_cheap_by_now() => {}
                Some(judgement) if judgement.is_below() => lines.push(judgement.line()),
                _ => lines.push(line.to_owned()),
            }
        }
        self.text = lines.join("\n") + "\n";
        std::fs::write(&self.path, &self.text).with_context(|| PATH.to_owned())
    }
}

impl Judgement {
    /// True of what must be mended.
    pub(super) fn fails(&self) -> bool {
        match (self.figure, self.budget) {
            (Some(figure), Some(budget)) => figure > budget * (1.0 + NOISE),
            _ => !self.is_cheap_by_now(),
        }
    }

    /// True when the budget could be lower, or the row go.
    pub(super) fn is_below(&self) -> bool {
        match (self.figure, self.budget) {
            (Some(figure), Some(budget)) => figure < budget * (1.0 - CLEARLY),
            _ => self.is_cheap_by_now(),
        }
    }

    /// True of a packet that once was dear.
    fn is_cheap_by_now(&self) -> bool {
        self.section == BAD_INPUT && self.figure.is_none()
    }

    /// The row with this figure. Fractions are of allocations; of an instruction nobody wants one.
    fn line(&self) -> String {
        let figure = self.figure.unwrap_or_default();
        match self.section == ALLOCATIONS {
            true => format!("{} = {:.2}", self.name, (figure * 100.0).ceil() / 100.0),
            false => format!("{} = {:.0}", self.name, figure.ceil()),
        }
    }

    fn word(&self) -> String {
        match (self.figure, self.budget) {
            (None, _) if self.is_cheap_by_now() => "within 3 good queries now; its row can go".into(),
            (None, _) => "FAILED: nothing is measured for this row".into(),
            (_, None) => format!("FAILED: no row in [{}] of {PATH}", self.section),
            (Some(_), Some(0.0)) if self.fails() => "FAILED: there must be none".into(),
            (Some(figure), Some(budget)) if self.fails() => {
                format!("FAILED: {:+.1} %", (figure / budget - 1.0) * 100.0)
            }
            (Some(figure), Some(budget)) if self.is_below() => {
                format!("ok, {:+.1} %", (figure / budget - 1.0) * 100.0)
            }
            _ => "ok".into(),
        }
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = if self.section == ALLOCATIONS { 2 } else { 0 };
        let spell = |number: Option<f64>| number.map_or("-".into(), |number| format!("{number:.places$}"));
        let (figure, budget) = (spell(self.figure), spell(self.budget));
        write!(f, "  {:<38} {figure:>12} {budget:>12}  {}", self.name, self.word())
    }
}

fn parse(text: &str) -> Result<BTreeMap<(String, String), f64>> {
    let mut rows = BTreeMap::new();
    let mut section = "";
    for (number, line) in (1..).zip(text.lines()) {
        let at = || format!("{PATH}:{number}: {line:?}");
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = section_of(line) {
            ensure!(SECTIONS.contains(&name), "{} is none of {}", at(), SECTIONS.join(", "));
            section = name;
            continue;
        }
        let Some((name, value)) = line.split_once('=') else { bail!("{} is not `name = number`", at()) };
        let value: f64 = value.trim().parse().with_context(at)?;
        ensure!(value.is_finite() && value >= 0.0, "{} must be a number from 0", at());
        ensure!(!section.is_empty(), "{} stands in no section", at());
        let before = rows.insert((section.to_owned(), name.trim().to_owned()), value);
        ensure!(before.is_none(), "{} stands there twice", at());
    }
    Ok(rows)
}

fn section_of(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests;
