//! What a dry run would do, as a table for people and as JSON for programs.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use portolan_core::plan::{Act, Marked, RecordSet};
use portolan_core::{Name, Problem, Ttl};
use portolan_sync::publisher::Round;
use serde::Serialize;

use super::publish::why;
use crate::logs::plain;
use crate::problem::{self, ProblemRow};

/// Most rows of the table; the JSON has them all.
pub const ROWS_MAX: usize = 500;

/// What a round would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Where it is published to.
    pub provider: String,
    /// Whose records they are.
    pub owner: String,
    /// What is done to sets, in order.
    pub changes: Vec<Row>,
    /// Marks without records that are taken away.
    pub marks_without_records: usize,
    /// What would go, and stays.
    pub hold: Option<Held>,
    /// Names that would lose something, and stay because not all that is wanted is known.
    pub kept: usize,
    /// What is wrong.
    pub problems: Vec<ProblemRow>,
}

/// What is done to one set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// `create`, `update` or `delete`.
    pub act: &'static str,
    /// The name, without its trailing dot.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub rtype: String,
    /// Which of several sets; empty for the only one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub set_identifier: String,
    /// What it holds; none of what comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Content>,
    /// What it is to hold; none of what goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Content>,
}

/// What a set holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Content {
    /// Its targets.
    pub targets: Vec<String>,
    /// Its TTL in seconds; none where nobody named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
}

/// What would go, and stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// For `--release`.
    pub id: String,
    /// Why.
    pub why: String,
    /// The names.
    pub names: Vec<String>,
}

impl Held {
    /// What to do about it, for whoever runs one round.
    #[must_use]
    pub fn advice(&self) -> String {
        let id = &self.id;
        format!(
            "  if they are gone for good: run the same command again with --release {id} (it is for exactly these names)\n  \
             if not: see to it that their DNSEndpoints are there, and run it again\n  \
             A round remembers nothing of the one before, so it cannot tell who deleted them; `portolan sync` without --once \
             sees each delete, and does not ask."
        )
    }
}

/// That names stay which may have to go, for people.
#[must_use]
pub fn kept(names: usize) -> String {
    format!("{names} names would lose something, and stay: not all that is wanted is known.")
}

impl Plan {
    /// What a round of a publisher would do.
    #[must_use]
    pub fn of(provider: String, owner: String, publisher: &str, round: &Round) -> Self {
        let changes = round.plan.changes.iter().flat_map(|change| change.acts.iter().map(row)).collect();
        let hold = round.plan.hold.as_ref().map(|hold| Held {
            id: format!("{publisher}/{}", hold.id),
            why: why(hold),
            names: hold.names.iter().map(Name::to_dotless).collect(),
        });
        Self {
            provider,
            owner,
            changes,
            marks_without_records: round.strays,
            hold,
            kept: round.plan.kept,
            problems: round.problems.told.iter().map(ProblemRow::from).collect(),
        }
    }

    /// The same with what is wrong with what was read, before the rest.
    #[must_use]
    pub fn with(mut self, problems: &[Problem]) -> Self {
        self.problems.splice(0..0, problems.iter().map(ProblemRow::from));
        self
    }

    /// True when there is nothing to do, and nothing is left to be said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_idle = self.changes.is_empty() && self.marks_without_records == 0;
        is_idle && self.hold.is_none() && self.kept == 0
    }

    /// Prints it for people.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let (provider, owner) = (plain(&self.provider), plain(&self.owner));
        if self.is_empty() {
            writeln!(out, "Nothing to do: {provider} has what is wanted of the owner {owner}.")?;
        } else if self.changes.is_empty() {
            writeln!(out, "No record would change at {provider} as the owner {owner}.")?;
        } else {
            let of = |act: &str| self.changes.iter().filter(|row| row.act == act).count();
            let counts =
                format!("{} created, {} updated, {} deleted", of("create"), of("update"), of("delete"));
            writeln!(out, "{}", table(&self.changes))?;
            if self.changes.len() > ROWS_MAX {
                writeln!(out, "and {} more (--output json has all)", self.changes.len() - ROWS_MAX)?;
            }
            writeln!(out, "{counts} at {provider} as the owner {owner}.")?;
        }
        if self.marks_without_records > 0 {
            writeln!(out, "{} marks without records would be taken away.", self.marks_without_records)?;
        }
        if let Some(hold) = &self.hold {
            writeln!(out, "Held: {}\n  {}\n{}", hold.id, plain(&hold.why), hold.advice())?;
        }
        if self.kept > 0 {
            writeln!(out, "{}", kept(self.kept))?;
        }
        for row in &self.problems {
            let subject = problem::subject(&row.place, &row.subject).map(|text| format!("{text}: "));
            writeln!(out, "{}{}: {}", plain(&subject.unwrap_or_default()), row.reason, plain(&row.message))?;
        }
        Ok(())
    }
}

fn row(act: &Act) -> Row {
    let (word, set, before, after) = match act {
        Act::Create(Marked { set, .. }) => ("create", set, None, Some(content(set))),
        Act::Update { old, new } => ("update", &new.set, Some(content(&old.set)), Some(content(&new.set))),
        Act::Delete(old) => ("delete", &old.set, Some(content(&old.set)), None),
    };
    Row {
        act: word,
        name: set.name.to_dotless(),
        rtype: set.rtype.to_string(),
        set_identifier: set.identifier.to_string(),
        before,
        after,
    }
}

fn content(set: &RecordSet) -> Content {
    let targets = set.targets.iter().map(ToString::to_string).collect();
    Content { targets, ttl: set.named_ttl().map(Ttl::seconds) }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", "NAME", "TYPE", "BEFORE", "AFTER"]);
    for row in rows.iter().take(ROWS_MAX) {
        let name = match &*row.set_identifier {
            "" => row.name.clone(),
            identifier => format!("{} [{identifier}]", row.name),
        };
        let text = |content: &Option<Content>| content.as_ref().map_or(String::new(), told);
        let cells = [row.act.to_owned(), name, row.rtype.clone(), text(&row.before), text(&row.after)];
        table.add_row(cells.map(|cell| plain(&cell).into_owned()));
    }
    table
}

fn told(content: &Content) -> String {
    let ttl = content.ttl.map_or(String::new(), |ttl| format!(" ({ttl} s)"));
    format!("{}{ttl}", content.targets.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(round: &Round) -> (Plan, String) {
        let plan = Plan::of("memory".into(), "me".into(), "mine", round);
        let mut out = Vec::new();
        plan.print(&mut out).unwrap();
        (plan, String::from_utf8(out).unwrap())
    }

    /// What stays because not all is known is something that is left.
    #[test]
    fn a_plan_with_nothing_to_do_says_what_is_left() {
        let (plan, text) = printed(&Round::default());
        assert!(plan.is_empty() && text.starts_with("Nothing to do"), "{text}");
        let mut round = Round::default();
        round.plan.kept = 3;
        let (plan, text) = printed(&round);
        assert!(!plan.is_empty() && !text.contains("Nothing to do"), "{text}");
        assert!(text.contains("3 names would lose something, and stay"), "{text}");
    }
}
