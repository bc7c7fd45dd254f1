//! A status as tables that can be read with three names and with ten thousand.

use std::fmt::Write as _;

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::clusters::Leader;
use crate::explain::Verdict;
use crate::logs::plain;
use crate::problem::{self, ProblemRow};
use crate::status::{ClusterRow, MemberRow, NameRow, Status, ZoneRow};
use crate::when::{ago, when};

/// Most rows of one table, unless all are asked for.
const ROWS_SHOWN_MAX: usize = 20;
/// Most clusters that are listed with one verdict of one name, unless all are asked for.
const CLUSTERS_SHOWN_MAX: usize = 6;

/// Where a host name may be broken: behind its dots. It has no width, and is not printed.
const BREAK: char = '\u{200b}';
/// Labels up to this width, in characters, are not broken.
const LABEL_WIDTH_MAX: usize = 32;
/// What a table puts around the content of a cell, in characters.
const PADDING: u16 = 2;

impl Status {
    /// The tables. Without `all`, long ones are cut and say how much more there is. `width` is in
    /// characters; none: that of the terminal, or as wide as it takes where there is none.
    #[must_use]
    pub fn text(&self, all: bool, width: Option<u16>) -> String {
        let mut out = self.summary();
        let draw = Draw { all, width };
        let header = ["CLUSTER", "REGION", "ZONES", "PLACE", "STATE", "LAST HEARD", "WEIGHT", "NAMES"];
        draw.table(&mut out, &header, &self.clusters, "clusters", |row| self.cluster(row));
        let header = ["NAME", "TYPES", "POLICY", "OWNER", "CLUSTERS"];
        draw.table(&mut out, &header, &self.names, "names", |row| name(row, all));
        let header = ["ZONE", "SERIAL", "NAMES", "NAME SERVERS", "POLICY"];
        draw.table(&mut out, &header, &self.zones, "zones", zone);
        let header = ["PROBLEM", "SUBJECT", "MESSAGE", "PLACE"];
        draw.table(&mut out, &header, &self.problems, "problems", problem_cells);
        out
    }

    fn summary(&self) -> String {
        let counts = [
            count(self.clusters.len(), "cluster"),
            count(self.names.len(), "name"),
            count(self.zones.len(), "zone"),
            count(self.problems.len(), "problem"),
        ];
        let mut out = format!("Revision {}: {}.\n", self.revision, counts.join(", "));
        if let Some(hub) = &self.hub {
            let (what, hands) = match hub.is_followed {
                true => ("that is followed, and not written to, is", "object with names"),
                false => ("is", "intent"),
            };
            let found = match hub.is_read {
                true => format!("{}, {}", count(hub.zones, "zone"), count(hub.intents, hands)),
                false => "it was not read since the start".to_owned(),
            };
            let which = if hub.is_of_mesh {
                "One of a mesh, in its own cluster".to_owned()
            } else {
                format!("The hub {what}")
            };
            let _ = writeln!(out, "{which} {}: {found}.", plain(&hub.name));
        }
        if let Some(leader) = &self.leader {
            let _ = writeln!(out, "{}", self.leads(leader));
        }
        if let Some(stream) = &self.stream {
            let _ = writeln!(out, "{}", stream.text(self.now));
        }
        if let Some(lost) = &self.folder_lost {
            let _ =
                writeln!(out, "The fleet is not read: {}. {}", plain(&lost.why), self.since(lost.read_at));
        }
        if let Some(then) = self.state_from {
            let _ = writeln!(out, "Answers rest on the last good state of {} ago.", ago(self.now, then));
        }
        if !self.unread.is_empty() {
            let unread: Vec<_> =
                self.unread.iter().take(CLUSTERS_SHOWN_MAX).map(|name| plain(name)).collect();
            let more = self.unread.len() - unread.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = writeln!(out, "Not read since the start: {}{more}.", unread.join(", "));
        }
        if !self.complete {
            out.push_str("Not every cluster was read yet: an unknown name is SERVFAIL, not NXDOMAIN.\n");
        }
        out
    }

    /// Who leads, and whether that is this process.
    fn leads(&self, leader: &Leader) -> String {
        let Leader { lease, me, holder, since, trouble, is_me, .. } = leader;
        let (lease, holder) = (plain(lease), plain(holder));
        let since = since.map_or(String::new(), |then| format!(" since {} ago", ago(self.now, then)));
        let mut text = match (*is_me, &*holder) {
            (true, _) => format!("This process leads ({me}){since}, by the Lease {lease}."),
            (false, "") => format!("Nobody holds the Lease {lease}: nothing is written."),
            (false, holder) if holder == me => {
                format!(
                    "This process ({me}) had the Lease {lease} and could not renew it: it writes nothing."
                )
            }
            (false, holder) => {
                format!("{holder} leads{since}, by the Lease {lease}; this process ({me}) stands by.")
            }
        };
        if let Some(trouble) = trouble {
            let _ = write!(text, " It is not reached: {}.", plain(trouble));
        }
        text
    }

    /// Since when nothing of the fleet folder is heard.
    fn since(&self, read_at: Option<i64>) -> String {
        match read_at {
            Some(then) => format!("Nothing is heard since {} ({}).", when(then), ago(self.now, then)),
            None => "It was never read.".to_owned(),
        }
    }

    fn cluster(&self, row: &ClusterRow) -> Vec<Cell> {
        let late = |text: String| Cell::new(text).fg(Color::Yellow);
        let heard = match (row.silent_since, row.heard_at) {
            (Some(since), _) => late(format!("silent for {}", ago(self.now, since))),
            (None, Some(then)) if self.folder_lost.is_some() => {
                late(format!("not heard for {}", ago(self.now, then)))
            }
            (None, Some(then)) => Cell::new(format!("{} ago", ago(self.now, then))),
            (None, None) if self.folder_lost.is_some() => late("not heard".to_owned()),
            (None, None) => Cell::new("heard"),
        };
        let state = match row.state.as_str() {
            "Active" => Cell::new(&row.state),
            state => Cell::new(state).fg(Color::Yellow),
        };
        let weight = row.weight.map_or("-".to_owned(), |weight| weight.to_string());
        vec![
            text(&row.name),
            optional(row.region.as_deref()),
            text(&or_dash(row.zones.join(", "))),
            optional(row.place.as_deref()),
            state,
            heard,
            Cell::new(weight),
            Cell::new(row.names),
        ]
    }
}

/// How tables are drawn.
struct Draw {
    all: bool,
    width: Option<u16>,
}

impl Draw {
    /// Draws a table of the first rows, and says how many more there are; nothing when there are none.
    fn table<'r, R>(
        &self,
        out: &mut String,
        header: &[&str],
        rows: &'r [R],
        what: &str,
        cells: impl Fn(&'r R) -> Vec<Cell>,
    ) {
        if rows.is_empty() {
            return;
        }
        let shown = if self.all { rows.len() } else { rows.len().min(ROWS_SHOWN_MAX) };
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        if let Some(width) = self.width {
            table.force_no_tty().set_width(width);
        }
        table.set_header(header.iter().map(|title| Cell::new(title).add_attribute(Attribute::Bold)));
        let drawn: Vec<Vec<Cell>> = rows.iter().take(shown).map(cells).collect();
        let labels = label_width(&drawn);
        table.add_rows(drawn);
        if let (Some(width), Some(names)) = (labels, table.column_mut(0)) {
            names.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + PADDING)));
        }
        out.push('\n');
        for line in table.lines() {
            out.push_str(line.replace(BREAK, "").trim_end());
            out.push('\n');
        }
        if shown < rows.len() {
            let _ = writeln!(out, " and {} more {what}; --all shows them", rows.len() - shown);
        }
    }
}

/// Width of the widest label in a first column of host names, as far as it is kept together.
fn label_width(rows: &[Vec<Cell>]) -> Option<u16> {
    let names = rows.iter().filter_map(|row| row.first()).map(Cell::content);
    let widest = names.flat_map(|name| {
        let labels =
            name.contains(BREAK).then(|| name.split([BREAK, '\n']).map(|label| label.chars().count()).max());
        labels.flatten()
    });
    widest.max().and_then(|width| u16::try_from(width.min(LABEL_WIDTH_MAX)).ok())
}

fn name(row: &NameRow, all: bool) -> Vec<Cell> {
    let up = row.members.iter().any(|member| member.verdict == Verdict::Healthy);
    let mut lines = verdicts(&row.members, all);
    if let (false, Some(fallback)) = (up, &row.fallback) {
        lines.push(format!("alias of {}", plain(fallback)));
    }
    if row.zone.is_none() {
        lines.push("refused: no zone holds the name".to_owned());
    }
    let members = Cell::new(or_dash(lines.join("\n")));
    let members = match (row.is_amiss(), up) {
        (false, _) => members,
        (true, true) => members.fg(Color::Yellow),
        (true, false) => members.fg(Color::Red),
    };
    let types = or_dash(row.types.join(" "));
    vec![host(&row.name), Cell::new(types), optional(row.policy.as_deref()), text(&row.owner), members]
}

/// One line for each verdict and reason, with the clusters that have it.
fn verdicts(members: &[MemberRow], all: bool) -> Vec<String> {
    let mut groups: Vec<(Verdict, &str, Vec<&str>)> = Vec::new();
    for member in members {
        let same =
            |group: &&mut (Verdict, &str, Vec<&str>)| group.0 == member.verdict && group.1 == member.why;
        let cluster = member.cluster.as_deref();
        match groups.iter_mut().find(same) {
            Some(group) => group.2.extend(cluster),
            None => groups.push((member.verdict, &member.why, cluster.into_iter().collect())),
        }
    }
    groups.iter().map(|(verdict, why, clusters)| verdict_line(*verdict, why, clusters, all)).collect()
}

fn verdict_line(verdict: Verdict, why: &str, clusters: &[&str], all: bool) -> String {
    let mark = match verdict {
        Verdict::Healthy => "up",
        Verdict::Down => "DOWN",
        Verdict::NoMember => "out",
    };
    let shown = if all { clusters.len() } else { clusters.len().min(CLUSTERS_SHOWN_MAX) };
    let listed: Vec<_> = clusters.iter().take(shown).map(|cluster| plain(cluster)).collect();
    let more = clusters.len() - shown;
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let separator = if listed.is_empty() { "" } else { " " };
    format!("{mark}{separator}{}{more}: {}", listed.join(", "), plain(why))
}

fn zone(row: &ZoneRow) -> Vec<Cell> {
    vec![
        host(&row.zone.apex),
        Cell::new(row.zone.serial),
        Cell::new(row.names),
        host(&or_dash(row.name_servers.join("\n"))),
        optional(row.policy.as_deref()),
    ]
}

fn problem_cells(row: &ProblemRow) -> Vec<Cell> {
    // What follows the first line is for copying; `portolan check` prints it.
    let message = row.message.lines().next().unwrap_or_default();
    let subject = problem::subject(&row.place, &row.subject);
    vec![text(&row.reason), optional(subject), text(message), text(&or_dash(row.place.clone()))]
}

fn text(value: &str) -> Cell {
    Cell::new(plain(value))
}

/// Host names, one a line, which are broken between labels.
fn host(value: &str) -> Cell {
    let lines: Vec<String> =
        value.lines().map(|name| plain(name).replace('.', &format!(".{BREAK}"))).collect();
    Cell::new(lines.join("\n")).set_delimiter(BREAK)
}

fn optional(value: Option<&str>) -> Cell {
    text(value.unwrap_or("-"))
}

fn or_dash(value: String) -> String {
    if value.is_empty() { "-".to_owned() } else { value }
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

/// A number with its thousands apart: `10,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
