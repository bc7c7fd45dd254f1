use portolan_core::Ttl;
use serde_json::json;

use super::*;

#[test]
fn fields_are_printed_in_the_order_of_people() {
    let metadata = ObjectMeta { name: Some("service-web".into()), ..ObjectMeta::default() };
    let record = RecordSpec {
        dns_name: "web.example".into(),
        targets: vec!["192.0.2.1".into()],
        record_type: "A".into(),
        record_ttl: Ttl::from_seconds(30).into(),
        ..RecordSpec::default()
    };
    let without_ttl = RecordSpec { dns_name: "b.example".into(), ..RecordSpec::default() };
    let object = DnsEndpoint::new(metadata, vec![record, without_ttl]);
    let printed = serde_json::to_string(&object).expect("prints");
    let expected = r#"{"apiVersion":"externaldns.k8s.io/v1alpha1","kind":"DNSEndpoint","metadata":{"name":"service-web"},"spec":{"endpoints":[{"dnsName":"web.example","targets":["192.0.2.1"],"recordType":"A","recordTTL":30},{"dnsName":"b.example","targets":[],"recordType":""}]}}"#;
    assert_eq!(printed, expected);
    assert_eq!(serde_json::from_str::<DnsEndpoint>(&printed).expect("is read"), object);
}

#[test]
fn the_group_and_every_field_survive() {
    let text = json!({
        "apiVersion": "multiclusterdns.kubefed.io/v1alpha1",
        "kind": "DNSEndpoint",
        "metadata": {"name": "e", "annotations": {MARK: "{}"}},
        "spec": {"endpoints": [{
            "dnsName": "a.example", "targets": ["b.example"], "recordType": "CNAME", "recordTTL": 60,
            "setIdentifier": "eu", "labels": {"owner": "x"}, "providerSpecific": [{"name": "aws/weight", "value": "1"}],
        }]},
    });
    let object: DnsEndpoint = serde_json::from_value(text.clone()).expect("is read");
    assert!(object.is_ours());
    assert_eq!(serde_json::to_value(&object).expect("prints"), text);
}

#[test]
fn what_is_null_or_absent_is_empty() {
    for text in [json!({}), json!({"spec": null}), json!({"spec": {"endpoints": null}})] {
        let object: DnsEndpoint = serde_json::from_value(text).expect("is read");
        assert_eq!(object, DnsEndpoint::default());
        assert!(!object.is_ours());
    }
}
