//! One name's facts into its pools.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::cluster::{ClusterName, ClusterState};
use crate::compile::Compiler;
use crate::fleet::{ENDPOINTS_MAX, EndpointView, NameView, TARGETS_MAX};
use crate::health::Verdicts;
use crate::name::{Name, NameRef};
use crate::policy::AllDown;
use crate::problem::Reason;
use crate::record::{Present, RecordType, Ttl};
use crate::rrset::{Rrset, RrsetBuf};
use crate::zone::{
    Aliases, CHAIN_MAX, NAME_SERVERS_MAX, Offer, POOL_RECORDS_MAX, Pool, PoolMember, Records, Rule, Steering,
    content_hash,
};

/// A record before it is in a pool. Those of one type stand together, and among them those of one offer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Gathered<'f> {
    rtype: RecordType,
    /// Its offer's index.
    offer: u16,
    data: &'f [u8],
}

impl Compiler<'_> {
    /// The records of a name; none when nothing can be answered for it.
    pub(super) fn records(&mut self, name: &Name, facts: &NameView<'_>) -> Option<Records> {
        let steering = self.steering(name, facts);
        let members = self.members(name, facts);
        self.steps += u64::try_from(members.len()).unwrap_or(0);
        let mut gathered = gather(&members);
        self.drop_misplaced_aliases(name, facts, &mut gathered);
        self.tell_limits(name, facts, &gathered);
        let offers: Vec<Offer> = members.iter().map(|e| self.offer(e, &steering)).collect();
        let ttl = facts.ttl.or(steering.policy.ttl).unwrap_or(facts.default_ttl);
        let pool = |records| self.pool(&steering, &offers, records, pool_ttl(&members, records, ttl));
        let pools: Box<[Pool]> = by_type(&gathered).map(at_most).map(pool).collect();
        let alias = |to: NameRef<'_>| RrsetBuf::new(RecordType::CNAME, ttl, [to.as_wire()]);
        let fallback = facts.fallback.map(alias);
        if pools.is_empty() && fallback.is_none() {
            return None;
        }
        let verdicts = Verdicts::all_up(offers.len());
        for (offer, endpoint) in members.iter().enumerate() {
            verdicts.set(offer, endpoint.evidence.is_up());
        }
        let all_down = self.all_down(name, &steering).map(|to| alias(to.borrowed()));
        let content = content_of(name, &pools, fallback.as_ref());
        let aliases = Some(Aliases { fallback, all_down });
        Some(Records {
            rule: Rule {
                pick: steering.policy.pick,
                minimum_healthy: steering.policy.minimum_healthy.max(1),
            },
            policy: steering,
            pools,
            offers: self.alike.offers(&offers),
            verdicts,
            ttl,
            aliases: aliases.filter(|a| a.fallback.is_some() || a.all_down.is_some()).map(Box::new),
            content,
        })
    }

    /// The endpoints that are members: they offer something, and their cluster is not disabled.
    fn members<'f>(&mut self, name: &Name, facts: &NameView<'f>) -> Vec<EndpointView<'f>> {
        let is_member = |e: &EndpointView<'_>| {
            let cluster = e.cluster.and_then(|c| self.fleet.clusters.get(c));
            e.targets.len() > 0 && cluster.is_none_or(|c| c.state != ClusterState::Disabled)
        };
        let mut members: Vec<EndpointView<'_>> = facts.endpoints.clone().filter(is_member).collect();
        if members.len() > ENDPOINTS_MAX {
            let message =
                format!("has {} offers; those after the first {ENDPOINTS_MAX} are left out", members.len());
            self.problem(name, facts, Reason::LimitReached, message);
            members.truncate(ENDPOINTS_MAX);
        }
        members
    }

    /// An alias stands alone (RFC 1034 section 3.6.2), and never at an apex.
    fn drop_misplaced_aliases(
        &mut self,
        name: &Name,
        facts: &NameView<'_>,
        gathered: &mut Vec<Gathered<'_>>,
    ) {
        let is_alias = |record: &Gathered<'_>| record.rtype == RecordType::CNAME;
        if !gathered.iter().any(is_alias) {
            return;
        }
        let apex = !self.may_be_alias(name);
        if gathered.iter().all(is_alias) && !apex {
            return;
        }
        for host in gathered.extract_if(.., |record| is_alias(record)) {
            let host = Present(RecordType::CNAME, host.data);
            let why = if apex {
                "a zone's apex cannot be an alias"
            } else {
                "an alias cannot stand beside other records"
            };
            self.problem(name, facts, Reason::TargetSkipped, format!("target {host} is left out: {why}"));
        }
    }

    /// Says what is above a limit, or does not go with a referral.
    fn tell_limits(&mut self, name: &Name, facts: &NameView<'_>, gathered: &[Gathered<'_>]) {
        for records in by_type(gathered) {
            let (count, rtype) = (records.len(), type_of(records));
            if count > POOL_RECORDS_MAX {
                let message = format!(
                    "has {count} {rtype} records; those after the first {POOL_RECORDS_MAX} are left out"
                );
                self.problem(name, facts, Reason::LimitReached, message);
            }
            if rtype == RecordType::NS && count > NAME_SERVERS_MAX {
                let message = format!(
                    "has {count} name servers; a referral has the addresses of the first {NAME_SERVERS_MAX}"
                );
                self.problem(name, facts, Reason::LimitReached, message);
            }
        }
    }

    /// The alias that `allDown: Fallback` makes of a name; none at an apex, where all is served instead. One
    /// that leads nowhere or back is told and kept: whether it does depends on other names, and an answer
    /// must not depend on which of them came first.
    fn all_down(&mut self, name: &Name, steering: &Steering) -> Option<Name> {
        let AllDown::Fallback(to) = &steering.policy.all_down else {
            return None;
        };
        let usable = self.may_be_alias(name) && to != name;
        let fault = if !self.may_be_alias(name) {
            let why = "is a zone's apex and cannot be an alias, so all is served when all is down";
            Some((Reason::TargetSkipped, format!("{} {why}", name.to_dotless())))
        } else if self.leads_back(name, to) {
            Some((Reason::Loop, format!("{to} leads back to {}", name.to_dotless())))
        } else if self.fleet.zone_of(to.borrowed()).is_some() && self.fleet.at(to.borrowed()).is_none() {
            Some((Reason::NotFound, format!("there is no name {to} in its zone")))
        } else {
            None
        };
        if let (Some((reason, message)), Some(policy)) = (fault, &steering.name) {
            self.problem_of(format!("SteeringPolicy {policy}: spec.allDown.name"), reason, message);
        }
        usable.then(|| to.clone())
    }

    /// True when following aliases from `to`, fallbacks included, comes to `name`.
    fn leads_back(&self, name: &Name, to: &Name) -> bool {
        let (name, mut at) = (name.borrowed(), to.borrowed());
        for _ in 0..CHAIN_MAX {
            let Some((key, facts)) = self.fleet.at(at) else { return false };
            if at == name || key.borrowed() == name {
                return true;
            }
            match facts.only_alias().or_else(|| self.fallback_of(key.borrowed(), &facts).map(Name::borrowed))
            {
                Some(next) => at = next,
                None => return false,
            }
        }
        true
    }

    /// The name that a name's policy falls back to when all is down.
    fn fallback_of(&self, name: NameRef<'_>, facts: &NameView<'_>) -> Option<&Name> {
        let named = facts.policy.and_then(|p| self.policies.by_name.get(p));
        let zone = || self.fleet.zone_of(name).and_then(|(_, z)| z.policy.as_ref());
        let steering =
            named.or_else(|| self.policies.of_host(name)).or_else(|| self.policies.by_name.get(zone()?))?;
        match &steering.policy.all_down {
            AllDown::Fallback(to) => Some(to),
            _ => None,
        }
    }

    fn may_be_alias(&self, name: &Name) -> bool {
        !self.fleet.zones.contains_key(name)
    }

    fn offer(&mut self, endpoint: &EndpointView<'_>, steering: &Steering) -> Offer {
        let cluster = endpoint.cluster;
        let own = || cluster.and_then(|c| self.fleet.clusters.get(c)).and_then(|c| c.weight);
        let named = cluster.and_then(|c| steering.policy.weights.get(c)).copied();
        Offer {
            weight: named.or(endpoint.weight).or_else(own).unwrap_or(1),
            cluster_bit: cluster.and_then(|c| self.clusters.numbers.get(c)).copied(),
            cluster: cluster.map(|c| ClusterName(self.texts.share(c))),
        }
    }

    fn pool(&mut self, steering: &Steering, offers: &[Offer], records: &[Gathered<'_>], ttl: Ttl) -> Pool {
        let rtype = type_of(records);
        let mut members: Vec<PoolMember> = Vec::with_capacity(offers.len());
        for (at, record) in records.iter().enumerate() {
            match members.last_mut().filter(|m| m.offer == record.offer) {
                Some(member) => member.count += 1,
                None => {
                    let start = u16::try_from(at).unwrap_or(u16::MAX);
                    members.push(PoolMember { offer: record.offer, start, count: 1 });
                }
            }
        }
        let cluster = |m: &PoolMember| offers.get(usize::from(m.offer)).and_then(|o| o.cluster.clone());
        // Without stages every client has one tier, whatever the clusters: their number is all that counts.
        let placed = |m: &PoolMember| cluster(m).filter(|_| !steering.policy.order.is_empty());
        let orders = self.tables.orders(self.fleet, steering, members.iter().map(placed).collect());
        let odds = self.tables.odds(steering, &members, offers);
        // No member has a record twice.
        let firsts = if members.len() > 1 { firsts_of(records) } else { None };
        let set = RrsetBuf::new(rtype, ttl, records.iter().map(|record| record.data));
        let whole = members.iter().enumerate().all(|(at, member)| usize::from(member.offer) == at);
        let singles = firsts.is_none() && members.len() == records.len();
        Pool { rtype, ttl, set, members: self.alike.members(&members), orders, odds, whole, singles, firsts }
    }
}

impl Records {
    /// True when only readiness differs.
    pub(super) fn same_but_verdicts(&self, other: &Self) -> bool {
        self.policy.name == other.policy.name
            && (Arc::ptr_eq(&self.policy.policy, &other.policy.policy)
                || self.policy.policy == other.policy.policy)
            && self.offers == other.offers
            && self.aliases == other.aliases
            && self.ttl == other.ttl
            && self.pools.len() == other.pools.len()
            && self.pools.iter().zip(&other.pools).all(|(a, b)| a.same(b))
    }
}

impl Pool {
    fn same(&self, other: &Self) -> bool {
        self.rtype == other.rtype
            && self.ttl == other.ttl
            && self.set == other.set
            && self.members == other.members
            && Arc::ptr_eq(&self.orders, &other.orders)
    }
}

/// Of each record the first with the same data; none when no two have the same.
fn firsts_of(records: &[Gathered<'_>]) -> Option<Box<[u16]>> {
    let mut known: BTreeMap<&[u8], u16> = BTreeMap::new();
    let numbered = (0..=u16::MAX).zip(records);
    let firsts: Box<[u16]> = numbered.map(|(at, record)| *known.entry(record.data).or_insert(at)).collect();
    (known.len() < records.len()).then_some(firsts)
}

fn gather<'f>(members: &[EndpointView<'f>]) -> Vec<Gathered<'f>> {
    let mut gathered = Vec::with_capacity(members.len());
    for (offer, endpoint) in (0..=u16::MAX).zip(members) {
        let records = endpoint.targets.records().take(TARGETS_MAX);
        gathered.extend(records.map(|(rtype, data)| Gathered { rtype, offer, data }));
    }
    gathered.sort_unstable();
    gathered.dedup();
    gathered
}

fn by_type<'g, 'f>(gathered: &'g [Gathered<'f>]) -> impl Iterator<Item = &'g [Gathered<'f>]> {
    gathered.chunk_by(|a, b| a.rtype == b.rtype)
}

/// What a pool takes of the records of one type.
fn at_most<'g, 'f>(records: &'g [Gathered<'f>]) -> &'g [Gathered<'f>] {
    records.get(..POOL_RECORDS_MAX).unwrap_or(records)
}

/// The type of records that have one.
fn type_of(records: &[Gathered<'_>]) -> RecordType {
    records.first().expect("records of a type are one at least").rtype
}

/// One TTL a set: the least that its members name (RFC 2181 section 5.2).
fn pool_ttl(members: &[EndpointView<'_>], records: &[Gathered<'_>], ttl: Ttl) -> Ttl {
    let own = |record: &Gathered<'_>| members.get(usize::from(record.offer))?.ttl;
    records.iter().filter_map(own).min().unwrap_or(ttl)
}

/// A sum over the name's RRsets; verdicts are not content.
fn content_of(name: &Name, pools: &[Pool], fallback: Option<&RrsetBuf>) -> u128 {
    let set = |set: Rrset<'_>| {
        let mut sorted: Vec<&[u8]> = set.records().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut octets = Vec::with_capacity(name.as_wire().len() + set.octets.len());
        octets.extend_from_slice(name.as_wire());
        sorted.iter().for_each(|record| octets.extend_from_slice(record));
        content_hash(&octets)
    };
    let pools = pools.iter().map(|pool| set(pool.set.borrowed()));
    pools.chain(fallback.map(|f| set(f.borrowed()))).fold(0, u128::wrapping_add)
}
