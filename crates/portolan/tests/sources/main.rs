//! A stock External-DNS beside ours, source by source: the same objects, the same options, the same records.
//!
//! ```text
//!   objects/ ─┐                    ┌─▶ External-DNS --once ─▶ webhook ─▶ records ─┐
//!   drawn ────┴─▶ API server ──────┤                                              ├─▶ same, or a rule says why not
//!                                  └─▶ fleet folder ─▶ portolan endpoints ─▶ records ─┘
//! ```
//!
//! One API server holds all objects, those of a theme in namespaces of their own, and 200 more that are drawn
//! from a seed. A case is a set of options: External-DNS runs once with it and publishes to a provider that holds
//! nothing, so what it creates is what it makes of the objects; ours runs with the same words over the very
//! objects that the API server gave back. Records are compared by name, type and set identifier: spelling of
//! the name, targets, TTL, properties. Each difference must be one that a rule of [`rules`] explains, and each
//! rule must explain one.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `cases` | the options |
//! | `stage` | the API server with the objects in it, the fleet folder, and both programs |
//! | `kinds` | the kinds of objects, and definitions of those that no API server has by itself |
//! | `manifests` | the objects of `objects/` |
//! | `routes` | those that are written as lines, of Gateway API |
//! | `drawn` | objects from a seed |
//! | `record` | records in a form that can be compared |
//! | `rules` | the differences that are known, each with its reason |
//! | `ends` | objects on which External-DNS ends its sync, and ours does not |
//!
//! Without kube-apiserver, etcd and External-DNS (`cargo xtask setup` builds them) the test is passed over with
//! one loud line; with `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

mod cases;
mod drawn;
mod ends;
mod kinds;
mod manifests;
mod record;
mod routes;
mod rules;
mod stage;

use cases::CASES;
use record::Difference;
use rules::RULES;
use stage::Stage;

/// How many cases run at once; an External-DNS at its start keeps one core busy.
const LANES: usize = 3;
/// Most unexplained differences that are printed.
const PRINTED_MAX: usize = 40;

#[test]
fn external_dns_makes_the_same_records() {
    let Some(stage) = Stage::set() else { return };
    let outcome = Outcome::of(&stage);
    for (rule, count) in &outcome.tally {
        println!("{count} times: {}", RULES[*rule].reason);
    }
    println!("{} records of {} cases compared", outcome.compared, CASES.len());
    let shown = outcome.unexplained.iter().take(PRINTED_MAX).cloned().collect::<String>();
    let count = outcome.unexplained.len();
    assert!(count == 0, "{count} differences that no rule explains; the first:\n{shown}");
    for (nth, rule) in RULES.iter().enumerate() {
        assert!(outcome.tally.contains_key(&nth), "explains nothing any more: {}", rule.reason);
    }
    ends::only_theirs_ends(&stage);
}

/// What came of all cases.
#[derive(Default)]
struct Outcome {
    /// Records that both had a say in.
    compared: usize,
    /// How often each rule explained something.
    tally: BTreeMap<usize, usize>,
    unexplained: Vec<String>,
}

impl Outcome {
    fn of(stage: &Stage) -> Self {
        let (next, outcome) = (AtomicUsize::new(0), Mutex::new(Self::default()));
        thread::scope(|scope| {
            for _ in 0..LANES {
                scope.spawn(|| {
                    while let Some(options) = CASES.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let differences = differences(stage, options);
                        outcome.lock().unwrap().take(differences);
                    }
                });
            }
        });
        outcome.into_inner().unwrap()
    }

    fn take(&mut self, (compared, differences): (usize, Vec<Difference>)) {
        self.compared += compared;
        for difference in differences {
            let explained = rules::explain(&difference);
            match explained {
                Some(rules) => rules.into_iter().for_each(|rule| *self.tally.entry(rule).or_default() += 1),
                None => {
                    let mut text = String::new();
                    let _ = writeln!(text, "{difference}");
                    self.unexplained.push(text);
                }
            }
        }
    }
}

/// What is different with these options, and of how many records.
fn differences(stage: &Stage, options: &'static [&'static str]) -> (usize, Vec<Difference>) {
    let theirs = stage.theirs(options).unwrap_or_else(|log| panic!("{options:?} ended: {log}"));
    let (compared, differences) = record::compare(options, &stage.ours(options).records, &theirs);
    assert!(compared > 0, "{options:?} gives nothing, so it compares nothing");
    (compared, differences)
}
