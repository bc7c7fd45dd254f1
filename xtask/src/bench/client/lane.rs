//! One socket of the client, and the questions that are in flight on it.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, recvmmsg, sendmmsg};

use super::Load;
use super::flights::Flights;
use crate::bench::dataset::{PACKET_OCTETS_MAX, Packets};

/// Datagrams of one system call.
pub(super) const BATCH: usize = 32;
/// Octets of a reply that are kept; only its header is looked at.
const REPLY_OCTETS_MAX: usize = 1_500;

/// A socket, its places, and the buffers of its system calls.
pub(super) struct Lane {
    socket: UdpSocket,
    flights: Flights,
    outgoing: Box<[[u8; PACKET_OCTETS_MAX]; BATCH]>,
    incoming: Box<[[u8; REPLY_OCTETS_MAX]; BATCH]>,
    sent: MultiHeaders<()>,
    received: MultiHeaders<()>,
}

impl Lane {
    /// With so many places, a power of two.
    pub(super) fn connect(server: SocketAddr, places: u16) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("a socket")?;
        socket.connect(server).context("the server's address")?;
        Ok(Self {
            socket,
            flights: Flights::new(places),
            outgoing: Box::new([[0; PACKET_OCTETS_MAX]; BATCH]),
            incoming: Box::new([[0; REPLY_OCTETS_MAX]; BATCH]),
            sent: MultiHeaders::preallocate(BATCH, None),
            received: MultiHeaders::preallocate(BATCH, None),
        })
    }

    /// Places that are free.
    pub(super) fn free(&self) -> usize {
        self.flights.free()
    }

    /// True while a question is in flight.
    pub(super) fn waits(&self) -> bool {
        self.flights.waits()
    }

    /// Sends `count` packets from number `first` on, at most [`BATCH`] and as many as there are free
    /// places, each with the time that its waiting is counted from; gives how many went out.
    pub(super) fn send(
        &mut self,
        packets: &Packets,
        first: usize,
        count: usize,
        since: impl Fn(u32) -> Instant,
    ) -> Result<usize> {
        if count == 0 {
            return Ok(0);
        }
        let mut ids = [0; BATCH];
        for (number, id) in ids.iter_mut().enumerate().take(count) {
            *id = self.flights.start(since(number as u32)).context("no free place")?;
            let packet = packets.get(first + number);
            self.outgoing[number][..packet.len()].copy_from_slice(packet);
            self.outgoing[number][..2].copy_from_slice(&id.to_be_bytes());
        }
        let sent = self.send_batch(packets.octets(), count)?;
        for id in ids[sent..count].iter().rev() {
            self.flights.cancel(*id);
        }
        Ok(sent)
    }

    fn send_batch(&mut self, octets: usize, count: usize) -> Result<usize> {
        let no_control: [ControlMessage<'_>; 0] = [];
        let slices: [_; BATCH] = std::array::from_fn(|at| [IoSlice::new(&self.outgoing[at][..octets])]);
        let result = sendmmsg(
            self.socket.as_raw_fd(),
            &mut self.sent,
            &slices[..count],
            [None; BATCH],
            no_control,
            MsgFlags::MSG_DONTWAIT,
        );
        match result {
            Ok(messages) => Ok(messages.count()),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
            Err(error) => Err(error).context("send: is the server gone?"),
        }
    }

    /// Takes what has come, without waiting; gives the time that was taken as its arrival.
    pub(super) fn receive(&mut self, load: &mut Load) -> Result<Instant> {
        let mut slices = self.incoming.each_mut().map(|reply| [IoSliceMut::new(reply)]);
        let result =
            recvmmsg(self.socket.as_raw_fd(), &mut self.received, &mut slices, MsgFlags::MSG_DONTWAIT, None);
        let count = match result {
            Ok(messages) => messages.count(),
            Err(Errno::EAGAIN | Errno::EINTR) => 0,
            Err(error) => return Err(error).context("receive: is the server gone?"),
        };
        let now = Instant::now();
        if count > 0 {
            load.arrive(now);
        }
        for at in 0..count {
            let [high, low, _, flags, ..] = self.incoming[at];
            self.flights.land(u16::from_be_bytes([high, low]), flags & 0x0f, now, load);
        }
        Ok(now)
    }

    /// Frees the places of questions that have waited for so long; gives how many.
    pub(super) fn forget(&mut self, now: Instant, after: Duration) -> u64 {
        self.flights.forget(now, after)
    }
}
