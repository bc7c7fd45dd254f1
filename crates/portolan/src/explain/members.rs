//! Who offers something for a name, and why it counts or does not.
//!
//! A snapshot keeps one bit an offer; what the bit rests on stands in the facts. Both list the offers in
//! the same order, those left out that are no members (see portolan-core's compile).

use portolan_core::cluster::{Cluster, ClusterState, WhenSilent};
use portolan_core::fleet::{Endpoint, Evidence, NameFacts};
use portolan_core::record::Present;
use portolan_core::zone::{Pool, Records};
use portolan_core::{Fleet, RecordType, Snapshot, Target};

use crate::explain::{AnswerSeen, MemberSeen, Verdict};
use crate::when::when;

/// Why an offer is down behind which nothing is ready.
pub(super) const NOT_READY: &str = "no ready endpoint";

/// The offers of one name, as the facts and the snapshot have them.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) fleet: &'a Fleet,
    /// None when nothing can be answered for the name.
    pub(crate) records: Option<&'a Records>,
    pub(crate) facts: &'a NameFacts,
}

impl Members<'_> {
    /// All offers: those of the pool by tier, then the others.
    pub(super) fn seen(
        &self,
        rtype: Option<RecordType>,
        tiers: &[u8],
        owner: &str,
        answer: &AnswerSeen,
    ) -> Vec<MemberSeen> {
        let pool = rtype.and_then(|rtype| self.records?.pool(rtype));
        let mut seen: Vec<MemberSeen> = self
            .offers()
            .map(|(endpoint, offer)| match (offer, pool) {
                (None, _) => self.no_member(endpoint, self.why_no_member(endpoint)),
                (Some(offer), None) => self.member(endpoint, offer, None),
                (Some(offer), Some(pool)) => match pool.offers().position(|o| o == offer) {
                    Some(nth) => {
                        let mut member = self.member(endpoint, offer, tiers.get(nth).copied());
                        member.records = pool_records(pool, offer);
                        member
                    }
                    None => self.no_member(endpoint, why_not_in_pool(endpoint, pool.rtype)),
                },
            })
            .collect();
        for member in &mut seen {
            let given = |data: &String| answer.records.iter().any(|r| r.name == owner && r.data == *data);
            member.picked = member.verdict != Verdict::NoMember && member.records.iter().any(given);
        }
        seen.sort_by_key(|member| member.tier.unwrap_or(u16::MAX));
        seen
    }

    /// The endpoints, each with its number among the snapshot's offers when it is a member.
    pub(crate) fn offers(&self) -> impl Iterator<Item = (&Endpoint, Option<usize>)> {
        let count = self.records.map_or(0, |records| records.offers().len());
        let mut next = 0;
        self.facts.endpoints.iter().map(move |endpoint| {
            let member = !endpoint.targets.is_empty() && !self.is_disabled(endpoint);
            let offer = (member && next < count).then_some(next);
            next += usize::from(member);
            (endpoint, offer)
        })
    }

    /// Whether an offer may be answered, and why.
    pub(crate) fn verdict(&self, endpoint: &Endpoint, offer: Option<usize>) -> (Verdict, String) {
        match offer {
            None => (Verdict::NoMember, self.why_no_member(endpoint)),
            Some(offer) if self.records.is_some_and(|records| self.snapshot.is_up(records, offer)) => {
                (Verdict::Healthy, why(endpoint, self.cluster(endpoint)))
            }
            Some(_) => (Verdict::Down, why(endpoint, self.cluster(endpoint))),
        }
    }

    fn member(&self, endpoint: &Endpoint, offer: usize, tier: Option<u8>) -> MemberSeen {
        let (verdict, why) = self.verdict(endpoint, Some(offer));
        MemberSeen {
            cluster: endpoint.cluster.as_ref().map(ToString::to_string),
            tier: tier.map(|tier| u16::from(tier) + 1),
            verdict,
            why,
            weight: self.records.and_then(|r| r.offers().get(offer)).map_or(1, |o| o.weight),
            records: endpoint.targets.iter().map(ToString::to_string).collect(),
            picked: false,
        }
    }

    fn no_member(&self, endpoint: &Endpoint, why: String) -> MemberSeen {
        MemberSeen {
            cluster: endpoint.cluster.as_ref().map(ToString::to_string),
            tier: None,
            verdict: Verdict::NoMember,
            why,
            weight: endpoint.weight.or_else(|| self.cluster(endpoint)?.weight).unwrap_or(1),
            records: endpoint.targets.iter().map(ToString::to_string).collect(),
            picked: false,
        }
    }

    fn why_no_member(&self, endpoint: &Endpoint) -> String {
        if self.is_disabled(endpoint) { "disabled" } else { "no address" }.to_owned()
    }

    fn is_disabled(&self, endpoint: &Endpoint) -> bool {
        self.cluster(endpoint).is_some_and(|cluster| cluster.state == ClusterState::Disabled)
    }

    fn cluster(&self, endpoint: &Endpoint) -> Option<&Cluster> {
        endpoint.cluster.as_ref().and_then(|name| self.fleet.clusters.get(name))
    }
}

/// What a verdict rests on: the operator's word first, then what was read.
fn why(endpoint: &Endpoint, cluster: Option<&Cluster>) -> String {
    let evidence = match endpoint.evidence {
        Evidence::None if endpoint.cluster.is_none() => "belongs to no cluster",
        Evidence::Ready => "has a ready endpoint",
        Evidence::NotReady => NOT_READY,
        Evidence::None => "no evidence: counts as ready",
        Evidence::Allowed => "no ready endpoint, and its record allows that",
    };
    let Some(cluster) = cluster else {
        return evidence.to_owned();
    };
    if cluster.state == ClusterState::Draining {
        return "draining".to_owned();
    }
    match (cluster.silent_since, cluster.when_silent) {
        (None, _) => evidence.to_owned(),
        (Some(since), WhenSilent::Drain) => format!("silent since {}, so it drains", when(since)),
        (Some(since), WhenSilent::Keep) => format!("{evidence}; silent since {}", when(since)),
    }
}

/// Why a member has no part in the pool of a type.
fn why_not_in_pool(endpoint: &Endpoint, rtype: RecordType) -> String {
    let is_of_addresses = matches!(rtype, RecordType::A | RecordType::AAAA);
    if is_of_addresses && endpoint.targets.iter().all(|target| matches!(target, Target::Host(_))) {
        return "offers only a host name, which cannot stand beside addresses".to_owned();
    }
    format!("has no {rtype} record")
}

fn pool_records(pool: &Pool, offer: usize) -> Vec<String> {
    let of_offer = |(nth, _): &(usize, &[u8])| pool.offer_of(*nth) == Some(offer);
    let records = pool.set().data().enumerate().filter(of_offer);
    records.map(|(_, data)| Present(pool.rtype, data).to_string()).collect()
}
