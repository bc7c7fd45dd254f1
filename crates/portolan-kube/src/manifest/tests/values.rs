//! Values of our kinds that are not allowed, lists that stand for objects, and keys that are misspelt.

use super::*;

/// An object of ours, with a spec that begins in line 5.
fn ours(kind: &str, spec: &str) -> String {
    format!("apiVersion: portolan.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n{spec}")
}

/// Each is told with its place, refuses the object, and leaves what else it says.
fn check_refused(kind: &str, spec: &str, problems: &[&str]) {
    let text = ours(kind, spec);
    let name = if kind == "GlobalName" { "default/x" } else { "x" };
    let problems: Vec<String> = problems
        .iter()
        .map(|problem| {
            let (place, rest) = problem.split_once(' ').expect("a place");
            format!("{place}: {kind} {name}: {rest}")
        })
        .collect();
    let problems: Vec<&str> = problems.iter().map(String::as_str).collect();
    check("f.yaml", &text, &[&format!("{kind} {name} @1:1")], &problems, true);
    let manifest = read("f.yaml", text.as_bytes());
    let part = manifest.objects.first().map(|located| (located.object.key.clone(), located.object.in_part));
    assert_eq!(part, manifest.refused.first().map(|key| (key.clone(), true)));
}

#[test]
fn a_value_that_is_not_allowed_refuses_an_object_of_ours() {
    check_refused(
        "Zone",
        "  apex: exam ple.org\n",
        &[
            "5:9 spec.apex: Invalid: \"exam ple.org\" has ' '; a host name has letters, digits, '-', '_' and dots",
        ],
    );
    check_refused(
        "GlobalName",
        "  hosts: [a.example, a b]\n  backends:\n  - {kind: Servce, name: web}\n  - {kind: Service, name: ''}\n  ttl: -5\n",
        &[
            "5:22 spec.hosts[1]: Invalid: \"a b\" has ' '; a host name has letters, digits, '-', '_' and dots",
            "7:12 spec.backends[0].kind: Invalid: \"Servce\" is not known; known are Service, Ingress",
            "8:27 spec.backends[1].name: Invalid: is empty",
            "9:8 spec.ttl: Invalid: -5 is not 0 to 2147483647 seconds",
        ],
    );
    check_refused(
        "MemberCluster",
        "  state: Drainin\n  weight: 1000001\n  region: eu..west\n  location: {latitude: '91'}\n",
        &[
            "5:10 spec.state: Invalid: \"Drainin\" is not known; known are Active, Draining, Disabled",
            "6:11 spec.weight: Invalid: 1000001 is not 0 to 1000000",
            "7:11 spec.region: Invalid: \"eu..west\" cannot be part of a name: it has an empty label",
            "8:13 spec.location: Invalid: latitude and longitude go together",
            "8:24 spec.location.latitude: Invalid: \"91\" is not a decimal number of degrees, -90 to 90",
        ],
    );
    check_refused(
        "SteeringPolicy",
        "  pick: {type: All, answers: 2}\n  weights: {eu-1: -1}\n  order: [{type: Latency}]\n",
        &[
            "5:30 spec.pick.answers: Invalid: goes with type First or Weighted only",
            "6:19 spec.weights[\"eu-1\"]: Invalid: -1 is not 0 to 1000000",
            "7:18 spec.order[0].type: Invalid: \"Latency\" is not known; known are Geo, Tiers",
        ],
    );
}

/// What a rule of a fence was to narrow is not known: it would admit more than it should.
#[test]
fn a_misspelt_rule_refuses_its_zone() {
    check_refused(
        "Zone",
        "  apex: example.org\n  more: 1\n  admit:\n  - namespace: [shop]\n",
        &[
            "6:3 spec.more: UnknownField: no such field in portolan.dev/v1alpha1",
            "8:5 spec.admit[0].namespace: UnknownField: no such field in portolan.dev/v1alpha1; what it should have narrowed \
             is not known, so a new rule with it admits nobody",
        ],
    );
}

/// What stands twice is not lost, and what is not there yet may come.
#[test]
fn what_costs_nothing_refuses_nothing() {
    for (kind, spec) in [
        (
            "GlobalName",
            "  hosts: [a.example, A.example]\n  backends: [{kind: Service, name: web}]\n  policy: none\n",
        ),
        ("Zone", "  apex: example.org\n"),
        ("SteeringPolicy", "  order: [{type: Geo, networksFile: none.csv}]\n"),
    ] {
        let manifest = read("f.yaml", ours(kind, spec).as_bytes());
        assert_eq!((manifest.refused.len(), manifest.problems.len()), (0, 0), "{spec}");
        assert!(!manifest.objects[0].object.in_part);
    }
}

/// serde would read the fields in the order in which we wrote them down.
#[test]
fn a_list_is_no_object() {
    let told = |kind: &str, spec: &str, problems: &[&str]| {
        let text = ours(kind, spec);
        check("f.yaml", &text, &[], problems, true);
    };
    told(
        "GlobalName",
        "  hosts: [a.example]\n  backends:\n  - [Service, web]\n",
        &["7:5: GlobalName default/x: spec.backends[0]: Invalid: is a list where an object is expected"],
    );
    told(
        "SteeringPolicy",
        "- [a.example]\n",
        &["5:3: SteeringPolicy x: spec: Invalid: is a list where an object is expected"],
    );
    told(
        "MemberCluster",
        "  location:\n  - EU/DE\n  whenSilent: [Drain]\n",
        &[
            "6:5: MemberCluster x: spec.location: Invalid: is a list where an object is expected",
            "7:15: MemberCluster x: spec.whenSilent: Invalid: is a list where an object is expected",
        ],
    );
    check(
        "f.yaml",
        "apiVersion: multiclusterdns.kubefed.io/v1alpha1\nkind: IngressDNSRecord\nmetadata: {name: r}\nspec: [[a.example]]\n",
        &[],
        &["4:7: IngressDNSRecord default/r: spec: Invalid: is a list where an object is expected"],
        true,
    );
}

#[test]
fn a_misspelt_key_is_told_beside_the_one_that_is_missing() {
    check(
        "f.yaml",
        ours("GlobalName", "  host: [a.example]\n  backends: [{kind: Service, nme: web}]\n"),
        &[],
        &[
            "5:3: GlobalName default/x: spec: Invalid: has no hosts, which must be there; host is no such field: is it meant?",
            "5:3: GlobalName default/x: spec.host: UnknownField: no such field in portolan.dev/v1alpha1",
            "6:14: GlobalName default/x: spec.backends[0]: Invalid: has no name, which must be there; nme is no such field: is it meant?",
            "6:30: GlobalName default/x: spec.backends[0].nme: UnknownField: no such field in portolan.dev/v1alpha1",
        ],
        true,
    );
    // Places are those of the text, though items before them were taken away.
    check(
        "f.yaml",
        ours(
            "GlobalName",
            "  hosts: [a.example]\n  backends:\n  - [web]\n  - {kind: Service, nmae: web}\n  - {kind: Service, name: web, port: 80}\n",
        ),
        &[],
        &[
            "7:5: GlobalName default/x: spec.backends[0]: Invalid: is a list where an object is expected",
            "8:5: GlobalName default/x: spec.backends[1]: Invalid: has no name, which must be there; nmae is no such field: is it meant?",
            "8:21: GlobalName default/x: spec.backends[1].nmae: UnknownField: no such field in portolan.dev/v1alpha1",
            "9:32: GlobalName default/x: spec.backends[2].port: UnknownField: no such field in portolan.dev/v1alpha1",
        ],
        true,
    );
}
