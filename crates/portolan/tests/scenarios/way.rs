//! The two ways to ask: the core's function, or a server's sockets.
//!
//! Both draw the same: a server with one worker and a known seed draws one number a datagram, and the
//! core alone is given the same numbers.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, OpCode, Query as Asked};
use hickory_proto::rr::rdata::opt::{ClientSubnet, EdnsOption, NSIDPayload};
use hickory_proto::rr::{DNSClass, Name as TheirName, RecordType as TheirType};
use portolan_core::answer::AliasBuf;
use portolan_core::{Client, Name, Query, RecordType, Snapshot, answer};
use portolan_serve::respond::Chance;
use portolan_serve::{Config, Published, Running, Server};
use portolan_wire::Subnet;

use crate::reply::Reply;

/// What chance begins with.
const SEED: u64 = 2026;
/// What the server calls itself.
const NSID: &str = "demo-1";
/// How long a reply may take before the test gives up: long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A question.
pub(crate) struct Question {
    pub(crate) name: Name,
    pub(crate) rtype: RecordType,
    /// The client's network, sent by ECS.
    pub(crate) from: Option<(IpAddr, u8)>,
    pub(crate) tcp: bool,
    /// The version of EDNS; none for a question without it.
    pub(crate) edns: Option<u8>,
    /// The largest UDP reply that the client takes.
    pub(crate) size: u16,
    pub(crate) nsid: bool,
    pub(crate) class: u16,
    pub(crate) opcode: u8,
}

/// How questions are answered.
pub(crate) enum Way {
    Core { chance: Chance },
    Server { published: Published, udp: UdpSocket, running: Running, asked: u16 },
}

impl Way {
    /// The core alone.
    pub(crate) fn core() -> Self {
        Self::Core { chance: Chance::new(SEED, 0) }
    }

    /// A server on a loopback address of its own. One that ends lets go of its TCP port before its UDP
    /// port, and the next must not share that for a moment.
    pub(crate) fn server() -> Self {
        static SERVERS: AtomicU8 = AtomicU8::new(1);
        let address = Ipv4Addr::new(127, 0, 1, SERVERS.fetch_add(1, Ordering::Relaxed));
        let listen = vec![SocketAddr::from((address, 0))];
        let config = Config { listen, workers: Some(1), nsid: NSID.into(), seed: SEED, ..Config::default() };
        let published = Published::new(Snapshot::new(0));
        let running = Server::bind(config).unwrap().start(&published).unwrap();
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        udp.connect(running.addresses()[0]).unwrap();
        udp.set_read_timeout(Some(PATIENCE)).unwrap();
        Self::Server { published, udp, running, asked: 0 }
    }

    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Server { .. })
    }

    /// Answers from this snapshot from now on.
    pub(crate) fn publish(&self, snapshot: &Snapshot) {
        if let Self::Server { published, .. } = self {
            published.publish(snapshot.clone());
        }
    }

    pub(crate) fn ask(&mut self, snapshot: &Snapshot, question: &Question) -> Reply {
        match self {
            Self::Core { chance } => question.decided(snapshot, chance),
            Self::Server { udp, running, asked, .. } => {
                *asked += 1;
                let packet = question.packet(*asked);
                let reply = match question.tcp {
                    true => ask_tcp(running.addresses()[0], &packet),
                    false => ask_udp(udp, &packet),
                };
                assert_eq!(reply[..2], packet[..2], "the reply is to this question");
                Reply::of_packet(&reply)
            }
        }
    }
}

impl Question {
    fn decided(&self, snapshot: &Snapshot, chance: &mut Chance) -> Reply {
        let told = self.from.filter(|(_, prefix)| *prefix > 0);
        let address = told.map_or(Ipv4Addr::LOCALHOST.into(), |(address, _)| address.to_canonical());
        let query = Query { name: self.name.borrowed(), rtype: self.rtype, client: Client { address } };
        let mut aliases = AliasBuf::new();
        let answer = answer(snapshot, &query, chance.draw(), &mut (), &mut aliases);
        let scope = self.from.map(|(address, source)| Subnet { address, source }.scope(answer.scope));
        Reply::of_answer(&answer, scope)
    }

    fn packet(&self, id: u16) -> Vec<u8> {
        let mut message = Message::query();
        message.metadata.id = id;
        message.metadata.op_code = OpCode::from_u8(self.opcode);
        let name = TheirName::from_ascii(self.name.to_string()).unwrap();
        let mut asked = Asked::query(name, TheirType::from(self.rtype.0));
        asked.set_query_class(DNSClass::from(self.class));
        message.add_query(asked);
        if let Some(version) = self.edns {
            let mut edns = Edns::new();
            edns.set_version(version).set_max_payload(self.size);
            if let Some((address, prefix)) = self.from {
                let subnet = ClientSubnet::new(address, prefix, 0);
                edns.options_mut().insert(EdnsOption::Subnet(subnet));
            }
            if self.nsid {
                edns.options_mut().insert(EdnsOption::NSID(NSIDPayload::new(Vec::new()).unwrap()));
            }
            message.set_edns(edns);
        }
        message.to_vec().unwrap()
    }
}

fn ask_udp(socket: &UdpSocket, packet: &[u8]) -> Vec<u8> {
    socket.send(packet).unwrap();
    let mut reply = [0; 65_535];
    let octets = socket.recv(&mut reply).expect("a reply by UDP");
    reply[..octets].to_vec()
}

fn ask_tcp(server: SocketAddr, packet: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&[&u16::try_from(packet.len()).unwrap().to_be_bytes(), packet].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).unwrap();
    reply
}
