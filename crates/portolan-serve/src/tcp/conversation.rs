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
//!
//! That buffer is the thread's, as nearly all replies are taken by the kernel as soon as they are there.
//! Only what it does not take is copied to the connection, and waits there. Likewise there is one timer
//! a connection, which is moved when it rings too early and not with each message.

use std::cell::RefCell;
use std::net::IpAddr;
use std::pin::{Pin, pin};

use portolan_wire::TCP_OCTETS_MAX;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::frames::{Frame, Inbox, LENGTH_OCTETS};
use super::table::Seat;
use crate::config::Limits;
use crate::counters::{Count, Lane};
use crate::respond::{Chance, Manner, Packet, Room, Transport, respond};
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
    /// Replies that the kernel did not take at once.
    left: Vec<u8>,
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
        Self { stream, source, chance, shared, lane, inbox: Inbox::new(), left: Vec::new() }
    }

    /// Converses until the end, whoever makes it.
    pub(crate) async fn run(mut self, seat: &Seat) -> Ended {
        // Replies are written whole; waiting for more of them would only delay the last.
        let _ = self.stream.set_nodelay(true);
        let limits = self.shared.config.limits;
        let mut waiting = Waiting::first(&limits, Instant::now());
        let mut timer = pin!(sleep_until(waiting.until));
        let mut stop = pin!(self.shared.stop.wait());
        loop {
            // The first is nearly always ready when anything is, and then nothing else is looked at.
            let received = tokio::select! {
                biased;
                received = self.inbox.receive(&mut self.stream) => received,
                () = ring(timer.as_mut(), waiting.until) => return waiting.in_vain(),
                () = &mut stop => return Ended::Stopped,
            };
            match received {
                Ok(0) => return Ended::ByClient,
                Ok(_) => {}
                Err(_) => return Ended::Broken,
            }
            match self.answer_all(seat).await {
                Ok((answered, now)) => waiting = waiting.next(&limits, answered, !self.inbox.is_empty(), now),
                Err(ended) => return ended,
            }
        }
    }

    /// Answers every message that is there, and writes the replies; whether there was any, and when that
    /// was done.
    async fn answer_all(&mut self, seat: &Seat) -> Result<(bool, Instant), Ended> {
        let mut any = false;
        let mut now = Instant::now();
        loop {
            let (answered, next) = self.answer_some(seat, now)?;
            any |= answered;
            if !self.left.is_empty() {
                self.write_left().await?;
                now = Instant::now();
            }
            match next {
                Next::More => {}
                Next::Part => return Ok((any, now)),
                Next::Empty => return Err(Ended::Broken),
            }
        }
    }

    /// Answers messages until there is no whole one, or much to write, and writes the replies, each with its
    /// length before it, as far as the kernel takes them; whether there was any message.
    fn answer_some(&mut self, seat: &Seat, now: Instant) -> Result<(bool, Next), Ended> {
        thread_local! {
            // Once a thread instead of once a connection.
            static OUTBOX: RefCell<Outbox> = RefCell::new(Outbox::new());
        }
        OUTBOX.with_borrow_mut(|outbox| {
            outbox.filled = 0;
            let (answered, next) = self.fill(outbox);
            let replies = outbox.replies();
            if !replies.is_empty() {
                // Before the client can know of it: who has just got a reply is not the oldest.
                seat.sign(now.into_std());
                let taken = match self.stream.try_write(replies) {
                    Ok(octets) => octets,
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => 0,
                    Err(_) => return Err(Ended::Broken),
                };
                self.left.extend_from_slice(replies.get(taken..).unwrap_or_default());
            }
            Ok((answered, next))
        })
    }

    /// Answers messages out of one snapshot.
    fn fill(&mut self, outbox: &mut Outbox) -> (bool, Next) {
        let snapshot = self.shared.published.glance();
        let manner = Manner { transport: Transport::Tcp, nsid: &self.shared.config.nsid };
        let mut answered = 0;
        let next = loop {
            let octets = match self.inbox.next() {
                Frame::Whole(message) => message,
                Frame::Part => break Next::Part,
                Frame::Empty => break Next::Empty,
            };
            answered += 1;
            let packet = Packet { octets, source: self.source };
            let Outbox { octets, filled, room } = outbox;
            let Some((length, reply)) =
                octets.get_mut(*filled..).and_then(|room| room.split_first_chunk_mut::<LENGTH_OCTETS>())
            else {
                break Next::More;
            };
            let outcome = respond(&snapshot, packet, manner, self.chance.draw(), room, reply);
            let octets = outcome.count(self.lane).and_then(|octets| u16::try_from(octets).ok());
            if let Some(octets) = octets.filter(|octets| *octets > 0) {
                *length = octets.to_be_bytes();
                *filled += LENGTH_OCTETS + usize::from(octets);
            }
            if *filled >= OUTBOX_OCTETS {
                break Next::More;
            }
        };
        self.lane.add_many(Count::QueriesTcp, answered);
        (answered > 0, next)
    }

    /// Writes what the kernel did not take at once.
    async fn write_left(&mut self) -> Result<(), Ended> {
        let written = timeout(self.shared.config.limits.write, self.stream.write_all(&self.left)).await;
        // Most connections never need it again.
        self.left = Vec::new();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::Broken),
            Err(_) => Err(Ended::Slow),
        }
    }
}

/// What stands behind the messages that were answered.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// There may be another one.
    More,
    /// Not all of it is there.
    Part,
    /// A frame without a message.
    Empty,
}

/// Replies under way, with room for the largest behind those that are gathered.
struct Outbox {
    octets: Box<[u8]>,
    filled: usize,
    room: Room,
}

impl Outbox {
    fn new() -> Self {
        let octets = vec![0; OUTBOX_OCTETS + LENGTH_OCTETS + TCP_OCTETS_MAX].into();
        Self { octets, filled: 0, room: Room::default() }
    }

    fn replies(&self) -> &[u8] {
        self.octets.get(..self.filled).unwrap_or_default()
    }
}

/// Waits until then. The timer rings when that was last moved to; moving it costs more than looking.
async fn ring(mut timer: Pin<&mut Sleep>, until: Instant) {
    if until < timer.deadline() {
        timer.as_mut().reset(until);
    }
    loop {
        timer.as_mut().await;
        if timer.deadline() >= until {
            return;
        }
        timer.as_mut().reset(until);
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
    fn first(limits: &Limits, now: Instant) -> Self {
        Self { inside: false, until: now + limits.first_byte }
    }

    /// What comes next. Dripping the bytes of one message does not move its deadline.
    fn next(self, limits: &Limits, answered: bool, inside: bool, now: Instant) -> Self {
        match inside {
            true if self.inside && !answered => self,
            true => Self { inside, until: now + limits.message },
            false => Self { inside, until: now + limits.idle },
        }
    }

    /// Nothing came.
    fn in_vain(self) -> Ended {
        if self.inside { Ended::Slow } else { Ended::Idle }
    }
}
