//! Host names of load balancers: who wants them, what stands in their place, and what does not move them.

use std::collections::BTreeSet;

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::Fleet;
use portolan_core::{Name, Reason};
use serde_json::{Value, json};

use super::super::Resolution;
use super::{
    Bench, mk_domain, mk_global_name, mk_ingress, mk_ingress_record, mk_node, mk_record, mk_service,
    mk_slice, mk_zone,
};

const SHOP: &str = "shop.example.net";
const LB: &str = "lb.elb.example";

/// A name that a cluster's Service offers, with these in its status.
fn objects(addresses: &[&str]) -> Vec<(&'static str, Value)> {
    vec![
        ("", mk_zone("example.net", json!([{}]))),
        ("", mk_global_name("shop/web", &[SHOP], &["web"])),
        ("eu", mk_service("shop/web", addresses)),
        ("eu", mk_slice("shop/web", true)),
    ]
}

fn resolving(objects: &[(&'static str, Value)]) -> Bench {
    let mut bench = Bench::default();
    bench.index.resolve_hosts();
    bench.with(objects)
}

/// What is told of what is wanted: a name that is, `!` and a name that is not.
fn wanted(bench: &mut Bench) -> Vec<String> {
    bench.take();
    let told = |(host, is_wanted): (Name, bool)| {
        format!("{}{}", if is_wanted { "" } else { "!" }, host.to_dotless())
    };
    let told: BTreeSet<String> = bench.index.hosts_wanted().into_iter().map(told).collect();
    told.into_iter().collect()
}

#[test]
fn addresses_stand_in_the_place_of_a_host_name() {
    let mut bench = resolving(&objects(&[LB]));
    assert_eq!(bench.show(SHOP), "eu=lb.elb.example. Ready");
    bench.resolved(LB, "192.0.2.2,2001:db8::1");
    assert_eq!(bench.show(SHOP), "eu=192.0.2.2,2001:db8::1 Ready");
    assert_eq!(bench.answer(SHOP), "A 192.0.2.2 (30); AAAA 2001:db8::1 (30)");
    bench.resolved(LB, "192.0.2.3");
    assert_eq!(bench.show(SHOP), "eu=192.0.2.3 Ready", "new in, old out, one step");
}

#[test]
fn every_kind_that_looks_for_a_load_balancer_resolves() {
    let rules = json!({ "rules": [{ "host": "i.example.net" }] });
    let mut bench = resolving(&[
        ("", mk_domain("any/fed", "example.org")),
        ("", mk_record("shop/web", json!({}))),
        ("", mk_zone("example.net", json!([{}]))),
        ("", mk_ingress_record("shop/web", &["i.example.net"])),
        ("eu", mk_node("n", "eu", "eu-a")),
        ("eu", mk_service("shop/web", &[LB, "192.0.2.1"])),
        ("eu", mk_slice("shop/web", true)),
        ("eu", mk_ingress("shop/web", &["other.elb.example"], rules)),
    ]);
    assert_eq!(wanted(&mut bench), [LB, "other.elb.example"]);
    bench.resolved(LB, "192.0.2.2");
    bench.resolved("other.elb.example", "192.0.2.3");
    for name in [
        "web.shop.fed.svc.example.org",
        "web.shop.fed.svc.eu.example.org",
        "web.shop.fed.svc.eu-a.eu.example.org",
    ] {
        assert!(bench.show(name).starts_with("eu=192.0.2.1,192.0.2.2 Ready"), "{name}: {}", bench.show(name));
    }
    assert!(bench.show("i.example.net").starts_with("eu=192.0.2.3 "));
}

/// faults.md F-40: each leaves the answer as it was, and is told.
#[test]
fn a_name_that_resolves_no_more_keeps_its_addresses() {
    for (said, why) in [
        ("!NXDOMAIN", "NXDOMAIN; its last addresses stay"),
        ("!SERVFAIL 192.0.2.1", "SERVFAIL; its last addresses stay"),
        (
            "0.0.0.0,169.254.1.1",
            "it has only addresses that nobody can use, as 0.0.0.0; its last addresses stay",
        ),
    ] {
        let mut bench = resolving(&objects(&[LB]));
        bench.resolved(LB, "192.0.2.1");
        bench.take();
        bench.index.tick(1_000_000_000, 0);
        bench.resolved(LB, said);
        assert_eq!(bench.show(SHOP), "eu=192.0.2.1 Ready", "{said}");
        let told = format!(
            "GlobalName shop/web: Service shop/web (eu): host name {LB}. does not resolve since 2001-09-09T01:46:40Z: {why}"
        );
        assert_eq!(bench.problems(Reason::Unresolved), [told]);
        bench.index.tick(1_000_000_100, 100);
        bench.resolved(LB, "!another");
        bench.complains(Reason::Unresolved, &["since 2001-09-09T01:46:40Z", "another"]);
        bench.resolved(LB, "192.0.2.1");
        assert_eq!(bench.problems(Reason::Unresolved), [""; 0]);
    }
}

#[test]
fn a_name_that_never_resolved_stays_an_alias() {
    let mut bench = resolving(&objects(&[LB]));
    bench.resolved(LB, "!NXDOMAIN");
    assert_eq!(bench.show(SHOP), "eu=lb.elb.example. Ready");
    assert_eq!(bench.answer(SHOP), "CNAME lb.elb.example. (30)");
    bench.complains(Reason::Unresolved, &["NXDOMAIN; it stays an alias"]);
}

#[test]
fn what_is_wrong_with_the_addresses_is_told() {
    let mut bench = resolving(&objects(&[LB]));
    bench.resolved(LB, "0.0.0.0,10.0.0.1,127.0.0.1,192.0.2.1");
    assert_eq!(bench.show(SHOP), "eu=10.0.0.1,127.0.0.1,192.0.2.1 Ready");
    bench.complains(
        Reason::TargetSkipped,
        &[
            "Service shop/web (eu): status.loadBalancer.ingress",
            "0.0.0.0",
            "(lb.elb.example. resolves to it)",
        ],
    );
    bench.complains(
        Reason::TargetSuspect,
        &["10.0.0.1 is a private address", "(lb.elb.example. resolves to it)"],
    );
    bench.complains(Reason::TargetSuspect, &["127.0.0.1 is a loopback address"]);
    let addresses = vec!["192.0.2.1".parse().unwrap()];
    let found = Resolution { addresses, count: 1_000, ..Resolution::default() };
    bench.index.resolved(&LB.parse().unwrap(), Some(found));
    assert_eq!(bench.show(SHOP), "eu=192.0.2.1 Ready");
    bench.complains(
        Reason::LimitReached,
        &["lb.elb.example. has 1000 addresses; those after the first 1 are left out"],
    );
}

#[test]
fn what_is_wanted_is_told_when_it_changes() {
    let mut bench = resolving(&objects(&[LB, "192.0.2.1"]));
    assert_eq!(wanted(&mut bench), [LB]);
    assert_eq!(wanted(&mut bench), [""; 0]);
    bench.set("eu", &mk_slice("shop/web", false));
    assert_eq!(wanted(&mut bench), [""; 0], "readiness is no concern of it");
    bench.set("us", &mk_service("shop/web", &[LB, "two.elb.example"]));
    bench.index.heard(&ClusterName::from("us"));
    assert_eq!(wanted(&mut bench), ["two.elb.example"], "only what is new");
    bench.set("eu", &mk_service("shop/web", &["192.0.2.1"]));
    assert_eq!(wanted(&mut bench), [""; 0], "the other cluster wants it still");
    bench.delete("", &mk_global_name("shop/web", &[SHOP], &["web"]));
    assert_eq!(wanted(&mut bench), ["!lb.elb.example", "!two.elb.example"]);
    let mut off = Bench::of(&objects(&[LB]));
    assert_eq!(wanted(&mut off), [""; 0]);
    off.resolved(LB, "192.0.2.1");
    assert_eq!(off.show(SHOP), "eu=lb.elb.example. Ready", "nobody resolves");
}

#[test]
fn what_nobody_wants_is_forgotten_when_nothing_more_is_said_of_it() {
    let mut bench = resolving(&objects(&[LB]));
    bench.resolved(LB, "192.0.2.1");
    bench.index.resolved(&LB.parse().unwrap(), None);
    assert_eq!(bench.show(SHOP), "eu=192.0.2.1 Ready", "it is wanted again already");
    bench.set("eu", &mk_service("shop/web", &["192.0.2.9"]));
    bench.take();
    bench.index.resolved(&LB.parse().unwrap(), None);
    bench.set("eu", &mk_service("shop/web", &[LB]));
    assert_eq!(bench.show(SHOP), "eu=lb.elb.example. Ready");
}

/// What we answer must not rest on what we answered before.
#[test]
fn a_host_name_in_a_zone_of_ours_is_not_resolved() {
    let ours = "lb.example.net";
    let mut bench = resolving(&objects(&[ours, LB]));
    assert_eq!(wanted(&mut bench), ["!lb.example.net", LB]);
    bench.resolved(ours, "192.0.2.1");
    bench.resolved(LB, "192.0.2.2");
    assert_eq!(bench.show(SHOP), "eu=192.0.2.2,lb.example.net. Ready");
    bench.set("", &mk_zone("elb.example", json!([{}])));
    assert_eq!(wanted(&mut bench), ["!lb.elb.example"], "the zone is ours now");
    assert_eq!(bench.show(SHOP), "eu=lb.elb.example.,lb.example.net. Ready");
    bench.delete("", &mk_zone("elb.example", json!([{}])));
    assert_eq!(wanted(&mut bench), [LB]);
    assert_eq!(bench.show(SHOP), "eu=192.0.2.2,lb.example.net. Ready");
    // So is that of a zone file.
    bench.index.serve_file(&"elb.example".parse().unwrap());
    assert_eq!(wanted(&mut bench), ["!lb.elb.example"]);
    assert_eq!(bench.show(SHOP), "eu=lb.elb.example.,lb.example.net. Ready");
}

/// A host name that is elsewhere and an alias of one of ours has the addresses that we gave: they must not come back
/// to us as what it resolves to.
#[test]
fn a_host_name_that_leads_back_into_a_zone_of_ours_gives_nothing() {
    let by = |way: &[&str], address: &str| Resolution {
        addresses: vec![address.parse().unwrap()],
        count: 1,
        way: way.iter().map(|name| name.parse().unwrap()).collect(),
        failure: None,
    };
    let lb: Name = LB.parse().unwrap();
    let mut bench = resolving(&objects(&[LB]));
    bench.index.resolved(&lb, Some(by(&["a.elb.example", SHOP], "192.0.2.1")));
    assert_eq!(bench.show(SHOP), "eu=lb.elb.example. Ready");
    let told = "is an alias of shop.example.net., which this server answers for itself";
    bench.complains(Reason::Unresolved, &[told, "it stays an alias"]);
    // It leads elsewhere, and there is nothing wrong; then back again, and what it had stays.
    bench.index.resolved(&lb, Some(by(&["a.elb.example"], "192.0.2.2")));
    assert_eq!(
        (bench.show(SHOP).as_str(), bench.problems(Reason::Unresolved).len()),
        ("eu=192.0.2.2 Ready", 0)
    );
    bench.index.resolved(&lb, Some(by(&[SHOP], "192.0.2.1")));
    assert_eq!(bench.show(SHOP), "eu=192.0.2.2 Ready");
    bench.complains(Reason::Unresolved, &[told, "its last addresses stay"]);
    // The zone that it leads into is ours from now on, and then not any more.
    bench.index.resolved(&lb, Some(by(&["a.else.example"], "192.0.2.3")));
    assert_eq!(bench.show(SHOP), "eu=192.0.2.3 Ready");
    bench.set("", &mk_zone("else.example", json!([{}])));
    assert_eq!(bench.show(SHOP), "eu=lb.elb.example. Ready");
    bench.delete("", &mk_zone("else.example", json!([{}])));
    assert_eq!(bench.show(SHOP), "eu=192.0.2.3 Ready");
}

#[test]
fn sources_keep_the_alias_unless_their_option_says_otherwise() {
    let named = |path: &str, host: &str| {
        let mut service = mk_service(path, &[LB]);
        service["metadata"]["annotations"] = json!({ "external-dns.kubernetes.io/hostname": host });
        service["spec"] = json!({ "type": "LoadBalancer" });
        service
    };
    for (flags, is_wanted, shown) in [
        ("--source=service", false, "eu=lb.elb.example. NotReady"),
        ("--source=service --resolve-service-load-balancer-hostname", true, "eu=192.0.2.1 NotReady"),
    ] {
        let mut bench = Bench::sourced(flags);
        bench.index.resolve_hosts();
        let mut bench =
            bench.with(&[("", mk_zone("example.net", json!([{}]))), ("eu", named("shop/web", SHOP))]);
        assert_eq!(wanted(&mut bench).is_empty(), !is_wanted, "{flags}");
        assert_eq!(bench.show(SHOP), "eu=lb.elb.example. NotReady", "{flags}");
        bench.resolved(LB, "192.0.2.1");
        assert_eq!(bench.show(SHOP), shown, "{flags}");
        bench.resolved(LB, "!NXDOMAIN");
        assert_eq!(bench.problems(Reason::Unresolved).len(), usize::from(is_wanted), "{flags}");
    }
}

/// An index after a restart; the host name was resolved before, and is not yet.
fn restarted(before: &Fleet) -> Bench {
    let mut bench = Bench { fleet: before.clone(), ..Bench::default() };
    bench.index.resolve_hosts();
    bench.index.remember(before, 500);
    bench
}

#[test]
fn after_a_restart_the_last_good_addresses_stay_until_it_is_resolved() {
    let mut before = resolving(&objects(&[LB]));
    before.resolved(LB, "192.0.2.1,192.0.2.2");
    before.take();
    for order in [["", "eu"], ["eu", ""]] {
        let mut bench = restarted(&before.fleet);
        let shown = "eu=192.0.2.1,192.0.2.2 Ready";
        assert_eq!(bench.show(SHOP), shown);
        for source in order {
            for (_, object) in objects(&[LB]).iter().filter(|(of, _)| *of == source) {
                bench.set(source, object);
            }
            bench.index.heard(&ClusterName::from(source));
            assert_eq!(bench.show(SHOP), shown, "{order:?} at {source:?}");
        }
        bench.resolved(LB, "!SERVFAIL");
        assert_eq!(bench.show(SHOP), shown);
        bench.set("eu", &mk_slice("shop/web", false));
        assert_eq!(bench.show(SHOP), "eu=192.0.2.1,192.0.2.2 NotReady", "the rest is as it is read");
        bench.resolved(LB, "192.0.2.3");
        assert_eq!(bench.show(SHOP), "eu=192.0.2.3 NotReady");
        assert!(bench.index.hosts.is_at_rest(), "nothing is recalled any more");
    }
}

#[test]
fn what_is_recalled_is_no_more_than_was_offered_for_the_same() {
    let mut objects = objects(&[LB]);
    objects.push(("", mk_global_name("shop/late", &["late.example.net"], &["late"])));
    objects.push(("eu", mk_service("shop/late", &["192.0.2.7"])));
    let mut before = resolving(&objects);
    before.resolved(LB, "192.0.2.1");
    before.take();
    let mut bench = restarted(&before.fleet);
    objects[2] = ("eu", mk_service("shop/web", &[LB, "198.51.100.1"]));
    let mut bench = {
        for (source, object) in &objects {
            bench.set(source, object);
        }
        ["", "eu"].iter().for_each(|source| bench.index.heard(&ClusterName::from(*source)));
        bench
    };
    assert_eq!(
        bench.show(SHOP),
        "eu=192.0.2.1,198.51.100.1 Ready",
        "an address that is read counts beside it"
    );
    // All is heard: of another name nothing is recalled, though its host name is not resolved either.
    bench.set("eu", &mk_service("shop/late", &["late.elb.example"]));
    assert_eq!(bench.show("late.example.net"), "eu=late.elb.example. NotReady");
    bench.set("eu", &mk_service("shop/web", &["203.0.113.1"]));
    assert_eq!(bench.show(SHOP), "eu=203.0.113.1 Ready");
}
