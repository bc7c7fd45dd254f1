//! A server on loopback that answers as a function says, over UDP and TCP on one port.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};

use portolan_core::{Name, RecordType};

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) id: u16,
    pub(crate) from: SocketAddr,
    pub(crate) is_tcp: bool,
    pub(crate) has_edns: bool,
    /// Name, type and class, as they came.
    question: Vec<u8>,
}

/// The server. It ends with the process of the test.
pub(crate) struct Script {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Asked>>>,
}

impl Script {
    /// Answers each question with these packets; over TCP with the first, and without any by closing.
    pub(crate) fn start(of: impl Fn(&Asked) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let (udp, tcp) = sockets();
        let address = udp.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let of = Arc::new(Mutex::new(of));
        let (notes, answers) = (seen.clone(), of.clone());
        std::thread::spawn(move || {
            let mut packet = [0; 4_096];
            while let Ok((octets, from)) = udp.recv_from(&mut packet) {
                let asked = Asked::read(&packet[..octets], from, false);
                notes.lock().unwrap().push(asked.clone());
                for reply in (answers.lock().unwrap())(&asked) {
                    udp.send_to(&reply, from).unwrap();
                }
            }
        });
        std::thread::spawn(move || {
            for stream in tcp.incoming() {
                let mut stream = stream.unwrap();
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut packet = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut packet).unwrap();
                let asked = Asked::read(&packet, stream.peer_addr().unwrap(), true);
                if let Some(reply) = (of.lock().unwrap())(&asked).first() {
                    let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                    stream.write_all(&[&length, reply.as_slice()].concat()).unwrap();
                }
            }
        });
        Self { address, seen }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The questions that came over UDP.
    pub(crate) fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// Both on one port that is free for both.
fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            return (udp, tcp);
        }
    }
}

impl Asked {
    fn read(packet: &[u8], from: SocketAddr, is_tcp: bool) -> Self {
        let name = packet[12..].iter().position(|octet| *octet == 0).unwrap();
        Self {
            id: u16::from_be_bytes([packet[0], packet[1]]),
            from,
            is_tcp,
            has_edns: packet[11] == 1,
            question: packet[12..12 + name + 5].to_vec(),
        }
    }

    fn rtype(&self) -> u16 {
        let at = self.question.len() - 4;
        u16::from_be_bytes([self.question[at], self.question[at + 1]])
    }
}

/// A reply with these flags beside QR and RA (the last digit is the response code), and those of the records,
/// each `owner TTL TYPE data`, that have the type or lead on; `@` is the name that was asked for.
pub(crate) fn reply(asked: &Asked, flags: u16, records: &[&str]) -> Vec<u8> {
    let records = records.iter().filter_map(|record| {
        let [owner, ttl, rtype, data] = record.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let rtype: RecordType = rtype.parse().unwrap();
        let name = |text: &str| text.parse::<Name>().unwrap().as_wire().to_vec();
        let data = match rtype {
            RecordType::A => data.parse::<Ipv4Addr>().unwrap().octets().to_vec(),
            RecordType::AAAA => data.parse::<Ipv6Addr>().unwrap().octets().to_vec(),
            _ => name(data),
        };
        let is_asked_for = rtype.0 == asked.rtype() || rtype == RecordType::CNAME;
        let mut octets = if owner == "@" { vec![0xc0, 12] } else { name(owner) };
        octets.extend(rtype.0.to_be_bytes());
        octets.extend([0, 1]);
        octets.extend(ttl.parse::<u32>().unwrap().to_be_bytes());
        octets.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        octets.extend(data);
        is_asked_for.then_some(octets)
    });
    let records: Vec<Vec<u8>> = records.collect();
    let mut packet = Vec::new();
    for number in [asked.id, 0x8080 | flags, 1, u16::try_from(records.len()).unwrap(), 0, 0] {
        packet.extend(number.to_be_bytes());
    }
    packet.extend(&asked.question);
    packet.extend(records.concat());
    packet
}
