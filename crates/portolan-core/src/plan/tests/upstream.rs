//! The plans that External-DNS itself makes.
//!
//! `upstream.txt` was written by a program that calls the package `plan` of External-DNS 0.22.0 on random states: a policy, what
//! is `there` and `asked` (as the bench has them), and the changes that came of it, one record set a line. Where ours
//! are others, there is a reason: theirs, carried out, would leave an alias beside other records, or a name that is
//! asked for without anything of ours.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::bench::{Dns, desired, found, options, wanted, written};
use crate::plan::{Found, Mark, Options, SyncPolicy};
use crate::record::RecordType;

const STATES: &str = include_str!("upstream.txt");

/// One state, and what External-DNS makes of it.
#[derive(Default)]
struct State<'t> {
    policy: &'t str,
    there: Vec<&'t str>,
    asked: Vec<&'t str>,
    changes: BTreeSet<&'t str>,
}

fn states() -> impl Iterator<Item = State<'static>> {
    STATES.trim_end().split("\n\n").map(|block| {
        let mut state = State::default();
        for line in block.lines() {
            match line.split_once(' ') {
                Some(("policy", policy)) => state.policy = policy,
                Some(("there", set)) => state.there.push(set),
                Some(("asked", set)) => state.asked.push(set),
                _ => drop(state.changes.insert(line)),
            }
        }
        state
    })
}

/// Without the mark and what was before, and targets in the order of their texts.
fn plain(act: &str) -> String {
    let act = act.split(" (was").next().unwrap_or_default();
    let mut words: Vec<&str> =
        act.split(' ').filter(|word| !word.starts_with("by=") && *word != "ttl=0").collect();
    let end = words.iter().position(|word| word.contains('=')).unwrap_or(words.len());
    words[3..end].sort_unstable();
    words.join(" ")
}

/// The sets of all names when External-DNS' changes are carried out.
fn carried_out(state: &State<'_>) -> Vec<Found> {
    let mut dns = Dns::new(state.there.iter().map(|line| found(line)));
    for change in &state.changes {
        let (act, line) = change.split_once(' ').unwrap();
        let set = found(&[line, " by=me"].concat());
        let key = (set.set.name.clone(), set.set.rtype, set.set.identifier.clone());
        match act {
            "delete" => drop(dns.sets.remove(&key)),
            _ => drop(dns.sets.insert(key, set)),
        }
    }
    dns.sets.into_values().collect()
}

fn is_ours(found: &Found) -> bool {
    matches!(&found.mark, Mark::Claims(claims) if claims.iter().any(|claim| claim.owner.as_str() == "me"))
}

/// Why a plan of External-DNS' is not carried out here.
fn reason(state: &State<'_>) -> Option<&'static str> {
    let after = carried_out(state);
    let before: Vec<Found> = state.there.iter().map(|line| found(line)).collect();
    let alias = |found: &&Found| found.set.rtype == RecordType::CNAME;
    let is_mixed = after.iter().filter(alias).any(|alias| {
        after.iter().any(|other| other.set.name == alias.set.name && other.set.rtype != RecordType::CNAME)
    });
    let managed = [RecordType::A, RecordType::AAAA, RecordType::CNAME];
    let asked: Vec<_> = state.asked.iter().map(|line| wanted(line)).collect();
    let is_bare =
        before.iter().filter(|found| is_ours(found) && managed.contains(&found.set.rtype)).any(|had| {
            let is_asked = asked.iter().any(|w| w.set.name == had.set.name && managed.contains(&w.set.rtype));
            is_asked
                && !after
                    .iter()
                    .any(|f| f.set.name == had.set.name && is_ours(f) && managed.contains(&f.set.rtype))
        });
    match (is_mixed, is_bare) {
        (true, _) => Some("an alias beside other records"),
        (_, true) => Some("a name without anything of ours"),
        (false, false) => None,
    }
}

#[test]
fn plans_are_external_dns_own_or_there_is_a_reason() {
    let (mut same, mut others) = (0, BTreeSet::new());
    for (number, state) in states().enumerate() {
        let policy = match state.policy {
            "sync" => SyncPolicy::Sync,
            "upsert-only" => SyncPolicy::UpsertOnly,
            _ => SyncPolicy::CreateOnly,
        };
        let options = Options { policy, ..options() };
        let dns = Dns::new(state.there.iter().map(|line| found(line)));
        let mut desired = desired(&state.asked);
        desired.gone.names = dns.sets.keys().map(|(name, ..)| name.clone()).collect();
        let ours: BTreeSet<String> =
            written(&dns.plan(&desired, &options)).iter().map(|act| plain(act)).collect();
        let theirs: BTreeSet<String> = state.changes.iter().map(ToString::to_string).collect();
        if ours == theirs {
            same += 1;
            continue;
        }
        let reason = reason(&state);
        assert!(reason.is_some(), "state {number}: ours {ours:#?}, theirs {theirs:#?}");
        others.extend(reason);
    }
    assert_eq!(others.len(), 2, "every reason is met: {others:?}");
    assert!(same >= SAME_MIN, "{same}");
}

/// Of 240 states so many have the same plan.
const SAME_MIN: usize = 150;
