use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use portolan_core::{Draw, RecordType};
use portolan_serve::Published;
use portolan_serve::counters::Count;

use crate::client::{
    PATIENCE, addresses, ask_tcp, ask_udp, question, rcode, set, tcp, udp, wait_until, with_subnet,
};
use crate::fleet::World;
use crate::start;

const ALL: [&str; 3] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];

#[test]
fn questions_are_answered_alike_by_udp_and_by_tcp() {
    let (running, _published) = start(|_| ());
    let (udp, mut tcp) = (udp(running.addresses()[0]), tcp(running.addresses()[0]));
    // (name, type, response code, addresses)
    let table: [(&str, RecordType, u8, &[&str]); 9] = [
        ("www", RecordType::A, 0, &ALL),
        ("WwW", RecordType::A, 0, &ALL),
        ("www", RecordType::AAAA, 0, &[]),
        ("nope", RecordType::A, 3, &[]),
        ("any.thing.wild", RecordType::A, 0, &ALL),
        ("one", RecordType::A, 0, &ALL),
        ("example.org.", RecordType::SOA, 0, &[]),
        ("example.net.", RecordType::A, 5, &[]),
        ("www", RecordType::AXFR, 5, &[]),
    ];
    for (at, rtype, code, expected) in table {
        let packet = question(4711, at, rtype);
        for (way, reply) in [("UDP", ask_udp(&udp, &packet)), ("TCP", ask_tcp(&mut tcp, &packet))] {
            assert_eq!(rcode(&reply), code, "{at} {rtype} by {way}");
            assert_eq!(addresses(&reply), set(expected), "{at} {rtype} by {way}");
            assert_eq!(reply[12..packet.len()], packet[12..], "the question comes back as it was sent");
        }
    }
}

#[test]
fn a_client_network_steers() {
    let (running, _published) = start(|_| ());
    let udp = udp(running.addresses()[0]);
    for (network, expected) in [([10, 1, 2], "192.0.2.1"), ([11, 1, 2], "192.0.2.2")] {
        let packet = with_subnet(question(1, "near", RecordType::A), network);
        assert_eq!(addresses(&ask_udp(&udp, &packet)), set(&[expected]), "{network:?}");
    }
}

#[test]
fn what_is_too_long_for_udp_comes_whole_by_tcp() {
    let (running, _published) = start(|_| ());
    let packet = question(9, "big", RecordType::TXT);
    let short = ask_udp(&udp(running.addresses()[0]), &packet);
    let whole = ask_tcp(&mut tcp(running.addresses()[0]), &packet);
    assert!(short[2] & 2 != 0 && short.len() <= 512, "TC, and no more than 512 octets");
    assert!(whole[2] & 2 == 0 && whole.len() > 4_000, "not cut");
    assert_eq!(running.counters().sum().get(Count::Truncated), 1);
}

#[test]
fn counters_tell_what_happened() {
    let (running, _published) = start(|_| ());
    let udp = udp(running.addresses()[0]);
    ask_udp(&udp, &question(1, "www", RecordType::A));
    ask_udp(&udp, &question(2, "nope", RecordType::A));
    ask_tcp(&mut tcp(running.addresses()[0]), &question(3, "example.net.", RecordType::A));
    let totals = running.counters().sum();
    for count in [Count::NoError, Count::NxDomain, Count::Refused, Count::QueriesTcp, Count::Accepted] {
        assert_eq!(totals.get(count), 1, "{count:?}");
    }
    assert_eq!(totals.get(Count::QueriesUdp), 2);
    assert_eq!(totals.of_metric("dropped"), 0);
}

#[test]
fn a_storm_of_malformed_packets_ends_no_worker() {
    let (running, _published) = start(|_| ());
    let good = question(1, "one", RecordType::A);
    let mut draw = Draw(1);
    for _ in 0..200 {
        // From a new port each time, so that the kernel gives the storm to all workers.
        let storm = udp(running.addresses()[0]);
        for _ in 0..100 {
            storm.send(&mangled(&good, &mut draw)).unwrap();
        }
        // It stands behind the storm in the same queue.
        assert_eq!(addresses(&ask_udp(&storm, &question(0x8001, "www", RecordType::A))), set(&ALL));
    }
    let totals = running.counters().sum();
    assert_eq!(totals.get(Count::QueriesUdp), 200 * 101);
    assert_eq!(totals.of_metric("answers") + totals.of_metric("dropped"), 200 * 101);
    assert_eq!(totals.get(Count::Restarts), 0);
    assert!(totals.get(Count::FormErr) > 0 && totals.get(Count::DroppedShort) > 0);
}

/// Cuts a packet somewhere and changes some of its octets, but the first: it tells whose the reply is.
fn mangled(packet: &[u8], draw: &mut Draw) -> Vec<u8> {
    let mut below = |bound: usize| usize::try_from(draw.below(bound as u64)).unwrap();
    let mut packet = packet[..below(packet.len() + 1)].to_vec();
    for _ in 0..below(4) {
        let at = 1 + below(packet.len().max(1));
        if let Some(octet) = packet.get_mut(at) {
            *octet = u8::try_from(below(256)).unwrap();
        }
    }
    packet
}

#[test]
fn both_families_at_once() {
    let listen = || ["127.0.0.1:0", "[::1]:0"].map(|address| address.parse().unwrap()).to_vec();
    let (running, _published) = start(|config| config.listen = listen());
    assert_eq!(running.addresses().len(), 2);
    for address in running.addresses() {
        let packet = question(5, "www", RecordType::A);
        assert_eq!(addresses(&ask_udp(&udp(*address), &packet)), set(&ALL), "{address}");
        assert_eq!(addresses(&ask_tcp(&mut tcp(*address), &packet)), set(&ALL), "{address}");
    }
}

#[test]
fn replies_leave_from_the_address_that_was_asked() {
    for (listen, asked) in [
        ("0.0.0.0:0", &["127.0.0.1", "127.0.0.2", "127.1.2.3"][..]),
        // An IPv6 socket takes no IPv4: see below.
        ("[::]:0", &["::1"][..]),
    ] {
        let (running, _published) = start(|config| config.listen = vec![listen.parse().unwrap()]);
        let port = running.addresses()[0].port();
        for address in asked {
            let server = SocketAddr::new(address.parse().unwrap(), port);
            // A connected socket takes a reply from nowhere else.
            let reply = ask_udp(&udp(server), &question(6, "www", RecordType::A));
            assert_eq!(addresses(&reply), set(&ALL), "{address} of {listen}");
        }
        assert_eq!(running.counters().sum().get(Count::DroppedSend), 0);
    }
}

#[test]
fn both_families_share_a_port() {
    let (v4, _published) = start(|config| config.listen = vec!["0.0.0.0:0".parse().unwrap()]);
    let port = v4.addresses()[0].port();
    let v6 = SocketAddr::new("::".parse().unwrap(), port);
    // Would the IPv6 socket take IPv4 too, the address would be in use.
    let (v6, _published) = start(|config| config.listen = vec![v6]);
    assert_eq!(v6.addresses()[0].port(), port);
}

#[test]
fn a_swap_of_the_snapshot_is_never_a_wrong_or_missing_answer() {
    const SWAPS: usize = 500;
    let (running, published) = start(|_| ());
    let mut world = World::new();
    world.offer("www", "198.51.100.1");
    published.publish(world.snapshot.clone());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| ask_until(&done, running.addresses()[0]));
        }
        for swap in 0..SWAPS {
            let address = if swap % 2 == 0 { "198.51.100.2" } else { "198.51.100.1" };
            world.offer("www", address);
            published.publish(world.snapshot.clone());
        }
        done.store(true, Ordering::Relaxed);
    });
    let reply = ask_udp(&udp(running.addresses()[0]), &question(1, "www", RecordType::A));
    assert_eq!(addresses(&reply), set(&["198.51.100.1"]), "what was published last");
    assert_replaced_snapshots_go(&published);
}

/// Asks again and again; each answer is that of one snapshot.
fn ask_until(done: &AtomicBool, server: SocketAddr) {
    let (by_udp, mut by_tcp) = (udp(server), tcp(server));
    let possible = [set(&["198.51.100.1"]), set(&["198.51.100.2"])];
    let mut id = 0_u16;
    while !done.load(Ordering::Relaxed) || id < 100 {
        id = id.wrapping_add(1);
        let packet = question(id, "www", RecordType::A);
        for reply in [ask_udp(&by_udp, &packet), ask_tcp(&mut by_tcp, &packet)] {
            assert_eq!(rcode(&reply), 0);
            assert!(possible.contains(&addresses(&reply)), "{:?}", addresses(&reply));
        }
    }
}

/// An idle worker lets go of an old snapshot by itself.
fn assert_replaced_snapshots_go(published: &Published) {
    let old = std::sync::Arc::downgrade(&published.current());
    published.publish(World::new().snapshot);
    wait_until("the replaced snapshot is freed", || old.upgrade().is_none());
    assert!(PATIENCE > portolan_serve::config::IDLE);
}
