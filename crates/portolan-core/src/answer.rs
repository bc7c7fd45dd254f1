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
use crate::zone::{Snapshot, Zone};

mod project;
mod select;
mod trace;
mod walk;

pub use crate::zone::CHAIN_MAX;
pub use project::{Projected, project};
pub use trace::{Match, Member, Step, Trace};

use walk::{At, Walk};

/// Most records that are picked for one answer, all sections together.
pub const PICKS_MAX: usize = 256;
/// Most RRsets in the additional section: addresses of both families for sixteen name servers.
pub const ADDITIONAL_MAX: usize = 32;

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
    let Some(zone) = zone_for(snapshot, query) else {
        return outside(snapshot, trace);
    };
    trace.note(Step::Zone(zone.apex.borrowed(), zone.serial));
    let walk = Walk { snapshot, query, draw, trace, answer: Answer::new() };
    walk.from(At { zone, name: query.name })
}

/// The zone that answers: of a DS record at an apex the one above, where that is ours too (RFC 4035 section
/// 3.1.4.1).
fn zone_for<'a>(snapshot: &'a Snapshot, query: &Query<'_>) -> Option<&'a Zone> {
    let zone = snapshot.zone_of(query.name)?;
    if query.rtype != RecordType::DS || query.name != zone.apex.borrowed() {
        return Some(zone);
    }
    let above = query.name.parent().and_then(|parent| snapshot.zone_of(parent));
    Some(above.unwrap_or(zone))
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

#[cfg(test)]
mod tests;
