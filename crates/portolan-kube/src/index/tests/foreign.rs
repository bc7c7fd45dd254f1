//! Foreign `DNSEndpoint`s: each row of faults.md B-30, and what is passed over.

use portolan_core::Reason;
use serde_json::{Value, json};

use super::{Bench, made, mk, mk_ingress_record};

fn mk_endpoint(path: &str, endpoints: Value) -> Value {
    mk("DNSEndpoint", path, json!({ "spec": { "endpoints": endpoints } }))
}

fn record(rtype: &str, targets: &[&str]) -> Value {
    json!({ "dnsName": "x.example.net", "recordType": rtype, "targets": targets })
}

#[test]
fn targets_of_each_type() {
    let long = "x".repeat(300);
    let huge = "x".repeat(70_000);
    for (rtype, targets, shown) in [
        ("A", &["192.0.2.1", "192.0.2.2"][..], Ok("192.0.2.1,192.0.2.2")),
        ("AAAA", &["2001:db8::1"][..], Ok("2001:db8::1")),
        ("CNAME", &["lb.Example.com."][..], Ok("lb.example.com.")),
        ("TXT", &["hello world"][..], Ok("\"hello world\"")),
        (
            "TXT",
            &["\"heritage=external-dns,\" \"x=\\\"y\\\"\""][..],
            Ok("\"heritage=external-dns,\" \"x=\\\"y\\\"\""),
        ),
        ("SRV", &["10 5 5060 sip.example.com."][..], Ok("10 5 5060 sip.example.com.")),
        ("MX", &["10 mail.example.com"][..], Ok("10 mail.example.com.")),
        ("MX", &["0 ."][..], Ok("0 .")),
        ("PTR", &["host.example.com"][..], Ok("host.example.com.")),
        ("NS", &["ns.example.com"][..], Ok("ns.example.com.")),
        ("CAA", &["0 issue \"ca.example\""][..], Ok("0 issue \"ca.example\"")),
        ("HTTPS", &["1 . alpn=h3,h2 ipv4hint=192.0.2.1"][..], Ok("1 . alpn=\"h3,h2\" ipv4hint=192.0.2.1")),
        ("SVCB", &["0 Svc.example.com"][..], Ok("0 svc.example.com.")),
        (
            "NAPTR",
            &["1 2 \"s\" \"SIP+D2U\" \"\" sip.example.com."][..],
            Ok("1 2 \"s\" \"SIP+D2U\" \"\" sip.example.com."),
        ),
        ("TYPE65280", &["\\# 3 010203"][..], Ok("\\# 3 010203")),
        ("TYPE1", &["192.0.2.1"][..], Ok("192.0.2.1")),
        ("a", &["192.0.2.1"][..], Ok("192.0.2.1")),
        ("A", &["192.0.2.1", "0.0.0.0"][..], Ok("192.0.2.1")),
        ("A", &["lb.example.com"][..], Err("is not an address")),
        ("A", &["2001:db8::1"][..], Err("other family")),
        ("A", &["192.0.2.1", "x"][..], Err("is not an address")),
        ("A", &[][..], Err("has no target")),
        ("A", &["0.0.0.0"][..], Err("has no target")),
        ("CNAME", &["a.example.com", "b.example.com"][..], Err("2 targets")),
        ("CNAME", &["192.0.2.1"][..], Err("is an address")),
        ("TXT", &[huge.as_str()][..], Err("64 KiB")),
        ("SRV", &["10 5 sip.example.com"][..], Err("PRIORITY WEIGHT PORT TARGET")),
        ("SRV", &["10 5 65536 sip.example.com"][..], Err("0 to 65535")),
        ("MX", &["mail.example.com"][..], Err("PREFERENCE EXCHANGE")),
        ("PTR", &["two names"][..], Err("one host name")),
        ("CAA", &["0 issue"][..], Err("does not belong into CAA data")),
        ("HTTPS", &["1 . port=http"][..], Err("no value of port")),
        ("TYPE65280", &["010203"][..], Err("LENGTH HEX")),
        ("TYPE65280", &["\\# 2 010203"][..], Err("6 hexadecimal digits follow")),
        ("TYPE41", &["\\# 0"][..], Err("is not served")),
        ("TYPE46", &["\\# 0"][..], Err("is not served")),
        ("LOC", &["x"][..], Err("is not served")),
        ("BOGUS", &["x"][..], Err("is not served")),
        ("", &["x"][..], Err("is not served")),
    ] {
        let good = json!({ "dnsName": "y.example.net", "recordType": "A", "targets": ["192.0.2.7"] });
        let mut bench = Bench::of(&[("", mk_endpoint("any/foreign", json!([record(rtype, targets), good])))]);
        assert_eq!(bench.show("y.example.net"), "-=192.0.2.7 None", "the others go in");
        match shown {
            Ok(shown) => {
                assert_eq!(bench.show("x.example.net"), format!("-={shown} None"), "{rtype} {targets:?}");
            }
            Err(rule) => {
                assert_eq!(bench.show("x.example.net"), "", "{rtype}");
                bench.complains(Reason::Invalid, &["DNSEndpoint any/foreign: spec.endpoints[0]", rule]);
            }
        }
    }
    let mut bench = Bench::of(&[("", mk_endpoint("any/foreign", json!([record("TXT", &[&long])])))]);
    assert_eq!(bench.show("x.example.net").matches('x').count(), 300, "255 octets and the rest");
}

#[test]
fn ttls_and_sets() {
    let with = |ttl: Value| json!([{ "dnsName": "x.example.net", "recordType": "A", "targets": ["192.0.2.1"], "recordTTL": ttl }]);
    for (ttl, seconds) in
        [(json!(60), 60), (json!(0), 30), (json!(-5), 30), (Value::Null, 30), (json!("60"), 30)]
    {
        let mut bench = Bench::of(&[("", mk_endpoint("any/foreign", with(ttl.clone())))]);
        assert_eq!(bench.answer("x.example.net"), format!("A 192.0.2.1 ({seconds})"), "{ttl}");
        assert_eq!(bench.problems(Reason::Invalid).is_empty(), ttl != json!("60"), "{ttl}");
    }
    let set = |id: &str, target: &str| json!({ "dnsName": "x.example.net", "recordType": "A", "targets": [target], "setIdentifier": id });
    let mut bench =
        Bench::of(&[("", mk_endpoint("any/foreign", json!([set("a", "192.0.2.1"), set("b", "192.0.2.2")])))]);
    assert_eq!(bench.answer("x.example.net"), "A 192.0.2.1,192.0.2.2 (30)");
    bench.set("", &mk_endpoint("any/foreign", json!([set("a", "192.0.2.1"), set("a", "192.0.2.2")])));
    assert_eq!(bench.answer("x.example.net"), "A 192.0.2.1 (30)");
    bench.complains(Reason::Duplicate, &["spec.endpoints[1]", "setIdentifier \"a\""]);
}

#[test]
fn two_objects_of_one_name() {
    let a = |path, address| mk_endpoint(path, json!([record("A", &[address])]));
    let mut bench =
        Bench::of(&[("", made(a("any/young", "192.0.2.2"), 2)), ("", made(a("any/old", "192.0.2.1"), 1))]);
    assert_eq!(bench.answer("x.example.net"), "A 192.0.2.1 (30)");
    bench.complains(Reason::Conflict, &["DNSEndpoint any/young", "DNSEndpoint any/old"]);
}

#[test]
fn what_is_made_of_a_record_is_passed_over() {
    let endpoint = mk_endpoint("shop/ingress-web", json!([record("A", &["192.0.2.1"])]));
    let mut bench = Bench::of(&[("", endpoint.clone())]);
    assert_eq!(bench.answer("x.example.net"), "A 192.0.2.1 (30)", "its record is not here");
    let beside = mk_ingress_record("shop/web", &["y.example.net"]);
    bench.set("", &beside);
    assert_eq!(bench.answer("x.example.net"), "", "it stands beside its record");
    bench.delete("", &beside);
    assert_eq!(bench.answer("x.example.net"), "A 192.0.2.1 (30)");
    let mut marked = endpoint;
    marked["metadata"]["annotations"] = json!({ "portolan.dev/endpoints": "{}" });
    bench.set("", &marked);
    assert_eq!(bench.answer("x.example.net"), "", "it bears our mark");
}
