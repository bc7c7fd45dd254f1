use std::collections::BTreeSet;

use super::*;

#[test]
fn no_two_names_share_an_address() {
    let all: BTreeSet<Ipv4Addr> = (0..STATIC.count).flat_map(|index| STATIC.v4(index)).collect();
    assert_eq!(all.len(), 30_000);
    assert_eq!((STATIC.v6(0).len(), STATIC.v6(1).len(), MILLION.v6(0).len()), (3, 0, 0));
    let last = MILLION.v4(MILLION.count - 1);
    assert!(last.iter().all(|address| address.octets()[0] >= 240), "{last:?}");
}

#[test]
fn a_zone_file_has_every_record_in_a_line() {
    let mut text = Vec::new();
    STATIC.first(2).write_zone(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.lines().skip(2).collect();
    let expected = [
        "@ SOA ns1.glb.example. hostmaster.glb.example. 1 3600 600 1209600 30",
        "@ NS ns1.glb.example.",
        "ns1 A 192.0.2.53",
        "n00000 A 240.0.0.0",
        "n00000 A 240.0.0.1",
        "n00000 A 240.0.0.2",
        "n00000 AAAA 2001:db8::",
        "n00000 AAAA 2001:db8::1",
        "n00000 AAAA 2001:db8::2",
        "n00001 A 240.0.0.3",
        "n00001 A 240.0.0.4",
        "n00001 A 240.0.0.5",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn packets_are_the_same_in_every_run_and_have_their_shares() {
    let networks = Networks;
    let packets = super::packets(&STATIC, Some(&networks), 10_000);
    let again = super::packets(&STATIC, Some(&networks), 10_000);
    assert_eq!((packets.count(), packets.octets(), &packets.bytes), (10_000, 58, &again.bytes));
    assert_eq!(packets.get(10_003), packets.get(3));
    let share = |what: fn(&[u8]) -> bool| (0..10_000).filter(|n| what(packets.get(*n))).count() as f64 / 1e4;
    // Four standard deviations of 10,000 draws.
    let near = |share: f64, truth: f64| (share - truth).abs() < 4.0 * (truth * (1.0 - truth) / 1e4).sqrt();
    assert!(near(share(|packet| packet[13] == b'x'), 0.1));
    assert!(near(share(|packet| packet[33] == 28), 0.1));
    // The known networks end at 10.78.
    assert!(near(share(|packet| packet[56] <= 78), 0.9));
}

#[test]
fn every_place_has_networks_and_the_clusters_of_its_continent() {
    let used: BTreeSet<usize> = (0..networks::NETWORKS).map(|number| Networks.place(number)).collect();
    assert_eq!(used.len(), networks::PLACES.len());
    for (place, near) in networks::PLACES {
        let expected: Vec<usize> =
            (0..10).filter(|cluster| networks::CLUSTERS[*cluster].1.starts_with(place)).collect();
        assert_eq!(near, expected, "{place}");
    }
}
