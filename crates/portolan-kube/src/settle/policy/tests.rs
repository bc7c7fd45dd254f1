use portolan_core::policy::Glob;

use super::*;
use crate::settle::tests::{check, object};

fn map(networks: &[(&str, Option<&str>)]) -> NetworkMap {
    let parse = |&(network, place): &(&str, Option<&str>)| {
        (network.parse().unwrap(), place.map(|place| place.parse().unwrap()))
    };
    NetworkMap { networks: networks.iter().map(parse).collect() }
}

fn csv(file: &str) -> Result<Arc<NetworkMap>, String> {
    let known = || Arc::new(map(&[("192.0.2.0/24", Some("EU")), ("203.0.113.0/24", Some("EU"))]));
    if file == "net.csv" { Ok(known()) } else { Err("is not there".into()) }
}

fn plain() -> Policy {
    Policy { created: i64::MAX, ..Policy::default() }
}

fn tiers(lists: &[&[&str]]) -> Stage {
    Stage::Tiers(
        lists.iter().map(|list| list.iter().map(|&name| ClusterName::from(name)).collect()).collect(),
    )
}

fn check_policy(spec: &str, value: Policy, problems: &[&str]) {
    let problems: Vec<String> =
        problems.iter().map(|problem| format!("SteeringPolicy x: {problem}")).collect();
    let problems: Vec<&str> = problems.iter().map(String::as_str).collect();
    check(spec, policy(&object("SteeringPolicy", spec), &mut csv), value, &problems);
}

#[test]
fn the_example_of_the_design() {
    let value = Policy {
        hosts: vec![Glob { base: "shop.example.com".parse().unwrap(), below: true }],
        order: vec![Stage::Geo(Arc::default())],
        pick: Pick::Weighted(1),
        weights: [("eu-1".into(), 3), ("eu-2".into(), 1)].into(),
        ttl: portolan_core::Ttl::from_seconds(30),
        ..plain()
    };
    let spec = r#"{hosts: ["*.shop.example.com"], order: [{type: Geo}], pick: {type: Weighted, answers: 1},
        weights: {eu-1: 3, eu-2: 1}, minimumHealthy: 1, allDown: {type: ServeAll},
        unknownLocation: {type: Even}, health: {interval: 10s}, ttl: 30}"#;
    check_policy(spec, value, &[]);
    check_policy("{}", plain(), &[]);
}

#[test]
fn age_is_the_object_s() {
    let mut said: SteeringPolicy = object("SteeringPolicy", "{}");
    let metadata = serde_json::json!({"name": "x", "creationTimestamp": "1970-01-01T00:01:00Z"});
    said.metadata = serde_json::from_value(metadata).unwrap();
    assert_eq!(policy(&said, &mut csv).0.created, 60);
}

#[test]
fn choices_are_taken() {
    let fallback = AllDown::Fallback("sorry.example.com".parse().unwrap());
    for (spec, value) in [
        ("{pick: {type: All}}", plain()),
        ("{pick: {type: First}}", Policy { pick: Pick::First(1), ..plain() }),
        ("{pick: {type: First, answers: 0}}", Policy { pick: Pick::First(1), ..plain() }),
        ("{pick: {type: Weighted, answers: 64}}", Policy { pick: Pick::Weighted(64), ..plain() }),
        ("{minimumHealthy: 0}", plain()),
        ("{minimumHealthy: 3}", Policy { minimum_healthy: 3, ..plain() }),
        ("{allDown: {type: Empty}}", Policy { all_down: AllDown::Empty, ..plain() }),
        ("{allDown: {type: Refuse}}", Policy { all_down: AllDown::Refuse, ..plain() }),
        ("{allDown: {type: Fallback, name: Sorry.example.com}}", Policy { all_down: fallback, ..plain() }),
        (
            "{unknownLocation: {type: Place, place: eu/de}}",
            Policy { unknown_location: UnknownLocation::Place("EU/DE".parse().unwrap()), ..plain() },
        ),
        ("{weights: {a: 0, b: 1}}", Policy { weights: [("a".into(), 0), ("b".into(), 1)].into(), ..plain() }),
        ("{weights: {a: 0, b: 0}}", Policy { weights: [("a".into(), 0), ("b".into(), 0)].into(), ..plain() }),
        ("{ttl: 0}", plain()),
    ] {
        check_policy(spec, value, &[]);
    }
}

/// Faults B-24 and B-25, and words of later versions: one bad field costs that field.
#[test]
fn bad_fields_have_their_defaults() {
    for (spec, problem) in [
        ("{ttl: -1}", "spec.ttl: Invalid: -1 is not 0 to 2147483647 seconds"),
        ("{weights: {a: -1}}", r#"spec.weights["a"]: Invalid: -1 is not 0 to 1000000"#),
        ("{weights: {a: 4294967296}}", r#"spec.weights["a"]: Invalid: 4294967296 is not 0 to 1000000"#),
        ("{minimumHealthy: -1}", "spec.minimumHealthy: Invalid: -1 is not 0 to 1024"),
        ("{minimumHealthy: 65537}", "spec.minimumHealthy: Invalid: 65537 is not 0 to 1024"),
        (
            "{pick: {type: Sticky}}",
            r#"spec.pick.type: Invalid: "Sticky" is not known; known are All, First, Weighted"#,
        ),
        (
            "{pick: {type: All, answers: 2}}",
            "spec.pick.answers: Invalid: goes with type First or Weighted only",
        ),
        (
            "{order: [{type: Distance}]}",
            r#"spec.order[0].type: Invalid: "Distance" is not known; known are Geo, Tiers"#,
        ),
        (
            "{order: [{type: Latency}]}",
            r#"spec.order[0].type: Invalid: "Latency" is not known; known are Geo, Tiers"#,
        ),
        ("{order: [{type: Tiers}]}", "spec.order[0].tiers: Invalid: is empty; type Tiers needs it"),
        (
            "{order: [{type: Tiers, tiers: [{clusters: []}]}]}",
            "spec.order[0].tiers[0].clusters: Invalid: is empty; a tier needs at least one cluster",
        ),
        (
            "{allDown: {type: Panic}}",
            r#"spec.allDown.type: Invalid: "Panic" is not known; known are ServeAll, Fallback, Empty, Refuse"#,
        ),
        ("{allDown: {type: Fallback}}", "spec.allDown.name: Invalid: is absent; type Fallback needs it"),
        (
            "{allDown: {type: Fallback, name: 192.0.2.1}}",
            r#"spec.allDown.name: Invalid: "192.0.2.1" is an address, or its last label is a number; a host name is needed"#,
        ),
        (
            "{allDown: {type: ServeAll, name: a.example.com}}",
            "spec.allDown.name: Invalid: goes with type Fallback only",
        ),
        (
            "{unknownLocation: {type: Far}}",
            r#"spec.unknownLocation.type: Invalid: "Far" is not known; known are Even, Place"#,
        ),
        (
            "{unknownLocation: {type: Place}}",
            "spec.unknownLocation.place: Invalid: is absent; type Place needs it",
        ),
        (
            "{unknownLocation: {type: Place, place: EU/XX}}",
            r#"spec.unknownLocation.place: Invalid: "EU/XX": "XX" is no ISO 3166-1 country code"#,
        ),
        (
            "{unknownLocation: {type: Even, place: EU}}",
            "spec.unknownLocation.place: Invalid: goes with type Place only",
        ),
        (
            "{hosts: [a.*.com]}",
            r#"spec.hosts[0]: Invalid: "a.*.com" has a '*' that is not the whole first label before a name"#,
        ),
    ] {
        check_policy(spec, plain(), &[problem]);
    }
    let first = Policy { pick: Pick::First(1), ..plain() };
    for answers in [-1, 65] {
        let problem = format!("spec.pick.answers: Invalid: {answers} is not 0 to 64");
        check_policy(&format!("{{pick: {{type: First, answers: {answers}}}}}"), first.clone(), &[&problem]);
    }
}

#[test]
fn a_bad_item_costs_one_item() {
    check_policy(
        "{weights: {a: -1, b: 2}}",
        Policy { weights: [("b".into(), 2)].into(), ..plain() },
        &[r#"spec.weights["a"]: Invalid: -1 is not 0 to 1000000"#],
    );
    check_policy(
        "{order: [{type: Latency}, {type: Tiers, tiers: [{clusters: [a]}]}]}",
        Policy { order: vec![tiers(&[&["a"]])], ..plain() },
        &[r#"spec.order[0].type: Invalid: "Latency" is not known; known are Geo, Tiers"#],
    );
    check_policy(
        r#"{hosts: ["*.example.com", "*.EXAMPLE.com."]}"#,
        Policy { hosts: vec!["*.example.com".parse().unwrap()], ..plain() },
        &[r#"spec.hosts[1]: Duplicate: "*.EXAMPLE.com." is listed twice"#],
    );
}

/// Faults B-28: an unknown cluster is no fault, for it may join later.
#[test]
fn tiers_hold_each_cluster_once() {
    let spec =
        r#"{order: [{type: Tiers, tiers: [{clusters: [a, b]}, {clusters: [b, c, ""]}, {clusters: [a]}]}]}"#;
    check_policy(
        spec,
        Policy { order: vec![tiers(&[&["a", "b"], &["c"]])], ..plain() },
        &[
            r#"spec.order[0].tiers[1].clusters[0]: Duplicate: cluster "b" is listed twice; the first counts"#,
            "spec.order[0].tiers[1].clusters[2]: Invalid: is empty",
            r#"spec.order[0].tiers[2].clusters[0]: Duplicate: cluster "a" is listed twice; the first counts"#,
        ],
    );
    let too_many = ["{type: Tiers, tiers: [{clusters: [a]}]}"; STAGES_MAX + 1].join(", ");
    check_policy(
        &format!("{{order: [{too_many}]}}"),
        Policy { order: vec![tiers(&[&["a"]]); STAGES_MAX], ..plain() },
        &["spec.order: LimitReached: 9 items; at most 8 are allowed"],
    );
}

/// Faults B-26 and B-27, in the policy itself and in its file.
#[test]
fn networks_of_the_policy_go_before_its_file_s() {
    let geo = |networks: &[(&str, Option<&str>)]| Policy {
        order: vec![Stage::Geo(Arc::new(map(networks)))],
        ..plain()
    };
    check_policy(
        "{order: [{type: Geo, networks: [{cidr: 203.0.113.0/24, place: NA}], networksFile: net.csv}]}",
        geo(&[("192.0.2.0/24", Some("EU")), ("203.0.113.0/24", Some("NA"))]),
        &[],
    );
    check_policy(
        "{order: [{type: Geo, networksFile: net.csv}]}",
        geo(&[("192.0.2.0/24", Some("EU")), ("203.0.113.0/24", Some("EU"))]),
        &[],
    );
    check_policy(
        "{order: [{type: Geo, networksFile: other.csv, networks: [{cidr: 203.0.113.0/24, place: NA}]}]}",
        geo(&[("203.0.113.0/24", Some("NA"))]),
        &[r#"spec.order[0].networksFile: NotFound: "other.csv" is not there"#],
    );
    check_policy(
        r#"{order: [{type: Geo, networks: [{cidr: 203.0.113.1/24, place: EU}, {cidr: 192.0.2.0/24, place: EU},
            {cidr: 192.0.2.0/24, place: NA}, {cidr: 198.51.100.0/24, place: UK}]}]}"#,
        geo(&[("192.0.2.0/24", Some("EU")), ("198.51.100.0/24", None)]),
        &[
            r#"spec.order[0].networks[0]: Invalid: network "203.0.113.1/24" has bits set behind its prefix"#,
            r#"spec.order[0].networks[2]: Duplicate: network "192.0.2.0/24" stands twice (192.0.2.0/24); the first counts"#,
            r#"spec.order[0].networks[3]: Invalid: place "UK": "UK" is no continent code (one of AF, AN, AS, EU, NA, OC, SA); 198.51.100.0/24 counts as of unknown place"#,
        ],
    );
}

/// Without a copy: a map of a million networks is shared by the policies that name its file.
#[test]
fn a_file_s_networks_are_shared() {
    let shared = Arc::new(map(&[("192.0.2.0/24", Some("EU"))]));
    let said = object("SteeringPolicy", "{order: [{type: Geo, networksFile: net.csv}]}");
    let (policy, _) = policy(&said, &mut |_| Ok(Arc::clone(&shared)));
    assert!(matches!(&policy.order[0], Stage::Geo(networks) if Arc::ptr_eq(networks, &shared)));
}

#[test]
fn a_policy_reads_no_file_elsewhere() {
    for file in ["", ".", "..", "../secret.csv", "/etc/passwd", "a/b.csv", "a\\b.csv", ".hidden.csv"] {
        let said = format!("{{order: [{{type: Geo, networksFile: '{file}'}}]}}");
        let said = object("SteeringPolicy", &said);
        let (_, problems) = policy(&said, &mut |file| panic!("{file} was asked for"));
        assert_eq!(
            problems[0].to_string(),
            format!(
                "SteeringPolicy x: spec.order[0].networksFile: Invalid: {file:?} is not the name of a file beside the manifests"
            )
        );
    }
}

#[test]
fn fields_of_another_type_are_passed_over() {
    check_policy(
        "{order: [{type: Tiers, networksFile: net.csv, tiers: [{clusters: [a]}]}, {type: Geo, tiers: [{clusters: [a]}]}]}",
        Policy { order: vec![tiers(&[&["a"]]), Stage::Geo(Arc::default())], ..plain() },
        &[
            "spec.order[0].networks: Invalid: goes with type Geo only",
            "spec.order[1].tiers: Invalid: goes with type Tiers only",
        ],
    );
}
