//! The question as nearly all are: one, of class IN, with an OPT record behind it or nothing.
//!
//! What is of this form is read in one go; anything else is left to the reading of all forms, which would
//! come to the same (a property says so).

use portolan_core::RecordType;
use portolan_core::name::NameBuf;

use crate::decode::opt;
use crate::message::{CD, CLASS_IN, HEADER_OCTETS, OPCODE_MASK, OPCODE_SHIFT, QR, RD};
use crate::request::{Edns, Request};

/// Section counts of a question alone.
const ALONE: [u8; 8] = [0, 1, 0, 0, 0, 0, 0, 0];
/// Section counts of a question with one additional record.
const WITH_ONE: [u8; 8] = [0, 1, 0, 0, 0, 0, 0, 1];

/// Reads a packet of the plain form.
#[inline]
pub(super) fn decode(packet: &[u8], name: &mut NameBuf) -> Option<Request> {
    let (&[i1, i0, f1, f0, ref counts @ ..], body) = packet.split_first_chunk::<HEADER_OCTETS>()?;
    let flags = u16::from_be_bytes([f1, f0]);
    let with_one = *counts == WITH_ONE;
    if flags & (QR | OPCODE_MASK << OPCODE_SHIFT) != 0 || !(with_one || *counts == ALONE) {
        return None;
    }
    let octets = name.read(body).ok()?;
    let (&[t1, t0, c1, c0], rest) = body.get(octets..)?.split_first_chunk()?;
    let (rtype, class) = (RecordType(u16::from_be_bytes([t1, t0])), u16::from_be_bytes([c1, c0]));
    if class != CLASS_IN
        || matches!(rtype, RecordType::OPT | RecordType::NXNAME | RecordType::AXFR | RecordType::IXFR)
    {
        return None;
    }
    Some(Request {
        id: u16::from_be_bytes([i1, i0]),
        opcode: 0,
        recursion_desired: flags & RD != 0,
        checking_disabled: flags & CD != 0,
        rtype,
        class,
        edns: if with_one { Some(edns(rest)?) } else { None },
        // The longest question has NAME_OCTETS_MAX + 4 octets.
        question: u16::try_from(octets + 4).ok()?,
    })
}

/// An OPT record of version 0, with nothing behind it.
#[inline]
fn edns(octets: &[u8]) -> Option<Edns> {
    let (&[root, t1, t0, p1, p0, _code, version, f1, f0, l1, l0], options) = octets.split_first_chunk()?;
    let is_opt = (root, u16::from_be_bytes([t1, t0]), version) == (0, RecordType::OPT.0, 0);
    if !is_opt || options.len() != usize::from(u16::from_be_bytes([l1, l0])) {
        return None;
    }
    let payload = u16::from_be_bytes([p1, p0]);
    let dnssec_ok = opt::is_dnssec_ok([f1, f0]);
    let mut edns = Edns { payload, version, dnssec_ok, nsid: false, subnet: None };
    if !options.is_empty() {
        opt::options(options, &mut edns).ok()?;
    }
    Some(edns)
}
