//! Members of the fleet: gslb-semantics 2.6, `MemberCluster`, silence.

use portolan_core::Reason;
use portolan_core::cluster::{ClusterName, ClusterState, WhenSilent};
use serde_json::json;

use super::{Bench, mk, mk_member, mk_node};

fn eu(bench: &mut Bench) -> Option<portolan_core::cluster::Cluster> {
    bench.take();
    bench.fleet.clusters.get(&ClusterName::from("eu")).cloned()
}

/// A drain of a cluster that nobody has drains nothing, and must not look as if it did.
#[test]
fn a_drain_that_is_misspelt_is_told_with_what_may_be_meant() {
    let mut bench = Bench::of(&[("", mk_member("eu-l", json!({ "state": "Draining" })))]);
    let told = |bench: &Bench| {
        let all = bench.index.problems().filter(|problem| problem.reason == Reason::Incomplete);
        all.map(|problem| format!("{}: {}", problem.subject, problem.message)).collect::<Vec<_>>().join("\n")
    };
    assert!(told(&bench).ends_with("That it is Draining drains nothing"), "{}", told(&bench));
    bench.index.heard(&ClusterName::from("eu-1"));
    bench.take();
    assert!(
        told(&bench).starts_with("cluster eu-l: has a MemberCluster and was never read"),
        "{}",
        told(&bench)
    );
    assert!(told(&bench).ends_with("drains nothing; did you mean \"eu-1\"?"), "{}", told(&bench));
    bench.set("", &mk_member("eu-l", json!({})));
    bench.take();
    assert!(!told(&bench).contains("drains"), "{}", told(&bench));
}

#[test]
fn region_and_zones() {
    let labelled = |name: &str, labels: serde_json::Value| {
        let mut node = mk("Node", name, json!({}));
        node["metadata"]["labels"] = labels;
        node
    };
    let beta = |region: &str, zone: &str| json!({ "failure-domain.beta.kubernetes.io/region": region, "failure-domain.beta.kubernetes.io/zone": zone });
    let mut both = beta("old", "old-a");
    both["topology.kubernetes.io/region"] = json!("new");
    both["topology.kubernetes.io/zone"] = json!("new-a");
    for (what, objects, region, zones, reason) in [
        ("nothing", vec![], None, "", None),
        (
            "today's labels",
            vec![mk_node("a", "eu", "eu-a"), mk_node("b", "eu", "eu-b")],
            Some("eu"),
            "eu-a,eu-b",
            None,
        ),
        ("the beta labels", vec![labelled("a", beta("eu", "eu-a"))], Some("eu"), "eu-a", None),
        ("today's before the beta labels", vec![labelled("a", both)], Some("new"), "new-a", None),
        (
            "MemberCluster",
            vec![mk_member("eu", json!({ "region": "r", "zones": ["z"] }))],
            Some("r"),
            "z",
            None,
        ),
        (
            "Nodes before MemberCluster",
            vec![mk_node("a", "eu", "eu-a"), mk_member("eu", json!({ "region": "r", "zones": ["z"] }))],
            Some("eu"),
            "eu-a",
            None,
        ),
        (
            "an empty label is none",
            vec![mk_node("a", "", ""), mk_member("eu", json!({ "region": "r" }))],
            Some("r"),
            "",
            None,
        ),
        (
            "the first Node's of several",
            vec![mk_node("b", "two", "two-a"), mk_node("a", "one", "one-a")],
            Some("one"),
            "one-a",
            Some(Reason::Invalid),
        ),
    ] {
        let mut bench = Bench::default();
        for object in &objects {
            bench.set("eu", object);
        }
        bench.index.heard(&ClusterName::from("eu"));
        let cluster = eu(&mut bench).unwrap();
        let shown: Vec<&str> = cluster.zones.iter().map(|zone| &**zone).collect();
        assert_eq!((cluster.region.as_deref(), shown.join(",").as_str()), (region, zones), "{what}");
        let told = bench.index.problems().map(|p| p.reason).next();
        assert_eq!(told, reason, "{what}");
    }
}

#[test]
fn member_cluster_says_the_rest() {
    let said = json!({ "location": { "place": "EU/DE" }, "weight": 3, "state": "Draining", "whenSilent": { "type": "Drain" } });
    let mut bench =
        Bench::of(&[("", mk_member("eu", said)), ("eu", mk_member("eu", json!({ "weight": 9 })))]);
    let cluster = eu(&mut bench).unwrap();
    assert_eq!(cluster.place.unwrap().to_string(), "EU/DE");
    assert_eq!(cluster.weight, Some(3), "the root beats the cluster's own copy");
    assert_eq!((cluster.state, cluster.when_silent), (ClusterState::Draining, WhenSilent::Drain));
    bench.delete("", &mk_member("eu", json!({})));
    assert_eq!(eu(&mut bench).unwrap().weight, Some(9));
    bench.set("eu", &mk_member("us", json!({})));
    bench.take();
    assert!(!bench.fleet.clusters.contains_key(&ClusterName::from("us")), "a description makes no member");
}

#[test]
fn silence_and_its_end() {
    let mut bench = Bench::of(&[("", mk_member("eu", json!({}))), ("eu", mk_node("a", "eu", "eu-a"))]);
    let name = ClusterName::from("eu");
    bench.index.silent(&name, 77);
    let cluster = eu(&mut bench).unwrap();
    assert_eq!((cluster.silent_since, cluster.region.as_deref()), (Some(77), Some("eu")));
    bench.index.heard(&name);
    assert_eq!(eu(&mut bench).unwrap().silent_since, None);
    bench.delete("", &mk_member("eu", json!({})));
    assert!(eu(&mut bench).is_some(), "a cluster that is heard stays a member");
    bench.set("", &mk_member("eu", json!({})));
    bench.index.silent(&name, 78);
    bench.delete("", &mk_member("eu", json!({})));
    assert_eq!(eu(&mut bench), None, "a silent one goes with its MemberCluster");
    assert_eq!(bench.problems(Reason::Silent), [""; 0]);
}

#[test]
fn what_is_not_heard_whole_is_no_member() {
    let mut bench = Bench::default();
    bench.set("eu", &mk_node("a", "eu", "eu-a"));
    assert_eq!(eu(&mut bench), None);
    bench.index.silent(&ClusterName::from("eu"), 5);
    assert_eq!(eu(&mut bench).unwrap().region, None, "half a cluster says nothing");
    bench.index.heard(&ClusterName::from("eu"));
    assert_eq!(eu(&mut bench).unwrap().region.as_deref(), Some("eu"));
    let view = bench.index.clusters().next().unwrap();
    assert_eq!((view.heard, view.objects), (true, 1));
}

#[test]
fn a_disabled_cluster_has_no_levels() {
    let mut bench = Bench::of(&[
        ("", super::mk_domain("any/fed", "example.org")),
        ("", super::mk_record("shop/web", json!({}))),
        ("eu", mk_node("a", "eu", "eu-a")),
    ]);
    assert!(bench.name("web.shop.fed.svc.eu.example.org").is_some());
    bench.set("", &mk_member("eu", json!({ "state": "Disabled" })));
    assert!(bench.name("web.shop.fed.svc.eu.example.org").is_none());
    bench.set("", &mk_member("eu", json!({ "state": "Draining" })));
    assert!(bench.name("web.shop.fed.svc.eu.example.org").is_some());
}
