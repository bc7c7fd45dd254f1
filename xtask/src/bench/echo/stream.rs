//! The floor over TCP: one thread that polls its connections, flips the QR bit of each message and sends
//! all of a read back at once.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd as _;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{QR, QR_AT};
use crate::bench::client::stream::split_frame;

/// Octets that are read at a time.
const READ_OCTETS: usize = 1 << 16;
/// Connections at a time; more wait in the kernel.
const CONNECTIONS_MAX: usize = 1_024;

/// Answers until the process ends.
///
/// # Errors
/// When polling fails.
pub(in crate::bench) fn serve(listener: &TcpListener) -> Result<()> {
    listener.set_nonblocking(true).context("the listener")?;
    let mut connections: Vec<Connection> = Vec::new();
    loop {
        let mut polled = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        polled.extend(connections.iter().map(|one| PollFd::new(one.socket.as_fd(), PollFlags::POLLIN)));
        match poll(&mut polled, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error).context("poll"),
        }
        let ready: Vec<bool> = polled.iter().map(|one| one.any().unwrap_or(true)).collect();
        let mut ready = ready.into_iter();
        let accepts = ready.next().unwrap_or(false);
        connections.retain_mut(|connection| !ready.next().unwrap_or(false) || connection.turn().is_ok());
        while accepts && connections.len() < CONNECTIONS_MAX {
            let Ok((socket, _)) = listener.accept() else { break };
            connections.extend(Connection::new(socket).ok());
        }
    }
}

struct Connection {
    socket: TcpStream,
    /// What was read; whole messages go back, the rest waits for its end.
    bytes: Vec<u8>,
}

impl Connection {
    fn new(socket: TcpStream) -> std::io::Result<Self> {
        // What is in flight fits into the kernel's buffers, so that a write never has to wait.
        socket.set_nodelay(true)?;
        let mut connection = Self { socket, bytes: Vec::new() };
        connection.socket.set_nonblocking(true)?;
        match connection.turn() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(connection),
        }
    }

    /// Reads once and answers what is whole.
    fn turn(&mut self) -> std::io::Result<()> {
        let mut read = [0; READ_OCTETS];
        let len = self.socket.read(&mut read)?;
        if len == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.bytes.extend(&read[..len]);
        let mut whole = 0;
        while let Some((frame, _)) = split_frame(&self.bytes[whole..]) {
            let len = frame.len();
            if let Some(octet) = self.bytes.get_mut(whole + 2 + QR_AT) {
                *octet |= QR;
            }
            whole += 2 + len;
        }
        self.socket.write_all(&self.bytes[..whole])?;
        self.bytes.drain(..whole);
        Ok(())
    }
}
