//! A place in a packet that only moves forward.

use portolan_core::RecordType;
use portolan_core::name::{NAME_OCTETS_MAX, labels_octets};

use crate::message::{HEADER_OCTETS, POINTER};

/// The packet breaks the format's rules here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Octets of a record between its owner and its data: type, class, TTL, length.
pub(super) const FIXED_OCTETS: usize = 10;

/// A packet, and how far it was read.
pub(super) struct Reader<'p> {
    packet: &'p [u8],
    at: usize,
}

/// A record as far as anybody here wants to know.
pub(super) struct Record<'p> {
    /// Whether its owner is the root, written out.
    pub(super) at_root: bool,
    pub(super) rtype: RecordType,
    /// OPT keeps the payload size here.
    pub(super) class: u16,
    /// OPT keeps code, version and flags here.
    pub(super) ttl: [u8; 4],
    pub(super) rdata: &'p [u8],
}

impl<'p> Reader<'p> {
    pub(super) fn new(packet: &'p [u8]) -> Self {
        Self { packet, at: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.packet.len()
    }

    pub(super) fn number(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(super) fn octets(&mut self, count: usize) -> Result<&'p [u8], Malformed> {
        let octets = self.packet.get(self.at..).and_then(|rest| rest.get(..count)).ok_or(Malformed)?;
        self.at += count;
        Ok(octets)
    }

    /// What was not read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'p [u8] {
        self.packet.get(self.at..).unwrap_or_default()
    }

    /// Walks over a question that nobody answers.
    pub(super) fn skip_question(&mut self) -> Result<(), Malformed> {
        self.walk_name()?;
        self.array::<4>().map(drop)
    }

    #[inline]
    pub(super) fn record(&mut self) -> Result<Record<'p>, Malformed> {
        let at_root = self.rest().first() == Some(&0);
        if at_root {
            self.at += 1;
        } else {
            self.walk_name()?;
        }
        let [t1, t0, c1, c0, a, b, c, d, l1, l0] = self.array::<FIXED_OCTETS>()?;
        let len = usize::from(u16::from_be_bytes([l1, l0]));
        let (rtype, class) = (u16::from_be_bytes([t1, t0]), u16::from_be_bytes([c1, c0]));
        let rdata = self.octets(len)?;
        Ok(Record { at_root, rtype: RecordType(rtype), class, ttl: [a, b, c, d], rdata })
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let octets = self.packet.get(self.at..).and_then(|rest| rest.first_chunk()).ok_or(Malformed)?;
        self.at += N;
        Ok(*octets)
    }

    /// Walks over a name, as far as it is written out here: at most 255 octets.
    pub(super) fn walk_name(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        let octets = labels_octets(self.rest());
        self.at += octets;
        if octets < NAME_OCTETS_MAX && self.rest().first() == Some(&0) {
            self.at += 1;
            return Ok(());
        }
        let target = self.number()?;
        let is_pointer = octets <= NAME_OCTETS_MAX && target & POINTER == POINTER;
        let is_backwards = (HEADER_OCTETS..start).contains(&usize::from(target & !POINTER));
        if is_pointer && is_backwards { Ok(()) } else { Err(Malformed) }
    }
}
