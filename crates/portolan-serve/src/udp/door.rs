//! A UDP socket, as a worker sees it.
//!
//! On a socket that is bound to one address, replies leave from there by themselves. On one that is
//! bound to all addresses the kernel would choose by its routes, and a client that asked another
//! address drops what comes back. So there each packet tells where it was sent to (`IP_PKTINFO`), and
//! the reply is told to leave from there.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::cmsg_space;
use nix::libc::{in_pktinfo, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrStorage, recvmsg, sendmmsg,
    setsockopt, sockopt,
};

/// How long a worker waits for a packet before it looks up: this bounds how long it keeps an old
/// snapshot while nobody asks (below a second), and how long it takes to stop.
const RECEIVE_WAIT: Duration = Duration::from_millis(200);
/// How long the kernel may take to take a reply. A reply to one client is not worth the wait of all.
const SEND_WAIT: Duration = Duration::from_millis(10);

/// A socket to receive from and to send replies by.
pub(crate) enum Door {
    /// Bound to one address.
    Narrow(UdpSocket),
    /// Bound to all addresses of a family.
    Wide(WideDoor),
}

impl Door {
    /// Sets what a socket needs to become a door.
    pub(crate) fn prepare(socket: &UdpSocket, address: IpAddr) -> io::Result<()> {
        socket.set_read_timeout(Some(RECEIVE_WAIT))?;
        socket.set_write_timeout(Some(SEND_WAIT))?;
        match address {
            IpAddr::V4(v4) if v4.is_unspecified() => setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?,
            IpAddr::V6(v6) if v6.is_unspecified() => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?,
            _ => {}
        }
        Ok(())
    }

    /// Takes a prepared socket that is bound to the address.
    pub(crate) fn new(socket: UdpSocket, address: IpAddr) -> Self {
        if address.is_unspecified() {
            Self::Wide(WideDoor::new(socket, address))
        } else {
            Self::Narrow(socket)
        }
    }

    /// Waits for a packet; its length and sender. A wait that is too long is an error.
    pub(crate) fn receive(&mut self, datagram: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self {
            Self::Narrow(socket) => socket.recv_from(datagram),
            Self::Wide(door) => door.receive(datagram),
        }
    }

    /// From now on nothing waits: what has not come is an error.
    pub(crate) fn stop_waiting(&self) -> io::Result<()> {
        match self {
            Self::Narrow(socket) | Self::Wide(WideDoor { socket, .. }) => socket.set_nonblocking(true),
        }
    }

    /// Sends the reply to the packet that was received last.
    pub(crate) fn send(&mut self, reply: &[u8], to: SocketAddr) -> io::Result<()> {
        match self {
            Self::Narrow(socket) => socket.send_to(reply, to).map(|_| ()),
            Self::Wide(door) => door.send(reply, to),
        }
    }
}

/// A socket that is bound to all addresses of a family. What the calls need is made once: `sendmsg`
/// of the library allocates, `sendmmsg` with a single message does not.
pub(crate) struct WideDoor {
    socket: UdpSocket,
    /// Room for what a received packet tells.
    told: Vec<u8>,
    /// Room for what a sent packet is told.
    headers: MultiHeaders<SockaddrStorage>,
    /// The address that the packet received last was sent to.
    asked: Asked,
}

/// An address of ours.
#[derive(Clone, Copy)]
enum Asked {
    Unknown,
    V4(in_pktinfo),
    V6(in6_pktinfo),
}

impl WideDoor {
    fn new(socket: UdpSocket, address: IpAddr) -> Self {
        let room = if address.is_ipv4() { cmsg_space!(in_pktinfo) } else { cmsg_space!(in6_pktinfo) };
        let headers = MultiHeaders::preallocate(1, Some(room.clone()));
        Self { socket, told: room, headers, asked: Asked::Unknown }
    }

    fn receive(&mut self, datagram: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let mut slices = [IoSliceMut::new(datagram)];
        let fd = self.socket.as_raw_fd();
        let message = recvmsg::<SockaddrStorage>(fd, &mut slices, Some(&mut self.told), MsgFlags::empty())?;
        self.asked = message.cmsgs()?.find_map(|told| Asked::of(&told)).unwrap_or(Asked::Unknown);
        let from = message.address.as_ref().and_then(socket_address);
        let from = from.ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
        Ok((message.bytes, from))
    }

    fn send(&mut self, reply: &[u8], to: SocketAddr) -> io::Result<()> {
        let message = match &self.asked {
            // The kernel always tells; sent from an address of its choice the reply would be lost anyway.
            Asked::Unknown => return Err(io::ErrorKind::AddrNotAvailable.into()),
            Asked::V4(address) => ControlMessage::Ipv4PacketInfo(address),
            Asked::V6(address) => ControlMessage::Ipv6PacketInfo(address),
        };
        let fd = self.socket.as_raw_fd();
        let slices = [[IoSlice::new(reply)]];
        let to = [Some(SockaddrStorage::from(to))];
        sendmmsg(fd, &mut self.headers, &slices, to, [message], MsgFlags::empty())?;
        Ok(())
    }
}

impl Asked {
    /// The address out of a control message. The interface is left to the routes: an address that
    /// answers on another interface than its own is still the one that was asked. Only a link-local
    /// IPv6 address means nothing without its interface.
    fn of(told: &ControlMessageOwned) -> Option<Self> {
        match *told {
            ControlMessageOwned::Ipv4PacketInfo(mut info) => {
                info.ipi_ifindex = 0;
                Some(Self::V4(info))
            }
            ControlMessageOwned::Ipv6PacketInfo(mut info) => {
                if !std::net::Ipv6Addr::from(info.ipi6_addr.s6_addr).is_unicast_link_local() {
                    info.ipi6_ifindex = 0;
                }
                Some(Self::V6(info))
            }
            _ => None,
        }
    }
}

fn socket_address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = || storage.as_sockaddr_in().map(|address| SocketAddr::from(*address));
    let v6 = || storage.as_sockaddr_in6().map(|address| SocketAddr::from(*address));
    v4().or_else(v6)
}
