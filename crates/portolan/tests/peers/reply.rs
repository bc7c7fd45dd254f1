//! Replies in a form that can be compared: sets of records, names in lower case and written out.

use std::collections::BTreeSet;
use std::fmt;

use portolan_core::record::Present;
use portolan_core::{Name, RecordType};

/// One record: owner, type, TTL, data with its names in lower case and written out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) owner: Name,
    pub(crate) rtype: RecordType,
    pub(crate) ttl: u32,
    pub(crate) data: Vec<u8>,
}

/// A reply. All but `truncated` are of the whole one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) rcode: u8,
    pub(crate) is_authoritative: bool,
    pub(crate) answer: BTreeSet<Record>,
    pub(crate) authority: BTreeSet<Record>,
    pub(crate) additional: BTreeSet<Record>,
    /// True when a record stands twice in a section.
    pub(crate) repeats: bool,
    /// TC, over UDP.
    pub(crate) truncated: bool,
    /// How long the whole reply is.
    pub(crate) whole_octets: usize,
}

impl Reply {
    /// Of the reply over UDP and the one over TCP.
    pub(crate) fn new(cut: &[u8], whole: &[u8]) -> Self {
        let mut reader = Reader { packet: whole, at: 12 };
        let count = |at: usize| usize::from(u16::from_be_bytes([whole[at], whole[at + 1]]));
        for _ in 0..count(4) {
            reader.name();
            reader.at += 4;
        }
        let mut repeats = false;
        let mut section = |records: usize| -> BTreeSet<Record> {
            let set: BTreeSet<Record> = (0..records).map(|_| reader.record()).collect();
            repeats |= set.len() < records;
            set
        };
        let answer = section(count(6));
        let authority = section(count(8));
        let mut additional = section(count(10));
        additional.retain(|record| record.rtype != RecordType::OPT);
        Self {
            rcode: whole[3] & 15,
            is_authoritative: whole[2] & 4 != 0,
            answer,
            authority,
            additional,
            repeats,
            truncated: cut[2] & 2 != 0,
            whole_octets: whole.len(),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aa = if self.is_authoritative { " aa" } else { "" };
        let tc = if self.truncated { " tc" } else { "" };
        writeln!(f, "  rcode {}{aa}{tc}, {} octets", self.rcode, self.whole_octets)?;
        let sections =
            [("answer", &self.answer), ("authority", &self.authority), ("additional", &self.additional)];
        for (section, records) in sections {
            for Record { owner, rtype, ttl, data } in records {
                writeln!(f, "  {section}: {owner} {ttl} {rtype} {}", Present(*rtype, data))?;
            }
        }
        Ok(())
    }
}

struct Reader<'p> {
    packet: &'p [u8],
    at: usize,
}

impl Reader<'_> {
    /// A name in lower case, its pointers followed.
    fn name(&mut self) -> Name {
        let mut labels = Vec::new();
        let mut at = self.at;
        let mut end = None;
        loop {
            let length = usize::from(self.packet[at]);
            if length >= 192 {
                end.get_or_insert(at + 2);
                let target = (length & 63) << 8 | usize::from(self.packet[at + 1]);
                assert!(target < at, "pointers point back");
                at = target;
            } else if length == 0 {
                self.at = end.unwrap_or(at + 1);
                return Name::from_labels(labels).unwrap();
            } else {
                labels.push(&self.packet[at + 1..=at + length]);
                at += length + 1;
            }
        }
    }

    fn number(&mut self) -> u16 {
        let number = u16::from_be_bytes([self.packet[self.at], self.packet[self.at + 1]]);
        self.at += 2;
        number
    }

    fn record(&mut self) -> Record {
        let owner = self.name();
        let rtype = RecordType(self.number());
        self.number();
        let ttl = u32::from(self.number()) << 16 | u32::from(self.number());
        let length = usize::from(self.number());
        let end = self.at + length;
        let mut data = Vec::new();
        let (before, names) = names_in(rtype);
        if rtype == RecordType::NAPTR {
            self.copy(4, &mut data);
            for _ in 0..3 {
                self.copy(1 + usize::from(self.packet[self.at]), &mut data);
            }
        } else {
            self.copy(before.min(length), &mut data);
        }
        for _ in 0..names {
            data.extend_from_slice(self.name().as_wire());
        }
        self.copy(end - self.at, &mut data);
        Record { owner, rtype, ttl, data }
    }

    fn copy(&mut self, octets: usize, data: &mut Vec<u8>) {
        data.extend_from_slice(&self.packet[self.at..self.at + octets]);
        self.at += octets;
    }
}

/// Octets before the names in a type's data, and how many names there are.
fn names_in(rtype: RecordType) -> (usize, usize) {
    match rtype {
        RecordType::NS | RecordType::CNAME | RecordType::PTR | RecordType::DNAME => (0, 1),
        RecordType::SOA | RecordType::RP => (0, 2),
        RecordType::MX | RecordType::AFSDB | RecordType::RT | RecordType::KX => (2, 1),
        RecordType::SVCB | RecordType::HTTPS => (2, 1),
        RecordType::SRV => (6, 1),
        RecordType::NAPTR => (4, 1),
        _ => (0, 0),
    }
}
