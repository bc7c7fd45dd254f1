//! One TCP connection: questions in, replies out in their order, until somebody has had enough.
//!
//! ```text
//!            ┌────────────── next question (idle) ◀───────────────┐
//!            ▼                                                    │
//!   first ─ read ─ part of a message (message) ─ read ─ whole ─ answer ─ write (write)
//!     byte   │                                                            │
//!            └─ nothing in time, end of stream, stop                      └─ no room in time
//! ```
//!
//! Questions are answered one after the other, as they are read: an answer takes a microsecond, so
//! there is nothing to gain by doing them out of order. What a client pipelines is answered into one
//! buffer and written at once; no more is read while that is under way, so a client that does not read
//! its replies fills its own connection and nothing of ours.

use std::cell::RefCell;
use std::net::IpAddr;
use std::time::Duration;

use portolan_core::name::NameBuf;
use portolan_wire::TCP_OCTETS_MAX;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::frames::{Frame, Inbox};
use super::table::Seat;
use crate::config::Limits;
use crate::counters::{Count, Lane};
use crate::respond::{Chance, Manner, Packet, Transport, respond};
use crate::shared::Shared;

/// Replies that are gathered before they are written, in octets.
const OUTBOX_OCTETS: usize = 16_384;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client sends no more, and has its replies.
    ByClient,
    /// The server stops.
    Stopped,
    /// Nothing came for too long.
    Idle,
    /// A message took too long to come, or replies to go.
    Slow,
    /// Its seat was wanted.
    ForRoom,
    /// The connection broke, or a frame had no message.
    Broken,
}

/// A connection, and what answers it.
pub(crate) struct Conversation<'c> {
    stream: TcpStream,
    source: IpAddr,
    chance: Chance,
    shared: &'c Shared,
    lane: &'c Lane,
    inbox: Inbox,
    outbox: Vec<u8>,
}

impl<'c> Conversation<'c> {
    /// `number` tells connections apart, so that no two draw alike.
    pub(crate) fn new(
        stream: TcpStream,
        source: IpAddr,
        number: u64,
        shared: &'c Shared,
        lane: &'c Lane,
    ) -> Self {
        // UDP workers are numbered from below.
        let chance = Chance::new(shared.config.seed, u64::MAX - number);
        Self { stream, source, chance, shared, lane, inbox: Inbox::new(), outbox: Vec::new() }
    }

    /// Converses until the end, whoever makes it.
    pub(crate) async fn run(mut self, seat: &Seat) -> Ended {
        // Replies are written whole; waiting for more of them would only delay the last.
        let _ = self.stream.set_nodelay(true);
        let limits = self.shared.config.limits;
        let mut waiting = Waiting::first(&limits);
        loop {
            match self.turn(waiting, seat).await {
                Ok(answered) => waiting = waiting.next(&limits, answered, !self.inbox.is_empty()),
                Err(ended) => return ended,
            }
        }
    }

    /// Reads once and answers all that is whole; says whether there was any.
    async fn turn(&mut self, waiting: Waiting, seat: &Seat) -> Result<bool, Ended> {
        self.receive(waiting).await?;
        self.answer_all(seat).await
    }

    async fn receive(&mut self, waiting: Waiting) -> Result<(), Ended> {
        let received = timeout_at(waiting.until, self.inbox.receive(&mut self.stream));
        tokio::select! {
            biased;
            received = received => match received {
                Ok(Ok(0)) => Err(Ended::ByClient),
                Ok(Ok(_)) => Ok(()),
                Ok(Err(_)) => Err(Ended::Broken),
                Err(_) => Err(if waiting.inside { Ended::Slow } else { Ended::Idle }),
            },
            () = self.shared.stop.wait() => Err(Ended::Stopped),
        }
    }

    /// Answers every message that is there, and writes the replies.
    async fn answer_all(&mut self, seat: &Seat) -> Result<bool, Ended> {
        let mut answered = false;
        let last = loop {
            match self.inbox.next() {
                Frame::Whole(message) => {
                    let packet = Packet { octets: message, source: self.source };
                    answer(self.shared, self.lane, packet, &mut self.chance, &mut self.outbox);
                    answered = true;
                }
                Frame::Part => break Ok(answered),
                Frame::Empty => break Err(Ended::Broken),
            }
            if self.outbox.len() >= OUTBOX_OCTETS {
                self.write(seat).await?;
            }
        };
        self.write(seat).await?;
        last
    }

    /// Writes the replies, each with its length before it, all at once.
    async fn write(&mut self, seat: &Seat) -> Result<(), Ended> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        // Before the client can know of it: who has just got a reply is not the oldest.
        seat.sign(Instant::now().into_std());
        let written = timeout(self.shared.config.limits.write, self.stream.write_all(&self.outbox)).await;
        self.outbox.clear();
        self.outbox.shrink_to(OUTBOX_OCTETS);
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::Broken),
            Err(_) => Err(Ended::Slow),
        }
    }
}

/// What a connection waits for, and until when.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// A part of a message is there.
    inside: bool,
    until: Instant,
}

impl Waiting {
    fn first(limits: &Limits) -> Self {
        Self { inside: false, until: after(limits.first_byte) }
    }

    /// What comes next. Dripping the bytes of one message does not move its deadline.
    fn next(self, limits: &Limits, answered: bool, inside: bool) -> Self {
        match inside {
            true if self.inside && !answered => self,
            true => Self { inside, until: after(limits.message) },
            false => Self { inside, until: after(limits.idle) },
        }
    }
}

fn after(wait: Duration) -> Instant {
    Instant::now() + wait
}

/// Appends the reply to one message, if one is due, with its length before it.
fn answer(shared: &Shared, lane: &Lane, packet: Packet<'_>, chance: &mut Chance, out: &mut Vec<u8>) {
    thread_local! {
        // The largest reply, once a thread instead of once a connection.
        static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; TCP_OCTETS_MAX].into());
    }
    lane.add(Count::QueriesTcp);
    let manner = Manner { transport: Transport::Tcp, nsid: &shared.config.nsid };
    SCRATCH.with_borrow_mut(|scratch| {
        let snapshot = shared.published.glance();
        let outcome = respond(&snapshot, packet, manner, chance.draw(), &mut NameBuf::new(), scratch);
        let reply = outcome.count(lane).and_then(|octets| scratch.get(..octets)).unwrap_or_default();
        if let Some(length) = u16::try_from(reply.len()).ok().filter(|length| *length > 0) {
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(reply);
        }
    });
}
