//! The offline commands on small folders.

use std::path::Path;
use std::sync::Arc;

use portolan_core::{Problem, Reason};
use portolan_kube::sources::Options;

use super::{Client, Question, check, endpoints, explain, print_problem, status};
use crate::commands::Outcome;
use crate::config::said::{Flags, Said};
use crate::zones::ZoneSource;

const ZONE: &str = "apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: glb}
spec:
  apex: glb.example
  nameServers: [{name: ns1.glb.example, addresses: [192.0.2.53]}]
  admit:
  - {namespaces: [\"*\"], clusters: [\"*\"], hosts: [\"*.glb.example\"]}
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.glb.example]
  backends: [{kind: Service, name: web}]
";

fn service(address: &str, ready: bool) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{type: LoadBalancer}}
status: {{loadBalancer: {{ingress: [{{ip: {address}}}]}}}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  namespace: shop
  labels: {{kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
- {{addresses: [10.1.2.3], conditions: {{ready: {ready}}}}}
ports: []
"
    )
}

/// A fleet folder of two clusters, one of them without a ready endpoint.
fn folder(extra: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut files = vec![
        ("zone.yaml", ZONE.to_owned()),
        ("eu-1/web.yaml", service("192.0.2.10", true)),
        ("us-1/web.yaml", service("198.51.100.20", false)),
    ];
    files.extend(extra.iter().map(|(path, text)| (*path, (*text).to_owned())));
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn checked(folder: &Path) -> (Outcome, String) {
    let texts = vec![folder.display().to_string()];
    let flags = Flags { keys: [("fleet", texts)].into(), ..Flags::default() };
    let mut out = Vec::new();
    let outcome = check(&Said::gather(&flags, &|_| None), &mut out).unwrap();
    (outcome, String::from_utf8(out).unwrap())
}

#[test]
fn a_folder_without_faults() {
    let (outcome, out) = checked(folder(&[]).path());
    assert_eq!(outcome, Outcome::Fine, "{out}");
    assert!(out.ends_with(" in 2 clusters, 2 names, 1 zone\n") && out.contains("0 faults"), "{out}");
}

/// What `run` would refuse is told without an API server being asked.
#[test]
fn contexts_and_the_hub_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kc");
    let text = "{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], \
                users: [{name: u, user: {token: t}}], contexts: [{name: eu-1, context: {cluster: c, user: u}}]}";
    std::fs::write(&file, text).unwrap();
    for (contexts, hub, expected) in [
        ("eu-1", "eu-1", "0 faults, 0 warnings; what API servers have is not read here"),
        ("eu-1,eu-2", "eu-1", "has no context \"eu-2\"; it has eu-1 [Invalid]"),
        ("eu-1", "us-1", "\"us-1\" is none of the clusters that are followed: eu-1 [Invalid]"),
    ] {
        let texts = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let keys = [
            ("kubeconfig", texts(file.to_str().unwrap())),
            ("contexts", texts(contexts)),
            ("hub", texts(hub)),
        ];
        let mut out = Vec::new();
        let outcome =
            check(&Said::gather(&Flags { keys: keys.into(), ..Flags::default() }, &|_| None), &mut out)
                .unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains(expected), "{out}");
        assert_eq!(outcome == Outcome::Fine, expected.starts_with('0'), "{out}");
    }
}

#[test]
fn warnings_alone_are_no_fault() {
    let record = "apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: other, namespace: shop}
spec: {hosts: [a.other.example], backends: [{kind: Service, name: web}]}
";
    let (outcome, out) = checked(folder(&[("eu-1/other.yaml", record)]).path());
    assert_eq!(outcome, Outcome::Fine, "{out}");
    assert!(out.contains("warning: GlobalName shop/other") && out.contains("[NoZone]"), "{out}");
    assert!(out.contains("\n    kind: Zone"), "the Zone to paste stands below, further right: {out}");
}

#[test]
fn every_fault_has_its_place() {
    let (outcome, out) =
        checked(folder(&[("eu-1/a.yaml", "a: [\n"), ("us-1/b.yaml", "\tx: 1\n"), ("c.json", "")]).path());
    assert_eq!(outcome, Outcome::Faults, "{out}");
    for place in ["eu-1/a.yaml", "us-1/b.yaml:1:", "c.json"] {
        assert!(
            out.lines().any(|line| line.starts_with(place) && line.contains(": fault: ")),
            "{place}\n{out}"
        );
    }
    assert!(out.contains("3 faults, "), "{out}");
}

#[test]
fn a_folder_that_cannot_be_read_is_a_fault() {
    let folder = folder(&[]);
    for (path, expected) in [
        ("nope", "nope: fault: is not there [Unreadable]\n1 fault, 0 warnings\n"),
        ("zone.yaml", "zone.yaml: fault: is not a folder [Unreadable]\n1 fault, 0 warnings\n"),
    ] {
        let (outcome, out) = checked(&folder.path().join(path));
        assert_eq!(outcome, Outcome::Faults);
        assert_eq!(out, format!("{}/{expected}", folder.path().display()));
    }
}

#[test]
fn a_file_is_named_once() {
    let (_, out) = checked(folder(&[("eu-1/a.yaml", "a: [\n")]).path());
    let line = out.lines().find(|line| line.starts_with("eu-1/a.yaml:")).unwrap();
    assert_eq!(line.matches("a.yaml").count(), 1, "{line}");
}

#[test]
fn a_field_has_its_own_place() {
    let hosts: Vec<String> = (0..12)
        .map(|n| if n == 2 || n == 11 { "  - bad host".to_owned() } else { format!("  - h{n}.glb.example") })
        .collect();
    let record = format!(
        "# ours\n---\napiVersion: portolan.dev/v1alpha1\nkind: GlobalName\nmetadata: {{name: many, namespace: shop}}\nspec:\n  \
         backends: [{{kind: Service, name: web}}]\n  hosts:\n{}\n",
        hosts.join("\n")
    );
    let (outcome, out) = checked(folder(&[("many.yaml", &record)]).path());
    assert_eq!(outcome, Outcome::Faults, "{out}");
    let places: Vec<&str> = out.lines().filter_map(|line| line.split(": fault: ").next()).collect();
    assert_eq!(places[..2], ["many.yaml:11:5", "many.yaml:20:5"], "{out}");
}

#[test]
fn a_problem_stays_on_its_lines() {
    let problem = Problem {
        subject: "Service shop/a\nfault: forged".to_owned(),
        reason: Reason::Invalid,
        message: "\"x\x1b[2J\" is bad\nkind: Zone".to_owned(),
        place: "eu-1/a.yaml:1:2".to_owned(),
    };
    let mut out = Vec::new();
    print_problem(&problem, &mut out).unwrap();
    let expected = "eu-1/a.yaml:1:2: fault: Service shop/a\\nfault: forged: \"x\\u{1b}[2J\" is bad [Invalid]\n    kind: Zone\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_folder_is_explained() {
    let folder = folder(&[]);
    let question = Question::new("Shop.GLB.example.", "a", "203.0.113.7").unwrap();
    let mut out = Vec::new();
    explain(&Client::Folder(folder.path(), &[], &Arc::default()), &question, false, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("shop.glb.example A, asked from 203.0.113.7\n"), "{text}");
    assert!(text.contains("down     -       198.51.100.20  no ready endpoint"), "{text}");
    assert!(text.contains("shop.glb.example     15  A      192.0.2.10"), "{text}");
    let mut out = Vec::new();
    explain(&Client::Folder(folder.path(), &[], &Arc::default()), &question, true, &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["answer"]["records"][0]["data"], "192.0.2.10");
}

#[test]
fn a_folder_has_a_status() {
    let folder = folder(&[]);
    let mut out = Vec::new();
    status(&Client::Folder(folder.path(), &[], &Arc::default()), false, true, &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["names"][0]["name"], "shop.glb.example");
    assert_eq!(json["names"][0]["members"][1]["why"], "no ready endpoint");
    let mut out = Vec::new();
    status(&Client::Folder(folder.path(), &[], &Arc::default()), false, false, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("DOWN us-1: no ready endpoint"));
}

#[test]
fn endpoints_are_the_same_bytes_twice() {
    let folder = folder(&[]);
    let printed = |json| {
        let mut out = Vec::new();
        endpoints(folder.path(), &Arc::default(), json, &mut out, &mut Vec::new()).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(printed(false), printed(false));
    assert!(printed(false).contains("name: global-shop"), "{}", printed(false));
    let json: serde_json::Value = serde_json::from_str(&printed(true)).unwrap();
    assert_eq!(json["kind"], "List");
    assert_eq!(json["items"][0]["spec"]["endpoints"][0]["targets"][0], "192.0.2.10");
}

#[test]
fn endpoints_say_what_they_may_lack() {
    let suspect = service("10.0.0.1", true);
    for (path, text, expected, said) in [
        (
            "us-1/web.yaml",
            suspect.as_str(),
            Outcome::Fine,
            "us-1/web.yaml:5:34: warning: Service shop/web (us-1)",
        ),
        ("us-1/bad.yaml", "a: [\n", Outcome::Faults, "us-1/bad.yaml:"),
        (
            "us-1/refused.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: 1}\n",
            Outcome::Faults,
            "fault: Service",
        ),
    ] {
        let folder = folder(&[(path, text)]);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let outcome = endpoints(folder.path(), &Arc::default(), false, &mut out, &mut err).unwrap();
        let err = String::from_utf8(err).unwrap();
        assert_eq!(outcome, expected, "{err}");
        assert!(err.contains(said), "{err}");
        assert!(
            String::from_utf8(out).unwrap().contains("192.0.2.10"),
            "the objects are printed all the same"
        );
    }
}

#[test]
fn zone_files_stand_beside_a_folder() {
    let folder = folder(&[]);
    let text = "$ORIGIN file.example.\n@ 300 SOA ns.file.example. h.file.example. 7 1 1 1 1\n@ 300 NS ns\n\
                ns 300 A 192.0.2.54\nwww 300 A 192.0.2.80\n";
    let file = folder.path().join("file.zone");
    std::fs::write(&file, text).unwrap();
    let zones = [ZoneSource { apex: "file.example".parse().unwrap(), file: file.clone() }];
    let sources = Arc::default();
    let client = Client::Folder(folder.path(), &zones, &sources);
    let question = Question::new("www.file.example", "A", "203.0.113.7").unwrap();
    let mut out = Vec::new();
    explain(&client, &question, false, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("192.0.2.80"), "{out}");
    let mut out = Vec::new();
    status(&client, false, true, &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let zone = &json["zones"][0];
    assert_eq!((zone["apex"].as_str(), zone["names"].as_u64()), (Some("file.example"), Some(3)), "{json}");
    assert_eq!(zone["nameServers"], serde_json::json!(["ns.file.example"]));
    let texts = |text: String| vec![text];
    let keys = [
        ("fleet", texts(folder.path().display().to_string())),
        ("zones", texts(format!("file.example={}", file.display()))),
    ];
    let mut out = Vec::new();
    check(&Said::gather(&Flags { keys: keys.into(), ..Flags::default() }, &|_| None), &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.ends_with(" in 2 clusters, 2 names, 2 zones\n"), "{out}");
}

#[test]
fn an_ingress_without_a_rule_is_the_reason() {
    let text = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {rules: [{host: other.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web}}}]}}]}
status: {loadBalancer: {ingress: [{ip: 192.0.2.11}]}}
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: fo, namespace: shop}
spec:
  hosts: [fo.glb.example]
  backends: [{kind: Ingress, name: front}]
";
    let folder = folder(&[("eu-1/front.yaml", text)]);
    let reason = "Ingress shop/front has no rule for fo.glb.example";
    let sources = Arc::default();
    let client = Client::Folder(folder.path(), &[], &sources);
    let question = Question::new("fo.glb.example", "A", "203.0.113.7").unwrap();
    let mut out = Vec::new();
    explain(&client, &question, false, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains(reason) && !out.contains("no ready endpoint"), "{out}");
    let mut out = Vec::new();
    status(&client, false, true, &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let name = json["names"].as_array().unwrap().iter().find(|row| row["name"] == "fo.glb.example").unwrap();
    assert_eq!(name["members"][0]["why"], reason);
}

#[test]
fn what_is_found_out_late_has_a_place_too() {
    let zone = "apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: other}
spec:
  apex: other.example
  nameServers: [{name: ns.elsewhere.example}]
  defaultPolicy: gone
  admit: [{namespaces: [shop]}]
---
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: lost}
spec:
  allDown: {type: Fallback, name: sorry.other.example}
  hosts: ['*.glb.example']
";
    let names = "apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: two, namespace: shop}
spec:
  hosts:
  - a.other.example
  - b.other.example
  backends: [{kind: Service, name: web}]
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: named, namespace: shop}
spec:
  hosts: [c.glb.example, d.glb.example]
  policy: nobody
  backends: [{kind: Service, name: web}]
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: fenced, namespace: evil}
spec:
  hosts:
  - c.elsewhere.example
  - e.other.example
  backends: [{kind: Service, name: web}]
";
    let service = service("192.0.2.12", true).replace("namespace: shop", "namespace: evil");
    let files = [("other.yaml", zone), ("names.yaml", names), ("eu-1/evil.yaml", service.as_str())];
    let (_, out) = checked(folder(&files).path());
    for (line, times) in [
        ("other.yaml:7:18: fault: Zone other: spec.defaultPolicy: SteeringPolicy \"gone\"", 1),
        (
            "other.yaml:14:35: fault: SteeringPolicy lost: spec.allDown.name: there is no name sorry.other.example.",
            1,
        ),
        (
            "names.yaml:15:11: fault: GlobalName shop/named: spec.policy: SteeringPolicy \"nobody\" is not there",
            1,
        ),
        (
            "names.yaml:23:5: warning: GlobalName evil/fenced: spec.hosts[0]: c.elsewhere.example. is in no Zone",
            1,
        ),
        ("names.yaml:24:5: fault: GlobalName evil/fenced: spec.hosts[1]: no rule of Zone other", 1),
    ] {
        assert_eq!(out.lines().filter(|said| said.starts_with(line)).count(), times, "{line}\n{out}");
    }
}

const SOURCED: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {external-dns.kubernetes.io/ttl: 1m}}
spec: {rules: [{host: www.glb.example}]}
status: {loadBalancer: {ingress: [{ip: 192.0.2.80}]}}
";

#[test]
fn sources_are_printed_when_they_are_on() {
    let folder = folder(&[("eu-1/ingress.yaml", SOURCED)]);
    let printed = |sources: &[&str]| {
        let mut options = Options::default();
        assert_eq!(options.set("source", &sources.iter().map(ToString::to_string).collect::<Vec<_>>()), []);
        let mut out = Vec::new();
        endpoints(folder.path(), &Arc::new(options), false, &mut out, &mut Vec::new()).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert!(!printed(&[]).contains("www.glb.example"));
    assert!(!printed(&["service"]).contains("www.glb.example"));
    let text = printed(&["service", "ingress"]);
    for part in
        ["name: ingress-web", "dnsName: www.glb.example", "192.0.2.80", "recordTTL: 60", "name: global-shop"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}
