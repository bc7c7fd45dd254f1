//! What a change costs depends on what it touches, counted and not timed.

use portolan_core::cluster::ClusterName;
use serde_json::json;

use super::sourced::{SOURCES, annotated};
use super::{Bench, mk, mk_global_name, mk_node, mk_service, mk_slice, mk_zone};

/// A fleet of so many names.
fn fleet(names: usize) -> Bench {
    let mut bench = Bench::default();
    bench.set("", &mk_zone("example.net", json!([{}])));
    for cluster in ["eu", "us"] {
        bench.set(cluster, &mk_node("a", cluster, &format!("{cluster}-a")));
        bench.set(cluster, &mk_service("shop/s0", &["192.0.2.1"]));
        bench.set(cluster, &mk_slice("shop/s0", true));
    }
    for i in 0..names {
        let (host, service) = (format!("n{i}.example.net"), format!("s{i}"));
        bench.set("", &mk_global_name(&format!("shop/n{i}"), &[&host], &[&service]));
    }
    for source in ["", "eu", "us"] {
        bench.index.heard(&ClusterName::from(source));
    }
    bench.take();
    bench
}

#[test]
fn a_change_costs_the_same_in_a_small_and_a_large_fleet() {
    let [mut small, mut large] = [1_000, 100_000].map(fleet);
    let unready = |bench: &mut Bench| bench.set("eu", &mk_slice("shop/s0", false));
    let moved = |bench: &mut Bench| bench.set("eu", &mk_service("shop/s0", &["192.0.2.2"]));
    let gone = |bench: &mut Bench| bench.delete("", &mk_global_name("shop/n0", &[], &[]));
    let changes = [("an endpoint", unready as fn(&mut Bench)), ("an address", moved), ("a name", gone)];
    for (what, change) in changes {
        let cost = |bench: &mut Bench| {
            let before = bench.index.steps();
            change(bench);
            let facts = bench.take().len();
            (bench.index.steps() - before, facts)
        };
        let (steps, facts) = cost(&mut small);
        assert_eq!(facts, 1, "{what}");
        assert_eq!(cost(&mut large), (steps, facts), "{what}");
        assert!((1..20).contains(&steps), "{what} took {steps} steps");
    }
}

/// A Service whose traffic stays on the Node asks for pods, and is asked again for those that it selects alone.
#[test]
fn a_pod_is_no_concern_of_services_that_do_not_select_it() {
    const SERVICES: usize = 30;
    let mut node = mk_node("n", "r", "z");
    node["status"]["addresses"] = json!([{ "type": "ExternalIP", "address": "192.0.2.1" }]);
    let service = |i: usize| {
        let host = format!("n{i}.example.org");
        let mut service = annotated(mk_service(&format!("shop/s{i}"), &[]), &[("hostname", &host)]);
        let selector = json!({ "app": format!("a{i}"), "tier": "web" });
        service["spec"] =
            json!({ "type": "NodePort", "externalTrafficPolicy": "Local", "selector": selector });
        service
    };
    let pod = |i: usize, ready: &str| {
        let labels = json!({ "app": format!("a{i}"), "tier": "web" });
        let status = json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": ready }] });
        let spec = json!({ "nodeName": "n" });
        mk(
            "Pod",
            &format!("shop/p{i}"),
            json!({ "metadata": { "labels": labels }, "spec": spec, "status": status }),
        )
    };
    let mut bench = Bench::sourced(SOURCES);
    bench.set("a", &node);
    (0..SERVICES).for_each(|i| bench.set("a", &service(i)));
    (0..SERVICES).for_each(|i| bench.set("a", &pod(i, "False")));
    bench.index.heard(&ClusterName::from("a"));
    assert_eq!(bench.show("n7.example.org"), "a=192.0.2.1 NotReady");
    let before = bench.index.steps();
    bench.set("a", &pod(7, "True"));
    assert_eq!(bench.take().len(), 1);
    // One Service, and the pods that it chooses from.
    let steps = bench.index.steps() - before;
    assert!(steps < 2 * SERVICES as u64, "{steps}");
    assert_eq!(bench.show("n7.example.org"), "a=192.0.2.1 Ready");
    // One that changes sides concerns both, and one that comes whom it is for.
    let mut moved = pod(7, "True");
    moved["metadata"]["labels"]["app"] = json!("a8");
    bench.set("a", &moved);
    assert_eq!(bench.show("n7.example.org"), "");
    assert_eq!(bench.show("n8.example.org"), "a=192.0.2.1 Ready");
    bench.set("a", &mk("Pod", "shop/new", pod(7, "True")));
    assert_eq!(bench.show("n7.example.org"), "a=192.0.2.1 Ready");
}
