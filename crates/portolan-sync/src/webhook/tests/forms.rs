//! The forms on the wire, and core's.

use portolan_core::Name;
use portolan_core::record::RecordType;

use super::super::{Changes, Endpoint, Filter, LIST_MAX, is_media_type, list, print, sets, target};
use super::{endpoint, property};

/// What External-DNS 0.22 sends, read and printed again.
#[test]
fn an_endpoint_goes_there_and_back() {
    let text = r#"[{"dnsName":"shop.example.com","targets":["192.0.2.1"],"recordType":"A","setIdentifier":"eu","recordTTL":60,"labels":{"owner":"eu-1","resource":"service/shop/web"},"providerSpecific":[{"name":"aws/weight","value":"10"}]}]"#;
    let listed = list(text.as_bytes()).unwrap();
    assert_eq!(listed[0].record_ttl, 60);
    assert_eq!(listed[0].labels["resource"], "service/shop/web");
    assert_eq!(listed[0].provider_specific, [property("aws/weight", "10")]);
    assert_eq!(String::from_utf8(print(&listed)).unwrap(), text);
    assert_eq!(print(&Changes::default()), b"{}");
    assert_eq!(print(&Vec::<Endpoint>::new()), b"[]");
}

/// B-44: keys of any case, null for what is empty, what nobody knows passed over.
#[test]
fn b44_keys_of_any_case_and_null_lists() {
    let text = r#"{"Create":[{"DNSName":"a.example.com","TARGETS":["192.0.2.1",null],"recordtype":"A","recordTTL":null,
        "labels":null,"providerSpecific":null,"novel":{"x":[1]}},null],
        "UpdateOld":null,"updatenew":[],"DELETE":[{"dnsname":"b.example.com","recordType":"CNAME","targets":null}]}"#;
    let changes: Changes = serde_json::from_str(text).unwrap();
    assert_eq!(changes.create, [endpoint("a.example.com", "A", &["192.0.2.1"])]);
    assert_eq!(changes.delete, [endpoint("b.example.com", "CNAME", &[])]);
    assert!(changes.update_old.is_empty() && changes.update_new.is_empty());
    assert_eq!(list(b"null").unwrap(), []);
    assert_eq!(list(b"[null]").unwrap(), []);
    for wrong in ["", "[", "{}", "[1]", r#"[{"targets":"192.0.2.1"}]"#, r#"[{"recordTTL":"60"}]"#, "[]x"] {
        assert!(list(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

/// A body of a few octets an item would become gigabytes.
#[test]
fn a_list_has_a_limit() {
    let listed = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
    assert_eq!(list(listed("{}", LIST_MAX).as_bytes()).unwrap().len(), LIST_MAX);
    let error = list(listed("{}", LIST_MAX + 1).as_bytes()).unwrap_err().to_string();
    assert!(error.contains("a list of more than"), "{error}");
    assert_eq!(list(listed("null", LIST_MAX + 1).as_bytes()).unwrap(), []);
    let changes = format!("{{\"delete\":{}}}", listed("{}", LIST_MAX + 1));
    assert!(serde_json::from_str::<Changes>(&changes).is_err());
}

#[test]
fn media_types() {
    for text in [
        "application/external.dns.webhook+json;version=1",
        "Application/External.DNS.Webhook+JSON; version=1",
        "application/external.dns.webhook+json;version=\"1\"",
    ] {
        assert!(is_media_type(text), "{text}");
    }
    for text in ["", "application/json", "application/external.dns.webhook+json;version=2", "text/plain"] {
        assert!(!is_media_type(text), "{text}");
    }
}

#[test]
fn targets_of_each_type_are_spelled_as_external_dns_spells_them() {
    for (rtype, text, spelled) in [
        (RecordType::A, "192.0.2.1", "192.0.2.1"),
        (RecordType::A, "lb.example.net.", "lb.example.net"),
        (RecordType::AAAA, "2001:DB8:0::1", "2001:db8::1"),
        (RecordType::CNAME, "LB.example.net.", "lb.example.net"),
        (RecordType::NS, "ns.example.net", "ns.example.net"),
        (RecordType::PTR, "host.example.net.", "host.example.net"),
        (RecordType::MX, "10 mail.example.net", "10 mail.example.net"),
        (RecordType::MX, "0 .", "0 ."),
        (RecordType::SRV, "0 50 80 web.example.net", "0 50 80 web.example.net."),
        (RecordType::TXT, "plain words", "\"plain words\""),
        (
            RecordType::TXT,
            "\"heritage=external-dns,external-dns/owner=x\"",
            "\"heritage=external-dns,external-dns/owner=x\"",
        ),
        (RecordType::TXT, r#""a \"b\" \\ \200" "c""#, r#""a \"b\" \\ \200" "c""#),
        (RecordType::TXT, "", "\"\""),
        (
            RecordType::NAPTR,
            r#"10 20 "u" "E2U+sip" "!^.*$!sip:a@example.net!" ."#,
            r#"10 20 "u" "E2U+sip" "!^.*$!sip:a@example.net!" ."#,
        ),
        (RecordType::TLSA, r"\# 3 01 0203", r"\# 3 010203"),
    ] {
        let read = target::read(rtype, text).unwrap();
        assert_eq!(target::spell(rtype, &read), spelled, "{rtype} {text}");
        assert_eq!(
            target::read(rtype, spelled),
            Ok(read),
            "{rtype} {text}: what is spelled is read as the same"
        );
    }
}

/// What takes several strings on the wire is one text to External-DNS.
#[test]
fn a_long_text_is_one() {
    let long = format!("\"{}\"", "x".repeat(600));
    let read = target::read(RecordType::TXT, &long).unwrap();
    assert_eq!(read.rdata().as_wire().len(), 603);
    assert_eq!(target::spell(RecordType::TXT, &read), long);
    assert!(target::read(RecordType::TXT, &"x".repeat(70_000)).is_err());
}

#[test]
fn targets_that_are_none_are_told_with_their_rule() {
    for (rtype, text, rule) in [
        (RecordType::A, "2001:db8::1", "is an address of the other family"),
        (RecordType::AAAA, "192.0.2.1", "is an address of the other family"),
        (RecordType::A, "a..b", "has the name \"a..b\""),
        (RecordType::CNAME, "", "is not one host name"),
        (RecordType::MX, "mail.example.net", "is not PREFERENCE HOST"),
        (RecordType::MX, "70000 mail.example.net", "is not 0 to 65535"),
        (RecordType::SRV, "0 50 web", "is not PRIORITY WEIGHT PORT HOST"),
        (RecordType::TXT, "\"open", "has a quote that does not end"),
        (RecordType::TXT, "\"\\9\"", "has a '\\\\'"),
        (RecordType::TXT, "\"\\999\"", "has a '\\\\'"),
        (RecordType::NAPTR, "10 20 u", "is not ORDER PREFERENCE"),
        (RecordType::TLSA, "3 1 1 00", "is of a type that is written as"),
        (RecordType::TLSA, "\\# 2 010203", "is not \\\\# LENGTH HEX"),
    ] {
        let error = format!("{:?}", target::read(rtype, text).unwrap_err());
        assert!(error.contains(&rule.replace('"', "\\\"")), "{rtype} {text}: {error}");
    }
}

#[test]
fn an_endpoint_is_a_set_and_back() {
    let mut said = endpoint("Shop.example.com.", "a", &["192.0.2.2", "192.0.2.1", "192.0.2.2"]);
    said.record_ttl = 60;
    said.set_identifier = "eu".into();
    said.provider_specific = vec![property("alias", "true"), property("alias", "false")];
    let set = sets::set(&said).unwrap();
    assert_eq!((set.name.to_dotless().as_str(), set.rtype), ("shop.example.com", RecordType::A));
    assert_eq!(set.targets.len(), 2);
    assert_eq!(&*set.properties["alias"], "true");
    let back = sets::endpoint(&set);
    assert_eq!(sets::set(&back), Ok(set));
    assert_eq!((back.record_ttl, back.targets.len()), (60, 2));

    for (ttl, named) in [(0, None), (-1, None), (2_147_483_647, Some(2_147_483_647))] {
        let endpoint = Endpoint { record_ttl: ttl, ..endpoint("a.example", "A", &["192.0.2.1"]) };
        assert_eq!(sets::set(&endpoint).unwrap().named_ttl().map(portolan_core::Ttl::seconds), named);
    }
    for (endpoint, rule) in [
        (endpoint("", "A", &["192.0.2.1"]), "dnsName"),
        (endpoint("a.example", "NONE", &["192.0.2.1"]), "recordType \"NONE\" is not known"),
        (endpoint("a.example", "A", &[]), "has 0 targets"),
        (endpoint("a.example", "A", &["192.0.2.1"; 1_001]), "has 1001 targets"),
        (
            Endpoint { record_ttl: 1 << 31, ..endpoint("a.example", "A", &["192.0.2.1"]) },
            "recordTTL 2147483648",
        ),
    ] {
        let error = sets::set(&endpoint).unwrap_err();
        assert!(error.contains(rule), "{error}");
    }
}

#[test]
fn filters_by_domains_and_by_patterns() {
    let takes = |json: &str, name: &str| {
        let filter: Filter = serde_json::from_str(json).unwrap();
        let name: Name = name.parse().unwrap();
        filter.to_domains().unwrap().is_none_or(|filter| filter.takes(name.borrowed()))
    };
    for (json, name, is_taken) in [
        ("{}", "any.example", true),
        (r#"{"include":["example.com"]}"#, "example.com", true),
        (r#"{"Include":["Example.com."],"exclude":null}"#, "a.example.com", true),
        (r#"{"include":["example.com"]}"#, "badexample.com", false),
        (r#"{"include":[".example.com"]}"#, "example.com", false),
        (r#"{"include":["example.com"],"exclude":["x.example.com"]}"#, "a.x.example.com", false),
        (r#"{"exclude":["x.example.com"]}"#, "y.example.com", true),
        (r#"{"regexInclude":"^(eu|us)\\.example\\.com$"}"#, "eu.example.com", true),
        (r#"{"regexInclude":"^(eu|us)\\.example\\.com$"}"#, "ap.example.com", false),
        (r#"{"regexInclude":"example","regexExclude":"^x"}"#, "x.example.com", false),
        (r#"{"regexExclude":"^x"}"#, "y.example.com", true),
    ] {
        assert_eq!(takes(json, name), is_taken, "{json} {name}");
    }
    for (json, rule) in [
        (r#"{"include":["a"],"regexInclude":"b"}"#, "exclude each other"),
        (r#"{"include":["a..b"]}"#, "has the domain"),
        (r#"{"regexInclude":"("}"#, "has the regular expression"),
        (r#"{"regexExclude":"(a{1000}){1000}"}"#, "has the regular expression"),
    ] {
        let filter: Filter = serde_json::from_str(json).unwrap();
        let error = filter.to_domains().unwrap_err().to_string();
        assert!(error.contains(rule), "{json}: {error}");
    }
}
