//! Why a client gets what it gets.
//!
//! [`explain`] asks [`portolan_core::answer`], the same function that the server calls, with a
//! [`Trace`](portolan_core::answer::Trace) that writes down each step, and adds from the facts what a
//! snapshot does not keep: why an offer is down, and which offers are no members at all. The result is
//! plain values with stable keys, so that it travels over the control socket, is printed as JSON, and
//! is told as a story by [`Explanation::text`].
//!
//! An answer is a chain of [`Hop`]s, one a name: the first is the question's, each further one the
//! target of an alias.

use std::net::IpAddr;

use portolan_core::answer::{AliasBuf, Ede, Rcode, RecordSet};
use portolan_core::record::{Present, RecordType};
use portolan_core::{Answer, Client, Draw, Fleet, Name, Query, Snapshot};
use serde::{Deserialize, Serialize};

use crate::problem::ProblemRow;

mod collect;
mod known;
pub(crate) mod members;
mod reasons;
mod text;

/// The version of the JSON form.
pub const EXPLANATION_VERSION: &str = "v1alpha1";

/// One question, the decision, and the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The version of this form.
    pub version: String,
    /// What was asked.
    pub question: Question,
    /// The revision of the facts that it was decided on.
    pub revision: u64,
    /// False until every known cluster was read: an unknown name is then not denied.
    pub complete: bool,
    /// The zone that the question's name is in.
    pub zone: Option<ZoneSeen>,
    /// The names that were looked at, in turn.
    pub hops: Vec<Hop>,
    /// What the client gets.
    pub answer: AnswerSeen,
    /// Where it gets no record: what is wrong with the objects that speak of the name.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub known: Vec<ProblemRow>,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// The name.
    pub name: String,
    /// The record type.
    #[serde(rename = "type")]
    pub rtype: String,
    /// The client's address, or that of its network (ECS).
    pub from: IpAddr,
}

/// A zone, as it was at the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoneSeen {
    /// Its apex.
    pub apex: String,
    /// Its serial.
    pub serial: u32,
}

/// One name on the way to the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    /// The name.
    pub name: String,
    /// How it was found.
    pub found: Found,
    /// The wildcard that it was found by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wildcard: Option<String>,
    /// The name above it whose DNAME redirects it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dname: Option<String>,
    /// The object that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// What steers it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<PolicySeen>,
    /// The type whose records were chosen among.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub rtype: Option<String>,
    /// The client's place, one for each `Geo` stage of the policy; none where no network holds the client.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub places: Vec<Option<String>>,
    /// How wide around the client the order of tiers is the same, in bits; 0: everywhere.
    pub scope: u8,
    /// Who offers something, by tier.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub members: Vec<MemberSeen>,
    /// The tiers, first to last.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tiers: Vec<TierSeen>,
    /// What the policy says when no member is healthy, when that is so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub all_down: Option<String>,
    /// What was taken from the tier.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pick: Option<PickSeen>,
    /// The TTL that was halved because a member is down, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub halved_ttl: Option<u32>,
    /// The alias that was followed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alias: Option<AliasSeen>,
    /// Why nothing more was looked at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ends: Option<String>,
}

/// How a name was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// As it is.
    Exact,
    /// By a wildcard.
    Wildcard,
    /// There are only names below it.
    Empty,
    /// It is at or below a delegation.
    Delegated,
    /// It is below a DNAME (RFC 6672).
    Redirected,
    /// Not at all.
    #[default]
    Missing,
}

/// A policy, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicySeen {
    /// The `SteeringPolicy`; none for the default.
    pub name: Option<String>,
    /// Why it is the one for this name.
    pub because: String,
    /// The stages of its order.
    pub order: Vec<String>,
    /// What it takes from a tier.
    pub pick: String,
    /// Healthy members below which the next tier is looked at.
    pub minimum_healthy: u16,
    /// What it answers when no member is healthy.
    pub all_down: String,
}

/// One offer for a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberSeen {
    /// Whose it is; none for a record of unknown place.
    pub cluster: Option<String>,
    /// Its tier for this client, from 1; none when it is not in the pool.
    pub tier: Option<u16>,
    /// Whether it may be answered.
    pub verdict: Verdict,
    /// What the verdict rests on.
    pub why: String,
    /// Its share under a weighted pick.
    pub weight: u32,
    /// What it offers.
    pub records: Vec<String>,
    /// True when something of it is in the answer.
    pub picked: bool,
}

/// Whether an offer may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It may.
    Healthy,
    /// It may not, while another may.
    Down,
    /// It is not in the pool at all.
    NoMember,
}

/// One tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TierSeen {
    /// Its number, from 1.
    pub tier: u16,
    /// How many of its members are healthy.
    pub healthy: u16,
    /// How many the policy wants.
    pub wanted: u16,
    /// True when it is the one that is used.
    pub used: bool,
}

/// What was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PickSeen {
    /// How.
    pub how: String,
    /// How many records.
    pub records: usize,
}

/// An alias that was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AliasSeen {
    /// Where it leads.
    pub target: String,
    /// Why.
    pub because: String,
}

/// What the client gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerSeen {
    /// The response code, as in `NOERROR`.
    pub rcode: String,
    /// Whether it has authority (AA).
    pub authoritative: bool,
    /// The extended error (RFC 8914), when something is amiss.
    pub extended_error: Option<String>,
    /// How wide the answer holds, in bits of the client's address.
    pub scope: u8,
    /// The answer section.
    pub records: Vec<RecordSeen>,
    /// The authority section.
    pub authority: Vec<RecordSeen>,
    /// The additional section.
    pub additional: Vec<RecordSeen>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordSeen {
    /// Where it stands.
    pub name: String,
    /// Its TTL in seconds.
    pub ttl: u32,
    /// Its type.
    #[serde(rename = "type")]
    pub rtype: String,
    /// Its data, as in a zone file.
    pub data: String,
}

/// Answers a question and says why.
///
/// What the server would draw is drawn here from a fixed number, so that the same facts give the same
/// explanation.
#[must_use]
pub fn explain(
    snapshot: &Snapshot,
    fleet: &Fleet,
    name: &Name,
    rtype: RecordType,
    from: IpAddr,
) -> Explanation {
    let from = from.to_canonical();
    let query = Query { name: name.borrowed(), rtype, client: Client { address: from } };
    let mut collector = collect::Collector::new(snapshot, fleet);
    let mut aliases = AliasBuf::new();
    let answer = portolan_core::answer(snapshot, &query, Draw(0), &mut collector, &mut aliases);
    let answer = AnswerSeen::of(&answer);
    let (zone, hops) = collector.finish(name, &answer);
    Explanation {
        version: EXPLANATION_VERSION.to_owned(),
        question: Question { name: name.to_dotless(), rtype: rtype.to_string(), from },
        revision: snapshot.revision,
        complete: snapshot.complete,
        zone,
        hops,
        answer,
        known: Vec::new(),
    }
}

impl AnswerSeen {
    fn of(answer: &Answer<'_>) -> Self {
        let records = |set: &RecordSet<'_>| {
            let seen = |rdata| RecordSeen {
                name: set.owner.to_name().to_dotless(),
                ttl: set.ttl.seconds(),
                rtype: set.rtype().to_string(),
                data: Present(set.rtype(), rdata).to_string(),
            };
            answer.rdata(set).map(seen).collect::<Vec<_>>()
        };
        Self {
            rcode: rcode(answer.rcode).to_owned(),
            authoritative: answer.authoritative,
            extended_error: answer.ede.map(|ede| extended_error(ede).to_owned()),
            scope: answer.scope,
            records: answer.answers.iter().flat_map(records).collect(),
            authority: answer.authority.iter().flat_map(records).collect(),
            additional: answer.additional.iter().flat_map(records).collect(),
        }
    }
}

fn rcode(rcode: Rcode) -> &'static str {
    match rcode {
        Rcode::NoError => "NOERROR",
        Rcode::ServFail => "SERVFAIL",
        Rcode::NxDomain => "NXDOMAIN",
        Rcode::Refused => "REFUSED",
        Rcode::YxDomain => "YXDOMAIN",
    }
}

fn extended_error(ede: Ede) -> &'static str {
    match ede {
        Ede::NotReady => "14 (Not Ready)",
        Ede::NotAuthoritative => "20 (Not Authoritative)",
        Ede::InvalidData => "24 (Invalid Data)",
    }
}

#[cfg(test)]
pub(crate) mod tests;
