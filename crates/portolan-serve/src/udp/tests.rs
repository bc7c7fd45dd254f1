use std::net::UdpSocket;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use super::*;
use crate::counters::Counters;
use crate::worker::supervise;

/// Repeats what it hears, and panics at one word.
struct Echo;

impl Reply for Echo {
    fn reply(&mut self, datagram: &[u8], _: SocketAddr, out: &mut [u8]) -> Option<usize> {
        assert_ne!(datagram, b"panic", "injected");
        out[..datagram.len()].copy_from_slice(datagram);
        Some(datagram.len())
    }

    fn idle(&mut self) {}
}

/// Says that it is at work, and goes on when it is told to.
struct Busy(Sender<()>, Receiver<()>);

impl Reply for Busy {
    fn reply(&mut self, datagram: &[u8], from: SocketAddr, out: &mut [u8]) -> Option<usize> {
        // Only the first time is anybody there.
        if self.0.send(()).is_ok() {
            let _ = self.1.recv();
        }
        Echo.reply(datagram, from, out)
    }

    fn idle(&mut self) {}
}

#[test]
fn what_was_received_before_the_stop_is_answered() {
    const WORDS: u8 = 50;
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let (stop, counters) = (Stop::new(), Counters::new(1));
        let (socket, client) = sockets(listen);
        let (at_work, is_at_work) = channel();
        let (go_on, may_go_on) = channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let address = socket.local_addr().unwrap().ip();
                let mut busy = Busy(at_work, may_go_on);
                let shared = (&stop, counters.lane(0));
                serve(&mut Door::new(socket, address), &mut busy, &mut Buffers::new(), shared);
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
    let socket = UdpSocket::bind(listen).unwrap();
    Door::prepare(&socket, socket.local_addr().unwrap().ip()).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(("127.0.0.1", socket.local_addr().unwrap().port())).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    (socket, client)
}

/// Runs `ask` against a worker that echoes; gives what was counted.
fn with_echo(listen: &str, ask: impl FnOnce(&UdpSocket)) -> crate::Totals {
    let (stop, counters) = (Stop::new(), Counters::new(1));
    let (socket, client) = sockets(listen);
    thread::scope(|scope| {
        scope.spawn(|| {
            let address = socket.local_addr().unwrap().ip();
            let mut door = Door::new(socket, address);
            let mut buffers = Buffers::new();
            let lane = counters.lane(0);
            supervise(&stop, lane, || serve(&mut door, &mut Echo, &mut buffers, (&stop, lane)));
        });
        ask(&client);
        stop.tell();
    });
    counters.sum()
}

fn echo(client: &UdpSocket, word: &[u8]) {
    let mut heard = [0; 64];
    client.send(word).unwrap();
    let octets = client.recv(&mut heard).unwrap();
    assert_eq!(&heard[..octets], word);
}

#[test]
fn a_worker_that_panics_answers_the_next_packet_on_the_same_socket() {
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let totals = with_echo(listen, |client| {
            echo(client, b"before");
            client.send(b"panic").unwrap();
            echo(client, b"between");
            client.send(b"panic").unwrap();
            echo(client, b"after");
        });
        assert_eq!(totals.get(Count::Restarts), 2);
        assert_eq!(totals.get(Count::ReceiveErrors), 0);
    }
}

#[test]
fn a_reply_that_the_kernel_does_not_take_is_counted() {
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let (socket, client) = sockets(listen);
        let address = socket.local_addr().unwrap().ip();
        let mut door = Door::new(socket, address);
        client.send(b"word").unwrap();
        let (octets, from) = door.receive(&mut [0; 64]).unwrap();
        assert_eq!((octets, from), (4, client.local_addr().unwrap()));
        assert!(door.send(&[0; 70_000], from).is_err(), "no datagram is that long");
        assert!(door.send(b"reply", from).is_ok());
    }
}
