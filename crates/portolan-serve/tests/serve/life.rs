use std::net::{TcpListener, UdpSocket};

use portolan_core::RecordType;
use portolan_serve::{Config, Published, ServeError, Server};

use crate::client::{addresses, ask_tcp, ask_udp, question, tcp, udp};
use crate::fleet::World;
use crate::start;

fn config(address: &str) -> Config {
    Config { listen: vec![address.parse().unwrap()], workers: Some(1), ..Config::default() }
}

#[test]
fn a_second_server_is_refused_and_told_who_is_there() {
    let (running, _published) = start(|_| ());
    let address = running.addresses()[0];
    for wanted in [address.to_string(), format!("0.0.0.0:{}", address.port())] {
        let error = Server::bind(config(&wanted)).expect_err("the address is taken");
        let ServeError::InUse { holder: Some(holder), .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(holder.pid, std::process::id());
        let expected = format!("cannot listen on {wanted} by TCP: process {} (", std::process::id());
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    // The first one has lost nothing by it.
    for id in 0..20 {
        let reply = ask_udp(&udp(address), &question(id, "www", RecordType::A));
        assert_eq!(addresses(&reply).len(), 3);
    }
}

#[test]
fn whoever_holds_udp_alone_is_named_too() {
    // A port that is free for TCP: among those of UDP, connections of other tests may linger.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    let _other = UdpSocket::bind(address).unwrap();
    drop(free);
    let error = Server::bind(config(&address.to_string())).expect_err("the address is taken");
    let expected = format!("cannot listen on {address} by UDP: process {} (", std::process::id());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(TcpListener::bind(address).is_ok(), "nothing stays bound");
}

#[test]
fn what_cannot_be_is_refused() {
    let long = Config { nsid: vec![b'x'; 70_000], ..config("127.0.0.1:0") };
    let none = Config { listen: Vec::new(), ..Config::default() };
    // An address for documentation is on no machine.
    for (config, expected) in [
        (none, "there is no address to listen on"),
        (long, "the name server identifier has 70000 octets"),
        (config("192.0.2.1:0"), "cannot listen on 192.0.2.1:0 by TCP: "),
    ] {
        let error = Server::bind(config).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_free_port_is_the_same_for_both() {
    let (running, _published) = start(|_| ());
    let address = running.addresses()[0];
    assert_ne!(address.port(), 0);
    let packet = question(1, "www", RecordType::A);
    assert_eq!(addresses(&ask_udp(&udp(address), &packet)).len(), 3);
    assert_eq!(addresses(&ask_tcp(&mut tcp(address), &packet)).len(), 3);
}

#[test]
fn a_restart_takes_the_same_address_at_once() {
    let packet = question(1, "www", RecordType::A);
    let (mut running, published) = start(|_| ());
    let address = running.addresses()[0];
    for _ in 0..3 {
        // This end of the connection stays open, so the other one lingers in the kernel.
        let mut stream = tcp(address);
        ask_tcp(&mut stream, &packet);
        running.shutdown();
        running = Server::bind(config(&address.to_string())).unwrap().start(&published).unwrap();
        assert_eq!(addresses(&ask_udp(&udp(address), &packet)).len(), 3);
        assert_eq!(addresses(&ask_tcp(&mut tcp(address), &packet)).len(), 3);
    }
}

#[tokio::test]
async fn a_task_may_start_and_stop_one() {
    let (running, _published) = start(|_| ());
    let address = running.addresses()[0];
    assert_eq!(addresses(&ask_tcp(&mut tcp(address), &question(1, "www", RecordType::A))).len(), 3);
    running.shutdown();
    drop(start(|_| ()));
}

#[test]
fn a_server_that_was_never_started_lets_go() {
    let server = Server::bind(config("127.0.0.1:0")).unwrap();
    let address = server.addresses()[0];
    drop(server);
    drop(Server::bind(config(&address.to_string())).unwrap());
}

#[test]
fn an_empty_snapshot_denies_nothing() {
    let published = Published::new(portolan_core::Snapshot::new(1));
    let running = Server::bind(config("127.0.0.1:0")).unwrap().start(&published).unwrap();
    let udp = udp(running.addresses()[0]);
    let packet = question(1, "www", RecordType::A);
    assert_eq!(ask_udp(&udp, &packet)[3] & 0x0f, 2, "SERVFAIL until all was read");
    published.publish(World::new().snapshot);
    assert_eq!(addresses(&ask_udp(&udp, &packet)).len(), 3);
}
