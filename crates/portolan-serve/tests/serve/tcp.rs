use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use portolan_core::RecordType;
use portolan_serve::Limits;
use portolan_serve::counters::Count;

use crate::client::{
    addresses, ask_tcp, ask_udp, frame, is_closed, question, read_frame, tcp, udp, wait_until,
};
use crate::start;

const SHORT: Duration = Duration::from_millis(100);

/// Waits that are longer than any test, so that what ends is ended by the one wait that is short.
fn endless() -> Limits {
    let long = Duration::from_secs(3_600);
    Limits { first_byte: long, idle: long, message: long, write: long, ..Limits::default() }
}

fn id(reply: &[u8]) -> u16 {
    u16::from_be_bytes([reply[0], reply[1]])
}

fn www(id: u16) -> Vec<u8> {
    frame(&question(id, "www", RecordType::A))
}

#[test]
fn pipelined_questions_are_answered_in_order() {
    let (running, _published) = start(|_| ());
    let mut stream = tcp(running.addresses()[0]);
    let questions: Vec<u8> = (0..300).flat_map(www).collect();
    stream.write_all(&questions).unwrap();
    for expected in 0..300 {
        assert_eq!(id(&read_frame(&mut stream).unwrap()), expected);
    }
}

#[test]
fn large_pipelined_replies_come_whole() {
    let (running, _published) = start(|_| ());
    let mut stream = tcp(running.addresses()[0]);
    let questions: Vec<u8> = (0..200).flat_map(|id| frame(&question(id, "big", RecordType::TXT))).collect();
    stream.write_all(&questions).unwrap();
    for expected in 0..200 {
        let reply = read_frame(&mut stream).unwrap();
        assert_eq!(id(&reply), expected);
        assert!(reply.len() > 4_000);
    }
}

#[test]
fn a_question_may_come_in_pieces_of_any_size() {
    let (running, _published) = start(|_| ());
    let octets: Vec<u8> = (0..3).flat_map(www).collect();
    for size in [1, 2, 3, 7, 32] {
        let mut stream = tcp(running.addresses()[0]);
        stream.set_nodelay(true).unwrap();
        for piece in octets.chunks(size) {
            stream.write_all(piece).unwrap();
        }
        for expected in 0..3 {
            assert_eq!(id(&read_frame(&mut stream).unwrap()), expected, "in pieces of {size}");
        }
    }
}

#[test]
fn a_half_closed_connection_gets_its_replies() {
    let (running, _published) = start(|_| ());
    let mut stream = tcp(running.addresses()[0]);
    stream.write_all(&(0..50).flat_map(www).collect::<Vec<_>>()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    for expected in 0..50 {
        assert_eq!(id(&read_frame(&mut stream).unwrap()), expected);
    }
    assert!(is_closed(&mut stream));
    let counters = running.counters();
    wait_until("the end is counted", || counters.sum().get(Count::ClosedByClient) == 1);
}

#[test]
fn a_frame_without_a_message_ends_the_connection_after_the_replies_that_are_due() {
    let (running, _published) = start(|_| ());
    let mut stream = tcp(running.addresses()[0]);
    stream.write_all(&[www(1), vec![0, 0]].concat()).unwrap();
    assert_eq!(id(&read_frame(&mut stream).unwrap()), 1);
    assert!(is_closed(&mut stream));
}

#[test]
fn what_is_no_question_gets_no_reply_and_harms_nobody() {
    let (running, _published) = start(|_| ());
    let mut stream = tcp(running.addresses()[0]);
    let mut response = question(1, "www", RecordType::A);
    response[2] |= 0x80;
    let largest = vec![0xff; 65_535];
    stream.write_all(&[frame(b"short"), frame(&response), frame(&largest), www(2)].concat()).unwrap();
    assert_eq!(id(&read_frame(&mut stream).unwrap()), 2);
    let totals = running.counters().sum();
    assert_eq!((totals.get(Count::DroppedShort), totals.get(Count::DroppedResponse)), (1, 2));
}

#[test]
fn two_hundred_clients_at_once() {
    let (running, _published) = start(|_| ());
    let server = running.addresses()[0];
    let mut streams: Vec<TcpStream> = (0..200).map(|_| tcp(server)).collect();
    for round in 0..3 {
        for (number, stream) in (0_u16..).zip(&mut streams) {
            stream.write_all(&www(round * 1_000 + number)).unwrap();
        }
        for (number, stream) in (0_u16..).zip(&mut streams) {
            let reply = read_frame(stream).unwrap();
            assert_eq!(id(&reply), round * 1_000 + number);
            assert_eq!(addresses(&reply).len(), 3);
        }
    }
    assert_eq!(running.counters().sum().get(Count::ClosedForRoom), 0);
}

#[test]
fn many_clients_in_haste() {
    let (running, _published) = start(|_| ());
    let server = running.addresses()[0];
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..50 {
                    assert_eq!(
                        id(&ask_tcp(&mut tcp(server), &question(number, "www", RecordType::A))),
                        number
                    );
                }
            });
        }
    });
    assert_eq!(running.counters().sum().get(Count::NoError), 400);
}

#[test]
fn slow_clients_do_not_keep_a_fresh_one_waiting() {
    let (running, _published) = start(|config| {
        config.limits = Limits { connections: 32, connections_per_client: 32, ..Limits::default() };
    });
    let server = running.addresses()[0];
    // Each has begun a message and never ends it; there are more of them than may be.
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = tcp(server);
            // One that was closed already is as good.
            let _ = stream.write_all(&www(1)[..5]);
            stream
        })
        .collect();
    let reply = ask_tcp(&mut tcp(server), &question(2, "www", RecordType::A));
    assert_eq!(addresses(&reply).len(), 3);
    let reply = ask_udp(&udp(server), &question(3, "www", RecordType::A));
    assert_eq!(addresses(&reply).len(), 3);
    let counters = running.counters();
    wait_until("the oldest have left", || counters.sum().get(Count::ClosedForRoom) >= 200 + 1 - 32);
    drop(slow);
}

#[test]
fn the_oldest_idle_connection_leaves_first() {
    let (running, _published) = start(|config| {
        config.limits = Limits { connections_per_client: 3, ..Limits::default() };
    });
    let server = running.addresses()[0];
    let packet = question(1, "www", RecordType::A);
    let mut streams: Vec<TcpStream> = (0..3)
        .map(|_| {
            let mut stream = tcp(server);
            ask_tcp(&mut stream, &packet);
            stream
        })
        .collect();
    // The first was heard from last, so the second is the oldest.
    ask_tcp(&mut streams[0], &packet);
    let mut fourth = tcp(server);
    ask_tcp(&mut fourth, &packet);
    assert!(is_closed(&mut streams[1]));
    for index in [0, 2] {
        assert_eq!(addresses(&ask_tcp(&mut streams[index], &packet)).len(), 3);
    }
    assert_eq!(running.counters().sum().get(Count::ClosedForRoom), 1);
}

#[test]
fn each_wait_has_an_end() {
    // (what is sent, limits, how the end is counted)
    let first = Limits { first_byte: SHORT, ..endless() };
    let idle = Limits { idle: SHORT, ..endless() };
    let message = Limits { message: SHORT, ..endless() };
    let table = [
        (vec![], first, 0, Count::ClosedIdle),
        (www(1), idle, 1, Count::ClosedIdle),
        (www(1)[..1].to_vec(), message, 0, Count::ClosedSlow),
        (www(1)[..20].to_vec(), message, 0, Count::ClosedSlow),
        ([www(1), www(2)[..3].to_vec()].concat(), message, 1, Count::ClosedSlow),
    ];
    for (octets, limits, replies, count) in table {
        let (running, _published) = start(|config| config.limits = limits);
        let mut stream = tcp(running.addresses()[0]);
        stream.write_all(&octets).unwrap();
        for _ in 0..replies {
            read_frame(&mut stream).expect("a reply");
        }
        assert!(is_closed(&mut stream), "{octets:?}");
        let counters = running.counters();
        wait_until("the end is counted", || counters.sum().get(count) == 1);
    }
}

#[test]
fn a_connection_that_asked_outlives_the_wait_for_its_first_question() {
    let limits = Limits { first_byte: SHORT, ..Limits::default() };
    let (running, _published) = start(|config| config.limits = limits);
    let mut stream = tcp(running.addresses()[0]);
    stream.write_all(&www(1)).unwrap();
    read_frame(&mut stream).expect("a reply");
    let begin = std::time::Instant::now();
    wait_until("that wait is over", || begin.elapsed() > 3 * SHORT);
    stream.write_all(&www(2)).unwrap();
    read_frame(&mut stream).expect("a reply, as it may be idle for longer");
}

#[test]
fn dripping_a_message_does_not_prolong_it() {
    let (running, _published) = start(|config| config.limits = Limits { message: SHORT, ..endless() });
    let mut stream = tcp(running.addresses()[0]);
    stream.write_all(&[0xff, 0xff]).unwrap();
    let counters = running.counters();
    wait_until("the dripping client is closed", || {
        // It is an error once the connection is closed.
        let _ = stream.write(b"x");
        counters.sum().get(Count::ClosedSlow) == 1
    });
}

#[test]
fn a_client_that_reads_nothing_is_closed_and_costs_others_nothing() {
    let (running, _published) = start(|config| config.limits = Limits { write: SHORT, ..Limits::default() });
    let server = running.addresses()[0];
    let mut deaf = tcp(server);
    deaf.set_nonblocking(true).unwrap();
    let questions: Vec<u8> = (0..2_000).flat_map(|id| frame(&question(id, "big", RecordType::TXT))).collect();
    let counters = running.counters();
    wait_until("the deaf client is closed", || {
        // What it asks makes more replies than all buffers on the way take.
        let _ = deaf.write(&questions);
        assert_eq!(addresses(&ask_tcp(&mut tcp(server), &question(1, "www", RecordType::A))).len(), 3);
        let totals = counters.sum();
        totals.get(Count::ClosedSlow) == 1
    });
}
