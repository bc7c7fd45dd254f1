use super::*;
use crate::settle::fence::Claim;
use crate::settle::tests::{check, object};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A zone `example.com` with one name server outside it, so that nothing is amiss.
fn plain() -> SettledZone {
    let mut zone = SettledZone::implied(name("example.com"), Some(name("ns.example.net")));
    zone.addresses.insert(name("ns.example.net"), BTreeSet::new());
    zone.fence.rules.clear();
    zone
}

/// Settles a spec that begins as [`plain`]'s does.
fn check_zone(more: &str, value: SettledZone, problems: &[&str]) {
    let spec = format!("{{apex: example.com, nameServers: [{{name: ns.example.net}}]{more}}}");
    check(more, zone(&object("Zone", &spec)), Some(value), problems);
}

#[test]
fn defaults() {
    let zone = plain();
    let soa = &zone.facts.soa;
    assert_eq!(
        (soa.mname.clone(), soa.rname.clone()),
        (name("ns.example.net"), name("hostmaster.example.com"))
    );
    assert_eq!([soa.refresh, soa.retry, soa.expire, soa.minimum], SOA_DEFAULTS);
    assert_eq!(zone.facts.ttl.seconds(), 3_600);
    check_zone("", plain(), &[]);
    check_zone(", ttl: 0, soa: {refresh: 0}", plain(), &[]);
}

#[test]
fn values_are_taken() {
    let mut value = plain();
    value.facts.ttl = Ttl::from_seconds(60).unwrap();
    value.facts.policy = Some(portolan_core::policy::PolicyName("near".into()));
    let soa = &mut value.facts.soa;
    (soa.refresh, soa.retry, soa.expire, soa.minimum) = (1, 2, 3, 4);
    soa.rname = Name::from_labels([b"dns.admin".as_slice(), b"example", b"net"]).unwrap();
    let more = ", ttl: 60, defaultPolicy: near,
        soa: {rname: dns.admin@example.net, refresh: 1, retry: 2, expire: 3, negativeTTL: 4}";
    check_zone(more, value, &[]);
}

#[test]
fn bad_values_have_their_defaults() {
    for (more, problem) in [
        (", ttl: -1", "spec.ttl: Invalid: -1 is not 0 to 2147483647 seconds"),
        (
            ", soa: {negativeTTL: 2147483648}",
            "spec.soa.negativeTTL: Invalid: 2147483648 is not 0 to 2147483647 seconds",
        ),
        (
            ", soa: {rname: '@example.com'}",
            r#"spec.soa.rname: Invalid: "@example.com" has no plain mailbox before its '@'"#,
        ),
        (
            ", soa: {rname: me@-a.example}",
            r#"spec.soa.rname: Invalid: "me@-a.example" after its '@' has a label that begins or ends with '-'"#,
        ),
        (
            ", defaultPolicy: ''",
            "spec.defaultPolicy: Invalid: is empty; leave it out, or name a SteeringPolicy",
        ),
    ] {
        check_zone(more, plain(), &[&format!("Zone x: {problem}")]);
    }
}

/// Faults B-23 at the apex: only this costs the zone.
#[test]
fn a_bad_apex_gives_no_zone() {
    for (apex, rule) in [
        ("", "is empty"),
        (".", "is empty"),
        ("*.example.com", "has a '*' that is not the whole first label before a name"),
        ("a..b", "has an empty label"),
        ("192.0.2.1", "is an address, or its last label is a number; a host name is needed"),
    ] {
        let spec = format!("{{apex: '{apex}'}}");
        check(
            &spec,
            zone(&object("Zone", &spec)),
            None,
            &[&format!("Zone x: spec.apex: Invalid: {apex:?} {rule}")],
        );
    }
}

#[test]
fn name_servers_are_kept_in_order_with_their_addresses() {
    let spec = r#"{apex: example.com, nameServers: [
        {name: NS2.example.com, addresses: ["2001:db8::53", "::ffff:192.0.2.2"]},
        {name: ns1.example.com, addresses: [192.0.2.1]}]}"#;
    let (settled, problems) = zone(&object("Zone", spec));
    let settled = settled.unwrap();
    assert_eq!(problems, []);
    assert_eq!(settled.facts.name_servers, [name("ns2.example.com"), name("ns1.example.com")]);
    assert_eq!(settled.facts.soa.mname, name("ns2.example.com"));
    let expected = ["192.0.2.2", "2001:db8::53"].map(|address| address.parse::<IpAddr>().unwrap());
    assert_eq!(settled.addresses[&name("ns2.example.com")], expected.into());
}

#[test]
fn a_bad_name_server_costs_one() {
    let spec = r#"{apex: example.com, nameServers: [
        {name: ns.example.net, addresses: [ns, 0.0.0.0, 224.0.0.1, 192.0.2.1, 192.0.2.1]},
        {name: "-"}, {name: ns.example.net}, {name: ns.example.com}]}"#;
    let (settled, problems) = zone(&object("Zone", spec));
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            r#"Zone x: spec.nameServers[0].addresses[0]: Invalid: "ns" is not an address"#,
            r#"Zone x: spec.nameServers[0].addresses[1]: Invalid: "0.0.0.0" is the unspecified address"#,
            r#"Zone x: spec.nameServers[0].addresses[2]: Invalid: "224.0.0.1" is a multicast address"#,
            "Zone x: spec.nameServers[0].addresses[4]: Duplicate: 192.0.2.1 is listed twice",
            r#"Zone x: spec.nameServers[1].name: Invalid: "-" has a label that begins or ends with '-'"#,
            r#"Zone x: spec.nameServers[2].name: Duplicate: "ns.example.net" is listed twice; the first counts"#,
            "Zone x: spec.nameServers[3].addresses: Incomplete: ns.example.com is inside the zone and has no \
             address, so nobody can find it",
        ]
    );
    assert_eq!(settled.unwrap().facts.name_servers, [name("ns.example.net"), name("ns.example.com")]);
}

#[test]
fn a_zone_without_a_name_server_has_one_all_the_same() {
    let (settled, problems) = zone(&object("Zone", "{apex: example.com}"));
    assert_eq!(settled.unwrap().facts.name_servers, [name("ns.example.com")]);
    assert_eq!(
        problems[0].to_string(),
        "Zone x: spec.nameServers: Incomplete: names no name server; ns.example.com stands in, without an address"
    );
}

#[test]
fn the_fence_is_read() {
    let spec = r#"{apex: example.com, nameServers: [{name: ns1.example.com, addresses: [192.0.2.1]}], admit: [
        {namespaces: [shop], hosts: ["*.example.com"]},
        {namespaces: [""]},
        {hosts: ["*.example.org", "a.*.example.com"]},
        {namespaces: [wide], hosts: ["*.com"]}]}"#;
    let (settled, problems) = zone(&object("Zone", spec));
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            r#"Zone x: spec.admit[1].namespaces[0]: Invalid: "" is not 1 to 253 characters"#,
            r#"Zone x: spec.admit[2].hosts[0]: Invalid: "*.example.org" is outside the zone example.com, so it admits nobody"#,
            r#"Zone x: spec.admit[2].hosts[1]: Invalid: "a.*.example.com" has a '*' that is not the whole first label before a name"#,
        ]
    );
    let fence = settled.unwrap().fence;
    for (namespace, host, expected) in [
        ("shop", "a.example.com", true),
        ("wide", "a.example.com", true),
        ("other", "a.example.com", false),
        ("shop", "ns1.example.com", false),
        ("shop", "example.com", false),
    ] {
        let host = name(host);
        let claim = Claim { namespace, cluster: "eu-1", host: host.borrowed(), delegates: false };
        assert_eq!(fence.admits(&claim), expected, "{claim:?}");
    }
}

#[test]
fn a_domain_implies_a_zone() {
    let zone = SettledZone::implied(name("example.com"), None);
    assert_eq!(zone.facts.name_servers, [name("ns.example.com")]);
    let host = name("a.example.com");
    assert!(zone.fence.admits(&Claim {
        namespace: "n",
        cluster: "c",
        host: host.borrowed(),
        delegates: false
    }));
}

/// What was left out for its spelling might have narrowed the rule.
#[test]
fn a_rule_with_an_unknown_field_admits_nobody() {
    let text = "apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: z}
spec: {apex: example.com, admit: [{namespace: [other]}, {namespaces: [team]}]}
";
    let manifest = crate::manifest::read("z.yaml", text.as_bytes());
    let told: Vec<String> = manifest.problems.iter().map(ToString::to_string).collect();
    let expected = "z.yaml:4:36: Zone z: spec.admit[0].namespace: UnknownField: no such field in portolan.dev/v1alpha1; \
                    what it should have narrowed is not known, so a new rule with it admits nobody";
    assert_eq!(told, [expected]);
    let crate::object::Body::Zone(object) = &manifest.objects[0].object.body else { panic!("{manifest:?}") };
    let fence = super::zone(object).0.unwrap().fence;
    for (namespace, expected) in [("other", false), ("shop", false), ("team", true)] {
        let host = name("a.example.com");
        let claim = Claim { namespace, cluster: "eu", host: host.borrowed(), delegates: false };
        assert_eq!(fence.admits(&claim), expected, "{namespace}");
    }
}
