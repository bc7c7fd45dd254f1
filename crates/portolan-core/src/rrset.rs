//! RRsets, rendered as they go on the wire.
//!
//! A set is read by every question that hits it and made once, so its records stand as a reply has
//! them: owner, type, class, TTL, length and data, one after the other. The owner is a pointer to the
//! question's name ([`OWNER`]), which is what most answers begin with; a set whose owner stands elsewhere
//! in a reply is copied behind its owner. Names in the data are written out; whoever compresses them
//! reads the data alone.
//!
//! ```text
//!   C0 0C | type | class IN | TTL | length | data     × count; for A and AAAA all of one width
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use arrayvec::ArrayVec;

use crate::name::NameRef;
use crate::record::{Rdata, RecordType, Ttl};

/// The owner of a rendered record: a pointer to the name behind a message's header (RFC 1035 section 4.1.4).
pub const OWNER: [u8; 2] = [0xc0, 12];
/// Octets of a rendered record before its data.
pub const BEFORE_DATA_OCTETS: usize = 12;
/// Where a rendered record has its TTL.
pub const TTL_AT: usize = 6;

/// Most records of one set, which counts them in 16 bits as a message does (RFC 1035 section 4.1.1).
pub const RECORDS_MAX: usize = u16::MAX as usize;

/// The class IN (RFC 1035 section 3.2.4), the only one there is here.
const CLASS_IN: u16 = 1;

/// An RRset that is borrowed from where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rrset<'a> {
    /// Its type.
    pub rtype: RecordType,
    /// How many records it has.
    pub count: u16,
    /// Octets of each rendered record where all have the same, else 0.
    pub(crate) width: u16,
    /// All records, rendered.
    pub(crate) octets: &'a [u8],
}

impl<'a> Rrset<'a> {
    /// All records, rendered, with the owner [`OWNER`].
    #[must_use]
    pub fn rendered(&self) -> &'a [u8] {
        self.octets
    }

    /// The TTL that is rendered into it.
    #[must_use]
    pub fn ttl(&self) -> u32 {
        self.octets
            .get(TTL_AT..)
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |ttl| u32::from_be_bytes(*ttl))
    }

    /// One record, rendered; empty when there is none of that number. What has one width is found at once.
    #[must_use]
    #[inline]
    pub fn record(&self, index: usize) -> &'a [u8] {
        if self.width > 0 {
            let width = usize::from(self.width);
            return self.octets.get(index * width..(index + 1) * width).unwrap_or_default();
        }
        self.records().nth(index).unwrap_or_default()
    }

    /// The records, rendered, one after the other.
    #[must_use]
    pub fn records(&self) -> Records<'a> {
        Records::of(self.octets)
    }

    /// The data of the records.
    pub fn data(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.records().map(data_of)
    }
}

/// The data of a rendered record.
#[must_use]
#[inline]
pub fn data_of(record: &[u8]) -> &[u8] {
    record.get(BEFORE_DATA_OCTETS..).unwrap_or_default()
}

/// The rendered records of a set.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    /// Those of rendered octets.
    pub(crate) fn of(rendered: &'a [u8]) -> Self {
        Self { rest: rendered }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length =
            self.rest.get(BEFORE_DATA_OCTETS - 2..)?.first_chunk().map(|l| u16::from_be_bytes(*l))?;
        let (record, rest) = self.rest.split_at_checked(BEFORE_DATA_OCTETS + usize::from(length))?;
        self.rest = rest;
        Some(record)
    }
}

/// An RRset that owns its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RrsetBuf {
    rtype: RecordType,
    count: u16,
    width: u16,
    octets: Box<[u8]>,
}

impl RrsetBuf {
    /// Renders records, in this order; of more than [`RECORDS_MAX`] the first.
    #[must_use]
    pub fn new<'r>(rtype: RecordType, ttl: Ttl, records: impl IntoIterator<Item = &'r [u8]>) -> Self {
        let records = records.into_iter().take(RECORDS_MAX);
        // All there are of addresses.
        let mut octets = Vec::with_capacity(records.size_hint().0 * usize::from(width_of(rtype)));
        let mut count = 0;
        for data in records {
            render(&mut octets, rtype, ttl, data);
            count += 1;
        }
        Self { rtype, count, width: width_of(rtype), octets: octets.into() }
    }

    /// A set of one record.
    #[must_use]
    pub fn of_one(rtype: RecordType, ttl: Ttl, data: &Rdata) -> Self {
        Self::new(rtype, ttl, [data.as_wire()])
    }

    /// The borrowed form, which has the methods.
    #[must_use]
    #[inline]
    pub fn borrowed(&self) -> Rrset<'_> {
        Rrset { rtype: self.rtype, count: self.count, width: self.width, octets: &self.octets }
    }
}

/// The data of a record with its owner's name left out of the names that end in it: what is written when
/// the owner stands in the reply already. So are negative answers, with their zone's SOA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    /// The data; two octets stand where a pointer to the owner belongs.
    pub octets: Box<[u8]>,
    /// Where those are.
    pub pointers: ArrayVec<u16, NAMES_MAX>,
    /// The labels before the owner's in its names, which a reply may have elsewhere too.
    pub before: ArrayVec<u16, NAMES_MAX>,
}

/// Names in the data of a record that is kept short: an SOA has two.
const NAMES_MAX: usize = 2;

impl Short {
    /// That of an SOA (RFC 1035 section 3.3.13).
    #[must_use]
    pub fn of_soa(owner: NameRef<'_>, data: &[u8]) -> Option<Self> {
        let mut short = Self { octets: Box::default(), pointers: ArrayVec::new(), before: ArrayVec::new() };
        let (mut octets, mut rest) = (Vec::new(), data);
        for _ in 0..NAMES_MAX {
            let (name, tail) = NameRef::split_first(rest)?;
            rest = tail;
            if !name.is_at_or_below(owner) {
                octets.extend_from_slice(name.as_wire());
                continue;
            }
            let begin = octets.len();
            let own = name.as_wire().len() - owner.as_wire().len();
            octets.extend_from_slice(name.as_wire().get(..own)?);
            let last = name.suffixes().take_while(|suffix| *suffix != owner).last();
            if let Some(last) = last {
                short
                    .before
                    .try_push(u16::try_from(begin + name.as_wire().len() - last.as_wire().len()).ok()?)
                    .ok()?;
            }
            short.pointers.try_push(u16::try_from(octets.len()).ok()?).ok()?;
            octets.extend_from_slice(&[0; 2]);
        }
        octets.extend_from_slice(rest);
        short.octets = octets.into();
        Some(short)
    }

    /// True when one of its names goes on before the owner with this label, its length in front.
    #[must_use]
    #[inline]
    pub fn has_before(&self, label: &[u8]) -> bool {
        self.before
            .iter()
            .any(|at| self.octets.get(usize::from(*at)..).is_some_and(|rest| rest.starts_with(label)))
    }
}

/// Octets of a rendered record of a type whose data has one length, else 0.
pub(crate) fn width_of(rtype: RecordType) -> u16 {
    match rtype {
        RecordType::A => 16,
        RecordType::AAAA => 28,
        _ => 0,
    }
}

/// Appends one rendered record.
pub(crate) fn render(octets: &mut Vec<u8>, rtype: RecordType, ttl: Ttl, data: &[u8]) {
    // `Rdata` holds no more than fits.
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    octets.extend_from_slice(&before_data(rtype, ttl, length));
    octets.extend_from_slice(data);
}

/// What stands in a rendered record before data of so many octets.
pub(crate) fn before_data(rtype: RecordType, ttl: Ttl, length: u16) -> [u8; BEFORE_DATA_OCTETS] {
    let [o1, o0] = OWNER;
    let [t1, t0] = rtype.0.to_be_bytes();
    let [c1, c0] = CLASS_IN.to_be_bytes();
    let [s3, s2, s1, s0] = ttl.seconds().to_be_bytes();
    let [l1, l0] = length.to_be_bytes();
    [o1, o0, t1, t0, c1, c0, s3, s2, s1, s0, l1, l0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_again() {
        let ttl = Ttl::from_seconds(300).unwrap();
        let addresses: [&[u8]; 2] = [&[192, 0, 2, 1], &[192, 0, 2, 2]];
        let set = RrsetBuf::new(RecordType::A, ttl, addresses);
        let set = set.borrowed();
        assert_eq!((set.count, set.ttl()), (2, 300));
        assert_eq!(set.record(1), [0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 2]);
        assert_eq!(set.record(2), [0; 0]);
        assert_eq!(set.data().collect::<Vec<_>>(), addresses);

        let texts: [&[u8]; 2] = [b"\x01a", b"\x02bc"];
        let set = RrsetBuf::new(RecordType::TXT, ttl, texts);
        assert_eq!(data_of(set.borrowed().record(1)), b"\x02bc");
        assert_eq!(set.borrowed().record(2), [0; 0]);
    }
}
