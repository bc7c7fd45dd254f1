//! What each client gets, and why: the answers as they came over UDP, the reasons as `portolan explain`
//! has them.

use portolan_core::{Name, RecordType};

use super::ask::{Asker, Got};
use super::clients::{CLIENTS, Client, NAME, Stage};
use super::paper::{dim, red, yellow};
use crate::engine::SharedEngine;
use crate::explain::{Explanation, MemberSeen, Verdict, explain};

/// One client's row.
struct Row {
    client: &'static Client,
    got: Got,
    cluster: String,
    why: String,
}

/// All clients' rows.
pub(super) struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Asks for every client.
    pub(super) fn ask(asker: &Asker, engine: &SharedEngine) -> anyhow::Result<Self> {
        let name: Name = NAME.parse()?;
        let row = |client: &'static Client| {
            let got = asker.ask(client)?;
            let explanation = {
                let engine = engine.lock();
                explain(&engine.snapshot(), engine.fleet(), &name, RecordType::A, client.address)
            };
            let cluster = picked(&explanation).and_then(|member| member.cluster.clone());
            let cluster = cluster.unwrap_or_else(|| "-".to_owned());
            Ok(Row { client, got, cluster, why: why(&explanation) })
        };
        Ok(Self { rows: CLIENTS.iter().map(row).collect::<anyhow::Result<_>>()? })
    }

    /// How many did not get what they must.
    pub(super) fn wrong(&self, stage: Stage) -> usize {
        self.rows.iter().filter(|row| !row.is_right(stage)).count()
    }

    /// The lines to print. Rows that are not what they must be at a stage say so.
    pub(super) fn lines(&self, colour: bool, stage: Option<Stage>) -> Vec<String> {
        let head = ["CLIENT", "GETS", "TTL", "CLUSTER", "WHY"].map(str::to_owned);
        let cells: Vec<[String; 5]> =
            [head].into_iter().chain(self.rows.iter().map(|row| row.cells(stage))).collect();
        let width = |column: usize| cells.iter().map(|row| length(&row[column])).max().unwrap_or(0);
        let widths: [usize; 5] = std::array::from_fn(width);
        let line = |(i, row): (usize, &[String; 5])| {
            let padded = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - length(cell))));
            let text = padded.collect::<Vec<_>>().join("  ");
            let text = text.trim_end();
            let is_wrong = i > 0 && stage.is_some_and(|stage| !self.rows[i - 1].is_right(stage));
            match colour {
                true if i == 0 => format!("  {}", dim(text)),
                true if is_wrong => format!("  {}", red(text)),
                true if i > 0 && self.rows[i - 1].has_moved() => format!("  {}", yellow(text)),
                _ => format!("  {text}"),
            }
        };
        cells.iter().enumerate().map(line).collect()
    }
}

impl Row {
    fn is_right(&self, stage: Stage) -> bool {
        let (address, ttl) = self.client.expected(stage);
        self.got == Got { rcode: 0, addresses: vec![address], ttl }
    }

    /// Led elsewhere than to its nearest cluster.
    fn has_moved(&self) -> bool {
        self.got.addresses != [self.client.expected(Stage::Whole).0]
    }

    fn cells(&self, stage: Option<Stage>) -> [String; 5] {
        let addresses: Vec<String> = self.got.addresses.iter().map(ToString::to_string).collect();
        let gets =
            if addresses.is_empty() { format!("code {}", self.got.rcode) } else { addresses.join(" ") };
        let expected = stage.filter(|stage| !self.is_right(*stage)).map(|stage| self.client.expected(stage));
        let why = match expected {
            Some((address, ttl)) => format!("should be {address} for {ttl} s"),
            None => self.why.clone(),
        };
        [self.client.city.to_owned(), gets, self.got.ttl.to_string(), self.cluster.clone(), why]
    }
}

fn picked(explanation: &Explanation) -> Option<&MemberSeen> {
    explanation.hops.last()?.members.iter().find(|member| member.picked)
}

/// The reason in a few words: who would have come before and is down, else where the client is.
fn why(explanation: &Explanation) -> String {
    let Some(hop) = explanation.hops.last() else {
        return "no zone of ours".to_owned();
    };
    let tier = picked(explanation).and_then(|member| member.tier);
    let is_before = |member: &&MemberSeen| member.verdict == Verdict::Down && member.tier < tier;
    if let Some(down) = hop.members.iter().find(is_before) {
        return format!("{}: {}", down.cluster.as_deref().unwrap_or("-"), down.why);
    }
    match (hop.places.first().and_then(Option::as_deref), picked(explanation)) {
        (_, None) => "nothing to give".to_owned(),
        (Some(place), _) => format!("nearest to {}", in_short(place)),
        (None, _) => "of unknown place".to_owned(),
    }
}

/// A place without its subdivision and city: `EU/DE`.
fn in_short(place: &str) -> &str {
    place.match_indices('/').nth(1).and_then(|(end, _)| place.get(..end)).unwrap_or(place)
}

fn length(text: &str) -> usize {
    text.chars().count()
}
