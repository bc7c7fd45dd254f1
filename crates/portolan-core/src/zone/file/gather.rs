//! Records in the order of a file, owner by owner.
//!
//! Reading is done by several threads, each with a [`Gather`] of its own: records of one owner that
//! follow each other are one run of octets.
//!
//! ```text
//!   run:     its length · owner's length · owner · records…
//!   record:  type · TTL · length · data
//! ```

use alloc::vec::Vec;

use crate::name::NameRef;
use crate::record::{RecordType, Ttl};

/// Octets of a record in a run before its data: type, TTL, length.
const RECORD_HEAD_OCTETS: usize = 8;
/// Octets of a run before its owner: its own length, the owner's.
const RUN_HEAD_OCTETS: usize = 5;

/// Records in the order of a file, as one thread reads them.
#[derive(Debug, Default)]
pub struct Gather {
    octets: Vec<u8>,
    /// Where the current run begins.
    run: usize,
    owner: Option<usize>,
    /// How many runs there are.
    pub(super) count: usize,
}

impl Gather {
    /// One that is empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a record. `data` is in wire form, its names written out, of at most 65,535 octets.
    pub fn add(&mut self, owner: NameRef<'_>, rtype: RecordType, ttl: Ttl, data: &[u8]) {
        let wire = owner.as_wire();
        let same = self.owner.is_some_and(|at| self.octets.get(at..at + wire.len()) == Some(wire));
        // The root's octet ends a name, so one that begins like another is not taken for it.
        if !same {
            self.end_run();
            self.run = self.octets.len();
            self.octets.extend_from_slice(&[0; RUN_HEAD_OCTETS - 1]);
            self.octets.push(u8::try_from(wire.len()).unwrap_or(u8::MAX));
            self.owner = Some(self.octets.len());
            self.octets.extend_from_slice(wire);
            self.count += 1;
        }
        self.octets.extend_from_slice(&rtype.0.to_be_bytes());
        self.octets.extend_from_slice(&ttl.seconds().to_be_bytes());
        let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
        self.octets.extend_from_slice(&length.to_be_bytes());
        self.octets.extend_from_slice(data.get(..usize::from(length)).unwrap_or_default());
    }

    /// Writes the length of the last run, which is known when there is no more.
    pub(super) fn end_run(&mut self) {
        let length = u32::try_from(self.octets.len() - self.run).unwrap_or(u32::MAX);
        if let Some(head) = self.octets.get_mut(self.run..).and_then(|run| run.first_chunk_mut()) {
            *head = length.to_le_bytes();
        }
    }

    /// The runs: each an owner, and the records behind it.
    pub(super) fn runs(&self) -> impl Iterator<Item = (NameRef<'_>, &[u8])> {
        let mut rest = &self.octets[..];
        core::iter::from_fn(move || {
            let length = usize::try_from(u32::from_le_bytes(*rest.first_chunk()?)).ok()?;
            let (run, tail) = rest.split_at_checked(length)?;
            rest = tail;
            let (&owner, run) = run.get(RUN_HEAD_OCTETS - 1..)?.split_first()?;
            let (owner, records) = run.split_at_checked(usize::from(owner))?;
            Some((NameRef::trusted(owner), records))
        })
    }
}

/// A record on its way into a node.
#[derive(Clone, Copy)]
pub(super) struct Loose<'r> {
    pub(super) rtype: RecordType,
    pub(super) ttl: Ttl,
    pub(super) data: &'r [u8],
}

/// The records of a run.
#[derive(Clone)]
pub(super) struct Run<'r> {
    rest: &'r [u8],
}

pub(super) fn loose(rest: &[u8]) -> Run<'_> {
    Run { rest }
}

impl<'r> Iterator for Run<'r> {
    type Item = Loose<'r>;

    fn next(&mut self) -> Option<Loose<'r>> {
        let (head, tail) = self.rest.split_first_chunk::<RECORD_HEAD_OCTETS>()?;
        let [t1, t0, s3, s2, s1, s0, l1, l0] = *head;
        let (data, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes([l1, l0])))?;
        self.rest = tail;
        let ttl = Ttl::from_seconds(u32::from_be_bytes([s3, s2, s1, s0])).unwrap_or(Ttl::MAX);
        Some(Loose { rtype: RecordType(u16::from_be_bytes([t1, t0])), ttl, data })
    }
}

/// True of the records of one set, of a type without rules of its own.
pub(super) fn is_plain(records: &[u8]) -> bool {
    loose(records).next().is_some_and(|first| {
        !matches!(first.rtype, RecordType::SOA | RecordType::CNAME | RecordType::DNAME)
            && loose(records).all(|record| record.rtype == first.rtype)
    })
}
