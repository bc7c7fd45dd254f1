use portolan_core::Name;
use proptest::prelude::*;

use super::*;
use crate::context::Context;
use crate::{entry, line};

/// A line as the general way reads it: the running context after it, what it is, where it ends.
fn general(text: &[u8], running: &mut Running, rdata: &mut Vec<u8>) -> Option<(RecordType, Ttl, usize)> {
    let mut tokens = Vec::new();
    let entry = entry::next(text, 0, &mut tokens);
    if entry.fault.is_some() || tokens.is_empty() || text.first() == Some(&b'$') {
        return None;
    }
    let line = line::record(text, &tokens, entry.indented, running, rdata).ok()??;
    Some((line.rtype, line.ttl, entry.end))
}

fn running() -> Running {
    let apex: Name = "example.org".parse().unwrap();
    let context = Context { owner: Some("last.example.org".parse().unwrap()), ..Context::new(apex) };
    Running::new(&Context { last_ttl: Ttl::from_seconds(77), ..context })
}

/// Both ways on one text: whatever the fast one takes, the general one takes and reads alike. True when the
/// fast one took it.
fn agree(text: &str) -> bool {
    let (mut fast, mut data) = (running(), Vec::new());
    let Some(line) = line(text.as_bytes(), 0, &mut fast, &mut data) else {
        let untouched = running();
        assert_eq!(fast.freeze(), untouched.freeze(), "given up, so nothing is changed: {text:?}");
        return false;
    };
    let (mut slow, mut slow_data) = (running(), Vec::new());
    let found = general(text.as_bytes(), &mut slow, &mut slow_data);
    assert_eq!(found, Some((line.rtype, line.ttl, line.end)), "{text:?}");
    assert_eq!(data, slow_data, "{text:?}");
    assert_eq!(fast.freeze(), slow.freeze(), "{text:?}");
    assert_eq!(fast.owner_in_zone, slow.owner_in_zone, "{text:?}");
    true
}

#[test]
fn the_usual_lines_are_taken() {
    for text in [
        "www 300 IN A 192.0.2.1\n",
        "www IN 300 A 192.0.2.1",
        "WWW\tA\t255.255.255.255 ; why\nnext",
        "\tin aaaa 2001:DB8::1\r\n",
        "@ NS ns1\n",
        "a.b.example.org. CNAME Elsewhere.example.net.\n",
        "other.example.net. 0 A 0.0.0.0\n",
        "@ MX 10 mail\n",
        "_sip._tcp SRV 0 65535 5060 sip.example.org.\n",
        "t TXT \"one\" \"two ; ( three\"\n",
        "1.2 PTR host\n",
        "d DNAME elsewhere.example.\n",
    ] {
        assert!(agree(text), "{text:?} is given up");
    }
}

#[test]
fn doubtful_lines_are_given_up() {
    for text in [
        "www A 192.0.2.01\n",
        "www A 192.0.2\n",
        "www A 192.0.2.1.\n",
        "www A 192.0.2.256\n",
        "www 1h A 192.0.2.1\n",
        "www 300 300 A 192.0.2.1\n",
        "www IN IN A 192.0.2.1\n",
        "www CH A 192.0.2.1\n",
        "www A ( 192.0.2.1 )\n",
        "www A 192.0.2.1 extra\n",
        "www 2147483648 A 192.0.2.1\n",
        "w\\119w A 192.0.2.1\n",
        "t TXT plain\n",
        "t TXT \"a\"\"b\"\n",
        "t TXT \"a\\\"b\"\n",
        "@ MX 65536 mail\n",
        "a..b A 192.0.2.1\n",
        "$TTL 300\n",
        "; comment\n",
        "\n",
    ] {
        assert!(!agree(text), "{text:?} is taken");
    }
}

/// A word of a line, well or ill made.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["A", "AAAA", "ns", "CNAME", "MX", "SRV", "TXT", "PTR", "dname", "SOA", "CAA"])
            .prop_map(str::to_owned),
        3 => prop::sample::select(vec!["IN", "in", "CH", "300", "0", "007", "1h", "4294967296", "10", "5060"])
            .prop_map(str::to_owned),
        3 => "[a-zA-Z0-9_*@$./\\\\-]{1,12}",
        2 => prop::sample::select(vec!["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "1.2.3", "host.example.org."])
            .prop_map(str::to_owned),
        2 => "\"[ -~]{0,8}\"",
        1 => "[ -~\\t\u{e9}]{1,6}",
    ]
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![" ", "\t", "  ", " \t ", "\r", ""])
}

/// A line that is mostly well made, then damaged in one place at times.
fn text() -> impl Strategy<Value = String> {
    let record = (
        "[a-zA-Z0-9_*@.-]{0,10}",
        prop::sample::select(vec!["", "60 ", "IN ", "IN 60 ", "60\tIN\t", "1h ", "60 60 "]),
        prop_oneof![
            (any::<[u8; 4]>()).prop_map(|a| format!("A {}.{}.{}.{}", a[0], a[1], a[2], a[3])),
            any::<u128>().prop_map(|a| format!("AAAA {}", std::net::Ipv6Addr::from(a))),
            "(NS|CNAME|PTR|DNAME) [a-zA-Z0-9@.-]{1,12}",
            "MX [0-9]{1,6} [a-z.@]{1,8}",
            "SRV [0-9]{1,5} [0-9]{1,5} [0-9]{1,5} [a-z.]{1,8}",
            "TXT( \"[ -~]{0,9}\"){1,3}",
        ],
        prop::sample::select(vec!["", "\n", "\r\n", " ; end\nnext", " \n", " extra\n"]),
    )
        .prop_map(|(owner, head, data, end)| format!("{owner} {head}{data}{end}"));
    let words = prop::collection::vec((word(), blank()), 1..8)
        .prop_map(|words| words.into_iter().map(|(word, blank)| word + blank).collect());
    prop_oneof![
        4 => record.clone(),
        2 => (record, any::<prop::sample::Index>(), "[ -~\\n]").prop_map(|(text, at, octet)| {
            let mut octets = text.into_bytes();
            let at = at.index(octets.len());
            octets[at] = octet.as_bytes()[0];
            String::from_utf8_lossy(&octets).into_owned()
        }),
        2 => words,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// The library reads whatever the fast path takes, and reads it alike.
    #[test]
    fn the_fast_path_is_the_librarys(text in text()) {
        agree(&text);
    }
}
