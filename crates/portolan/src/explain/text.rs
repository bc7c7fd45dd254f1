//! An explanation as a story: one paragraph a name, what was decided in the order in which it was.

use std::net::IpAddr;

use crate::explain::{Explanation, Found, Hop, MemberSeen, PolicySeen, RecordSeen, TierSeen, Verdict};
use crate::logs::plain;
use crate::problem::{self, ProblemRow};
use portolan_core::place::Network;

/// Most records of one member that are listed; JSON has them all.
const RECORDS_SHOWN_MAX: usize = 2;
/// Width of the words on the left, in characters.
const LABEL_WIDTH: usize = 9;

impl Explanation {
    /// The story, with colours or without.
    #[must_use]
    pub fn text(&self, colour: bool) -> String {
        let mut story = Story { out: String::new(), colour };
        let question = &self.question;
        let title = format!("{} {}, asked from {}", plain(&question.name), question.rtype, question.from);
        story.line(&story.paint(BOLD, &title));
        if !self.complete {
            story.fact("note", "not every cluster was read yet: an unknown name is not denied");
        }
        if let Some(zone) = &self.zone {
            story.fact("zone", &format!("{}, serial {}", plain(&zone.apex), zone.serial));
        }
        for (nth, hop) in self.hops.iter().enumerate() {
            story.line("");
            story.hop(hop, question.from, nth + 1 == self.hops.len());
        }
        story.line("");
        story.answer(self);
        story.known(&self.known);
        story.out
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";

/// The text under way.
struct Story {
    out: String,
    colour: bool,
}

impl Story {
    fn hop(&mut self, hop: &Hop, from: IpAddr, is_last: bool) {
        self.fact("name", &found(hop));
        if let Some(owner) = &hop.owner {
            self.fact("owner", &plain(owner));
        }
        if let Some(policy) = &hop.policy {
            self.policy(policy);
        }
        for place in &hop.places {
            let place = place.as_ref().map_or("at no known place".to_owned(), |p| format!("in {}", plain(p)));
            self.fact("client", &format!("{from} is {place}"));
        }
        if !hop.members.is_empty() {
            self.members(hop);
        }
        if let Some(tier) = hop.tiers.iter().find(|tier| tier.used) {
            self.fact("tier", &tier_words(tier, &hop.tiers));
        }
        if let Some(what) = &hop.all_down {
            self.fact("all down", &format!("no member is healthy: {}", all_down_words(what)));
        }
        if let Some(pick) = &hop.pick {
            self.fact("pick", &format!("{}: {}", pick_words(&pick.how), count(pick.records, "record")));
        }
        if let Some(ttl) = hop.halved_ttl {
            self.fact("ttl", &format!("{ttl} s, halved because a member is down"));
        }
        if hop.pick.is_some() {
            self.fact("scope", &scope(hop.scope, from));
        }
        if let Some(alias) = &hop.alias {
            self.fact("alias", &format!("of {}: {}", plain(&alias.target), alias.because));
        }
        if let Some(ends) = &hop.ends {
            self.fact(if is_last { "end" } else { "here" }, &plain(ends));
        }
    }

    fn policy(&mut self, policy: &PolicySeen) {
        let name = policy.name.as_ref().map_or("none".into(), |name| plain(name));
        self.fact("policy", &format!("{name}: {}", plain(&policy.because)));
        let order = if policy.order.is_empty() { "Even".to_owned() } else { policy.order.join(", then ") };
        self.fact("", &format!("order {}", plain(&order)));
        let rest = format!(
            "pick {}; at least {} healthy; all down {}",
            policy.pick,
            policy.minimum_healthy,
            plain(&policy.all_down)
        );
        self.fact("", &rest);
    }

    /// The offers as a table; the mark stands before those that are in the answer.
    fn members(&mut self, hop: &Hop) {
        let weighted = hop.policy.as_ref().is_some_and(|policy| policy.pick.starts_with("Weighted"));
        let header = ["TIER", "CLUSTER", "VERDICT", "WEIGHT", "OFFERS", "WHY"].map(str::to_owned);
        let mut rows = vec![header];
        rows.extend(hop.members.iter().map(|member| row(member, weighted)));
        let mut widths = [0; 6];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        self.fact("members", "");
        self.out.truncate(self.out.trim_end().len());
        self.line("");
        for (nth, row) in rows.iter().enumerate() {
            let member = nth.checked_sub(1).and_then(|nth| hop.members.get(nth));
            let mark = if member.is_some_and(|member| member.picked) { "▶ " } else { "  " };
            let cells: Vec<String> =
                row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            let text = format!("    {mark}{}", cells.join("  "));
            let code = match member.map(|member| member.verdict) {
                None | Some(Verdict::NoMember) => DIM,
                Some(Verdict::Healthy) => GREEN,
                Some(Verdict::Down) => RED,
            };
            self.line(&self.paint(code, text.trim_end()));
        }
    }

    fn answer(&mut self, explanation: &Explanation) {
        let answer = &explanation.answer;
        let mut title = format!("answer: {}", answer.rcode);
        if answer.authoritative {
            title.push_str(", authoritative");
        }
        if let Some(error) = &answer.extended_error {
            title.push_str(&format!(", extended error {error}"));
        }
        self.line(&self.paint(BOLD, &title));
        for (section, records) in
            [("", &answer.records), ("authority", &answer.authority), ("additional", &answer.additional)]
        {
            if !section.is_empty() && !records.is_empty() {
                self.line(&format!("  {section}:"));
            }
            self.records(records);
        }
    }

    fn known(&mut self, problems: &[ProblemRow]) {
        if problems.is_empty() {
            return;
        }
        self.line("");
        self.line(&self.paint(BOLD, "what is known of this name:"));
        for problem in problems {
            let place = Some(problem.place.as_str()).filter(|place| !place.is_empty());
            let subject = problem::subject(&problem.place, &problem.subject);
            let mut lines = problem.message.lines();
            let said = [place, subject, lines.next()].map(|text| text.map(plain));
            let said: Vec<_> = said.into_iter().flatten().collect();
            self.line(&format!("  {} [{}]", said.join(": "), problem.reason));
            for line in lines {
                self.line(&format!("      {}", plain(line)));
            }
        }
    }

    fn records(&mut self, records: &[RecordSeen]) {
        let name = records.iter().map(|record| record.name.chars().count()).max().unwrap_or(0);
        for record in records {
            let line =
                format!("  {:<name$}  {:>5}  {:<5}  {}", record.name, record.ttl, record.rtype, record.data);
            self.line(&plain(&line));
        }
    }

    fn fact(&mut self, label: &str, text: &str) {
        let label = self.paint(DIM, &format!("{label:<LABEL_WIDTH$}"));
        self.line(&format!("  {label}{text}"));
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn found(hop: &Hop) -> String {
    let name = plain(&hop.name);
    if let Some(dname) = &hop.dname {
        return format!("{name}, below the DNAME of {}", plain(dname));
    }
    match (hop.found, &hop.wildcard) {
        (Found::Wildcard, Some(wildcard)) => format!("{name}, by the wildcard {}", plain(wildcard)),
        (Found::Wildcard, None) => format!("{name}, by a wildcard"),
        _ => name.into_owned(),
    }
}

fn row(member: &MemberSeen, weighted: bool) -> [String; 6] {
    let tier = member.tier.map_or("-".to_owned(), |tier| tier.to_string());
    let verdict = match member.verdict {
        Verdict::Healthy => "healthy",
        Verdict::Down => "down",
        Verdict::NoMember => "no member",
    };
    let cluster = member.cluster.as_ref().map_or("-".into(), |cluster| plain(cluster));
    let weight = if weighted { member.weight.to_string() } else { "-".to_owned() };
    let mut offers = member.records.iter().take(RECORDS_SHOWN_MAX).map(String::as_str).collect::<Vec<_>>();
    let more = member.records.len().saturating_sub(RECORDS_SHOWN_MAX);
    let more = format!("+{more} more");
    if member.records.len() > RECORDS_SHOWN_MAX {
        offers.push(&more);
    }
    let offers = if offers.is_empty() { "-".to_owned() } else { plain(&offers.join(" ")).into_owned() };
    let why = plain(&member.why).into_owned();
    [tier, cluster.into_owned(), verdict.to_owned(), weight, offers, why]
}

fn tier_words(used: &TierSeen, tiers: &[TierSeen]) -> String {
    let wanted = format!("{} healthy, at least {} wanted", used.healthy, used.wanted);
    let passed: Vec<String> = tiers
        .iter()
        .filter(|tier| tier.tier < used.tier)
        .map(|tier| format!("{} has {}", tier.tier, tier.healthy))
        .collect();
    let mut words = format!("{} of {} is used: {wanted}", used.tier, tiers.len());
    if used.healthy < used.wanted {
        words.push_str("; no tier has enough, and it is the first with any");
    } else if !passed.is_empty() {
        words.push_str(&format!(" (too few before it: tier {})", passed.join(", ")));
    }
    words
}

fn all_down_words(what: &str) -> String {
    match what {
        "ServeAll" => "the first tier is served as if all were up (ServeAll)".to_owned(),
        "Empty" => "the answer is empty (Empty)".to_owned(),
        "Refuse" => "the question is refused (Refuse)".to_owned(),
        other => plain(other).into_owned(),
    }
}

fn pick_words(how: &str) -> String {
    match how.split_once(' ') {
        Some(("Weighted", count)) => format!("{count} drawn by weight"),
        Some(("First", count)) => format!("the first {count}, by cluster"),
        _ => "all, in an order drawn for each answer".to_owned(),
    }
}

fn scope(bits: u8, from: IpAddr) -> String {
    if bits == 0 {
        return "every client has this order of tiers".to_owned();
    }
    format!("every client in {} has this order of tiers", Network::around(from, bits))
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
