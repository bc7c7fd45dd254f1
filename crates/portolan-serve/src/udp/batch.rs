//! A batch of datagrams: received by one call, answered one after the other, sent by one call.
//!
//! ```text
//!   receive ──▶ answer, answer, … ──▶ send ──▶ receive …
//!                  └ a panic: that datagram is lost, the next turn goes on behind it
//! ```
//!
//! Replies are written where they are sent from, and addresses stay where they were received. Where a
//! batch stands is kept here and not on the stack, so that a worker that panics in the middle of it loses
//! the datagram that it had in its hands, and none of those that came with it.

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;

use super::Reply;

mod address;
mod calls;

pub(crate) use address::Asker;
use calls::Exchange;

/// Datagrams that are received by one call: at full load what a call costs is spread over so many, and
/// the first of them waits for its reply no longer than the others take, some microseconds.
pub(crate) const BATCH_DATAGRAMS: usize = 32;
/// Signals that may come while one batch is sent, before one counts as a refusal.
const INTERRUPTIONS_MAX: usize = 32;

/// A batch, and the memory of all that come after it; replies have up to so many octets.
pub(crate) struct Batch<const REPLY_OCTETS: usize> {
    exchange: Exchange<REPLY_OCTETS>,
    told: Told,
    /// The first of its datagrams that nobody has looked at.
    next: usize,
}

/// What the kernel tells of each datagram, beside its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing: replies leave from the only address that the socket has.
    Nothing,
    /// The IPv4 address that was asked.
    AddressV4,
    /// The IPv6 address that was asked.
    AddressV6,
}

impl<const REPLY_OCTETS: usize> Batch<REPLY_OCTETS> {
    pub(crate) fn new(told: Told) -> Self {
        let told_octets = match told {
            Told::Nothing => 0,
            Told::AddressV4 => address::TOLD_V4_OCTETS,
            Told::AddressV6 => address::TOLD_V6_OCTETS,
        };
        Self { exchange: Exchange::new(told_octets), told, next: 0 }
    }

    /// Waits for datagrams, unless some are left of the batch before; how many have come.
    pub(crate) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        if self.next < self.exchange.received() || self.exchange.ready() > 0 {
            return Ok(0);
        }
        self.next = 0;
        self.exchange.receive(socket)
    }

    /// Has each datagram answered. How many replies can go nowhere, as nobody knows whom was asked.
    pub(crate) fn answer(&mut self, answerer: &mut impl Reply) -> usize {
        let mut lost = 0;
        while self.next < self.exchange.received() {
            let nth = self.next;
            self.next += 1;
            let Some(letter) = self.exchange.open(nth) else { break };
            let from = address::read(letter.address);
            let Some(octets) = answerer.reply(letter.datagram, from, letter.reply) else { continue };
            // The kernel always tells; sent from an address of its choice the reply would be lost anyway.
            if self.told == Told::Nothing || self.exchange.control(nth).is_some_and(address::turn) {
                self.exchange.enclose(nth, octets);
            } else {
                lost += 1;
            }
        }
        lost
    }

    /// Sends the replies. How many the kernel refused.
    pub(crate) fn send(&mut self, socket: BorrowedFd<'_>) -> usize {
        let refused = send_all(self.exchange.ready(), |from, waits| self.exchange.send(socket, from, waits));
        self.exchange.sent();
        refused
    }
}

/// Sends so many replies by a call that takes some, from one on; how many it refused. A call tells of an
/// error only when it concerns the first that it was to send: that one is left out, and the rest goes on.
///
/// One batch waits once. When there was no room in time, the replies behind are tried without waiting, as
/// clients that cannot be reached must cost the others nothing.
fn send_all(replies: usize, mut send: impl FnMut(usize, bool) -> io::Result<usize>) -> usize {
    let (mut next, mut refused, mut interruptions, mut waits) = (0, 0, 0, true);
    while next < replies {
        match send(next, waits) {
            Ok(sent) if sent > 0 => next += sent,
            Err(error) if error.kind() == ErrorKind::Interrupted && interruptions < INTERRUPTIONS_MAX => {
                interruptions += 1;
            }
            outcome => {
                waits &= !outcome.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
                next += 1;
                refused += 1;
            }
        }
    }
    refused
}

#[cfg(test)]
mod tests;
