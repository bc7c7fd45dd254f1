//! One question, one answer.
//!
//! ```text
//!   query ─▶ zone ─▶ name ──┬─ cut ──────────▶ referral
//!              │      ▲     ├─ nothing ──────▶ NXDOMAIN, NODATA (SOA)
//!           REFUSED   │     └─ pools ─▶ locate ─▶ order ─▶ filter ─▶ pick ─▶ RRset
//!                     └──── alias (CNAME), at most CHAIN_MAX times ◀────┘
//! ```
//!
//! [`answer`] is the only way to decide: the server, `explain`, `endpoints` and every test call it.
//! What it returns borrows from the snapshot and from the question, in fixed room: nothing is
//! allocated. A [`Trace`] that is off costs nothing; one that is on sees each step.

use arrayvec::ArrayVec;
use core::net::IpAddr;

use crate::name::NameRef;
use crate::record::{Rdata, RecordType, Ttl};
use crate::zone::{Lookup, Records, Snapshot, Zone};

mod project;
mod select;
mod trace;

pub use project::{Projected, project};
pub use trace::{Match, Member, Step, Trace};

/// Most aliases that one answer follows; a longer chain ends there.
pub const CHAIN_MAX: usize = 8;
/// Most records that are picked for one answer, all sections together.
pub const PICKS_MAX: usize = 256;
/// Most RRsets in the additional section.
pub const ADDITIONAL_MAX: usize = 16;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address that the place is looked up by: from ECS when the question has a network, else the
    /// one that it came from. An IPv4-mapped address is given as IPv4.
    pub address: IpAddr,
}

/// A decoded question of class IN.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// The name, lower case.
    pub name: NameRef<'q>,
    /// The type.
    pub rtype: RecordType,
    /// Who asks.
    pub client: Client,
}

/// A response code (RFC 1035 section 4.1.1); those that deciding can come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rcode {
    /// There is such a name.
    NoError = 0,
    /// We cannot say.
    ServFail = 2,
    /// There is no such name.
    NxDomain = 3,
    /// Not ours, or the policy says so.
    Refused = 5,
}

/// An extended error (RFC 8914).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ede {
    /// Not every cluster was read yet.
    NotReady = 14,
    /// No zone of ours holds the name.
    NotAuthoritative = 20,
    /// A chain of aliases is too long or a circle.
    InvalidData = 24,
}

/// An RRset of an answer. Its records are read by [`Answer::rdata`].
#[derive(Clone, Copy, Debug)]
pub struct RecordSet<'a> {
    /// The name that it stands at.
    pub owner: NameRef<'a>,
    /// Its type.
    pub rtype: RecordType,
    /// Its TTL.
    pub ttl: Ttl,
    records: &'a [Rdata],
    /// Where its picks stand in [`Answer`]; none: all records as they are.
    picks: Option<(u16, u16)>,
}

impl<'a> RecordSet<'a> {
    fn whole(owner: NameRef<'a>, rtype: RecordType, ttl: Ttl, records: &'a [Rdata]) -> Self {
        Self { owner, rtype, ttl, records, picks: None }
    }
}

/// What one client gets.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The code.
    pub rcode: Rcode,
    /// Whether we have authority over the first name (RFC 1035: AA).
    pub authoritative: bool,
    /// The answer section, in order: aliases, then what they lead to.
    pub answers: ArrayVec<RecordSet<'a>, { CHAIN_MAX + 1 }>,
    /// The authority section: an SOA or a referral's NS.
    pub authority: Option<RecordSet<'a>>,
    /// The additional section: addresses of name servers.
    pub additional: ArrayVec<RecordSet<'a>, ADDITIONAL_MAX>,
    /// True when the additional section is glue that a referral needs (RFC 9471: all or truncate).
    pub referral: bool,
    /// The ECS scope: how wide around the client the same order of tiers holds (RFC 7871).
    pub scope: u8,
    /// Why, when something is amiss.
    pub ede: Option<Ede>,
    picks: ArrayVec<u16, PICKS_MAX>,
}

impl<'a> Answer<'a> {
    fn new() -> Self {
        Self {
            rcode: Rcode::NoError,
            authoritative: true,
            answers: ArrayVec::new(),
            authority: None,
            additional: ArrayVec::new(),
            referral: false,
            scope: 0,
            ede: None,
            picks: ArrayVec::new(),
        }
    }

    /// The records of one of its sets, in the order drawn.
    pub fn rdata<'s>(&'s self, set: &RecordSet<'a>) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a, 's> {
        let (start, count) = set.picks.unwrap_or((0, 0));
        let count = if set.picks.is_some() { usize::from(count) } else { set.records.len() };
        let (records, picked) = (set.records, set.picks.is_some());
        (0..count).map(move |i| {
            let index = match picked {
                true => self.picks.get(usize::from(start) + i).map_or(usize::MAX, |p| usize::from(*p)),
                false => i,
            };
            records.get(index).map_or(&[][..], Rdata::as_wire)
        })
    }

    fn fail(rcode: Rcode, ede: Option<Ede>) -> Self {
        Self { rcode, authoritative: false, ede, ..Self::new() }
    }
}

/// A source of chance: one number an answer, stretched by `SplitMix64`.
#[derive(Clone, Copy, Debug)]
pub struct Draw(pub u64);

impl Draw {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound` (at least 1), evenly enough: the bias is below `bound` in 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.number()) * u128::from(bound.max(1));
        u64::try_from(wide >> 64).unwrap_or(0)
    }
}

/// Answers one question. The whole of deciding; see the module's drawing.
pub fn answer<'a, T: Trace>(
    snapshot: &'a Snapshot,
    query: &Query<'a>,
    draw: Draw,
    trace: &mut T,
) -> Answer<'a> {
    let Some(zone) = snapshot.zone_of(query.name) else {
        return outside(snapshot, trace);
    };
    trace.note(Step::Zone(zone.apex.borrowed(), zone.serial));
    let mut walk = Walk { snapshot, query, draw, trace, answer: Answer::new() };
    let mut at = At { zone, name: query.name };
    loop {
        match walk.step(at) {
            Next::Done => return walk.answer,
            Next::Fail(rcode, ede) => return Answer::fail(rcode, ede),
            Next::Follow(target) => match walk.follow(target) {
                Some(next) => at = next,
                None => return walk.answer,
            },
        }
    }
}

/// A name in no zone of ours: refused, unless the zone may be in a cluster that was not read yet.
fn outside<'a, T: Trace>(snapshot: &Snapshot, trace: &mut T) -> Answer<'a> {
    if snapshot.complete {
        trace.note(Step::NoZone);
        return Answer::fail(Rcode::Refused, Some(Ede::NotAuthoritative));
    }
    trace.note(Step::NotReady);
    Answer::fail(Rcode::ServFail, Some(Ede::NotReady))
}

/// A name, and the zone that holds it.
#[derive(Clone, Copy)]
struct At<'a> {
    zone: &'a Zone,
    name: NameRef<'a>,
}

/// What comes after one name was looked at.
enum Next<'a> {
    Done,
    Follow(NameRef<'a>),
    Fail(Rcode, Option<Ede>),
}

/// The walk along a chain of aliases.
struct Walk<'a, 'w, T> {
    snapshot: &'a Snapshot,
    query: &'w Query<'a>,
    draw: Draw,
    trace: &'w mut T,
    answer: Answer<'a>,
}

impl<'a, T: Trace> Walk<'a, '_, T> {
    fn step(&mut self, at: At<'a>) -> Next<'a> {
        let found = self.snapshot.lookup(at.zone, at.name);
        self.trace.note(Step::Name(at.name, kind_of(&found)));
        let apex = at.name == at.zone.apex.borrowed();
        match found {
            Lookup::Cut(owner, records) => self.cut(at, owner, records),
            Lookup::Found(records, _) => self.records(at, apex, records),
            Lookup::Empty => self.apex_or_nothing(at, apex),
            Lookup::Missing if apex => self.apex_or_nothing(at, apex),
            Lookup::Missing if self.snapshot.complete => {
                self.answer.rcode = Rcode::NxDomain;
                self.nothing(at.zone)
            }
            Lookup::Missing => {
                self.trace.note(Step::NotReady);
                Next::Fail(Rcode::ServFail, Some(Ede::NotReady))
            }
        }
    }

    /// The zone that an alias' target is in, unless the chain ends there.
    fn follow(&mut self, target: NameRef<'a>) -> Option<At<'a>> {
        let repeats = self.answer.answers.iter().any(|set| set.owner == target);
        if repeats || self.answer.answers.len() > CHAIN_MAX {
            self.trace.note(Step::ChainEnds(if repeats { "it is a circle" } else { "it is too long" }));
            self.answer.ede = Some(Ede::InvalidData);
            return None;
        }
        let zone = self.snapshot.zone_of(target);
        if zone.is_none() {
            self.trace.note(Step::ChainEnds("the target is in no zone of ours"));
        }
        Some(At { zone: zone?, name: target })
    }

    fn records(&mut self, at: At<'a>, apex: bool, records: &'a Records) -> Next<'a> {
        self.trace.note(Step::Owner(&records.owner, records.policy.name.as_ref()));
        let rtype = self.query.rtype;
        if apex && (rtype == RecordType::SOA || rtype == RecordType::NS) {
            return self.apex_or_nothing(at, apex);
        }
        if let Some((alias, why)) = self.snapshot.alias_of(records) {
            return self.alias(at, records, alias, why);
        }
        let wanted = match rtype {
            // One RRset is an answer to ANY (RFC 8482 section 4.1).
            RecordType::ANY => records.pools.first(),
            _ => records.pool(rtype).or_else(|| records.pool(RecordType::CNAME)),
        };
        let Some(pool) = wanted else {
            return self.apex_or_nothing(at, apex);
        };
        let place = select::Place { snapshot: self.snapshot, records, pool, owner: at.name };
        match place.select(self.query, &mut self.draw, &mut self.answer, self.trace) {
            select::Selected::Empty => self.nothing(at.zone),
            select::Selected::Refuse => Next::Fail(Rcode::Refused, None),
            select::Selected::Set(set) => self.set(set),
        }
    }

    /// Adds an RRset; goes on along it when it is an alias and something else was asked for.
    fn set(&mut self, set: RecordSet<'a>) -> Next<'a> {
        let alias = set.rtype == RecordType::CNAME
            && !matches!(self.query.rtype, RecordType::CNAME | RecordType::ANY);
        let target = self.answer.rdata(&set).next().and_then(|wire| NameRef::from_wire(wire).ok());
        self.push(set);
        match target {
            Some(target) if alias => {
                self.trace.note(Step::Alias(target, "its own"));
                Next::Follow(target)
            }
            _ => Next::Done,
        }
    }

    fn alias(&mut self, at: At<'a>, records: &Records, alias: &'a [Rdata; 1], why: &'static str) -> Next<'a> {
        let ttl = if records.offers.is_empty() { records.ttl } else { records.ttl.halved() };
        self.push(RecordSet::whole(at.name, RecordType::CNAME, ttl, alias));
        let target = alias.first().and_then(|rdata| rdata.target_name(RecordType::CNAME));
        match target {
            Some(target) => {
                self.trace.note(Step::Alias(target, why));
                match self.query.rtype {
                    RecordType::CNAME | RecordType::ANY => Next::Done,
                    _ => Next::Follow(target),
                }
            }
            None => Next::Done,
        }
    }

    /// SOA or NS of the apex where they are asked for, else no data.
    fn apex_or_nothing(&mut self, at: At<'a>, apex: bool) -> Next<'a> {
        let zone = at.zone;
        match self.query.rtype {
            RecordType::SOA | RecordType::ANY if apex => {
                self.push(RecordSet::whole(at.name, RecordType::SOA, zone.ttl, &zone.soa));
            }
            RecordType::NS if apex && !zone.name_servers.is_empty() => {
                self.push(RecordSet::whole(at.name, RecordType::NS, zone.ttl, &zone.name_servers));
                self.addresses(&zone.name_servers);
            }
            _ => return self.nothing(zone),
        }
        Next::Done
    }

    /// The SOA that goes with a negative answer (RFC 2308).
    fn nothing(&mut self, zone: &'a Zone) -> Next<'a> {
        let soa = RecordSet::whole(zone.apex.borrowed(), RecordType::SOA, zone.negative_ttl, &zone.soa);
        self.answer.authority = Some(soa);
        Next::Done
    }

    /// A delegation: no authority, its name servers, their addresses. The parent answers for DS at the cut.
    fn cut(&mut self, at: At<'a>, owner: NameRef<'a>, records: &'a Records) -> Next<'a> {
        if at.name == owner && self.query.rtype == RecordType::DS {
            return self.nothing(at.zone);
        }
        let Some(pool) = records.pool(RecordType::NS) else {
            return self.nothing(at.zone);
        };
        if self.answer.answers.is_empty() {
            self.answer.authoritative = false;
        }
        self.answer.referral = true;
        self.answer.authority = Some(RecordSet::whole(owner, RecordType::NS, pool.ttl, &pool.records));
        self.addresses(&pool.records);
        Next::Done
    }

    /// Addresses of name servers that we know, glue below a delegation included.
    fn addresses(&mut self, name_servers: &'a [Rdata]) {
        for name in name_servers.iter().filter_map(|ns| ns.target_name(RecordType::NS)) {
            let Some(records) = self.snapshot.records(name) else { continue };
            for rtype in [RecordType::A, RecordType::AAAA] {
                let Some(pool) = records.pool(rtype) else { continue };
                let set = RecordSet::whole(name, rtype, pool.ttl, &pool.records);
                // Above ADDITIONAL_MAX a resolver asks for the rest.
                let _ = self.answer.additional.try_push(set);
            }
        }
    }

    fn push(&mut self, set: RecordSet<'a>) {
        // `follow` stops before the room is full.
        let _ = self.answer.answers.try_push(set);
    }
}

fn kind_of(found: &Lookup<'_>) -> Match {
    match found {
        Lookup::Found(_, false) => Match::Exact,
        Lookup::Found(_, true) => Match::Wildcard,
        Lookup::Cut(..) => Match::Cut,
        Lookup::Empty => Match::Empty,
        Lookup::Missing => Match::Missing,
    }
}

#[cfg(test)]
mod tests;
