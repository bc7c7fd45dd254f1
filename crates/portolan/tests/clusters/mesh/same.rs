//! Hub and mesh give the same answers: the same objects, the same questions of the same clients, each part of each reply.
//!
//! What a pick draws differs from one reply to the next, so a name whose pick is one of several is asked often, and what it
//! gives is a set. How each process came to it is compared besides, as `portolan explain` tells it: members, verdicts,
//! weights and tiers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portolan_testbed::ask::{Record, RecordType, Reply, ask, for_client};
use serde_json::Value;

use super::super::walk::{CLUSTERS, SHOP, intents, slice};
use super::{Fleet, Site};

/// How often a question is asked: a member of one in four is missed once in a hundred thousand runs.
const ASKED: usize = 40;

const POLICIES: &str = "
---
apiVersion: portolan.dev/v1alpha1
kind: MemberCluster
metadata: {name: eu-1}
spec: {location: {place: EU/DE}}
---
apiVersion: portolan.dev/v1alpha1
kind: MemberCluster
metadata: {name: us-1}
spec: {location: {place: NA/US}}
---
apiVersion: portolan.dev/v1alpha1
kind: MemberCluster
metadata: {name: ap-1}
spec: {location: {place: AS/SG}}
---
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: near}
spec:
  order:
  - type: Geo
    networks:
    - {cidr: 198.18.0.0/16, place: EU/FR}
    - {cidr: 198.19.0.0/17, place: NA/US}
    - {cidr: 198.19.128.0/20, place: AS/JP}
    - {cidr: '2001:db8:81::/48', place: AS/JP}
---
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: weighted}
spec: {pick: {type: Weighted, answers: 1}, weights: {eu-1: 3, us-1: 2, ap-1: 2}}
---
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: failover}
spec: {order: [{type: Tiers, tiers: [{clusters: [us-1]}, {clusters: [ap-1, eu-1]}]}], allDown: {type: Empty}}
";

/// The policies of names, each of which has the name of its policy.
const STEERED: [&str; 3] = ["near", "weighted", "failover"];

fn objects() -> String {
    let steered = STEERED.map(|policy| {
        format!(
            "
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {{name: {policy}, namespace: shop}}
spec: {{hosts: [{policy}.glb.example], backends: [{{kind: Service, name: web}}], policy: {policy}}}
"
        )
    });
    format!("{}{POLICIES}{}", intents(), steered.concat())
}

/// What is asked.
const QUESTIONS: [(&str, RecordType); 13] = [
    (SHOP, RecordType::A),
    (SHOP, RecordType::AAAA),
    ("near.glb.example", RecordType::A),
    ("weighted.glb.example", RecordType::A),
    ("failover.glb.example", RecordType::A),
    ("nothing.glb.example", RecordType::A),
    ("glb.example", RecordType::SOA),
    ("glb.example", RecordType::NS),
    ("ns1.glb.example", RecordType::A),
    ("web.shop.fed.svc.fed.example", RecordType::A),
    ("web.shop.fed.svc.r-us-1.fed.example", RecordType::A),
    ("web.shop.fed.svc.z-ap-1.r-ap-1.fed.example", RecordType::A),
    ("elsewhere.example", RecordType::A),
];

/// Who asks; none: a resolver for itself.
const CLIENTS: [Option<(&str, u8)>; 6] = [
    None,
    Some(("198.18.49.0", 24)),
    Some(("198.19.7.0", 24)),
    Some(("198.19.130.0", 24)),
    Some(("2001:db8:81::", 56)),
    Some(("203.0.113.0", 24)),
];

#[test]
fn hub_and_mesh_give_the_same_answers() {
    let Some(fleet) = Fleet::start(&objects()) else { return };
    let sites: Vec<Site> = std::iter::once(fleet.by_hub())
        .chain((0..CLUSTERS.len()).map(|own| fleet.one_of_mesh(own)))
        .collect();
    let [eu, us, ap] = CLUSTERS.map(|(_, address)| address);
    let ready = |clusters: [bool; 3]| {
        for (nth, is_ready) in clusters.into_iter().enumerate() {
            fleet.apply(&[nth], &slice(is_ready));
        }
    };

    compare(&sites, "all are well", &[eu, us, ap], &[us]);
    ready([true, false, true]);
    compare(&sites, "us-1 is unready", &[eu, ap], &[eu, ap]);
    ready([false, false, false]);
    compare(&sites, "all are down", &[eu, us, ap], &[]);
    ready([true, true, true]);
    compare(&sites, "all are well again", &[eu, us, ap], &[us]);
    fleet.servers[2].pause();
    sites.iter().for_each(|site| site.program.wait_for_status(&["cluster ap-1", "is not reached"]));
    compare(&sites, "ap-1 is silent", &[eu, us, ap], &[us]);
    fleet.apply(&[0, 1], &slice(false));
    compare(&sites, "ap-1 is silent, and the others are down", &[ap], &[ap]);
    fleet.servers[2].resume();
}

/// Waits until all know of the change, by what two names come to, and holds everything that they say against the first.
fn compare(sites: &[Site], when: &str, shop: &[&str], failover: &[&str]) {
    for site in sites {
        site.wait_for(SHOP, shop);
        site.wait_for("failover.glb.example", failover);
    }
    let mut answered = 0;
    for (name, rtype) in QUESTIONS {
        for client in CLIENTS {
            let told = sites.iter().map(|site| told(site, name, rtype, client)).collect::<Vec<_>>();
            answered += usize::from(told[0].iter().any(|reply| reply.starts_with("NoError")));
            for other in &told[1..] {
                assert_eq!(*other, told[0], "{when}: {name} {rtype} for {client:?}");
            }
        }
    }
    // Silence would be the same everywhere too.
    assert!(answered > QUESTIONS.len() * CLIENTS.len() / 2, "{when}: only {answered} were answered");
    for name in STEERED.map(|policy| format!("{policy}.glb.example")) {
        for client in CLIENTS.into_iter().flatten() {
            let why = sites.iter().map(|site| explained(site, &name, client.0)).collect::<Vec<_>>();
            assert!(!why[0].is_null(), "{name} is explained");
            why[1..].iter().for_each(|other| assert_eq!(*other, why[0], "{when}: {name} for {client:?}"));
        }
    }
}

/// Each reply that a question gets.
fn told(site: &Site, name: &str, rtype: RecordType, client: Option<(&str, u8)>) -> BTreeSet<String> {
    let dns = site.program.dns();
    let one = || match client {
        None => ask(dns, name, rtype),
        Some((network, length)) => for_client(dns, name, rtype, (network.parse::<IpAddr>().unwrap(), length)),
    };
    let times = if name.starts_with("weighted") { ASKED } else { 1 };
    let ask = || site.program.wait(&format!("a reply to {name} {rtype}"), one);
    (0..times).map(|_| shown(ask())).collect()
}

/// A reply without what each process has of its own: the order that is drawn, and the serial.
fn shown(mut reply: Reply) -> String {
    let line = |record: &Record| match record.record_type() {
        RecordType::SOA => {
            let text = record.to_string();
            let serialless = text.split_whitespace().enumerate().filter(|(nth, _)| *nth != SERIAL_WORD);
            serialless.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
        }
        _ => record.to_string(),
    };
    for section in [&mut reply.answers, &mut reply.authorities, &mut reply.additionals] {
        section.sort_by_key(line);
    }
    let sections = [&reply.answers, &reply.authorities, &reply.additionals];
    let sections = sections.map(|section| section.iter().map(line).collect::<Vec<_>>().join("; "));
    format!("{:?} aa={} scope={:?} {}", reply.code, reply.is_authoritative, reply.scope, sections.join(" | "))
}

/// Where the serial stands among the words of an SOA record: after owner, TTL, class, type, server and mailbox.
const SERIAL_WORD: usize = 6;

/// How a process comes to its answer for a client: whose members, what is said of each, and which tier is used.
fn explained(site: &Site, name: &str, client: &str) -> Value {
    let said = site.program.says(&["explain", name, "A", "--from", client, "-o", "json"]);
    let mut explained: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let hops = explained["hops"].as_array_mut().unwrap();
    for member in hops.iter_mut().flat_map(|hop| hop["members"].as_array_mut()).flatten() {
        // What was drawn this time, and the second at which each process missed a silent cluster.
        member["picked"].take();
        let why = member["why"].as_str().unwrap_or_default();
        member["why"] = why.split(" since ").next().unwrap_or_default().into();
    }
    explained["hops"].take()
}
