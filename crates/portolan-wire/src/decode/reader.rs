//! A place in a packet that only moves forward.

use portolan_core::RecordType;
use portolan_core::name::{LABEL_OCTETS_MAX, NAME_OCTETS_MAX};

use crate::message::HEADER_OCTETS;

/// The packet breaks the format's rules here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The top two bits of a label's length that make it a pointer (RFC 1035 section 4.1.4).
const POINTER: u8 = 0xc0;

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

    pub(super) fn octets(&mut self, count: usize) -> Result<&'p [u8], Malformed> {
        let octets = self.packet.get(self.at..).and_then(|rest| rest.get(..count)).ok_or(Malformed)?;
        self.at += count;
        Ok(octets)
    }

    /// The bytes of a name without pointers, its root included.
    pub(super) fn plain_name(&mut self) -> Result<&'p [u8], Malformed> {
        let start = self.at;
        match self.walk_name()? {
            NameEnd::Root => self.packet.get(start..self.at).ok_or(Malformed),
            NameEnd::Pointer => Err(Malformed),
        }
    }

    /// Walks over a question that nobody answers.
    pub(super) fn skip_question(&mut self) -> Result<(), Malformed> {
        self.walk_name()?;
        self.array::<4>().map(drop)
    }

    pub(super) fn record(&mut self) -> Result<Record<'p>, Malformed> {
        let start = self.at;
        let end = self.walk_name()?;
        let at_root = end == NameEnd::Root && self.at == start + 1;
        let rtype = RecordType(self.number()?);
        let class = self.number()?;
        let ttl = self.array()?;
        let len = self.number()?;
        Ok(Record { at_root, rtype, class, ttl, rdata: self.octets(usize::from(len))? })
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let octets = self.octets(N)?;
        octets.try_into().map_err(|_| Malformed)
    }

    /// Walks over a name, as far as it is written out here: at most 255 octets.
    fn walk_name(&mut self) -> Result<NameEnd, Malformed> {
        let start = self.at;
        loop {
            let [len] = self.array()?;
            if len & POINTER == POINTER {
                let [low] = self.array()?;
                let target = usize::from(u16::from_be_bytes([len & !POINTER, low]));
                return if (HEADER_OCTETS..start).contains(&target) {
                    Ok(NameEnd::Pointer)
                } else {
                    Err(Malformed)
                };
            }
            if usize::from(len) > LABEL_OCTETS_MAX {
                return Err(Malformed);
            }
            self.octets(usize::from(len))?;
            if self.at - start > NAME_OCTETS_MAX {
                return Err(Malformed);
            }
            if len == 0 {
                return Ok(NameEnd::Root);
            }
        }
    }
}

/// How a name ends where it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameEnd {
    Root,
    Pointer,
}
