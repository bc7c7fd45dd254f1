use alloc::vec::Vec;

use portolan_core::RecordType;
use portolan_core::name::NameBuf;

use crate::testing::{NSID, Packet, cased, decoded, name, option, request, subnet};
use crate::{Decoded, DropReason, Edns, ErrorCode, Subnet, decode};

const A: RecordType = RecordType::A;
const TXT: RecordType = RecordType::TXT;

fn www() -> Packet {
    Packet::asks("wWw.eXample", A)
}

/// Decodes to a query, or to an error with this code.
#[track_caller]
fn check(why: &str, packet: &Packet, expected: Result<(), ErrorCode>) {
    let got = match decoded(&packet.bytes()) {
        Decoded::Query(_) => Ok(()),
        Decoded::Error(_, code) => Err(code),
        other => panic!("{why}: {other:?}"),
    };
    assert_eq!(got, expected, "{why}");
}

const FORMERR: Result<(), ErrorCode> = Err(ErrorCode::FormErr);
const REFUSED: Result<(), ErrorCode> = Err(ErrorCode::Refused);
const NOTIMP: Result<(), ErrorCode> = Err(ErrorCode::NotImp);
const BADVERS: Result<(), ErrorCode> = Err(ErrorCode::BadVers);
const NOTAUTH: Result<(), ErrorCode> = Err(ErrorCode::NotAuth);

#[test]
fn a_question() {
    let packet = www().flags(0x0110).opt_as(
        4096,
        [0, 0, 0x80, 0],
        &[&NSID[..], &subnet(1, 24, 0, &[203, 0, 113])].concat(),
    );
    let mut at = NameBuf::new();
    let Decoded::Query(request) = decode(&packet.bytes(), &mut at) else { panic!("no query") };
    assert_eq!(at.borrowed(), name("www.example").borrowed());
    assert_eq!((request.id, request.opcode, request.rtype, request.class), (0x1234, 0, A, 1));
    assert!(request.recursion_desired && request.checking_disabled);
    assert_eq!(request.head_of(&packet.bytes())[12..], [&cased("wWw.eXample")[..], &[0, 1, 0, 1]].concat());
    let subnet = Some(Subnet { address: [203, 0, 113, 0].into(), source: 24 });
    let edns = Edns { payload: 4096, version: 0, dnssec_ok: true, nsid: true, subnet };
    assert_eq!(request.edns, Some(edns));
}

/// The standard query of RFC 1034 section 6.2.1, and flags that a query has no business to set.
#[test]
fn flags_are_taken_or_passed_over() {
    let packet = Packet::asks("SRI-NIC.ARPA", A).flags(0);
    let request = request(&packet);
    assert!(!request.recursion_desired && !request.checking_disabled && request.edns.is_none());
    for flag in [0x0400, 0x0200, 0x0080, 0x0040, 0x0020, 0x000f] {
        check("AA, TC, RA, Z, AD, a code", &www().flags(flag), Ok(()));
    }
}

#[test]
fn silence() {
    let whole = www().bytes();
    for octets in 0..12 {
        assert_eq!(decoded(&whole[..octets]), Decoded::Drop(DropReason::Short), "{octets}");
    }
    assert_eq!(decoded(&www().flags(0x8000).bytes()), Decoded::Drop(DropReason::Response));
    assert_eq!(decoded(&[0xff; 12]), Decoded::Drop(DropReason::Response));
}

#[test]
fn opcodes() {
    for opcode in 1..16 {
        check("opcode", &www().flags(opcode << 11), NOTIMP);
        check("header only", &Packet::new().flags(opcode << 11), NOTIMP);
        check("counts above content", &www().flags(opcode << 11).counts([1, 9, 9, 9]), NOTIMP);
        check("with EDNS", &www().flags(opcode << 11).opt_as(512, [0, 1, 0, 0], &[]), NOTIMP);
        let Decoded::Error(request, _) = decoded(&www().flags(opcode << 11).bytes()) else { panic!() };
        assert_eq!((u16::from(request.opcode), request.question), (opcode, 17));
    }
}

#[test]
fn counts() {
    check("one question", &www(), Ok(()));
    check("none", &Packet::new(), FORMERR);
    check("none, but OPT", &Packet::new().opt(&[]), FORMERR);
    check("two", &www().question(&cased("a"), A, 1), FORMERR);
    check("65535", &www().counts([65535, 0, 0, 0]), FORMERR);
    check("says none, has one", &www().counts([0; 4]), FORMERR);
    for section in 1..4 {
        let mut counts = [1, 0, 0, 0];
        counts[section] = 1;
        check("one record that is not there", &www().counts(counts), FORMERR);
        counts[section] = 65535;
        check("records that are not there", &www().opt(&[]).counts(counts), FORMERR);
        let packet = www().record(section, &cased("x.y"), TXT, b"\x01a");
        check("a record that is passed over", &packet, Ok(()));
    }
    let mut trailing = www();
    trailing.body.extend([0xff; 40]);
    check("octets behind", &trailing, Ok(()));
    let truncated = www().record(3, &cased("x.y"), TXT, b"\x01a");
    let bytes = truncated.bytes();
    for cut in 12 + 17..bytes.len() {
        assert!(matches!(decoded(&bytes[..cut]), Decoded::Error(_, ErrorCode::FormErr)), "cut at {cut}");
    }
}

/// RFC 6891 section 7: who sends OPT learns by OPT that EDNS is known here, also from an error.
#[test]
fn a_wrong_number_of_questions_hides_no_opt() {
    #[track_caller]
    fn check_opt(why: &str, packet: &Packet, payload: Option<u16>) {
        let Decoded::Error(request, ErrorCode::FormErr) = decoded(&packet.bytes()) else {
            panic!("{why}: no FORMERR")
        };
        assert_eq!(request.edns.map(|edns| edns.payload), payload, "{why}");
        assert_eq!(request.edns, request.edns.map(Edns::without_options), "{why}: nothing is asked by it");
        assert_eq!(request.question, 0, "{why}: no question is echoed");
    }
    let opt = |packet: Packet| packet.opt_as(700, [0; 4], &NSID);
    let two = || www().question(&cased("a"), A, 1);
    check_opt("a header only", &Packet::new(), None);
    check_opt("none, with OPT", &opt(Packet::new()), Some(700));
    check_opt("none, OPT behind a record", &opt(Packet::new().record(1, &cased("a"), TXT, &[])), Some(700));
    check_opt("none, with EDNS version 1", &Packet::new().opt_as(700, [0, 1, 0, 0], &[]), Some(700));
    check_opt(
        "none, and an option past the end",
        &Packet::new().opt_as(700, [0; 4], &[0, 3, 0, 1]),
        Some(700),
    );
    check_opt("two", &two(), None);
    check_opt("two, with OPT", &opt(two()), Some(700));
    check_opt("two, one by a pointer", &opt(www().question(&[0xc0, 12], A, 1)), Some(700));
    check_opt("two, one by a pointer forward", &opt(www().question(&[0xc0, 60], A, 1)), None);
    check_opt("three", &opt(two().question(&cased("b"), A, 1)), Some(700));
    check_opt("says two, has one", &opt(www()).counts([2, 0, 0, 1]), None);
    check_opt("says 65535", &opt(www()).counts([65535, 0, 0, 1]), None);
    check_opt("says none, has one", &opt(www()).counts([0, 0, 0, 1]), None);
}

/// Question names; what does not parse is not echoed.
#[test]
fn question_names() {
    #[track_caller]
    fn check_name(why: &str, wire: &[u8], expected: Result<(), ErrorCode>) {
        let packet = Packet::new().question(wire, A, 1);
        check(why, &packet, expected);
        if let Decoded::Error(request, _) = decoded(&packet.bytes()) {
            assert_eq!(request.question, 0, "{why}");
        }
    }
    let labels = |count: usize, octets: u8| {
        let label = [&[octets][..], &alloc::vec![b'x'; usize::from(octets)]].concat();
        label.repeat(count)
    };
    check_name("the root", &[0], Ok(()));
    check_name("NUL, dot and 0xff in a label", b"\x04\x00.\xff@\x00", Ok(()));
    check_name("127 labels", &[labels(127, 1), [0].into()].concat(), Ok(()));
    check_name("255 octets", &[labels(3, 63), labels(1, 61), [0].into()].concat(), Ok(()));
    check_name("256 octets", &[labels(3, 63), labels(1, 62), [0].into()].concat(), FORMERR);
    check_name("128 labels", &[labels(128, 1), [0].into()].concat(), FORMERR);
    check_name("a label of 64", &[labels(1, 64), [0].into()].concat(), FORMERR);
    check_name("label type 0x40", &[0x41, 1, 0], FORMERR);
    check_name("label type 0x80", &[0x81, 1, 0], FORMERR);
    check_name("a pointer to itself", &[0xc0, 12], FORMERR);
    check_name("a pointer forward", &[0xc0, 20], FORMERR);
    check_name("a pointer into the header", &[0xc0, 0], FORMERR);
    check_name("a pointer past the end", &[0xff, 0xff], FORMERR);
    check_name("a pointer behind a label", &[1, b'a', 0xc0, 12], FORMERR);
    check_name("no end", &[3, b'w', b'w', b'w', 9], FORMERR);
    check("no type", &Packet { body: [0].into(), ..www() }, FORMERR);
    check("no class", &Packet { body: [0, 0, 1, 0].into(), ..www() }, FORMERR);
}

/// Names of records that are not read: pointers go backwards, into what is behind the header.
#[test]
fn other_names() {
    let owner = |wire: &[u8]| www().record(3, wire, TXT, &[]);
    check("a pointer to the question", &owner(&[0xc0, 12]), Ok(()));
    check("a label and a pointer", &owner(&[1, b'a', 0xc0, 12]), Ok(()));
    check("a pointer to itself", &owner(&[0xc0, 12 + 17]), FORMERR);
    check("a pointer to its own label", &owner(&[1, b'a', 0xc0, 12 + 17]), FORMERR);
    check("a pointer forward", &owner(&[0xc0, 60]), FORMERR);
    check("a pointer into the header", &owner(&[0xc0, 11]), FORMERR);
    let typed = |kind: u8| [&[kind][..], &[b'x'; 0x41], &[0]].concat();
    check("label type 0x40", &owner(&typed(0x41)), FORMERR);
    check("label type 0x80", &owner(&typed(0x81)), FORMERR);
    check("255 octets", &owner(&[b"\x01a".repeat(127), [0].into()].concat()), Ok(()));
    check("256 octets", &owner(&[b"\x01a".repeat(126), b"\x02aa\0".into()].concat()), FORMERR);
}

/// Every type, as RFC 8906 section 3.1.2 wants it: what we have no data of is no error.
#[test]
fn types() {
    for number in 0..=u16::MAX {
        let rtype = RecordType(number);
        let expected = match rtype {
            // No data, but part of the message (RFC 6891 section 6.1.1) or of a proof (RFC 9824 section 3.5).
            RecordType::OPT | RecordType::NXNAME => FORMERR,
            // Transfers are for nobody.
            RecordType::AXFR | RecordType::IXFR => REFUSED,
            // TSIG, TKEY, MAILA, MAILB, ANY, 0 and 65535 among them: the core has no such data.
            _ => Ok(()),
        };
        check("type", &Packet::asks("www.example", rtype), expected);
    }
    let soa = [&[0, 0][..], &[0; 20]].concat();
    check(
        "IXFR as clients send it",
        &Packet::asks("example", RecordType::IXFR).record(2, &[0xc0, 12], RecordType::SOA, &soa),
        REFUSED,
    );
}

#[test]
fn classes() {
    for class in 0..=u16::MAX {
        let expected = if class == 1 { Ok(()) } else { REFUSED };
        check("class", &Packet::new().question(&cased("version.bind"), TXT, class), expected);
    }
}

/// RFC 4892 section 2.2.
#[test]
fn what_a_server_calls_itself() {
    let asks = |name: &str, rtype: RecordType| Packet::new().question(&cased(name), rtype, 3);
    for name in ["id.server", "ID.Server", "hostname.bind"] {
        for rtype in [TXT, RecordType::ANY] {
            assert!(matches!(decoded(&asks(name, rtype).bytes()), Decoded::Identity(_)), "{name} {rtype}");
        }
        check("another type", &asks(name, A), REFUSED);
        check("signed", &asks(name, TXT).signed(&[0]), NOTAUTH);
        check("class IN", &Packet::asks(name, TXT), Ok(()));
        check("class NONE", &Packet::new().question(&cased(name), TXT, 254), REFUSED);
    }
    for name in ["x.id.server", "server", "version.bind", "version.server"] {
        check("another name", &asks(name, TXT), REFUSED);
    }
}

#[test]
fn edns() {
    let opt = |options: &[u8]| www().opt(options);
    check("empty", &opt(&[]), Ok(()));
    check("unknown option", &opt(&option(65001, b"x")), Ok(()));
    check(
        "cookie, keepalive, padding",
        &opt(&[option(10, &[7; 8]), option(11, &[]), option(12, &[0; 9])].concat()),
        Ok(()),
    );
    for octets in 0..64 {
        let expected = if octets == 8 || (16..=40).contains(&octets) { Ok(()) } else { FORMERR };
        check("a cookie", &opt(&option(10, &alloc::vec![7; octets])), expected);
    }
    check("an option past the end", &opt(&[0, 3, 0, 1]), FORMERR);
    check("half an option header", &opt(&[0, 3, 0]), FORMERR);
    check("unknown option past the end", &opt(&[0xff, 0, 0xff, 0xff, 1]), FORMERR);
    check("Z bits", &www().opt_as(512, [0, 0, 0x7f, 0xff], &[]), Ok(()));
    check("an extended code in a query", &www().opt_as(512, [0xff, 0, 0, 0], &[]), Ok(()));
    for version in 1..=255 {
        check("version", &www().opt_as(512, [0, version, 0, 0], &[]), BADVERS);
    }
    check("options of version 1 are not read", &www().opt_as(512, [0, 1, 0, 0], &[0, 3, 0]), BADVERS);
    check("twice", &opt(&[]).opt(&[]), FORMERR);
    check("twice, version 1", &opt(&[]).opt_as(512, [0, 1, 0, 0], &[]), FORMERR);
    check("not at the root", &www().record(3, &cased("a"), RecordType::OPT, &[]), FORMERR);
    check("by a pointer", &www().record(3, &[0xc0, 24], RecordType::OPT, &[]), FORMERR);
    check("in the answer section", &www().record(1, &[0], RecordType::OPT, &[]), FORMERR);
    check("in the authority section", &www().record(2, &[0], RecordType::OPT, &[]), FORMERR);
    check("behind another record", &www().record(3, &cased("a"), TXT, &[]).opt(&[]), Ok(()));
    check("before TSIG", &opt(&[]).signed(&cased("key")), NOTAUTH);
}

/// RFC 8945 sections 5.1 and 5.2.1.
#[test]
fn signatures() {
    let signed = || www().signed(&cased("key.example"));
    check("a key that we do not have", &signed(), NOTAUTH);
    check("of a transfer", &Packet::asks("example", RecordType::AXFR).signed(&cased("key")), NOTAUTH);
    check("of another class", &Packet::new().question(&cased("a"), A, 3).signed(&[0]), NOTAUTH);
    check("its name by a pointer", &www().signed(&[3, b'k', b'e', b'y', 0xc0, 16]), NOTAUTH);
    check("twice", &signed().signed(&cased("key")), FORMERR);
    check("before OPT", &signed().opt(&[]), FORMERR);
    check("before another record", &signed().record(3, &cased("a"), TXT, &[]), FORMERR);
    check("as an answer", &signed().counts([1, 1, 0, 0]), FORMERR);
    check("as authority", &signed().counts([1, 0, 1, 0]), FORMERR);
    check("EDNS version 1 first", &www().opt_as(512, [0, 1, 0, 0], &[]).signed(&[0]), BADVERS);
    check("another opcode", &signed().flags(0x2800), NOTIMP);
    let data = signed().body.split_off(17 + 13 + 10);
    let with = |data: &[u8]| {
        let mut packet = www().record(3, &cased("key"), RecordType::TSIG, data);
        packet.body[17 + 5 + 3] = 255;
        packet
    };
    check("the same by hand", &with(&data), NOTAUTH);
    for octets in 0..data.len() {
        check("data that ends early", &with(&data[..octets]), FORMERR);
    }
    check("data with more behind", &with(&[&data[..], &[0]].concat()), FORMERR);
    check("of class IN", &www().record(3, &cased("key"), RecordType::TSIG, &data), FORMERR);
    let sig0 = www().record(3, &[0], RecordType(24), &[0; 20]);
    check("SIG(0)", &sig0, Ok(()));
}

/// An error in what OPT says is still answered with OPT, of which nothing was asked.
#[test]
fn errors_keep_edns_and_drop_its_options() {
    let broken = [
        www().opt_as(700, [0, 0, 0x80, 0], &[&NSID[..], &[0, 8, 0]].concat()),
        www().opt_as(700, [0, 0, 0x80, 0], &NSID).opt(&[]),
        www().flags(0x2000).opt_as(700, [0, 0, 0x80, 0], &NSID),
        Packet::asks("a", RecordType::OPT).opt_as(700, [0, 0, 0x80, 0], &NSID),
    ];
    for packet in broken {
        let Decoded::Error(request, _) = decoded(&packet.bytes()) else { panic!("no error") };
        let plain = Edns { payload: 700, version: 0, dnssec_ok: true, nsid: false, subnet: None };
        assert_eq!(request.edns, Some(plain));
    }
    let refused = Packet::asks("example", RecordType::AXFR).opt(&NSID);
    let Decoded::Error(request, ErrorCode::Refused) = decoded(&refused.bytes()) else {
        panic!("not refused")
    };
    assert!(request.edns.is_some_and(|edns| edns.nsid));
}

/// RFC 7871 section 6.
#[test]
fn client_subnets() {
    #[track_caller]
    fn check_subnet(why: &str, options: &[u8], expected: Result<Option<(&str, u8)>, ErrorCode>) {
        let got = match decoded(&www().opt(options).bytes()) {
            Decoded::Query(request) => Ok(request.subnet()),
            Decoded::Error(_, code) => Err(code),
            other => panic!("{why}: {other:?}"),
        };
        let subnet = |(address, source): (&str, u8)| Subnet { address: address.parse().unwrap(), source };
        assert_eq!(got, expected.map(|e| e.map(subnet)), "{why}");
    }
    let bad = Err(ErrorCode::FormErr);
    let v6: Vec<u8> = [&[0x20, 0x01, 0x0d, 0xb8][..], &[0; 12]].concat();
    // The client of the RFC's example, 2001:db8:fd13:4231:2112:8a2e:c37b:7334, told to 56 bits.
    check_subnet("IPv4", &subnet(1, 24, 0, &[192, 0, 2]), Ok(Some(("192.0.2.0", 24))));
    check_subnet(
        "the RFC's example",
        &subnet(2, 56, 0, &[0x20, 1, 0xd, 0xb8, 0xfd, 0x13, 0x42]),
        Ok(Some(("2001:db8:fd13:4200::", 56))),
    );
    check_subnet("nothing told", &subnet(1, 0, 0, &[]), Ok(Some(("0.0.0.0", 0))));
    check_subnet("nothing told, IPv6", &subnet(2, 0, 0, &[]), Ok(Some(("::", 0))));
    check_subnet("a host", &subnet(1, 32, 0, &[192, 0, 2, 1]), Ok(Some(("192.0.2.1", 32))));
    check_subnet("an IPv6 host", &subnet(2, 128, 0, &v6), Ok(Some(("2001:db8::", 128))));
    check_subnet("20 bits", &subnet(1, 20, 0, &[192, 0, 0xf0]), Ok(Some(("192.0.240.0", 20))));
    check_subnet("a bit behind the prefix", &subnet(1, 20, 0, &[192, 0, 0xf8]), bad);
    check_subnet("a bit behind 1 bit", &subnet(1, 1, 0, &[0xc0]), bad);
    check_subnet("33 bits of IPv4", &subnet(1, 33, 0, &[192, 0, 2, 1, 0]), bad);
    check_subnet("129 bits of IPv6", &subnet(2, 129, 0, &[&v6[..], &[0]].concat()), bad);
    check_subnet("255 bits", &subnet(2, 255, 0, &[0; 32]), bad);
    check_subnet("too few octets", &subnet(1, 24, 0, &[192, 0]), bad);
    check_subnet("too many octets", &subnet(1, 24, 0, &[192, 0, 2, 0]), bad);
    check_subnet("octets of no prefix", &subnet(1, 0, 0, &[0]), bad);
    check_subnet("a scope in a query", &subnet(1, 24, 24, &[192, 0, 2]), bad);
    check_subnet("a scope of nothing", &subnet(1, 0, 1, &[]), bad);
    for octets in 0..4 {
        check_subnet("shorter than its fixed part", &option(8, &[0, 1, 24, 0][..octets]), bad);
    }
    check_subnet("family 0", &subnet(0, 0, 0, &[]), Ok(None));
    check_subnet("family 3", &subnet(3, 200, 9, &[1, 2, 3]), Ok(None));
    let one = subnet(1, 24, 0, &[192, 0, 2]);
    check_subnet("twice", &one.repeat(2), bad);
    check_subnet("twice, one of them not ours", &[one, subnet(3, 0, 0, &[])].concat(), bad);
}
