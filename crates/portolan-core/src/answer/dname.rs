//! The alias that a DNAME makes of a name below it (RFC 6672).
//!
//! That alias stands in no zone: it is made for the question, and the answer borrows it like all other
//! records. So there is room for the aliases of one answer, which whoever answers makes once and hands in
//! with each question; of most questions nothing is written there.

use core::fmt;

use crate::answer::CHAIN_MAX;
use crate::name::{NAME_OCTETS_MAX, NameRef};
use crate::record::{RecordType, Ttl};
use crate::rrset::{BEFORE_DATA_OCTETS, Rrset, before_data};

/// Octets of the longest rendered alias.
const ALIAS_OCTETS_MAX: usize = BEFORE_DATA_OCTETS + NAME_OCTETS_MAX;
/// Octets of all aliases of one answer: the last one of a chain that is too long is in it, and not followed.
const ALIASES_OCTETS: usize = (CHAIN_MAX + 1) * ALIAS_OCTETS_MAX;

/// Room for the aliases that DNAMEs make in one answer.
#[derive(Clone)]
pub struct AliasBuf([u8; ALIASES_OCTETS]);

impl AliasBuf {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; ALIASES_OCTETS])
    }

    /// All of it: what an answer before left there means nothing.
    #[inline]
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Default for AliasBuf {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AliasBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AliasBuf")
    }
}

/// The CNAME of a name below the owner of a DNAME, with that one's TTL (RFC 6672 section 3.1): the labels
/// before the owner, then the target. None when that is too long for a name (section 2.2).
pub(super) fn alias<'a>(
    room: &mut &'a mut [u8],
    name: NameRef<'_>,
    owner: NameRef<'_>,
    ttl: Ttl,
    target: NameRef<'_>,
) -> Option<Rrset<'a>> {
    let before = name.as_wire().len().checked_sub(owner.as_wire().len())?;
    let prefix = name.as_wire().get(..before)?;
    let octets = before + target.as_wire().len();
    if octets > NAME_OCTETS_MAX {
        return None;
    }
    // There is room for as many as a chain may have.
    let (record, rest) = core::mem::take(room).split_at_mut_checked(BEFORE_DATA_OCTETS + octets)?;
    *room = rest;
    let (head, data) = record.split_at_mut(BEFORE_DATA_OCTETS);
    head.copy_from_slice(&before_data(RecordType::CNAME, ttl, u16::try_from(octets).ok()?));
    let (front, back) = data.split_at_mut(before);
    front.copy_from_slice(prefix);
    back.copy_from_slice(target.as_wire());
    Some(Rrset { rtype: RecordType::CNAME, count: 1, width: 0, octets: record })
}
