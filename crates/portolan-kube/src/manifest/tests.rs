use proptest::prelude::*;

use super::*;
use crate::kubefed::RecordTtl;
use crate::object::{Body, Kind};

mod values;

/// What a file gives: its objects (`Kind ns/name @LINE:COLUMN`) and its problems without the file.
fn told(file: &str, bytes: &[u8]) -> (Vec<String>, Vec<String>, bool) {
    let manifest = read(file, bytes);
    let prefix = format!("{file}:");
    let short = |text: &str| text.strip_prefix(&prefix).expect("begins with its file").to_owned();
    let objects =
        manifest.objects.iter().map(|at| format!("{} @{}", at.object.key, short(&at.place.to_string())));
    (objects.collect(), manifest.problems.iter().map(|p| short(&p.to_string())).collect(), manifest.whole)
}

fn check(file: &str, bytes: impl AsRef<[u8]>, objects: &[&str], problems: &[&str], whole: bool) {
    let bytes = bytes.as_ref();
    let name = String::from_utf8_lossy(bytes).chars().take(300).collect::<String>();
    let (got_objects, got_problems, got_whole) = told(file, bytes);
    assert_eq!(got_problems, problems, "problems of {name:?}");
    assert_eq!(got_objects, objects, "objects of {name:?}");
    assert_eq!(got_whole, whole, "wholeness of {name:?}");
}

/// A good object in three lines, to stand after what is bad.
const GOOD: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: good}\n";

// === What is read ===

#[test]
fn many_shapes_are_read() {
    let node = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"node"}}"#;
    let node_and_good = format!("{node}\n---\n{GOOD}");
    let typed = r#"{"apiVersion":"v1","kind":"ServiceList","items":[{"metadata":{"name":"a"}}, {"metadata":{"name":"b"}}]}"#;
    let rows: &[(&str, &str, &[&str])] = &[
        ("f.yaml", GOOD, &["Service default/good @1:1"]),
        (
            "f.yaml",
            "# a comment\n---\nnull\n---\n~\n---\napiVersion: v1\nkind: Node\nmetadata: {name: node}\n",
            &["Node node @7:1"],
        ),
        ("f.yaml", "apiVersion: net.example/v1\nkind: AllowList\nmetadata: {name: xx}\nitems: 7\n", &[]),
        ("f.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: xx}\nspec: 7\n", &[]),
        ("f.yaml", "apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: old}\n", &[]),
        ("f.yaml", "\u{feff}apiVersion: v1\nkind: Node\nmetadata: {name: bom}\n", &["Node bom @1:1"]),
        ("f.yaml", "apiVersion: v1\r\nkind: Node\r\nmetadata:\r\n  name: crlf\r\n", &["Node crlf @1:1"]),
        (
            "f.yaml",
            "%YAML 1.2\n---\napiVersion: v1\nkind: Node\nmetadata: {name: node}\n",
            &["Node node @1:1"],
        ),
        (
            "f.yaml",
            "--- # first\n\napiVersion: v1\nkind: Node\nmetadata: {name: node}\n",
            &["Node node @3:1"],
        ),
        ("f.yaml", &node_and_good, &["Node node @1:1", "Service default/good @3:1"]),
        ("f.yaml", "{apiVersion: v1, kind: Node, metadata: {name: flow}}", &["Node flow @1:1"]),
        (
            "f.yaml",
            "kind: Node\napiVersion: v1\nmetadata: &m\n  name: node\n  labels: {a: b}\n",
            &["Node node @1:1"],
        ),
        ("f.yaml", node, &["Node node @1:1"]),
        ("f.json", &format!("{node}\n  {node}"), &["Node node @1:1", "Node node @2:3"]),
        ("f.json", typed, &["Service default/a @1:50", "Service default/b @1:77"]),
    ];
    for (file, text, objects) in rows {
        check(file, text, objects, &[], true);
    }
}

#[test]
fn a_list_is_its_items() {
    let plain = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: node}\n- apiVersion: apps/v1\n  kind: Deployment\n  items:\n  - x\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: s\n    namespace: shop\nkind: List\nmetadata: {resourceVersion: \"\"}\n";
    let objects = ["Node node @3:3", "Service shop/s @10:3"];
    check("f.yaml", plain, &objects, &[], true);
    check(
        "f.yaml",
        plain.replace("metadata: {name: node}", "metadata: &m {name: node}"),
        &objects,
        &[],
        true,
    );
    let indented = "kind: List\napiVersion: v1\nitems:\n  - {apiVersion: v1, kind: Node, metadata: {name: a}}\n  -\n    apiVersion: v1\n    kind: Node\n    metadata: {name: b}\n";
    check("f.yaml", indented, &["Node a @4:5", "Node b @5:4"], &[], true);
    let json = "{\"kind\": \"List\", \"apiVersion\": \"v1\",\n \"metadata\": {\"items\": [1]},\n \"items\": [\n  {\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"]\\\"[\"}},\n  {\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"b\"}}]}";
    check("f.json", json, &["Node ]\"[ @4:3", "Node b @5:3"], &[], true);
    check("f.yaml", "apiVersion: v1\nkind: List\nitems: []\n", &[], &[], true);
}

#[test]
fn every_kind_and_group_is_known() {
    let groups = crate::kubefed::GROUPS.map(|group| format!("{group}/v1alpha1"));
    let mut rows = vec![
        ("v1", "Endpoints", "", Kind::Endpoints),
        ("discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4\nendpoints: []\n", Kind::EndpointSlice),
        ("networking.k8s.io/v1", "Ingress", "", Kind::Ingress),
        ("externaldns.k8s.io/v1alpha1", "DNSEndpoint", "spec: {endpoints: []}\n", Kind::DnsEndpoint),
        ("portolan.dev/v1alpha1", "Zone", "spec: {apex: a.example}\n", Kind::Zone),
        (
            "portolan.dev/v1alpha1",
            "GlobalName",
            "spec: {hosts: [a.example], backends: [{kind: Service, name: web}]}\n",
            Kind::GlobalName,
        ),
        ("portolan.dev/v1alpha1", "SteeringPolicy", "spec: {}\n", Kind::SteeringPolicy),
        ("portolan.dev/v1alpha1", "MemberCluster", "spec: {}\n", Kind::MemberCluster),
    ];
    for group in &groups {
        rows.extend([
            (group.as_str(), "Domain", "domain: a.example\n", Kind::Domain),
            (group, "ServiceDNSRecord", "spec: {domainRef: d}\n", Kind::ServiceDnsRecord),
            (
                group,
                "MultiClusterServiceDNSRecord",
                "spec: {federationName: d, dnsSuffix: a.example}\n",
                Kind::ServiceDnsRecord,
            ),
            (group, "IngressDNSRecord", "spec: {hosts: [a.example]}\n", Kind::IngressDnsRecord),
            (group, "MultiClusterIngressDNSRecord", "spec: {hosts: [a.example]}\n", Kind::IngressDnsRecord),
            (group, "DNSEndpoint", "spec: {endpoints: []}\n", Kind::DnsEndpoint),
        ]);
    }
    for (group, name, rest, kind) in rows {
        let text =
            format!("apiVersion: {group}\nkind: {name}\nmetadata: {{name: xx, namespace: ns}}\n{rest}");
        let manifest = read("f.yaml", text.as_bytes());
        let key = ObjectKey::new(kind, Some("ns"), "xx");
        assert_eq!(manifest.problems, [], "{text}");
        assert_eq!(manifest.objects.iter().map(|at| &at.object.key).collect::<Vec<_>>(), [&key], "{text}");
    }
}

#[test]
fn what_nobody_needs_is_dropped() {
    let long = "x".repeat(ANNOTATION_BYTES_MAX + 1);
    let text = format!(
        "apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata:\n  name: node\n  annotations:\n    kept: short\n    dropped: {long}\n    portolan.dev/endpoints: {long}\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {{}}\n  managedFields:\n  - manager: x\nstatus:\n  images: []\n"
    );
    let manifest = read("f.yaml", text.as_bytes());
    let Body::DnsEndpoint(object) = &manifest.objects[0].object.body else { panic!("one object") };
    let kept: Vec<&str> = object.metadata.annotations.iter().flatten().map(|(key, _)| key.as_str()).collect();
    assert_eq!(kept, ["kept", "portolan.dev/endpoints"]);
    assert_eq!(object.metadata.managed_fields, None);
}

// === Bad input ===

/// Each line ten times the one before: 10^5 texts, were the anchors followed.
const BOMB: &str = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n";

#[test]
fn a_file_that_does_not_parse_is_not_whole() {
    let deep: String = (0..=DEPTH_MAX).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let rows: &[(&str, &[u8], &str)] = &[
        ("f.yaml", b"", "1:1: f.yaml: Unreadable: is empty; a manifest holds at least one object"),
        ("f.yaml", b" \n\n", "1:1: f.yaml: Unreadable: is empty; a manifest holds at least one object"),
        ("f.json", b"", "1:1: f.json: Unreadable: is empty; a manifest holds at least one object"),
        ("f.yaml", b"a: 1\nb: \xff", "2:4: f.yaml: Unreadable: is not UTF-8 here; a manifest is text"),
        ("f.yaml", b"\xff\xfea\0", "1:1: f.yaml: Unreadable: is not UTF-8 here; a manifest is text"),
        (
            "f.yaml",
            b"a: 1\nb\0: 1",
            "2:2: f.yaml: Unreadable: the control character U+0000 stands here; a manifest is text",
        ),
        (
            "f.yaml",
            b"\x7fELF\x02\x01",
            "1:5: f.yaml: Unreadable: the control character U+0002 stands here; a manifest is text",
        ),
        (
            "f.yaml",
            b"a:\n\t- b\n",
            "2:1: f.yaml: Unreadable: a tab indents this line; YAML is indented with spaces",
        ),
        (
            "f.yaml",
            b"a:\n  b: 1\n  \tc: 2\n",
            "3:3: f.yaml: Unreadable: a tab indents this line; YAML is indented with spaces",
        ),
        (
            "f.yaml",
            BOMB.as_bytes(),
            "5:36: f.yaml: Unreadable: aliases repeat more than 100000 nodes in one document",
        ),
        (
            "f.yaml",
            b"a: *a\n",
            "1:4: f.yaml: Unreadable: this alias names an anchor that does not stand before it",
        ),
        (
            "f.yaml",
            b"x: 1\na:\n  b: {c: 1}\na: 3\n",
            "4:1: f.yaml: Unreadable: the key `a` stands twice, first at line 2",
        ),
        (
            "f.yaml",
            b"x:\n- {a: 1, a: 3}\n",
            "2:10: f.yaml: Unreadable: the key `a` stands twice, first at line 2",
        ),
        (
            "f.json",
            b"{\"a\": 1,\n \"a\": 3}",
            "2:2: f.json: Unreadable: the key `a` stands twice, first at line 1",
        ),
        (
            "f.yaml",
            b"# one\n# two: {a: 1}\n---\ny:\n- {b: 1}\n- a: [a, a]\n  b: a\n  c: {a: 1}\n  a: 2\n",
            "9:3: f.yaml: Unreadable: the key `a` stands twice, first at line 6",
        ),
        ("f.yaml", b"a: [1,\n", "1:4: f.yaml: Unreadable: unclosed bracket '['"),
        ("f.yaml", b"a: b: c\n", "1:5: f.yaml: Unreadable: mapping values are not allowed in this context"),
        ("f.yaml", b"a: \"b\n", "1:4: f.yaml: Unreadable: unclosed quote"),
        ("f.json", b"{\"a\": 1,}", "1:9: f.json: Unreadable: trailing comma"),
        ("f.json", b"{\"a\": 1\n\"b\"}", "2:1: f.json: Unreadable: expected `,` or `}`"),
        ("f.json", b"a: 1", "1:1: f.json: Unreadable: expected value"),
        ("f.yaml", deep.as_bytes(), "65:65: f.yaml: Unreadable: is nested deeper than 64 levels"),
    ];
    for (file, bytes, problem) in rows {
        check(file, bytes, &[], &[problem], false);
    }
}

#[test]
fn a_fault_hides_neither_the_next_document_nor_its_faults() {
    let text = format!("a: [\n---\n{GOOD}---\nb: 'x\n---\n{GOOD}");
    let problems =
        ["1:4: f.yaml: Unreadable: unclosed bracket '['", "7:4: f.yaml: Unreadable: unclosed quote"];
    let (objects, told, whole) = told("f.yaml", text.as_bytes());
    assert_eq!(objects, ["Service default/good @3:1", "Service default/good @9:1"]);
    assert_eq!((told.as_slice(), whole), (&problems.map(String::from)[..], false));
}

/// What `kubectl get -o yaml` prints, cut anywhere, must not look like an order to forget.
#[test]
fn a_file_that_was_not_written_to_its_end_is_not_whole() {
    let rule = "an object has apiVersion, kind and metadata.name; was the file written to its end?";
    let rows: &[(&str, &str)] = &[
        ("- a\n", "1:1: F: Unreadable: is a list where an object is expected: RULE"),
        ("apiVersion\n", "1:1: F: Unreadable: \"apiVersion\" is a text where an object is expected: RULE"),
        ("7\n", "1:1: F: Unreadable: 7 is a whole number where an object is expected: RULE"),
        ("kind: Service\n", "1:1: F: Unreadable: has no apiVersion: RULE"),
        ("apiVersion: v1\n", "1:1: F: Unreadable: has no kind: RULE"),
        ("apiVersion: v1\nkind:\n", "1:1: F: Unreadable: has no kind: RULE"),
        ("{}\n", "1:1: F: Unreadable: has no apiVersion: RULE"),
        ("apiVersion: v1\nitems:\n- apiVersion: v1\n", "1:1: F: Unreadable: has no kind: RULE"),
        (
            "apiVersion: v1\nkind: List\nmetadata: {}\n",
            "1:1: F: Unreadable: List has no items; a list has them, if only `items: []`",
        ),
        (
            "apiVersion: v1\nkind: List\nitems:\n",
            "1:1: F: Unreadable: items of List is empty where a list is expected",
        ),
        (
            "apiVersion: v1\nkind: ServiceList\nitems: {}\n",
            "1:1: F: Unreadable: items of ServiceList is an object where a list is expected",
        ),
        (
            "apiVersion: portolan.dev/v1alpha1\nkind: ZoneList\n",
            "1:1: F: Unreadable: ZoneList has no items; a list has them, if only `items: []`",
        ),
        (
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  metadata: {name: xx}\n",
            "4:3: F: Unreadable: has no kind: RULE",
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [7]\n",
            "3:9: F: Unreadable: 7 is a whole number where an object is expected: RULE",
        ),
        (
            "apiVersion: v1\nkind: Status\nstatus: Failure\nmessage: services is forbidden\n",
            "1:1: F: Unreadable: is a Status, with which a cluster says that it failed, and no object: \"services is forbidden\"",
        ),
    ];
    for (text, problem) in rows {
        let problem = problem.replace("F:", "f.yaml:").replace("RULE", rule);
        let good = format!("Service default/good @{}:1", text.lines().count() + 2);
        check("f.yaml", format!("{text}---\n{GOOD}"), &[&good], &[&problem], false);
        check("f.yaml", text, &[], &[&problem], false);
    }
    let nothing = "1:1: F: Unreadable: holds no object, only comments and empty documents; to take its objects away, delete the file";
    for (file, text) in [
        ("f.yaml", "# only a comment\n"),
        ("f.yaml", "---\n---\n# nothing\n...\n"),
        ("f.yaml", "null\n---\n~\n"),
        ("f.json", "null"),
    ] {
        check(file, text, &[], &[&nothing.replace("F:", &format!("{file}:"))], false);
    }
}

/// Every cut of a list as `kubectl` prints it, at a line end: the whole is whole, and nothing less.
#[test]
fn no_part_of_a_list_is_whole() {
    let whole = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: a\n- apiVersion: v1\n  kind: Node\n  metadata:\n    name: b\nkind: List\n";
    for (at, _) in whole.match_indices('\n') {
        let part = &whole[..=at];
        assert_eq!(read("f.yaml", part.as_bytes()).whole, part == whole, "{part}");
    }
}

#[test]
fn an_object_that_is_wrong_costs_only_itself() {
    let rows: &[(&str, &str)] = &[
        (
            "apiVersion: v1\nkind: Service\n",
            "1:1: Service: metadata.name: Invalid: is missing; every object has a name",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: \"\"}\n",
            "1:1: Service: metadata.name: Invalid: is missing; every object has a name",
        ),
        (
            "apiVersion: portolan.dev/v1alpha1\nkind: GlobalNam\n",
            "1:1: GlobalNam: Invalid: portolan.dev/v1alpha1 GlobalNam is unknown; known are Zone, GlobalName, SteeringPolicy and MemberCluster of portolan.dev/v1alpha1",
        ),
    ];
    for (text, problem) in rows {
        check(
            "f.yaml",
            format!("{text}---\n{GOOD}"),
            &[&format!("Service default/good @{}:1", text.lines().count() + 2)],
            &[problem],
            true,
        );
    }
}

#[test]
fn a_wrong_type_is_refused_with_its_place() {
    let rows: &[(&str, &str)] = &[
        (
            "spec:\n  ports: http\n",
            "6:10: Service shop/a: spec.ports: Invalid: \"http\" is a text where a list is expected",
        ),
        (
            "spec:\n  ports:\n  - name: x\n    port: http\n",
            "8:11: Service shop/a: spec.ports[0].port: Invalid: \"http\" is a text where a whole number is expected",
        ),
        (
            "spec: {ports: [{port: 1.5}]}\n",
            "5:23: Service shop/a: spec.ports[0].port: Invalid: 1.5 is a number with a fraction where a whole number is expected",
        ),
        (
            "spec: {ports: [{port: 3000000000}]}\n",
            "5:23: Service shop/a: spec.ports[0].port: Invalid: 3000000000 is not -2147483648 to 2147483647",
        ),
        ("spec: []\n", "5:7: Service shop/a: spec: Invalid: is a list where an object is expected"),
        (
            "status:\n  loadBalancer:\n    ingress: {ip: 1.2.3.4}\n",
            "7:14: Service shop/a: status.loadBalancer.ingress: Invalid: is an object where a list is expected",
        ),
    ];
    for (text, problem) in rows {
        let text = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: shop}}\n\n{text}");
        check("f.yaml", &text, &[], &[problem], true);
        let key = ObjectKey::new(Kind::Service, Some("shop"), "a");
        assert_eq!(read("f.yaml", text.as_bytes()).refused, [key]);
    }
    check(
        "f.yaml",
        "apiVersion: v1\nkind: Node\nmetadata:\n  name: node\n  labels: {version: 1}\n",
        &[],
        &["5:21: Node node: metadata.labels.version: Invalid: 1 is a whole number where a text is expected"],
        true,
    );
    let policy = "apiVersion: portolan.dev/v1alpha1\nkind: SteeringPolicy\nmetadata: {name: p}\nspec:\n";
    let rows = [
        (
            "  ttl: soon\n",
            "5:8: SteeringPolicy p: spec.ttl: Invalid: \"soon\" is a text where a whole number is expected",
        ),
        (
            "  pick: First\n",
            "5:9: SteeringPolicy p: spec.pick: Invalid: \"First\" is a text where an object is expected",
        ),
        (
            "  weights: {a: true}\n",
            "5:16: SteeringPolicy p: spec.weights.a: Invalid: true is true or false where a whole number is expected",
        ),
        (
            "  order: {}\n",
            "5:10: SteeringPolicy p: spec.order: Invalid: is an object where a list is expected",
        ),
    ];
    for (text, problem) in rows {
        check("f.yaml", format!("{policy}{text}"), &[], &[problem], true);
    }
    check(
        "f.yaml",
        "apiVersion: multiclusterdns.kubefed.io/v1alpha1\nkind: ServiceDNSRecord\nmetadata: {name: r}\nspec:\n  dnsPrefix: x\n",
        &[],
        &["5:3: ServiceDNSRecord default/r: spec: Invalid: has no domainRef, which must be there"],
        true,
    );
}

#[test]
fn every_wrong_type_is_told_at_once() {
    let text = "apiVersion: portolan.dev/v1alpha1\nkind: SteeringPolicy\nmetadata: {name: p}\nspec:\n  hosts: [1, a.example, 2, y]\n  \
                ttl: soon\n  wieghts: {}\n";
    let told = [
        "5:11: SteeringPolicy p: spec.hosts[0]: Invalid: 1 is a whole number where a text is expected",
        "5:25: SteeringPolicy p: spec.hosts[2]: Invalid: 2 is a whole number where a text is expected",
        "5:28: SteeringPolicy p: spec.hosts[3]: Invalid: y is true or false where a text is expected (in quotes it is a text)",
        "6:8: SteeringPolicy p: spec.ttl: Invalid: \"soon\" is a text where a whole number is expected",
        "7:3: SteeringPolicy p: spec.wieghts: UnknownField: no such field in portolan.dev/v1alpha1",
    ];
    check("f.yaml", text, &[], &told, true);
    // A required field that has a wrong type is not missing as well.
    let text =
        "apiVersion: portolan.dev/v1alpha1\nkind: Zone\nmetadata: {name: z}\nspec: {apex: [], ttl: '5'}\n";
    let told = [
        "4:14: Zone z: spec.apex: Invalid: is a list where a text is expected",
        "4:23: Zone z: spec.ttl: Invalid: \"5\" is a text where a whole number is expected",
    ];
    check("f.yaml", text, &[], &told, true);
}

#[test]
fn a_place_in_a_list_is_found() {
    let yaml = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: 7}}\n-   apiVersion: v1\n    kind: Service\n    metadata: {name: b}\n    spec:\n      ports: 8\n- apiVersion: v1\n  kind: Service\n  metadata: {name: c}\n";
    let wrong = |place: &str, name: &str, value: u8| {
        format!(
            "{place}: Service default/{name}: spec.ports: Invalid: {value} is a whole number where a list is expected"
        )
    };
    let problems = [wrong("4:70", "a", 7), wrong("9:14", "b", 8)];
    let problems: Vec<&str> = problems.iter().map(String::as_str).collect();
    check("f.yaml", yaml, &["Service default/c @10:3"], &problems, true);
    let json = "{\"kind\": \"List\", \"apiVersion\": \"v1\",\n \"items\": [ {\"apiVersion\": \"v1\", \"kind\": \"Service\",\n \"metadata\": {\"name\": \"a\"}, \"spec\": {\"ports\": 7}}, {\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"b\"}, \"spec\": {\"ports\": 8}}]}";
    let problems = [wrong("3:47", "a", 7), wrong("3:137", "b", 8)];
    let problems: Vec<&str> = problems.iter().map(String::as_str).collect();
    check("f.json", json, &[], &problems, true);
}

#[test]
fn an_unknown_field_of_ours_is_told_and_passed_over() {
    let text = "apiVersion: portolan.dev/v1alpha1\nkind: SteeringPolicy\nmetadata: {name: p, unknown: 1}\nstatus: {unknown: 1}\nspec:\n  health: {probe: x}\n  pick: {type: All, more: 1}\n  order:\n  - type: Geo\n    typo: 1\nextra: 1\n";
    let told = |place: &str, path: &str| {
        format!(
            "{place}: SteeringPolicy p: {path}: UnknownField: no such field in portolan.dev/v1alpha1; the object is used without it"
        )
    };
    let problems = [
        told("6:3", "spec.health"),
        told("7:21", "spec.pick.more"),
        told("10:5", "spec.order[0].typo"),
        told("11:1", "extra"),
    ];
    let problems: Vec<&str> = problems.iter().map(String::as_str).collect();
    check("f.yaml", text, &["SteeringPolicy p @1:1"], &problems, true);
    check(
        "f.yaml",
        format!("{GOOD}spec: {{unknown: 1}}\nmore: 2\n"),
        &["Service default/good @1:1"],
        &[],
        true,
    );
}

#[test]
fn a_wrong_record_ttl_costs_only_itself() {
    let rows = [
        ("-1", "-1"),
        ("2147483648", "2147483648"),
        ("1000000000000000000", "1000000000000000000"),
        ("\"300\"", "\"300\""),
        ("1.5", "1.5"),
        ("true", "true"),
        ("[1]", "a list"),
        ("{a: 1}", "a map"),
    ];
    for (value, shown) in rows {
        let text = format!(
            "apiVersion: multiclusterdns.kubefed.io/v1alpha1\nkind: ServiceDNSRecord\nmetadata: {{name: r}}\nspec:\n  domainRef: d\n  recordTTL: {value}\n"
        );
        let problem = format!(
            "6:14: ServiceDNSRecord default/r: spec.recordTTL: Invalid: {shown} must be whole seconds from 1 to 2147483647; 0 or absent is the default"
        );
        check("f.yaml", &text, &["ServiceDNSRecord default/r @1:1"], &[&problem], true);
        let Body::ServiceDnsRecord(record) = &read("f.yaml", text.as_bytes()).objects[0].object.body else {
            panic!("one record")
        };
        assert_eq!(record.spec.record_ttl, RecordTtl::Unset);
    }
    let endpoint = "apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: {name: e}\nspec:\n  endpoints:\n  - dnsName: a\n    recordTTL: 60\n  - dnsName: b\n    recordTTL: -3\n";
    let problem = "9:16: DNSEndpoint default/e: spec.endpoints[1].recordTTL: Invalid: -3 must be whole seconds from 1 to 2147483647; 0 or absent is the default";
    check("f.yaml", endpoint, &["DNSEndpoint default/e @1:1"], &[problem], true);
}

// === Limits ===

#[test]
fn a_large_file_is_refused_unread() {
    assert_eq!(too_large("f.yaml", FILE_BYTES_MAX), None);
    let problem = too_large("f.yaml", 50 * 1024 * 1024).expect("50 MiB are too much").to_string();
    assert_eq!(
        problem,
        "f.yaml:1:1: f.yaml: Unreadable: has 52428800 bytes; a manifest has at most 33554432"
    );
    let bytes = vec![b'#'; usize::try_from(FILE_BYTES_MAX).unwrap() + 1];
    assert!(!read("f.yaml", &bytes).whole);
}

#[test]
fn limits_hold() {
    let documents = "a\n---\n".repeat(DOCUMENTS_MAX + 1);
    let manifest = read("f.yaml", documents.as_bytes());
    assert!(!manifest.whole);
    assert_eq!(manifest.problems.len(), PROBLEMS_MAX + 1);
    let last = manifest.problems.last().map(ToString::to_string).unwrap_or_default();
    assert_eq!(last, "f.yaml:1:1: f.yaml: LimitReached: has 99001 more problems; 1000 are told");
}

/// Says how long a fleet of ten thousand names takes; asserts nothing of it.
#[test]
fn ten_thousand_names() {
    let names = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
    let text: String =
        (0..names).map(|n| include_str!("tests/name.yaml").replace("NAME", &format!("web-{n}"))).collect();
    let start = std::time::Instant::now();
    let manifest = read("f.yaml", text.as_bytes());
    let took = start.elapsed();
    println!("{names} names, {} bytes, {} objects: {took:?}", text.len(), manifest.objects.len());
    assert_eq!((manifest.objects.len(), manifest.problems.len()), (3 * names, 0));
}

proptest! {
    /// A good file with some bytes changed ends nothing, and what is not whole says why.
    #[test]
    fn any_bytes_are_survived(
        json in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = include_bytes!("tests/name.yaml").to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()));
        let manifest = read(if json { "f.json" } else { "f.yaml" }, &bytes);
        prop_assert!(manifest.whole || !manifest.problems.is_empty());
    }
}
