//! A load balancer's status that goes empty: what keeps its addresses, for how long, and what does not
//! (faults.md F-38, F-39).

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use serde_json::{Value, json};

use super::{Bench, made, mk_global_name, mk_ingress, mk_service, mk_slice, mk_zone};

const SHOP: &str = "shop.example.net";
const NOW: i64 = 1_000_000_000;
const GRACE: i64 = 120;

fn typed(addresses: &[&str], kind: &str) -> Value {
    let mut service = mk_service("shop/web", addresses);
    service["spec"] = json!({ "type": kind });
    service
}

fn service(addresses: &[&str]) -> Value {
    typed(addresses, "LoadBalancer")
}

fn bench() -> Bench {
    let mut bench = Bench::default();
    bench.index.keep_balancers(u32::try_from(GRACE).unwrap());
    bench.index.tick(NOW, NOW);
    bench.with(&[
        ("", mk_zone("example.net", json!([{}]))),
        ("", mk_global_name("shop/web", &[SHOP], &["web"])),
        ("eu", service(&["192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
    ])
}

fn at(bench: &mut Bench, second: i64) {
    bench.index.tick(NOW + second, NOW + second);
}

#[test]
fn an_empty_status_keeps_its_addresses_for_a_while() {
    let mut bench = bench();
    bench.set("eu", &service(&[]));
    assert_eq!(bench.show(SHOP), "eu=192.0.2.1 Ready");
    assert_eq!(bench.index.next_end(), Some(NOW + GRACE));
    let told = "Service shop/web (eu): status.loadBalancer.ingress: is empty since 2001-09-09T01:46:40Z; what stood \
                there is kept until 2001-09-09T01:48:40Z";
    assert_eq!(bench.problems(Reason::Kept), [told]);
    at(&mut bench, 60);
    bench.set("eu", &service(&[]));
    assert_eq!(bench.index.next_end(), Some(NOW + GRACE), "told again, it does not begin anew");
    at(&mut bench, GRACE - 1);
    assert_eq!(bench.show(SHOP), "eu=192.0.2.1 Ready");
    at(&mut bench, GRACE);
    assert_eq!(bench.show(SHOP), "", "the end comes without an event");
    assert_eq!((bench.index.next_end(), bench.problems(Reason::Kept)), (None, vec![]));
    bench.set("eu", &service(&[]));
    assert_eq!(bench.show(SHOP), "", "what is empty has nothing to keep");
}

#[test]
fn what_comes_in_the_meantime_counts_at_once() {
    for (now, expected) in [
        (service(&["192.0.2.2"]), "eu=192.0.2.2 Ready"),
        (service(&["192.0.2.1"]), "eu=192.0.2.1 Ready"),
        (service(&["lb.elb.example"]), "eu=lb.elb.example. Ready"),
        (typed(&[], "ClusterIP"), ""),
        (made(service(&[]), 7), ""),
    ] {
        let mut bench = bench();
        bench.set("eu", &service(&[]));
        bench.take();
        bench.set("eu", &now);
        assert_eq!(bench.show(SHOP), expected, "{now}");
        assert_eq!((bench.index.next_end(), bench.problems(Reason::Kept)), (None, vec![]), "{now}");
        at(&mut bench, GRACE);
        assert_eq!(bench.show(SHOP), expected, "{now}: nothing ends any more");
    }
}

#[test]
fn what_is_sure_is_believed_at_once() {
    let external = |mut service: Value| {
        service["spec"]["externalIPs"] = json!(["203.0.113.1"]);
        service
    };
    for (now, expected) in [
        (service(&["192.0.2.2"]), "eu=192.0.2.2 Ready"),
        (typed(&[], "ClusterIP"), ""),
        (made(service(&[]), 7), ""),
        (external(service(&[])), "eu=203.0.113.1 Ready"),
    ] {
        let mut bench = bench();
        bench.set("eu", &now);
        assert_eq!((bench.show(SHOP).as_str(), bench.index.next_end()), (expected, None), "{now}");
    }
    let mut bench = bench();
    bench.set("eu", &service(&[]));
    bench.delete("eu", &service(&[]));
    assert_eq!((bench.show(SHOP).as_str(), bench.index.next_end()), ("", None));
    assert_eq!(bench.problems(Reason::Kept), [""; 0]);
}

#[test]
fn one_address_less_is_one_address_less() {
    let mut bench = bench();
    bench.set("eu", &service(&["192.0.2.1", "192.0.2.2"]));
    bench.take();
    bench.set("eu", &service(&["192.0.2.2"]));
    assert_eq!(bench.show(SHOP), "eu=192.0.2.2 Ready");
}

#[test]
fn an_ingress_too_and_nothing_without_grace_or_cluster() {
    let rules = json!({ "rules": [{ "host": "i.example.net", "http": { "paths": [] } }] });
    let ingress = |addresses: &[&str]| mk_ingress("shop/front", addresses, rules.clone());
    let mut front = mk_global_name("shop/front", &["i.example.net"], &["front"]);
    front["spec"]["backends"][0]["kind"] = json!("Ingress");
    let mut bench = self::bench().with(&[("", front), ("eu", ingress(&["192.0.2.3"]))]);
    bench.set("eu", &ingress(&[]));
    bench.set("eu", &service(&[]));
    assert!(bench.show("i.example.net").starts_with("eu=192.0.2.3 "), "{}", bench.show("i.example.net"));
    bench.index.forget(&ClusterName::from("eu"));
    assert_eq!((bench.show("i.example.net").as_str(), bench.index.next_end()), ("", None));
    assert_eq!(bench.problems(Reason::Kept), [""; 0]);

    let mut off = self::bench();
    off.index.keep_balancers(0);
    off.set("eu", &service(&[]));
    assert_eq!((off.show(SHOP).as_str(), off.index.next_end()), ("", None));
}

/// F-48: the time of day jumps, forward and back, and a grace is as long as it was.
#[test]
fn a_clock_that_jumps_ends_no_grace_and_lengthens_none() {
    for jump in [3_600, -3_600] {
        let mut bench = bench();
        bench.set("eu", &service(&[]));
        bench.index.tick(NOW + jump, NOW + 1);
        assert_eq!(bench.show(SHOP), "eu=192.0.2.1 Ready", "{jump}");
        bench.set("eu", &service(&[]));
        bench.index.tick(NOW + jump + GRACE, NOW + GRACE - 1);
        assert_eq!(bench.show(SHOP), "eu=192.0.2.1 Ready", "{jump}");
        bench.index.tick(NOW - jump, NOW + GRACE);
        assert_eq!(bench.show(SHOP), "", "{jump}");
        assert_eq!(bench.index.next_end(), None, "{jump}");
    }
    // What was kept by a clock that went ahead is kept no longer than a whole grace.
    let mut before = bench();
    before.set("eu", &service(&[]));
    let kept = before.index.kept(9);
    let mut bench = Bench::default();
    bench.index.keep_balancers(u32::try_from(GRACE).unwrap());
    bench.index.remember_kept(kept);
    bench.index.tick(NOW - 3_600, 7);
    bench.set("eu", &service(&[]));
    assert_eq!(bench.index.next_end(), Some(7 + GRACE));
}

/// Our own restart in the middle of a grace.
#[test]
fn a_restart_ends_no_grace() {
    let mut before = bench();
    before.set("eu", &service(&[]));
    at(&mut before, 50);
    let kept = before.index.kept(9);
    assert_eq!((kept.len(), kept[0].since), (1, NOW));
    assert_eq!(before.index.kept(0), [], "no more than so many");
    let after = |second: i64, service: &Value| {
        let mut bench = Bench::default();
        bench.index.keep_balancers(u32::try_from(GRACE).unwrap());
        bench.index.remember_kept(kept.clone());
        bench.index.tick(NOW + second, NOW + second);
        bench.with(&[
            ("", mk_zone("example.net", json!([{}]))),
            ("", mk_global_name("shop/web", &[SHOP], &["web"])),
            ("eu", service.clone()),
            ("eu", mk_slice("shop/web", true)),
        ])
    };
    let mut bench = after(60, &service(&[]));
    assert_eq!(bench.show(SHOP), "eu=192.0.2.1 Ready");
    assert_eq!((bench.index.next_end(), bench.index.kept(9)), (Some(NOW + GRACE), kept.clone()));
    at(&mut bench, GRACE);
    assert_eq!(bench.show(SHOP), "");
    for (second, now, expected) in [
        (60, service(&["192.0.2.2"]), "eu=192.0.2.2 Ready"),
        (60, typed(&[], "ClusterIP"), ""),
        (60, made(service(&[]), 7), ""),
        (GRACE, service(&[]), ""),
    ] {
        let mut bench = after(second, &now);
        assert_eq!(bench.show(SHOP), expected, "{now}");
        assert_eq!(bench.index.kept(9), [], "{now}: what was read is remembered no more");
    }
    // What was not read again is remembered still, and goes with its cluster.
    let mut bench = Bench::default();
    bench.index.remember_kept(kept.clone());
    assert_eq!(bench.index.kept(9), kept);
    bench.index.forget(&ClusterName::from("eu"));
    assert_eq!(bench.index.kept(9), []);
}
