//! A client: questions as bytes, and answers read by somebody else's library.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use hickory_proto::op::Message;
use hickory_proto::rr::RData;
use portolan_core::{Name, RecordType};

/// How long anything may take before a test gives up: long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A question below `example.org`, unless its name has a dot at the end.
pub(crate) fn question(id: u16, at: &str, rtype: RecordType) -> Vec<u8> {
    let name: Name = match at.strip_suffix('.') {
        Some(whole) => whole.parse().unwrap(),
        None => format!("{at}.example.org").parse().unwrap(),
    };
    let mut packet = id.to_be_bytes().to_vec();
    packet.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    packet.extend(name.as_wire());
    packet.extend(rtype.0.to_be_bytes());
    packet.extend([0, 1]);
    packet
}

/// Adds an OPT record with a client's /24.
pub(crate) fn with_subnet(mut packet: Vec<u8>, network: [u8; 3]) -> Vec<u8> {
    packet[11] = 1;
    packet.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 11, 0, 8, 0, 7, 0, 1, 24, 0]);
    packet.extend(network);
    packet
}

/// The addresses in the answer section.
pub(crate) fn addresses(reply: &[u8]) -> BTreeSet<IpAddr> {
    let message = Message::from_vec(reply).unwrap();
    let address = |data: &RData| match data {
        RData::A(a) => Some(IpAddr::V4(a.0)),
        RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
        _ => None,
    };
    message.answers.iter().filter_map(|record| address(&record.data)).collect()
}

/// The addresses in text.
pub(crate) fn set(addresses: &[&str]) -> BTreeSet<IpAddr> {
    addresses.iter().map(|address| address.parse().unwrap()).collect()
}

/// The response code in a header.
pub(crate) fn rcode(reply: &[u8]) -> u8 {
    reply[3] & 0x0f
}

/// A UDP socket that takes replies only from where it asked.
pub(crate) fn udp(server: SocketAddr) -> UdpSocket {
    let local = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(local).unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Asks by UDP and waits for the reply to this question.
pub(crate) fn ask_udp(socket: &UdpSocket, packet: &[u8]) -> Vec<u8> {
    socket.send(packet).unwrap();
    let mut reply = [0; 65_535];
    loop {
        let octets = socket.recv(&mut reply).expect("a reply by UDP");
        if reply[..2] == packet[..2] {
            return reply[..octets].to_vec();
        }
    }
}

/// A TCP connection.
pub(crate) fn tcp(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A message with its length before it.
pub(crate) fn frame(packet: &[u8]) -> Vec<u8> {
    [&u16::try_from(packet.len()).unwrap().to_be_bytes(), packet].concat()
}

/// The next message of a stream; none at its end.
pub(crate) fn read_frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).ok()?;
    Some(reply)
}

/// Asks by TCP.
pub(crate) fn ask_tcp(stream: &mut TcpStream, packet: &[u8]) -> Vec<u8> {
    stream.write_all(&frame(packet)).unwrap();
    read_frame(stream).expect("a reply by TCP")
}

/// True when the server has closed the connection, by an end or a reset, and sent nothing more.
pub(crate) fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(octets) => octets == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// Waits for something that other threads bring about.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
