//! A zone out of the messages of its transfer (AXFR, RFC 5936), whole or not at all.
//!
//! ```text
//!   SOA, records, records, ..., SOA      in as many messages as the server likes
//! ```
//!
//! It is whole when the SOA of its beginning has come again, and nothing behind it. What ends before that, or has a
//! record that is not the zone's, is an error: a plan out of half a list would make and take what it should not.

use std::collections::BTreeMap;

use domain::base::iana::{Class, Rtype};
use domain::base::name::{ParsedName, ToName as _};
use domain::base::rdata::ComposeRecordData as _;
use domain::base::{Message, ParsedRecord};
use domain::rdata::AllRecordData;
use portolan_core::plan::RecordSet;
use portolan_core::record::{Rdata, RecordType, Target, Ttl};
use portolan_core::{Name, Problem, Problems, Reason};

use super::update::is_the_servers;
use crate::provider::ProviderError;

/// Most records of a zone that are read.
pub const TRANSFER_RECORDS_MAX: usize = 4_000_000;
/// Most sets of a zone that cannot be read; above it the transfer is of no use.
pub const TRANSFER_BAD_MAX: usize = 10_000;
/// Most octets of a transfer: 1 GiB.
pub const TRANSFER_OCTETS_MAX: usize = 1024 * 1024 * 1024;

/// A zone that is on its way.
#[derive(Debug)]
pub(super) struct Transfer {
    zone: Name,
    soa: Option<Rdata>,
    is_whole: bool,
    octets: usize,
    /// Of most names there are two sets, one after the other, so they are put together in the end.
    records: Vec<Entry>,
    /// Sets with a record that could not be read.
    bad: BTreeMap<(Name, RecordType), String>,
}

/// One record.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    name: Name,
    rtype: RecordType,
    target: Target,
    ttl: Ttl,
}

impl Transfer {
    pub(super) fn new(zone: Name) -> Self {
        Self { zone, soa: None, is_whole: false, octets: 0, records: Vec::new(), bad: BTreeMap::new() }
    }

    /// True once the end has come.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// True once there was anything of it.
    pub(super) fn has_begun(&self) -> bool {
        self.octets > 0
    }

    /// Takes the next message.
    ///
    /// # Errors
    /// When it does not belong there; the transfer is of no use then.
    pub(super) fn take(&mut self, message: &Message<Vec<u8>>) -> Result<(), ProviderError> {
        self.take_records(message)
            .map_err(|rule| ProviderError::Unsound(format!("the transfer of the zone {} {rule}", self.zone)))
    }

    fn take_records(&mut self, message: &Message<Vec<u8>>) -> Result<(), String> {
        self.octets += message.as_slice().len();
        if self.octets > TRANSFER_OCTETS_MAX {
            return Err(format!("is longer than {TRANSFER_OCTETS_MAX} octets"));
        }
        let answer = message.answer().map_err(|error| format!("has a message that ends early: {error}"))?;
        let mut count = 0;
        for record in answer {
            let record = record.map_err(|error| format!("has a record that ends early: {error}"))?;
            self.take_record(&record)?;
            count += 1;
        }
        if count == 0 { Err("has a message without records".into()) } else { Ok(()) }
    }

    fn take_record(&mut self, record: &ParsedRecord<'_, Vec<u8>>) -> Result<(), String> {
        let name = self.name_of(record)?;
        if record.class() != Class::IN {
            return Err(format!("has a record of {name} in the class {}", record.class()));
        }
        if !name.borrowed().is_at_or_below(self.zone.borrowed()) {
            return Err(format!("has a record of {name}, which is not in it"));
        }
        if self.is_whole {
            return Err(format!("goes on behind its end, with {name}"));
        }
        let rtype = RecordType(record.rtype().to_int());
        let ttl = ttl_of(record.ttl().as_secs());
        if rtype == RecordType::SOA {
            return self.take_soa(name, data_of(record)?, ttl);
        }
        if self.soa.is_none() {
            return Err(format!("begins with {name} {rtype} and not with its SOA"));
        }
        if self.records.len() >= TRANSFER_RECORDS_MAX {
            return Err(format!("has more than {TRANSFER_RECORDS_MAX} records"));
        }
        if is_the_servers(rtype) {
            return Ok(());
        }
        match data_of(record).and_then(|data| target_of(rtype, data)) {
            Ok(target) => self.records.push(Entry { name, rtype, target, ttl }),
            Err(_) if self.bad.len() >= TRANSFER_BAD_MAX => {
                return Err(format!("has more than {TRANSFER_BAD_MAX} sets that cannot be read"));
            }
            Err(rule) => {
                self.bad.insert((name, rtype), rule);
            }
        }
        Ok(())
    }

    fn take_soa(&mut self, name: Name, data: Rdata, ttl: Ttl) -> Result<(), String> {
        if name != self.zone {
            return Err(format!("has an SOA at {name}"));
        }
        match &self.soa {
            None => {
                let target = Target::Record(RecordType::SOA, data.clone());
                self.records.push(Entry { name, rtype: RecordType::SOA, target, ttl });
                self.soa = Some(data);
            }
            Some(soa) if *soa == data => self.is_whole = true,
            Some(_) => {
                return Err("ends with another SOA than it began with: the zone changed meanwhile".into());
            }
        }
        Ok(())
    }

    /// Records of one name follow each other, and share it.
    fn name_of(&self, record: &ParsedRecord<'_, Vec<u8>>) -> Result<Name, String> {
        let name = Name::from_wire(record.owner().to_vec().as_slice());
        let name = name.map_err(|error| format!("has a name that {error}"))?;
        match self.records.last() {
            Some(last) if last.name == name => Ok(last.name.clone()),
            _ => Ok(name),
        }
    }

    /// Its sets, and what is wrong with others.
    pub(super) fn into_sets(mut self) -> (Vec<RecordSet>, Problems) {
        self.records.sort_unstable();
        let mut sets: Vec<RecordSet> = Vec::new();
        let mut targets: Vec<Target> = Vec::new();
        let mut records = self.records.into_iter().peekable();
        while let Some(Entry { name, rtype, target, mut ttl }) = records.next() {
            targets.push(target);
            while let Some(same) = records.next_if(|next| next.name == name && next.rtype == rtype) {
                // They should have one (RFC 2181 section 5.2).
                ttl = ttl.min(same.ttl);
                targets.push(same.target);
            }
            let targets = targets.drain(..).collect();
            if !self.bad.contains_key(&(name.clone(), rtype)) {
                sets.push(RecordSet::new(name, rtype, targets, Some(ttl)));
            }
        }
        let problem = |((name, rtype), message)| Problem {
            subject: format!("{name} {rtype}"),
            reason: Reason::Invalid,
            message,
            place: String::new(),
        };
        let mut problems = Problems::default();
        problems.extend(self.bad.into_iter().map(problem));
        (sets, problems)
    }
}

/// What is above the longest counts as none (RFC 2181 section 8).
fn ttl_of(seconds: u32) -> Ttl {
    const NONE: Ttl = Ttl::from_seconds(0).expect("0 is a TTL");
    Ttl::from_seconds(seconds).unwrap_or(NONE)
}

/// Data with its names whole and in lower case.
fn data_of(record: &ParsedRecord<'_, Vec<u8>>) -> Result<Rdata, String> {
    let parsed = record.to_any_record::<AllRecordData<_, ParsedName<_>>>();
    let parsed = parsed.map_err(|error| format!("has data that is not of its type: {error}"))?;
    let mut octets = Vec::with_capacity(usize::from(record.rdlen()));
    let composed = match parsed.data() {
        // What the library has no words for has no names that could be compressed (RFC 3597 section 4).
        AllRecordData::Unknown(unknown) => unknown.compose_rdata(&mut octets),
        data => data.compose_canonical_rdata(&mut octets),
    };
    composed.map_err(|error| format!("has data that is too long: {error}"))?;
    Rdata::from_wire(&octets).ok_or_else(|| "has data that is too long".to_owned())
}

fn target_of(rtype: RecordType, data: Rdata) -> Result<Target, String> {
    let wire = data.as_wire();
    let target = match Rtype::from_int(rtype.0) {
        Rtype::A => <[u8; 4]>::try_from(wire).ok().map(|octets| Target::Address(octets.into())),
        Rtype::AAAA => <[u8; 16]>::try_from(wire).ok().map(|octets| Target::Address(octets.into())),
        Rtype::CNAME => Name::from_wire(wire).ok().map(Target::Host),
        _ => Some(Target::Record(rtype, data)),
    };
    target.ok_or_else(|| "has data that is not of its type".to_owned())
}
