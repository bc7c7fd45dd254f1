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
const NXDOMAIN: u8 = 3;
const YXDOMAIN: u8 = 6;
/// Knot ends a chain after this many aliases.
const KNOT_ALIASES: usize = 5;
/// BIND ends it with an error after this many.
const BIND_ALIASES: usize = 11;

const RULES: &[Rule] = &[
    Rule {
        kinds: ALL,
        reason: "a chain of aliases ends after so many: 5 of Knot's, 16 of ours, more of the others'",
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
        reason: "a chain of more than 16 aliases is SERVFAIL of ours: cut off, it would look like no data",
        explains: |_, ours, theirs| {
            let is_chain = aliases(theirs) >= KNOT_ALIASES || dnames(theirs) > 0;
            ours.rcode == SERVFAIL && ours.answer.is_empty() && is_chain
        },
    },
    Rule {
        kinds: &[Kind::Bind],
        reason: "BIND says SERVFAIL behind its eleventh alias, ours behind the sixteenth",
        explains: |_, ours, theirs| {
            theirs.rcode == SERVFAIL
                && aliases(theirs) >= BIND_ALIASES
                && theirs.answer.is_subset(&ours.answer)
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
        kinds: &[Kind::Bind],
        reason: "BIND says SERVFAIL beside a circle of aliases; the others end it with what there is of it",
        explains: |_, ours, theirs| {
            theirs.rcode == SERVFAIL && is_circle(ours) && ours.answer == theirs.answer
        },
    },
    Rule {
        kinds: ALL,
        reason: "ANY: ours answers with one RRset of a name (RFC 8482 section 4.1), NSD with another, the others with more; \
                 ours follows no alias that a DNAME makes",
        explains: |question, ours, theirs| {
            let of_question = |record: &Record| record.owner == question.name();
            question.rtype == RecordType::ANY
                && !ours.answer.is_empty()
                && !theirs.answer.is_empty()
                && (ours.answer.is_subset(&theirs.answer) || theirs.answer.iter().all(of_question))
        },
    },
    Rule {
        kinds: &[Kind::Nsd],
        reason: "NSD goes through a DNAME once; ours until the chain is too long",
        explains: |_, ours, theirs| {
            aliases(ours) > aliases(theirs)
                && dnames(ours) < aliases(ours)
                && dnames(theirs) > 0
                && theirs.answer.is_subset(&ours.answer)
        },
    },
    Rule {
        kinds: &[Kind::Knot],
        reason: "Knot says NXDOMAIN where a DNAME leads to a name that is too long (RFC 6672 section 2.2: YXDOMAIN)",
        explains: |_, ours, theirs| {
            (ours.rcode, theirs.rcode) == (YXDOMAIN, NXDOMAIN) && ours.answer == theirs.answer
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

/// Without what depends on how well a server compresses names, and without saying things twice.
fn comparable(reply: &Reply) -> Reply {
    Reply { whole_octets: 0, truncated: false, repeats: false, ..reply.clone() }
}

/// True when each alias leads to another one of the reply.
fn is_circle(reply: &Reply) -> bool {
    let of = |record: &&Record| record.rtype == RecordType::CNAME;
    let owners: BTreeSet<&[u8]> =
        reply.answer.iter().filter(of).map(|record| record.owner.as_wire()).collect();
    !owners.is_empty() && reply.answer.iter().filter(of).all(|record| owners.contains(&*record.data))
}

fn aliases(reply: &Reply) -> usize {
    count(reply, RecordType::CNAME)
}

fn dnames(reply: &Reply) -> usize {
    count(reply, RecordType::DNAME)
}

fn count(reply: &Reply, rtype: RecordType) -> usize {
    reply.answer.iter().filter(|record| record.rtype == rtype).count()
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
