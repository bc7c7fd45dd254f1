//! Bytes of a stream to messages: each has its length in two octets before it (RFC 1035 section 4.2.2).
//!
//! A connection's buffer is small, as most questions are. It grows with what a client has really sent,
//! never with what it announces, and is small again when a large message is done.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Room that a connection's buffer has to begin with, in octets: some thirty questions.
const ROOM_OCTETS: usize = 2_048;
/// The length before a message, in octets.
pub(crate) const LENGTH_OCTETS: usize = 2;

/// What was received and not read yet.
#[derive(Debug)]
pub(crate) struct Inbox {
    octets: Vec<u8>,
    read: usize,
}

/// What stands next in an [`Inbox`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'i> {
    /// A message.
    Whole(&'i [u8]),
    /// A length of zero, which no message has.
    Empty,
    /// Not all of it is there.
    Part,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self { octets: Vec::with_capacity(ROOM_OCTETS), read: 0 }
    }

    /// Receives what there is, at least one octet; 0 says that the client sends no more.
    pub(crate) async fn receive(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<usize> {
        self.make_room();
        stream.read_buf(&mut self.octets).await
    }

    /// The next message.
    pub(crate) fn next(&mut self) -> Frame<'_> {
        let rest = self.octets.get(self.read..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_OCTETS>() else {
            return Frame::Part;
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 {
            return Frame::Empty;
        }
        match rest.get(..length) {
            Some(message) => {
                self.read += LENGTH_OCTETS + length;
                Frame::Whole(message)
            }
            None => Frame::Part,
        }
    }

    /// True when nothing of a message is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.read >= self.octets.len()
    }

    /// Forgets what was read. Called when no whole message is left, so what moves is part of one.
    fn make_room(&mut self) {
        self.octets.drain(..self.read);
        self.read = 0;
        if self.octets.is_empty() {
            self.octets.shrink_to(ROOM_OCTETS);
        }
        if self.octets.len() == self.octets.capacity() {
            self.octets.reserve(ROOM_OCTETS);
        }
    }
}

#[cfg(test)]
mod tests;
