use portolan_core::record::Rdata;
use portolan_core::{Name, RecordType, Target};

use super::key::owner;
use super::{Layout, Value};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn address(text: &str) -> Target {
    Target::Address(text.parse().unwrap())
}

#[test]
fn a_key_spells_a_name_from_the_right() {
    let layout = Layout::default();
    let shop = name("shop.example.com");
    assert_eq!(layout.key(shop.borrowed()), b"/skydns/com/example/shop");
    assert_eq!(layout.name(b"/skydns/com/example/shop").unwrap(), shop);
    assert!(layout.below(shop.borrowed()).contains(b"/skydns/com/example/shop/1a2b3c4d"));
    assert!(!layout.below(shop.borrowed()).contains(b"/skydns/com/example/shopping"));
    let other = Layout::new("dns/eu/").unwrap();
    assert_eq!(other.key(shop.borrowed()), b"/dns/eu/com/example/shop");
    for wrong in ["", "/", "/a//b", "/a/../b"] {
        assert!(Layout::new(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn labels_of_any_octets_come_back() {
    let layout = Layout::default();
    for labels in [[&b"a.b"[..], b"x"], [b"0/25", b"\xff\x00"], [b"*", b"c d\\\"';@()$"], [b"_sip", b"!"]] {
        let name = Name::from_labels(labels).unwrap();
        assert_eq!(layout.name(&layout.key(name.borrowed())).ok(), Some(name));
    }
}

#[test]
fn b_38_keys_that_spell_no_name_are_faults() {
    let layout = Layout::default();
    for (key, rule) in [
        (&b"/skydns"[..], "not under the prefix"),
        (b"/skydns/", "empty label"),
        (b"/other/com/example", "not under the prefix"),
        (b"/skydnsx/com/example", "not under the prefix"),
        (b"/skydns/com//example", "empty label"),
        (b"/skydns/com/example/", "empty label"),
        (b"/skydns/com/../example", "a dot in it"),
        (b"/skydns/com/a.b", "a dot in it"),
        (b"/skydns/com/Example", "capital letters"),
        (b"/skydns/com/\xff\xfe", "not text"),
        (b"/skydns/com/a\\", "escape"),
        (&[b"/skydns/".as_slice(), &[b'a'; 64]].concat(), "more than 63 octets"),
        (&[b"/skydns".as_slice(), &b"/abc".repeat(70)].concat(), "longer than 255 octets"),
        (&[b"/skydns".as_slice(), &b"/abc".repeat(700)].concat(), "longer than any name's"),
    ] {
        let fault = layout.name(key).unwrap_err();
        assert!(fault.rule.contains(rule), "{fault} is not about {rule:?}");
    }
}

#[test]
fn b_38_values_that_say_nothing_are_faults_with_field_value_and_rule() {
    for (json, message) in [
        ("nothing", "the value is not JSON"),
        (r#"["192.0.2.1"]"#, "not a JSON object"),
        (r#"{"host":1}"#, "host 1 is not a text"),
        (r#"{"host":"192.0.2.1","port":70000}"#, "port 70000 is not a whole number from -1 to 65535"),
        (r#"{"host":"192.0.2.1","ttl":-5}"#, "ttl -5 is not a whole number from 0 to 2147483647"),
        (r#"{"host":"192.0.2.1","ttl":1.5}"#, "ttl 1.5 is not a whole number"),
        (r#"{"host":"192.0.2.1","priority":"10"}"#, "priority \"10\" is not a whole number"),
        (r#"{"host":"192.0.2.1","mail":1}"#, "mail 1 is not true or false"),
        (r#"{"host":"192.0.2.1","portolan":{"version":2}}"#, "portolan.version 2 is not a version"),
        (r#"{"host":"192.0.2.1","portolan":[]}"#, "portolan does not parse"),
        (&format!(r#"{{"text":"{}"}}"#, "x".repeat(10 * 1024 * 1024)), "longer than 131072 octets"),
        (&"[".repeat(100_000), "the value is not JSON"),
    ] {
        let wrong = Value::parse(json.as_bytes()).unwrap_err();
        let told = super::Fault::at(b"/skydns/com/example/a", wrong).to_string();
        assert!(told.contains(message), "{told} is not {message:?}");
        assert!(told.starts_with("/skydns/com/example/a: ") && told.len() < 400);
    }
    for (json, message) in [
        ("{}", "neither host nor text"),
        (r#"{"port":80}"#, "neither host nor text"),
        (r#"{"host":"0.0.0.0"}"#, "host 0.0.0.0 is the unspecified address"),
        (r#"{"host":"no name"}"#, "host no name is neither an address nor a host name"),
        (r#"{"host":"192.0.2.300"}"#, "is neither an address nor a host name"),
        (r#"{"host":"a..b"}"#, "has an empty label"),
        (r#"{"host":"","portolan":{"version":1,"type":"A"}}"#, "only one of type and target"),
        (r#"{"portolan":{"version":1,"type":"A","target":"::1"}}"#, "is of the other family"),
        (r#"{"portolan":{"version":1,"type":"SOA","target":"\\# 0"}}"#, "is no type of record"),
    ] {
        let wrong = Value::parse(json.as_bytes()).unwrap().records(name("a.example").borrowed()).unwrap_err();
        let told = super::Fault::at(b"/skydns/example/a", wrong).to_string();
        assert!(told.contains(message), "{told} is not {message:?}");
    }
}

/// F-53: of the release after this one, and of the one before.
#[test]
fn f_53_our_own_field_is_read_with_more_than_we_know_and_with_less() {
    let more = br#"{"host":"192.0.2.1","portolan":{"version":1,"cluster":"eu-1","ready":true,"latency":[7]},"later":1}"#;
    let value = Value::parse(more).unwrap();
    assert_eq!(value.placed.as_ref().and_then(|placed| placed.cluster.as_deref()), Some("eu-1"));
    assert!(String::from_utf8(value.print()).unwrap().contains(r#""later":1"#), "what is not ours is kept");
    let less = Value::parse(br#"{"host":"192.0.2.1","portolan":{"version":1}}"#).unwrap();
    assert!(less.placed.unwrap().ready);
}

#[test]
fn a_value_is_read_as_go_reads_it_and_written_with_all_that_it_had() {
    let json =
        br#"{"HOST":"1.1.1.1","host":"192.0.2.1","Port":80,"ttl":null,"x-mine":{"a":[1]},"targetstrip":1}"#;
    let value = Value::parse(json).unwrap();
    assert_eq!((value.host.as_str(), value.port, value.ttl, value.target_strip), ("192.0.2.1", 80, 0, 1));
    let printed = String::from_utf8(value.print()).unwrap();
    assert_eq!(printed, r#"{"host":"192.0.2.1","port":80,"targetstrip":1,"x-mine":{"a":[1]}}"#);
    assert_eq!(Value::parse(printed.as_bytes()).unwrap(), value);
}

#[test]
fn whose_a_value_is_says_targetstrip_or_a_label_as_external_dns_gives_it() {
    let of = |spelled: &str, strip: u8| {
        let value = Value { target_strip: strip, ..Value::default() };
        owner(&name(spelled), &value).map(|name| name.to_dotless()).map_err(|wrong| wrong.rule)
    };
    assert_eq!(of("1a2b3c4d.shop.example.com", 1).as_deref(), Ok("shop.example.com"));
    assert_eq!(of("1a2b3c4d.shop.example.com", 0).as_deref(), Ok("shop.example.com"));
    assert_eq!(of("x1.shop.example.com", 1).as_deref(), Ok("shop.example.com"));
    assert_eq!(of("x1.shop.example.com", 0).as_deref(), Ok("x1.shop.example.com"));
    assert_eq!(of("1a2b3c4g.shop.example.com", 0).as_deref(), Ok("1a2b3c4g.shop.example.com"));
    assert_eq!(of("1A2B3C4D.deadbeef.example.com", 1).as_deref(), Ok("deadbeef.example.com"));
    assert!(of("shop", 1).is_err() && of("shop", 9).is_err());
}

#[test]
fn what_a_value_offers_depends_on_its_name_only_where_the_layout_has_no_words() {
    #[track_caller]
    fn check(owner: &str, json: &str, expected: &[&str]) {
        let records = Value::parse(json.as_bytes()).unwrap().records(name(owner).borrowed()).unwrap();
        let told: Vec<String> =
            records.targets.iter().map(|target| format!("{} {target}", target.record_type())).collect();
        assert_eq!(told, expected, "{json}");
    }
    check("a.example", r#"{"host":"192.0.2.1"}"#, &["A 192.0.2.1"]);
    check("a.example", r#"{"host":"::ffff:192.0.2.1"}"#, &["A 192.0.2.1"]);
    check("a.example", r#"{"host":"2001:db8::1","text":"x"}"#, &["AAAA 2001:db8::1", "TXT \"x\""]);
    check("a.example", r#"{"host":"192.0.2.1","port":80}"#, &["A 192.0.2.1", "SRV 10 100 80 a.example."]);
    check("*.example", r#"{"host":"192.0.2.1","port":80}"#, &["A 192.0.2.1"]);
    check("a.example", r#"{"host":"192.0.2.1","port":-1}"#, &["A 192.0.2.1"]);
    check("a.example", r#"{"host":"B.example."}"#, &["CNAME b.example."]);
    check("a.example", r#"{"host":"b.example","text":"heritage"}"#, &["CNAME b.example."]);
    check("a.example", r#"{"host":"b.example","mail":true,"priority":5}"#, &["MX 5 b.example."]);
    check("_x._tcp.example", r#"{"host":"b.example","port":1,"weight":7}"#, &["SRV 10 7 1 b.example."]);
    check("1.2.0.192.in-addr.arpa", r#"{"host":"b.example"}"#, &["PTR b.example."]);
    check("a.example", r#"{"text":"t"}"#, &["TXT \"t\""]);
    check(
        "a.example",
        r#"{"portolan":{"version":1,"type":"NS","target":"ns1.example."}}"#,
        &["NS ns1.example."],
    );
}

#[test]
fn every_record_comes_back_from_the_value_that_is_made_of_it() {
    let host = name("b.example");
    let owner = name("a.example");
    let texts =
        |texts: &[&[u8]]| Target::Record(RecordType::TXT, Rdata::txt_of(texts.iter().copied()).unwrap());
    let targets = [
        address("192.0.2.1"),
        address("2001:db8::1"),
        Target::Host(host.clone()),
        Target::Host(Name::from_labels([&b"a.b c"[..], b"x"]).unwrap()),
        Target::Record(RecordType::SRV, Rdata::srv(10, 5, 80, &host)),
        Target::Record(RecordType::SRV, Rdata::srv(0, 0, 0, &Name::root())),
        Target::Record(RecordType::MX, Rdata::mx(0, &host)),
        Target::Record(RecordType::MX, Rdata::mx(20, &host)),
        Target::Record(RecordType::NS, Rdata::name(&host)),
        Target::Record(RecordType::PTR, Rdata::name(&host)),
        Target::Record(RecordType::CAA, Rdata::from_wire(b"\x00\x05issueca").unwrap()),
        texts(&[b"one"]),
        texts(&[b"one", b"two"]),
        texts(&[b"\xff\"\\", b""]),
        texts(&[&[b'x'; 700]]),
    ];
    for target in targets {
        let value = Value { target_strip: 1, ttl: 5, ..Value::of(owner.borrowed(), &target) };
        let value = Value::parse(&value.print()).unwrap();
        let targets = value.records(owner.borrowed()).unwrap().targets;
        assert_eq!(targets, std::slice::from_ref(&target), "{value:?}");
        let withheld = Value::parse(&Value::withheld(&target).print()).unwrap();
        assert!(withheld.host.is_empty() && withheld.text.is_empty());
        let records = withheld.records(owner.borrowed()).unwrap();
        assert_eq!((records.targets, records.placed.unwrap().is_up()), (vec![target], false));
    }
}

#[test]
fn a_ttl_is_the_lesser_of_the_values_and_the_leases() {
    let ttl = |own: u32, lease: Option<u64>| Value { ttl: own, ..Value::default() }.ttl(lease).seconds();
    assert_eq!(ttl(0, None), 300);
    assert_eq!(ttl(60, None), 60);
    assert_eq!(ttl(0, Some(5)), 30);
    assert_eq!(ttl(0, Some(1_000_000)), 86_400);
    assert_eq!(ttl(20, Some(5)), 20);
    assert_eq!(ttl(600, Some(45)), 45);
}

/// Whatever octets stand there, they are read or refused; what is read is printed and read as the same.
#[test]
fn octets_of_any_kind_are_read_or_refused() {
    let seeds: [&[u8]; 5] = [
        br#"{"host":"192.0.2.1","port":80,"priority":1,"weight":2,"ttl":60,"targetstrip":1,"group":"g"}"#,
        br#"{"text":"a\"\u00e9\\","mail":true,"portolan":{"version":1,"type":"TXT","target":"\"a\\000\" \"\""}}"#,
        br#"{"portolan":{"version":1,"type":"CAA","target":"\\# 4 00010203","cluster":"eu-1","ready":false}}"#,
        b"/skydns/com/example/shop/1a2b3c4d",
        b"/skydns/com/a\\.b/\\047\\255/*",
    ];
    let mut state = 1_u64;
    let mut draw = |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % most
    };
    let layout = Layout::default();
    let (mut read, mut named) = (0, 0);
    for _ in 0..20_000 {
        let mut octets = seeds[draw(seeds.len())].to_vec();
        for _ in 0..1 + draw(3) {
            let at = draw(octets.len().max(1));
            if octets.is_empty() {
                octets.push(b'/');
            }
            match draw(4) {
                0 => octets[at] = u8::try_from(draw(256)).unwrap(),
                1 => drop(octets.remove(at)),
                2 => octets.insert(at, b"\\\"/.{}[]0-*"[draw(11)]),
                _ => octets.truncate(at.max(1)),
            }
        }
        if let Ok(name) = layout.name(&octets) {
            assert_eq!(layout.name(&layout.key(name.borrowed())).as_ref(), Ok(&name));
            named += 1;
        }
        let Ok(value) = Value::parse(&octets) else { continue };
        assert_eq!(Value::parse(&value.print()).as_ref(), Ok(&value));
        let of = name("a.example");
        let Ok(records) = value.records(of.borrowed()) else { continue };
        for target in records.targets {
            let again = Value::parse(&Value::of(of.borrowed(), &target).print()).unwrap();
            assert_eq!(again.records(of.borrowed()).unwrap().targets, [target]);
        }
        read += 1;
    }
    assert!(read > 500 && named > 1_000, "{read} {named}");
}
