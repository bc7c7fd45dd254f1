//! The smallest DNS client: one question for addresses, one answer. It shares no code with the server
//! that it measures.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result};

/// A lost datagram costs this much; on loopback none is lost while the server runs.
const REPLY_MAX: Duration = Duration::from_millis(100);
/// Between two questions for an answer that has not come yet.
const PAUSE: Duration = Duration::from_millis(1);
/// Octets before the question.
const HEADER_BYTES: usize = 12;

/// A socket, and the id of the last question.
pub(super) struct Client {
    socket: UdpSocket,
    id: u16,
}

impl Client {
    pub(super) fn connect(server: SocketAddr) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("a socket")?;
        socket.connect(server).context("the server's address")?;
        socket.set_read_timeout(Some(REPLY_MAX)).context("a time limit")?;
        Ok(Self { socket, id: 0 })
    }

    /// The addresses of a name, sorted; none when no good answer came in time.
    pub(super) fn ask(&mut self, name: &str) -> Result<Option<Vec<Ipv4Addr>>> {
        self.id = self.id.wrapping_add(1);
        // Until the server has its socket, sending or receiving is refused: that is «no answer».
        if self.socket.send(&question(self.id, name)).is_err() {
            return Ok(None);
        }
        let mut reply = [0; 4096];
        while let Ok(len) = self.socket.recv(&mut reply) {
            let reply = &reply[..len];
            if reply.get(..2) == Some(&self.id.to_be_bytes()) {
                return Ok(addresses(reply));
            }
        }
        Ok(None)
    }

    /// Waits a little before the next question.
    #[expect(clippy::disallowed_methods, reason = "the event is on the other side of a socket: it is polled")]
    pub(super) fn pause(&self) {
        std::thread::sleep(PAUSE);
    }
}

/// A question for the A records of a name without escapes.
fn question(id: u16, name: &str) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).expect("a label of the made-up fleet is short"));
        bytes.extend(label.as_bytes());
    }
    bytes.extend([0, 0, 1, 0, 1]);
    bytes
}

/// The A records of an answer, sorted; none for an error or anything that ends early.
fn addresses(reply: &[u8]) -> Option<Vec<Ipv4Addr>> {
    let code = reply.get(3)? & 0x0f;
    let records = u16::from_be_bytes([*reply.get(6)?, *reply.get(7)?]);
    let mut at = skip_name(reply, HEADER_BYTES)? + 4;
    let mut found = Vec::new();
    for _ in 0..records {
        at = skip_name(reply, at)?;
        let fixed = reply.get(at..at + 10)?;
        let len = usize::from(u16::from_be_bytes([fixed[8], fixed[9]]));
        let data = reply.get(at + 10..at + 10 + len)?;
        if let (0, 1, &[a, b, c, d]) = (fixed[0], fixed[1], data) {
            found.push(Ipv4Addr::new(a, b, c, d));
        }
        at += 10 + len;
    }
    found.sort();
    (code == 0).then_some(found)
}

/// Where a name ends: after its root label, or after the pointer that it ends with.
fn skip_name(reply: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *reply.get(at)? {
            0 => return Some(at + 1),
            len if len >= 0xc0 => return Some(at + 2),
            len => at += 1 + usize::from(len),
        }
    }
}

#[cfg(test)]
mod tests;
