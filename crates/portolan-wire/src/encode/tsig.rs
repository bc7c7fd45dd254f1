//! The TSIG record of a refusal: unsigned, and says that we have no such key (RFC 8945 sections 5.2.1 and 5.3.2).

use portolan_core::RecordType;

use crate::decode::Tsig;
use crate::encode::writer::{Full, Writer};
use crate::message::CLASS_ANY;

/// We have no such key (RFC 8945 section 3).
const BAD_KEY: u16 = 17;
/// Octets behind the fudge: lengths of the signature and of other data, the original number, the error.
const NUMBERS_OCTETS: usize = 8;

/// Writes it behind all other records. `id` is the number of the message. When it does not fit, none of it stays.
pub(super) fn write(tsig: &Tsig<'_>, id: u16, writer: &mut Writer<'_>) -> Result<(), Full> {
    let mark = writer.mark();
    let written = put(tsig, id, writer);
    if written.is_err() {
        writer.rewind(mark);
    }
    written
}

fn put(tsig: &Tsig<'_>, id: u16, writer: &mut Writer<'_>) -> Result<(), Full> {
    writer.put(tsig.key)?;
    writer.number(RecordType::TSIG.0)?;
    writer.number(CLASS_ANY)?;
    writer.put(&[0; 4])?;
    writer.number(u16::try_from(tsig.head.len() + NUMBERS_OCTETS).map_err(|_| Full)?)?;
    // The time is the question's: nothing is signed that could be judged by ours.
    writer.put(tsig.head)?;
    [0, id, BAD_KEY, 0].into_iter().try_for_each(|number| writer.number(number))
}
