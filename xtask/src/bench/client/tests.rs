use super::*;

/// The answer to `a.b`: one alias by pointer, then two addresses.
fn answer(code: u8) -> Vec<u8> {
    let mut bytes = question(7, "a.b.");
    bytes[3] = code;
    bytes[7] = 3;
    let record = |kind: u8, data: &[u8]| {
        let len = u8::try_from(data.len()).unwrap();
        [&[0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 30, 0, len], data].concat()
    };
    bytes.extend(record(5, &[0xc0, 14]));
    bytes.extend(record(1, &[198, 18, 0, 2]));
    bytes.extend(record(1, &[198, 18, 0, 1]));
    bytes
}

#[test]
fn addresses_are_read_and_sorted() {
    let expected = vec![Ipv4Addr::new(198, 18, 0, 1), Ipv4Addr::new(198, 18, 0, 2)];
    assert_eq!(addresses(&answer(0)), Some(expected));
}

#[test]
fn an_error_or_half_an_answer_is_none() {
    assert_eq!(addresses(&answer(3)), None);
    let whole = answer(0);
    for len in 0..whole.len() {
        assert_eq!(addresses(&whole[..len]), None, "{len} octets");
    }
}
