use super::*;

#[test]
fn bad_packets_above_three_good_ones_are_dear() {
    let lines = [
        ("good plain NoError in 95 octets", 100.0),
        ("good dear NoError in 95 octets", 1000.0),
        ("hostile cheap NoError in 95 octets", 300.0),
        ("hostile dear NoError in 95 octets", 301.0),
        ("file answered NxDomain in 95 octets", 1000.0),
        ("file refused FormErr in 12 octets", 302.0),
        ("file dropped dropped: Short", 303.0),
    ];
    let all = lines.map(|(line, instructions)| Packet::read(line, instructions).unwrap());
    let packets = Packets { good: 100.0, all: all.into() };
    let dear: Vec<_> = packets.dear().collect();
    assert_eq!(dear, [("dear", 301.0), ("refused", 302.0), ("dropped", 303.0)]);
    assert_eq!(packets.to_string(), "  7 packets, 4 of them bad; a good one: 100");
}

#[test]
fn a_line_of_another_form_is_refused() {
    assert!(Packet::read("thread main panicked", 1.0).is_err());
}
