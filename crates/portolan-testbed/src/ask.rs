//! A question to a DNS server, and its reply: written and read by a library that the program does not have.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::Name;

pub use hickory_proto::op::ResponseCode;
pub use hickory_proto::rr::{RData, Record, RecordType};

/// How long a reply over UDP may take: one that is lost is asked for again.
const UDP_PATIENCE: Duration = Duration::from_secs(5);
/// How long a reply over TCP may take: a stock server asks its store for each.
const TCP_PATIENCE: Duration = Duration::from_secs(10);
/// The longest reply over UDP to who does not ask for more (RFC 1035 section 4.2.1), and room for who sends more.
const UDP_OCTETS_MAX: usize = 4_096;

/// What a server says.
#[derive(Clone, Debug)]
pub struct Reply {
    /// No error, or which.
    pub code: ResponseCode,
    /// It says so by its own right.
    pub is_authoritative: bool,
    /// The records that answer.
    pub answers: Vec<Record>,
    /// Whose zone it is, or who has more.
    pub authorities: Vec<Record>,
    /// What goes with them.
    pub additionals: Vec<Record>,
}

impl Reply {
    /// The data of the answer's records of a type, whoever owns them, as zone files have it; sorted.
    #[must_use]
    pub fn data(&self, rtype: RecordType) -> Vec<String> {
        let records = self.answers.iter().filter(|record| record.record_type() == rtype);
        let mut data: Vec<String> = records.map(|record| record.data.to_string()).collect();
        data.sort_unstable();
        data
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}{}", self.code, if self.is_authoritative { " aa" } else { "" })?;
        let sections =
            [("", &self.answers), ("authority ", &self.authorities), ("additional ", &self.additionals)];
        for (section, records) in sections {
            for Record { name, ttl, data, .. } in records {
                writeln!(f, "  {section}{name} {} {data} (ttl {ttl})", data.record_type())?;
            }
        }
        Ok(())
    }
}

/// Asks over UDP, and over TCP where that reply was cut; none when nobody answers in time.
///
/// # Panics
/// When the name is none, or the reply cannot be read.
#[must_use]
pub fn ask(server: SocketAddr, name: &str, rtype: RecordType) -> Option<Reply> {
    let question = question(name, rtype);
    let message = read(&octets_over_udp(server, &question)?);
    let message = if message.metadata.truncation {
        read(&octets_over_tcp(server, &question, TCP_PATIENCE)?)
    } else {
        message
    };
    Some(reply(message))
}

/// Asks over TCP, whose reply holds all that there is to say; none when nobody answers in time.
///
/// # Panics
/// As [`ask`].
#[must_use]
pub fn over_tcp(server: SocketAddr, name: &str, rtype: RecordType) -> Option<Reply> {
    Some(reply(read(&octets_over_tcp(server, &question(name, rtype), TCP_PATIENCE)?)))
}

/// The reply to a message over TCP, as octets; none when nobody answers in time.
#[must_use]
pub fn octets_over_tcp(server: SocketAddr, message: &[u8], patience: Duration) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    let length = u16::try_from(message.len()).ok()?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).ok()?;
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).ok()?;
    Some(reply)
}

fn octets_over_udp(server: SocketAddr, message: &[u8]) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    socket.set_read_timeout(Some(UDP_PATIENCE)).ok()?;
    // What others send is not heard, and that nobody listens there is told at once.
    socket.connect(server).ok()?;
    socket.send(message).ok()?;
    let mut reply = vec![0; UDP_OCTETS_MAX];
    let length = socket.recv(&mut reply).ok()?;
    reply.truncate(length);
    Some(reply)
}

pub(crate) fn question(name: &str, rtype: RecordType) -> Vec<u8> {
    let name = Name::from_ascii(name).unwrap_or_else(|error| panic!("{name} is no name: {error}"));
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(name, rtype));
    message.to_vec().expect("a message of one question is no longer than one may be")
}

fn read(octets: &[u8]) -> Message {
    Message::from_vec(octets)
        .unwrap_or_else(|error| panic!("a reply that cannot be read: {error}: {octets:?}"))
}

fn reply(message: Message) -> Reply {
    Reply {
        code: message.metadata.response_code,
        is_authoritative: message.metadata.authoritative,
        answers: message.answers,
        authorities: message.authorities,
        additionals: message.additionals,
    }
}
