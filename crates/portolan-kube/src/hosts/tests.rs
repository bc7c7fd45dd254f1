use super::*;

/// Faults B-23: what is normalised, and what is refused with which rule.
#[test]
fn hosts_are_normalised_or_refused() {
    let label_63 = "a".repeat(63);
    let longest = format!("{label_63}.{label_63}.{label_63}.{}", "a".repeat(61));
    let label_64 = "a".repeat(64);
    let too_long = format!("{longest}a");
    let longest_dotted = format!("{longest}.");
    for (text, expected) in [
        ("shop.example.com", Ok("shop.example.com")),
        ("shop.example.com.", Ok("shop.example.com")),
        ("SHOP.Example.COM", Ok("shop.example.com")),
        ("*.shop.example.com", Ok("*.shop.example.com")),
        ("_sip._tcp.example.com", Ok("_sip._tcp.example.com")),
        ("old_host.example.com", Ok("old_host.example.com")),
        ("4you.example.com", Ok("4you.example.com")),
        ("1.2.3.4.example", Ok("1.2.3.4.example")),
        ("localhost", Ok("localhost")),
        ("xn--bcher-kva.example", Ok("xn--bcher-kva.example")),
        ("XN--BCHER-KVA.example", Ok("xn--bcher-kva.example")),
        ("xn--80ak6aa92e.com", Ok("xn--80ak6aa92e.com")),
        (&longest, Ok(&longest)),
        (&longest_dotted, Ok(&longest)),
        ("", Err(HostError::Empty)),
        (".", Err(HostError::Empty)),
        ("*.", Err(HostError::Empty)),
        ("..", Err(HostError::Name(NameError::EmptyLabel))),
        ("a..b", Err(HostError::Name(NameError::EmptyLabel))),
        (".example.com", Err(HostError::Name(NameError::EmptyLabel))),
        ("example.com..", Err(HostError::Name(NameError::EmptyLabel))),
        (&label_64, Err(HostError::Name(NameError::LabelTooLong))),
        (&too_long, Err(HostError::Name(NameError::NameTooLong))),
        ("*", Err(HostError::Wildcard)),
        ("*.*.example.com", Err(HostError::Wildcard)),
        ("a.*.example.com", Err(HostError::Wildcard)),
        ("a*.example.com", Err(HostError::Wildcard)),
        ("bücher.example", Err(HostError::NotAscii('ü'))),
        ("🦀.example", Err(HostError::NotAscii('🦀'))),
        ("a。b", Err(HostError::NotAscii('。'))),
        ("192.0.2.1", Err(HostError::Address)),
        ("192.0.2.1.", Err(HostError::Address)),
        ("2001:db8::1", Err(HostError::Address)),
        ("*.192.0.2.1", Err(HostError::Address)),
        ("999.1.1.1", Err(HostError::Address)),
        ("-a.example.com", Err(HostError::Dash)),
        ("a-.example.com", Err(HostError::Dash)),
        ("a b.example.com", Err(HostError::Character(' '))),
        (" a.example.com", Err(HostError::Character(' '))),
        ("a\0.example.com", Err(HostError::Character('\0'))),
        ("a\\.b.example.com", Err(HostError::Character('\\'))),
        ("https://example.com", Err(HostError::Character(':'))),
        ("xn--.example", Err(HostError::Dash)),
        ("xn--ab_-kva.example", Err(HostError::Punycode("xn--ab_-kva".into()))),
        ("xn--a.example", Err(HostError::Punycode("xn--a".into()))),
        ("xn--99999999.example", Err(HostError::Punycode("xn--99999999".into()))),
    ] {
        assert_eq!(host(text).map(|name| name.to_dotless()), expected.map(str::to_owned), "{text:?}");
    }
}

#[test]
fn plain_hosts_have_no_wildcard() {
    assert_eq!(plain_host("*.example.com"), Err(HostError::Wildcard));
    assert!(plain_host("example.com").is_ok());
}

#[test]
fn globs_are_names_or_all_below_one() {
    for (text, expected) in [
        ("*", Ok((".", true))),
        ("*.Example.com.", Ok(("example.com", true))),
        ("example.com", Ok(("example.com", false))),
        ("a.*.com", Err(HostError::Wildcard)),
        ("*.*.com", Err(HostError::Wildcard)),
        ("**", Err(HostError::Wildcard)),
        ("", Err(HostError::Empty)),
    ] {
        let expected = expected.map(|(base, below)| Glob { base: base.parse().unwrap(), below });
        assert_eq!(glob(text), expected, "{text:?}");
    }
}

/// The samples of RFC 3492 section 7.1 that IDNA has, and broken ones.
#[test]
fn punycode_is_decoded() {
    for (encoded, expected) in [
        ("egbpdaj6bu4bxfgehfvwxn", Some("ليهمابتكلموشعربي؟")),
        ("ihqwcrb4cv8a8dqg056pqjye", Some("他们为什么不说中文")),
        ("Proprostnemluvesky-uyb24dma41a", Some("Pročprostěnemluvíčesky")),
        ("b1abfaaepdrnnbgefbadotcwatmq2g4l", Some("почемужеонинеговорятпорусски")),
        ("PorqunopuedensimplementehablarenEspaol-fmd56a", Some("PorquénopuedensimplementehablarenEspañol")),
        ("3B-ww4c5e180e575a65lsy2b", Some("3年B組金八先生")),
        ("-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n", Some("安室奈美恵-with-SUPER-MONKEYS")),
        ("Hello-Another-Way--fc4qua05auwb3674vfr0b", Some("Hello-Another-Way-それぞれの場所")),
        ("2-u9tlzr9756bt3uc0v", Some("ひとつ屋根の下2")),
        ("d9juau41awczczp", Some("そのスピードで")),
        ("bcher-kva", Some("bücher")),
        ("BCHER-KVA", Some("BüCHER")),
        ("tda", Some("ü")),
        ("plain-", Some("plain")),
        ("a", Some("\u{80}")),
        ("", Some("")),
        ("999999b", None),
        ("a_b-kva", None),
        ("b_cher", None),
    ] {
        assert_eq!(punycode::decode(encoded).as_deref(), expected, "{encoded}");
    }
}

#[test]
fn an_a_label_says_something_that_ascii_cannot() {
    for (encoded, expected) in
        [("tda", true), ("plain-", false), ("", false), ("a", false), ("999999b", false)]
    {
        assert_eq!(punycode::is_valid(encoded), expected, "{encoded:?}");
    }
}
