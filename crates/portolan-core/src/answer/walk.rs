//! The walk from a question's name along its aliases to what stands at their end.

use crate::answer::{
    Answer, CHAIN_MAX, Ede, Match, Query, Rcode, RecordSet, Step, Trace, dname, project, select,
};
use crate::draw::Draw;
use crate::name::{NameRef, Suffixes};
use crate::record::RecordType;
use crate::rrset::Rrset;
use crate::zone::file::FileNode;
use crate::zone::{Lookup, Records, Snapshot, Stored, Zone};

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
pub(super) struct Walk<'a, 'w, T> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) query: &'w Query<'a>,
    pub(super) draw: Draw,
    pub(super) trace: &'w mut T,
    /// What is left of the room for aliases that DNAMEs make.
    pub(super) aliases: &'a mut [u8],
    pub(super) answer: &'w mut Answer<'a>,
}

impl<'a, T: Trace> Walk<'a, '_, T> {
    /// Walks to the end.
    #[inline]
    pub(super) fn go(mut self) {
        let suffixes = self.snapshot.suffixes(self.query.name);
        let Some(zone) = self.zone_of(self.query.name, &suffixes) else {
            return self.outside();
        };
        self.trace.note(Step::Zone(zone.apex.borrowed(), zone.serial));
        let mut next = self.step(At { zone, name: self.query.name }, &suffixes);
        loop {
            next = match next {
                Next::Done => return,
                Next::Fail(rcode, ede) => return self.answer.fail(rcode, ede),
                Next::Follow(target) => self.follow(target),
            };
        }
    }

    /// The zone that answers: of a DS record at an apex the one above, where that is ours too (RFC 4035
    /// section 3.1.4.1).
    #[inline]
    fn zone_of(&self, name: NameRef<'a>, suffixes: &Suffixes<'a>) -> Option<&'a Zone> {
        let zone = self.snapshot.zone_among(suffixes, 0)?;
        if self.query.rtype != RecordType::DS || name != zone.apex.borrowed() {
            return Some(zone);
        }
        Some(self.snapshot.zone_among(suffixes, 1).unwrap_or(zone))
    }

    /// A name in no zone of ours: refused, unless the zone may be in a cluster that was not read yet.
    fn outside(self) {
        if self.snapshot.complete {
            self.trace.note(Step::NoZone);
            return self.answer.fail(Rcode::Refused, Some(Ede::NotAuthoritative));
        }
        self.trace.note(Step::NotReady);
        self.answer.fail(Rcode::ServFail, Some(Ede::NotReady));
    }

    #[inline]
    fn step(&mut self, at: At<'a>, suffixes: &Suffixes<'a>) -> Next<'a> {
        let found = self.snapshot.lookup(at.zone, suffixes);
        self.trace.note(Step::Name(at.name, kind_of(&found)));
        let apex = at.name == at.zone.apex.borrowed();
        match self.with_own_ds(at, found) {
            Lookup::Found(Stored::Fleet(records), _) => self.records(at, apex, records),
            Lookup::Found(Stored::File(node), _) => self.file(at, apex, node),
            Lookup::Cut(owner, stored, name_servers) => self.cut(at, owner, stored, name_servers),
            Lookup::Empty => self.apex_or_nothing(at, apex),
            Lookup::Redirected(owner, dname) => self.redirected(at, owner, dname),
            Lookup::Missing if apex => self.apex_or_nothing(at, apex),
            // Not even in a zone that only a file has as yet: the fleet that was not read may have names in it.
            Lookup::Missing if self.snapshot.complete && at.zone.is_whole => {
                self.answer.rcode = Rcode::NxDomain;
                self.nothing(at.zone)
            }
            Lookup::Missing => self.unknown(),
        }
    }

    /// What was not read may have what is asked for: that is no denial.
    #[cold]
    fn unknown(&mut self) -> Next<'a> {
        let (step, ede) = match self.snapshot.complete {
            true => (Step::NotWhole, Ede::InvalidData),
            false => (Step::NotReady, Ede::NotReady),
        };
        self.trace.note(step);
        Next::Fail(Rcode::ServFail, Some(ede))
    }

    /// A delegation of the fleet whose DS is asked for: that stands on this side of it, as any set does.
    #[inline]
    fn with_own_ds<'q>(&self, at: At<'a>, found: Lookup<'a, 'q>) -> Lookup<'a, 'q> {
        match found {
            Lookup::Cut(owner, stored @ Stored::Fleet(records), _)
                if self.query.rtype == RecordType::DS
                    && at.name == owner
                    && records.pool(RecordType::DS).is_some() =>
            {
                Lookup::Found(stored, false)
            }
            found => found,
        }
    }

    /// Looks at an alias' target, unless the chain ends there.
    fn follow(&mut self, target: NameRef<'a>) -> Next<'a> {
        let aliases = || self.answer.answers.iter().filter(|set| set.rtype() == RecordType::CNAME);
        let repeats = aliases().any(|alias| alias.owner == target);
        if repeats || aliases().count() > CHAIN_MAX {
            self.trace.note(Step::ChainEnds(if repeats { "it is a circle" } else { "it is too long" }));
            if !repeats {
                return Next::Fail(Rcode::ServFail, Some(Ede::InvalidData));
            }
            self.answer.ede = Some(Ede::InvalidData);
            return self.circle(target);
        }
        let suffixes = self.snapshot.suffixes(target);
        match self.zone_of(target, &suffixes) {
            Some(zone) => self.step(At { zone, name: target }, &suffixes),
            None => {
                self.trace.note(Step::ChainEnds("the target is in no zone of ours"));
                Next::Done
            }
        }
    }

    /// A chain that came by a name again. Of the fleet's there is nothing to answer (faults.md B-39); a zone file's stands
    /// as it was written.
    #[cold]
    fn circle(&mut self, target: NameRef<'a>) -> Next<'a> {
        let suffixes = self.snapshot.suffixes(self.query.name);
        match (self.snapshot.stored(target), self.zone_of(self.query.name, &suffixes)) {
            (Some(Stored::Fleet(_)), Some(zone)) => {
                self.answer.answers.clear();
                self.nothing(zone)
            }
            _ => Next::Done,
        }
    }

    #[inline]
    fn records(&mut self, at: At<'a>, apex: bool, records: &'a Records) -> Next<'a> {
        self.trace.note(Step::Steered(records.policy().name.as_ref()));
        let rtype = self.query.rtype;
        if apex && (rtype == RecordType::SOA || rtype == RecordType::NS) {
            return self.sure_apex_or_nothing(at, apex);
        }
        let up = self.snapshot.up(records);
        if let Some((alias, why)) = project::alias_of(records, &up) {
            return self.alias(at, records, alias, why);
        }
        let wanted = match rtype {
            // One RRset is an answer to ANY (RFC 8482 section 4.1).
            RecordType::ANY => records.pools().first(),
            _ => records.pool(rtype).or_else(|| records.pool(RecordType::CNAME)),
        };
        let Some(pool) = wanted else {
            // A name of the fleet hides what a file may have there.
            return self.sure_apex_or_nothing(at, apex);
        };
        let of_pool = if pool.form().whole { None } else { Some(up.of(pool.offers())) };
        let up = of_pool.as_ref().unwrap_or(&up);
        let place = select::Place { snapshot: self.snapshot, records, pool, owner: at.name, up };
        match place.select(self.query, &mut self.draw, self.answer, self.trace) {
            select::Selected::Empty => self.nothing(at.zone),
            select::Selected::Refuse => Next::Fail(Rcode::Refused, None),
            select::Selected::Set(set) => self.set(set),
        }
    }

    /// What a zone file has at a name: all of a set, in the file's order.
    #[inline]
    fn file(&mut self, at: At<'a>, apex: bool, node: FileNode<'a>) -> Next<'a> {
        let rtype = self.query.rtype;
        let found = match rtype {
            // The fleet's word on the apex counts before the file's.
            RecordType::NS if apex && at.zone.name_servers.is_some() => None,
            RecordType::ANY if apex && at.zone.name_servers.is_some() => {
                node.sets().find(|set| set.rtype != RecordType::NS)
            }
            RecordType::ANY => node.sets().next(),
            _ => node.set(rtype).or_else(|| node.set(RecordType::CNAME)),
        };
        self.trace.note(Step::File(node, found.is_some()));
        match found {
            Some(set) => {
                let next = self.set(RecordSet::as_kept(at.name, set));
                if rtype == RecordType::NS && apex {
                    self.addresses(set, |_| true);
                }
                next
            }
            None => self.apex_or_nothing(at, apex),
        }
    }

    /// Adds an RRset; goes on along it when it is an alias and something else was asked for.
    #[inline]
    fn set(&mut self, set: RecordSet<'a>) -> Next<'a> {
        let alias = set.rtype() == RecordType::CNAME
            && !matches!(self.query.rtype, RecordType::CNAME | RecordType::ANY);
        self.push(set);
        if !alias {
            return Next::Done;
        }
        match self.answer.rdata(&set).next().and_then(|wire| NameRef::from_wire(wire).ok()) {
            Some(target) => {
                self.trace.note(Step::Alias(target, "its own"));
                Next::Follow(target)
            }
            None => Next::Done,
        }
    }

    /// A name below a DNAME: that record, and the alias that it makes (RFC 6672 section 3.2).
    #[cold]
    fn redirected(&mut self, at: At<'a>, owner: NameRef<'a>, dname: Rrset<'a>) -> Next<'a> {
        self.trace.note(Step::Redirected(owner));
        let dname = RecordSet::as_kept(owner, dname);
        // A chain may come by one again, and a record stands once in an answer (RFC 2181 section 5).
        let is_there = |set: &RecordSet<'_>| set.rtype() == RecordType::DNAME && set.owner == owner;
        if !self.answer.answers.iter().any(is_there) {
            self.push(dname);
        }
        let target = dname.set.data().next().and_then(|wire| NameRef::from_wire(wire).ok());
        let alias = target.and_then(|to| dname::alias(&mut self.aliases, at.name, owner, dname.ttl, to));
        match alias {
            Some(alias) => self.lead(RecordSet::as_kept(at.name, alias), "the DNAME makes it"),
            None => {
                self.trace.note(Step::ChainEnds("the name that the DNAME leads to is too long"));
                self.answer.rcode = Rcode::YxDomain;
                Next::Done
            }
        }
    }

    fn alias(&mut self, at: At<'a>, records: &Records, alias: Rrset<'a>, why: &'static str) -> Next<'a> {
        let ttl = if records.offers().is_empty() { records.ttl() } else { records.ttl().halved() };
        self.lead(RecordSet::whole(at.name, ttl, alias), why)
    }

    /// Adds an alias, and goes on along it unless it is all that was asked for.
    fn lead(&mut self, alias: RecordSet<'a>, why: &'static str) -> Next<'a> {
        self.push(alias);
        let Some(target) = alias.set.data().next().and_then(|wire| NameRef::from_wire(wire).ok()) else {
            return Next::Done;
        };
        self.trace.note(Step::Alias(target, why));
        match self.query.rtype {
            RecordType::CNAME | RecordType::ANY => Next::Done,
            _ => Next::Follow(target),
        }
    }

    /// SOA or NS of the apex where they are asked for, else no data; that only where it is sure that there is none.
    #[inline(always)]
    fn apex_or_nothing(&mut self, at: At<'a>, apex: bool) -> Next<'a> {
        if at.zone.is_whole { self.sure_apex_or_nothing(at, apex) } else { self.apex_or_unknown(at, apex) }
    }

    #[inline(always)]
    fn sure_apex_or_nothing(&mut self, at: At<'a>, apex: bool) -> Next<'a> {
        let zone = at.zone;
        match (self.query.rtype, &zone.name_servers) {
            (RecordType::SOA | RecordType::ANY, _) if apex => {
                self.push(RecordSet::as_kept(at.name, zone.soa.borrowed()));
            }
            (RecordType::NS, Some(name_servers)) if apex && name_servers.borrowed().count > 0 => {
                self.push(RecordSet::as_kept(at.name, name_servers.borrowed()));
                self.addresses(name_servers.borrowed(), |_| true);
            }
            _ => return self.nothing(zone),
        }
        Next::Done
    }

    /// The same where the file was not wholly read: what there is of the two, and nothing is denied.
    #[cold]
    fn apex_or_unknown(&mut self, at: At<'a>, apex: bool) -> Next<'a> {
        let has_soa = at.zone.soa.borrowed().count > 0;
        let servers = at.zone.name_servers.as_ref().is_some_and(|set| set.borrowed().count > 0);
        match self.query.rtype {
            RecordType::SOA | RecordType::ANY if apex && has_soa => self.sure_apex_or_nothing(at, apex),
            RecordType::NS if apex && servers => self.sure_apex_or_nothing(at, apex),
            _ => self.unknown(),
        }
    }

    /// The SOA that goes with a negative answer (RFC 2308).
    #[inline(always)]
    fn nothing(&mut self, zone: &'a Zone) -> Next<'a> {
        let soa = RecordSet::whole(zone.apex.borrowed(), zone.negative_ttl, zone.soa.borrowed());
        self.answer.authority = Some(RecordSet { short: zone.soa_short.as_deref(), ..soa });
        Next::Done
    }

    /// A delegation: no authority, its name servers, their addresses. The parent answers for DS at the cut.
    fn cut(
        &mut self,
        at: At<'a>,
        owner: NameRef<'a>,
        stored: Stored<'a>,
        name_servers: Rrset<'a>,
    ) -> Next<'a> {
        if at.name == owner && self.query.rtype == RecordType::DS {
            return match stored {
                Stored::File(node) => match node.set(RecordType::DS) {
                    Some(set) => self.set(RecordSet::as_kept(at.name, set)),
                    None if at.zone.is_whole => self.nothing(at.zone),
                    None => self.unknown(),
                },
                // What the fleet has of it was found as any set is.
                Stored::Fleet(_) => self.nothing(at.zone),
            };
        }
        if self.answer.answers.is_empty() {
            self.answer.authoritative = false;
        }
        self.answer.referral = true;
        self.answer.authority = Some(RecordSet::as_kept(owner, name_servers));
        // Of name servers inside the delegated zone all, or the referral is cut (RFC 9471 section 3.1); what room
        // is left is for the others (section 3.2).
        self.answer.cut |= !self.addresses(name_servers, |name| name.is_at_or_below(owner));
        self.addresses(name_servers, |name| !name.is_at_or_below(owner));
        Next::Done
    }

    /// Addresses of those name servers that are wanted, as far as we know them, glue below a delegation included.
    /// False when there was no room for all: who gave so many name servers was told.
    fn addresses(&mut self, name_servers: Rrset<'a>, is_wanted: impl Fn(NameRef<'a>) -> bool) -> bool {
        let names = name_servers.data().filter_map(|wire| NameRef::from_wire(wire).ok());
        for name in names.filter(|name| is_wanted(*name)) {
            let Some(stored) = self.snapshot.stored(name) else { continue };
            for rtype in [RecordType::A, RecordType::AAAA] {
                let set = match stored {
                    Stored::Fleet(records) => records.pool(rtype).map(|pool| pool.set.borrowed()),
                    Stored::File(node) => node.set(rtype),
                };
                let Some(set) = set else { continue };
                if self.answer.additional.try_push(RecordSet::as_kept(name, set)).is_err() {
                    return false;
                }
            }
        }
        true
    }

    #[inline]
    fn push(&mut self, set: RecordSet<'a>) {
        // `follow` stops before the room is full.
        let _ = self.answer.answers.try_push(set);
    }
}

fn kind_of(found: &Lookup<'_, '_>) -> Match {
    match found {
        Lookup::Found(_, false) => Match::Exact,
        Lookup::Found(_, true) => Match::Wildcard,
        Lookup::Cut(..) => Match::Cut,
        Lookup::Redirected(..) => Match::Redirected,
        Lookup::Empty => Match::Empty,
        Lookup::Missing => Match::Missing,
    }
}
