//! A mesh: zones are the root's, and who asks for names is told as each cluster's. DESIGN section 2.

use portolan_core::Reason;
use portolan_core::cluster::ClusterName;
use serde_json::{Value, json};

use super::{Bench, Event, mk_domain, mk_global_name, mk_record, mk_service, mk_zone};

const CLUSTERS: [&str; 3] = ["ap", "eu", "us"];
/// What each cluster's Service has.
const ADDRESS: &str = "192.0.2.1";

fn name(host: &str) -> Value {
    mk_global_name("shop/web", &[host], &["web"])
}

fn old() -> Value {
    name("old.example.net")
}

fn new() -> Value {
    name("new.example.net")
}

/// One of a mesh that has read all clusters, each with this intent, where it has one.
fn mesh(held: [Option<Value>; 3]) -> Bench {
    let mut objects = vec![("", mk_zone("example.net", json!([{}])))];
    for (cluster, held) in CLUSTERS.into_iter().zip(held) {
        objects.push((cluster, mk_service("shop/web", &[ADDRESS])));
        objects.extend(held.map(|held| (cluster, held)));
    }
    Bench::of(&objects)
}

/// The hosts that are answered, and the clusters that are told to disagree.
fn told(bench: &mut Bench) -> (String, String) {
    let hosts =
        ["old", "new"].into_iter().filter(|host| bench.name(&format!("{host}.example.net")).is_some());
    let hosts: Vec<&str> = hosts.collect();
    let disagreeing = bench.problems(Reason::Disagreement);
    let of = |problem: &String| problem.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
    (hosts.join(" "), disagreeing.iter().map(of).collect::<Vec<_>>().join(" "))
}

/// What most clusters hold counts, of equally many the first by name, and who holds something else is named.
#[test]
fn what_most_hold_counts() {
    let rows: [([Option<Value>; 3], &str, &str); 9] = [
        ([None, None, None], "", ""),
        ([None, None, Some(old())], "old", ""),
        ([Some(old()), Some(old()), Some(old())], "old", ""),
        ([Some(new()), Some(old()), Some(old())], "old", "ap"),
        ([Some(old()), Some(new()), Some(old())], "old", "eu"),
        ([Some(new()), Some(new()), Some(old())], "new", "us"),
        ([None, Some(new()), Some(old())], "new", "us"),
        ([Some(old()), None, Some(new())], "old", "us"),
        ([Some(name("third.example.net")), Some(new()), Some(old())], "", "eu us"),
    ];
    for (held, hosts, disagreeing) in rows {
        let mut bench = mesh(held.clone());
        let expected = (hosts.to_owned(), disagreeing.to_owned());
        assert_eq!(told(&mut bench), expected, "{held:?}");
    }
}

#[test]
fn who_disagrees_is_told_whose_counts_and_why() {
    let mut bench = mesh([Some(new()), Some(old()), Some(old())]);
    bench.complains(
        Reason::Disagreement,
        &["GlobalName shop/web (ap): spec: ap holds another than eu, whose counts: 2 of 3 clusters hold it"],
    );
    let mut bench = mesh([None, Some(new()), Some(old())]);
    bench.complains(Reason::Disagreement, &["us holds another than eu, whose counts: none is held by more"]);
    // A fleet folder has copies beside the clusters' too.
    bench.set("", &name("root.example.net"));
    assert!(bench.name("root.example.net").is_some());
    bench.complains(
        Reason::Disagreement,
        &["eu holds another than the one beside the clusters, which counts"],
    );
    assert_eq!(bench.problems(Reason::Disagreement).len(), 2);
}

/// What is no spec does not count: each cluster has its own metadata, and its own status.
#[test]
fn copies_agree_by_their_specs() {
    let mut other = old();
    other["metadata"]["labels"] = json!({ "by": "argo" });
    other["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:07Z");
    other["status"] = json!({ "conditions": [] });
    let mut bench = mesh([Some(old()), Some(other), None]);
    assert_eq!(told(&mut bench), ("old".to_owned(), String::new()));
}

/// Each row: the clusters that are silent, those that delete it, and whether it is there then.
#[test]
fn it_is_gone_when_no_reachable_cluster_holds_it_and_no_silent_one_did() {
    let rows: [(&[&str], &[&str], bool); 6] = [
        (&[], &["ap"], true),
        (&[], &["ap", "eu"], true),
        (&[], &["ap", "eu", "us"], false),
        (&["us"], &["ap", "eu"], true),
        (&["ap", "eu"], &["us"], true),
        (&["ap", "eu", "us"], &[], true),
    ];
    for (silent, deleting, is_there) in rows {
        let mut bench = mesh([Some(old()), Some(old()), Some(old())]);
        silent.iter().for_each(|cluster| bench.event(&Event::Silent(cluster)));
        deleting.iter().for_each(|cluster| bench.delete(cluster, &old()));
        assert_eq!(bench.name("old.example.net").is_some(), is_there, "{silent:?} {deleting:?}");
        // F-55: who was silent comes back, and says that it is gone there too.
        for cluster in silent {
            bench.delete(cluster, &old());
            bench.event(&Event::Heard(cluster));
        }
        let is_deleted = silent.len() + deleting.len() == CLUSTERS.len();
        assert_eq!(bench.name("old.example.net").is_none(), is_deleted, "{silent:?} {deleting:?}");
    }
}

/// F-51: a partition in halves. Each half has a process, and goes on; when it heals both have the same again, and no
/// name is lost.
#[test]
fn f_51_a_partition_in_halves() {
    let both = || [(); 2].map(|()| mesh([Some(old()), Some(old()), Some(old())]));
    // What the clusters of each half change, and then: hosts and disagreement in each half, and in both after it.
    type Change = (&'static str, Option<Value>);
    type Found = (&'static str, &'static str);
    type Row = (Vec<Change>, [Found; 2], Found);
    let rows: [Row; 6] = [
        // Two change it: their half goes by that, the other by what it knew.
        (vec![("ap", Some(new())), ("eu", Some(new()))], [("new", "us"), ("old", "")], ("new", "us")),
        // One changes it: it is outvoted in its own half too, by whom it knew.
        (vec![("us", Some(new()))], [("old", ""), ("old", "us")], ("old", "us")),
        // All do, each half for itself.
        (
            vec![("ap", Some(new())), ("eu", Some(new())), ("us", Some(new()))],
            [("new", "us"), ("old", "us")],
            ("new", ""),
        ),
        // It is deleted in one half, and stays as the other holds it.
        (vec![("ap", None), ("eu", None)], [("old", ""), ("old", "")], ("old", "")),
        // It is deleted in both: no half may take away what the other held, and both do when they know.
        (vec![("ap", None), ("eu", None), ("us", None)], [("old", ""), ("old", "")], ("", "")),
        (vec![("ap", None), ("us", Some(new()))], [("old", ""), ("old", "us")], ("old", "us")),
    ];
    let halves: [&[&'static str]; 2] = [&["ap", "eu"], &["us"]];
    for (changes, split, healed) in rows {
        let mut processes = both();
        let change = |bench: &mut Bench, (cluster, now): &Change| match now {
            Some(now) => bench.set(cluster, now),
            None => bench.delete(cluster, &old()),
        };
        let (mut found, mut after) = (Vec::new(), Vec::new());
        for (bench, half) in processes.iter_mut().zip(halves) {
            let others = CLUSTERS.into_iter().filter(|cluster| !half.contains(cluster));
            others.for_each(|cluster| bench.event(&Event::Silent(cluster)));
            let seen = changes.iter().filter(|(cluster, _)| half.contains(cluster));
            seen.for_each(|one| change(bench, one));
            found.push(told(bench));
        }
        for (bench, half) in processes.iter_mut().zip(halves) {
            let missed = changes.iter().filter(|(cluster, _)| !half.contains(cluster));
            missed.for_each(|one| change(bench, one));
            CLUSTERS.iter().for_each(|cluster| bench.event(&Event::Heard(cluster)));
            after.push(told(bench));
        }
        let text = |(hosts, disagreeing): (&str, &str)| (hosts.to_owned(), disagreeing.to_owned());
        assert_eq!(found, split.map(text), "{changes:?}: while it is split");
        assert_eq!(after, [text(healed), text(healed)], "{changes:?}: healed");
        let [one, other] = processes;
        assert_eq!(one.fleet, other.fleet, "{changes:?}");
    }
}

/// Who starts anew in one half of a partition knows who held a name in the other.
#[test]
fn a_name_that_only_a_silent_cluster_held_outlives_a_restart() {
    let before = mesh([None, None, Some(old())]);
    let mut bench = Bench { fleet: before.fleet.clone(), ..Bench::default() };
    bench.index.remember(&before.fleet, 500);
    bench.set("", &mk_zone("example.net", json!([{}])));
    for cluster in ["ap", "eu"] {
        bench.set(cluster, &mk_service("shop/web", &[ADDRESS]));
    }
    ["", "ap", "eu"].iter().for_each(|source| bench.index.heard(&ClusterName::from(*source)));
    bench.index.all_was_read();
    assert!(bench.name("old.example.net").is_some(), "us holds it, as far as anybody knows");
    bench.set("us", &mk_service("shop/web", &[ADDRESS]));
    bench.event(&Event::Heard("us"));
    assert!(bench.name("old.example.net").is_none(), "us was read, and does not hold it");
}

/// What we wrote ourselves is no intent, and every cluster has its own.
#[test]
fn what_each_writes_is_no_disagreement() {
    let ours = |target: &str| {
        let record = json!({ "dnsName": "x.example.net", "recordType": "A", "targets": [target] });
        let mut object =
            super::mk("DNSEndpoint", "shop/global-x", json!({ "spec": { "endpoints": [record] } }));
        object["metadata"]["annotations"] = json!({ "portolan.dev/endpoints": "{}" });
        object
    };
    let mut bench = mesh([None, None, None]);
    bench.set("ap", &ours("192.0.2.8"));
    bench.set("eu", &ours("192.0.2.9"));
    assert_eq!(bench.problems(Reason::Disagreement), [""; 0]);
    assert!(bench.name("x.example.net").is_none());
    // One of somebody else's is.
    let theirs = |target: &str| {
        let mut object = ours(target);
        object["metadata"]["name"] = json!("theirs");
        object["metadata"]["annotations"] = json!({});
        object
    };
    bench.set("ap", &theirs("192.0.2.8"));
    bench.set("eu", &theirs("192.0.2.9"));
    assert_eq!(bench.show("x.example.net"), "-=192.0.2.8 None");
    assert_eq!(bench.problems(Reason::Disagreement).len(), 1);
}

/// A KubeFed record goes by the Domain of the root, whichever clusters hold the record.
#[test]
fn a_record_of_kubefed_goes_by_the_roots_domain() {
    let record = mk_record("shop/web", json!({}));
    let mut bench = mesh([None, Some(record.clone()), Some(record)]);
    assert!(bench.name("web.shop.fed.svc.example.org").is_none());
    bench.set("", &mk_domain("kube-federation-system/fed", "example.org"));
    assert!(bench.name("web.shop.fed.svc.example.org").is_some());
}

/// The fence may name clusters: then a copy that counts has to stand in one of these.
#[test]
fn a_fence_of_clusters_asks_where_the_copies_that_count_stand() {
    let zone = mk_zone("example.net", json!([{ "clusters": ["eu"], "namespaces": ["shop"] }]));
    for (held, is_admitted) in [
        ([Some(old()), None, Some(old())], false),
        ([Some(old()), Some(old()), None], true),
        // That of eu is outvoted.
        ([Some(old()), Some(new()), Some(old())], false),
    ] {
        let mut bench = mesh(held.clone());
        bench.set("", &zone);
        assert_eq!(bench.name("old.example.net").is_some(), is_admitted, "{held:?}");
    }
}
