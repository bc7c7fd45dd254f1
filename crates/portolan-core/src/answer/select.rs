//! Inside a pool: order, filter, pick.

use crate::answer::{Answer, Draw, Member, PICKS_MAX, Query, RecordSet, Step, Trace};
use crate::geo::{Found, locate};
use crate::health::Up;
use crate::name::NameRef;
use crate::policy::{AllDown, Pick};
use crate::record::{RecordType, Ttl};
use crate::zone::{Pool, PoolMember, Records, Snapshot};

/// What became of a pool.
pub(super) enum Selected<'a> {
    /// These records.
    Set(RecordSet<'a>),
    /// No data, as the policy says.
    Empty,
    /// A refusal, as the policy says.
    Refuse,
}

/// Where a selection happens.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) records: &'a Records,
    pub(super) pool: &'a Pool,
    pub(super) owner: NameRef<'a>,
    /// Who is up, read once for the whole answer of the name.
    pub(super) up: Up,
}

/// A tier, and which of its members count.
#[derive(Clone, Copy)]
pub(super) struct Tier {
    pub(super) tier: u8,
    /// Only those that are up; false when all are down and are served all the same.
    pub(super) up_only: bool,
}

impl<'a> Place<'a> {
    /// Orders the members for the client, filters by verdict, picks.
    pub(super) fn select<T: Trace>(
        &self,
        query: &Query<'a>,
        draw: &mut Draw,
        answer: &mut Answer<'a>,
        trace: &mut T,
    ) -> Selected<'a> {
        let found = self.pool.orders.find(query.client.address);
        answer.scope = answer.scope.max(found.scope);
        let policy = &*self.records.policy.policy;
        if T::ON {
            self.explain(query, found, trace);
        }
        let tier = match self.first_tier(found, trace) {
            Some(tier) => Tier { tier, up_only: true },
            None => {
                trace.note(Step::AllDown(&policy.all_down));
                match policy.all_down {
                    AllDown::Empty => return Selected::Empty,
                    AllDown::Refuse => return Selected::Refuse,
                    AllDown::ServeAll | AllDown::Fallback(_) => Tier { tier: 0, up_only: false },
                }
            }
        };
        let start = answer.picks.len();
        self.pick(policy.pick, found, tier, draw, answer);
        if self.pool.rtype == RecordType::CNAME {
            // A name is an alias of one name (RFC 2181 section 10.1): of several, the draw's first.
            answer.picks.truncate(start + 1);
        }
        let count = answer.picks.len() - start;
        trace.note(Step::Pick(policy.pick, count));
        let ttl = self.ttl(self.pool.ttl, trace);
        let picks = (u16::try_from(start).unwrap_or(0), u16::try_from(count).unwrap_or(0));
        Selected::Set(RecordSet {
            owner: self.owner,
            rtype: self.pool.rtype,
            ttl,
            records: &self.pool.records,
            picks: Some(picks),
        })
    }

    /// The first tier with enough healthy members, else the first with any.
    pub(super) fn first_tier<T: Trace>(&self, found: Found<'_>, trace: &mut T) -> Option<u8> {
        let mut healthy = [0_u16; 256];
        for member in self.members().filter(|m| self.is_up(m)) {
            healthy[usize::from(tier_of(found, member))] += 1;
        }
        let minimum = self.records.policy.policy.minimum_healthy.max(1);
        let with = |least: u16| (0_u8..=u8::MAX).find(|tier| healthy[usize::from(*tier)] >= least);
        let used = with(minimum).or_else(|| with(1));
        if T::ON {
            let last = self.members().map(|m| tier_of(found, m)).max().unwrap_or(0);
            for tier in 0..=last {
                trace.note(Step::Tier(tier, healthy[usize::from(tier)], minimum, used == Some(tier)));
            }
        }
        used
    }

    fn pick(&self, pick: Pick, found: Found<'_>, tier: Tier, draw: &mut Draw, answer: &mut Answer<'a>) {
        let start = answer.picks.len();
        match pick {
            Pick::All => {
                self.take_all(found, tier, draw, answer);
                shuffle(answer.picks.get_mut(start..).unwrap_or_default(), draw);
            }
            Pick::First(count) => {
                for member in self.in_tier(found, tier) {
                    self.take(member, answer, start, usize::from(count));
                }
            }
            Pick::Weighted(count) => {
                for _ in 0..count {
                    let Some(record) = self.draw_one(found, tier, draw, answer, start) else { break };
                    self.push(record, answer, start);
                }
            }
        }
    }

    /// Takes every record of the tier; of more than there is room for, each is as likely to be taken as any
    /// other (reservoir sampling).
    fn take_all(&self, found: Found<'_>, tier: Tier, draw: &mut Draw, answer: &mut Answer<'a>) {
        let start = answer.picks.len();
        let room = PICKS_MAX - start;
        let records = self.in_tier(found, tier).flat_map(PoolMember::records);
        for (seen, record) in records.enumerate() {
            if self.pool.repeats && self.is_taken(record, answer, start) {
                continue;
            }
            if answer.picks.try_push(record).is_err() && room > 0 {
                let drawn = draw.below(u64::try_from(seen + 1).unwrap_or(u64::MAX));
                let place = usize::try_from(drawn).ok().filter(|d| *d < room);
                if let Some(pick) = place.and_then(|d| answer.picks.get_mut(start + d)) {
                    *pick = record;
                }
            }
        }
    }

    /// Draws a member by weight, then one of its records evenly, among those not drawn yet. Zero weights
    /// are drawn only when there is nothing else.
    fn draw_one(
        &self,
        found: Found<'_>,
        tier: Tier,
        draw: &mut Draw,
        answer: &Answer<'a>,
        start: usize,
    ) -> Option<u16> {
        let free = |m: &&PoolMember| m.records().any(|r| !self.is_taken(r, answer, start));
        let weight = |m: &PoolMember| self.weight(m);
        let total: u64 = self.in_tier(found, tier).filter(free).map(weight).sum();
        let count = u64::try_from(self.in_tier(found, tier).filter(free).count()).unwrap_or(0);
        let mut at = draw.below(if total == 0 { count } else { total });
        let member = self.in_tier(found, tier).filter(free).find(|m| {
            let share = if total == 0 { 1 } else { self.weight(m) };
            let hit = at < share;
            at = at.saturating_sub(share);
            hit
        })?;
        let left = || member.records().filter(|r| !self.is_taken(*r, answer, start));
        let nth = draw.below(u64::try_from(left().count()).unwrap_or(1));
        left().nth(usize::try_from(nth).unwrap_or(0))
    }

    fn take(&self, member: &PoolMember, answer: &mut Answer<'a>, start: usize, most: usize) {
        for record in member.records() {
            if answer.picks.len() - start < most {
                self.push(record, answer, start);
            }
        }
    }

    fn push(&self, record: u16, answer: &mut Answer<'a>, start: usize) {
        if !(self.pool.repeats && self.is_taken(record, answer, start)) {
            // A full answer drops what is above PICKS_MAX: more records fit no message that is worth sending.
            let _ = answer.picks.try_push(record);
        }
    }

    /// True when the record, or one with the same data, is in the answer.
    fn is_taken(&self, record: u16, answer: &Answer<'a>, start: usize) -> bool {
        let data = |r: u16| self.pool.records.get(usize::from(r));
        let taken = answer.picks.get(start..).unwrap_or_default();
        taken.iter().any(|t| *t == record || (self.pool.repeats && data(*t) == data(record)))
    }

    /// The TTL, half of it while a member is down.
    fn ttl<T: Trace>(&self, ttl: Ttl, trace: &mut T) -> Ttl {
        if self.members().all(|m| self.is_up(m)) {
            return ttl;
        }
        trace.note(Step::Halved(ttl.halved()));
        ttl.halved()
    }

    fn members(&self) -> impl Iterator<Item = &'a PoolMember> + use<'a> {
        self.pool.members.iter()
    }

    pub(super) fn in_tier<'s>(
        &'s self,
        found: Found<'s>,
        tier: Tier,
    ) -> impl Iterator<Item = &'a PoolMember> + use<'a, 's> {
        self.members().filter(move |m| tier_of(found, m) == tier.tier && (!tier.up_only || self.is_up(m)))
    }

    fn is_up(&self, member: &PoolMember) -> bool {
        self.up.is_up(usize::from(member.offer))
    }

    fn weight(&self, member: &PoolMember) -> u64 {
        self.records.offers.get(usize::from(member.offer)).map_or(0, |o| u64::from(o.weight))
    }

    fn explain<T: Trace>(&self, query: &Query<'_>, found: Found<'_>, trace: &mut T) {
        trace.note(Step::Pool(self.pool.rtype));
        for place in locate(&self.records.policy.policy, query.client.address) {
            trace.note(Step::Client(query.client.address, place));
        }
        trace.note(Step::Scope(found.scope));
        for member in self.members() {
            let offer = usize::from(member.offer);
            let Some(whose) = self.records.offers.get(offer) else { continue };
            trace.note(Step::Member(Member {
                cluster: whose.cluster.as_ref(),
                tier: tier_of(found, member),
                ready: self.records.verdicts.is_up(offer),
                drained: self.snapshot.is_drained(self.records, offer),
                weight: whose.weight,
                records: usize::from(member.count),
            }));
        }
    }
}

impl PoolMember {
    pub(super) fn records(&self) -> impl Iterator<Item = u16> + use<> {
        self.start..self.start.saturating_add(self.count)
    }
}

fn tier_of(found: Found<'_>, member: &PoolMember) -> u8 {
    found.order.get(usize::from(member.position)).copied().unwrap_or(0)
}

/// Fisher and Yates.
fn shuffle(picks: &mut [u16], draw: &mut Draw) {
    for last in (1..picks.len()).rev() {
        let bound = u64::try_from(last + 1).unwrap_or(u64::MAX);
        picks.swap(last, usize::try_from(draw.below(bound)).unwrap_or(0));
    }
}
