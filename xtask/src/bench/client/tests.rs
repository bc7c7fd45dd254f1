use std::net::UdpSocket;
use std::thread;

use super::*;
use crate::bench::dataset;

/// What a server of the tests does with each datagram.
enum Manner {
    /// It answers with this code.
    Code(u8),
    /// It answers only every so manieth.
    Every(usize),
}

/// Answers until nobody has asked for a while.
fn serve(manner: Manner) -> (SocketAddr, thread::JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    socket.set_read_timeout(Some(3 * LOST_AFTER)).unwrap();
    let thread = thread::spawn(move || {
        let mut bytes = [0; 512];
        let mut count = 0;
        while let Ok((len, client)) = socket.recv_from(&mut bytes) {
            count += 1;
            bytes[2] |= 0x80;
            match manner {
                Manner::Every(number) if count % number != 0 => continue,
                Manner::Every(_) => {}
                Manner::Code(code) => bytes[3] = code,
            }
            socket.send_to(&bytes[..len], client).unwrap();
        }
    });
    (address, thread)
}

#[track_caller]
fn load(manner: Manner, pace: Pace, millis: u64) -> Load {
    let (address, _thread) = serve(manner);
    let packets = dataset::packets(&dataset::STATIC, None, 100);
    run(address, &packets, 0, pace, Duration::from_millis(millis)).unwrap()
}

#[test]
fn every_question_of_a_closed_loop_is_answered() {
    let load = load(Manner::Code(NXDOMAIN_CODE), Pace::Closed, 100);
    assert!(load.answered >= u64::from(IN_FLIGHT), "{load:?}");
    assert_eq!((load.lost, load.wrong), (0, 0));
    assert!(load.latency.quantile(0.5) > Duration::ZERO);
}

#[test]
fn an_open_loop_asks_at_its_rate() {
    let load = load(Manner::Code(0), Pace::Open(1_000), 200);
    assert_eq!((load.answered + load.lost, load.wrong), (200, 0));
}

#[test]
fn other_codes_are_wrong() {
    let load = load(Manner::Code(2), Pace::Open(1_000), 50);
    assert!(load.wrong > 0 && load.wrong == load.answered, "{load:?}");
}

#[test]
fn lost_questions_are_counted_and_their_places_used_again() {
    let load = load(Manner::Every(2), Pace::Open(1_000), 100);
    assert_eq!((load.answered, load.lost), (50, 50));
}

const NXDOMAIN_CODE: u8 = 3;
