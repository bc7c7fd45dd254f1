use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use super::*;
use crate::counters::Counters;
use crate::worker::supervise;

/// Repeats what it hears, and panics at one word.
struct Echo;

impl Reply for Echo {
    fn reply(&mut self, datagram: &[u8], _: Asker, out: &mut [u8]) -> Option<usize> {
        assert_ne!(datagram, b"panic", "injected");
        out[..datagram.len()].copy_from_slice(datagram);
        Some(datagram.len())
    }
}

/// Says that it is at work, and goes on when it is told to.
struct Busy(Sender<()>, Receiver<()>);

impl Reply for Busy {
    fn reply(&mut self, datagram: &[u8], from: Asker, out: &mut [u8]) -> Option<usize> {
        // Only the first time is anybody there.
        if self.0.send(()).is_ok() {
            let _ = self.1.recv();
        }
        Echo.reply(datagram, from, out)
    }
}

impl<R: Reply> Reply for &mut R {
    fn reply(&mut self, datagram: &[u8], from: Asker, out: &mut [u8]) -> Option<usize> {
        (**self).reply(datagram, from, out)
    }
}

/// Answers every batch itself, and counts them.
struct Batches<R>(R, usize);

impl<R: Reply> Answer for Batches<R> {
    fn batch(&mut self) -> impl Reply {
        self.1 += 1;
        &mut self.0
    }

    fn idle(&mut self) {}
}

#[test]
fn what_was_received_before_the_stop_is_answered() {
    const WORDS: u8 = 150;
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let (stop, counters) = (Stop::new(), Counters::new(1));
        let (socket, client) = sockets(listen);
        let (at_work, is_at_work) = channel();
        let (go_on, may_go_on) = channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let address = socket.local_addr().unwrap().ip();
                let mut busy = Batches(Busy(at_work, may_go_on), 0);
                serve(&mut Door::new(socket, address), &mut busy, (&stop, counters.lane(0)));
            });
            (0..WORDS).for_each(|word| assert_eq!(client.send(&[word]).unwrap(), 1));
            is_at_work.recv().unwrap();
            stop.tell();
            drop((is_at_work, go_on));
            for word in 0..WORDS {
                let mut heard = [0; 8];
                assert_eq!((client.recv(&mut heard).unwrap(), heard[0]), (1, word), "on {listen}");
            }
        });
    }
}

/// A prepared socket, and a client of it.
fn sockets(listen: &str) -> (UdpSocket, UdpSocket) {
    let address: SocketAddr = listen.parse().unwrap();
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None).unwrap();
    Door::prepare(&socket, address.ip()).unwrap();
    socket.bind(&address.into()).unwrap();
    let socket = UdpSocket::from(socket);
    let server = SocketAddr::new(loopback(address), socket.local_addr().unwrap().port());
    (socket, client(server))
}

fn loopback(address: SocketAddr) -> IpAddr {
    if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() }
}

/// A client that hears replies from nowhere else.
fn client(server: SocketAddr) -> UdpSocket {
    let client = UdpSocket::bind((loopback(server), 0)).unwrap();
    client.connect(server).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    client
}

/// A narrow and a wide socket of each family.
const ALL: [&str; 4] = ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"];

/// Tells the stop when dropped, so that a test that fails ends.
struct End<'s>(&'s Stop);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.tell();
    }
}

/// Runs a worker that echoes on what clients have sent to the socket before; gives what was counted and
/// the number of batches.
fn echoed(socket: UdpSocket, hear: impl FnOnce()) -> (crate::Totals, usize) {
    let (stop, counters) = (Stop::new(), Counters::new(1));
    let mut echo = Batches(Echo, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let address = socket.local_addr().unwrap().ip();
            let mut door = Door::new(socket, address);
            let lane = counters.lane(0);
            supervise(&stop, lane, || serve(&mut door, &mut echo, (&stop, lane)));
        });
        let _end = End(&stop);
        hear();
    });
    (counters.sum(), echo.1)
}

fn hear(client: &UdpSocket) -> Vec<u8> {
    let mut heard = [0; 64];
    let octets = client.recv(&mut heard).unwrap();
    heard[..octets].to_vec()
}

#[test]
fn a_burst_is_answered_to_the_last_and_each_by_its_own_reply() {
    // More than a queue of the default size keeps, and no multiple of a batch.
    const CLIENTS: usize = 37;
    const WORDS: usize = 5;
    for listen in ALL {
        let (socket, first) = sockets(listen);
        let server = first.peer_addr().unwrap();
        let clients: Vec<UdpSocket> = (0..CLIENTS).map(|_| client(server)).collect();
        let word = |nth, of| format!("{nth} of {of}").into_bytes();
        for nth in 0..WORDS {
            for (of, client) in clients.iter().enumerate() {
                client.send(&word(nth, of)).unwrap();
            }
        }
        let (totals, batches) = echoed(socket, || {
            for (of, client) in clients.iter().enumerate() {
                let heard: Vec<_> = (0..WORDS).map(|_| hear(client)).collect();
                assert_eq!(heard, (0..WORDS).map(|nth| word(nth, of)).collect::<Vec<_>>(), "on {listen}");
            }
        });
        let all = totals.iter().map(|(_, number)| number).sum::<u64>();
        assert_eq!((all, totals.get(Count::QueriesUdp)), (CLIENTS as u64 * WORDS as u64, all), "on {listen}");
        assert_eq!(batches, (CLIENTS * WORDS).div_ceil(batch::BATCH_DATAGRAMS), "on {listen}");
    }
}

#[test]
fn replies_of_one_batch_leave_from_the_address_that_each_was_sent_to() {
    const ASKED: [[u8; 4]; 5] =
        [[127, 0, 0, 1], [127, 0, 0, 2], [127, 9, 8, 7], [127, 1, 1, 1], [127, 2, 2, 2]];
    let (socket, first) = sockets("0.0.0.0:0");
    let port = first.peer_addr().unwrap().port();
    // A connected socket takes a reply from nowhere else.
    let clients = ASKED.map(|address| client((address, port).into()));
    for round in 0..3 {
        for (nth, client) in clients.iter().enumerate() {
            client.send(format!("{round} {nth}").as_bytes()).unwrap();
        }
    }
    let (_, batches) = echoed(socket, || {
        for round in 0..3 {
            for (nth, client) in clients.iter().enumerate() {
                assert_eq!(hear(client), format!("{round} {nth}").as_bytes());
            }
        }
    });
    assert_eq!(batches, 1);
}

#[test]
fn a_panic_loses_one_datagram_of_a_batch_and_not_the_socket() {
    for listen in ALL {
        let (socket, client) = sockets(listen);
        let words: [&[u8]; 6] = [b"before", b"panic", b"between", b"panic", b"panic", b"after"];
        for word in words {
            client.send(word).unwrap();
        }
        let (totals, _) = echoed(socket, || {
            for word in words.iter().filter(|word| **word != b"panic") {
                assert_eq!(hear(&client), *word, "on {listen}");
            }
            client.send(b"panic").unwrap();
            client.send(b"at last").unwrap();
            assert_eq!(hear(&client), b"at last", "on {listen}");
        });
        assert_eq!(totals.get(Count::Restarts), 4);
        assert_eq!(totals.get(Count::QueriesUdp), 8, "each is counted once");
        assert_eq!(totals.get(Count::ReceiveErrors), 0);
    }
}

#[test]
fn replies_that_the_kernel_does_not_take_are_counted() {
    for listen in ALL {
        let (socket, client) = sockets(listen);
        // Nothing leaves by it any more; that it is not connected is an error, and no hindrance.
        let _ = SockRef::from(&socket).shutdown(Shutdown::Write);
        (0..3).for_each(|word| assert_eq!(client.send(&[word]).unwrap(), 1));
        let address = socket.local_addr().unwrap().ip();
        let mut door = Door::new(socket, address);
        let lane = Counters::new(1);
        turn(&mut door, &mut Batches(Echo, 0), lane.lane(0)).unwrap();
        assert_eq!(lane.sum().get(Count::DroppedSend), 3, "on {listen}");
    }
}
