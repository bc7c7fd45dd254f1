//! What we give operators to apply: taken, and each rule of our kinds seen to refuse and to admit.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use portolan_testbed::client::Error;
use portolan_testbed::{missing, part};
use serde_json::Value;

use super::{cluster, definitions};

/// A rule by its message, the kind and the part of the spec that it is about, what it must refuse, what it must
/// admit.
struct Row {
    message: &'static str,
    kind: &'static str,
    field: &'static str,
    bad: &'static [&'static str],
    good: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row {
        message: "networks goes with type Geo",
        kind: "SteeringPolicy",
        field: "order",
        bad: &["[{type: Tiers, tiers: [{clusters: [a]}], networks: [{cidr: 192.0.2.0/24, place: EU}]}]"],
        good: &["[{type: Geo, networks: [{cidr: 192.0.2.0/24, place: EU}]}]", "[{type: Geo}]"],
    },
    Row {
        message: "networksFile goes with type Geo",
        kind: "SteeringPolicy",
        field: "order",
        bad: &["[{type: Tiers, tiers: [{clusters: [a]}], networksFile: networks.csv}]"],
        good: &["[{type: Geo, networksFile: networks.csv}]"],
    },
    Row {
        message: "tiers goes with type Tiers, which needs it",
        kind: "SteeringPolicy",
        field: "order",
        bad: &["[{type: Tiers}]", "[{type: Geo, tiers: [{clusters: [a]}]}]"],
        good: &["[{type: Geo}, {type: Tiers, tiers: [{clusters: [a, b]}, {clusters: [c]}]}]"],
    },
    Row {
        message: "answers goes with type First or Weighted",
        kind: "SteeringPolicy",
        field: "pick",
        bad: &["{type: All, answers: 1}"],
        good: &["{type: First, answers: 2}", "{type: Weighted, answers: 2}", "{type: All}"],
    },
    Row {
        message: "name goes with type Fallback, which needs it",
        kind: "SteeringPolicy",
        field: "allDown",
        bad: &["{type: Fallback}", "{type: ServeAll, name: sorry.example.com}"],
        good: &["{type: Fallback, name: sorry.example.com}", "{type: Refuse}"],
    },
    Row {
        message: "place goes with type Place, which needs it",
        kind: "SteeringPolicy",
        field: "unknownLocation",
        bad: &["{type: Place}", "{type: Even, place: EU}"],
        good: &["{type: Place, place: EU}", "{type: Even}"],
    },
    Row {
        message: "latitude and longitude go together",
        kind: "MemberCluster",
        field: "location",
        bad: &["{latitude: '50.11'}", "{place: EU, longitude: '8.68'}"],
        good: &["{latitude: '50.11', longitude: '8.68'}", "{place: EU}"],
    },
];

fn manifest(row: &Row, value: &str) -> String {
    let Row { kind, field, .. } = row;
    format!(
        "{{apiVersion: portolan.dev/v1alpha1, kind: {kind}, metadata: {{name: row}}, spec: {{{field}: {value}}}}}"
    )
}

#[test]
fn each_rule_refuses_and_admits() {
    let Some(cluster) = cluster() else { return };
    for row in ROWS {
        for bad in row.bad {
            match cluster.admin().apply(&manifest(row, bad)) {
                Err(Error::Refused { code: 422, message, .. }) => {
                    assert!(message.contains(row.message), "{}: {bad}: refused for {message}", row.field);
                }
                other => panic!("{}: {bad}: {} did not refuse: {other:?}", row.field, row.message),
            }
        }
        for good in row.good {
            let admitted = cluster.admin().apply(&manifest(row, good));
            assert!(admitted.is_ok(), "{}: {good}: {admitted:?}", row.field);
        }
    }
}

/// A rule that no row is for was never seen to work.
#[test]
fn each_rule_has_a_row() {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&definitions(&[])).unwrap();
    let mut messages = BTreeSet::new();
    documents.iter().for_each(|document| gather(document, &mut messages));
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.message).collect();
    assert_eq!(messages, rows);
}

fn gather<'a>(schema: &'a Value, messages: &mut BTreeSet<&'a str>) {
    if let Some(rules) = schema["x-kubernetes-validations"].as_array() {
        messages.extend(rules.iter().map(|rule| rule["message"].as_str().unwrap()));
    }
    let fields = schema.as_object().into_iter().flat_map(|fields| fields.values());
    fields.chain(schema.as_array().into_iter().flatten()).for_each(|below| gather(below, messages));
}

/// What the demo shows is what a cluster takes, and so are the rights that we ask for: no field that its kind
/// does not have, no rule broken.
#[test]
fn what_we_ship_is_admitted() {
    let Some(cluster) = cluster() else { return };
    cluster.admin().apply("{apiVersion: v1, kind: Namespace, metadata: {name: bookinfo}}").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for file in [
        "examples/bookinfo/zone.yaml",
        "examples/bookinfo/clusters.yaml",
        "examples/bookinfo/bookinfo.yaml",
        "deploy/rbac/member.yaml",
        "deploy/rbac/hub.yaml",
        "deploy/rbac/sources.yaml",
    ] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        let admitted = cluster.admin().apply(&text);
        assert!(admitted.is_ok(), "{file}: {admitted:?}");
    }
}

/// As the how-to tells: `portolan crds | kubectl apply -f -`, and for others' kinds `create`.
#[test]
fn kubectl_takes_what_crds_prints() {
    let (Some(cluster), Some(kubectl)) = (cluster(), missing::program(&part::KUBECTL)) else { return };
    for (verb, args, kinds_min) in [("apply", vec![], 4), ("create", vec!["--compat"], 10)] {
        let printed = definitions(&args);
        let said = pipe(&kubectl, &cluster.admin_kubeconfig(), verb, &printed);
        let kinds = printed.matches("\nkind: CustomResourceDefinition\n").count();
        assert!(kinds >= kinds_min, "only {kinds} kinds to {verb}");
        assert_eq!(said.matches("customresourcedefinition.apiextensions.k8s.io/").count(), kinds, "{said}");
    }
}

/// What `kubectl VERB -f -` says of manifests.
fn pipe(kubectl: &Path, kubeconfig: &Path, verb: &str, manifests: &str) -> String {
    let mut command = Command::new(kubectl);
    command.arg("--kubeconfig").arg(kubeconfig).args([verb, "--filename", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(manifests.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let [said, complained] = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(done.status.success(), "{said}{complained}");
    said.into_owned()
}
