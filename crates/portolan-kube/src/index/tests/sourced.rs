//! Clusters' own objects as records: whose names they are, what each cluster gives, what a change touches.

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use serde_json::{Value, json};

use super::{Bench, made, mk, mk_global_name, mk_ingress, mk_node, mk_service, mk_slice, mk_zone};
use crate::endpoints;

const PREFIX: &str = "external-dns.kubernetes.io";
pub(super) const SOURCES: &str = "--source=service --source=ingress";

/// An object with annotations; those of External-DNS by their suffix.
pub(super) fn annotated(mut object: Value, annotations: &[(&str, &str)]) -> Value {
    for (suffix, value) in annotations {
        object["metadata"]["annotations"][format!("{PREFIX}/{suffix}")] = json!(value);
    }
    object
}

/// A Service of type LoadBalancer with a name.
pub(super) fn named(path: &str, host: &str, addresses: &[&str]) -> Value {
    let mut service = annotated(mk_service(path, addresses), &[("hostname", host)]);
    service["spec"]["type"] = json!("LoadBalancer");
    service
}

fn printed(bench: &mut Bench) -> String {
    bench.take();
    let snapshot = super::snapshot(&bench.fleet);
    let objects = endpoints::project(&snapshot, &bench.fleet, &bench.index.apart(), |_, _| true);
    let mut text = String::new();
    for object in objects {
        let namespace = object.metadata.namespace.unwrap_or_default();
        text += &format!("{namespace}/{}\n", object.metadata.name.unwrap());
        for e in object.spec.endpoints {
            let ttl = e.record_ttl.ttl().map_or("-".into(), |ttl| ttl.seconds().to_string());
            text += &format!("  {} {ttl} {} {}", e.dns_name, e.record_type, e.targets.join(","));
            text += &e.set_identifier.map(|set| format!(" set={set}")).unwrap_or_default();
            for property in e.provider_specific {
                text += &format!(" {}={}", property.name, property.value);
            }
            text.push('\n');
        }
    }
    text
}

#[test]
fn each_cluster_gives_its_own() {
    let objects = [
        ("", mk_zone("example.org", json!([{}]))),
        ("eu", named("shop/web", "shop.example.org", &["192.0.2.1", "2001:db8::1"])),
        ("eu", mk_slice("shop/web", true)),
        ("us", named("shop/web", "shop.example.org", &["198.51.100.1"])),
        ("us", mk_slice("shop/web", false)),
        (
            "us",
            mk_ingress("shop/web", &["198.51.100.2"], json!({ "rules": [{ "host": "www.example.org" }] })),
        ),
    ];
    let mut off = Bench::of(&objects);
    assert_eq!(off.show("shop.example.org"), "", "sources are off");
    let mut bench = Bench::sourced(SOURCES).with(&objects);
    assert_eq!(bench.show("shop.example.org"), "eu=192.0.2.1,2001:db8::1 Ready | us=198.51.100.1 NotReady");
    assert_eq!(bench.answer("shop.example.org"), "A 192.0.2.1 (30); AAAA 2001:db8::1 (30)");
    assert_eq!(bench.show("www.example.org"), "us=198.51.100.2 NotReady");
    assert_eq!(
        printed(&mut bench),
        "shop/ingress-web\n  www.example.org - A 198.51.100.2\n\
         shop/service-web\n  shop.example.org - A 192.0.2.1\n  shop.example.org - AAAA 2001:db8::1\n"
    );
    assert_eq!(bench.problems(Reason::Conflict), [] as [String; 0]);
    let held_by: Vec<String> =
        bench.name("shop.example.org").unwrap().held_by.iter().map(ToString::to_string).collect();
    assert_eq!(held_by, ["eu", "us"]);
    let mut only = Bench::sourced("--source=ingress").with(&objects);
    assert_eq!(only.show("shop.example.org"), "");
}

#[test]
fn a_copy_says_what_its_cluster_has() {
    let mut bench = Bench::sourced(SOURCES).with(&[
        ("a", annotated(named("shop/web", "one.example.org", &["192.0.2.1"]), &[("ttl", "60")])),
        (
            "b",
            annotated(named("shop/web", "one.example.org,two.example.org", &["192.0.2.2"]), &[("ttl", "20")]),
        ),
        ("c", named("shop/web", "one.example.org", &["192.0.2.3"])),
    ]);
    assert_eq!(
        bench.show("one.example.org"),
        "a=192.0.2.1 NotReady | b=192.0.2.2 NotReady | c=192.0.2.3 NotReady"
    );
    assert_eq!(bench.show("two.example.org"), "b=192.0.2.2 NotReady");
    assert_eq!(bench.answer("one.example.org"), "A 192.0.2.1,192.0.2.2,192.0.2.3 (20)", "the least TTL");
    bench.delete("b", &mk_service("shop/web", &[]));
    assert_eq!(bench.answer("one.example.org"), "A 192.0.2.1,192.0.2.3 (60)");
    assert_eq!(bench.show("two.example.org"), "");
    bench.set("a", &mk_service("shop/web", &["192.0.2.1"]));
    assert_eq!(bench.answer("one.example.org"), "A 192.0.2.3 (30)", "its annotation went");
    bench.index.silent(&ClusterName::from("c"), 1);
    assert_eq!(bench.show("one.example.org"), "c=192.0.2.3 NotReady", "silence deletes nothing");
    bench.index.forget(&ClusterName::from("c"));
    assert_eq!(bench.show("one.example.org"), "");
    assert_eq!(bench.problems(Reason::NoZone), [] as [String; 0]);
}

const HOST: &str = "x.example.org";

/// A Service that wants the name since a second, with an address that ends so.
fn wants(path: &str, second: u32, end: u8) -> Value {
    made(named(path, HOST, &[&format!("192.0.2.{end}")]), second)
}

/// Two objects that want one name: what stands there, and who loses.
#[track_caller]
fn check_two(first: (&'static str, Value), second: (&'static str, Value), shown: &str, loser: Option<&str>) {
    let mut bench = Bench::sourced(SOURCES).with(&[
        ("", mk_zone("example.org", json!([{}]))),
        ("a", mk_service("shop/back", &["192.0.2.9"])),
        ("b", mk_node("worker", "r", "z")),
    ]);
    for (cluster, object) in [&second, &first] {
        bench.set(cluster, object);
        bench.take();
    }
    assert_eq!(bench.show(HOST), shown);
    match loser {
        Some(loser) => bench.complains(Reason::Conflict, &[loser, HOST]),
        None => assert_eq!(bench.problems(Reason::Conflict), [] as [String; 0]),
    }
    bench.delete(first.0, &first.1);
    bench.delete(second.0, &second.1);
    assert_eq!(bench.show(HOST), "");
    assert_eq!(bench.problems(Reason::Conflict), [] as [String; 0]);
}

#[test]
fn objects_of_one_kind_and_namespace_share_a_name() {
    let both = |cluster: &str| format!("a=192.0.2.1 NotReady | {cluster}=192.0.2.2 NotReady");
    check_two(("a", wants("shop/web", 1, 1)), ("a", wants("shop/api", 2, 2)), &both("a"), None);
    check_two(("a", wants("shop/web", 2, 1)), ("b", wants("shop/api", 1, 2)), &both("b"), None);
}

#[test]
fn nobody_takes_anothers_name() {
    let ingress = mk_ingress("shop/web", &["192.0.2.2"], json!({ "rules": [{ "host": HOST }] }));
    let global = |second| made(mk_global_name("shop/global", &[HOST], &["back"]), second);
    let service = |second| ("a", wants("shop/web", second, 1));
    let loses = Some("Service shop/web (a)");
    let other = ("a", wants("evil/web", 2, 2));
    check_two(service(1), other, "a=192.0.2.1 NotReady", Some("Service evil/web (a)"));
    check_two(service(2), ("a", made(ingress, 1)), "a=192.0.2.2 NotReady", loses);
    check_two(service(2), ("", global(1)), "a=192.0.2.9 NotReady", loses);
    check_two(service(1), ("", global(2)), "a=192.0.2.1 NotReady", Some("GlobalName shop/global"));
}

#[test]
fn the_oldest_keeps_its_name_without_an_address() {
    let bare = || made(named("shop/web", HOST, &[]), 1);
    let (other, service) = (wants("evil/web", 2, 66), wants("shop/web", 1, 1));
    let mut bench = Bench::sourced(SOURCES).with(&[
        ("", mk_zone("example.org", json!([{}]))),
        ("a", bare()),
        ("a", other),
    ]);
    assert_eq!(bench.show(HOST), "", "its load balancer is not there yet");
    bench.complains(Reason::Conflict, &["Service evil/web (a)", "belongs to Service shop/web (a)"]);
    bench.set("a", &service);
    assert_eq!(bench.show(HOST), "a=192.0.2.1 NotReady");
    bench.set("a", &bare());
    assert_eq!(bench.show(HOST), "", "nobody takes it while it has none");
    bench.set("a", &made(named("shop/web", HOST, &["169.254.0.1"]), 1));
    assert_eq!(bench.show(HOST), "", "nor while it has none that can be served");
    // Another of its own namespace shares the name.
    bench.set("a", &wants("shop/api", 3, 3));
    assert_eq!(bench.show(HOST), "a=192.0.2.3 NotReady");
    bench.delete("a", &service);
    bench.delete("a", &wants("shop/api", 3, 3));
    assert_eq!(bench.show(HOST), "a=192.0.2.66 NotReady");
    assert_eq!(bench.problems(Reason::Conflict), [] as [String; 0]);
}

#[test]
fn more_addresses_than_an_offer_has_are_several_offers() {
    let addresses: Vec<String> =
        (1..=150).map(|i| format!("192.0.2.{i}")).chain(["2001:db8::1".into()]).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut bench = Bench::sourced(SOURCES).with(&[("a", named("shop/web", HOST, &addresses))]);
    let facts = bench.name(HOST).unwrap();
    let mut sizes: Vec<usize> = facts.endpoints.iter().map(|offer| offer.targets.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [23, 64, 64]);
    assert_eq!(bench.problems(Reason::LimitReached), [] as [String; 0]);
    let printed = printed(&mut bench);
    assert_eq!(printed.matches("192.0.2.").count(), 150, "{printed}");
}

#[test]
fn what_is_wrong_with_an_object_is_told_as_far_as_somebody_reads_it() {
    let hosts: Vec<String> = (0..200).map(|i| format!("-bad{i}.example.org")).collect();
    let mut bench =
        Bench::sourced(SOURCES).with(&[("a", named("shop/web", &hosts.join(","), &["192.0.2.1"]))]);
    assert_eq!(bench.problems(Reason::Invalid).len(), 16);
    bench.complains(Reason::LimitReached, &["Service shop/web (a): 184 more problems are not listed"]);
}

#[test]
fn the_fence_looks_at_each_copy() {
    let rules = json!([{ "namespaces": ["shop"], "clusters": ["eu"] }]);
    let mut bench = Bench::sourced(SOURCES).with(&[
        ("", mk_zone("example.org", rules)),
        ("eu", named("shop/web", "shop.example.org,example.org", &["192.0.2.1"])),
        ("rogue", named("shop/web", "shop.example.org", &["203.0.113.66"])),
        ("eu", named("evil/web", "evil.example.org", &["203.0.113.67"])),
    ]);
    assert_eq!(bench.show("shop.example.org"), "eu=192.0.2.1 NotReady", "a cluster cannot add itself");
    bench.complains(Reason::NotAdmitted, &["Service shop/web (rogue)", "of rogue", "shop.example.org"]);
    assert_eq!(bench.show("evil.example.org"), "");
    bench.complains(Reason::NotAdmitted, &["Service evil/web (eu)"]);
    assert_eq!(bench.show("example.org"), "");
    bench.complains(Reason::NotAdmitted, &["Service shop/web (eu)", "the apex"]);
}

#[test]
fn names_and_targets_that_are_none() {
    let mut bench = Bench::sourced(SOURCES).with(&[(
        "a",
        named(
            "shop/web",
            "shop.example.org, bad name.example.org, -x.example.org, *.example.org",
            &["192.0.2.1", "169.254.0.1", "10.0.0.1", "lb..example.net"],
        ),
    )]);
    assert_eq!(bench.show("shop.example.org"), "a=10.0.0.1,192.0.2.1 NotReady");
    assert_eq!(bench.show("*.example.org"), "a=10.0.0.1,192.0.2.1 NotReady");
    bench.complains(
        Reason::Invalid,
        &["Service shop/web (a)", "\"-x.example.org\"", "begins or ends with '-'"],
    );
    bench.complains(Reason::TargetSkipped, &["169.254.0.1", "link-local"]);
    bench.complains(Reason::TargetSkipped, &["lb..example.net"]);
    bench.complains(Reason::TargetSuspect, &["10.0.0.1"]);
    bench.complains(Reason::NoZone, &["*.example.org. and 2 more", "apex: \"example.org\""]);
}

#[test]
fn what_a_change_touches() {
    let mut headless = annotated(mk_service("shop/db", &[]), &[("hostname", "db.example.org")]);
    headless["spec"] = json!({ "clusterIP": "None", "selector": { "app": "db" } });
    let mut slice = mk_slice("shop/db", true);
    slice["endpoints"][0]["targetRef"] = json!({ "kind": "Pod", "name": "db-0" });
    let mut pod = mk("Pod", "shop/db-0", json!({ "spec": { "hostname": "db-0" } }));
    pod["metadata"]["labels"] = json!({ "app": "db" });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": { "service": { "name": "web" } } });
    let rules = json!({ "rules": [{ "host": "www.example.org", "http": { "paths": [path] } }] });
    let mut port = annotated(mk_service("shop/port", &[]), &[("hostname", "port.example.org")]);
    port["spec"] = json!({ "type": "NodePort" });
    let mut bench = Bench::sourced(SOURCES).with(&[
        ("a", headless),
        ("a", slice.clone()),
        ("a", mk_ingress("shop/web", &["192.0.2.1"], rules)),
        ("a", port),
    ]);
    assert_eq!(bench.show("db.example.org"), "", "its pod is not there");
    bench.set("a", &pod);
    assert_eq!(bench.show("db.example.org"), "a=10.0.0.1 Ready");
    assert_eq!(bench.show("db-0.db.example.org"), "a=10.0.0.1 Ready");
    pod["metadata"]["labels"] = json!({ "app": "other" });
    bench.set("a", &pod);
    assert_eq!(bench.show("db.example.org"), "");
    pod["metadata"]["labels"] = json!({ "app": "db" });
    bench.set("a", &pod);
    slice["endpoints"][0]["addresses"] = json!(["10.0.0.2"]);
    bench.set("a", &slice);
    assert_eq!(bench.show("db.example.org"), "a=10.0.0.2 Ready");
    slice["endpoints"][0]["conditions"]["ready"] = json!(false);
    bench.set("a", &slice);
    assert_eq!(bench.show("db.example.org"), "a=10.0.0.2 NotReady", "readiness takes nothing away");
    assert_eq!(bench.answer("db.example.org"), "A 10.0.0.2 (30)", "it is the last");
    bench.delete("a", &pod);
    assert_eq!(bench.show("db.example.org"), "");

    assert_eq!(bench.show("www.example.org"), "a=192.0.2.1 NotReady");
    bench.set("a", &mk_slice("shop/web", true));
    assert_eq!(bench.show("www.example.org"), "a=192.0.2.1 Ready");

    let mut node = mk_node("worker", "r", "z");
    node["status"] = json!({ "addresses": [{ "type": "ExternalIP", "address": "192.0.2.7" }] });
    bench.set("a", &node);
    assert_eq!(bench.show("port.example.org"), "a=192.0.2.7 NotReady");
    bench.delete("a", &node);
    assert_eq!(bench.show("port.example.org"), "");
}

#[test]
fn sets_stay_apart_in_another_dns() {
    let set = |cluster: &str, address: &str, ready: bool| {
        let identifier = [("set-identifier", cluster), ("aws-weight", "10")];
        [
            annotated(named("shop/web", "shop.example.org", &[address]), &identifier),
            mk_slice("shop/web", ready),
        ]
    };
    let mut bench = Bench::sourced(SOURCES);
    for (cluster, address) in [("eu", "192.0.2.1"), ("us", "lb.example.net"), ("jp", "lb.example.com")] {
        set(cluster, address, true).iter().for_each(|object| bench.set(cluster, object));
        bench.index.heard(&ClusterName::from(cluster));
    }
    let host = "shop/service-web\n  shop.example.org - ";
    assert_eq!(
        printed(&mut bench),
        format!("{host}A 192.0.2.1 set=eu aws/weight=10\n"),
        "an alias cannot stand beside an address"
    );
    bench.set("eu", &named("shop/web", "shop.example.org", &["lb.example.org"]));
    assert_eq!(
        printed(&mut bench),
        format!(
            "{host}CNAME lb.example.org\n  shop.example.org - CNAME lb.example.com set=jp aws/weight=10\n  \
             shop.example.org - CNAME lb.example.net set=us aws/weight=10\n"
        )
    );
    set("us", "lb.example.net", false).iter().for_each(|object| bench.set("us", object));
    assert!(!printed(&mut bench).contains("set=us"), "its cluster is not ready");
    let mut one = Bench::sourced(SOURCES)
        .with(&[("a", annotated(named("shop/web", "x.example.org", &["192.0.2.1"]), &[("alias", "true")]))]);
    assert_eq!(printed(&mut one), "shop/service-web\n  x.example.org - A 192.0.2.1 alias=true\n");
}

#[test]
fn a_record_and_a_source_object_of_one_name_are_one_object() {
    let objects = [
        ("", super::mk_domain("any/fed", "example.org")),
        ("", super::mk_record("shop/web", json!({ "dnsPrefix": "buy" }))),
        ("eu", annotated(named("shop/web", "a.example.net", &["192.0.2.1"]), &[("ttl", "60")])),
        ("eu", mk_slice("shop/web", true)),
    ];
    let mut bench = Bench::sourced(SOURCES).with(&objects);
    assert_eq!(
        printed(&mut bench),
        "shop/service-web\n  a.example.net 60 A 192.0.2.1\n  buy.example.org 180 CNAME web.shop.fed.svc.example.org\n  \
         web.shop.fed.svc.example.org 180 A 192.0.2.1\n"
    );
}

#[test]
fn after_a_restart_what_was_offered_stays_until_it_is_heard() {
    let objects = [
        ("", mk_zone("example.org", json!([{}]))),
        ("a", named("shop/web", "x.example.org", &["192.0.2.1"])),
        ("b", made(named("shop/api", "x.example.org", &["192.0.2.2"]), 1)),
    ];
    let before = Bench::sourced(SOURCES).with(&objects);
    let mut bench = Bench::sourced(SOURCES);
    bench.index.remember(&before.fleet, 1_000);
    bench.fleet = before.fleet.clone();
    bench.set("a", &named("shop/web", "x.example.org", &["192.0.2.9"]));
    bench.index.heard(&ClusterName::from("a"));
    assert_eq!(bench.show("x.example.org"), "a=192.0.2.9 NotReady | b=192.0.2.2 NotReady");
    bench.index.heard(&ClusterName::from("b"));
    bench.index.heard(&ClusterName::from(""));
    assert_eq!(bench.show("x.example.org"), "a=192.0.2.9 NotReady", "b has it no more");
}

#[test]
fn a_change_costs_the_same_in_a_small_and_a_large_fleet() {
    let fleet = |names: usize| {
        let mut bench = Bench::sourced(SOURCES);
        for cluster in ["eu", "us"] {
            for i in 0..names {
                bench.set(
                    cluster,
                    &named(&format!("shop/s{i}"), &format!("n{i}.example.org"), &["192.0.2.1"]),
                );
            }
            bench.index.heard(&ClusterName::from(cluster));
        }
        bench.take();
        bench
    };
    let cost = |mut bench: Bench| {
        let before = bench.index.steps();
        bench.set("eu", &named("shop/s0", "n0.example.org", &["192.0.2.2"]));
        let facts = bench.take().len();
        assert_eq!(facts, 1);
        bench.index.steps() - before
    };
    let steps = cost(fleet(10));
    assert_eq!(cost(fleet(1_000)), steps);
    assert!(steps < 20, "{steps}");
}

#[test]
fn an_address_has_one_reverse_name_whoever_is_behind_it() {
    let flags =
        "--source=service --source=ingress --create-ptr --managed-record-types=A --managed-record-types=PTR";
    let service = |path: &str, host: &str, second| made(named(path, host, &["192.0.2.1"]), second);
    let rules = json!({ "rules": [{ "host": "c.example.org" }] });
    let mut bench = Bench::sourced(flags).with(&[
        ("a", service("shop/web", "a.example.org", 1)),
        ("a", service("other/web", "b.example.org", 2)),
        ("b", made(mk_ingress("third/web", &["192.0.2.1"], rules), 3)),
    ]);
    let reverse = "1.2.0.192.in-addr.arpa";
    assert_eq!(bench.answer(reverse), "PTR a.example.org.,b.example.org.,c.example.org. (30)");
    assert_eq!(bench.problems(Reason::Conflict), [] as [String; 0]);
    let one = "shop/service-web\n  1.2.0.192.in-addr.arpa - PTR a.example.org,b.example.org,c.example.org\n";
    assert!(printed(&mut bench).contains(one), "{}", printed(&mut bench));
    bench.delete("a", &service("shop/web", "a.example.org", 1));
    assert_eq!(bench.answer(reverse), "PTR b.example.org.,c.example.org. (30)");
    // Whoever wants that name for something else has no part in it.
    bench.set("a", &service("evil/web", reverse, 4));
    assert_eq!(bench.answer(reverse), "PTR b.example.org.,c.example.org. (30)");
    bench.complains(Reason::Conflict, &["Service evil/web (a)", reverse]);
}

// === DNSEndpoints ===

fn mk_endpoint(path: &str, labels: Value, endpoints: Value) -> Value {
    let mut object = mk("DNSEndpoint", path, json!({ "spec": { "endpoints": endpoints } }));
    object["metadata"]["labels"] = labels;
    object
}

#[test]
fn options_count_for_dns_endpoints_with_their_source() {
    let record =
        |targets: Value| json!([{ "dnsName": "x.example.org", "recordType": "A", "targets": targets }]);
    let address = record(json!(["192.0.2.1"]));
    for (flags, shown) in [
        ("--source=service --label-filter=team=api", "A 192.0.2.1 (30)"),
        ("--source=crd", "A 192.0.2.1 (30)"),
        ("--source=crd --managed-record-types=CNAME", "A 192.0.2.1 (30)"),
        ("--source=crd --label-filter=team=shop", "A 192.0.2.1 (30)"),
        ("--source=crd --label-filter=team=api", ""),
        ("--source=crd --annotation-filter=team", ""),
        ("--source=crd --namespace=any", "A 192.0.2.1 (30)"),
        ("--source=crd --namespace=other", ""),
        ("--source=crd --min-ttl=72", "A 192.0.2.1 (72)"),
        ("--source=crd --exclude-target-net=192.0.2.0/24", ""),
        ("--source=crd --default-targets=192.0.2.9", "A 192.0.2.1 (30)"),
        ("--source=crd --default-targets=192.0.2.9 --force-default-targets", "A 192.0.2.9 (30)"),
    ] {
        let object = mk_endpoint("any/foreign", json!({ "team": "shop" }), address.clone());
        let mut bench = Bench::sourced(flags).with(&[("", object)]);
        assert_eq!(bench.answer("x.example.org"), shown, "{flags}");
    }
    let empty = || mk_endpoint("any/foreign", json!({}), record(json!([])));
    let mut bench = Bench::sourced("--source=crd --default-targets=lb.example.net").with(&[("", empty())]);
    assert_eq!(bench.answer("x.example.org"), "CNAME lb.example.net. (30)");
    let mut bench = Bench::sourced("--source=crd").with(&[("", empty())]);
    bench.complains(Reason::Invalid, &["spec.endpoints[0]", "has no target"]);
}

#[test]
fn default_targets_of_both_families_are_no_duplicate() {
    let records = json!([
        { "dnsName": "x.example.org", "recordType": "A", "targets": ["192.0.2.1"] },
        { "dnsName": "x.example.org", "recordType": "AAAA", "targets": ["2001:db8::1"] },
        { "dnsName": "y.example.org", "recordType": "A", "targets": ["192.0.2.1"] },
        { "dnsName": "y.example.org", "recordType": "A", "targets": ["192.0.2.2"] },
    ]);
    let flags =
        "--source=crd --force-default-targets --default-targets=198.51.100.1 --default-targets=2001:db8::9";
    let mut bench = Bench::sourced(flags).with(&[("", mk_endpoint("any/foreign", json!({}), records))]);
    assert_eq!(bench.show("x.example.org"), "-=198.51.100.1 None | -=2001:db8::9 None");
    assert_eq!(bench.problems(Reason::Duplicate).len(), 1);
    bench.complains(Reason::Duplicate, &["spec.endpoints[3]", "y.example.org. A"]);
}

#[test]
fn dns_endpoints_are_printed_with_their_source() {
    let records = json!([
        { "dnsName": "a.example.org", "recordType": "A", "targets": ["192.0.2.1"], "setIdentifier": "one",
          "providerSpecific": [{ "name": "aws/weight", "value": "10" }], "recordTTL": 60 },
        { "dnsName": "a.example.org", "recordType": "A", "targets": ["192.0.2.2"], "setIdentifier": "two" },
        { "dnsName": "mx.example.org", "recordType": "MX", "targets": ["10 mail.example.org"] },
        { "dnsName": "txt.example.org", "recordType": "TXT", "targets": ["hello"] },
        { "dnsName": "v6.example.org", "recordType": "AAAA", "targets": ["64:ff9b::c000:207"] },
        { "dnsName": "v6.example.org", "recordType": "A", "targets": ["192.0.2.9"] },
    ]);
    let object = mk_endpoint("any/foreign", json!({}), records);
    assert_eq!(printed(&mut Bench::of(&[("", object.clone())])), "");
    let flags = "--source=crd --nat64-networks=64:ff9b::/96 --managed-record-types=PTR --create-ptr";
    let mut bench = Bench::sourced(flags).with(&[("", object)]);
    assert_eq!(
        printed(&mut bench),
        "any/dnsendpoint-foreign\n  \
         1.2.0.192.in-addr.arpa 60 PTR a.example.org\n  \
         2.2.0.192.in-addr.arpa - PTR a.example.org\n  \
         7.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa - PTR v6.example.org\n  \
         7.2.0.192.in-addr.arpa - PTR v6.example.org\n  \
         9.2.0.192.in-addr.arpa - PTR v6.example.org\n  \
         a.example.org 60 A 192.0.2.1 set=one aws/weight=10\n  \
         a.example.org - A 192.0.2.2 set=two\n  \
         mx.example.org - MX 10 mail.example.org.\n  \
         txt.example.org - TXT \"hello\"\n  \
         v6.example.org - A 192.0.2.7,192.0.2.9\n  \
         v6.example.org - AAAA 64:ff9b::c000:207\n"
    );
    assert_eq!(bench.problems(Reason::Duplicate), [] as [String; 0]);
}

#[test]
fn changes_of_gateways_services_and_namespaces() {
    let gateway = |address: &str| {
        mk(
            "Gateway",
            "infra/public",
            json!({
                "spec": { "listeners": [{ "name": "x", "port": 80, "protocol": "HTTP", "allowedRoutes":
                    { "namespaces": { "from": "Selector", "selector": { "matchLabels": { "team": "shop" } } } } }] },
                "status": { "addresses": [{ "value": address }] },
            }),
        )
    };
    let parent = json!({ "name": "public", "namespace": "infra" });
    let route = mk(
        "HTTPRoute",
        "shop/web",
        json!({
            "spec": { "hostnames": ["r.example.org"], "parentRefs": [parent] },
            "status": { "parents": [{ "parentRef": parent, "conditions": [{ "type": "Accepted", "status": "True" }] }] },
        }),
    );
    let mut namespace = mk("Namespace", "shop", json!({}));
    let mut bench = Bench::sourced("--source=gateway-httproute --source=istio-gateway").with(&[("a", route)]);
    assert_eq!(bench.show("r.example.org"), "");
    bench.set("a", &gateway("192.0.2.1"));
    assert_eq!(bench.show("r.example.org"), "", "its namespace is not there");
    namespace["metadata"]["labels"] = json!({ "team": "shop" });
    bench.set("a", &namespace);
    assert_eq!(bench.show("r.example.org"), "a=192.0.2.1 None");
    bench.set("a", &gateway("192.0.2.2"));
    assert_eq!(bench.show("r.example.org"), "a=192.0.2.2 None");
    bench.delete("a", &namespace);
    assert_eq!(bench.show("r.example.org"), "");

    let mesh =
        json!({ "spec": { "selector": { "istio": "x" }, "servers": [{ "hosts": ["i.example.org"] }] } });
    let mut mesh = mk("Gateway", "istio/public", mesh);
    mesh["apiVersion"] = json!("networking.istio.io/v1");
    bench.set("a", &mesh);
    let mut service = mk_service("istio/ingress", &["192.0.2.3"]);
    service["spec"] = json!({ "selector": { "istio": "x" } });
    bench.set("a", &service);
    assert_eq!(bench.show("i.example.org"), "a=192.0.2.3 None");
    let before = bench.index.steps();
    bench.set("a", &mk_slice("istio/ingress", true));
    bench.take();
    assert!(bench.index.steps() - before < 3, "readiness is no concern of a gateway");
    service["spec"] = json!({ "selector": { "istio": "other" } });
    bench.set("a", &service);
    assert_eq!(bench.show("i.example.org"), "");
}
