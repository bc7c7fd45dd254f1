//! A stock External-DNS and our own publisher make the same of the same: each is given a provider that notes what it is
//! told, with the same records in it, and wants the same.

use std::collections::BTreeSet;

use portolan_core::plan::RecordSet;
use portolan_testbed::{ExternalDns, Webhook};
use serde_json::{Value, json};

use crate::server::{MEDIA_TYPE, endpoint, line, send_to};
use crate::stock::{object, round, set, stage};

/// What there is, what is wanted as an object and as sets, and what is different on purpose, by its end.
struct Case {
    what: &'static str,
    there: Vec<Value>,
    object: &'static str,
    sets: Vec<RecordSet>,
    /// Records that External-DNS alone leaves behind.
    left: &'static [&'static str],
}

fn marked(name: &str, rtype: &str, targets: &[&str], owner: &str) -> [Value; 2] {
    let mark = format!(
        "\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=crd/default/shop\""
    );
    let (kind, at) = (rtype.to_lowercase(), name);
    [endpoint(name, rtype, targets), endpoint(&format!("{kind}-{at}"), "TXT", &[&mark])]
}

fn cases() -> Vec<Case> {
    let a = |name: &str, targets: &[&str]| marked(name, "A", targets, "eu").to_vec();
    vec![
        Case {
            what: "all comes",
            there: vec![],
            object: "{dnsName: a.example.com, recordType: A, recordTTL: 60, targets: [192.0.2.2, 192.0.2.1]}, \
                     {dnsName: b.example.com, recordType: CNAME, targets: [lb.example.net]}, \
                     {dnsName: c.example.com, recordType: AAAA, targets: ['2001:db8::1']}",
            sets: vec![
                set("a.example.com", &["192.0.2.1", "192.0.2.2"], 60),
                set("b.example.com", &["lb.example.net"], 0),
                set("c.example.com", &["2001:db8::1"], 0),
            ],
            left: &[],
        },
        Case {
            what: "all is there",
            there: [
                a("a.example.com", &["192.0.2.1"]),
                marked("b.example.com", "CNAME", &["lb.example.net"], "eu").to_vec(),
            ]
            .concat(),
            object: "{dnsName: a.example.com, recordType: A, targets: [192.0.2.1]}, \
                     {dnsName: b.example.com, recordType: CNAME, targets: [lb.example.net]}",
            sets: vec![set("a.example.com", &["192.0.2.1"], 0), set("b.example.com", &["lb.example.net"], 0)],
            left: &[],
        },
        Case {
            what: "targets, a TTL and a type change, a name goes",
            there: [
                a("a.example.com", &["192.0.2.1", "192.0.2.2"]),
                a("b.example.com", &["192.0.2.1"]),
                a("c.example.com", &["192.0.2.1"]),
                a("gone.example.com", &["192.0.2.1"]),
            ]
            .concat(),
            object: "{dnsName: a.example.com, recordType: A, targets: [192.0.2.3]}, \
                     {dnsName: b.example.com, recordType: A, recordTTL: 90, targets: [192.0.2.1]}, \
                     {dnsName: c.example.com, recordType: CNAME, targets: [lb.example.net]}",
            sets: vec![
                set("a.example.com", &["192.0.2.3"], 0),
                set("b.example.com", &["192.0.2.1"], 90),
                set("c.example.com", &["lb.example.net"], 0),
            ],
            left: &[],
        },
    ]
}

/// What is not ours, or was written by an older External-DNS.
fn others() -> Vec<Case> {
    let old = "\"heritage=external-dns,external-dns/owner=eu,external-dns/resource=crd/default/shop\"";
    vec![
        Case {
            what: "nobody's and another's stay",
            there: [
                vec![endpoint("a.example.com", "A", &["192.0.2.1"])],
                marked("b.example.com", "A", &["192.0.2.1"], "us").to_vec(),
            ]
            .concat(),
            object: "{dnsName: a.example.com, recordType: A, targets: [192.0.2.9]}, \
                     {dnsName: b.example.com, recordType: A, targets: [192.0.2.9]}, \
                     {dnsName: c.example.com, recordType: A, targets: [192.0.2.9]}",
            sets: ["a", "b", "c"].map(|name| set(&format!("{name}.example.com"), &["192.0.2.9"], 0)).to_vec(),
            left: &[],
        },
        Case {
            what: "a mark of an older form",
            there: vec![
                endpoint("a.example.com", "A", &["192.0.2.1"]),
                endpoint("a.example.com", "TXT", &[old]),
            ],
            object: "{dnsName: a.example.com, recordType: A, targets: [192.0.2.1]}",
            sets: vec![set("a.example.com", &["192.0.2.1"], 0)],
            left: &[
                "a.example.com TXT \"heritage=external-dns,external-dns/owner=eu,external-dns/resource=crd/default/shop\"",
            ],
        },
    ]
}

/// What a provider holds: name, type, targets and TTL of each record.
fn held(webhook: &Webhook) -> BTreeSet<String> {
    let shown = |one: &Value| {
        let mut one = one.clone();
        one["targets"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
        let ttl = one["recordTTL"].as_i64().map_or(String::new(), |ttl| format!(" ttl={ttl}"));
        format!("{}{ttl}", line(&one))
    };
    webhook.endpoints().iter().map(shown).collect()
}

#[test]
fn both_publishers_make_the_same_of_the_same() {
    let Some((cluster, token)) = stage("webhook-plans") else { return };
    for case in cases().into_iter().chain(others()) {
        let [theirs, ours] = [Webhook::start(), Webhook::start()];
        for provider in [&theirs, &ours] {
            let address = provider.url().trim_start_matches("http://").parse().unwrap();
            let body = json!({ "create": case.there }).to_string();
            assert_eq!(send_to(address, "POST /records", MEDIA_TYPE, body.as_bytes()).unwrap().status, 204);
        }
        cluster.admin().apply(&object(case.object)).unwrap();
        let flags = ["--source=crd", "--registry=txt", "--txt-owner-id=eu", "--policy=sync"];
        let ended = ExternalDns::run_once_on_url(&cluster, &token, &theirs.url(), &flags).unwrap();
        assert_eq!(ended, Ok(()), "{}", case.what);
        round(&ours.url(), case.sets);
        let (theirs, ours) = (held(&theirs), held(&ours));
        let left: BTreeSet<String> = case.left.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(
            theirs.difference(&ours).cloned().collect::<BTreeSet<_>>(),
            left,
            "{}: {ours:#?}",
            case.what
        );
        assert_eq!(
            ours.difference(&theirs).cloned().collect::<BTreeSet<_>>(),
            BTreeSet::new(),
            "{}: {theirs:#?}",
            case.what
        );
    }
}
