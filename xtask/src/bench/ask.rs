//! One question at a time, with its answer: for the checks before a measurement, and for waiting.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::message::{A, NOERROR, Question, Reply};

/// A lost datagram costs this much; on loopback none is lost while the server runs.
const REPLY_MAX: Duration = Duration::from_millis(100);
/// Between two questions for an answer that has not come yet.
const PAUSE: Duration = Duration::from_millis(1);
/// How often a question is sent before a check gives up.
const TRIES_MAX: u32 = 10;

/// A socket, and the id of the last question.
pub(super) struct Asker {
    socket: UdpSocket,
    id: u16,
}

impl Asker {
    pub(super) fn connect(server: SocketAddr) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("a socket")?;
        socket.connect(server).context("the server's address")?;
        socket.set_read_timeout(Some(REPLY_MAX)).context("a time limit")?;
        Ok(Self { socket, id: 0 })
    }

    /// The reply; none when no whole one came in time.
    pub(super) fn try_ask(&mut self, question: &Question<'_>) -> Option<Reply> {
        self.id = self.id.wrapping_add(1);
        // Until the server has its socket, sending or receiving is refused: that is «no answer».
        self.socket.send(&question.bytes(self.id)).ok()?;
        let mut reply = [0; 4096];
        while let Ok(len) = self.socket.recv(&mut reply) {
            let reply = &reply[..len];
            if reply.get(..2) == Some(&self.id.to_be_bytes()) {
                return Reply::read(reply);
            }
        }
        None
    }

    /// The reply of a server that is known to answer.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn ask(&mut self, question: &Question<'_>) -> Result<Reply> {
        for _ in 0..TRIES_MAX {
            if let Some(reply) = self.try_ask(question) {
                return Ok(reply);
            }
        }
        bail!("no reply to {question:?}")
    }

    /// The IPv4 addresses of a name, sorted; none when no good answer came in time.
    pub(super) fn addresses(&mut self, name: &str) -> Option<Vec<Ipv4Addr>> {
        let reply = self.try_ask(&Question { name, kind: A, edns: false, subnet: None })?;
        let addresses = reply.addresses.iter().filter_map(|address| match address {
            IpAddr::V4(address) => Some(*address),
            IpAddr::V6(_) => None,
        });
        (reply.code == NOERROR).then(|| addresses.collect())
    }

    /// Asks until the reply is a good one, or the time is over, or the server is said to be gone; gives how
    /// long that took since `begun`.
    pub(super) fn wait(
        &mut self,
        question: &Question<'_>,
        good: impl Fn(&Reply) -> bool,
        begun: Instant,
        max: Duration,
        mut alive: impl FnMut() -> Result<()>,
    ) -> Result<Duration> {
        loop {
            let reply = self.try_ask(question);
            if reply.as_ref().is_some_and(&good) {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() >= max {
                bail!("{}: no right answer within {max:?}; the last was {reply:?}", question.name);
            }
            alive()?;
            self.pause();
        }
    }

    /// Waits a little before the next question.
    #[expect(clippy::disallowed_methods, reason = "the event is on the other side of a socket: it is polled")]
    pub(super) fn pause(&self) {
        std::thread::sleep(PAUSE);
    }
}
