//! The walk from a question's name along its aliases to what stands at their end.

use crate::answer::{
    Answer, CHAIN_MAX, Draw, Ede, Match, Query, Rcode, RecordSet, Step, Trace, project, select,
};
use crate::name::NameRef;
use crate::record::{Rdata, RecordType};
use crate::zone::{Lookup, Records, Snapshot, Zone};

/// A name, and the zone that holds it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) zone: &'a Zone,
    pub(super) name: NameRef<'a>,
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
    pub(super) answer: Answer<'a>,
}

impl<'a, T: Trace> Walk<'a, '_, T> {
    /// Walks to the end.
    pub(super) fn from(mut self, mut at: At<'a>) -> Answer<'a> {
        loop {
            match self.step(at) {
                Next::Done => return self.answer,
                Next::Fail(rcode, ede) => return Answer::fail(rcode, ede),
                Next::Follow(target) => match self.follow(target) {
                    Some(next) => at = next,
                    None => return self.answer,
                },
            }
        }
    }

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
        let up = self.snapshot.up(records);
        if let Some((alias, why)) = project::alias_of(records, &up) {
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
        let place = select::Place { snapshot: self.snapshot, records, pool, owner: at.name, up };
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
