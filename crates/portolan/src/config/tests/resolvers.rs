//! Who resolves host names of load balancers.

use super::*;

#[test]
fn resolvers_are_addresses_with_or_without_a_port() {
    let servers =
        |said: &str| settled(&format!("version: v1alpha1\nfleet: f\nresolvers: {said}\n"), &[], &[]).1;
    let these = |texts: &[&str]| Servers::These(texts.iter().map(|text| text.parse().unwrap()).collect());
    for (said, expected) in [
        ("[192.0.2.53, \"2001:db8::53\"]", these(&["192.0.2.53:53", "[2001:db8::53]:53"])),
        ("[127.0.0.1:5353, \"[::1]:5353\"]", these(&["127.0.0.1:5353", "[::1]:5353"])),
        ("[]", these(&[])),
        ("[none]", these(&[])),
    ] {
        assert_eq!(servers(said).unwrap().resolvers, expected, "{said}");
    }
    let by = |environment: &[(&'static str, &str)], flags: &[(&'static str, &[&str])]| {
        settled("version: v1alpha1\nfleet: f\n", environment, flags).1.unwrap().resolvers
    };
    assert_eq!(by(&[("PORTOLAN_RESOLVERS", "none")], &[]), these(&[]));
    assert_eq!(
        by(&[("PORTOLAN_RESOLVERS", "192.0.2.1, 192.0.2.2:5353")], &[]),
        these(&["192.0.2.1:53", "192.0.2.2:5353"])
    );
    assert_eq!(by(&[], &[("resolvers", &["none"])]), these(&[]));
    for said in ["[dns.example]", "[0.0.0.0]", "[\"192.0.2.1:0\"]", "[none, 192.0.2.1]"] {
        let faults = servers(said).unwrap_err();
        assert!(faults[0].subject.starts_with("config: resolvers["), "{said}: {faults:?}");
    }
}
