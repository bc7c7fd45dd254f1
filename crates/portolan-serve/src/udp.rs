//! The UDP way in: receive, respond, send, on one thread and one socket.
//!
//! ```text
//!   receive a batch ──▶ respond to each ──▶ send the replies ──▶ receive …
//!      ├─ nothing came for a while: let go of an old snapshot
//!      └─ the stop was told: answer what is in the queue, and end
//! ```
//!
//! Each worker has its own socket, buffers, lane of counters and chance, so workers share nothing but
//! the published snapshot, which they only read, once for each batch.

use std::io::{self, ErrorKind};

use portolan_core::Snapshot;

use crate::counters::{Count, Lane};
use crate::published::Reader;
use crate::respond::{Chance, Manner, Packet, Room, Transport, respond};
use crate::worker::{Stop, rest};

mod batch;
mod door;

use batch::Asker;
pub(crate) use door::Door;

/// Most batches that are answered after the stop: what a queue holds, and not what goes on coming.
const LAST_BATCHES_MAX: usize = 4_096 / batch::BATCH_DATAGRAMS;

/// What stands behind a socket.
pub(crate) trait Answer {
    /// Who answers one batch.
    fn batch(&mut self) -> impl Reply;

    /// Nothing came for a while.
    fn idle(&mut self);
}

/// Who answers a batch.
pub(crate) trait Reply {
    /// Writes the reply to a datagram into `out` and gives its length, if one is due.
    fn reply(&mut self, datagram: &[u8], from: Asker, out: &mut [u8]) -> Option<usize>;
}

/// What a worker answers with.
pub(crate) struct Desk<'w> {
    pub(crate) reader: Reader,
    pub(crate) chance: Chance,
    pub(crate) nsid: &'w [u8],
    pub(crate) lane: &'w Lane,
    pub(crate) room: Room,
}

/// A [`Desk`] with the snapshot that one batch is answered from.
struct Sitting<'b> {
    snapshot: &'b Snapshot,
    chance: &'b mut Chance,
    manner: Manner<'b>,
    lane: &'b Lane,
    room: &'b mut Room,
}

impl Answer for Desk<'_> {
    fn batch(&mut self) -> impl Reply {
        let Self { reader, chance, nsid, lane, room } = self;
        let manner = Manner { transport: Transport::Udp, nsid };
        Sitting { snapshot: reader.snapshot(), chance, manner, lane, room }
    }

    /// Lets go of a snapshot that was replaced.
    fn idle(&mut self) {
        self.reader.snapshot();
    }
}

impl Reply for Sitting<'_> {
    #[inline]
    fn reply(&mut self, octets: &[u8], from: Asker, out: &mut [u8]) -> Option<usize> {
        if from.port == 0 {
            self.lane.add(Count::DroppedNoPort);
            return None;
        }
        let packet = Packet { octets, source: from.ip };
        let outcome = respond(self.snapshot, packet, self.manner, self.chance.draw(), self.room, out);
        outcome.count(self.lane)
    }
}

/// Answers until the stop is told, and then what was received before.
pub(crate) fn serve(door: &mut Door, answer: &mut impl Answer, (stop, lane): (&Stop, &Lane)) {
    while !stop.is_told() {
        match turn(door, answer, lane) {
            Ok(()) => {}
            Err(error) if is_idle(&error) => answer.idle(),
            Err(error) => {
                lane.add(Count::ReceiveErrors);
                tracing::debug!(%error, "cannot receive by UDP");
                rest();
            }
        }
    }
    if door.stop_waiting().is_ok() {
        let _ = (0..LAST_BATCHES_MAX).try_for_each(|_| turn(door, answer, lane));
    }
}

/// Receives one batch and answers it.
fn turn(door: &mut Door, answer: &mut impl Answer, lane: &Lane) -> io::Result<()> {
    let received = door.receive()?;
    lane.add_many(Count::QueriesUdp, received as u64);
    let lost = door.answer(&mut answer.batch());
    if lost > 0 {
        lane.add_many(Count::DroppedSend, lost as u64);
    }
    Ok(())
}

/// True when nothing is wrong: nothing came, or a signal did.
fn is_idle(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests;
