use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;

use super::*;

/// Runs [`send_all`] against a kernel that plays its part; what was tried (from where, and whether it
/// waited), and how many were refused.
fn played(replies: usize, part: &[Result<usize, Errno>]) -> (Vec<(usize, bool)>, usize) {
    let mut part = part.iter();
    let mut tried = Vec::new();
    let refused = send_all(replies, |from, waits| {
        tried.push((from, waits));
        let outcome = *part.next().expect("no more is tried than is needed");
        Ok(outcome?)
    });
    assert_eq!(part.next(), None, "all is tried that is needed");
    (tried, refused)
}

#[test]
fn what_the_kernel_refuses_is_left_out_and_the_rest_is_sent() {
    type Row<'r> = (usize, &'r [Result<usize, Errno>], &'r [(usize, bool)], usize);
    let (full, again) = (Errno::EAGAIN, Errno::EINTR);
    let table: [Row<'_>; 11] = [
        (0, &[], &[], 0),
        (3, &[Ok(3)], &[(0, true)], 0),
        (5, &[Ok(2), Ok(1), Ok(2)], &[(0, true), (2, true), (3, true)], 0),
        // The first, one in the middle, the last, all.
        (3, &[Err(Errno::EMSGSIZE), Ok(2)], &[(0, true), (1, true)], 1),
        (4, &[Ok(1), Err(Errno::ENOBUFS), Ok(2)], &[(0, true), (1, true), (2, true)], 1),
        (2, &[Ok(1), Err(Errno::ECONNREFUSED)], &[(0, true), (1, true)], 1),
        (2, &[Err(Errno::EPERM), Err(Errno::EPERM)], &[(0, true), (1, true)], 2),
        // One batch waits once for room.
        (4, &[Ok(1), Err(full), Err(full), Ok(1)], &[(0, true), (1, true), (2, false), (3, false)], 2),
        // A signal refuses nothing.
        (2, &[Err(again), Ok(1), Err(again), Ok(1)], &[(0, true), (0, true), (1, true), (1, true)], 0),
        // The kernel never says that it took nothing; it must not be asked for ever.
        (2, &[Ok(0), Ok(1)], &[(0, true), (1, true)], 1),
        (1, &[Ok(9)], &[(0, true)], 0),
    ];
    for (replies, part, tried, refused) in table {
        assert_eq!(played(replies, part), (tried.to_vec(), refused), "{replies} replies: {part:?}");
    }
}

#[test]
fn signals_without_end_hold_nobody_up() {
    let mut calls = 0;
    let refused = send_all(2, |_, _| {
        calls += 1;
        Err(Errno::EINTR.into())
    });
    assert_eq!((calls, refused), (INTERRUPTIONS_MAX + 2, 2));
}

/// Answers with as many octets as the datagram has, or with as many thousands as its first octet says.
struct Long;

impl Reply for Long {
    fn reply(&mut self, datagram: &[u8], _: Asker, out: &mut [u8]) -> Option<usize> {
        out[..datagram.len()].copy_from_slice(datagram);
        Some(datagram.len().max(usize::from(datagram[0]) * 1_000))
    }
}

#[test]
fn one_reply_that_cannot_go_keeps_no_other_back() {
    for listen in ["127.0.0.1:0", "[::1]:0"] {
        let (server, client) = (UdpSocket::bind(listen).unwrap(), UdpSocket::bind(listen).unwrap());
        client.connect(server.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let words = [[1, 1], [70, 2], [1, 3], [70, 4], [70, 5], [1, 6]];
        for word in words {
            client.send(&word).unwrap();
        }
        let mut batch = Batch::<70_000>::new(Told::Nothing);
        assert_eq!(batch.receive(server.as_fd()).unwrap(), words.len(), "on {listen} all came at once");
        assert_eq!(batch.answer(&mut Long), 0);
        assert_eq!(batch.send(server.as_fd()), 3, "no datagram is that long");
        for expected in [1, 3, 6] {
            let mut heard = [0; 2_000];
            assert_eq!((client.recv(&mut heard).unwrap(), heard[1]), (1_000, expected), "on {listen}");
        }
    }
}

#[test]
fn without_knowing_whom_was_asked_there_is_no_reply() {
    // The socket was never told to tell.
    let server = UdpSocket::bind("0.0.0.0:0").unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    for word in [[0, 1], [0, 2]] {
        client.send_to(&word, ("127.0.0.1", server.local_addr().unwrap().port())).unwrap();
    }
    let mut batch = Batch::<100>::new(Told::AddressV4);
    assert_eq!(batch.receive(server.as_fd()).unwrap(), 2);
    assert_eq!(batch.answer(&mut Long), 2);
    assert_eq!((batch.exchange.ready(), batch.send(server.as_fd())), (0, 0));
}

/// Keeps what it hears, and answers nothing.
#[derive(Default)]
struct Heard(Vec<Vec<u8>>);

impl Reply for Heard {
    fn reply(&mut self, datagram: &[u8], _: Asker, _: &mut [u8]) -> Option<usize> {
        self.0.push(datagram.to_vec());
        None
    }
}

#[test]
fn a_datagram_comes_whole_however_long_it_is() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    let mut batch = Batch::<100>::new(Told::Nothing);
    // Twice, so that the room for one that was used before is as large as ever.
    for lengths in [[65_507, 0, 1], [17, 65_507, 512]] {
        let sent: Vec<Vec<u8>> = lengths.iter().map(|length| vec![u8::MAX; *length]).collect();
        for datagram in &sent {
            assert_eq!(client.send(datagram).unwrap(), datagram.len());
        }
        let mut heard = Heard::default();
        while heard.0.len() < sent.len() {
            batch.receive(server.as_fd()).unwrap();
            assert_eq!(batch.answer(&mut heard), 0);
        }
        assert!(heard.0 == sent, "{lengths:?}");
    }
}
