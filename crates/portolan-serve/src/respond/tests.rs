use std::collections::BTreeSet;

use super::*;

#[test]
fn no_two_workers_draw_alike() {
    let mut seen = BTreeSet::new();
    for worker in 0..8 {
        let mut chance = Chance::new(42, worker);
        seen.extend((0..100).map(|_| chance.draw().0));
    }
    assert_eq!(seen.len(), 800);
}

#[test]
fn the_same_seed_draws_the_same() {
    let (mut one, mut other) = (Chance::new(42, 1), Chance::new(42, 1));
    for _ in 0..100 {
        assert_eq!(one.draw().0, other.draw().0);
    }
}

#[test]
fn a_packet_that_is_none_is_dropped_and_counted() {
    let counters = crate::Counters::new(1);
    let snapshot = Snapshot::new(1);
    let manner = Manner { transport: Transport::Udp, nsid: b"" };
    let response = [0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for octets in [&b""[..], &[0; 11], &response] {
        let packet = Packet { octets, source: IpAddr::from([192, 0, 2, 1]) };
        let outcome = respond(&snapshot, packet, manner, Draw(1), &mut Room::default(), &mut [0; 512]);
        assert_eq!(outcome.count(counters.lane(0)), None, "{octets:?}");
    }
    assert_eq!(counters.sum().get(Count::DroppedShort), 2);
    assert_eq!(counters.sum().get(Count::DroppedResponse), 1);
}
