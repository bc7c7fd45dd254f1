//! Opening sockets: for each address TCP first and for us alone, then UDP for each worker.
//!
//! UDP sockets share their port by SO_REUSEPORT, so by them alone a second server would quietly take
//! half of our questions. TCP does not share: it is bound first, on all addresses, and refuses the
//! second server with the name of the first.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::ServeError;
use crate::holder;
use crate::respond::Transport;
use crate::udp::Door;

/// How often another port is tried when one is free for TCP and not for UDP.
const PORT_TRIES: usize = 32;
/// Connections that may wait to be taken.
const BACKLOG: i32 = 1_024;
/// Octets of datagrams that a UDP socket may keep for its worker; the kernel may allow less.
const UDP_QUEUE_OCTETS: usize = 1 << 20;

/// The sockets of one address.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// The address, with the port that was given.
    pub(crate) address: SocketAddr,
    pub(crate) tcp: TcpListener,
    /// One for each worker.
    pub(crate) udp: Vec<UdpSocket>,
}

/// Opens all sockets of all addresses, or none.
pub(crate) fn open(addresses: &[SocketAddr], workers: usize) -> Result<Vec<Sockets>, ServeError> {
    let streams = addresses.iter().map(|address| tcp(*address)).collect::<Result<Vec<_>, _>>()?;
    addresses.iter().zip(streams).map(|(address, stream)| pair(*address, stream, workers)).collect()
}

/// Adds UDP sockets on the port of a TCP listener. Any port will do where none was asked for.
fn pair(wanted: SocketAddr, mut tcp_socket: TcpListener, workers: usize) -> Result<Sockets, ServeError> {
    let mut tries = if wanted.port() == 0 { PORT_TRIES } else { 1 };
    loop {
        let address =
            tcp_socket.local_addr().map_err(|source| ServeError::open(Transport::Tcp, wanted, source))?;
        tries -= 1;
        match (0..workers).map(|_| udp(address)).collect() {
            Ok(udp) => return Ok(Sockets { address, tcp: tcp_socket, udp }),
            // The old listener is let go of only now, so that the next one gets another port.
            Err(ServeError::InUse { .. }) if tries > 0 => tcp_socket = tcp(wanted)?,
            Err(error) => return Err(error),
        }
    }
}

fn tcp(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let open = || {
        let socket = socket(address, Type::STREAM, Protocol::TCP)?;
        // A restart need not wait for the connections of the one before; a listener still excludes.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    open().map_err(|source| refused(Transport::Tcp, address, source))
}

fn udp(address: SocketAddr) -> Result<UdpSocket, ServeError> {
    let open = || {
        let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
        socket.set_reuse_port(true)?;
        // What the kernel does not allow it does not give; the default is enough to work.
        let _ = socket.set_recv_buffer_size(UDP_QUEUE_OCTETS);
        Door::prepare(&socket, address.ip())?;
        socket.bind(&address.into())?;
        Ok(socket.into())
    };
    open().map_err(|source| refused(Transport::Udp, address, source))
}

/// An IPv6 socket takes no IPv4: who wants both listens on both, and sees both in the address.
fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

fn refused(transport: Transport, address: SocketAddr, source: io::Error) -> ServeError {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            ServeError::InUse { transport, address, holder: holder::find(transport, address) }
        }
        _ => ServeError::open(transport, address, source),
    }
}
