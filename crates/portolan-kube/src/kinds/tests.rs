use kube::Resource;

use super::*;

/// The example of the design, with the field that this version does not know yet.
const POLICY: &str = r#"
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: near-then-weighted}
spec:
  hosts: ["*.shop.example.com"]
  order:                     # stages; each splits the tiers that the one before made
  - type: Geo                #   same city > subdivision > country > region > continent > rest, by GeoIP, CIDR map or ECS
  # - type: Distance         #   great-circle distance to the cluster, bias in percent
  # - type: Latency          #   measured round-trip time from this client's network to each cluster
  # - type: Tiers            #   fixed lists: failover
  pick: {type: Weighted, answers: 1}   # All (order drawn per answer) | First | Weighted | Sticky (rendezvous by client prefix)
  weights: {eu-1: 3, eu-2: 1}          # or from each cluster's capacity
  minimumHealthy: 1                    # below it, the next tier; when no tier has enough, the first with any healthy member
  allDown: {type: ServeAll}            # as if all were up: this client's first tier | Fallback {name} | Empty | Refuse
  unknownLocation: {type: Even}
  health: {...}                        # probes, thresholds, quorum
  ttl: 30                              # halved while anything is down
"#;

#[test]
fn the_example_of_the_design_parses() {
    let policy: SteeringPolicy = serde_saphyr::from_str(POLICY).unwrap();
    let spec = policy.spec;
    assert_eq!(policy.metadata.name.as_deref(), Some("near-then-weighted"));
    assert_eq!(spec.hosts, ["*.shop.example.com"]);
    assert_eq!(spec.order.iter().map(|stage| &stage.type_).collect::<Vec<_>>(), [&StageType::Geo]);
    assert_eq!(spec.pick, Some(Pick { type_: PickType::Weighted, answers: Some(1) }));
    assert_eq!(spec.weights, [("eu-1".to_owned(), 3), ("eu-2".to_owned(), 1)].into());
    assert_eq!(spec.minimum_healthy, Some(1));
    assert_eq!(spec.all_down, Some(AllDown { type_: AllDownType::ServeAll, name: None }));
    assert_eq!(
        spec.unknown_location,
        Some(UnknownLocation { type_: UnknownLocationType::Even, place: None })
    );
    assert_eq!(spec.ttl, Some(30));
}

/// `serde_ignored` is how a reader of manifests learns of unknown fields; the path must be the YAML's own.
#[test]
fn an_unknown_field_is_seen_and_passed_over() {
    let value: serde_json::Value = serde_saphyr::from_str(POLICY).unwrap();
    let mut unknown = Vec::new();
    let spec: SteeringPolicySpec =
        serde_ignored::deserialize(&value["spec"], |path| unknown.push(path.to_string())).unwrap();
    assert_eq!(unknown, ["health"]);
    assert_eq!(spec.ttl, Some(30));
}

#[test]
fn a_word_of_a_later_version_is_kept() {
    let stage: Stage = serde_saphyr::from_str("{type: Latency}").unwrap();
    assert_eq!(stage.type_, StageType::Other("Latency".into()));
    assert_eq!(serde_json::to_string(&stage).unwrap(), r#"{"type":"Latency"}"#);
    assert_eq!(StageType::WORDS, ["Geo", "Tiers"]);
}

/// Faults B-24: what is no whole number is no object; null is as good as absent.
#[test]
fn numbers_are_whole_numbers() {
    for (ttl, expected) in [
        (r#""300""#, None),
        ("1.5", None),
        ("1e30", None),
        ("NaN", None),
        ("[1]", None),
        ("null", Some(None)),
        ("-1", Some(Some(-1))),
        ("1000000000000000000", Some(Some(1_000_000_000_000_000_000))),
    ] {
        let value: serde_json::Value = serde_saphyr::from_str(&format!("{{ttl: {ttl}}}")).unwrap();
        let spec = serde_json::from_value::<SteeringPolicySpec>(value);
        assert_eq!(spec.map(|spec| spec.ttl).ok(), expected, "{ttl}");
    }
}

fn check_round_trip<T>(yaml: &str)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let read: T = serde_saphyr::from_str(yaml).unwrap();
    let written = serde_saphyr::to_string(&read).unwrap();
    let said: serde_json::Value = serde_saphyr::from_str(yaml).unwrap();
    let back: serde_json::Value = serde_saphyr::from_str(&written).unwrap();
    assert_eq!(said, back, "every field is written as it is read");
}

#[test]
fn every_field_is_written_as_it_is_read() {
    check_round_trip::<Zone>(
        r#"
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: global}
spec:
  apex: global.example.com
  nameServers: [{name: ns1.global.example.com, addresses: [192.0.2.53, "2001:db8::53"]}]
  soa: {rname: hostmaster@example.com, refresh: 1, retry: 2, expire: 3, negativeTTL: 4}
  ttl: 300
  defaultPolicy: near
  admit: [{namespaces: [shop], clusters: [eu-*], hosts: ["*.global.example.com"]}]
status: {observedGeneration: 2}
"#,
    );
    check_round_trip::<GlobalName>(
        r#"
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: web, namespace: shop}
spec:
  hosts: [shop.global.example.com]
  backends: [{kind: Service, name: web}, {kind: Ingress, name: web}]
  policy: near
  ttl: 15
  allowServiceWithoutEndpoints: true
"#,
    );
    check_round_trip::<MemberCluster>(
        r#"
apiVersion: portolan.dev/v1alpha1
kind: MemberCluster
metadata: {name: eu-1}
spec:
  region: eu-west
  zones: [a, b]
  location: {place: EU/DE, latitude: "50.11", longitude: "8.68"}
  weight: 3
  state: Draining
  whenSilent: {type: Drain}
"#,
    );
    check_round_trip::<SteeringPolicy>(
        r#"
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: near}
spec:
  hosts: ["*.example.com"]
  order:
  - {type: Geo, networks: [{cidr: 203.0.113.0/24, place: EU/DE}], networksFile: networks.csv}
  - {type: Tiers, tiers: [{clusters: [eu-1, eu-2]}, {clusters: [us-1]}]}
  pick: {type: First, answers: 2}
  weights: {eu-1: 3}
  minimumHealthy: 2
  allDown: {type: Fallback, name: sorry.example.com}
  unknownLocation: {type: Place, place: EU}
  ttl: 30
"#,
    );
}

#[test]
fn an_empty_list_says_nothing() {
    let spec: ZoneSpec = serde_saphyr::from_str("{apex: example.com, admit: []}").unwrap();
    assert_eq!(spec, ZoneSpec { apex: "example.com".into(), ..ZoneSpec::default() });
}

/// Attributes take no constants, so the group and version stand in each kind.
#[test]
fn all_kinds_are_of_one_group_and_version() {
    for (group, version, kind) in [
        (Zone::group(&()), Zone::version(&()), Zone::kind(&())),
        (GlobalName::group(&()), GlobalName::version(&()), GlobalName::kind(&())),
        (SteeringPolicy::group(&()), SteeringPolicy::version(&()), SteeringPolicy::kind(&())),
        (MemberCluster::group(&()), MemberCluster::version(&()), MemberCluster::kind(&())),
    ] {
        assert_eq!((&*group, &*version), (GROUP, VERSION), "{kind}");
    }
}
