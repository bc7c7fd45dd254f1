//! Records that nothing stands behind are told.

use super::*;

/// The told Incomplete problems of these objects.
#[track_caller]
fn check(objects: &[(&'static str, Value)], problems: &[&str]) {
    assert_eq!(Bench::of(objects).problems(Reason::Incomplete), problems);
}

fn global_name(kind: &str) -> Value {
    let backends = json!([{ "kind": kind, "name": "web" }]);
    mk("GlobalName", "shop/web", json!({ "spec": { "hosts": ["b.glb.example"], "backends": backends } }))
}

fn node(region: &str) -> Value {
    mk_node("n", region, "z")
}

#[test]
fn nothing_behind_a_record_is_told() {
    let domain = mk_domain("kubefed/fed", "fed.example");
    let other = mk_service("shop/other", &["192.0.2.1"]);
    let bare = mk_service("shop/web", &[]);
    let bare_ingress =
        mk_ingress("shop/web", &[], json!({ "defaultBackend": { "service": { "name": "s" } } }));
    let unusable = mk_service("shop/web", &["0.0.0.0"]);
    for (record, field, kind) in [
        (global_name("Service"), ": spec.backends[0].name", "Service"),
        (global_name("Ingress"), ": spec.backends[0].name", "Ingress"),
        (mk_record("shop/web", json!({})), "", "Service"),
        (mk_ingress_record("shop/web", &["b.glb.example"]), "", "Ingress"),
    ] {
        let subject = format!("{} shop/web{field}", record["kind"].as_str().unwrap());
        let missing = format!("{subject}: no cluster has {kind} shop/web (looked in eu-1, us-1)");
        let eu_1 = ("eu-1", node("eu"));
        let us_1 = ("us-1", node("us"));
        let at_root = [("", record.clone()), ("", domain.clone()), eu_1, us_1];
        check(&at_root, &[&missing]);
        let mut with_other = at_root.to_vec();
        with_other.push(("us-1", other.clone()));
        check(&with_other, &[&missing]);
        let mut with_bare = at_root.to_vec();
        with_bare.push(("us-1", if kind == "Service" { bare.clone() } else { bare_ingress.clone() }));
        check(
            &with_bare,
            &[&format!("{subject}: {kind} shop/web has no load balancer address in any cluster")],
        );
        if kind == "Service" {
            with_bare.push(("eu-1", unusable.clone()));
            check(
                &with_bare,
                &[&format!("{subject}: Service shop/web has no load balancer address in any cluster")],
            );
            with_bare.push(("eu-1", mk_service("shop/web", &["192.0.2.1"])));
            check(&with_bare, &[]);
        }
        check(
            &[("", record), ("", domain.clone())],
            &[&format!("{subject}: no cluster has {kind} shop/web (no cluster is known)")],
        );
    }
}

#[test]
fn what_is_told_follows_the_clusters() {
    let mut bench = Bench::of(&[("", global_name("Service")), ("eu-1", node("eu"))]);
    let told = |looked: &str| {
        vec![format!(
            "GlobalName shop/web: spec.backends[0].name: no cluster has Service shop/web (looked in {looked})"
        )]
    };
    assert_eq!(bench.problems(Reason::Incomplete), told("eu-1"));
    bench.set("us-1", &node("us"));
    bench.index.heard(&ClusterName::from("us-1"));
    assert_eq!(bench.problems(Reason::Incomplete), told("eu-1, us-1"));
    bench.index.forget(&ClusterName::from("eu-1"));
    assert_eq!(bench.problems(Reason::Incomplete), told("us-1"));
    let service = mk_service("shop/web", &["192.0.2.1"]);
    bench.set("us-1", &service);
    assert_eq!(bench.problems(Reason::Incomplete), Vec::<String>::new());
    bench.delete("us-1", &service);
    assert_eq!(bench.problems(Reason::Incomplete), told("us-1"));
    bench.delete("", &global_name("Service"));
    assert_eq!(bench.problems(Reason::Incomplete), Vec::<String>::new());
}

/// A cluster that is only remembered may well have it.
#[test]
fn a_cluster_that_is_not_heard_yet_is_no_proof() {
    let before = [("", global_name("Service")), ("eu-1", node("eu")), ("us-1", node("us"))];
    let fleet = Bench::of(&before).fleet;
    let mut bench = Bench::default();
    bench.index.remember(&fleet, 1_000);
    bench.set("", &global_name("Service"));
    bench.index.heard(&ClusterName::from(""));
    assert_eq!(bench.problems(Reason::Incomplete), Vec::<String>::new());
    bench.index.heard(&ClusterName::from("us-1"));
    let told = bench.problems(Reason::Incomplete);
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("Service shop/web (looked in us-1); not heard yet: eu-1"), "{told:?}");
}

#[test]
fn an_ingress_without_a_rule_for_the_host_is_told() {
    let rule = |host: &str| json!({ "rules": [{ "host": host }] });
    let rows = [
        (rule("a.glb.example"), true),
        (rule("*.example"), true),
        (rule("b.glb.example"), false),
        (rule("*.glb.example"), false),
        (json!({ "rules": [{}] }), false),
        (json!({ "defaultBackend": { "service": { "name": "s" } } }), false),
        (json!({}), true),
    ];
    for (spec, is_told) in rows {
        let ingress = mk_ingress("shop/web", &["192.0.2.1"], spec.clone());
        for record in [global_name("Ingress"), mk_ingress_record("shop/web", &["b.glb.example"])] {
            let told =
                Bench::of(&[("", record.clone()), ("eu-1", ingress.clone())]).problems(Reason::Incomplete);
            let kind = record["kind"].as_str().unwrap();
            let text = format!(
                "{kind} shop/web: spec.hosts[0]: Ingress shop/web (eu-1) has no rule for b.glb.example"
            );
            let mut expected = vec![text];
            expected.retain(|_| is_told);
            let told: Vec<String> = told.into_iter().filter(|text| !text.contains("region")).collect();
            assert_eq!(told, expected, "{spec}");
        }
    }
}

/// An Ingress is told of so many hosts, and the rest are counted.
#[test]
fn hosts_without_a_rule_are_limited() {
    let hosts: Vec<String> = (0..20).map(|n| format!("h{n}.glb.example")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let ingress = mk_ingress("shop/web", &["192.0.2.1"], json!({}));
    let mut bench = Bench::of(&[("", mk_ingress_record("shop/web", &hosts)), ("eu-1", ingress)]);
    let ingress = mk_ingress("shop/web", &["192.0.2.1"], json!({}));
    bench.set("us-1", &ingress);
    bench.index.heard(&ClusterName::from("us-1"));
    let told = bench.problems(Reason::Incomplete);
    assert_eq!(told.iter().filter(|text| text.contains("has no rule")).count(), 1, "{told:?}");
    let rest = told.iter().filter(|text| text.ends_with("h15.glb.example and 4 more hosts"));
    assert_eq!(rest.filter(|text| text.contains("Ingress shop/web (eu-1, us-1)")).count(), 1, "{told:?}");
}
