//! Asks a name server, for tests.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use domain::base::iana::{Class, Rtype};
use domain::base::{Message, MessageBuilder, Name};
use domain::rdata::AllRecordData;

/// Addresses and aliases that a server answers of a name; none when it does not answer in time.
pub(crate) fn ask(server: SocketAddr, name: &str, rtype: Rtype) -> Option<Vec<String>> {
    let mut question = MessageBuilder::new_vec().question();
    question.push((Name::<Vec<u8>>::from_chars(name.chars()).unwrap(), rtype, Class::IN)).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(&question.finish(), server).unwrap();
    let mut reply = [0; 4096];
    let len = socket.recv(&mut reply).ok()?;
    let reply = Message::from_octets(reply[..len].to_vec()).unwrap();
    let answers = reply.answer().unwrap().limit_to::<AllRecordData<_, _>>();
    let mut texts: Vec<String> = answers
        .map(|record| match record.unwrap().into_data() {
            AllRecordData::A(a) => IpAddr::V4(a.addr()).to_string(),
            AllRecordData::Aaaa(a) => IpAddr::V6(a.addr()).to_string(),
            AllRecordData::Cname(alias) => format!("CNAME {}", alias.cname()),
            other => other.to_string(),
        })
        .collect();
    texts.sort();
    Some(texts)
}
