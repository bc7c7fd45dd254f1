//! The UDP way in: receive, respond, send, on one thread and one socket.
//!
//! ```text
//!   receive ──▶ respond ──▶ send ──▶ receive …
//!      ├─ nothing came for a while: let go of an old snapshot
//!      └─ the stop was told: answer what is in the queue, and end
//! ```
//!
//! Each worker has its own socket, buffers, lane of counters and chance, so workers share nothing but
//! the published snapshot, which they only read. This file is the whole loop, one packet at a time.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use portolan_core::name::NameBuf;
use portolan_wire::UDP_OCTETS_MAX;

use crate::counters::{Count, Lane};
use crate::published::Reader;
use crate::respond::{Chance, Manner, Packet, Transport, respond};
use crate::worker::{Stop, rest};

mod door;

pub(crate) use door::Door;

/// Longest datagram, in octets: what is received is never cut, so no packet is taken for another.
const DATAGRAM_OCTETS_MAX: usize = 65_535;
/// Most datagrams that are answered after the stop: what a queue holds, and not what goes on coming.
const LAST_DATAGRAMS_MAX: usize = 4_096;

/// What stands behind a socket.
pub(crate) trait Reply {
    /// Writes the reply to a datagram into `out` and gives its length, if one is due.
    fn reply(&mut self, datagram: &[u8], from: SocketAddr, out: &mut [u8]) -> Option<usize>;

    /// Nothing came for a while.
    fn idle(&mut self);
}

/// What a worker answers with.
pub(crate) struct Desk<'w> {
    pub(crate) reader: Reader,
    pub(crate) chance: Chance,
    pub(crate) nsid: &'w [u8],
    pub(crate) lane: &'w Lane,
    pub(crate) name: NameBuf,
}

impl Reply for Desk<'_> {
    fn reply(&mut self, octets: &[u8], from: SocketAddr, out: &mut [u8]) -> Option<usize> {
        self.lane.add(Count::QueriesUdp);
        if from.port() == 0 {
            self.lane.add(Count::DroppedNoPort);
            return None;
        }
        let packet = Packet { octets, source: from.ip() };
        let manner = Manner { transport: Transport::Udp, nsid: self.nsid };
        let draw = self.chance.draw();
        let outcome = respond(self.reader.snapshot(), packet, manner, draw, &mut self.name, out);
        outcome.count(self.lane)
    }

    /// Lets go of a snapshot that was replaced.
    fn idle(&mut self) {
        self.reader.snapshot();
    }
}

/// The buffers of a worker, made once.
pub(crate) struct Buffers {
    datagram: Box<[u8]>,
    reply: [u8; UDP_OCTETS_MAX],
}

impl Buffers {
    pub(crate) fn new() -> Self {
        Self { datagram: vec![0; DATAGRAM_OCTETS_MAX].into(), reply: [0; UDP_OCTETS_MAX] }
    }
}

/// Answers until the stop is told, and then what was received before.
pub(crate) fn serve(
    door: &mut Door,
    desk: &mut impl Reply,
    buffers: &mut Buffers,
    (stop, lane): (&Stop, &Lane),
) {
    while !stop.is_told() {
        match turn(door, desk, buffers, lane) {
            Ok(()) => {}
            Err(error) if is_idle(&error) => desk.idle(),
            Err(error) => {
                lane.add(Count::ReceiveErrors);
                tracing::debug!(%error, "cannot receive by UDP");
                rest();
            }
        }
    }
    if door.stop_waiting().is_ok() {
        let _ = (0..LAST_DATAGRAMS_MAX).try_for_each(|_| turn(door, desk, buffers, lane));
    }
}

/// Receives one datagram and answers it.
fn turn(door: &mut Door, desk: &mut impl Reply, buffers: &mut Buffers, lane: &Lane) -> io::Result<()> {
    let (length, from) = door.receive(&mut buffers.datagram)?;
    let datagram = buffers.datagram.get(..length).unwrap_or_default();
    let reply = desk.reply(datagram, from, &mut buffers.reply);
    let reply = reply.and_then(|octets| buffers.reply.get(..octets));
    if reply.is_some_and(|reply| door.send(reply, from).is_err()) {
        lane.add(Count::DroppedSend);
    }
    Ok(())
}

/// True when nothing is wrong: nothing came, or a signal did.
fn is_idle(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests;
