//! The signature of a question (RFC 8945 section 4.2).
//!
//! We have no keys, so nothing of it is checked but its form: what is read is what the refusal repeats.

use portolan_core::name::LABEL_OCTETS_MAX;

use crate::decode::reader::{FIXED_OCTETS, Malformed, Reader, Record};
use crate::decode::{Header, RECORDS_MAX};
use crate::message::{CLASS_ANY, HEADER_OCTETS};

/// Octets of time and fudge behind the algorithm.
const TIMES_OCTETS: usize = 8;
/// Octets of the original number and the error behind the signature.
const NUMBERS_OCTETS: usize = 4;

/// What a refusal repeats of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tsig<'p> {
    /// The key's name as it stands in the packet. A pointer at its end leads into the question, which a reply has in
    /// the same place.
    pub(crate) key: &'p [u8],
    /// The algorithm's name, the time and the fudge.
    pub(crate) head: &'p [u8],
}

/// That of a packet whose last record was found to be one; none where its name cannot be repeated as it stands.
pub(crate) fn of(packet: &[u8]) -> Option<Tsig<'_>> {
    let mut reader = Reader::new(packet);
    let header = Header::read(&mut reader).ok()?;
    reader.skip_question().ok()?;
    for _ in 1..header.records().min(u32::from(RECORDS_MAX)) {
        reader.record().ok()?;
    }
    let begin = reader.position();
    let record = reader.record().ok()?;
    let end = reader.position().checked_sub(record.rdata.len() + FIXED_OCTETS)?;
    let key = packet.get(begin..end).filter(|key| is_repeatable(packet, key))?;
    Some(Tsig { key, head: head(&record).ok()? })
}

/// Reads its data; what stands before the signature.
pub(super) fn head<'p>(record: &Record<'p>) -> Result<&'p [u8], Malformed> {
    let mut reader = Reader::new(record.rdata);
    // A pointer would lead nowhere: the name is written out.
    reader.walk_name()?;
    reader.octets(TIMES_OCTETS)?;
    let head = record.rdata.get(..reader.position()).ok_or(Malformed)?;
    let octets = reader.number()?;
    reader.octets(usize::from(octets) + NUMBERS_OCTETS)?;
    let octets = reader.number()?;
    reader.octets(usize::from(octets))?;
    if record.class == CLASS_ANY && reader.is_empty() { Ok(head) } else { Err(Malformed) }
}

/// True of a name that ends by itself, or in a pointer to where a label of the question begins.
fn is_repeatable(packet: &[u8], name: &[u8]) -> bool {
    let mut rest = name;
    while let Some((&len, after)) = rest.split_first().filter(|(len, _)| **len > 0) {
        if usize::from(len) > LABEL_OCTETS_MAX {
            let place = after.first().map(|low| usize::from(u16::from_be_bytes([len & 0x3f, *low])));
            return place.is_some_and(|place| is_label_of_question(packet, place));
        }
        rest = after.get(usize::from(len)..).unwrap_or_default();
    }
    true
}

fn is_label_of_question(packet: &[u8], place: usize) -> bool {
    let mut at = HEADER_OCTETS;
    while at < place {
        match packet.get(at) {
            Some(&len @ 1..) => at += usize::from(len) + 1,
            _ => return false,
        }
    }
    at == place
}
