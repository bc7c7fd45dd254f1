//! Bytes to a request.
//!
//! What is asked of a packet, in this order; the first that fails decides:
//!
//! | the packet | what comes of it | why |
//! | --- | --- | --- |
//! | has fewer than 12 octets, or QR set | dropped | nobody could match a reply, or a reply to a reply loops |
//! | has another opcode than QUERY (NOTIFY, UPDATE too) | NOTIMP | RFC 8906 section 3.1.4, whatever else is in it; the question is echoed and OPT answered when they parse |
//! | has no question, or more than one | FORMERR, no question in the reply | RFC 9619; none goes only with a cookie (RFC 7873), which we do not do; what follows is read for OPT, which is answered when it can be read (RFC 6891 section 7) |
//! | has a question name with a pointer, a label type above 63, or over 255 octets | FORMERR, no question in the reply | nothing stands before it that it could point at |
//! | has counts above its content, or a record that ends early | FORMERR | nothing of it can be trusted |
//! | has more than [`RECORDS_MAX`] records behind its question, or more than [`OPTIONS_MAX`] options | FORMERR, with a plain OPT where one was read by then | no question has, and what is not read costs nothing |
//! | has records in answer or authority | they are walked over and not read | an IXFR question has an SOA there; of the others nothing could change an answer |
//! | has octets behind its last record | they are not read | they are of no section, so no reader could take them for something else |
//! | has OPT twice, outside the additional section, not at the root, or with an option past its end | FORMERR, with a plain OPT | RFC 6891 sections 6.1.1 and 7; without OPT the client would take us for a server without EDNS |
//! | has EDNS version 1 or above | BADVERS | RFC 6891 section 6.1.3; its options are not read |
//! | has a malformed client subnet (length, prefix, a scope, bits behind the prefix), or two | FORMERR | RFC 7871 section 6 |
//! | has a client subnet of another family than IPv4 and IPv6 | that option is passed over, and not in the reply | as if we did not know the option: nothing of it could be used |
//! | has a cookie of a length that none has | FORMERR | RFC 7873 section 5.2.2 |
//! | has unknown options, a cookie, keepalive, padding, Z bits | they are passed over, and not in the reply | RFC 6891 section 6.1.2, RFC 8906 section 3.2 |
//! | has TSIG twice, before another record or outside the additional section, or a malformed one | FORMERR | RFC 8945 section 5.1 |
//! | has TSIG | NOTAUTH, with an unsigned TSIG that says BADKEY | RFC 8945 section 5.2.1: we have no keys, and an unsigned answer would be thrown away |
//! | has SIG(0) | passed over, the reply is unsigned | RFC 2931 section 3.3: who does not know it ignores it |
//! | asks for type OPT | FORMERR | RFC 6891 section 6.1.1: it is no data |
//! | asks for type NXNAME | FORMERR, with the extended error 30 | RFC 9824 section 3.5: it stands in proofs alone |
//! | asks for TXT or ANY of `id.server` or `hostname.bind` in class CH | what this server calls itself | RFC 4892: the same as NSID, for who has no EDNS |
//! | asks for another class than IN (CH, NONE, ANY too) | REFUSED | we have no such zone |
//! | asks for AXFR or IXFR | REFUSED | nobody may transfer a zone (RFC 5936 section 5) |
//! | asks for any other type: 0, 65535, TSIG, TKEY, MAILB… | a query: the core has no such data | RFC 8906 section 3.1.2: unknown types are NODATA, not errors |
//!
//! Names of records that are not read are walked over label by label; a pointer ends them and must
//! point backwards, but is not followed. So a packet costs a step an octet of a few records, whatever is
//! in it and however long it is.

use portolan_core::RecordType;
use portolan_core::name::NameBuf;

use crate::message::{
    CD, CLASS_CH, CLASS_IN, HEADER_OCTETS, OPCODE_MASK, OPCODE_QUERY, OPCODE_SHIFT, QR, RD,
};
use crate::request::{Edns, ErrorCode, Request};

mod opt;
mod plain;
mod reader;
mod tsig;

pub(crate) use tsig::{Tsig, of as tsig_of};

use reader::{Malformed, Reader};

/// Most records that a question may have behind it: IXFR's SOA (RFC 1995 section 3), OPT, and a signature.
pub const RECORDS_MAX: u16 = 3;
/// Most questions that are walked over for the OPT record behind them: more than one is an error already.
const QUESTIONS_WALKED_MAX: u16 = 4;
/// The names that a server answers for itself.
const IDENTITIES: [&[u8]; 2] = [b"\x02id\x06server\0", b"\x08hostname\x04bind\0"];

pub use opt::OPTIONS_MAX;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A question; its name is in the buffer.
    Query(Request),
    /// What this server calls itself is asked for; the reply is made by [`encode_identity`](crate::encode_identity).
    Identity(Request),
    /// An error is due, made by [`encode_error`](crate::encode_error).
    Error(Request, ErrorCode),
    /// No reply is due.
    Drop(DropReason),
}

/// Why a packet gets no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// It is shorter than a header.
    Short,
    /// It is a response itself.
    Response,
}

/// Reads a packet; the question's name goes to `name`, lower case.
#[must_use]
#[inline]
pub fn decode(packet: &[u8], name: &mut NameBuf) -> Decoded {
    match plain::decode(packet, name) {
        Some(request) => Decoded::Query(request),
        None => decode_any(packet, name),
    }
}

/// Reads a packet of whatever form.
pub(crate) fn decode_any(packet: &[u8], name: &mut NameBuf) -> Decoded {
    let mut reader = Reader::new(packet);
    let Ok(header) = Header::read(&mut reader) else {
        return Decoded::Drop(DropReason::Short);
    };
    if header.flags & QR != 0 {
        return Decoded::Drop(DropReason::Response);
    }
    let mut request = header.request();
    let verdict = read_body(&mut reader, &header, &mut request, name);
    let verdict = if request.opcode == OPCODE_QUERY { verdict } else { Err(ErrorCode::NotImp) };
    match verdict {
        Ok(()) => Decoded::Query(request),
        Err(ErrorCode::Refused) if asks_identity(&request, name) => Decoded::Identity(request),
        Err(code) => {
            if code != ErrorCode::Refused {
                request.edns = request.edns.map(Edns::without_options);
            }
            Decoded::Error(request, code)
        }
    }
}

/// True of the questions that RFC 4892 section 2.2 tells of: they are in no zone.
fn asks_identity(request: &Request, name: &NameBuf) -> bool {
    request.class == CLASS_CH
        && matches!(request.rtype, RecordType::TXT | RecordType::ANY)
        && IDENTITIES.contains(&name.borrowed().as_wire())
}

/// Everything behind the header. What was read stays in `request`, also when the rest is in error.
fn read_body(
    reader: &mut Reader<'_>,
    header: &Header,
    request: &mut Request,
    name: &mut NameBuf,
) -> Result<(), ErrorCode> {
    match header.questions {
        1 => read_question(reader, request, name)?,
        // An error already, but records may follow, and an OPT among them. A count above what is there
        // ends with the packet.
        questions @ ..=QUESTIONS_WALKED_MAX => {
            (0..questions).try_for_each(|_| reader.skip_question())?;
        }
        _ => return Err(ErrorCode::FormErr),
    }
    let is_signed = read_records(reader, header, request)?;
    match request {
        _ if header.questions != 1 => Err(ErrorCode::FormErr),
        Request { edns: Some(edns), .. } if edns.version > 0 => Err(ErrorCode::BadVers),
        Request { rtype: RecordType::OPT | RecordType::NXNAME, .. } => Err(ErrorCode::FormErr),
        _ if is_signed => Err(ErrorCode::NotAuth),
        Request { rtype: RecordType::AXFR | RecordType::IXFR, .. } => Err(ErrorCode::Refused),
        Request { class, .. } if *class != CLASS_IN => Err(ErrorCode::Refused),
        _ => Ok(()),
    }
}

fn read_question(
    reader: &mut Reader<'_>,
    request: &mut Request,
    name: &mut NameBuf,
) -> Result<(), Malformed> {
    let octets = name.read(reader.rest()).map_err(|_| Malformed)?;
    reader.octets(octets)?;
    request.rtype = RecordType(reader.number()?);
    request.class = reader.number()?;
    // The longest question has NAME_OCTETS_MAX + 4 octets.
    request.question = u16::try_from(reader.position() - HEADER_OCTETS).map_err(|_| Malformed)?;
    Ok(())
}

/// Walks over all records; of an OPT in its place, reads what it says. True when the last is a signature.
#[inline]
fn read_records(reader: &mut Reader<'_>, header: &Header, request: &mut Request) -> Result<bool, Malformed> {
    let all = header.records();
    let before = all - u32::from(header.additional);
    let mut is_signed = false;
    for nth in 0..all.min(u32::from(RECORDS_MAX)) {
        let record = reader.record()?;
        if record.rtype == RecordType::TSIG {
            tsig::head(&record)?;
            is_signed = nth >= before && nth + 1 == all;
            if !is_signed {
                return Err(Malformed);
            }
        }
        if record.rtype != RecordType::OPT {
            continue;
        }
        if nth < before || !record.at_root || request.edns.is_some() {
            request.edns.get_or_insert(opt::fixed(&record));
            return Err(Malformed);
        }
        let edns = request.edns.insert(opt::fixed(&record));
        if edns.version == 0 {
            opt::options(record.rdata, edns)?;
        }
    }
    if all > u32::from(RECORDS_MAX) { Err(Malformed) } else { Ok(is_signed) }
}

/// The 12 octets in front (RFC 1035 section 4.1.1).
struct Header {
    id: u16,
    flags: u16,
    questions: u16,
    answers: u16,
    authority: u16,
    additional: u16,
}

impl Header {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = reader.array()?;
        let number = |high, low| u16::from_be_bytes([high, low]);
        Ok(Self {
            id: number(a, b),
            flags: number(c, d),
            questions: number(e, f),
            answers: number(g, h),
            authority: number(i, j),
            additional: number(k, l),
        })
    }

    /// How many records are behind the questions.
    #[inline]
    fn records(&self) -> u32 {
        u32::from(self.answers) + u32::from(self.authority) + u32::from(self.additional)
    }

    #[inline]
    fn request(&self) -> Request {
        Request {
            id: self.id,
            opcode: u8::try_from(self.flags >> OPCODE_SHIFT & OPCODE_MASK).unwrap_or(0),
            recursion_desired: self.flags & RD != 0,
            checking_disabled: self.flags & CD != 0,
            rtype: RecordType(0),
            class: CLASS_IN,
            edns: None,
            question: 0,
        }
    }
}

impl From<Malformed> for ErrorCode {
    fn from(_: Malformed) -> Self {
        Self::FormErr
    }
}

#[cfg(test)]
mod tests;
