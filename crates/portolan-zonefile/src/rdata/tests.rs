use portolan_core::record::Present;

use super::*;

mod rare;

/// The wire form in hexadecimal, or the number of the word at fault and the rule.
fn wire(rtype: &str, text: &str) -> Result<String, (usize, String)> {
    let rtype: RecordType = rtype.parse().unwrap();
    let mut tokens = Vec::new();
    let found = entry::next(text.as_bytes(), 0, &mut tokens);
    assert_eq!(found.fault, None);
    let origin: portolan_core::Name = "e.x".parse().unwrap();
    let words = Words { text: text.as_bytes(), tokens: &tokens, origin: &Wire::of(origin.borrowed()) };
    let mut rdata = Vec::new();
    read(rtype, &words, &mut rdata).map_err(|bad| (bad.word, bad.rule))?;
    Ok(rdata.iter().map(|octet| format!("{octet:02x}")).collect())
}

fn check(rtype: &str, text: &str, wanted: &str) {
    assert_eq!(wire(rtype, text).as_deref(), Ok(wanted.replace(' ', "").as_str()), "{rtype} {text}");
}

fn refused(rtype: &str, text: &str, word: usize, rule: &str) {
    match wire(rtype, text) {
        Err((at, why)) => {
            assert!(at == word && why.contains(rule), "{rtype} {text}: word {at}: {why}");
        }
        Ok(wire) => panic!("{rtype} {text} is taken: {wire}"),
    }
}

#[test]
fn data_of_old_types() {
    check("A", "192.0.2.1", "c0000201");
    check("AAAA", "2001:db8::1", "20010db8000000000000000000000001");
    check("NS", "A.b", "0161 0162 0165 0178 00");
    check(
        "SOA",
        "a. b. 4294967295 1h 2 3w ( 4 )",
        "016100 016200 ffffffff 00000e10 00000002 001baf80 00000004",
    );
    check("HINFO", "\"a b\" c", "03612062 0163");
    check("TXT", "a \"\" \"b c\" d\\101\\\"", "0161 00 03622063 03646522");
    check("TXT", "\"\u{e9}\"", "02c3a9");
    check("SPF", "\"v=spf1 -all\"", "0b763d73706631202d616c6c");
    check("AFSDB", "1 a.", "0001 016100");
    check("RP", "A. b", "016100 0162 0165 0178 00");
    check(
        "NAPTR",
        "1 2 \"u\" \"E2U+sip\" \"!^.*$!sip:a@b!\" .",
        "0001 0002 0175 074532552b736970 0e215e2e2a24217369703a61406221 00",
    );
    check("CAA", "0 issue \"ca.example; x=y\"", "00 05 6973737565 63612e6578616d706c653b20783d79");
    check("DS", "1 8 2 ( 00 ff\n )", "0001 08 02 00ff");
    check("TLSA", "3 1 1 abCD", "03 01 01 abcd");
    check("SSHFP", "1 2 abcd", "01 02 abcd");
    check("DNSKEY", "256 3 8 AQID BAUG", "0100 03 08 010203040506");
    // RFC 4034 appendix A.1: algorithms have words too.
    check("DNSKEY", "257 3 ECDSAP256SHA256 AQID", "0101 03 0d 010203");
    check("DS", "1 RSASHA256 2 00", "0001 08 02 00");
    check("CDS", "1 nsec3rsasha1 1 00", "0001 07 01 00");
    check("CDS", "0 0 0 00", "0000 00 00 00");
    check("CDNSKEY", "0 3 0 AA==", "0000 03 00 00");
    check("CERT", "PKIX 0 ED25519 AQ==", "0001 0000 0f 01");
    check("URI", "10 1 \"ftp://a/b\"", "000a 0001 6674703a2f2f612f62");
    check("CERT", "PKIX 1 0 AQ ID", "0001 0001 00 010203");
    check(
        "LOC",
        "52 22 23.000 N 4 53 32.00 E -2.00m 0.00m 10000m 10m",
        "00 00 16 13 8b3cf018 810cbce0 009895b8",
    );
    check("LOC", "42 N 71 W 100m", "00 12 16 13 89 03 21 00 70 c3 da 80 00 98 bd 90");
}

#[test]
fn data_of_service_bindings() {
    // RFC 9460 appendix D.2.
    check("SVCB", "16 foo. port=53", "0010 03666f6f00 0003 0002 0035");
    check("SVCB", "1 foo. key667=hello", "0001 03666f6f00 029b 0005 68656c6c6f");
    check("SVCB", "1 foo. key667=\"hello\\210qoo\"", "0001 03666f6f00 029b 0009 68656c6c6fd2716f6f");
    check(
        "SVCB",
        "1 foo. ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
        "0001 03666f6f00 0006 0020 \
          20010db8000000000000000000000001 20010db8000000000000000000530001",
    );
    check(
        "SVCB",
        "16 foo. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)",
        "0010 03666f6f00 \
          0000 0004 00010004 0001 0009 02683205 68332d3139 0004 0004 c0000201",
    );
    for alpn in ["alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", "alpn=f\\\\\\092oo\\092,bar,h2"] {
        check("SVCB", &format!("16 foo. {alpn}"), "0010 03666f6f00 0001 000c 08665c6f6f2c626172 026832");
    }
    check("HTTPS", "0 Foo.", "0000 03666f6f00");
    check(
        "HTTPS",
        "1 . no-default-alpn alpn=h3 ech=AQID dohpath=/q{?dns} key9=\"\"",
        "0001 00 0001 0003 026833 \
          0002 0000 0005 0003 010203 0007 0008 2f717b3f646e737d 0009 0000",
    );
}

#[test]
fn service_bindings_that_are_none() {
    // RFC 9460 appendix D.3, and what sections 2 to 8 demand.
    refused("SVCB", "1 foo. key123=abc key123=def", 3, "stands before it already");
    refused("SVCB", "1 foo. mandatory", 2, "no value of mandatory");
    refused("SVCB", "1 foo. alpn", 2, "no value of alpn");
    refused("SVCB", "1 foo. port", 2, "no value of port");
    refused("SVCB", "1 foo. no-default-alpn=abc alpn=h2", 2, "no value of no-default-alpn");
    refused("SVCB", "1 foo. mandatory=key123", 2, "names key123");
    refused("SVCB", "1 foo. mandatory=mandatory", 2, "no value of mandatory");
    refused("SVCB", "1 foo. mandatory=key123,key123 key123=abc", 2, "no value of mandatory");
    refused("SVCB", "1 foo. no-default-alpn", 2, "without alpn");
    refused("SVCB", "0 foo. port=53", 2, "an alias");
    refused("SVCB", "1 foo. Port=53", 2, "its key is none of");
    refused("SVCB", "1 foo. key65535=a", 2, "its key is none of");
    refused("SVCB", "1 foo. key01=a", 2, "its key is none of");
    refused("SVCB", "1 foo. ipv4hint=192.0.2.1,", 2, "no value of ipv4hint");
    refused("SVCB", "1 foo. port=65536", 2, "no value of port");
    refused("SVCB", "1 foo. key3=abc", 2, "no value of port");
    refused("HTTPS", "x foo.", 0, "no number");
    refused("HTTPS", "1", 1, "missing");
}

#[test]
fn octets_of_any_type() {
    check("TYPE65280", "\\# 3 01 0203", "010203");
    check("TYPE65280", "\\# 0", "");
    check("A", "\\# 4 C0000201", "c0000201");
    // A known type's names are made lower case, whichever way they are written.
    check("NS", "\\# 3 014100", "016100");
    check("MX", "\\# 5 000a 01 41 00", "000a016100");
    refused("A", "\\# 3 c00002", 2, "not the data of A");
    refused("NS", "\\# 5 0141000000", 2, "not the data of NS");
    refused("TYPE65280", "\\# 3 0102", 1, "4 hexadecimal digits");
    refused("TYPE65280", "\\# 1 0x", 2, "not hexadecimal");
    refused("TYPE65280", "\\#", 1, "missing");
    refused("TYPE65280", "0102", 0, "write \\# LENGTH HEX");
}

#[test]
fn what_is_no_data_is_refused_where_it_stands() {
    refused("A", "192.0.2", 0, "A data");
    refused("A", "192.0.2.1 192.0.2.2", 1, "A data");
    refused("MX", "10 a..b", 1, "empty label");
    refused("MX", "10", 0, "MX data");
    refused("MX", "ten a", 0, "MX data");
    refused("SOA", "a b 1 2 3 4", 6, "missing");
    refused("SOA", "a b 1 2 3 4 5 6", 7, "more than");
    refused("SOA", "a b -1 2 3 4 5", 2, "no serial");
    refused("SOA", "a..b b 1 2 3 4 5", 0, "empty label");
    refused("TXT", &"a".repeat(256), 0, "is longer than 255 octets");
    refused("CAA", "256 issue \"a\"", 0, "CAA data");
    refused("LOC", "91 N 0 E 0m", 0, "from 0 to 90");
    refused("LOC", "90 1 N 0 E 0m", 0, "more than 90 degrees");
    refused("LOC", "0 X 0 E 0m", 1, "neither N nor S");
    refused("URI", "1 1 \"\"", 2, "empty target");
    refused("CERT", "NONE 1 0 AQID", 0, "no number");
}

#[test]
fn what_the_core_prints_is_read_back() {
    for (rtype, text) in [
        ("SOA", "a.example. b.example. 1 2 3 4 5"),
        ("MX", "10 mail.example."),
        ("SRV", "1 2 3 host.example."),
        ("TXT", "\"a b\" \"c\\\"d\\\\e\\001\""),
        ("CAA", "128 issue \"ca.example; \\\"x\\\"\""),
        ("NAPTR", "100 10 \"u\" \"\" \"!^.*$!sip:\\\\1@a!\" b.example."),
        ("HTTPS", "0 foo."),
        (
            "SVCB",
            "1 foo. mandatory=alpn,key667 alpn=\"h2,f\\\\\\\\oo\\\\,bar\" no-default-alpn port=53 ipv4hint=192.0.2.1 \
             ech=YWJjZA== ipv6hint=2001:db8::1,2001:db8::2 dohpath=\"/q{?dns}\" key667=\"a\\\"\\255\"",
        ),
    ] {
        let parsed: RecordType = rtype.parse().unwrap();
        let octets = hex(&wire(rtype, text).unwrap());
        assert_eq!(Present(parsed, &octets).to_string(), text);
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn words_alone() {
    let check = |rtype: RecordType, text: &str, wanted: Result<&str, &str>| {
        let shown = of_words(rtype, text).map(|rdata| Present(rtype, rdata.as_wire()).to_string());
        match (shown, wanted) {
            (Ok(shown), Ok(wanted)) => assert_eq!(shown, wanted),
            (Err(why), Err(rule)) => assert!(why.contains(rule), "{text}: {why}"),
            (found, _) => panic!("{rtype} {text}: {found:?}"),
        }
    };
    check(RecordType::CAA, "0 issue \"ca.example\"", Ok("0 issue \"ca.example\""));
    check(RecordType::HTTPS, "1 svc.Example alpn=h2", Ok("1 svc.example. alpn=\"h2\""));
    check(RecordType(65_280), "\\# 2 01ab", Ok("\\# 2 01ab"));
    check(RecordType::CAA, "", Err("missing at its end"));
    check(RecordType::CAA, "0 issue", Err("CAA data"));
    check(RecordType::HTTPS, "1 . port=x", Err("has \"port=x\", which is no value of port"));
    check(RecordType::CAA, "0 issue \"x", Err("quoted string"));
    check(RecordType::CAA, "0 issue x\n0 issue y", Err("more than one line"));
}

#[test]
fn a_text_that_is_too_long_is_told_its_limit() {
    let long = "a".repeat(256);
    refused("TXT", &format!("ok {long}"), 1, "is longer than 255 octets, the most of one text");
}
