//! One name's facts into its pools.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use triomphe::ThinArc;

use super::alike::place_of;
use super::{Compiler, ZoneOf};
use crate::fleet::{ENDPOINTS_MAX, EndpointView, NameView, TARGETS_MAX};
use crate::health::Verdicts;
use crate::name::{Name, NameRef};
use crate::policy::AllDown;
use crate::problem::Reason;
use crate::record::{Present, RecordType, Ttl};
use crate::rrset::{Rrset, RrsetBuf};
use crate::zone::{
    Aliases, CHAIN_MAX, Form, Head, NAME_SERVERS_MAX, Offer, POOL_RECORDS_MAX, Pool, PoolForm, PoolMember,
    Records, Steering, content_hash,
};

/// A record before it is in a pool. Those of one type stand together, and among them those of one offer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Gathered<'f> {
    rtype: RecordType,
    /// Its offer's index.
    offer: u16,
    data: &'f [u8],
}

/// Room that is made once and used for name after name.
#[derive(Default)]
pub(super) struct Room<'f> {
    /// The endpoints that are members, and what each of them offers as the snapshot has it.
    members: Vec<EndpointView<'f>>,
    offers: Vec<Offer>,
    gathered: Vec<Gathered<'f>>,
    of_pool: Vec<PoolMember>,
    octets: Vec<u8>,
}

impl<'f> Compiler<'f> {
    /// The records of a name; none when nothing can be answered for it.
    pub(super) fn records(
        &mut self,
        name: &Name,
        facts: &NameView<'f>,
        zone: ZoneOf<'f>,
        had: Option<&Records>,
    ) -> Option<Records> {
        let steering = self.steering(name, facts, zone);
        let mut room = core::mem::take(&mut self.room);
        let records = self.records_with(&mut room, steering, name, facts, had);
        self.room = room;
        records
    }

    fn records_with(
        &mut self,
        room: &mut Room<'f>,
        steering: &Arc<Steering>,
        name: &Name,
        facts: &NameView<'f>,
        had: Option<&Records>,
    ) -> Option<Records> {
        self.find_members(room, steering, name, facts);
        self.steps += u64::try_from(room.members.len()).unwrap_or(0);
        gather(&room.members, &mut room.gathered);
        self.drop_misplaced_aliases(name, facts, &mut room.gathered);
        self.tell_limits(name, facts, &room.gathered);
        if room.gathered.is_empty() && facts.fallback.is_none() {
            return None;
        }
        let form = self.alike.name(steering, &room.offers, had);
        let ttl = facts.ttl.or(steering.policy.ttl).unwrap_or(facts.default_ttl);
        let mut pools = Vec::with_capacity(by_type(&room.gathered).count());
        for records in by_type(&room.gathered).map(at_most) {
            let ttl = pool_ttl(&room.members, records, ttl);
            pools.push(self.pool(&form, &mut room.of_pool, records, ttl, had));
        }
        let alias = |to: NameRef<'_>| RrsetBuf::new(RecordType::CNAME, ttl, [to.as_wire()]);
        let fallback = facts.fallback.map(alias);
        let verdicts = Verdicts::new(room.members.iter().map(|endpoint| endpoint.evidence.is_up()));
        let all_down = self.all_down(name, steering).map(|to| alias(to.borrowed()));
        let content = content_of(name, &pools, fallback.as_ref(), &mut room.octets);
        let aliases = Some(Aliases { fallback, all_down });
        let head = Head {
            verdicts,
            form,
            aliases: aliases.filter(|a| a.fallback.is_some() || a.all_down.is_some()).map(Box::new),
            content: content.to_ne_bytes(),
            ttl,
        };
        Some(Records::new(head, pools))
    }

    /// The endpoints that are members: they offer something, and their cluster is not disabled.
    fn find_members(&mut self, room: &mut Room<'f>, steering: &Steering, name: &Name, facts: &NameView<'f>) {
        room.members.clear();
        room.offers.clear();
        let mut count = 0;
        for endpoint in facts.endpoints.clone().filter(|endpoint| endpoint.targets.len() > 0) {
            let cluster = endpoint.cluster.map(|c| self.seen.of(c, self.fleet, self.clusters));
            if cluster.as_ref().is_some_and(|(_, cluster)| cluster.is_disabled) {
                continue;
            }
            count += 1;
            if count > ENDPOINTS_MAX {
                continue;
            }
            let named = endpoint.cluster.and_then(|c| steering.policy.weights.get(c)).copied();
            let own = || cluster.as_ref().and_then(|(_, cluster)| cluster.weight);
            room.offers.push(Offer {
                weight: named.or(endpoint.weight).or_else(own).unwrap_or(1),
                cluster_bit: cluster.as_ref().and_then(|(_, cluster)| cluster.bit),
                cluster: cluster.map(|(name, _)| name),
            });
            room.members.push(endpoint);
        }
        if count > ENDPOINTS_MAX {
            let message = format!("has {count} offers; those after the first {ENDPOINTS_MAX} are left out");
            self.problem(name, facts, Reason::LimitReached, message);
        }
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

    fn pool(
        &mut self,
        name: &ThinArc<Form, Offer>,
        members: &mut Vec<PoolMember>,
        records: &[Gathered<'_>],
        ttl: Ttl,
        had: Option<&Records>,
    ) -> Pool {
        let rtype = type_of(records);
        members.clear();
        for (at, record) in records.iter().enumerate() {
            match members.last_mut().filter(|m| m.offer == record.offer) {
                Some(member) => member.count += 1,
                None => {
                    let start = u16::try_from(at).unwrap_or(u16::MAX);
                    members.push(PoolMember { offer: record.offer, start, count: 1 });
                }
            }
        }
        let had = had.filter(|had| place_of(had.form()) == place_of(name)).and_then(|had| had.pool(rtype));
        let form = self.alike.pool(name, members).unwrap_or_else(|| self.pool_form(name, members, had));
        // No member has a record twice.
        let firsts = if members.len() > 1 { firsts_of(records) } else { None };
        let set = RrsetBuf::new(rtype, ttl, records.iter().map(|record| record.data));
        Pool { rtype, ttl, set, form, firsts }
    }

    fn pool_form(
        &mut self,
        name: &ThinArc<Form, Offer>,
        members: &[PoolMember],
        had: Option<&Pool>,
    ) -> ThinArc<PoolForm, PoolMember> {
        let (steering, offers) = (&*name.header.header.policy, &name.slice);
        let cluster = |m: &PoolMember| offers.get(usize::from(m.offer)).and_then(|o| o.cluster.clone());
        // Without stages every client has one tier, whatever the clusters: their number is all that counts.
        let placed = |m: &PoolMember| cluster(m).filter(|_| !steering.policy.order.is_empty());
        let orders = self.tables.orders(self.fleet, steering, members.iter().map(placed).collect());
        let odds = self.tables.odds(steering, members, offers);
        let whole = members.iter().enumerate().all(|(at, member)| usize::from(member.offer) == at);
        let singles = members.iter().all(|member| member.count == 1);
        // All but the order of tiers follows from the name's form and the members.
        let is_it = |had: &&Pool| had.members() == members && Arc::ptr_eq(&had.form().orders, &orders);
        let form = match had.filter(is_it) {
            Some(had) => had.form.clone(),
            None => {
                let form = PoolForm { orders, odds, whole, singles };
                ThinArc::from_header_and_iter(form, members.iter().cloned())
            }
        };
        if !self.tables.is_missing() {
            self.alike.keep(name, &form);
        }
        form
    }
}

impl Records {
    /// True when only readiness differs.
    pub(super) fn same_but_verdicts(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.policy(), other.policy());
        ours.name == theirs.name
            && (Arc::ptr_eq(&ours.policy, &theirs.policy) || ours.policy == theirs.policy)
            && self.offers() == other.offers()
            && self.aliases() == other.aliases()
            && self.ttl() == other.ttl()
            && self.pools().len() == other.pools().len()
            && self.pools().iter().zip(other.pools()).all(|(a, b)| a.same(b))
    }
}

impl Pool {
    fn same(&self, other: &Self) -> bool {
        self.rtype == other.rtype
            && self.ttl == other.ttl
            && self.set == other.set
            && self.members() == other.members()
            && Arc::ptr_eq(&self.form().orders, &other.form().orders)
    }
}

/// Of each record the first with the same data; none when no two have the same.
fn firsts_of(records: &[Gathered<'_>]) -> Option<Box<[u16]>> {
    let mut known: BTreeMap<&[u8], u16> = BTreeMap::new();
    let numbered = (0..=u16::MAX).zip(records);
    let firsts: Box<[u16]> = numbered.map(|(at, record)| *known.entry(record.data).or_insert(at)).collect();
    (known.len() < records.len()).then_some(firsts)
}

fn gather<'f>(members: &[EndpointView<'f>], gathered: &mut Vec<Gathered<'f>>) {
    gathered.clear();
    for (offer, endpoint) in (0..=u16::MAX).zip(members) {
        let records = endpoint.targets.records().take(TARGETS_MAX);
        gathered.extend(records.map(|(rtype, data)| Gathered { rtype, offer, data }));
    }
    gathered.sort_unstable();
    gathered.dedup();
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
fn content_of(name: &Name, pools: &[Pool], fallback: Option<&RrsetBuf>, octets: &mut Vec<u8>) -> u128 {
    let mut set = |set: Rrset<'_>| {
        octets.clear();
        octets.extend_from_slice(name.as_wire());
        if set.count == 1 {
            octets.extend_from_slice(set.octets);
        } else {
            let mut sorted: Vec<&[u8]> = set.records().collect();
            sorted.sort_unstable();
            sorted.dedup();
            sorted.iter().for_each(|record| octets.extend_from_slice(record));
        }
        content_hash(octets)
    };
    let sets = pools.iter().map(|pool| &pool.set).chain(fallback);
    sets.map(|one| set(one.borrowed())).fold(0, u128::wrapping_add)
}
