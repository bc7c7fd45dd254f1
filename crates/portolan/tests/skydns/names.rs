//! Names as the RFCs have them, in a table: what keys stand there, what is asked, what must come.

use portolan_testbed::Etcd;
use portolan_testbed::ask::RecordType;

use crate::program;
use crate::reply::ask;
use crate::store::Store as _;

const ZONE: &str = "rfc.test";

/// Keys below `/skydns/test/rfc/`.
const KEYS: &[(&str, &str)] = &[
    // As External-DNS writes them.
    ("shop/1a2b3c4d", r#"{"host":"192.0.2.1","ttl":60,"targetstrip":1}"#),
    ("shop/2a2b3c4d", r#"{"host":"192.0.2.2","ttl":60,"targetstrip":1}"#),
    ("a-shop/3a2b3c4d", r#"{"text":"\"heritage=external-dns,external-dns/owner=x\"","targetstrip":1}"#),
    ("www/4a2b3c4d", r#"{"host":"shop.rfc.test","targetstrip":1}"#),
    ("old/5a2b3c4d", r#"{"host":"shop.rfc.test","text":"heritage=external-dns","targetstrip":1}"#),
    ("out/6a2b3c4d", r#"{"host":"www.example.net","targetstrip":1}"#),
    ("*/7a2b3c4d", r#"{"host":"192.0.2.7","targetstrip":1}"#),
    // Older ones had no targetstrip.
    ("older/8a2b3c4d", r#"{"host":"192.0.2.8"}"#),
    // Names below a name that has nothing itself.
    ("eu/berlin/9a2b3c4d", r#"{"host":"192.0.2.9","targetstrip":1}"#),
    // R-19: a node's own value beside its children.
    ("both", r#"{"host":"192.0.2.10"}"#),
    ("both/aa2b3c4d", r#"{"host":"2001:db8::10","targetstrip":1}"#),
    ("both/below", r#"{"host":"192.0.2.11"}"#),
    // R-19: a bad value beside a good one.
    ("bad", "{"),
    ("bad/ba2b3c4d", r#"{"host":"192.0.2.12","targetstrip":1}"#),
    // As people write them.
    ("ip-text", r#"{"host":"192.0.2.13","text":"hello"}"#),
    ("mx/1", r#"{"host":"mail.rfc.test","mail":true,"priority":5,"targetstrip":1}"#),
    ("mx/2", r#"{"host":"mail2.example.net","mail":true,"targetstrip":1}"#),
    ("_http/_tcp", r#"{"host":"shop.rfc.test","port":80,"priority":1,"weight":7}"#),
    ("dns/ns/ns1", r#"{"host":"192.0.2.53"}"#),
    ("dns/ns/ns2", r#"{"host":"192.0.2.54"}"#),
    // B-39.
    ("loop1", r#"{"host":"loop2.rfc.test"}"#),
    ("loop2", r#"{"host":"loop1.rfc.test"}"#),
    ("self", r#"{"host":"self.rfc.test"}"#),
];

/// What is asked, the code, and the records of the answer; with an empty answer there must be an SOA.
const EXPECTED: &[(&str, RecordType, &str, &[&str])] = &[
    (
        "shop.rfc.test",
        RecordType::A,
        "No Error",
        &["shop.rfc.test. A 192.0.2.1 60", "shop.rfc.test. A 192.0.2.2 60"],
    ),
    ("shop.rfc.test", RecordType::AAAA, "No Error", &[]),
    // Trap 2: it is there, so it is not denied.
    ("shop.rfc.test", RecordType::CNAME, "No Error", &[]),
    ("1a2b3c4d.shop.rfc.test", RecordType::A, "Non-Existent Domain", &[]),
    (
        "a-shop.rfc.test",
        RecordType::TXT,
        "No Error",
        &["a-shop.rfc.test. TXT \"heritage=external-dns,external-dns/owner=x\" 300"],
    ),
    ("www.rfc.test", RecordType::CNAME, "No Error", &["www.rfc.test. CNAME shop.rfc.test. 300"]),
    (
        "www.rfc.test",
        RecordType::A,
        "No Error",
        &[
            "shop.rfc.test. A 192.0.2.1 60",
            "shop.rfc.test. A 192.0.2.2 60",
            "www.rfc.test. CNAME shop.rfc.test. 300",
        ],
    ),
    // Trap 3: the mark of who keeps an alias does not hide it.
    ("old.rfc.test", RecordType::CNAME, "No Error", &["old.rfc.test. CNAME shop.rfc.test. 300"]),
    ("out.rfc.test", RecordType::A, "No Error", &["out.rfc.test. CNAME www.example.net. 300"]),
    ("any.thing.rfc.test", RecordType::A, "No Error", &["any.thing.rfc.test. A 192.0.2.7 300"]),
    ("older.rfc.test", RecordType::A, "No Error", &["older.rfc.test. A 192.0.2.8 300"]),
    // Trap 1: a name that only others are below has no data.
    ("eu.rfc.test", RecordType::A, "No Error", &[]),
    ("rfc.test", RecordType::A, "No Error", &[]),
    ("berlin.eu.rfc.test", RecordType::A, "No Error", &["berlin.eu.rfc.test. A 192.0.2.9 300"]),
    ("both.rfc.test", RecordType::A, "No Error", &["both.rfc.test. A 192.0.2.10 300"]),
    ("both.rfc.test", RecordType::AAAA, "No Error", &["both.rfc.test. AAAA 2001:db8::10 300"]),
    ("below.both.rfc.test", RecordType::A, "No Error", &["below.both.rfc.test. A 192.0.2.11 300"]),
    ("bad.rfc.test", RecordType::A, "No Error", &["bad.rfc.test. A 192.0.2.12 300"]),
    ("ip-text.rfc.test", RecordType::TXT, "No Error", &["ip-text.rfc.test. TXT hello 300"]),
    (
        "mx.rfc.test",
        RecordType::MX,
        "No Error",
        &["mx.rfc.test. MX 10 mail2.example.net. 300", "mx.rfc.test. MX 5 mail.rfc.test. 300"],
    ),
    (
        "_tcp._http.rfc.test",
        RecordType::SRV,
        "No Error",
        &["_tcp._http.rfc.test. SRV 1 7 80 shop.rfc.test. 300"],
    ),
    (
        "rfc.test",
        RecordType::NS,
        "No Error",
        &["rfc.test. NS ns1.ns.dns.rfc.test. 300", "rfc.test. NS ns2.ns.dns.rfc.test. 300"],
    ),
    ("ns1.ns.dns.rfc.test", RecordType::A, "No Error", &["ns1.ns.dns.rfc.test. A 192.0.2.53 300"]),
    ("loop1.rfc.test", RecordType::A, "No Error", &[]),
    ("self.rfc.test", RecordType::A, "No Error", &[]),
    ("nothing.example.net", RecordType::A, "Query Refused", &[]),
];

#[test]
fn b_39_r_19_names_are_as_the_rfcs_have_them() {
    let Some(etcd) = Etcd::start("names") else { return };
    for (key, value) in KEYS {
        etcd.put(&format!("test/rfc/{key}"), value);
    }
    // B-39: a chain of twenty is too long.
    for nth in 0..20 {
        etcd.put(&format!("test/rfc/chain{nth}"), &format!(r#"{{"host":"chain{}.rfc.test"}}"#, nth + 1));
    }
    etcd.put("test/rfc/chain20", r#"{"host":"192.0.2.20"}"#);
    let program = program(&["--skydns", &etcd.url(), "--skydns-zone", ZONE]);
    program.wait_for("chain20.rfc.test", RecordType::A, &["192.0.2.20"]);
    for (name, rtype, code, records) in EXPECTED {
        let reply = ask(program.dns(), name, *rtype);
        let answer: Vec<String> =
            reply.answer.iter().map(|(record, ttl)| format!("{record} {ttl}")).collect();
        let about = format!("{name} {rtype}:\n{reply}");
        assert_eq!(reply.code, *code, "{about}");
        assert_eq!(answer, *records, "{about}");
        if records.is_empty() && *code != "Query Refused" {
            assert!(
                reply.authority[0].0.starts_with("rfc.test. SOA ns.dns.rfc.test. hostmaster.rfc.test. "),
                "{about}"
            );
        }
    }
    let chain = ask(program.dns(), "chain0.rfc.test", RecordType::A);
    assert_eq!((&*chain.code, chain.answer.len()), ("Server Failure", 0), "{chain}");
    let status = program.says(&["status", "-o", "json"]);
    assert!(status.contains("key /skydns/test/rfc/bad") && status.contains("not JSON"), "{status}");

    // What changes is answered, and a fault ends with its key.
    etcd.put("test/rfc/shop/1a2b3c4d", r#"{"host":"198.51.100.1","targetstrip":1}"#);
    etcd.delete("test/rfc/shop/2a2b3c4d");
    etcd.put("test/rfc/bad", r#"{"host":"192.0.2.99"}"#);
    program.wait_for("shop.rfc.test", RecordType::A, &["198.51.100.1"]);
    program.wait_for("bad.rfc.test", RecordType::A, &["192.0.2.12", "192.0.2.99"]);
    assert!(!program.says(&["status", "-o", "json"]).contains("not JSON"));
}
