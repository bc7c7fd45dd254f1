//! The floor: a server that does nothing but flip the QR bit and send the datagram back, so that what
//! it costs is the kernel's part of any answer. Run as a subject by `cargo xtask` itself, as the hidden
//! command `bench-echo`.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd as _;

use anyhow::{Context, Result, bail};
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

pub(in crate::bench) mod stream;

/// Datagrams of one system call.
const BATCH: usize = 64;
/// Octets of a datagram that are looked at.
const DATAGRAM_OCTETS_MAX: usize = 512;
/// The octet of a DNS header that holds the bit that tells a reply.
const QR_AT: usize = 2;
/// The bit itself.
const QR: u8 = 0x80;

/// `xtask bench-echo batched|plain|stream PORT`: it runs until it is ended.
///
/// # Errors
/// When a word is wrong or the port is taken.
pub(crate) fn run(way: &str, port: &str) -> Result<()> {
    let port: u16 = port.parse().with_context(|| format!("{port:?} is no port"))?;
    let address = (Ipv4Addr::LOCALHOST, port);
    let socket = UdpSocket::bind(address).with_context(|| format!("port {port}"))?;
    match way {
        "batched" => batched(&socket),
        "plain" => plain(&socket),
        "stream" => {
            let listener = TcpListener::bind(address).with_context(|| format!("port {port}"))?;
            // The check asks over UDP.
            std::thread::spawn(move || plain(&socket));
            stream::serve(&listener)
        }
        other => bail!("{other:?} is no way to echo: batched, plain or stream"),
    }
}

fn plain(socket: &UdpSocket) -> Result<()> {
    let mut datagram = [0; DATAGRAM_OCTETS_MAX];
    loop {
        let (len, client) = socket.recv_from(&mut datagram).context("receive")?;
        datagram[QR_AT] |= QR;
        // A client that is gone is no reason to end.
        drop(socket.send_to(&datagram[..len], client));
    }
}

fn batched(socket: &UdpSocket) -> Result<()> {
    let no_control: [ControlMessage<'_>; 0] = [];
    let mut datagrams = Box::new([[0; DATAGRAM_OCTETS_MAX]; BATCH]);
    let mut received = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let mut sent = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let (mut lens, mut clients) = ([0; BATCH], [None; BATCH]);
    loop {
        let mut slices = datagrams.each_mut().map(|datagram| [IoSliceMut::new(datagram)]);
        let messages =
            recvmmsg(socket.as_raw_fd(), &mut received, &mut slices, MsgFlags::MSG_WAITFORONE, None)
                .context("receive")?;
        let mut count = 0;
        for message in messages {
            (lens[count], clients[count]) = (message.bytes, message.address);
            count += 1;
        }
        for datagram in &mut datagrams[..count] {
            datagram[QR_AT] |= QR;
        }
        let slices: [_; BATCH] = std::array::from_fn(|at| [IoSlice::new(&datagrams[at][..lens[at]])]);
        drop(sendmmsg(
            socket.as_raw_fd(),
            &mut sent,
            &slices[..count],
            &clients[..count],
            no_control,
            MsgFlags::MSG_DONTWAIT,
        ));
    }
}

#[cfg(test)]
mod tests;
