use serde_json::{Value, json};

use super::*;
use crate::index::tests::{
    Bench, mk_domain, mk_global_name, mk_member, mk_node, mk_record, mk_service, mk_slice, mk_zone, object,
    snapshot,
};

fn bench() -> Bench {
    Bench::of(&[
        ("", mk_domain("any/fed", "example.org")),
        ("", mk_record("shop/web", json!({}))),
        ("", mk_global_name("shop/web", &["shop.example.org"], &["web"])),
        ("", mk_member("eu", json!({}))),
        ("eu", mk_node("a", "eu", "eu-a")),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
        ("us", mk_service("shop/web", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", false)),
    ])
}

/// The status of an object, at a time.
fn status(bench: &mut Bench, of: &Value, there: Option<&Value>) -> Option<Value> {
    bench.take();
    let (snapshot, problems) = (snapshot(&bench.fleet), bench.index.problems().cloned().collect::<Vec<_>>());
    let owners = Owners::of(bench.fleet.names.iter(), &snapshot);
    let wanted = wanted(&object(of), &snapshot, &bench.fleet, &owners, &Faults::of(problems, "eu-1"))?;
    over(&wanted, there, "2026-01-01T00:00:00Z")
}

/// Its conditions: `Accepted=True/Accepted`.
fn conditions(status: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |c: &Value| format!("{}={}/{}", text(&c["type"]), text(&c["status"]), text(&c["reason"]));
    status["conditions"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_kubefed_record_gets_what_kubefed_would_fill() {
    let status = status(&mut bench(), &mk_record("shop/web", json!({})), None).unwrap();
    let expected = json!({"domain": "example.org", "dns": [
        {"cluster": "eu", "loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}, "region": "eu", "zones": ["eu-a"]},
        {"cluster": "us", "loadBalancer": {}},
    ]});
    assert_eq!(status, expected);
}

#[test]
fn a_global_name_says_how_it_fares() {
    let name = mk_global_name("shop/web", &["shop.example.org"], &["web"]);
    let mut fleet = bench();
    fleet.set(
        "",
        &json!({"apiVersion": "portolan.dev/v1alpha1", "kind": "Zone", "metadata": {"name": "z"},
        "spec": {"apex": "example.org", "admit": [{"namespaces": ["shop"]}]}}),
    );
    let found = status(&mut fleet, &name, None).unwrap();
    assert_eq!(
        conditions(&found),
        "Accepted=True/Accepted Resolved=True/Resolved Healthy=True/Ready Published=True/Answered Ready=True/Ready"
    );
    let clusters = json!([{"name": "eu", "ready": true, "targets": ["192.0.2.1"]},
        {"name": "us", "ready": false, "targets": ["198.51.100.1"]}]);
    assert_eq!(found["clusters"], clusters);
    let answers = json!([{"host": "shop.example.org", "type": "A", "records": ["192.0.2.1"]}]);
    assert_eq!(found["answers"], answers);
    // The same again is nothing to write; a change of one condition keeps the times of the others.
    assert_eq!(status(&mut fleet, &name, Some(&found)), None);
    fleet.set("eu", &mk_slice("shop/web", false));
    let mut old = found;
    old["conditions"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|c| c["lastTransitionTime"] = json!("2025-01-01T00:00:00Z"));
    let next = status(&mut fleet, &name, Some(&old)).unwrap();
    let times: Vec<&str> = next["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["lastTransitionTime"].as_str().unwrap()[..4])
        .collect();
    assert!(conditions(&next).contains("Healthy=False/NoneReady"), "{}", conditions(&next));
    assert_eq!(times, ["2025", "2025", "2026", "2025", "2026"]);
}

/// Never a silent nothing: what was looked for, and where.
#[test]
fn an_intent_without_anything_behind_it_says_so() {
    let mut fleet = bench();
    let name = mk_global_name("shop/x", &["x.example.net"], &["missing"]);
    fleet.set("", &name);
    let found = status(&mut fleet, &name, None).unwrap();
    assert!(
        conditions(&found).contains("Resolved=False/NotFound Healthy=False/NoneReady"),
        "{}",
        conditions(&found)
    );
    let message = found["conditions"][1]["message"].as_str().unwrap();
    assert!(message.contains("Service shop/missing") && message.contains("eu, us"), "{message}");
}

#[test]
fn what_is_refused_is_not_accepted() {
    let mut fleet = bench();
    let name = mk_global_name("shop/y", &["y.example.net", "Y.example.net"], &["web"]);
    fleet.set("", &name);
    let found = status(&mut fleet, &name, None).unwrap();
    assert!(conditions(&found).starts_with("Accepted=False/Duplicate"), "{}", conditions(&found));
    let message = found["conditions"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("spec.hosts[1]: "), "{message}");
}

/// What was not looked for is not said to be missing.
#[test]
fn a_name_that_is_another_object_s_says_so() {
    let mut fleet = bench();
    fleet.set("", &mk_global_name("shop/a", &["shop.example.org"], &["web"]));
    let second = mk_global_name("shop/b", &["shop.example.org"], &["web"]);
    fleet.set("", &second);
    let found = status(&mut fleet, &second, None).unwrap();
    let told = conditions(&found);
    assert!(
        told.starts_with("Accepted=False/NotAdmitted Resolved=False/NotAdmitted Healthy=False/NoneReady"),
        "{told}"
    );
    assert_eq!(found["conditions"][1]["message"], "no host of it is its own");
    assert_eq!(found["conditions"][2]["message"], "no cluster offers it");
}

#[test]
fn a_member_says_whether_it_is_reached() {
    let mut fleet = bench();
    let member = mk_member("eu", json!({}));
    let found = status(&mut fleet, &member, None).unwrap();
    assert_eq!(conditions(&found), "Accepted=True/Accepted Reached=True/Reached Ready=True/Ready");
    fleet.index.silent(&ClusterName::from("eu"), 1_000);
    let found = status(&mut fleet, &member, None).unwrap();
    assert!(conditions(&found).contains("Reached=False/Silent Ready=False/Silent"), "{}", conditions(&found));
}

/// B-43: why a cluster is not followed stands in its condition, whoever found it out.
#[test]
fn a_member_says_why_it_is_not_reached() {
    let problem = |reason, message: &str| Problem {
        subject: "cluster eu".into(),
        reason,
        message: message.into(),
        place: String::new(),
    };
    let known = Cluster { silent_since: Some(1), ..Cluster::default() };
    let held = Problem { subject: "cluster eu: services".into(), ..problem(Reason::Held, "lacks 5 of 9") };
    let unreadable =
        Problem { subject: "cluster eu: services".into(), ..problem(Reason::Unreadable, "is refused") };
    let heard = Cluster::default();
    assert!(reached(Some(&heard), &[&problem(Reason::Silent, "blinks")]).is_true);
    for (cluster, problems, expected) in [
        (None, vec![], "NeverReached: it was never read"),
        (None, vec![problem(Reason::Incomplete, "x")], "NeverReached: it was never read"),
        (None, vec![problem(Reason::Silent, "is not reached: y")], "NeverReached: is not reached: y"),
        (None, vec![problem(Reason::Duplicate, "is us")], "Duplicate: is us"),
        (Some(&known), vec![], "Silent: it is not heard from; what it last gave stays"),
        (
            Some(&known),
            vec![problem(Reason::Silent, "a"), problem(Reason::Unauthorized, "b")],
            "Unauthorized: a; b",
        ),
        (
            Some(&known),
            vec![problem(Reason::Silent, "a"), unreadable.clone()],
            "Silent: a; services: is refused",
        ),
        // It is heard, and not all that it says is believed, or can be read.
        (Some(&heard), vec![held], "Held: services: lacks 5 of 9"),
        (Some(&heard), vec![unreadable.clone()], "Unreadable: services: is refused"),
        (None, vec![unreadable], "Unreadable: services: is refused"),
    ] {
        let problems: Vec<&Problem> = problems.iter().collect();
        let found = reached(cluster, &problems);
        assert_eq!(
            (found.is_true, format!("{}: {}", found.reason, found.message)),
            (false, expected.to_owned())
        );
    }
}

/// The missing zone is told of once, with the first name of many; the others must not hear that there is nothing.
#[test]
fn every_name_without_a_zone_says_so() {
    let mut fleet = bench();
    for name in ["a", "b"] {
        let name = mk_global_name(&format!("shop/{name}"), &[&format!("{name}.elsewhere.net")], &["web"]);
        fleet.set("", &name);
        let found = status(&mut fleet, &name, None).unwrap();
        assert!(
            conditions(&found).contains("Published=False/NoZone Ready=False/NoZone"),
            "{}",
            conditions(&found)
        );
        let message = |nth: usize| found["conditions"][nth]["message"].as_str().unwrap().to_owned();
        for nth in [3, 4] {
            let begin =
                format!("{name} is in no Zone, so this server does not answer for it", name = host(&name));
            assert!(message(nth).starts_with(&begin), "{}", message(nth));
        }
        let with_manifest = (0..5).filter(|nth| message(*nth).contains("kind: Zone")).collect::<Vec<_>>();
        assert_eq!(with_manifest, if host(&name).starts_with('a') { vec![0] } else { vec![] }, "said once");
    }
}

fn host(global_name: &Value) -> String {
    format!("{}.", global_name["spec"]["hosts"][0].as_str().unwrap())
}

/// A start with nothing, and a cluster that is not reached: what stood there of it was true once, and nobody knows better.
#[test]
fn what_stands_there_of_clusters_that_were_not_read_is_spared() {
    let unread: Vec<ClusterName> = vec!["us".into(), "mars".into()];
    let mut fleet = Bench::of(&[
        ("", mk_zone("example.org", json!([{ "namespaces": ["shop"] }]))),
        ("", mk_domain("any/fed", "example.org")),
        ("", mk_record("shop/web", json!({}))),
        ("", mk_global_name("shop/web", &["shop.example.org"], &["web"])),
        ("eu", mk_service("shop/web", &["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
    ]);
    let spared = |bench: &mut Bench, of: &Value, there: &Value, unread: &[ClusterName]| {
        bench.take();
        let snapshot = snapshot(&bench.fleet);
        let owners = Owners::of(bench.fleet.names.iter(), &snapshot);
        let mut wanted = wanted(&object(of), &snapshot, &bench.fleet, &owners, &Faults::default()).unwrap();
        let is_spared = spare(&mut wanted, Some(there), unread);
        (is_spared, over(&wanted, None, "2026-01-01T00:00:00Z").unwrap())
    };
    let name = mk_global_name("shop/web", &["shop.example.org"], &["web"]);
    let eu = json!({"name": "eu", "ready": true, "targets": ["192.0.2.1"]});
    let us = json!({"name": "us", "ready": true, "targets": ["198.51.100.1"]});
    let there = json!({"clusters": [
        {"name": "eu", "ready": false, "targets": ["192.0.2.9"]},
        {"name": "gone", "ready": true, "targets": ["192.0.2.8"]}, {"name": "mars", "ready": true, "targets": []}, us,
    ]});
    let (is_spared, found) = spared(&mut fleet, &name, &there, &unread);
    assert_eq!((is_spared, &found["clusters"]), (true, &json!([eu, us])));
    let (is_spared, found) = spared(&mut fleet, &name, &there, &[]);
    assert_eq!((is_spared, &found["clusters"]), (false, &json!([eu])));

    let record = mk_record("shop/web", json!({}));
    let offers =
        |cluster: &str, ip: &str| json!({"cluster": cluster, "loadBalancer": {"ingress": [{"ip": ip}]}});
    let there = json!({"dns": [offers("eu", "192.0.2.9"), offers("gone", "192.0.2.8"), offers("us", "198.51.100.1")]});
    let expected = json!([offers("eu", "192.0.2.1"), offers("us", "198.51.100.1")]);
    let (is_spared, found) = spared(&mut fleet, &record, &there, &unread);
    assert_eq!((is_spared, &found["dns"]), (true, &expected));
    // It counts as silent meanwhile, and offers nothing.
    fleet.index.silent(&"us".into(), 1_000);
    let (is_spared, found) = spared(&mut fleet, &record, &there, &unread);
    assert_eq!((is_spared, &found["dns"]), (true, &expected));
    let (is_spared, found) = spared(&mut fleet, &record, &there, &[]);
    let silent = json!([offers("eu", "192.0.2.1"), {"cluster": "us", "loadBalancer": {}}]);
    assert_eq!((is_spared, &found["dns"]), (false, &silent));
}

/// B-23 to B-37 where the schema is missing: what is refused from its first reading on says so.
#[test]
fn what_cannot_be_understood_is_not_accepted() {
    let key = ObjectKey::new(Kind::GlobalName, Some("shop"), "web");
    let refused =
        Refused { key: key.clone(), resource: None, uid: Some("u".into()), generation: Some(3), rest: None };
    let problem = Problem {
        subject: format!("{key}: spec.hosts"),
        reason: Reason::Invalid,
        message: "1 where a list is expected".into(),
        place: "hub".into(),
    };
    let faults = Faults::of(vec![problem], "eu-1");
    let found = over(&with_refused(None, &refused, &faults), None, "2026-01-01T00:00:00Z").unwrap();
    assert_eq!(conditions(&found), "Accepted=False/Invalid Ready=False/Invalid");
    assert_eq!(found["conditions"][0]["message"], "spec.hosts: 1 where a list is expected");
    assert_eq!(
        (&found["observedGeneration"], &found["conditions"][0]["observedGeneration"]),
        (&json!(3), &json!(3))
    );

    // What it was before is answered still, and what is told is of what its author wrote last.
    let mut fleet = bench();
    let zone = json!({"apiVersion": "portolan.dev/v1alpha1", "kind": "Zone", "metadata": {"name": "z"},
        "spec": {"apex": "example.org", "admit": [{"namespaces": ["shop"]}]}});
    fleet.set("", &zone);
    fleet.take();
    let object = object(&mk_global_name("shop/web", &["shop.example.org"], &["web"]));
    let snapshot = snapshot(&fleet.fleet);
    let owners = Owners::of(fleet.fleet.names.iter(), &snapshot);
    let before = wanted(&object, &snapshot, &fleet.fleet, &owners, &faults);
    let found = over(&with_refused(before, &refused, &faults), None, "2026-01-01T00:00:00Z").unwrap();
    assert!(
        conditions(&found).starts_with("Accepted=False/Invalid Resolved=True/Resolved"),
        "{}",
        conditions(&found)
    );
    assert_eq!(found["observedGeneration"], 3);

    // No more than so many problems are told; nobody is taken for accepted for that.
    let found =
        over(&with_refused(None, &refused, &Faults::default()), None, "2026-01-01T00:00:00Z").unwrap();
    assert_eq!(conditions(&found), "Accepted=False/Invalid Ready=False/Invalid");

    let key = ObjectKey::new(Kind::ServiceDnsRecord, Some("shop"), "web");
    assert_eq!(
        with_refused(None, &Refused { key, ..refused }, &faults),
        Wanted::AsItIs,
        "KubeFed's has no room"
    );
}
