use super::*;
use crate::settle::tests::{check, object};

fn settled(hosts: &[&str], backends: &[(Kind, &str)]) -> SettledName {
    let backend = |&(kind, name): &(Kind, &str)| SettledBackend { kind, name: name.into() };
    SettledName {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        backends: backends.iter().map(backend).collect(),
        policy: None,
        ttl: None,
        allow_service_without_endpoints: false,
    }
}

fn check_name(spec: &str, value: SettledName, problems: &[&str]) {
    check(spec, global_name(&object("GlobalName", spec)), value, problems);
}

#[test]
fn a_whole_name() {
    let value = SettledName {
        policy: Some(PolicyName("near".into())),
        ttl: Ttl::from_seconds(15),
        allow_service_without_endpoints: true,
        ..settled(&["a.example.com", "*.b.example.com"], &[(Kind::Service, "web"), (Kind::Ingress, "web")])
    };
    let spec = r#"{hosts: [A.example.com., "*.b.example.com"], policy: near, ttl: 15,
        backends: [{kind: Service, name: web}, {kind: Ingress, name: web}], allowServiceWithoutEndpoints: true}"#;
    check_name(spec, value, &[]);
}

/// Faults B-23 and B-24: the others go in.
#[test]
fn a_bad_item_costs_one_item() {
    let one = || settled(&["a.example.com"], &[(Kind::Service, "web")]);
    for (spec, problem) in [
        (
            r#"{hosts: ["*", a.example.com], backends: [{kind: Service, name: web}]}"#,
            r#"spec.hosts[0]: Invalid: "*" has a '*' that is not the whole first label before a name"#,
        ),
        (
            r#"{hosts: [a.example.com, bücher.example], backends: [{kind: Service, name: web}]}"#,
            r#"spec.hosts[1]: Invalid: "bücher.example" has 'ü', which is not ASCII; use the A-label (xn--...)"#,
        ),
        (
            r#"{hosts: [a.example.com, A.example.com.], backends: [{kind: Service, name: web}]}"#,
            r#"spec.hosts[1]: Duplicate: "A.example.com." is listed twice"#,
        ),
        (
            "{hosts: [a.example.com], backends: [{kind: Route, name: r}, {kind: Service, name: web}]}",
            r#"spec.backends[0].kind: Invalid: "Route" is not known; known are Service, Ingress"#,
        ),
        (
            r#"{hosts: [a.example.com], backends: [{kind: Service, name: ""}, {kind: Service, name: web}]}"#,
            "spec.backends[0].name: Invalid: is empty",
        ),
        (
            "{hosts: [a.example.com], backends: [{kind: Service, name: web}, {kind: Service, name: web}]}",
            r#"spec.backends[1]: Duplicate: Service "web" is listed twice"#,
        ),
        (
            "{hosts: [a.example.com], ttl: -1, backends: [{kind: Service, name: web}]}",
            "spec.ttl: Invalid: -1 is not 0 to 2147483647 seconds",
        ),
        (
            r#"{hosts: [a.example.com], policy: "", backends: [{kind: Service, name: web}]}"#,
            "spec.policy: Invalid: is empty; leave it out, or name a SteeringPolicy",
        ),
    ] {
        check_name(spec, one(), &[&format!("GlobalName default/x: {problem}")]);
    }
}

#[test]
fn empty_lists_are_named() {
    check_name(
        "{hosts: [], backends: []}",
        settled(&[], &[]),
        &[
            "GlobalName default/x: spec.hosts: Invalid: is empty; at least one host name is needed",
            "GlobalName default/x: spec.backends: Invalid: is empty; at least one Service or Ingress is needed",
        ],
    );
}
