use super::*;
use alloc::string::ToString;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn types_have_mnemonics_and_numbers() {
    for (text, number) in [("A", 1), ("aaaa", 28), ("TYPE65534", 65534), ("type1", 1), ("SRV", 33)] {
        assert_eq!(text.parse::<RecordType>().unwrap().0, number, "{text}");
    }
    for text in ["", "TYPE", "TYPE65536", "NOPE", "TYPEé"] {
        assert!(text.parse::<RecordType>().is_err(), "{text}");
    }
    assert_eq!(RecordType(65280).to_string(), "TYPE65280");
}

#[test]
fn rdata_reads_as_in_a_zone_file() {
    let soa = Soa {
        mname: name("ns1.example"),
        rname: name("host.example"),
        serial: 7,
        refresh: 1,
        retry: 2,
        expire: 3,
        minimum: 4,
    };
    for (rtype, rdata, text) in [
        (RecordType::A, Rdata::address("192.0.2.1".parse().unwrap()), "192.0.2.1"),
        (RecordType::AAAA, Rdata::address("2001:db8::1".parse().unwrap()), "2001:db8::1"),
        (RecordType::CNAME, Rdata::name(&name("a.example")), "a.example."),
        (RecordType::MX, Rdata::mx(10, &name("mx.example")), "10 mx.example."),
        (RecordType::SRV, Rdata::srv(0, 50, 80, &name("web.example")), "0 50 80 web.example."),
        (RecordType::TXT, Rdata::txt(b"say \"hi\"\x07").unwrap(), r#""say \"hi\"\007""#),
        (RecordType::SOA, Rdata::soa(&soa), "ns1.example. host.example. 7 1 2 3 4"),
        (RecordType(65280), Rdata::from_wire(&[1, 0xab]).unwrap(), r"\# 2 01ab"),
        (RecordType::A, Rdata::from_wire(&[1, 2]).unwrap(), r"\# 2 0102"),
    ] {
        assert_eq!(Present(rtype, rdata.as_wire()).to_string(), text);
    }
}

#[test]
fn long_text_is_cut_into_strings() {
    let rdata = Rdata::txt(&[b'x'; 300]).unwrap();
    assert_eq!(rdata.as_wire().len(), 302);
    assert_eq!(rdata.as_wire()[256], 45);
    assert_eq!(Rdata::txt(b"").unwrap().as_wire(), [0]);
    assert!(Rdata::txt(&[b'x'; RDATA_OCTETS_MAX]).is_none());
    assert_eq!(Rdata::txt_of([&b"q"[..], b"", b"r"]).unwrap().as_wire(), b"\x01q\0\x01r");
    assert!(Rdata::txt_of([]).is_none());
}

#[test]
fn ttl_range_and_half() {
    assert_eq!(Ttl::from_seconds(1 << 31), None);
    let half = |s| Ttl::from_seconds(s).unwrap().halved().seconds();
    assert_eq!([half(0), half(1), half(2), half(31)], [0, 1, 1, 15]);
}

#[test]
fn newer_types_read_as_in_a_zone_file() {
    let target = b"\x03foo\0".as_slice();
    for (rtype, wire, text) in [
        (
            RecordType::CAA,
            [b"\x80\x05issueca; \"x\"\x01".as_slice()].concat(),
            r#"128 issue "ca; \"x\"\001""#,
        ),
        (RecordType::CAA, b"\0\x01-x".to_vec(), r"\# 4 00012d78"),
        (
            RecordType::NAPTR,
            [b"\0\x64\0\x0a\x01u\x00\x03!a!".as_slice(), target].concat(),
            r#"100 10 "u" "" "!a!" foo."#,
        ),
        (RecordType::NAPTR, b"\0\x64\0\x0a\x01u\x00".to_vec(), r"\# 7 0064000a017500"),
        (RecordType::HTTPS, [b"\0\0".as_slice(), target].concat(), "0 foo."),
        (
            RecordType::SVCB,
            [
                b"\0\x01".as_slice(),
                target,
                b"\0\0\0\x04\0\x01\x02\x9b\0\x01\0\x0c\x02h2\x08f\\oo,bar\0\x02\0\0\0\x03\0\x02\0\x35",
                b"\0\x04\0\x08\xc0\0\x02\x01\xc0\0\x02\x02\0\x05\0\x04abcd\0\x07\0\x02/q\x02\x9b\0\x02a\"",
            ]
            .concat(),
            r#"1 foo. mandatory=alpn,key667 alpn="h2,f\\\\oo\\,bar" no-default-alpn port=53 ipv4hint=192.0.2.1,192.0.2.2 ech=YWJjZA== dohpath="/q" key667="a\"""#,
        ),
        (
            RecordType::SVCB,
            [b"\0\x01".as_slice(), target, b"\0\x03\0\x01a"].concat(),
            r"\# 12 000103666f6f000003000161",
        ),
        (
            RecordType::SVCB,
            [b"\0\x01".as_slice(), target, b"\0\x03\0\x09a"].concat(),
            r"\# 12 000103666f6f000003000961",
        ),
    ] {
        assert_eq!(Present(rtype, &wire).to_string(), text);
    }
}

#[test]
fn types_that_no_zone_holds() {
    for meta in [0, 41, 128, 249, 255] {
        assert!(RecordType(meta).is_meta(), "{meta}");
    }
    for held in
        [RecordType::A, RecordType::DS, RecordType::SPF, RecordType::URI, RecordType(256), RecordType(65280)]
    {
        assert!(!held.is_meta(), "{held}");
    }
}
