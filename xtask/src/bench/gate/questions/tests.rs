use super::*;

#[test]
fn a_question_is_what_resolvers_send() {
    let packet = Kind::Policy.question(1);
    let name = b"\x06p07919\x07example\x03org\0";
    assert_eq!(packet[..12], [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    assert_eq!(packet[12..12 + name.len()], *name);
    // A in IN; OPT with 1232 octets and 11 of options; the network 37 behind the first.
    assert_eq!(packet[12 + name.len()..][..4], [0, 1, 0, 1]);
    assert_eq!(packet[16 + name.len()..][..11], [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 11]);
    assert_eq!(network(1), Ipv4Addr::from(0x0100_0000 + 37 * 65 * 256));
    assert_eq!(packet[27 + name.len()..][..8], [0, 8, 0, 7, 0, 1, 24, 0]);
    assert_eq!(packet[35 + name.len()..], network(1).octets()[..3]);
}

#[test]
fn a_wrong_answer_is_no_answer() {
    let reply = |id: u8, code: u8, answers: u8, authority: u8| {
        let mut reply = [0; 40];
        (reply[1], reply[2], reply[3], reply[7], reply[9]) = (id, 0x84, code, answers, authority);
        reply
    };
    for (kind, good) in [
        (Kind::File, (0, 3, 0)),
        (Kind::Static, (0, 3, 0)),
        (Kind::Policy, (0, 1, 0)),
        (Kind::NxDomain, (3, 0, 1)),
        (Kind::NoData, (0, 0, 1)),
    ] {
        let (code, answers, authority) = good;
        kind.check(9, &reply(9, code, answers, authority)).unwrap();
        assert!(kind.check(8, &reply(9, code, answers, authority)).is_err(), "another's reply");
        assert!(kind.check(9, &reply(9, 5, answers, authority)).is_err(), "refused");
        assert!(kind.check(9, &reply(9, code, answers + 1, authority)).is_err(), "one more");
        assert!(kind.check(9, &reply(9, code, answers, authority + 1)).is_err(), "and authority");
        assert!(kind.check(9, &[0, 9]).is_err(), "cut");
    }
}
