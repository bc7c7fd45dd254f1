//! One question, one answer.
//!
//! ```text
//!   query ─▶ zone ─▶ name ──┬─ cut ──────────▶ referral
//!              │      ▲     ├─ nothing ──────▶ NXDOMAIN, NODATA (SOA)
//!           REFUSED   │     ├─ below DNAME ──▶ YXDOMAIN, or the alias that it makes
//!                     │     └─ pools ─▶ locate ─▶ order ─▶ filter ─▶ pick ─▶ RRset
//!                     └──── alias (CNAME) ◀───┘         more than CHAIN_MAX: SERVFAIL
//! ```
//!
//! [`answer`] is the only way to decide: the server, `explain`, `endpoints` and every test call it.
//! What it returns borrows from the snapshot, from the question and from an [`AliasBuf`], in fixed room:
//! nothing is allocated. A [`Trace`] that is off costs nothing; one that is on sees each step.

use arrayvec::ArrayVec;
use core::net::IpAddr;

use crate::draw::Draw;
use crate::name::NameRef;
use crate::record::{RecordType, Ttl};
use crate::rrset::{Rrset, Short, data_of};
use crate::zone::{NAME_SERVERS_MAX, Snapshot};

mod dname;
mod project;
mod select;
mod trace;
mod walk;

pub use crate::zone::CHAIN_MAX;
pub use dname::AliasBuf;
pub use project::{Projected, candidates, project};
pub use trace::{Match, Member, Step, Trace};

use walk::Walk;

/// Most records that are picked for one answer, all sections together.
pub const PICKS_MAX: usize = 256;
/// Most RRsets in the answer section: aliases, each with the DNAME that made it, and what the last leads to.
pub const ANSWERS_MAX: usize = 2 * CHAIN_MAX + 2;
/// Most RRsets in the additional section: addresses of both families for each name server.
pub const ADDITIONAL_MAX: usize = 2 * NAME_SERVERS_MAX;

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
    /// The name that a DNAME leads to would be too long (RFC 6672 section 2.2).
    YxDomain = 6,
}

/// An extended error (RFC 8914).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ede {
    /// Not every cluster was read yet.
    NotReady = 14,
    /// No zone of ours holds the name.
    NotAuthoritative = 20,
    /// A chain of aliases is too long or a circle; or the zone's file was not wholly read, and may have what was
    /// asked for.
    InvalidData = 24,
}

/// An RRset of an answer. Its records are read by [`Answer::records`].
#[derive(Clone, Copy, Debug)]
pub struct RecordSet<'a> {
    /// The name that it stands at.
    pub owner: NameRef<'a>,
    /// Its TTL, which may be another than is rendered into the set.
    pub ttl: Ttl,
    /// All records that there are.
    pub set: Rrset<'a>,
    /// The data of its one record, where that is kept short.
    pub short: Option<&'a Short>,
    /// Where its picks stand in [`Answer`]; none: all records as they are.
    picks: Option<(u16, u16)>,
}

impl<'a> RecordSet<'a> {
    fn whole(owner: NameRef<'a>, ttl: Ttl, set: Rrset<'a>) -> Self {
        Self { owner, ttl, set, short: None, picks: None }
    }

    /// All records of a set, with the TTL that it has.
    fn as_kept(owner: NameRef<'a>, set: Rrset<'a>) -> Self {
        Self::whole(owner, Ttl::from_seconds(set.ttl()).unwrap_or(Ttl::MAX), set)
    }

    /// Its type.
    #[must_use]
    pub fn rtype(&self) -> RecordType {
        self.set.rtype
    }

    /// True when all records are in the answer, in the order in which they stand in the set.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.picks.is_none()
    }
}

/// What one client gets.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The name that was asked for.
    pub question: NameRef<'a>,
    /// The code.
    pub rcode: Rcode,
    /// Whether we have authority over the first name (RFC 1035: AA).
    pub authoritative: bool,
    /// The answer section, in order: aliases, then what they lead to.
    pub answers: ArrayVec<RecordSet<'a>, ANSWERS_MAX>,
    /// The authority section: an SOA or a referral's NS.
    pub authority: Option<RecordSet<'a>>,
    /// The additional section: addresses of name servers.
    pub additional: ArrayVec<RecordSet<'a>, ADDITIONAL_MAX>,
    /// True when the additional section is glue that a referral needs (RFC 9471: all or truncate).
    pub referral: bool,
    /// True when something is missing that must not be, for want of room: the reply is to say so (TC).
    pub cut: bool,
    /// The ECS scope: how wide around the client the same order of tiers holds (RFC 7871).
    pub scope: u8,
    /// Why, when something is amiss.
    pub ede: Option<Ede>,
    picks: ArrayVec<u16, PICKS_MAX>,
}

impl<'a> Answer<'a> {
    /// An empty one.
    #[must_use]
    #[inline]
    pub fn new(question: NameRef<'a>) -> Self {
        Self {
            question,
            rcode: Rcode::NoError,
            authoritative: true,
            answers: ArrayVec::new(),
            authority: None,
            additional: ArrayVec::new(),
            referral: false,
            cut: false,
            scope: 0,
            ede: None,
            picks: ArrayVec::new(),
        }
    }

    /// The rendered records of one of its sets, in the order drawn.
    #[inline]
    pub fn records<'s>(
        &'s self,
        set: &RecordSet<'a>,
    ) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a, 's> {
        let (start, count) = set.picks.map_or((0, set.set.count), |picks| picks);
        let (records, picked) = (set.set, set.picks.is_some());
        (0..usize::from(count)).map(move |i| {
            let index = match picked {
                true => self.picks.get(usize::from(start) + i).map_or(usize::MAX, |p| usize::from(*p)),
                false => i,
            };
            records.record(index)
        })
    }

    /// The data of the records of one of its sets, in the order drawn.
    pub fn rdata<'s>(&'s self, set: &RecordSet<'a>) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a, 's> {
        self.records(set).map(data_of)
    }

    fn fail(&mut self, rcode: Rcode, ede: Option<Ede>) {
        self.answers.clear();
        self.additional.clear();
        self.picks.clear();
        (self.rcode, self.authoritative, self.authority) = (rcode, false, None);
        (self.referral, self.cut, self.scope, self.ede) = (false, false, 0, ede);
    }
}

/// Answers one question. The whole of deciding; see the module's drawing. `aliases` is room that the answer
/// borrows from.
pub fn answer<'a, T: Trace>(
    snapshot: &'a Snapshot,
    query: &Query<'a>,
    draw: Draw,
    trace: &mut T,
    aliases: &'a mut AliasBuf,
) -> Answer<'a> {
    let mut answer = Answer::new(query.name);
    answer_into(snapshot, query, draw, trace, aliases, &mut answer);
    answer
}

/// Answers one question where the answer is wanted: it has room for a whole message, and moving it would
/// cost as much as making it. `answer` is a new one of the same question.
#[inline]
pub fn answer_into<'a, T: Trace>(
    snapshot: &'a Snapshot,
    query: &Query<'a>,
    draw: Draw,
    trace: &mut T,
    aliases: &'a mut AliasBuf,
    answer: &mut Answer<'a>,
) {
    Walk { snapshot, query, draw, trace, aliases: aliases.room(), answer }.go();
}

#[cfg(test)]
mod tests;
