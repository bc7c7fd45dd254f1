//! The load client over TCP: a few connections with many questions in flight on each, or a connection for
//! each question. Both never sleep, as over UDP.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt::Linger};

use super::flights::Flights;
use super::{LOST_AFTER, Load};
use crate::bench::dataset::Packets;

/// Connections of the pipelined way.
const CONNECTIONS: usize = 8;
/// Questions in flight on each of them.
const PIPELINED: u16 = 16;
/// Connections that each hold one question: fewer than the 10 that Knot and BIND let wait to be accepted,
/// for one more would be tried again only after a second.
const SINGLE_CONNECTIONS: usize = 8;
/// Octets of replies that are taken at a time.
const READ_OCTETS: usize = 1 << 16;
/// Octets of a frame's length.
const LENGTH_OCTETS: usize = 2;

/// How questions are spread over connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) enum Way {
    /// Few connections, many questions in flight on each.
    Pipelined,
    /// A connection for each question, some at a time.
    Single,
}

/// Asks for so long, as fast as is answered.
///
/// # Errors
/// When a connection cannot be made, or the server ends one that is in use.
pub(in crate::bench) fn run(
    server: SocketAddr,
    packets: &Packets,
    first: usize,
    way: Way,
    time: Duration,
) -> Result<Load> {
    let (count, places) = match way {
        Way::Pipelined => (CONNECTIONS, PIPELINED),
        Way::Single => (SINGLE_CONNECTIONS, 1),
    };
    let mut connections = Vec::new();
    for _ in 0..count {
        connections.push(Connection::open(server, places)?);
    }
    let (mut load, mut next) = (Load::default(), first);
    let begun = Instant::now();
    loop {
        let asks = begun.elapsed() < time;
        for connection in &mut connections {
            connection.receive(&mut load)?;
            let lost = connection.flights.forget(Instant::now(), LOST_AFTER);
            load.lost += lost;
            let used = way == Way::Single && connection.asked && !connection.flights.waits();
            if used || lost > 0 {
                *connection = Connection::open(server, places)?;
            }
            if asks {
                connection.send(packets, &mut next)?;
            }
        }
        if !asks && !connections.iter().any(|connection| connection.flights.waits()) {
            break;
        }
    }
    load.seconds = begun.elapsed().as_secs_f64();
    Ok(load)
}

struct Connection {
    socket: TcpStream,
    flights: Flights,
    /// Whether a question was ever sent on it.
    asked: bool,
    /// Frames that the socket did not take yet.
    outgoing: Vec<u8>,
    /// Replies that are not whole yet.
    incoming: Vec<u8>,
}

impl Connection {
    fn open(server: SocketAddr, places: u16) -> Result<Self> {
        let socket = TcpStream::connect(server).context("a connection")?;
        socket.set_nonblocking(true).and_then(|()| socket.set_nodelay(true)).context("a connection")?;
        // Closed at once: thousands of connections a second would use up the ports otherwise.
        setsockopt(&socket, Linger, &libc::linger { l_onoff: 1, l_linger: 0 }).context("a connection")?;
        let flights = Flights::new(places);
        Ok(Self { socket, flights, asked: false, outgoing: Vec::new(), incoming: Vec::new() })
    }

    /// Fills every free place with a question.
    fn send(&mut self, packets: &Packets, next: &mut usize) -> Result<()> {
        let now = Instant::now();
        while self.outgoing.is_empty() || self.flights.free() > 0 {
            let Some(id) = self.flights.start(now) else { break };
            let packet = packets.get(*next);
            *next += 1;
            self.outgoing.extend((packet.len() as u16).to_be_bytes());
            self.outgoing.extend(id.to_be_bytes());
            self.outgoing.extend(&packet[2..]);
            self.asked = true;
        }
        while !self.outgoing.is_empty() {
            match self.socket.write(&self.outgoing) {
                Ok(sent) => drop(self.outgoing.drain(..sent)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("send: did the server close?"),
            }
        }
        Ok(())
    }

    /// Takes what has come, without waiting.
    fn receive(&mut self, load: &mut Load) -> Result<()> {
        let mut bytes = [0; READ_OCTETS];
        match self.socket.read(&mut bytes) {
            Ok(0) if self.flights.waits() => anyhow::bail!("the server closed a connection in use"),
            Ok(len) => self.incoming.extend(&bytes[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).context("receive: is the server gone?"),
        }
        let now = Instant::now();
        let mut rest = &self.incoming[..];
        while let Some((frame, others)) = split_frame(rest) {
            if let [high, low, _, flags, ..] = frame {
                self.flights.land(u16::from_be_bytes([*high, *low]), flags & 0x0f, now, load);
            }
            rest = others;
        }
        let kept = rest.len();
        self.incoming.drain(..self.incoming.len() - kept);
        Ok(())
    }
}

/// The first whole message of a stream, and what follows it.
pub(in crate::bench) fn split_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(LENGTH_OCTETS)?;
    rest.split_at_checked(usize::from(u16::from_be_bytes([length[0], length[1]])))
}

#[cfg(test)]
mod tests;
