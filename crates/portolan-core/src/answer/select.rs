//! Inside a pool: order, filter, pick.
//!
//! Members are bits: those of a tier, those that are up, those that are both. A pool of 64 members or
//! less, which is nearly every one, is one word.

use arrayvec::ArrayVec;

use crate::answer::{Answer, Member, PICKS_MAX, Query, RecordSet, Step, Trace};
use crate::bits::Bits;
use crate::draw::Draw;
use crate::geo::{Found, MASK_BITS, locate};
use crate::health::{Up, WORDS};
use crate::name::NameRef;
use crate::policy::{AllDown, Pick};
use crate::record::{RecordType, Ttl};
use crate::zone::{Pool, PoolMember, Records, Snapshot};

mod repeats;

/// Candidates among which a weighted pick goes one by one; above it shares are drawn at once.
const FEW: u32 = 8;
/// Draws that may come to members which are no candidates, before it goes one by one after all.
const REDRAWS_MAX: usize = 16;

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
pub(super) struct Place<'a, 'u> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) records: &'a Records,
    pub(super) pool: &'a Pool,
    pub(super) owner: NameRef<'a>,
    /// Which members are up, read once for the whole answer of the name.
    pub(super) up: &'u Up,
}

/// The members of the tier in use that may be picked, as bits.
pub(super) struct Candidates {
    words: ArrayVec<u64, WORDS>,
}

impl<'a> Place<'a, '_> {
    /// Orders the members for the client, filters by verdict, picks.
    #[inline]
    pub(super) fn select<T: Trace>(
        &self,
        query: &Query<'a>,
        draw: &mut Draw,
        answer: &mut Answer<'a>,
        trace: &mut T,
    ) -> Selected<'a> {
        let found = self.pool.form().orders.find(query.client.address);
        answer.scope = answer.scope.max(found.scope);
        if T::ON {
            self.explain(query, found, trace);
        }
        let candidates = match self.first_tier(found, trace) {
            Some(tier) => Candidates::new(found.order.members(tier), Some(self.up)),
            None => {
                let all_down = &self.records.policy().policy.all_down;
                trace.note(Step::AllDown(all_down));
                match all_down {
                    AllDown::Empty => return Selected::Empty,
                    AllDown::Refuse => return Selected::Refuse,
                    AllDown::ServeAll | AllDown::Fallback(_) => Candidates::new(found.order.members(0), None),
                }
            }
        };
        let start = answer.picks.len();
        let pick = self.records.rule().pick;
        self.pick(pick, &candidates, draw, answer);
        if self.pool.rtype == RecordType::CNAME {
            // A name is an alias of one name (RFC 2181 section 10.1): of several, the draw's first.
            answer.picks.truncate(start + 1);
        }
        let count = answer.picks.len() - start;
        trace.note(Step::Pick(pick, count));
        let ttl = self.ttl(self.pool.ttl, trace);
        let picks = (u16::try_from(start).unwrap_or(0), u16::try_from(count).unwrap_or(0));
        let set = self.pool.set.borrowed();
        Selected::Set(RecordSet { owner: self.owner, ttl, set, short: None, picks: Some(picks) })
    }

    /// The first tier with enough healthy members, else the first with any.
    #[inline]
    pub(super) fn first_tier<T: Trace>(&self, found: Found<'_>, trace: &mut T) -> Option<usize> {
        let minimum = u32::from(self.records.rule().minimum_healthy.max(1));
        let tiers = 0..found.order.tiers();
        let healthy = |tier: usize| {
            let members = found.order.members(tier).iter().zip(self.up.words());
            members.map(|(tier, up)| (tier & up).count_ones()).sum::<u32>()
        };
        let with = |least: u32| tiers.clone().find(|tier| healthy(*tier) >= least);
        let used = with(minimum).or_else(|| if minimum > 1 { with(1) } else { None });
        if T::ON {
            for tier in tiers.clone() {
                let number = u8::try_from(tier).unwrap_or(u8::MAX);
                let healthy = u16::try_from(healthy(tier)).unwrap_or(u16::MAX);
                let wanted = self.records.rule().minimum_healthy.max(1);
                trace.note(Step::Tier(number, healthy, wanted, used == Some(tier)));
            }
        }
        used
    }

    #[inline]
    fn pick(&self, pick: Pick, candidates: &Candidates, draw: &mut Draw, answer: &mut Answer<'a>) {
        if let Some(firsts) = self.pool.firsts.as_deref() {
            return self.pick_once_each(firsts, pick, candidates, draw, answer);
        }
        let start = answer.picks.len();
        match pick {
            Pick::All => {
                self.take_all(candidates, draw, answer);
                shuffle(answer.picks.get_mut(start..).unwrap_or_default(), draw);
            }
            Pick::First(count) => {
                for member in candidates.members() {
                    self.take(self.member(member), answer, start, usize::from(count));
                }
            }
            Pick::Weighted(count) => {
                // Nearly always one, which nothing can be taken before.
                let Some(record) = self.draw_one(candidates, draw, true, |_| false) else { return };
                push(record, answer);
                if count > 1 {
                    self.draw_more(count, start, candidates, draw, answer);
                }
            }
        }
    }

    /// Draws what is left of so many.
    #[inline(never)]
    fn draw_more(
        &self,
        count: u16,
        start: usize,
        candidates: &Candidates,
        draw: &mut Draw,
        answer: &mut Answer<'a>,
    ) {
        for _ in 1..count {
            let taken = answer.picks.get(start..).unwrap_or_default();
            let drawn = self.draw_one(candidates, draw, false, |record| taken.contains(&record));
            let Some(record) = drawn else { break };
            push(record, answer);
        }
    }

    /// Takes every record of the candidates.
    #[inline]
    fn take_all(&self, candidates: &Candidates, draw: &mut Draw, answer: &mut Answer<'a>) {
        let room = PICKS_MAX - answer.picks.len();
        if self.pool.form().singles && candidates.words.len() == 1 && room >= MASK_BITS {
            // A record each, and none twice, as pools with repeats are picked from elsewhere: nearly every pool.
            debug_assert!(self.pool.firsts.is_none(), "see `pick`");
            let numbers = Bits(candidates.words.first().copied().unwrap_or(0));
            return numbers.for_each(|member| push(u16::try_from(member).unwrap_or(u16::MAX), answer));
        }
        fill(self.records_of(candidates), draw, answer);
    }

    /// The records of the candidates, member by member.
    fn records_of(&self, candidates: &Candidates) -> impl Iterator<Item = u16> {
        candidates.members().flat_map(|member| self.member(member).records())
    }

    /// Draws a member by weight, then one of its records evenly, among those not drawn yet (`first`: none is).
    /// Zero weights are drawn only when there is nothing else.
    #[inline]
    fn draw_one(
        &self,
        candidates: &Candidates,
        draw: &mut Draw,
        first: bool,
        is_taken: impl Fn(u16) -> bool,
    ) -> Option<u16> {
        let is_free = |member: usize| first || self.member(member).records().any(|r| !is_taken(r));
        let member = match candidates.count() {
            1 if first => candidates.members().next()?,
            ..=FEW => self.draw_one_by_one(candidates, draw, first, is_free)?,
            _ => match self.draw_at_once(candidates, draw, is_free) {
                Some(member) => member,
                None => self.draw_one_by_one(candidates, draw, first, is_free)?,
            },
        };
        let member = self.member(member);
        if first && member.count == 1 {
            return Some(member.start);
        }
        let left = || member.records().filter(|r| !is_taken(*r));
        let nth = draw.below(u64::try_from(left().count()).unwrap_or(1));
        left().nth(usize::try_from(nth).unwrap_or(0))
    }

    /// By the shares of all members: what is no candidate is put back.
    fn draw_at_once(
        &self,
        candidates: &Candidates,
        draw: &mut Draw,
        is_free: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let odds = self.pool.form().odds.as_ref()?;
        (0..REDRAWS_MAX).map(|_| odds.draw(draw)).find(|member| candidates.has(*member) && is_free(*member))
    }

    fn draw_one_by_one(
        &self,
        candidates: &Candidates,
        draw: &mut Draw,
        first: bool,
        is_free: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if first {
            return self.draw_first(candidates, draw);
        }
        let free = || candidates.members().filter(|member| is_free(*member));
        let total: u64 = free().map(|member| self.weight(member)).sum();
        let bound = if total == 0 { u64::try_from(free().count()).unwrap_or(0) } else { total };
        let mut at = draw.below(bound);
        free().find(|member| {
            let share = if total == 0 { 1 } else { self.weight(*member) };
            let hit = at < share;
            at = at.saturating_sub(share);
            hit
        })
    }

    /// Of all candidates, for nothing is taken yet.
    #[inline]
    fn draw_first(&self, candidates: &Candidates, draw: &mut Draw) -> Option<usize> {
        let total: u64 = candidates.members().map(|member| self.weight(member)).sum();
        if total == 0 {
            let at = draw.below(u64::from(candidates.count()));
            return candidates.members().nth(usize::try_from(at).ok()?);
        }
        let mut at = draw.below(total);
        candidates.members().find(|member| {
            let share = self.weight(*member);
            let hit = at < share;
            at = at.wrapping_sub(share);
            hit
        })
    }

    fn take(&self, member: &PoolMember, answer: &mut Answer<'a>, start: usize, most: usize) {
        for record in member.records() {
            if answer.picks.len() - start < most {
                push(record, answer);
            }
        }
    }

    /// The TTL, half of it while a member is down.
    #[inline]
    fn ttl<T: Trace>(&self, ttl: Ttl, trace: &mut T) -> Ttl {
        if self.up.all_of(self.pool.members().len()) {
            return ttl;
        }
        trace.note(Step::Halved(ttl.halved()));
        ttl.halved()
    }

    /// The candidates of a tier; of none, all of the first.
    pub(super) fn in_tier(&self, found: Found<'_>, tier: Option<usize>) -> Candidates {
        Candidates::new(found.order.members(tier.unwrap_or(0)), tier.map(|_| self.up))
    }

    #[inline]
    pub(super) fn member(&self, member: usize) -> &'a PoolMember {
        const NOBODY: &PoolMember = &PoolMember { offer: 0, start: 0, count: 0 };
        self.pool.members().get(member).unwrap_or(NOBODY)
    }

    fn weight(&self, member: usize) -> u64 {
        let offer = usize::from(self.member(member).offer);
        self.records.offers().get(offer).map_or(0, |o| u64::from(o.weight))
    }

    fn explain<T: Trace>(&self, query: &Query<'_>, found: Found<'_>, trace: &mut T) {
        trace.note(Step::Pool(self.pool.rtype));
        for place in locate(&self.records.policy().policy, query.client.address) {
            trace.note(Step::Client(query.client.address, place));
        }
        trace.note(Step::Scope(found.scope));
        for (index, member) in self.pool.members().iter().enumerate() {
            let offer = usize::from(member.offer);
            let Some(whose) = self.records.offers().get(offer) else { continue };
            trace.note(Step::Member(Member {
                cluster: whose.cluster.as_ref(),
                tier: found.order.tier_of(index),
                ready: self.records.verdicts().is_up(offer),
                drained: self.snapshot.is_drained(self.records, offer),
                weight: whose.weight,
                records: usize::from(member.count),
            }));
        }
    }
}

impl Candidates {
    /// Of a tier those that are up; all of it when all are down and are served all the same.
    #[inline]
    fn new(tier: &[u64], up: Option<&Up>) -> Self {
        let mut words = ArrayVec::new();
        let up = up.map_or(&[][..], Up::words);
        for (at, word) in tier.iter().take(WORDS).enumerate() {
            let _ = words.try_push(word & up.get(at).copied().unwrap_or(u64::MAX));
        }
        Self { words }
    }

    /// By number, ascending.
    #[inline]
    pub(super) fn members(&self) -> Members<'_> {
        let (word, rest) = self.words.split_first().map_or((0, &[][..]), |(word, rest)| (*word, rest));
        Members { word: Bits(word), base: 0, rest }
    }

    #[inline]
    fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    fn has(&self, member: usize) -> bool {
        self.words.get(member / MASK_BITS).is_some_and(|word| word & (1 << (member % MASK_BITS)) != 0)
    }
}

/// The numbers of the bits that are set, over all words.
pub(super) struct Members<'c> {
    word: Bits,
    base: usize,
    rest: &'c [u64],
}

impl Iterator for Members<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        loop {
            if let Some(bit) = self.word.next() {
                return Some(self.base + bit);
            }
            let (word, rest) = self.rest.split_first()?;
            (self.word, self.rest) = (Bits(*word), rest);
            self.base += MASK_BITS;
        }
    }
}

impl PoolMember {
    #[inline]
    pub(super) fn records(&self) -> impl Iterator<Item = u16> + use<> {
        self.start..self.start.saturating_add(self.count)
    }
}

/// Takes a record. A full answer drops what is above [`PICKS_MAX`]: more fit no message that is worth sending.
#[inline]
fn push(record: u16, answer: &mut Answer<'_>) {
    let _ = answer.picks.try_push(record);
}

/// Takes records; of more than there is room for, each is as likely to be taken as any other (reservoir
/// sampling).
#[inline]
fn fill(records: impl Iterator<Item = u16>, draw: &mut Draw, answer: &mut Answer<'_>) {
    let start = answer.picks.len();
    let room = PICKS_MAX - start;
    if room == 0 {
        return;
    }
    for (seen, record) in (1..).zip(records) {
        if answer.picks.try_push(record).is_err() {
            let place = usize::try_from(draw.below(seen)).ok().filter(|place| *place < room);
            if let Some(pick) = place.and_then(|place| answer.picks.get_mut(start + place)) {
                *pick = record;
            }
        }
    }
}

/// Fisher and Yates.
#[inline]
fn shuffle(picks: &mut [u16], draw: &mut Draw) {
    for last in (1..picks.len()).rev() {
        let bound = u64::try_from(last + 1).unwrap_or(u64::MAX);
        picks.swap(last, usize::try_from(draw.below(bound)).unwrap_or(0));
    }
}
