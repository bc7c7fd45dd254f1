//! One intent in many clusters, and one name that many want.

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use serde_json::json;

use super::{Bench, made, mk_global_name, mk_service, mk_slice};

const HOST: &str = "shop.example.org";

/// Clusters `a`, `b` and `c`, each with Services `one` and `two`.
fn bench() -> Bench {
    let mut bench = Bench::default();
    for (cluster, net) in [("a", "192.0.2"), ("b", "198.51.100"), ("c", "203.0.113")] {
        for (service, host) in [("shop/one", 1), ("shop/two", 2)] {
            bench.set(cluster, &mk_service(service, &[&format!("{net}.{host}")]));
            bench.set(cluster, &mk_slice(service, true));
        }
        bench.index.heard(&ClusterName::from(cluster));
    }
    bench.index.heard(&ClusterName::from(""));
    bench
}

#[test]
fn which_copy_counts() {
    let one = || mk_global_name("shop/web", &[HOST], &["one"]);
    let two = || mk_global_name("shop/web", &[HOST], &["two"]);
    for (what, copies, expected) in [
        ("one cluster's", vec![("b", one())], "192.0.2.1"),
        ("the majority's", vec![("a", one()), ("b", two()), ("c", two())], "192.0.2.2"),
        ("the first cluster's of a tie", vec![("b", two()), ("a", one())], "192.0.2.1"),
        ("the root's against all", vec![("", one()), ("a", two()), ("b", two()), ("c", two())], "192.0.2.1"),
        (
            "metadata does not count",
            vec![("a", made(one(), 1)), ("b", made(two(), 2)), ("c", made(two(), 3))],
            "192.0.2.2",
        ),
    ] {
        let mut bench = bench();
        for (cluster, copy) in &copies {
            bench.set(cluster, copy);
        }
        assert!(bench.show(HOST).starts_with(&format!("a={expected} Ready")), "{what}: {}", bench.show(HOST));
        let held_by: Vec<String> =
            bench.name(HOST).unwrap().held_by.iter().map(ToString::to_string).collect();
        let mut holders: Vec<String> = copies.iter().map(|(cluster, _)| (*cluster).to_owned()).collect();
        holders.sort();
        assert_eq!(held_by, holders, "{what}");
    }
}

#[test]
fn an_intent_goes_with_its_last_copy() {
    let mut bench = bench();
    let copy = mk_global_name("shop/web", &[HOST], &["one"]);
    bench.set("a", &copy);
    bench.set("b", &copy);
    bench.delete("a", &copy);
    assert!(bench.name(HOST).is_some(), "b holds it");
    bench.index.silent(&ClusterName::from("b"), 1);
    assert!(bench.name(HOST).is_some(), "a silent cluster holds it");
    bench.index.forget(&ClusterName::from("b"));
    assert!(bench.name(HOST).is_none());
}

#[test]
fn who_has_a_name() {
    let at = |path, second| made(mk_global_name(path, &[HOST], &["one"]), second);
    let undated = |path| mk_global_name(path, &[HOST], &["one"]);
    for (what, first, second, winner) in [
        ("the older", ("c", at("shop/z", 1)), ("a", at("shop/a", 2)), "z"),
        ("one with a time before one without", ("c", at("shop/z", 1)), ("a", undated("shop/a")), "z"),
        ("then by cluster", ("a", at("shop/z", 1)), ("b", at("shop/a", 1)), "z"),
        ("then by namespace", ("a", at("shop/z", 1)), ("a", at("test/a", 1)), "z"),
        ("then by name", ("a", at("shop/a", 1)), ("a", at("shop/z", 1)), "a"),
    ] {
        for swap in [false, true] {
            let mut bench = bench();
            let (one, two) = if swap { (&second, &first) } else { (&first, &second) };
            bench.set(one.0, &one.1);
            bench.take();
            bench.set(two.0, &two.1);
            assert_eq!(&*bench.name(HOST).unwrap().owner.name, winner, "{what}");
            bench.complains(Reason::Conflict, &[HOST, &format!("/{winner} ")]);
            let has = if first.1["metadata"]["name"] == winner { &first } else { &second };
            bench.delete(has.0, &has.1);
            assert_ne!(bench.name(HOST).map(|n| n.owner.name.to_string()).as_deref(), Some(winner), "{what}");
            assert!(bench.problems(Reason::Conflict).is_empty(), "the other took over");
        }
    }
}

#[test]
fn deleted_and_made_again_is_the_new_one() {
    let old = made(mk_global_name("shop/web", &[HOST], &["one"]), 1);
    let new = made(mk_global_name("shop/web", &[HOST], &["two"]), 1);
    let mut bench = bench();
    bench.set("a", &old);
    assert!(bench.show(HOST).starts_with("a=192.0.2.1"));
    bench.delete("a", &old);
    bench.set("a", &new);
    assert!(bench.show(HOST).starts_with("a=192.0.2.2"), "within one take");
    bench.set("a", &old);
    bench.take();
    bench.set("a", &new);
    assert!(bench.show(HOST).starts_with("a=192.0.2.2"), "without the delete");
}

#[test]
fn the_same_again_is_no_news() {
    let mut bench = bench();
    let copy = mk_global_name("shop/web", &[HOST], &["one"]);
    bench.set("a", &copy);
    assert!(!bench.take().is_empty());
    bench.set("a", &copy);
    bench.set("a", &mk_service("shop/one", &["192.0.2.1"]));
    bench.index.heard(&ClusterName::from("a"));
    assert_eq!(bench.take(), []);
}

#[test]
fn a_label_moves_a_slice() {
    let mut bench = bench();
    bench.set("", &mk_global_name("shop/web", &[HOST], &["one"]));
    assert!(bench.show(HOST).starts_with("a=192.0.2.1 Ready"));
    let mut slice = mk_slice("shop/one", true);
    slice["metadata"]["labels"] = json!({ "kubernetes.io/service-name": "three" });
    bench.set("a", &slice);
    assert!(bench.show(HOST).starts_with("a=192.0.2.1 NotReady"));
    bench.delete("a", &slice);
    bench.set("a", &mk_slice("shop/one", true));
    assert!(bench.show(HOST).starts_with("a=192.0.2.1 Ready"));
}
