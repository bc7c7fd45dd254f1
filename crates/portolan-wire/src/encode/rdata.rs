//! A record's data, with the names in it that may be compressed.

use portolan_core::RecordType;
use portolan_core::name::NameRef;

use crate::encode::writer::{Full, Writer};

/// Where names stand that every reader knows to be there (RFC 3597 section 4: the types of RFC 1035).
struct Shape {
    /// Octets before them.
    before: usize,
    names: usize,
}

impl Shape {
    #[inline]
    fn of(rtype: RecordType) -> Self {
        match rtype {
            RecordType::CNAME | RecordType::NS | RecordType::PTR => Self { before: 0, names: 1 },
            RecordType::MX => Self { before: 2, names: 1 },
            RecordType::SOA => Self { before: 0, names: 2 },
            _ => Self { before: 0, names: 0 },
        }
    }
}

/// True when there are names to compress in the data of a type.
#[inline]
pub(super) fn has_names(rtype: RecordType) -> bool {
    Shape::of(rtype).names > 0
}

/// Writes the length and the data.
pub(super) fn write(writer: &mut Writer<'_>, rtype: RecordType, data: &[u8]) -> Result<(), Full> {
    let start = writer.position();
    writer.number(0)?;
    let shape = Shape::of(rtype);
    let (before, mut rest) = data.split_at_checked(shape.before).unwrap_or((&[], data));
    writer.put(before)?;
    for _ in 0..shape.names {
        let Some((name, tail)) = NameRef::split_first(rest) else { break };
        writer.name(name)?;
        rest = tail;
    }
    // What is not of its type's form goes out as it is.
    writer.put(rest)?;
    let octets = writer.position() - start - 2;
    writer.patch_numbers(start, &[u16::try_from(octets).map_err(|_| Full)?]);
    Ok(())
}
