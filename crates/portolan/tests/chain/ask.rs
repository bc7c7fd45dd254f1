//! A question to a DNS server, and its answer.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::str::FromStr as _;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};

/// How long a reply may take.
const REPLY_PATIENCE: Duration = Duration::from_secs(2);

/// What a name has of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: ResponseCode,
    /// The data of the records of the type that was asked for, whoever owns them.
    pub(crate) data: BTreeSet<String>,
}

/// Asks once; none when nothing comes back.
pub(crate) fn ask(server: SocketAddr, name: &str, rtype: RecordType) -> Option<Answer> {
    let mut query = Message::new(7, MessageType::Query, OpCode::Query);
    query.add_query(Query::query(Name::from_str(&format!("{name}.")).unwrap(), rtype));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(REPLY_PATIENCE)).unwrap();
    socket.connect(server).unwrap();
    socket.send(&query.to_vec().unwrap()).ok()?;
    let mut reply = [0; 1_232];
    let length = socket.recv(&mut reply).ok()?;
    let reply = Message::from_vec(&reply[..length]).unwrap();
    let records = reply.answers.iter().filter(|record| record.record_type() == rtype);
    Some(Answer {
        code: reply.metadata.response_code,
        data: records.map(|record| record.data.to_string().trim_end_matches('.').to_owned()).collect(),
    })
}
