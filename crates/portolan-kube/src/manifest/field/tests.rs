use super::*;

/// Two documents, a list and an object in flow form, each line numbered at its right.
const FILE: &str = r#"# 1
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: web}
spec:
  hosts:
  - a.example
  - b.example
  backends: [{kind: Service, name: wbe}]
--- {kind: SteeringPolicy,
  spec: {weights: {eu-1: -1, "eu.x": -2}, ttl: 5}}
---
kind: List
items:
- kind: Node
  spec: {ü: [1, 2]}
-   kind: Zone
    spec:
      soa:
        refresh: -1
- {kind: Zone, spec: {apex: b}}
"#;

fn check(bytes: &[u8], rows: &[(&str, &str, Option<&str>)]) {
    let wanted: Vec<(&str, &str)> = rows.iter().map(|(place, field, _)| (*place, *field)).collect();
    let expected: Vec<Option<String>> = rows.iter().map(|(.., found)| found.map(Into::into)).collect();
    assert_eq!(places_of_fields("d:e/f.yaml", bytes, &wanted), expected, "{wanted:?}");
    for ((place, field), expected) in wanted.into_iter().zip(expected) {
        assert_eq!(place_of_field("d:e/f.yaml", bytes, place, field), expected, "{place} {field}");
    }
}

#[test]
fn fields_have_places() {
    check(
        FILE.as_bytes(),
        &[
            ("d:e/f.yaml:17:5", "spec.soa.refresh", Some("d:e/f.yaml:20:18")),
            ("d:e/f.yaml:2:1", "spec.hosts[1]", Some("d:e/f.yaml:8:5")),
            ("d:e/f.yaml:2:1", "spec.hosts[0]", Some("d:e/f.yaml:7:5")),
            ("d:e/f.yaml:2:1", "spec.backends[0].name", Some("d:e/f.yaml:9:36")),
            ("d:e/f.yaml:10:1", "spec.weights[\"eu-1\"]", Some("d:e/f.yaml:11:26")),
            ("d:e/f.yaml:10:1", "spec.weights[\"eu.x\"]", Some("d:e/f.yaml:11:38")),
            ("d:e/f.yaml:15:3", "spec.ü[1]", Some("d:e/f.yaml:16:17")),
            ("d:e/f.yaml:21:3", "spec.apex", Some("d:e/f.yaml:21:29")),
            // What is missing stands where the path is lost.
            ("d:e/f.yaml:2:1", "spec.ttl", Some("d:e/f.yaml:6:3")),
            ("d:e/f.yaml:2:1", "spec.hosts[9]", Some("d:e/f.yaml:7:5")),
            ("d:e/f.yaml:2:1", "domain", Some("d:e/f.yaml:2:1")),
            // A place that is exact already stays.
            ("d:e/f.yaml:8:5", "spec.hosts[1]", Some("d:e/f.yaml:8:5")),
            // No such place, or no path.
            ("d:e/f.yaml:99:1", "spec", None),
            ("d:e/f.yaml:2:99", "spec", None),
            ("other.yaml:2:1", "spec", None),
            ("", "spec", None),
            ("d:e/f.yaml:2:1", "", None),
            ("d:e/f.yaml:2:1", "spec.hosts[x]", None),
        ],
    );
}

#[test]
fn json_on_one_line_has_places() {
    let json = r#"{"items":[{"kind":"Zone","spec":{"ttl":-1}},{"kind":"Zone","spec":{"ttl":-2}}]}"#;
    check(
        json.as_bytes(),
        &[
            ("d:e/f.yaml:1:11", "spec.ttl", Some("d:e/f.yaml:1:40")),
            ("d:e/f.yaml:1:45", "spec.ttl", Some("d:e/f.yaml:1:74")),
        ],
    );
    check(b"\xff", &[("d:e/f.yaml:1:1", "spec", None)]);
}

/// What machines write stands in one line, however long it is, and in letters of more than one octet.
#[test]
fn an_object_far_to_the_right_is_found() {
    let object = |name: &str, note: &str| {
        format!(
            r#"{{"apiVersion":"portolan.dev/v1alpha1","kind":"Zone","metadata":{{"name":"{name}","annotations":{{"note":"{note}"}}}},"spec":{{"apex":"a.example"}}}}"#
        )
    };
    let (first, second) = (object("a", &"\u{fc}".repeat(70_000)), object("b", ""));
    let file = format!(r#"{{"kind":"List","apiVersion":"v1","items":[{first},{second}]}}"#);
    for name in ["f.json", "f.yaml"] {
        let read = super::super::read(name, file.as_bytes());
        let place = read.objects.last().unwrap().place.to_string();
        let at = |text: &str| file[..file.rfind(text).unwrap()].chars().count() + 1;
        assert_eq!(place, format!("{name}:1:{}", at(r#"{"apiVersion":"portolan"#)), "{name}");
        let found = place_of_field(name, file.as_bytes(), &place, "spec.apex");
        assert_eq!(found, Some(format!("{name}:1:{}", at(r#""a.example""#))), "{name}");
        // A place that is none of an object's is no reason to fall over.
        let beside = format!("{name}:1:{}", at(r#""apiVersion":"portolan"#));
        assert!(place_of_field(name, file.as_bytes(), &beside, "spec.apex").is_some());
    }
}
