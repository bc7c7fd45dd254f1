//! A UDP socket, as a worker sees it.
//!
//! On a socket that is bound to one address, replies leave from there by themselves. On one that is
//! bound to all addresses the kernel would choose by its routes, and a client that asked another
//! address drops what comes back. So there each packet tells where it was sent to (`IP_PKTINFO`), and
//! the reply is told to leave from there.

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use portolan_wire::UDP_OCTETS_MAX;
use socket2::Socket;

use super::Reply;
use super::batch::{Batch, Told};

/// How long a worker waits for a packet before it looks up: this bounds how long it keeps an old
/// snapshot while nobody asks (below a second), and how long it takes to stop.
const RECEIVE_WAIT: Duration = Duration::from_millis(200);
/// How long the kernel may take to take the replies of a batch. Those to one client are not worth the
/// wait of all.
const SEND_WAIT: Duration = Duration::from_millis(10);

/// A socket to receive from and to send replies by, with the batch that is under way.
pub(crate) struct Door {
    socket: UdpSocket,
    batch: Batch<UDP_OCTETS_MAX>,
}

impl Door {
    /// Sets what a socket needs to become a door, before it is bound: of what comes earlier the kernel
    /// would not know where it was sent to.
    pub(crate) fn prepare(socket: &Socket, address: IpAddr) -> io::Result<()> {
        socket.set_read_timeout(Some(RECEIVE_WAIT))?;
        socket.set_write_timeout(Some(SEND_WAIT))?;
        match Told::on(address) {
            Told::Nothing => {}
            Told::AddressV4 => setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?,
            Told::AddressV6 => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?,
        }
        Ok(())
    }

    /// Takes a prepared socket that is bound to the address.
    pub(crate) fn new(socket: UdpSocket, address: IpAddr) -> Self {
        Self { socket, batch: Batch::new(Told::on(address)) }
    }

    /// Waits for packets; how many have come, beside those that a panic has left. A wait that is too long
    /// is an error.
    pub(crate) fn receive(&mut self) -> io::Result<usize> {
        self.batch.receive(self.socket.as_fd())
    }

    /// Answers what was received, and sends the replies; how many went nowhere.
    pub(crate) fn answer(&mut self, answerer: &mut impl Reply) -> usize {
        self.batch.answer(answerer) + self.batch.send(self.socket.as_fd())
    }

    /// From now on nothing waits: what has not come is an error.
    pub(crate) fn stop_waiting(&self) -> io::Result<()> {
        self.socket.set_nonblocking(true)
    }
}

impl Told {
    /// What there is to tell on a socket that is bound to this address.
    fn on(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) if v4.is_unspecified() => Self::AddressV4,
            IpAddr::V6(v6) if v6.is_unspecified() => Self::AddressV6,
            _ => Self::Nothing,
        }
    }
}
