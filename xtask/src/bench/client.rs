//! The load client: packets that were built before, four sockets, one thread that never sleeps, so that
//! the server does not pay for waking it.
//!
//! ```text
//!   closed loop: a reply comes ──▶ its place in flight is free ──▶ the next question goes out
//!   open loop:   the clock says that one is due ──▶ it goes out; its time runs from when it was due
//! ```
//!
//! A question's id holds its place in flight, so that a reply is matched by one look. A reply with a
//! code other than NOERROR and NXDOMAIN is counted as wrong: what was checked before must stay so.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::dataset::Packets;
use super::histogram::Histogram;
use lane::{BATCH, Lane};

mod flights;
mod lane;
pub(super) mod stream;

/// Sockets of a client; a server with several workers spreads them by their ports.
const SOCKETS: usize = 4;
/// Questions in flight of a closed loop, on all sockets.
const IN_FLIGHT: u16 = 128;
/// Places in flight of one socket of an open loop: at 20,000 a second, most of a second's questions.
const OPEN_PLACES: u16 = 4_096;
/// After this a question counts as lost, and its place is free again.
const LOST_AFTER: Duration = Duration::from_secs(1);
/// How often lost questions are looked for.
const LOST_LOOK: Duration = Duration::from_millis(100);

/// How questions are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    /// So many in flight, as fast as they are answered.
    Closed,
    /// So many a second, whatever is answered.
    Open(u32),
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    /// Questions that were answered.
    pub(super) answered: u64,
    /// Questions that were not answered in time, or had no place to wait in.
    pub(super) lost: u64,
    /// Replies with a code that none of the questions ought to have.
    pub(super) wrong: u64,
    /// How long questions were sent.
    pub(super) seconds: f64,
    /// The longest time between two replies, or batches of them.
    pub(super) longest_gap: Duration,
    /// When the last came.
    last_reply: Option<Instant>,
    /// From question to reply.
    pub(super) latency: Histogram,
}

/// Asks for so long, beginning with the packet of that number; they go round.
///
/// # Errors
/// When there is no socket, or the server's is gone.
pub(super) fn run(
    server: SocketAddr,
    packets: &Packets,
    first: usize,
    pace: Pace,
    time: Duration,
) -> Result<Load> {
    ensure!(packets.count() > 0, "no questions to ask");
    let places = if pace == Pace::Closed { IN_FLIGHT / SOCKETS as u16 } else { OPEN_PLACES };
    let mut lanes = Vec::new();
    for _ in 0..SOCKETS {
        lanes.push(Lane::connect(server, places)?);
    }
    let mut client = Client { lanes, packets, next: first, load: Load::default() };
    let begun = Instant::now();
    match pace {
        Pace::Closed => client.closed(begun, time)?,
        Pace::Open(rate) => client.open(begun, time, rate)?,
    }
    client.load.seconds = begun.elapsed().as_secs_f64();
    client.drain()?;
    Ok(client.load)
}

/// All lanes of a run.
struct Client<'a> {
    lanes: Vec<Lane>,
    packets: &'a Packets,
    next: usize,
    load: Load,
}

impl Client<'_> {
    fn closed(&mut self, begun: Instant, time: Duration) -> Result<()> {
        let mut looked = begun;
        loop {
            for lane in &mut self.lanes {
                let now = lane.receive(&mut self.load)?;
                let count = lane.free().min(BATCH);
                self.next += lane.send(self.packets, self.next, count, |_| now)?;
            }
            let now = Instant::now();
            if now >= begun + time {
                return Ok(());
            }
            self.look_for_lost(now, &mut looked);
        }
    }

    fn open(&mut self, begun: Instant, time: Duration, rate: u32) -> Result<()> {
        let step = Duration::from_secs(1) / rate;
        let all = whole(time, step);
        let (mut looked, mut asked) = (begun, 0);
        // Every question that was due is sent, however late the machine lets us.
        while asked < all {
            for lane in &mut self.lanes {
                lane.receive(&mut self.load)?;
                let due = all.min(whole(begun.elapsed(), step) + 1);
                let count = due.saturating_sub(asked).min(BATCH as u32);
                // What has no place is lost; the clock does not wait for a slow server.
                let room = lane.free().min(count as usize);
                let sent = lane.send(self.packets, self.next, room, |n| begun + step * (asked + n))?;
                self.load.lost += u64::from(count) - sent as u64;
                self.next += count as usize;
                asked += count;
            }
            self.look_for_lost(Instant::now(), &mut looked);
        }
        Ok(())
    }

    fn look_for_lost(&mut self, now: Instant, looked: &mut Instant) {
        if now - *looked >= LOST_LOOK {
            *looked = now;
            self.load.lost += self.lanes.iter_mut().map(|lane| lane.forget(now, LOST_AFTER)).sum::<u64>();
        }
    }

    /// Waits for what is still in flight.
    fn drain(&mut self) -> Result<()> {
        let begun = Instant::now();
        while self.lanes.iter().any(Lane::waits) && begun.elapsed() < LOST_AFTER {
            for lane in &mut self.lanes {
                lane.receive(&mut self.load)?;
            }
        }
        let now = Instant::now();
        self.load.lost += self.lanes.iter_mut().map(|lane| lane.forget(now, Duration::ZERO)).sum::<u64>();
        Ok(())
    }
}

/// How often a step fits into a time.
fn whole(time: Duration, step: Duration) -> u32 {
    u32::try_from(time.as_nanos() / step.as_nanos().max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
