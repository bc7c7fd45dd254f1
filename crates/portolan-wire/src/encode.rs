//! An answer to bytes.
//!
//! A reply is laid out as header, question, answer, authority, additional, OPT. The room for OPT is
//! set aside first, as it is never left out. What does not fit is left out by whole RRsets:
//!
//! | what does not fit | what comes of it | why |
//! | --- | --- | --- |
//! | an RRset of the answer or authority section | TC; it and all behind it are left out | RFC 2181 section 9: a cut RRset is of no use; the client asks again by TCP |
//! | glue inside the delegated zone, also what the answer had no room for ([`Answer::cut`]) | TC | RFC 9471 section 3.1: without it the zone cannot be reached |
//! | other additional RRsets | left out, no TC | RFC 2181 section 9 |
//! | the extended error | left out before anything else is, TC | RFC 8914 section 3 |
//!
//! Records come rendered from the core, with an owner that points at the question. Where their owner is
//! just that, a set is copied as a whole.
//!
//! Owners, and the names in CNAME, NS, PTR, MX and SOA data, are compressed against the question and
//! all names before them (RFC 1035 section 4.1.4); those in other data are not (RFC 3597 section 4),
//! so not in SRV (RFC 2782) either.

use portolan_core::answer::RecordSet;
use portolan_core::rrset::{BEFORE_DATA_OCTETS, OWNER, Short, TTL_AT};
use portolan_core::{Answer, RecordType};

use crate::decode::tsig_of;
use crate::message::{
    AA, CD, CLASS_CH, EDE_INVALID_QUERY_TYPE, HEADER_OCTETS, OPCODE_SHIFT, POINTER, QR, RD, TC,
    TCP_OCTETS_MAX,
};
use crate::request::{ErrorCode, Request};

/// Where a reply has the question's name.
const QUESTION_AT: u16 = 12;
const _: () = assert!(QUESTION_AT as usize == HEADER_OCTETS && OWNER[1] as u16 == QUESTION_AT);

mod opt;
mod rdata;
mod tsig;
mod writer;

pub use opt::NSID_OCTETS_MAX;

use opt::Opt;
use writer::{Full, Writer};

/// What a reply travels by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A datagram: no more than the client takes, and no more than [`UDP_OCTETS_MAX`](crate::UDP_OCTETS_MAX).
    Udp,
    /// A stream.
    Tcp,
}

/// What bounds and fills a reply, beside the answer.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'l> {
    /// What it travels by.
    pub transport: Transport,
    /// What this server calls itself, for who asks (RFC 5001); empty: nothing. Of more than
    /// [`NSID_OCTETS_MAX`] octets, the first are sent.
    pub nsid: &'l [u8],
}

impl Limits<'_> {
    /// The largest reply to a request, in octets.
    #[must_use]
    pub fn octets_max(&self, request: &Request) -> usize {
        match self.transport {
            Transport::Udp => request.udp_octets_max(),
            Transport::Tcp => TCP_OCTETS_MAX,
        }
    }
}

/// Writes the reply to a question and says how long it is.
///
/// `packet` is what `request` was decoded from. 0 when `out` has no room for header, question and
/// OPT, which 512 octets always have.
#[must_use]
pub fn encode(
    request: &Request,
    packet: &[u8],
    answer: &Answer<'_>,
    limits: Limits<'_>,
    out: &mut [u8],
) -> usize {
    let writer = Writer::new(out, limits.octets_max(request), Some(answer.question));
    let opt = Opt::of(request, limits, answer.scope);
    let mut reply = Reply::new(request, opt.as_ref(), writer);
    if reply.start(request, packet).is_err() {
        return 0;
    }
    if answer.authoritative {
        reply.flags |= AA;
    }
    if reply.sections(answer).is_err() || answer.cut {
        reply.flags |= TC;
    }
    reply.finish(answer.rcode as u16, answer.ede.map(|ede| ede as u16))
}

/// Writes the reply to a request that the core is not asked about, and says how long it is; `packet`
/// and the length as in [`encode`].
#[must_use]
pub fn encode_error(
    request: &Request,
    packet: &[u8],
    code: ErrorCode,
    limits: Limits<'_>,
    out: &mut [u8],
) -> usize {
    let writer = Writer::new(out, limits.octets_max(request), None);
    let opt = Opt::of(request, limits, 0);
    let mut reply = Reply::new(request, opt.as_ref(), writer);
    match reply.start(request, packet) {
        Ok(()) if code == ErrorCode::NotAuth => reply.finish_unsigned(code, packet),
        Ok(()) => reply.finish(code as u16, ede_of(request, code)),
        Err(Full) => 0,
    }
}

/// The extended error of an error, where it has one.
fn ede_of(request: &Request, code: ErrorCode) -> Option<u16> {
    (request.rtype == RecordType::NXNAME && code == ErrorCode::FormErr).then_some(EDE_INVALID_QUERY_TYPE)
}

/// Writes what this server calls itself (RFC 4892), to who asks for that, and says how long the reply is; REFUSED where
/// it has no name. `packet` and the length as in [`encode`].
#[must_use]
#[cold]
pub fn encode_identity(request: &Request, packet: &[u8], limits: Limits<'_>, out: &mut [u8]) -> usize {
    if limits.nsid.is_empty() {
        return encode_error(request, packet, ErrorCode::Refused, limits, out);
    }
    let writer = Writer::new(out, limits.octets_max(request), None);
    let opt = Opt::of(request, limits, 0);
    let mut reply = Reply::new(request, opt.as_ref(), writer);
    if reply.start(request, packet).and_then(|()| reply.identity(limits.nsid)).is_err() {
        return 0;
    }
    reply.flags |= AA;
    reply.finish(0, None)
}

/// True when a reply was cut (TC).
#[must_use]
pub fn is_truncated(reply: &[u8]) -> bool {
    matches!(reply, [_, _, high, low, ..] if u16::from_be_bytes([*high, *low]) & TC != 0)
}

/// A reply under way.
struct Reply<'o, 'l> {
    writer: Writer<'o>,
    opt: Option<&'l Opt<'l>>,
    id: u16,
    flags: u16,
    counts: Counts,
}

/// Records in each section.
#[derive(Default)]
struct Counts {
    questions: u16,
    answers: u16,
    authority: u16,
    additional: u16,
}

impl<'o, 'l> Reply<'o, 'l> {
    #[inline]
    fn new(request: &Request, opt: Option<&'l Opt<'l>>, writer: Writer<'o>) -> Self {
        let copied = |flag: u16, is_set: bool| if is_set { flag } else { 0 };
        let flags = QR
            | u16::from(request.opcode) << OPCODE_SHIFT
            | copied(RD, request.recursion_desired)
            | copied(CD, request.checking_disabled);
        let counts = Counts { questions: u16::from(request.question > 0), ..Counts::default() };
        Self { writer, opt, id: request.id, flags, counts }
    }

    /// Copies header and question, and sets the room for OPT aside. The header is written over in the end.
    #[inline(always)]
    fn start(&mut self, request: &Request, packet: &[u8]) -> Result<(), Full> {
        self.writer.put(request.head_of(packet))?;
        match self.opt {
            Some(opt) => self.writer.set_aside(opt.octets()),
            None => Ok(()),
        }
    }

    /// Writes the sections as far as they fit. `Full` is that something is missing that must not be.
    #[inline]
    fn sections(&mut self, answer: &Answer<'_>) -> Result<(), Full> {
        for set in &answer.answers {
            self.counts.answers += self.set(answer, set)?;
        }
        if let Some(set) = &answer.authority {
            self.counts.authority += self.set(answer, set)?;
        }
        for set in answer.additional.iter().filter(|set| is_needed(answer, set)) {
            self.counts.additional += self.set(answer, set)?;
        }
        for set in answer.additional.iter().filter(|set| !is_needed(answer, set)) {
            self.counts.additional += self.set(answer, set).unwrap_or(0);
        }
        Ok(())
    }

    /// Writes a TXT record of the question's name, of class CH and not to be kept.
    fn identity(&mut self, text: &[u8]) -> Result<(), Full> {
        let text = text.get(..NSID_OCTETS_MAX).unwrap_or(text);
        let length = u8::try_from(text.len()).map_err(|_| Full)?;
        self.counts.answers += 1;
        self.writer.put(&OWNER)?;
        [RecordType::TXT.0, CLASS_CH, 0, 0, u16::from(length) + 1]
            .into_iter()
            .try_for_each(|number| self.writer.number(number))?;
        self.writer.put(&[length])?;
        self.writer.put(text)
    }

    /// Writes an RRset and says how many records it has; when it does not fit, none of it stays.
    #[inline]
    fn set<'a>(&mut self, answer: &Answer<'a>, set: &RecordSet<'a>) -> Result<u16, Full> {
        let mark = self.writer.mark();
        let of_question = core::ptr::eq(set.owner.as_wire(), answer.question.as_wire());
        let short = set.short.and_then(|short| Some((short, self.writer.place_of(short, set.owner)?)));
        let written = match (short, of_question && !rdata::has_names(set.rtype())) {
            (Some((short, place)), _) => self.short(set, short, place),
            (None, true) => self.rendered(answer, set),
            (None, false) => self.records(answer, set, of_question),
        };
        if written.is_err() {
            self.writer.rewind(mark);
        }
        written
    }

    /// Copies records as they were rendered, but for a TTL that is another now.
    #[inline]
    fn rendered<'a>(&mut self, answer: &Answer<'a>, set: &RecordSet<'a>) -> Result<u16, Full> {
        let ttl = Some(set.ttl.seconds()).filter(|ttl| *ttl != set.set.ttl()).map(u32::to_be_bytes);
        if set.is_whole() && ttl.is_none() {
            self.writer.put(set.set.rendered())?;
            return Ok(set.set.count);
        }
        let mut count = 0;
        for record in answer.records(set) {
            self.writer.put_record(record, 0, ttl)?;
            count += 1;
        }
        Ok(count)
    }

    /// Writes a record whose data points at its owner, which stands in the question.
    fn short(&mut self, set: &RecordSet<'_>, short: &Short, place: u16) -> Result<u16, Full> {
        let pointer = (POINTER | place).to_be_bytes();
        let record = set.set.rendered();
        let begin = self.writer.position();
        self.writer.put(&pointer)?;
        self.writer.put(record.get(OWNER.len()..TTL_AT).ok_or(Full)?)?;
        self.writer.put(&set.ttl.seconds().to_be_bytes())?;
        self.writer.number(u16::try_from(short.octets.len()).map_err(|_| Full)?)?;
        self.writer.put(&short.octets)?;
        for at in &short.pointers {
            self.writer.patch(begin + BEFORE_DATA_OCTETS + usize::from(*at), pointer);
        }
        Ok(1)
    }

    /// Writes records behind their owner, and the names in their data as short as they can be.
    fn records<'a>(
        &mut self,
        answer: &Answer<'a>,
        set: &RecordSet<'a>,
        of_question: bool,
    ) -> Result<u16, Full> {
        let ttl = set.ttl.seconds().to_be_bytes();
        let names = rdata::has_names(set.rtype());
        let mut place = of_question.then_some(QUESTION_AT);
        let mut count = 0;
        for record in answer.records(set) {
            place = self.writer.name_again(set.owner, place)?;
            let (head, data) = record.split_at_checked(BEFORE_DATA_OCTETS).ok_or(Full)?;
            if names {
                self.writer.put(head.get(OWNER.len()..TTL_AT).ok_or(Full)?)?;
                self.writer.put(&ttl)?;
                rdata::write(&mut self.writer, set.rtype(), data)?;
            } else {
                self.writer.put_record(record, OWNER.len(), Some(ttl))?;
            }
            // A record has 11 octets or more, and a message 65,535.
            count += 1;
        }
        Ok(count)
    }

    /// Writes OPT, then the header, now that all is known.
    #[inline(always)]
    fn finish(&mut self, code: u16, ede: Option<u16>) -> usize {
        self.write_opt(code, ede);
        self.write_header(code)
    }

    /// The same with a signature that is none, last of all (RFC 8945 section 5.1). Where there is no room for it, TC:
    /// by TCP there is.
    #[cold]
    fn finish_unsigned(&mut self, code: ErrorCode, packet: &[u8]) -> usize {
        self.write_opt(code as u16, None);
        match tsig_of(packet).map(|tsig| tsig::write(&tsig, self.id, &mut self.writer)) {
            Some(Ok(())) => self.counts.additional += 1,
            Some(Err(Full)) => self.flags |= TC,
            None => {}
        }
        self.write_header(code as u16)
    }

    #[inline(always)]
    fn write_opt(&mut self, code: u16, ede: Option<u16>) {
        if let Some(opt) = self.opt.take() {
            self.counts.additional += 1;
            self.writer.take_back();
            if opt.write(&mut self.writer, code, ede).is_err() {
                self.flags |= TC;
            }
        }
    }

    #[inline(always)]
    fn write_header(&mut self, code: u16) -> usize {
        let Counts { questions, answers, authority, additional } = self.counts;
        let header = [self.id, self.flags | code & 0xf, questions, answers, authority, additional];
        self.writer.patch_header(header);
        self.writer.position()
    }
}

/// True of glue that must be there: of name servers inside the delegated zone (RFC 9471 section 3.1).
fn is_needed(answer: &Answer<'_>, set: &RecordSet<'_>) -> bool {
    let cut = answer.authority.as_ref().map(|set| set.owner);
    answer.referral && cut.is_some_and(|cut| set.owner.is_at_or_below(cut))
}

#[cfg(test)]
mod tests;
