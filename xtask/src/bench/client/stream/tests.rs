use std::net::TcpListener;
use std::thread;

use super::*;
use crate::bench::dataset;
use crate::bench::echo;

/// A stream echo that serves until the test's process ends.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || echo::stream::serve(&listener));
    address
}

#[track_caller]
fn check(way: Way, least: u64) {
    let packets = dataset::packets(&dataset::STATIC, None, 100);
    let load = run(server(), &packets, 0, way, Duration::from_millis(100)).unwrap();
    assert!(load.answered >= least, "{load:?}");
    assert_eq!((load.lost, load.wrong), (0, 0));
}

#[test]
fn every_question_is_answered_either_way() {
    check(Way::Pipelined, CONNECTIONS as u64 * u64::from(PIPELINED));
    check(Way::Single, SINGLE_CONNECTIONS as u64);
}

#[test]
fn only_whole_frames_are_taken() {
    assert_eq!(split_frame(&[0, 2, 7, 8, 0, 1]), Some((&[7, 8][..], &[0, 1][..])));
    assert_eq!(split_frame(&[0, 2, 7]), None);
    assert_eq!(split_frame(&[0]), None);
}
