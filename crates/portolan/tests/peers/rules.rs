//! The differences that are known, each with its reason.

use std::collections::BTreeSet;

use portolan_core::RecordType;

use crate::peer::Kind;
use crate::question::Question;
use crate::reply::{Record, Reply};

/// What a comparison comes to.
pub(crate) enum Verdict {
    Same,
    /// Different for the reason of this rule.
    Known(&'static str),
    Unknown,
}

struct Rule {
    /// Whom it is about.
    kinds: &'static [Kind],
    reason: &'static str,
    /// True of a difference that it explains.
    explains: fn(&Question, &Reply, &Reply) -> bool,
}

const ALL: &[Kind] = &[Kind::Knot, Kind::Nsd, Kind::Bind];
const SERVFAIL: u8 = 2;
/// Knot ends a chain after this many aliases.
const KNOT_ALIASES: usize = 5;

const RULES: &[Rule] = &[
    Rule {
        kinds: ALL,
        reason: "a chain of aliases ends after so many: 5 of Knot's, 8 of ours, more of the others'",
        explains: |_, ours, theirs| {
            let (short, long) =
                if ours.answer.len() <= theirs.answer.len() { (ours, theirs) } else { (theirs, ours) };
            aliases(short) >= KNOT_ALIASES
                && short.answer.is_subset(&long.answer)
                && short.authority.is_empty()
        },
    },
    Rule {
        kinds: ALL,
        reason: "addresses beside an answer are optional (RFC 1034 section 3.7), and nobody waits for them",
        explains: |_, ours, theirs| {
            !is_referral(ours) && without_additional(ours) == without_additional(theirs)
        },
    },
    Rule {
        kinds: ALL,
        reason: "ours does not rewrite names below a DNAME (RFC 6672); it serves the record itself",
        explains: |_, ours, theirs| {
            let is_below = |record: &Record| record.rtype == RecordType::DNAME;
            theirs.answer.iter().any(is_below) && !ours.answer.iter().any(is_below)
        },
    },
    Rule {
        kinds: &[Kind::Bind],
        reason: "BIND says SERVFAIL beside a circle of aliases; the others end it with what there is of it",
        explains: |_, ours, theirs| {
            theirs.rcode == SERVFAIL && aliases(ours) > 1 && ours.answer == theirs.answer
        },
    },
    Rule {
        kinds: &[Kind::Bind],
        reason: "with minimal responses BIND's referrals have only the addresses below the cut (RFC 9471 section 2.2: \
                 those of siblings are optional)",
        explains: |_, ours, theirs| {
            is_referral(ours)
                && theirs.additional.is_subset(&ours.additional)
                && without_additional(ours) == without_additional(theirs)
        },
    },
];

fn is_referral(reply: &Reply) -> bool {
    reply.authority.iter().any(|record| record.rtype == RecordType::NS)
}

fn without_additional(reply: &Reply) -> Reply {
    Reply { additional: BTreeSet::new(), ..comparable(reply) }
}

/// Without what depends on how well a server compresses names.
fn comparable(reply: &Reply) -> Reply {
    Reply { whole_octets: 0, truncated: false, ..reply.clone() }
}

fn aliases(reply: &Reply) -> usize {
    reply.answer.iter().filter(|record| record.rtype == RecordType::CNAME).count()
}

/// Compares two replies.
pub(crate) fn explain(kind: Kind, question: &Question, ours: &Reply, theirs: &Reply) -> Verdict {
    if comparable(ours) == comparable(theirs) {
        return Verdict::Same;
    }
    let rule =
        RULES.iter().find(|rule| rule.kinds.contains(&kind) && (rule.explains)(question, ours, theirs));
    rule.map_or(Verdict::Unknown, |rule| Verdict::Known(rule.reason))
}
