//! What an annotation may hold, and what is wrong with one.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use portolan_core::Reason;
use serde_json::{Value, json};

use super::{MARK_OCTETS_MAX, handed};
use crate::dns_endpoint::{DnsEndpoint, MARK};
use crate::object::{Kind, ObjectKey};

/// What is read of an annotation of this object, as `name: kind offers`; or what is wrong: field, reason, message.
fn read(name: &str, mark: &str) -> Result<Vec<String>, (String, Reason, String)> {
    let annotations = Some([(MARK.to_owned(), mark.to_owned())].into());
    let object = DnsEndpoint::new(ObjectMeta { annotations, ..ObjectMeta::default() }, Vec::new());
    let names = handed(&ObjectKey::new(Kind::DnsEndpoint, Some("shop"), name), &object)?;
    let show = |(name, of): (portolan_core::Name, super::HandedName)| {
        let offers: Vec<String> = of.offers.iter().map(|offer| format!("{:?}", offer.targets)).collect();
        format!("{}: {} {}", name.to_dotless(), of.kind, offers.join(" "))
    };
    Ok(names.into_iter().map(show).collect())
}

fn member(change: &Value) -> Value {
    let mut member = json!({ "name": "a.example", "type": "A", "target": "192.0.2.1", "cluster": "eu", "ready": true, "weight": 1 });
    for (field, value) in change.as_object().unwrap() {
        member[field] = value.clone();
    }
    member
}

fn marked(members: &[Value], names: &[Value]) -> String {
    json!({ "version": 1, "endpoints": members, "names": names }).to_string()
}

#[test]
fn members_are_put_together_by_offer() {
    let mark = marked(
        &[
            member(&json!({})),
            member(&json!({ "target": "2001:db8::1", "type": "AAAA" })),
            member(&json!({ "offer": 1, "target": "192.0.2.2", "ready": false })),
            member(&json!({ "cluster": null, "target": "b.example", "type": "CNAME", "name": "*.example" })),
        ],
        &[json!({ "name": "b.example", "fallback": "a.example", "ttl": 5, "kind": "Pod", "later": true })],
    );
    let read = read("global-web", &mark).unwrap();
    assert_eq!(
        read,
        [
            "*.example: GlobalName [Host(b.example.)]",
            "a.example: GlobalName [Address(192.0.2.1), Address(2001:db8::1)] [Address(192.0.2.2)]",
            "b.example: Pod ",
        ]
    );
}

#[test]
fn what_is_wrong_names_field_value_and_rule() {
    let one = |change: Value| marked(&[member(&json!({})), member(&change)], &[]);
    let name = |value: Value| marked(&[], &[value]);
    let long = "x".repeat(MARK_OCTETS_MAX + 1);
    let rows: &[(&str, Reason, &[&str])] = &[
        ("", Reason::Invalid, &["\"\" is not what it should be"]),
        ("{", Reason::Invalid, &["\"{\" is not what it should be"]),
        ("{}", Reason::Invalid, &["missing field `version`"]),
        (r#"{"version":1}"#, Reason::Invalid, &["missing field `endpoints`"]),
        (r#"{"version":2,"endpoints":[]}"#, Reason::Invalid, &["version", "2 is not known; 1 is read"]),
        (&long, Reason::LimitReached, &["at most 262144 are read"]),
        (&one(json!({ "name": "a_b c" })), Reason::Invalid, &["endpoints[1].name", "\"a_b c\""]),
        (&one(json!({ "type": "BOGUS" })), Reason::Invalid, &["endpoints[1].type", "\"BOGUS\""]),
        (
            &one(json!({ "target": "192.0.2" })),
            Reason::Invalid,
            &["endpoints[1].target", "\"192.0.2\" is not an"],
        ),
        (&one(json!({ "target": "2001:db8::1" })), Reason::Invalid, &["other family"]),
        (&one(json!({ "target": "0.0.0.0" })), Reason::Invalid, &["is the unspecified address"]),
        (&one(json!({ "cluster": "" })), Reason::Invalid, &["endpoints[1].cluster", "1 to 253"]),
        (
            &one(json!({ "evidence": "Maybe" })),
            Reason::Invalid,
            &["evidence", "\"Maybe\" is not None or Allowed"],
        ),
        (&one(json!({ "ttl": 4_000_000_000_u32 })), Reason::Invalid, &["ttl", "4000000000 is more than"]),
        (&one(json!({ "target": "192.0.2.2", "ready": false })), Reason::Invalid, &["another member"]),
        (
            &name(json!({ "name": "a.example", "kind": "Cow" })),
            Reason::Invalid,
            &["names[0].kind", "\"Cow\""],
        ),
        (&name(json!({ "name": "a.example", "fallback": "-" })), Reason::Invalid, &["names[0].fallback"]),
        (&name(json!({ "name": "a.example", "ttl": -1 })), Reason::Invalid, &["is not what it should be"]),
    ];
    for (mark, reason, texts) in rows {
        let (field, why, message) = read("global-web", mark).unwrap_err();
        assert!(field.starts_with("metadata.annotations[portolan.dev/endpoints]"), "{field}");
        assert_eq!(why, *reason, "{message}");
        let told = format!("{field} {message}");
        assert!(texts.iter().all(|text| told.contains(text)), "{told}: {texts:?}");
    }
    let twice = marked(&[], &[json!({ "name": "a.example" }), json!({ "name": "A.example." })]);
    assert!(read("global-web", &twice).unwrap_err().2.contains("stands there twice"));
    let (field, _, message) = read("else", &one(json!({}))).unwrap_err();
    assert!(field.ends_with("endpoints[0].kind") && message.contains("is missing"), "{field} {message}");
}

#[test]
fn an_offer_has_a_limit() {
    let members = |count: u32| {
        let target = |nth: u32| std::net::Ipv4Addr::from(0xc000_0200 + nth).to_string();
        marked(&(0..count).map(|nth| member(&json!({ "target": target(nth) }))).collect::<Vec<_>>(), &[])
    };
    assert!(read("global-web", &members(64)).is_ok());
    let (_, reason, message) = read("global-web", &members(65)).unwrap_err();
    assert_eq!((reason, message.contains("more than 64 targets")), (Reason::LimitReached, true));
}
