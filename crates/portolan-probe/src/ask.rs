//! The sockets: one question, put to one server after the other.
//!
//! Each try has a socket of its own, so that the kernel draws a port for it, and a number of its own: who cannot
//! see the question must guess both (RFC 5452). The socket is connected, so a packet of somebody else is never
//! seen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use portolan_core::Name;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::host::{Heard, Why};
use crate::message::{FAMILIES, Family, Question, Reply};

/// How long a server may take to answer, over UDP and over TCP each.
pub const WAIT: Duration = Duration::from_secs(2);
/// How often each server is asked.
pub const TRIES: usize = 2;
/// Packets that are no reply to the question, of one try, after which it is given up.
const STRAYS_MAX: usize = 16;
/// The largest packet that is looked for over UDP: somebody may send more than was asked for.
const UDP_OCTETS_MAX: usize = 4_096;

/// Who is asked, and for how long.
#[derive(Clone, Debug)]
pub struct Asking {
    /// In this order.
    pub servers: Vec<SocketAddr>,
    /// How long one of them may take.
    pub wait: Duration,
    /// A number that nobody can foresee, each time another.
    pub draw: fn() -> u64,
}

/// What comes of a name, IPv4 first.
pub async fn ask(asking: &Asking, host: &Name) -> [Heard; 2] {
    let [v4, v6] = FAMILIES;
    let (v4, v6) = tokio::join!(of_family(asking, host, v4), of_family(asking, host, v6));
    [v4, v6]
}

/// The first server that can say is believed; of those that cannot, the last is told of.
async fn of_family(asking: &Asking, host: &Name, family: Family) -> Heard {
    let mut last = Why::NoServer;
    for _ in 0..TRIES {
        for server in &asking.servers {
            match by_any_means(asking, *server, host, family).await {
                Heard::Failed(why) => last = why,
                heard => return heard,
            }
        }
    }
    Heard::Failed(last)
}

/// By UDP; by TCP what did not fit; without EDNS where it is not known.
async fn by_any_means(asking: &Asking, server: SocketAddr, host: &Name, family: Family) -> Heard {
    let mut has_edns = true;
    loop {
        let (udp, tcp) = (question(asking, host, family, has_edns), question(asking, host, family, has_edns));
        let mut reply = within(asking.wait, by_udp(server, &udp)).await;
        if reply == Ok(Reply::Cut) {
            reply = within(asking.wait, by_tcp(server, &tcp)).await;
        }
        match reply {
            Ok(Reply::Heard(heard)) => return heard,
            Ok(Reply::Plain) if has_edns => has_edns = false,
            // What is cut on a stream, or asks for less than nothing, is no reply at all.
            Ok(Reply::Plain | Reply::Cut) => return Heard::Failed(Why::Malformed),
            Err(why) => return Heard::Failed(why),
        }
    }
}

fn question(asking: &Asking, host: &Name, family: Family, has_edns: bool) -> Question {
    let [high, low, ..] = (asking.draw)().to_be_bytes();
    Question { id: u16::from_be_bytes([high, low]), host: host.clone(), family, has_edns }
}

async fn within(
    wait: Duration,
    reply: impl Future<Output = std::io::Result<Option<Reply>>>,
) -> Result<Reply, Why> {
    match timeout(wait, reply).await {
        Ok(Ok(Some(reply))) => Ok(reply),
        Ok(Ok(None)) => Err(Why::Malformed),
        Ok(Err(_)) => Err(Why::Unreachable),
        Err(_) => Err(Why::TimedOut),
    }
}

async fn by_udp(server: SocketAddr, question: &Question) -> std::io::Result<Option<Reply>> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(&question.packet()).await?;
    let mut packet = vec![0; UDP_OCTETS_MAX];
    for _ in 0..STRAYS_MAX {
        let octets = socket.recv(&mut packet).await?;
        let reply = question.reply(packet.get(..octets).unwrap_or_default());
        if reply.is_some() {
            return Ok(reply);
        }
    }
    Ok(None)
}

async fn by_tcp(server: SocketAddr, question: &Question) -> std::io::Result<Option<Reply>> {
    let mut stream = TcpStream::connect(server).await?;
    let packet = question.packet();
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    stream.write_all(&[&length.to_be_bytes(), packet.as_slice()].concat()).await?;
    let octets = usize::from(stream.read_u16().await?);
    let mut packet = vec![0; octets];
    stream.read_exact(&mut packet).await?;
    Ok(question.reply(&packet))
}
