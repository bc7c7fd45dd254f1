use serde_json::json;

use super::*;

#[test]
fn record_ttls() {
    let seconds = |count| RecordTtl::from(Ttl::from_seconds(count));
    let wrong = |text: &str| RecordTtl::Wrong(text.into());
    let rows = [
        (json!(null), RecordTtl::Unset),
        (json!(0), RecordTtl::Unset),
        (json!(1), seconds(1)),
        (json!(2_147_483_647_u32), seconds(2_147_483_647)),
        (json!(2_147_483_648_u32), wrong("2147483648")),
        (json!(-1), wrong("-1")),
        (json!(1_000_000_000_000_000_000_u64), wrong("1000000000000000000")),
        (json!(u64::MAX), wrong("18446744073709551615")),
        (json!("300"), wrong("\"300\"")),
        (json!("x".repeat(1_000)), RecordTtl::Wrong(format!("\"{}\"", "x".repeat(WRONG_CHARS_MAX)))),
        (json!(1.5), wrong("1.5")),
        (json!(false), wrong("false")),
        (json!([1, {"a": 2}]), wrong("a list")),
        (json!({"a": [1]}), wrong("a map")),
    ];
    for (value, ttl) in rows {
        let record: IngressDnsRecord =
            serde_json::from_value(json!({"spec": {"recordTTL": value}})).expect("never lost");
        assert_eq!(record.spec.record_ttl, ttl, "{value}");
    }
}

#[test]
fn null_is_absence_and_more_is_passed_over() {
    let record: ServiceDnsRecord = serde_json::from_value(json!({
        "spec": {"domainRef": "d", "dnsPrefix": null, "externalName": "e", "allowServiceWithoutEndpoints": null, "more": 1},
        "status": {"dns": 7},
    }))
    .expect("is read");
    assert_eq!((record.spec.domain_ref.as_str(), record.spec.external_name.as_deref()), ("d", Some("e")));
    assert!(!record.spec.allow_service_without_endpoints && record.spec.dns_prefix.is_none());
    let ingress: IngressDnsRecord =
        serde_json::from_value(json!({"spec": {"hosts": null}})).expect("is read");
    assert_eq!(ingress.spec, IngressDnsRecordSpec::default());
    let domain: Domain = serde_json::from_value(json!({"domain": "a.example", "nameServer": "ns.a.example"}))
        .expect("is read");
    assert_eq!((domain.domain.as_str(), domain.name_server.as_deref()), ("a.example", Some("ns.a.example")));
}

#[test]
fn the_first_release_is_read_too() {
    let text = json!({"spec": {"federationName": "f", "dnsSuffix": "a.example"}});
    let record: ServiceDnsRecord = serde_json::from_value(text).expect("is read");
    assert_eq!(
        (record.spec.domain_ref.as_str(), record.spec.dns_suffix.as_deref()),
        ("f", Some("a.example"))
    );
}
