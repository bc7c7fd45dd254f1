//! A way to a server over TCP, which can be cut: without root, and for one pair of processes alone.
//!
//! ```text
//!   who goes by it ──▶ link ──▶ server       cut: connections are taken, what is sent stays where it is, nobody is told
//! ```
//!
//! As with a cable that somebody pulled out: neither side hears of it but by silence. What was on its way when it was
//! cut arrives when it is mended, as TCP sends it again; who gave up meanwhile has closed its end, and that arrives too.
//!
//! A link may be [poor](Link::poor): all takes its time on it, and what is lost comes once TCP has sent it again.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::background;

/// What is on its way at once, in each direction of a connection.
const OCTETS_ON_WAY: usize = 64 * 1024;

/// How long TCP waits for word of what it sent, at most, before it sends that again: the round trip of a poor link, twice.
const SENT_AGAIN: Duration = Duration::from_millis(800);

/// How well a link carries.
#[derive(Clone, Copy, Debug)]
struct Quality {
    /// How long everything is on its way.
    latency: Duration,
    /// One in so many is lost, and sent again; none where it is zero.
    lost_of: u32,
}

/// A way on loopback, gone with its value.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    is_whole: watch::Sender<bool>,
    // Its end ends the thread.
    _stop: oneshot::Sender<()>,
}

impl Link {
    /// One that leads to a server, whether or not that is there yet.
    ///
    /// # Panics
    /// When loopback has no port left.
    #[must_use]
    pub fn to(server: SocketAddr) -> Self {
        Self::of(server, Quality { latency: Duration::ZERO, lost_of: 0 })
    }

    /// One on which everything takes 200 ms, and of which one in twenty is lost and sent again.
    ///
    /// # Panics
    /// When loopback has no port left.
    #[must_use]
    pub fn poor(server: SocketAddr) -> Self {
        Self::of(server, Quality { latency: Duration::from_millis(200), lost_of: 20 })
    }

    fn of(server: SocketAddr, quality: Quality) -> Self {
        let (is_whole, way) = watch::channel(true);
        let (address, stop) = background::serve(move |listener| serve(listener, server, quality, way));
        Self { address, is_whole, _stop: stop }
    }

    /// Where it begins.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nothing comes through any more, in either direction.
    pub fn cut(&self) {
        self.is_whole.send_replace(false);
    }

    /// What was on its way comes through, and all that follows.
    pub fn mend(&self) {
        self.is_whole.send_replace(true);
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, quality: Quality, way: watch::Receiver<bool>) {
    while let Ok((near, _)) = listener.accept().await {
        let mut way = way.clone();
        tokio::spawn(async move {
            let Ok(_) = way.wait_for(|is_whole| *is_whole).await else { return };
            let Ok(far) = TcpStream::connect(server).await else { return };
            let ((near_out, near_in), (far_out, far_in)) = (near.into_split(), far.into_split());
            tokio::join!(
                carry(near_out, far_in, quality, way.clone()),
                carry(far_out, near_in, quality, way)
            );
        });
    }
}

/// Carries what one side says to the other, and its end.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    quality: Quality,
    mut way: watch::Receiver<bool>,
) {
    let mut on_way = vec![0; OCTETS_ON_WAY];
    for number in 1_u32.. {
        let octets = from.read(&mut on_way).await.unwrap_or(0);
        quality.delay(number).await;
        if way.wait_for(|is_whole| *is_whole).await.is_err() {
            return;
        }
        if octets == 0 || to.write_all(&on_way[..octets]).await.is_err() {
            // Dropping the other half is what tells the end.
            return;
        }
    }
}

impl Quality {
    /// How long what is carried as the so many-th is on its way.
    async fn delay(self, number: u32) {
        let is_lost = self.lost_of != 0 && number.is_multiple_of(self.lost_of);
        let delay = self.latency + if is_lost { SENT_AGAIN } else { Duration::ZERO };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read as _, Write as _};
    use std::net::TcpStream;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// How long nothing has to come before it is believed that nothing does.
    const SILENCE: Duration = Duration::from_millis(200);

    /// A server that says what it is told.
    fn echo() -> (SocketAddr, oneshot::Sender<()>) {
        background::serve(|listener| async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        })
    }

    fn said(stream: &mut TcpStream) -> Option<u8> {
        let mut octet = [0];
        stream.set_read_timeout(Some(SILENCE)).unwrap();
        match stream.read_exact(&mut octet) {
            Ok(()) => Some(octet[0]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn heard(stream: &mut TcpStream) -> u8 {
        crate::wait::wait("an octet", || said(stream))
    }

    #[test]
    fn what_is_cut_says_nothing_and_goes_on_when_it_is_mended() {
        let (server, _stop) = echo();
        let link = Link::to(server);
        let mut open = TcpStream::connect(link.address()).unwrap();
        open.write_all(b"a").unwrap();
        assert_eq!(heard(&mut open), b'a');
        link.cut();
        open.write_all(b"b").unwrap();
        let mut new = TcpStream::connect(link.address()).unwrap();
        new.write_all(b"c").unwrap();
        assert_eq!((said(&mut open), said(&mut new)), (None, None));
        link.mend();
        assert_eq!((heard(&mut open), heard(&mut new)), (b'b', b'c'));
    }

    #[test]
    fn all_comes_through_a_poor_link_after_a_while() {
        let (server, _stop) = echo();
        let link = Link::poor(server);
        let mut open = TcpStream::connect(link.address()).unwrap();
        open.write_all(b"a").unwrap();
        assert_eq!(said(&mut open), None, "it takes the latency twice");
        assert_eq!(heard(&mut open), b'a');
    }

    #[test]
    fn an_end_is_told_and_a_server_that_is_not_there_too() {
        let (server, stop) = echo();
        let link = Link::to(server);
        let mut open = TcpStream::connect(link.address()).unwrap();
        open.write_all(b"a").unwrap();
        assert_eq!(heard(&mut open), b'a');
        drop(stop);
        let ended = thread::spawn(move || open.read(&mut [0]));
        assert!(matches!(ended.join().unwrap(), Ok(0) | Err(_)));
        let mut late = TcpStream::connect(link.address()).unwrap();
        assert!(matches!(late.read(&mut [0]), Ok(0) | Err(_)));
    }
}
