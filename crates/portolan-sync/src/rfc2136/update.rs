//! A step as demands and deeds: what must be so at the server, and what is done then.
//!
//! | of a step | demanded | done |
//! | --- | --- | --- |
//! | sets that it saw | each is there with exactly those records | |
//! | a name at which it saw nothing | is not in use | |
//! | a type that comes | is not there | each record is added |
//! | anything that comes beside other sets | there is no alias | |
//! | an alias that comes where other sets were | none of [`BESIDE`] is there but what was seen | |
//! | a set that changes | | goes whole, and its records come anew |
//! | a set that goes | | goes whole |
//! | a mark that comes | its name has no alias, and no text but those seen | |
//!
//! What goes stands before what comes, because a server passes over an alias that would stand beside other records, and
//! over those that would stand beside an alias (RFC 2136 section 3.4.2.2); people who ask see the name before or behind the
//! message. A set goes whole even when one record of it changes: PowerDNS passes over the removal of a record whose names it
//! has in another case, and since exactly these records were demanded, nothing goes that should stay.
//!
//! What a server maintains itself (the SOA, signatures) is neither demanded nor done, and TTLs cannot be demanded.

use std::collections::BTreeSet;

use portolan_core::name::Name;
use portolan_core::plan::{Act, RecordSet};
use portolan_core::record::{RecordType, Target, Ttl};
use portolan_core::registry::Text;

use super::memory::{Memory, Zones};
use super::message::{Deed, Demand};
use crate::provider::{Edit, Step};

/// Types that are demanded not to be there before an alias takes the place of others: those that people publish.
const BESIDE: [RecordType; 15] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CAA,
    RecordType::DNAME,
    RecordType::DS,
    RecordType::HTTPS,
    RecordType::MX,
    RecordType::NAPTR,
    RecordType::NS,
    RecordType::PTR,
    RecordType::SRV,
    RecordType::SSHFP,
    RecordType::SVCB,
    RecordType::TLSA,
    RecordType::TXT,
];

/// A step on its way into a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) demands: BTreeSet<Demand>,
    pub(super) deeds: Vec<Deed>,
}

impl Draft {
    /// What it takes of a message.
    pub(super) fn octets(&self) -> usize {
        let demands: usize = self.demands.iter().map(Demand::octets).sum();
        demands + self.deeds.iter().map(Deed::octets).sum::<usize>()
    }

    /// The names at which something is done.
    pub(super) fn names(&self) -> BTreeSet<Name> {
        self.deeds.iter().map(|deed| deed.name().clone()).collect()
    }
}

/// Makes a draft of a step.
///
/// # Errors
/// The rule that keeps such a step from being done at all.
pub(super) fn draft(step: &Step, zones: &Zones, memory: &Memory) -> Result<Draft, String> {
    let drafting = Drafting { step, edits: step.edits(), zones };
    for edit in &drafting.edits {
        drafting.admit(edit)?;
    }
    drafting.admit_alias()?;
    let mut marks = step.texts.iter().filter_map(|text| match text {
        Text::Put { name, .. } => Some(name),
        Text::Remove { .. } => None,
    });
    if let Some(mark) = marks.find(|mark| memory.is_alias(mark)) {
        return Err(format!("its mark {mark} cannot be made: an alias stands there"));
    }
    Ok(Draft { demands: drafting.demands(), deeds: drafting.deeds() })
}

/// The zone of a step.
///
/// # Errors
/// Why there is none: the name, or that of a mark, is in none, or they are not in one.
pub(super) fn zone_of<'z>(step: &Step, zones: &'z Zones) -> Result<&'z Name, String> {
    let name = &step.change.name;
    let Some(zone) = zones.of(name.borrowed()) else {
        return Err(format!("{name} is in none of the zones that are given"));
    };
    match step.names().into_iter().find(|mark| zones.of(mark.borrowed()) != Some(zone)) {
        None => Ok(zone),
        Some(mark) => Err(format!(
            "its mark {mark} is not in the zone {zone}, and one message changes one zone; a prefix of marks that ends with \
             a dot, such as \"%{{record_type}}-mark.\", keeps it there"
        )),
    }
}

/// True of types that a server makes itself.
pub(super) fn is_the_servers(rtype: RecordType) -> bool {
    /// How BIND notes what it has yet to sign.
    const PRIVATE: RecordType = RecordType(65_534);
    matches!(
        rtype,
        RecordType::SOA
            | RecordType::RRSIG
            | RecordType::NSEC
            | RecordType::NSEC3
            | RecordType::NSEC3PARAM
            | RecordType::DNSKEY
            | RecordType::CDS
            | RecordType::CDNSKEY
            | RecordType::ZONEMD
            | PRIVATE
    )
}

struct Drafting<'d> {
    step: &'d Step,
    edits: Vec<Edit>,
    zones: &'d Zones,
}

impl Drafting<'_> {
    fn name(&self) -> &Name {
        &self.step.change.name
    }

    fn is_apex(&self) -> bool {
        self.zones.of(self.name().borrowed()) == Some(self.name())
    }

    /// The sets of the name that were seen, without the server's own.
    fn seen(&self) -> impl Iterator<Item = &RecordSet> {
        let sets = self.step.seen.iter().map(|(set, _)| set);
        sets.filter(|set| set.name == *self.name() && !is_the_servers(set.rtype))
    }

    /// The types that come to the name.
    fn comes(&self) -> BTreeSet<RecordType> {
        let comes = self.edits.iter().filter(|edit| edit.old.is_none());
        let sets = comes.filter_map(|edit| edit.new.as_ref());
        sets.filter(|set| set.name == *self.name()).map(|set| set.rtype).collect()
    }

    // --- what cannot be

    fn admit(&self, edit: &Edit) -> Result<(), String> {
        let Some(set) = edit.set() else { return Ok(()) };
        if !set.identifier.is_empty() {
            return Err(format!("{set}: such a DNS has no set identifiers"));
        }
        if is_the_servers(set.rtype) || set.rtype.is_meta() {
            return Err(format!("{set} is made by the server itself"));
        }
        if set.rtype == RecordType::NS && edit.new.is_none() && self.is_apex() {
            return Err(format!("{set}: a zone keeps its name servers"));
        }
        let mut targets = edit.new.iter().flat_map(|new| &new.targets);
        match targets.find(|target| target.record_type() != set.rtype) {
            Some(target) => Err(format!("{set}: {target} is no record of the type")),
            None => Ok(()),
        }
    }

    /// A server passes over an alias that would stand beside other records, and says that all is done.
    fn admit_alias(&self) -> Result<(), String> {
        let mut types = self.comes();
        let goes = |set: &&RecordSet| {
            let is_of =
                |edit: &&Edit| edit.set().is_some_and(|of| of.name == set.name && of.rtype == set.rtype);
            self.edits.iter().find(is_of).is_some_and(|edit| edit.new.is_none())
        };
        types.extend(self.seen().filter(|set| !goes(set)).map(|set| set.rtype));
        let stays = types.iter().find(|rtype| **rtype != RecordType::CNAME);
        match stays.filter(|_| types.contains(&RecordType::CNAME)) {
            Some(rtype) => {
                Err(format!("an alias stands alone, and {} {rtype} is there, as a mark perhaps", self.name()))
            }
            None => Ok(()),
        }
    }

    // --- what must be so

    fn demands(&self) -> BTreeSet<Demand> {
        let sets = self.step.seen.iter().map(|(set, _)| set).filter(|set| !is_the_servers(set.rtype));
        let mut demands: BTreeSet<Demand> = sets.flat_map(holds).collect();
        for text in &self.step.texts {
            let (Text::Put { name, .. } | Text::Remove { name, .. }) = text;
            let is_seen =
                self.step.seen.iter().any(|(set, _)| set.name == *name && set.rtype == RecordType::TXT);
            if !is_seen {
                demands.insert(Demand::NoSet(name.clone(), RecordType::TXT));
                demands.insert(Demand::NoSet(name.clone(), RecordType::CNAME));
            }
        }
        let comes = self.comes();
        if comes.is_empty() {
            return demands;
        }
        let name = self.name();
        if self.seen().next().is_none() {
            demands.retain(|demand| !matches!(demand, Demand::NoSet(of, _) if of == name));
            demands.insert(Demand::NotInUse(name.clone()));
            return demands;
        }
        let mut absent: BTreeSet<RecordType> = comes.clone();
        absent.insert(RecordType::CNAME);
        if comes.contains(&RecordType::CNAME) {
            absent.extend(BESIDE);
        }
        let seen: BTreeSet<RecordType> = self.seen().map(|set| set.rtype).collect();
        demands.extend(absent.difference(&seen).map(|rtype| Demand::NoSet(name.clone(), *rtype)));
        demands
    }

    // --- what is done

    fn deeds(&self) -> Vec<Deed> {
        let (mut goes, mut comes) = (Vec::new(), Vec::new());
        for edit in &self.edits {
            let old = edit.old.as_ref().map(|(set, _)| set);
            if let (Some(old), Some(new)) = (old, &edit.new)
                && old.rtype == RecordType::NS
                && self.is_apex()
            {
                goes.extend(self.name_servers(old, new));
                continue;
            }
            goes.extend(old.map(|old| Deed::DropSet(old.name.clone(), old.rtype)));
            if let Some(new) = &edit.new {
                let ttl = self.ttl(new, old.and_then(|old| old.ttl));
                comes.extend(new.targets.iter().map(add_of(new, ttl)));
            }
        }
        goes.extend(comes);
        goes
    }

    /// A zone's name servers come before others go, one by one: a server passes over what would take the last
    /// (RFC 2136 section 3.4.2.4).
    fn name_servers(&self, old: &RecordSet, new: &RecordSet) -> Vec<Deed> {
        let comes = new.targets.iter().map(add_of(new, self.ttl(new, old.ttl)));
        let gone = old.targets.iter().filter(|target| !new.targets.contains(target));
        comes.chain(gone.map(|target| Deed::Drop(old.name.clone(), old.rtype, target.rdata()))).collect()
    }

    /// The TTL that a set is to have: the one named; that which it had; that of the set that its mark is about.
    fn ttl(&self, set: &RecordSet, before: Option<Ttl>) -> Ttl {
        let about = || {
            self.step.change.acts.iter().find_map(|act| match act {
                Act::Create(new) | Act::Update { new, .. } => new.set.named_ttl(),
                Act::Delete(_) => None,
            })
        };
        let is_mark = set.rtype == RecordType::TXT;
        set.named_ttl().or(before).or_else(|| about().filter(|_| is_mark)).unwrap_or(Ttl::DEFAULT)
    }
}

fn holds(set: &RecordSet) -> impl Iterator<Item = Demand> + '_ {
    set.targets.iter().map(|target| Demand::Holds(set.name.clone(), set.rtype, target.rdata()))
}

fn add_of(set: &RecordSet, ttl: Ttl) -> impl Fn(&Target) -> Deed + '_ {
    move |target| Deed::Add(set.name.clone(), set.rtype, ttl, target.rdata())
}
