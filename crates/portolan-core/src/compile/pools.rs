//! One name's facts into its pools.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::cluster::ClusterState;
use crate::compile::Compiler;
use crate::fleet::{ENDPOINTS_MAX, Endpoint, NameFacts, NameView, TARGETS_MAX};
use crate::health::Verdicts;
use crate::name::{Name, NameRef};
use crate::policy::AllDown;
use crate::problem::Reason;
use crate::record::{Rdata, RecordType, Target, Ttl};
use crate::rrset::{Rrset, RrsetBuf};
use crate::zone::{
    Aliases, CHAIN_MAX, NAME_SERVERS_MAX, Offer, POOL_RECORDS_MAX, Pool, PoolMember, Records, Rule, Steering,
    content_hash,
};

/// The records of one type, before they are a pool: each with its offer's index.
type Gathered = BTreeMap<RecordType, Vec<(u16, Rdata)>>;

impl Compiler<'_> {
    /// The records of a name; none when nothing can be answered for it.
    pub(super) fn records(&mut self, name: &Name, facts: &NameFacts) -> Option<Records> {
        let steering = self.steering(name, facts);
        let members = self.members(name, facts);
        self.steps += u64::try_from(members.len()).unwrap_or(0);
        let mut gathered = gather(&members);
        self.drop_misplaced_aliases(name, facts, &mut gathered);
        self.hold_limits(name, facts, &mut gathered);
        let offers: Vec<Offer> = members.iter().map(|e| self.offer(e, &steering)).collect();
        let ttl = facts.ttl.or(steering.policy.ttl).unwrap_or(facts.default_ttl);
        let pools: Vec<Pool> = gathered
            .into_iter()
            .filter(|(_, records)| !records.is_empty())
            .map(|(rtype, records)| {
                self.pool(&steering, &offers, rtype, &records, pool_ttl(&members, rtype, ttl))
            })
            .collect();
        let alias = |to: &Name| RrsetBuf::of_one(RecordType::CNAME, ttl, &Rdata::name(to));
        let fallback = facts.fallback.as_ref().map(alias);
        if pools.is_empty() && fallback.is_none() {
            return None;
        }
        let verdicts = Verdicts::all_up(offers.len());
        for (offer, endpoint) in members.iter().enumerate() {
            verdicts.set(offer, endpoint.evidence.is_up());
        }
        let all_down = self.all_down(name, &steering).map(|to| alias(&to));
        let content = content_of(name, &pools, fallback.as_ref());
        let aliases = Some(Aliases { fallback, all_down });
        Some(Records {
            rule: Rule {
                pick: steering.policy.pick,
                minimum_healthy: steering.policy.minimum_healthy.max(1),
            },
            policy: steering,
            pools: pools.into(),
            offers: self.alike.offers(&offers),
            verdicts,
            ttl,
            aliases: aliases.filter(|a| a.fallback.is_some() || a.all_down.is_some()).map(Box::new),
            content,
        })
    }

    /// The endpoints that are members: they offer something, and their cluster is not disabled.
    fn members<'e>(&mut self, name: &Name, facts: &'e NameFacts) -> Vec<&'e Endpoint> {
        let is_member = |e: &&Endpoint| {
            let cluster = e.cluster.as_ref().and_then(|c| self.fleet.clusters.get(c));
            !e.targets.is_empty() && cluster.is_none_or(|c| c.state != ClusterState::Disabled)
        };
        let mut members: Vec<&Endpoint> = facts.endpoints.iter().filter(is_member).collect();
        if members.len() > ENDPOINTS_MAX {
            let message =
                format!("has {} offers; those after the first {ENDPOINTS_MAX} are left out", members.len());
            self.problem(name, facts, Reason::LimitReached, message);
            members.truncate(ENDPOINTS_MAX);
        }
        members
    }

    /// An alias stands alone (RFC 1034 section 3.6.2), and never at an apex.
    fn drop_misplaced_aliases(&mut self, name: &Name, facts: &NameFacts, gathered: &mut Gathered) {
        if !gathered.contains_key(&RecordType::CNAME) {
            return;
        }
        let apex = !self.may_be_alias(name);
        if gathered.len() == 1 && !apex {
            return;
        }
        let hosts = gathered.remove(&RecordType::CNAME).unwrap_or_default();
        for (_, host) in hosts {
            let host = crate::record::Present(RecordType::CNAME, host.as_wire());
            let why = if apex {
                "a zone's apex cannot be an alias"
            } else {
                "an alias cannot stand beside other records"
            };
            self.problem(name, facts, Reason::TargetSkipped, format!("target {host} is left out: {why}"));
        }
    }

    /// Leaves out what is above a limit, or says what does not go with a referral.
    fn hold_limits(&mut self, name: &Name, facts: &NameFacts, gathered: &mut Gathered) {
        for (rtype, records) in gathered {
            let count = records.len();
            if count > POOL_RECORDS_MAX {
                let message = format!(
                    "has {count} {rtype} records; those after the first {POOL_RECORDS_MAX} are left out"
                );
                self.problem(name, facts, Reason::LimitReached, message);
                records.truncate(POOL_RECORDS_MAX);
            }
            if *rtype == RecordType::NS && count > NAME_SERVERS_MAX {
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

    fn offer(&self, endpoint: &Endpoint, steering: &Steering) -> Offer {
        let cluster = endpoint.cluster.as_ref();
        let own = || cluster.and_then(|c| self.fleet.clusters.get(c)).and_then(|c| c.weight);
        let named = cluster.and_then(|c| steering.policy.weights.get(c)).copied();
        Offer {
            cluster: endpoint.cluster.clone(),
            cluster_bit: cluster.and_then(|c| self.clusters.numbers.get(c)).copied(),
            weight: named.or(endpoint.weight).or_else(own).unwrap_or(1),
        }
    }

    fn pool(
        &mut self,
        steering: &Steering,
        offers: &[Offer],
        rtype: RecordType,
        gathered: &[(u16, Rdata)],
        ttl: Ttl,
    ) -> Pool {
        let mut members: Vec<PoolMember> = Vec::new();
        for (at, (offer, _)) in gathered.iter().enumerate() {
            match members.last_mut().filter(|m| m.offer == *offer) {
                Some(member) => member.count += 1,
                None => {
                    let start = u16::try_from(at).unwrap_or(u16::MAX);
                    members.push(PoolMember { offer: *offer, start, count: 1 });
                }
            }
        }
        let cluster = |m: &PoolMember| offers.get(usize::from(m.offer)).and_then(|o| o.cluster.clone());
        // Without stages every client has one tier, whatever the clusters: their number is all that counts.
        let placed = |m: &PoolMember| cluster(m).filter(|_| !steering.policy.order.is_empty());
        let clusters: Vec<_> = members.iter().map(placed).collect();
        let orders = self.tables.orders(self.fleet, steering, &clusters);
        let odds = self.tables.odds(steering, &members, offers);
        let mut distinct: Vec<&Rdata> = gathered.iter().map(|(_, rdata)| rdata).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let firsts = (distinct.len() < gathered.len()).then(|| firsts_of(gathered));
        let set = RrsetBuf::new(rtype, ttl, gathered.iter().map(|(_, rdata)| rdata.as_wire()));
        let whole = members.iter().enumerate().all(|(at, member)| usize::from(member.offer) == at);
        let singles = firsts.is_none() && members.len() == gathered.len();
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

/// Of each record the first with the same data.
fn firsts_of(gathered: &[(u16, Rdata)]) -> Box<[u16]> {
    let mut known: BTreeMap<&Rdata, u16> = BTreeMap::new();
    let records = (0..=u16::MAX).zip(gathered);
    records.map(|(at, (_, rdata))| *known.entry(rdata).or_insert(at)).collect()
}

fn gather(members: &[&Endpoint]) -> Gathered {
    let mut gathered = Gathered::new();
    for (offer, endpoint) in members.iter().enumerate() {
        let Ok(offer) = u16::try_from(offer) else { break };
        let mut targets: Vec<&Target> = endpoint.targets.iter().take(TARGETS_MAX).collect();
        targets.sort_unstable();
        targets.dedup();
        for target in targets {
            gathered.entry(target.record_type()).or_default().push((offer, target.rdata()));
        }
    }
    gathered
}

/// One TTL a set: the least that its members name (RFC 2181 section 5.2).
fn pool_ttl(members: &[&Endpoint], rtype: RecordType, ttl: Ttl) -> Ttl {
    let of_type = |e: &&&Endpoint| e.targets.iter().any(|t| t.record_type() == rtype);
    members.iter().filter(of_type).filter_map(|e| e.ttl).min().unwrap_or(ttl)
}

/// A sum over the name's RRsets; verdicts are not content.
fn content_of(name: &Name, pools: &[Pool], fallback: Option<&RrsetBuf>) -> u128 {
    let set = |set: Rrset<'_>| {
        let mut sorted: Vec<&[u8]> = set.records().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut octets = name.as_wire().to_vec();
        for record in sorted {
            octets.extend_from_slice(record);
        }
        content_hash(&octets)
    };
    let pools = pools.iter().map(|pool| set(pool.set.borrowed()));
    pools.chain(fallback.map(|f| set(f.borrowed()))).fold(0, u128::wrapping_add)
}
