//! What a change costs depends on what it touches, counted and not timed.

use portolan_core::cluster::ClusterName;
use serde_json::json;

use super::{Bench, mk_global_name, mk_node, mk_service, mk_slice, mk_zone};

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
