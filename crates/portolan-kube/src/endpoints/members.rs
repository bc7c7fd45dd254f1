//! The annotation: every member of every name, ready or not, and what a name has besides.
//!
//! Its format is versioned, because objects outlive the process that wrote them. Version 1 changes only by adding
//! optional fields; a reader passes over those that it does not know, and refuses a version that it does not know
//! ([`handed`](super::handed)).

use portolan_core::fleet::{EndpointView, Evidence, NameView};
use portolan_core::{Name, Snapshot, Ttl};
use serde::{Deserialize, Serialize};

use super::{is_record, target};
use crate::dns_endpoint::{DnsEndpoint, MARK};
use crate::kind::Kind;

/// The version that is written.
pub const VERSION: u32 = 1;

/// The annotation's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// [`VERSION`].
    pub version: u32,
    /// The members, sorted.
    pub endpoints: Vec<Member>,
    /// Names of which members do not tell everything, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Named>,
    /// Above every epoch that its writer had found; none of what was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Which run of which process wrote it: a number that it drew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u64>,
    /// The revision that it was computed from, to be compared within an epoch only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// One target of one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    /// The name.
    pub name: String,
    /// The record's type.
    #[serde(rename = "type")]
    pub rtype: String,
    /// The record's data.
    pub target: String,
    /// Whose it is; none for a target of unknown place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Whether something ready stands behind it. Whether its cluster is drained is not said here.
    pub ready: bool,
    /// Its share under a weighted pick, as the policy and the cluster have it now.
    pub weight: u32,
    /// Which of its cluster's offers for the name it is part of.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offer: usize,
    /// Why it counts as ready where nothing ready was found: `None` (nothing could tell) or `Allowed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The TTL of the offer, in seconds, where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
}

/// What a name has beside its members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The kind of the object that it belongs to, where the name of this object does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The TTL that the object names, in seconds; that of a `GlobalName` is read there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// What it is an alias of while none of its members is healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

impl Members {
    pub(super) fn new(endpoints: Vec<Member>, names: Vec<Named>) -> Self {
        Self { version: VERSION, endpoints, names, epoch: None, run: None, revision: None }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("it is maps, lists, strings and numbers")
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The members of a name.
pub(super) fn of(snapshot: &Snapshot, name: &Name, facts: &NameView<'_>) -> Vec<Member> {
    let Some(records) = snapshot.records(name.borrowed()) else {
        return Vec::new();
    };
    let clusters = records.offers().iter().map(|offer| offer.cluster.as_ref().map(|cluster| &*cluster.0));
    let offers = offers_of(facts, clusters);
    let mut members = Vec::new();
    for pool in records.pools() {
        for (index, data) in pool.set().data().enumerate() {
            let offer = pool.offer_of(index);
            let Some((at, offer)) = offer.and_then(|at| Some((at, records.offers().get(at)?))) else {
                continue;
            };
            let (nth, facts) = offers.get(at).map_or((0, None), |(nth, facts)| (*nth, Some(facts)));
            members.push(Member {
                name: name.to_dotless(),
                rtype: pool.rtype.to_string(),
                target: target(pool.rtype, data),
                cluster: offer.cluster.as_ref().map(ToString::to_string),
                ready: records.verdicts().is_up(at),
                weight: offer.weight,
                offer: nth,
                evidence: facts.and_then(|facts| word(facts.evidence)).map(str::to_owned),
                ttl: facts.and_then(|facts| facts.ttl).map(Ttl::seconds),
            });
        }
    }
    members
}

/// The facts of compiled offers, whose clusters these are, each with its number among those of its cluster. Both stand
/// in the same order, but those of disabled clusters are not compiled.
fn offers_of<'f, 'c>(
    facts: &NameView<'f>,
    clusters: impl Iterator<Item = Option<&'c str>>,
) -> Vec<(usize, EndpointView<'f>)> {
    let mut all = facts.endpoints.clone().filter(|endpoint| endpoint.targets.len() > 0);
    let mut offers: Vec<(usize, EndpointView<'f>)> = Vec::new();
    for cluster in clusters {
        let Some(endpoint) = all.by_ref().find(|endpoint| endpoint.cluster == cluster) else { break };
        let before = offers.last().filter(|(_, before)| before.cluster == cluster);
        offers.push((before.map_or(0, |(nth, _)| nth + 1), endpoint));
    }
    offers
}

/// What a name has beside its members; none where that is nothing.
pub(super) fn named(snapshot: &Snapshot, name: &Name, facts: &NameView<'_>) -> Option<Named> {
    snapshot.records(name.borrowed())?;
    let owner = facts.owner();
    let kind = (!is_record(owner.kind)).then(|| owner.kind.to_owned());
    let is_read = owner.kind == Kind::GlobalName.to_string();
    let ttl = facts.ttl.filter(|_| !is_read).map(Ttl::seconds);
    let fallback = facts.fallback.map(|to| to.to_name().to_dotless());
    let says = kind.is_some() || ttl.is_some() || fallback.is_some();
    says.then(|| Named { name: name.to_dotless(), kind, ttl, fallback })
}

/// Evidence that readiness alone does not tell.
const EVIDENCE: [(Evidence, &str); 2] = [(Evidence::None, "None"), (Evidence::Allowed, "Allowed")];

fn word(evidence: Evidence) -> Option<&'static str> {
    EVIDENCE.iter().find(|(known, _)| *known == evidence).map(|(_, word)| *word)
}

/// What the readiness of a member rests on; none where the word for it is not known.
pub(super) fn evidence(ready: bool, said: Option<&str>) -> Option<Evidence> {
    match said {
        None if ready => Some(Evidence::Ready),
        None => Some(Evidence::NotReady),
        Some(said) => EVIDENCE.iter().find(|(_, word)| *word == said).map(|(evidence, _)| *evidence),
    }
}

// === Who wrote it ===

/// Who wrote an object, and when: what no newer one may be followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// See [`Members::epoch`].
    pub epoch: u64,
    /// See [`Members::run`].
    pub run: u64,
    /// See [`Members::revision`].
    pub revision: u64,
}

impl Stamp {
    /// The stamp in a mark; none of what was printed, or cannot be read. Before there were runs, epochs were drawn, and
    /// are not to be compared.
    #[must_use]
    pub fn of(mark: &str) -> Option<Self> {
        serde_json::from_str(mark).ok()
    }

    /// True of what was written before another: in a lower epoch, or from a lower revision of the same run of it.
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        let is_earlier = self.run == other.run && self.revision < other.revision;
        self.epoch < other.epoch || (self.epoch == other.epoch && is_earlier)
    }
}

/// Notes in the mark of an object of ours who wrote it, and from which revision.
pub fn sign(object: &mut DnsEndpoint, stamp: Stamp) {
    let Some(mark) = object.metadata.annotations.as_mut().and_then(|all| all.get_mut(MARK)) else { return };
    if let Ok(mut members) = serde_json::from_str::<Members>(mark) {
        members.epoch = Some(stamp.epoch);
        members.run = Some(stamp.run);
        members.revision = Some(stamp.revision);
        *mark = members.to_json();
    }
}

/// The epochs that were found in marks, as far as is to be known to be above them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epochs {
    highest: u64,
    /// Whose the highest one is; none when several runs have it, or nobody says.
    run: Option<u64>,
}

impl Epochs {
    /// Notes the epoch in a mark.
    pub fn found(&mut self, mark: &str) {
        #[derive(Deserialize)]
        struct Signed {
            epoch: Option<u64>,
            run: Option<u64>,
        }
        let Ok(Signed { epoch: Some(epoch), run }) = serde_json::from_str(mark) else { return };
        if epoch > self.highest {
            *self = Self { highest: epoch, run };
        } else if epoch == self.highest && run != self.run {
            self.run = None;
        }
    }

    /// The epoch that a run writes in, which is its last one while that is above all that others wrote.
    #[must_use]
    pub fn of_run(&self, run: u64, last: u64) -> u64 {
        let is_own = self.run == Some(run);
        if last > self.highest || (is_own && last == self.highest) {
            return last;
        }
        self.highest.saturating_add(1)
    }
}

/// Which run wrote an object with this mark; none of what was printed, or cannot be read.
#[must_use]
pub fn run_of(mark: &str) -> Option<u64> {
    Stamp::of(mark).map(|stamp| stamp.run)
}

#[cfg(test)]
mod tests;
