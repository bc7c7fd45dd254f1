use super::*;

const QUESTION: Question<'static> = Question { name: "a.b.", kind: A, edns: false, subnet: None };

/// The answer to `a.b`: one alias by pointer, then two addresses, then OPT with a cookie and a subnet.
fn answer(code: u8) -> Vec<u8> {
    let mut bytes = QUESTION.bytes(7);
    (bytes[2], bytes[3], bytes[7], bytes[11]) = (0x84, code, 3, 1);
    let record = |kind: u8, data: &[u8]| {
        let len = u8::try_from(data.len()).unwrap();
        [&[0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 30, 0, len], data].concat()
    };
    bytes.extend(record(5, &[0xc0, 14]));
    bytes.extend(record(1, &[198, 51, 100, 2]));
    bytes.extend(record(1, &[198, 51, 100, 1]));
    bytes.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 18, 0, 10, 0, 3, 1, 2, 3, 0, 8, 0, 7, 0, 1, 24, 20]);
    bytes.extend([203, 0, 113]);
    bytes
}

#[test]
fn addresses_are_read_and_sorted() {
    let addresses = vec![IpAddr::from([198, 51, 100, 1]), IpAddr::from([198, 51, 100, 2])];
    let expected =
        Reply { code: NOERROR, authoritative: true, addresses, authority: 0, scope: Some((24, 20)) };
    assert_eq!(Reply::read(&answer(0)), Some(expected));
    assert_eq!(Reply::read(&answer(3)).unwrap().code, NXDOMAIN);
}

#[test]
fn half_an_answer_or_a_question_is_none() {
    let whole = answer(0);
    for len in 0..whole.len() {
        assert_eq!(Reply::read(&whole[..len]), None, "{len} octets");
    }
    assert_eq!(Reply::read(&QUESTION.bytes(7)), None);
}

#[test]
fn a_question_with_a_subnet_has_the_size_of_the_echo_packets() {
    let subnet = Some(Ipv4Addr::new(203, 0, 113, 0));
    let bytes = Question { name: "n00017.glb.example", kind: AAAA, edns: true, subnet }.bytes(0x1234);
    assert_eq!(bytes.len(), 58);
    assert_eq!(bytes[..12], [0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    assert_eq!(bytes[32..36], [0, 28, 0, 1]);
    assert_eq!(bytes[36..47], [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 11]);
    assert_eq!(bytes[47..], [0, 8, 0, 7, 0, 1, 24, 0, 203, 0, 113]);
}
