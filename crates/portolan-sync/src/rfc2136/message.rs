//! Messages: what is asked and told as octets, and what a reply says (RFC 2136, RFC 8945).
//!
//! ```text
//!   demands, deeds ─▶ Letter ─▶ octets ─▶ the server ─▶ octets ─▶ Letter::read ─▶ Verdict
//! ```
//!
//! Pure: a clock's time and the number of a message are arguments. A reply is believed when it bears the number that was
//! asked with and, where there is a key, the signature that belongs to the question.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use domain::base::iana::{Class, Opcode, Rcode, Rtype, TsigRcode};
use domain::base::message_builder::PushError;
use domain::base::rdata::UnknownRecordData;
use domain::base::{Message, MessageBuilder, ParsedName, Record, Ttl as LibraryTtl};
use domain::rdata::tsig::{Time48, Tsig};
use domain::tsig::{ClientSequence, ClientTransaction, Key, ValidationError};
use portolan_core::name::Name;
use portolan_core::record::{Rdata, RecordType, Ttl};

use super::key::TsigKey;
use crate::provider::ProviderError;

/// Most octets of a message over TCP (RFC 1035 section 4.2.2).
pub(super) const MESSAGE_OCTETS_MAX: usize = 65_535;
/// Octets of a message's header and of the fixed part of its one question (RFC 1035 section 4.1).
pub(super) const FRAME_OCTETS: usize = 12 + 4;
/// Octets of a record beside its owner and its data (RFC 1035 section 4.1.3).
const RECORD_OCTETS: usize = 10;

// === Demand, Deed ===

/// What must be so at a server, or nothing is done (RFC 2136 section 2.4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Demand {
    /// There is no record at the name (2.4.5).
    NotInUse(Name),
    /// There is no set of the type (2.4.3).
    NoSet(Name, RecordType),
    /// The set has this record; what has all of its records named must have exactly those (2.4.2).
    Holds(Name, RecordType, Rdata),
}

/// What is done (RFC 2136 section 2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// The whole set goes (2.5.2).
    DropSet(Name, RecordType),
    /// One record goes (2.5.4).
    Drop(Name, RecordType, Rdata),
    /// One record comes; the set has its TTL from then on (2.5.1, 3.4.2.2).
    Add(Name, RecordType, Ttl, Rdata),
}

type Line<'l> = Record<&'l domain::base::Name<[u8]>, UnknownRecordData<&'l [u8]>>;

impl Demand {
    fn line(&self) -> Line<'_> {
        match self {
            Self::NotInUse(name) => line(name, Class::NONE, Rtype::ANY, 0, &[]),
            Self::NoSet(name, rtype) => line(name, Class::NONE, library_type(*rtype), 0, &[]),
            Self::Holds(name, rtype, data) => line(name, Class::IN, library_type(*rtype), 0, data.as_wire()),
        }
    }

    pub(super) fn octets(&self) -> usize {
        octets(&self.line())
    }
}

impl Deed {
    fn line(&self) -> Line<'_> {
        match self {
            Self::DropSet(name, rtype) => line(name, Class::ANY, library_type(*rtype), 0, &[]),
            Self::Drop(name, rtype, data) => line(name, Class::NONE, library_type(*rtype), 0, data.as_wire()),
            Self::Add(name, rtype, ttl, data) => {
                line(name, Class::IN, library_type(*rtype), ttl.seconds(), data.as_wire())
            }
        }
    }

    pub(super) fn octets(&self) -> usize {
        octets(&self.line())
    }

    /// Where it is done.
    pub(super) fn name(&self) -> &Name {
        let (Self::DropSet(name, _) | Self::Drop(name, ..) | Self::Add(name, ..)) = self;
        name
    }
}

fn line<'l>(name: &'l Name, class: Class, rtype: Rtype, ttl: u32, data: &'l [u8]) -> Line<'l> {
    let owner = domain::base::Name::from_slice(name.as_wire()).expect("a name is in wire form");
    let data = UnknownRecordData::from_octets(rtype, data).expect("rdata has at most 65535 octets");
    Record::new(owner, class, LibraryTtl::from_secs(ttl), data)
}

fn octets(line: &Line<'_>) -> usize {
    line.owner().as_slice().len() + RECORD_OCTETS + line.data().data().len()
}

fn library_type(rtype: RecordType) -> Rtype {
    Rtype::from_int(rtype.0)
}

// === Letter ===

/// A question that is on its way.
#[derive(Debug)]
pub(super) struct Letter {
    /// What is sent, without the length in front.
    pub(super) octets: Vec<u8>,
    id: u16,
    opcode: Opcode,
    seal: Option<ClientTransaction<Arc<Key>>>,
}

/// What a server says to an update that it has understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it is done.
    Taken,
    /// Something is not as it was demanded; nothing is done.
    Changed,
    /// It will not have something in it; nothing is done.
    Unwilling(Rcode),
}

impl Letter {
    /// An update of a zone. None when it is more than a message holds.
    pub(super) fn update<'d>(
        id: u16,
        zone: &Name,
        demands: impl IntoIterator<Item = &'d Demand>,
        deeds: impl IntoIterator<Item = &'d Deed>,
        key: Option<&TsigKey>,
        now: SystemTime,
    ) -> Option<Self> {
        let mut prerequisites = asked(id, Opcode::UPDATE, zone, Rtype::SOA).ok()?.answer();
        for demand in demands {
            prerequisites.push(demand.line()).ok()?;
        }
        let mut updates = prerequisites.authority();
        for deed in deeds {
            updates.push(deed.line()).ok()?;
        }
        let mut message = updates.additional();
        let seal = key.map(|key| ClientTransaction::request(key.inner(), &mut message, time(now)));
        let seal = seal.transpose().ok()?;
        Some(Self { octets: message.finish(), id, opcode: Opcode::UPDATE, seal })
    }

    /// What the reply says.
    ///
    /// # Errors
    /// When it cannot be believed, or when it is about us or the whole zone and not about what was asked for.
    pub(super) fn read(
        &self,
        reply: Vec<u8>,
        zone: &Name,
        key: Option<&TsigKey>,
        now: SystemTime,
    ) -> Result<Verdict, ProviderError> {
        let mut message = believed_header(reply, self.id, self.opcode)?;
        let rcode = message.header().rcode();
        if let Some(seal) = &self.seal {
            let said = SaidOfKey::in_reply(&message);
            seal.answer(&mut message, time(now)).map_err(|error| unsealed(error, said, zone, key))?;
        }
        match rcode {
            Rcode::NOERROR => Ok(Verdict::Taken),
            Rcode::YXDOMAIN | Rcode::YXRRSET | Rcode::NXRRSET | Rcode::NXDOMAIN => Ok(Verdict::Changed),
            Rcode::NOTAUTH | Rcode::NOTIMP => Err(told(rcode, zone)),
            rcode => Ok(Verdict::Unwilling(rcode)),
        }
    }
}

/// A question for a whole zone, and what checks the messages that answer it (RFC 5936).
pub(super) struct TransferLetter {
    /// What is sent, without the length in front.
    pub(super) octets: Vec<u8>,
    id: u16,
    seal: Option<ClientSequence<Arc<Key>>>,
    key: Option<TsigKey>,
}

impl TransferLetter {
    /// Asks for a zone.
    pub(super) fn new(id: u16, zone: &Name, key: Option<&TsigKey>, now: SystemTime) -> Self {
        let question = asked(id, Opcode::QUERY, zone, Rtype::AXFR).expect("a question fits in a message");
        let mut message = question.additional();
        let seal = key.map(|key| {
            ClientSequence::request(key.inner(), &mut message, time(now))
                .expect("a question and its signature fit in a message")
        });
        Self { octets: message.finish(), id, seal, key: key.cloned() }
    }

    /// The next message, once it is known to be one.
    ///
    /// # Errors
    /// When it cannot be believed, or says that there is no transfer.
    pub(super) fn read(
        &mut self,
        reply: Vec<u8>,
        zone: &Name,
        now: SystemTime,
    ) -> Result<Message<Vec<u8>>, ProviderError> {
        let mut message = believed_header(reply, self.id, Opcode::QUERY)?;
        let rcode = message.header().rcode();
        if let Some(seal) = &mut self.seal {
            let said = SaidOfKey::in_reply(&message);
            let key = self.key.as_ref();
            seal.answer(&mut message, time(now)).map_err(|error| unsealed(error, said, zone, key))?;
        }
        match rcode {
            Rcode::NOERROR => Ok(message),
            rcode => Err(told(rcode, zone)),
        }
    }

    /// That the last message was the end: it must have been signed.
    ///
    /// # Errors
    /// When it was not.
    pub(super) fn end(self) -> Result<(), ProviderError> {
        let Some(seal) = self.seal else { return Ok(()) };
        seal.done()
            .map_err(|error| ProviderError::Unsound(format!("the last message of a transfer: {error}")))
    }
}

type Asked = domain::base::message_builder::QuestionBuilder<Vec<u8>>;

fn asked(id: u16, opcode: Opcode, zone: &Name, rtype: Rtype) -> Result<Asked, PushError> {
    let mut builder = MessageBuilder::from_target(Vec::new()).expect("memory has no end");
    // The library takes what is below its limit.
    builder.set_push_limit(MESSAGE_OCTETS_MAX + 1);
    builder.header_mut().set_id(id);
    builder.header_mut().set_opcode(opcode);
    let mut question = builder.question();
    let apex = domain::base::Name::from_slice(zone.as_wire()).expect("a name is in wire form");
    question.push((apex, rtype))?;
    Ok(question)
}

fn believed_header(reply: Vec<u8>, id: u16, opcode: Opcode) -> Result<Message<Vec<u8>>, ProviderError> {
    let unsound = |rule: &str| Err(ProviderError::Unsound(format!("a reply {rule}")));
    let Ok(message) = Message::from_octets(reply) else {
        return unsound("is shorter than a header");
    };
    let header = message.header();
    match () {
        () if !header.qr() => unsound("is a question"),
        () if header.id() != id => unsound("is to another question"),
        () if header.opcode() != opcode => unsound("is to another kind of question"),
        () if header.tc() => unsound("over TCP says that it is cut"),
        () => Ok(message),
    }
}

/// What a reply says of our key and our clock, signed or not: it is told, and nothing is done for it.
#[derive(Clone, Copy)]
struct SaidOfKey {
    rcode: Rcode,
    error: TsigRcode,
    /// The server's time and the one that we signed with, in seconds.
    clocks: Option<(u64, u64)>,
}

impl SaidOfKey {
    /// The library checks the signature of BADTIME as if its time had eight octets, so it never is what it must be.
    fn in_reply(message: &Message<Vec<u8>>) -> Self {
        let tsig = message.get_last_additional::<Tsig<_, ParsedName<_>>>();
        let error = tsig.as_ref().map_or(TsigRcode::NOERROR, |tsig| tsig.data().error());
        let seconds =
            |time: Time48| time.into_octets().iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
        let clocks = tsig
            .as_ref()
            .and_then(|tsig| Some((seconds(tsig.data().other_time()?), seconds(tsig.data().time_signed()))));
        Self { rcode: message.header().rcode(), error, clocks }
    }
}

/// Why a reply's signature is not what it must be.
fn unsealed(error: ValidationError, said: SaidOfKey, zone: &Name, key: Option<&TsigKey>) -> ProviderError {
    let key = key.map_or_else(String::new, ToString::to_string);
    let rcode = said.rcode;
    match said.error {
        _ if rcode == Rcode::NOERROR => {}
        TsigRcode::BADKEY => {
            return ProviderError::Unauthorized(format!("BADKEY: it does not know the key {key}"));
        }
        TsigRcode::BADSIG => {
            return ProviderError::Unauthorized(format!("BADSIG: it has another secret for the key {key}"));
        }
        TsigRcode::BADTIME => {
            return ProviderError::Unauthorized(format!("BADTIME: {}", clocks(said.clocks)));
        }
        _ => {}
    }
    match error {
        ValidationError::ServerUnsigned if rcode != Rcode::NOERROR => ProviderError::Unauthorized(format!(
            "it says {rcode} and does not sign it: it does not know the key {key}, or has no zone {zone}, or its clock is another"
        )),
        error => ProviderError::Unsound(format!("the signature of a reply with the key {key}: {error}")),
    }
}

fn clocks(clocks: Option<(u64, u64)>) -> String {
    match clocks.map(|(theirs, ours)| (theirs.checked_sub(ours), theirs.abs_diff(ours))) {
        Some((Some(ahead), _)) => format!("its clock is {ahead} seconds ahead of ours"),
        Some((None, behind)) => format!("its clock is {behind} seconds behind ours"),
        None => "its clock is another than ours".into(),
    }
}

/// What a code means that is about us or the zone as a whole.
pub(super) fn told(rcode: Rcode, zone: &Name) -> ProviderError {
    match rcode {
        Rcode::NOTAUTH => {
            ProviderError::Refused(format!("NOTAUTH: it has no zone {zone} of its own to give or to change"))
        }
        Rcode::NOTIMP => ProviderError::Refused("NOTIMP: it does not do this at all".into()),
        Rcode::REFUSED => {
            ProviderError::Unauthorized(format!("REFUSED: we may not do this with the zone {zone}"))
        }
        Rcode::SERVFAIL => ProviderError::Refused(format!("SERVFAIL: it could not, with the zone {zone}")),
        rcode => ProviderError::Refused(format!("it says {rcode} of the zone {zone}")),
    }
}

/// Seconds since 1970, as signatures have them; a clock before that is at it.
fn time(now: SystemTime) -> Time48 {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Time48::from_u64(seconds.min(0xffff_ffff_ffff))
}
