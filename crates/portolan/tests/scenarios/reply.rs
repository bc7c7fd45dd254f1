//! A reply as text, whichever way it came: the core's answer, or the bytes of a packet as somebody
//! else's library reads them.
//!
//! The first line is the code, flags and what EDNS adds; then a line for each record, those of the
//! authority and additional sections marked as such. Records of one RRset are sorted, as their order is
//! drawn; `share` counts the draws.

use std::fmt;

use hickory_proto::op::{Edns, Message};
use hickory_proto::rr::Record;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};
use portolan_core::answer::RecordSet;
use portolan_core::record::Present;
use portolan_core::{Answer, Name, RecordType};

/// An extended error (RFC 8914), as hickory has no word for it.
const OPTION_EDE: u16 = 15;

/// What a client gets.
#[derive(Default)]
pub(crate) struct Reply {
    pub(crate) rcode: u16,
    pub(crate) authoritative: bool,
    pub(crate) truncated: bool,
    /// Of EDNS client subnet; none when the question had no network.
    pub(crate) scope: Option<u8>,
    pub(crate) ede: Option<u16>,
    /// The name server identifier.
    pub(crate) nsid: Option<String>,
    /// Answer, authority, additional.
    pub(crate) sections: [Vec<Line>; 3],
}

/// One record, in presentation form.
#[derive(Clone, PartialEq)]
pub(crate) struct Line {
    owner: String,
    ttl: u32,
    rtype: RecordType,
    pub(crate) data: String,
}

impl Reply {
    /// Of an answer of the core's.
    pub(crate) fn of_answer(answer: &Answer<'_>, scope: Option<u8>) -> Self {
        let sections = [&answer.answers[..], answer.authority.as_slice(), &answer.additional[..]];
        Self {
            rcode: answer.rcode as u16,
            authoritative: answer.authoritative,
            scope,
            ede: answer.ede.map(|ede| ede as u16),
            sections: sections.map(|sets| sets.iter().flat_map(|set| lines(answer, set)).collect()),
            ..Self::default()
        }
    }

    /// Of a packet.
    pub(crate) fn of_packet(packet: &[u8]) -> Self {
        let message = Message::from_vec(packet).unwrap();
        let option = |code: u16| message.edns.as_ref().and_then(|edns| edns.option(EdnsCode::from(code)));
        let ede = option(OPTION_EDE).and_then(|option| match option {
            EdnsOption::Unknown(_, octets) => Some(u16::from_be_bytes(octets.get(..2)?.try_into().ok()?)),
            _ => None,
        });
        let subnet = message.edns.as_ref().and_then(subnet_scope);
        let nsid = option(u16::from(EdnsCode::NSID)).and_then(|option| match option {
            EdnsOption::NSID(nsid) => Some(String::from_utf8_lossy(nsid.as_ref()).into_owned()),
            _ => None,
        });
        let sections = [&message.answers, &message.authorities, &message.additionals];
        Self {
            rcode: u16::from(message.metadata.response_code),
            authoritative: message.metadata.authoritative,
            truncated: message.metadata.truncation,
            scope: subnet,
            ede,
            nsid,
            sections: sections.map(|records| records.iter().map(line).collect()),
        }
    }
}

fn subnet_scope(edns: &Edns) -> Option<u8> {
    match edns.option(EdnsCode::Subnet)? {
        EdnsOption::Subnet(subnet) => Some(subnet.scope_prefix()),
        _ => None,
    }
}

fn lines(answer: &Answer<'_>, set: &RecordSet<'_>) -> Vec<Line> {
    let line = |data: &[u8]| Line {
        owner: set.owner.to_string(),
        ttl: set.ttl.seconds(),
        rtype: set.rtype(),
        data: Present(set.rtype(), data).to_string(),
    };
    answer.rdata(set).map(line).collect()
}

/// Names in the data are written out, so that it has the form that the core prints.
fn line(record: &Record) -> Line {
    let mut data = Vec::new();
    let mut encoder = BinEncoder::new(&mut data);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    record.data.emit(&mut encoder).unwrap();
    let rtype = RecordType(u16::from(record.record_type()));
    let owner = Name::from_labels(record.name.iter()).unwrap();
    Line { owner: owner.to_string(), ttl: record.ttl, rtype, data: Present(rtype, &data).to_string() }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(code(self.rcode))?;
        for (flag, is_set) in [(" aa", self.authoritative), (" tc", self.truncated)] {
            f.write_str(if is_set { flag } else { "" })?;
        }
        self.scope.iter().try_for_each(|scope| write!(f, " scope={scope}"))?;
        self.ede.iter().try_for_each(|ede| write!(f, " ede={ede}"))?;
        self.nsid.iter().try_for_each(|nsid| write!(f, " nsid={nsid}"))?;
        writeln!(f)?;
        for (section, mark) in self.sections.iter().zip(["", "authority: ", "additional: "]) {
            for set in section.chunk_by(|a, b| (&a.owner, a.rtype) == (&b.owner, b.rtype)) {
                let mut set = set.to_vec();
                set.sort_by(|a, b| a.data.cmp(&b.data));
                set.iter().try_for_each(|line| writeln!(f, "{mark}{line}"))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.owner, self.ttl, self.rtype, self.data)
    }
}

fn code(rcode: u16) -> &'static str {
    match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        16 => "BADVERS",
        other => panic!("no scenario knows the code {other}"),
    }
}
