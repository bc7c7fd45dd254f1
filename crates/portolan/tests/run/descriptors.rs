//! What becomes of answers when file descriptors run out.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use portolan_core::Name;
use portolan_testbed::wait::PATIENCE;

use crate::fleet::{EU, FleetFolder, US, WEB};
use crate::server::Server;

/// A connection that has asked once and had its answer.
fn asked(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.program.dns()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let name: Name = WEB.parse().unwrap();
    let packet = [&[7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], name.as_wire(), &[0, 1, 0, 1]].concat();
    let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], &packet].concat()).unwrap();
    stream.read_exact(&mut [0; 2]).unwrap();
    stream
}

#[test]
fn tcp_clients_leave_descriptors_for_the_folder() {
    // Fewer than one client may have connections, so that only the limit of all is met.
    const HARD: u32 = 200;
    let fleet = FleetFolder::new();
    let server = Server::start_with_descriptors(&fleet, HARD / 2, HARD);
    server.wait_for_web(EU);
    assert_eq!(server.descriptors_max(), u64::from(HARD));
    let streams: Vec<TcpStream> = (0..HARD).map(|_| asked(&server)).collect();
    fleet.offer("eu-1", EU, false);
    server.wait_for_web(US);
    assert_eq!(server.metric("portolan_connections_total{event=\"accept_error\"}"), 0);
    assert!(server.metric("portolan_connections_total{event=\"closed_for_room\"}") > 0);
    drop(streams);
}

#[test]
fn what_could_not_be_read_is_read_as_soon_as_it_can_be() {
    let fleet = FleetFolder::new();
    let server = Server::start(&fleet);
    server.wait_for_web(EU);
    let before = server.descriptors_max();
    server.limit_descriptors(4);
    fleet.offer("eu-1", EU, false);
    server.program.wait("the problem", || server.program.log().contains("Too many open files").then_some(()));
    assert_eq!(server.web(), [EU], "what was known stays");
    server.limit_descriptors(before);
    server.wait_for_web(US);
}
