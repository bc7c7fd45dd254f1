//! Each request of the protocol, and what is none.

use portolan_core::RecordType;
use serde_json::{Value, json};

use crate::server::{MEDIA_TYPE, Server, endpoint, send_as, texts};

#[test]
fn records_come_change_and_go_and_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let negotiated = server.get("/");
    assert_eq!(negotiated.status, 200);
    assert!(negotiated.head.contains(&format!("content-type: {MEDIA_TYPE}")), "{}", negotiated.head);
    assert_eq!(negotiated.body, b"{\"include\":[\"example.com\"]}");
    assert_eq!(server.get("/records").body, b"[]");

    let mark = "\"heritage=external-dns,external-dns/owner=eu,external-dns/resource=service/shop/web\"";
    server.create(&[
        json!({"dnsName": "shop.example.com", "recordType": "A", "targets": ["192.0.2.1", "192.0.2.2"], "recordTTL": 60,
            "labels": {"owner": "eu", "resource": "service/shop/web"}, "providerSpecific": [{"name": "alias", "value": "false"}]}),
        endpoint("a-shop.example.com", "TXT", &[mark]),
        endpoint("shop.example.com", "AAAA", &["2001:db8::1"]),
        endpoint("www.example.com", "CNAME", &["shop.example.com"]),
        endpoint("example.com", "A", &["192.0.2.3"]),
        endpoint("example.com", "MX", &["10 mail.example.com"]),
        endpoint("_sip._tcp.example.com", "SRV", &["0 50 5060 shop.example.com."]),
        endpoint("*.wild.example.com", "A", &["192.0.2.4"]),
        endpoint("a-*.wild.example.com", "TXT", &[mark]),
        endpoint("sub.example.com", "NS", &["ns.example.net"]),
    ]);
    assert_eq!(server.addresses("shop.example.com"), texts(["192.0.2.1", "192.0.2.2"]));
    assert_eq!(server.ask("shop.example.com", RecordType::A).answers[0].ttl, 60);
    assert_eq!(server.answer("shop.example.com", RecordType::AAAA).1, texts(["2001:db8::1"]));
    assert_eq!(server.addresses("www.example.com"), texts(["192.0.2.1", "192.0.2.2", "shop.example.com."]));
    assert_eq!(server.addresses("example.com"), texts(["192.0.2.3"]));
    assert_eq!(server.answer("example.com", RecordType::MX).1, texts(["10 mail.example.com."]));
    assert_eq!(
        server.answer("_sip._tcp.example.com", RecordType::SRV).1,
        texts(["0 50 5060 shop.example.com."])
    );
    assert_eq!(server.addresses("any.wild.example.com"), texts(["192.0.2.4"]));
    assert_eq!(server.answer("example.com", RecordType::NS).1, texts(["ns.example.com."]));
    assert_eq!(server.addresses("ns.example.com"), texts(["127.0.0.1"]));
    assert_eq!(server.answer("example.com", RecordType::SOA).1.len(), 1);
    let referral = server.ask("a.sub.example.com", RecordType::A);
    assert_eq!((referral.answers.len(), referral.authorities.len()), (0, 1), "sub.example.com is delegated");
    let text = server.ask("a-shop.example.com", RecordType::TXT);
    assert!(text.answers[0].data.to_string().contains("external-dns/owner=eu"));
    assert_eq!(server.answer("none.example.com", RecordType::A).0, 3);
    assert_eq!(server.answer("shop.example.org", RecordType::A).0, 5);

    let listed: Vec<Value> = serde_json::from_slice(&server.get("/records").body).unwrap();
    assert_eq!(listed.len(), 10);
    let shop =
        listed.iter().find(|one| one["dnsName"] == "shop.example.com" && one["recordType"] == "A").unwrap();
    assert_eq!(shop["labels"]["resource"], "service/shop/web");
    assert_eq!((&shop["recordTTL"], &shop["providerSpecific"][0]["name"]), (&json!(60), &json!("alias")));

    let changed = server.apply(&json!({
        "updateOld": [endpoint("shop.example.com", "A", &["192.0.2.1", "192.0.2.2"])],
        "updateNew": [endpoint("shop.example.com", "A", &["192.0.2.9"])],
        "delete": [endpoint("shop.example.com", "AAAA", &["2001:db8::1"]), endpoint("www.example.com", "CNAME", &["shop.example.com"])],
        "create": [endpoint("www.example.com", "A", &["192.0.2.7"])],
    }));
    assert_eq!((changed.status, changed.body.as_slice()), (204, &b""[..]));
    assert_eq!(server.addresses("shop.example.com"), texts(["192.0.2.9"]));
    assert_eq!(server.answer("shop.example.com", RecordType::AAAA), (0, texts([])));
    assert_eq!(server.addresses("www.example.com"), texts(["192.0.2.7"]));
    let all = json!({"delete": serde_json::from_slice::<Value>(&server.get("/records").body).unwrap()});
    assert_eq!(server.apply(&all).status, 204);
    assert_eq!(server.answer("shop.example.com", RecordType::A).0, 3);
    assert_eq!(server.records(), [""; 0]);
    server.stop();
}

/// B-44: outside of the filter, null lists, keys of any case, ten times the same.
#[test]
fn b44_records_outside_null_lists_keys_of_any_case_and_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let once = r#"{"DNSName":"Shop.example.com.","RecordType":"a","TARGETS":["192.0.2.1"],"labels":null}"#;
    let outside = r#"{"dnsName":"shop.example.org","recordType":"A","targets":["192.0.2.1"]}"#;
    let body = format!(
        r#"{{"Create":[{},null,{outside}],"UPDATEOLD":null,"updateNew":null,"Delete":null}}"#,
        [once; 10].join(",")
    );
    assert_eq!(server.send("POST /records", MEDIA_TYPE, body.as_bytes()).status, 204);
    assert_eq!(server.records(), ["Shop.example.com. a 192.0.2.1"]);
    assert_eq!(server.addresses("shop.example.com"), texts(["192.0.2.1"]));
    assert_eq!(server.answer("shop.example.org", RecordType::A).0, 5, "it is not ours to answer");
    for nothing in ["null", "{}", r#"{"create":null}"#] {
        assert_eq!(server.send("POST /records", MEDIA_TYPE, nothing.as_bytes()).status, 204);
    }
    let adjusted = server.send("POST /adjustendpoints", MEDIA_TYPE, format!("[{once},null]").as_bytes());
    assert_eq!(adjusted.status, 200);
    assert!(adjusted.head.contains(MEDIA_TYPE));
    assert_eq!(serde_json::from_slice::<Value>(&adjusted.body).unwrap()[0]["dnsName"], "Shop.example.com.");
    let body = format!(r#"{{"delete":[{}]}}"#, [once; 10].join(","));
    assert_eq!(server.send("POST /records", MEDIA_TYPE, body.as_bytes()).status, 204);
    assert_eq!(server.records(), [""; 0]);
}

#[test]
fn what_is_no_request_of_the_protocol_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.create(&[endpoint("shop.example.com", "A", &["192.0.2.1"])]);
    let post = |path: &str, kind: &str, body: &[u8]| server.send(&format!("POST {path}"), kind, body).status;
    let create = json!({"create": [endpoint("b.example.com", "A", &["192.0.2.2"])]}).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/external.dns.webhook+json;version=2",
    ] {
        assert_eq!(post("/records", kind, create.as_bytes()), 415, "{kind}: what a web page may send");
        assert_eq!(post("/adjustendpoints", kind, b"[]"), 415, "{kind}");
    }
    for body in
        ["", "{", "[]", "1", r#"{"create":{}}"#, r#"{"delete":[{"targets":"all"}]}"#, &"[".repeat(100_000)]
    {
        assert_eq!(post("/records", MEDIA_TYPE, body.as_bytes()), 400, "{}", body.get(..20).unwrap_or(body));
    }
    assert_eq!(post("/adjustendpoints", MEDIA_TYPE, b"{}"), 400);
    assert_eq!(post("/records", MEDIA_TYPE, &vec![b' '; (32 << 20) + 1]), 413);
    // A page whose own name was made to lead to loopback may send any type, and says its name.
    let rebound = |host: &str| {
        send_as(server.http, host, "POST /records", MEDIA_TYPE, create.as_bytes()).unwrap().status
    };
    assert_eq!(rebound("evil.example:8888"), 421);
    assert_eq!(rebound("127.0.0.1.evil.example"), 421);
    assert_eq!(send_as(server.http, "evil.example", "GET /records", MEDIA_TYPE, b"").unwrap().status, 421);
    assert_eq!(server.send("PUT /records", MEDIA_TYPE, b"").status, 405);
    assert_eq!(server.get("/nothing").status, 404);
    assert_eq!(server.records(), ["shop.example.com A 192.0.2.1"]);
    assert_eq!(server.addresses("shop.example.com"), texts(["192.0.2.1"]));
}

/// A record that cannot be held, or that cannot be answered, costs itself; the latter is given back, or its client would
/// make it again each time that it looks.
#[test]
fn a_record_that_is_wrong_costs_itself_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.create(&[
        endpoint("good.example.com", "A", &["192.0.2.1"]),
        endpoint("empty.example.com", "A", &[]),
        endpoint("six.example.com", "A", &["2001:db8::1"]),
        endpoint("odd.example.com", "NOTATYPE", &["x"]),
    ]);
    assert_eq!(
        server.records(),
        ["good.example.com A 192.0.2.1", "odd.example.com NOTATYPE x", "six.example.com A 2001:db8::1"]
    );
    assert_eq!(server.addresses("good.example.com"), texts(["192.0.2.1"]));
    assert_eq!(server.answer("six.example.com", RecordType::A).0, 3);
    let said = server.log().replace('\\', "");
    assert!(said.contains("left out: \"empty.example.com\" A: has 0 targets"), "{said}");
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    for line in [
        "portolan_webhook_records 3",
        "portolan_webhook_endpoints_total{result=\"unheld\"} 1",
        "portolan_webhook_requests_total{result=\"applied\"} 1",
        "portolan_problems{reason=\"Invalid\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    for path in ["/healthz", "/livez", "/readyz"] {
        assert_eq!((server.get(path).status, server.get(path).body), (200, b"ok\n".to_vec()), "{path}");
    }
}

/// Two that share a server see each other's records, and neither's are changed by the other's.
#[test]
fn sets_side_by_side_are_answered_together() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let set = |identifier: &str, address: &str| json!({"dnsName": "shop.example.com", "recordType": "A", "setIdentifier": identifier, "targets": [address]});
    server.create(&[set("eu", "192.0.2.1"), set("us", "192.0.2.2")]);
    assert_eq!(server.addresses("shop.example.com"), texts(["192.0.2.1", "192.0.2.2"]));
    server.apply(&json!({"delete": [set("eu", "192.0.2.1")]}));
    assert_eq!(server.addresses("shop.example.com"), texts(["192.0.2.2"]));
}

/// Beside a fleet folder, whose zone and names go before.
#[test]
fn beside_a_fleet_its_own_names_and_zones_go_before() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = folder.path().join("fleet");
    std::fs::create_dir_all(&fleet).unwrap();
    let objects = "
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: net}
spec: {apex: example.net, nameServers: [{name: ns.other.example}], admit: [{namespaces: [webhook, shop]}]}
---
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {name: mine, namespace: shop}
spec: {endpoints: [{dnsName: mine.example.net, recordType: A, targets: [192.0.2.50]}]}
";
    std::fs::write(fleet.join("objects.yaml"), objects).unwrap();
    let words = [
        "run",
        "--webhook-listen",
        "127.0.0.1:0",
        "--webhook-domain-filter",
        "example.com",
        "--webhook-domain-filter",
        "example.net",
        "--listen",
        "127.0.0.1:0",
        "--fleet",
    ];
    let server = Server::start_with(folder.path(), &[&words[..], &[fleet.to_str().unwrap()]].concat());
    server.create(&[
        endpoint("a.example.com", "A", &["192.0.2.1"]),
        endpoint("a.example.net", "A", &["192.0.2.2"]),
        endpoint("mine.example.net", "A", &["192.0.2.3"]),
    ]);
    assert_eq!(server.addresses("a.example.com"), texts(["192.0.2.1"]));
    assert_eq!(server.addresses("a.example.net"), texts(["192.0.2.2"]));
    assert_eq!(server.addresses("mine.example.net"), texts(["192.0.2.50"]), "the fleet's own");
    assert_eq!(server.answer("example.net", RecordType::NS).1, texts(["ns.other.example."]));
    assert_eq!(server.records().len(), 3);
}
