use super::*;
use crate::settle::tests::{check, object};

fn check_cluster(spec: &str, value: Cluster, problems: &[&str]) {
    check(spec, cluster(&object("MemberCluster", spec)), value, problems);
}

#[test]
fn a_whole_cluster() {
    let value = Cluster {
        region: Some("eu-west".into()),
        zones: ["a".into(), "b".into()].into(),
        place: Some("EU/DE".parse().unwrap()),
        weight: Some(0),
        state: ClusterState::Draining,
        when_silent: WhenSilent::Drain,
        silent_since: None,
    };
    let spec = r#"{region: eu-west, zones: [b, a], location: {place: eu/de, latitude: "50.11", longitude: "-8.68"},
        weight: 0, state: Draining, whenSilent: {type: Drain}}"#;
    check_cluster(spec, value, &[]);
    check_cluster("{}", Cluster::default(), &[]);
    check_cluster("{state: Active, whenSilent: {type: Keep}}", Cluster::default(), &[]);
    let disabled = Cluster { state: ClusterState::Disabled, ..Cluster::default() };
    check_cluster("{state: Disabled}", disabled, &[]);
}

/// One bad field costs that field.
#[test]
fn bad_fields_have_their_defaults() {
    for (spec, problem) in [
        (
            "{state: Drained}",
            r#"spec.state: Invalid: "Drained" is not known; known are Active, Draining, Disabled"#,
        ),
        (
            "{whenSilent: {type: Drop}}",
            r#"spec.whenSilent.type: Invalid: "Drop" is not known; known are Keep, Drain"#,
        ),
        ("{weight: -1}", "spec.weight: Invalid: -1 is not 0 to 1000000"),
        ("{weight: 1000001}", "spec.weight: Invalid: 1000001 is not 0 to 1000000"),
        ("{weight: 4294967297}", "spec.weight: Invalid: 4294967297 is not 0 to 1000000"),
        (
            "{location: {place: UK}}",
            r#"spec.location.place: Invalid: "UK": "UK" is no continent code (one of AF, AN, AS, EU, NA, OC, SA)"#,
        ),
        (
            r#"{location: {latitude: "91", longitude: "0"}}"#,
            r#"spec.location.latitude: Invalid: "91" is not a decimal number of degrees, -90 to 90"#,
        ),
        (
            r#"{location: {latitude: "0", longitude: "1e1"}}"#,
            r#"spec.location.longitude: Invalid: "1e1" is not a decimal number of degrees, -180 to 180"#,
        ),
        (
            r#"{location: {latitude: "NaN", longitude: "0"}}"#,
            r#"spec.location.latitude: Invalid: "NaN" is not a decimal number of degrees, -90 to 90"#,
        ),
        (r#"{location: {latitude: "1"}}"#, "spec.location: Invalid: latitude and longitude go together"),
        (
            "{region: eu west}",
            r#"spec.region: Invalid: "eu west" is not 1 to 63 letters, digits, '-', '_' and '.' that begin and end with a letter or digit"#,
        ),
    ] {
        check_cluster(spec, Cluster::default(), &[&format!("MemberCluster x: {problem}")]);
    }
}

#[test]
fn a_bad_zone_costs_one_zone() {
    let value = Cluster { zones: ["a".into()].into(), ..Cluster::default() };
    let problem = r#"MemberCluster x: spec.zones[1]: Invalid: "" is not 1 to 63 letters, digits, '-', '_' and '.' that begin and end with a letter or digit"#;
    check_cluster(r#"{zones: [a, ""]}"#, value, &[problem]);
}
