//! The same zone files on Portolan, Knot, NSD and BIND: the same questions, the same answers.
//!
//! `features.zone` has every feature that a zone can have, `moved.zone` a DNAME at its apex. Each server that is
//! there reads those very files and answers on a loopback port of its own; 10,000 questions, drawn from a seed, are put to all of them.
//! Each difference from Portolan's reply must be one that a rule of [`rules`] tells the reason of; any
//! other fails the test with question and both replies.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `peer` | the servers: their configurations, their start and their end |
//! | `question` | the questions |
//! | `reply` | replies in a form that can be compared |
//! | `resolving` | our resolver asks each of them |
//! | `rules` | the differences that are known, each with its reason |
//!
//! A server that is not installed is passed over with one loud line; with `PORTOLAN_REQUIRE_REAL` set that
//! is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

mod peer;
mod question;
mod reply;
mod resolving;
mod rules;

use peer::{Kind, Peer};
use question::Questions;
use reply::Reply;

/// How many questions are asked.
const QUESTIONS: usize = 10_000;
/// What they are drawn from; a failure is found again by it.
const SEED: u64 = 0x706f_7274_6f6c_616e;
/// Most unexplained differences that are printed.
const PRINTED_MAX: usize = 20;

#[test]
fn four_servers_answer_alike() {
    let folder = tempfile::tempdir().unwrap();
    let first = Peer::start(FIRST, folder.path()).expect("ours is always there");
    let others: Vec<Peer> = OTHERS.iter().filter_map(|kind| Peer::start(*kind, folder.path())).collect();
    let mut tally: BTreeMap<(Kind, &str), usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for question in Questions::new(SEED).take(QUESTIONS) {
        let ours = first.ask(&question);
        assert!(
            first.kind != Kind::Portolan || ours.truncated == (ours.whole_octets > question.octets_max()),
            "{question}: TC says whether the whole fits\n{ours}"
        );
        assert!(!ours.repeats, "{question}: a record stands twice in a section\n{ours}");
        for other in &others {
            let theirs = other.ask(&question);
            match rules::explain(other.kind, &question, &ours, &theirs) {
                rules::Verdict::Same => {}
                rules::Verdict::Known(rule) => *tally.entry((other.kind, rule)).or_default() += 1,
                rules::Verdict::Unknown => unexplained.push(show(&question, &ours, other, &theirs)),
            }
        }
    }
    for ((kind, rule), count) in &tally {
        println!("{kind:?}: {count} times: {rule}");
    }
    let shown = unexplained.iter().take(PRINTED_MAX).cloned().collect::<String>();
    assert!(
        unexplained.is_empty(),
        "{} differences that no rule explains; the first:\n{shown}",
        unexplained.len()
    );
}

const FIRST: Kind = Kind::Portolan;
const OTHERS: [Kind; 3] = [Kind::Knot, Kind::Nsd, Kind::Bind];

fn show(question: &question::Question, ours: &Reply, other: &Peer, theirs: &Reply) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "--- {question}\nours:\n{ours}{:?}:\n{theirs}", other.kind);
    text
}
