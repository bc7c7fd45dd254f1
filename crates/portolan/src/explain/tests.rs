//! A small fleet, and the whole story of each kind of answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::cluster::{Cluster, ClusterState, WhenSilent};
use portolan_core::compile::compile;
use portolan_core::fleet::{Endpoint, Evidence, NameFacts, Owner, ZoneFacts};
use portolan_core::place::NetworkMap;
use portolan_core::policy::{AllDown, Pick, Policy, PolicyName, Stage};
use portolan_core::publish::Serials;
use portolan_core::record::Soa;
use portolan_core::{ClusterName, Fact, Fleet, Name, RecordType, Snapshot, Target, Ttl};

use super::{Explanation, explain};

/// Three clusters: `fra` heard, `iad` draining, `sin` silent for good; `old` is disabled.
pub(crate) fn fleet() -> Fleet {
    let cluster = |place: &str, state: ClusterState| Cluster {
        place: Some(place.parse().unwrap()),
        region: Some(place.split('/').next().unwrap().into()),
        state,
        ..Cluster::default()
    };
    let silent = Cluster {
        silent_since: Some(1_770_000_000),
        when_silent: WhenSilent::Keep,
        ..cluster("AS/SG", ClusterState::Active)
    };
    let mut fleet = Fleet::default();
    fleet.apply([
        Fact::Cluster("fra".into(), Some(cluster("EU/DE", ClusterState::Active))),
        Fact::Cluster("iad".into(), Some(cluster("NA/US", ClusterState::Draining))),
        Fact::Cluster("old".into(), Some(cluster("EU/FR", ClusterState::Disabled))),
        Fact::Cluster("sin".into(), Some(silent)),
        Fact::Zone(name("example.org"), Some(zone())),
        Fact::Policy(PolicyName("near".into()), Some(near())),
        Fact::Policy(PolicyName("split".into()), Some(split())),
    ]);
    fleet
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn zone() -> ZoneFacts {
    let soa = Soa {
        mname: name("ns1.example.org"),
        rname: name("hostmaster.example.org"),
        serial: 0,
        refresh: 7_200,
        retry: 1_800,
        expire: 86_400,
        minimum: 30,
    };
    ZoneFacts {
        soa,
        name_servers: vec![name("ns1.example.org")],
        ttl: Ttl::DEFAULT,
        policy: None,
        held_by: [ClusterName::from("")].into(),
    }
}

fn near() -> Policy {
    let networks = [("203.0.113.0/24", "EU/FR"), ("198.51.100.0/24", "NA/US")];
    let place = |(net, place): (&str, &str)| (net.parse().unwrap(), Some(place.parse().unwrap()));
    let map = NetworkMap { networks: networks.into_iter().map(place).collect() };
    Policy {
        hosts: vec!["*.geo.example.org".parse().unwrap()],
        order: vec![Stage::Geo(Arc::new(map))],
        ..Policy::default()
    }
}

fn split() -> Policy {
    Policy {
        pick: Pick::Weighted(1),
        weights: BTreeMap::from([("fra".into(), 3)]),
        all_down: AllDown::Empty,
        ..Policy::default()
    }
}

pub(crate) fn endpoint(cluster: &str, address: &str, evidence: Evidence) -> Endpoint {
    Endpoint {
        cluster: Some(cluster.into()),
        targets: vec![Target::Address(address.parse().unwrap())],
        evidence,
        weight: None,
        ttl: None,
    }
}

pub(crate) fn facts(policy: Option<&str>, fallback: Option<&str>, endpoints: Vec<Endpoint>) -> NameFacts {
    NameFacts {
        owner: Owner { kind: "GlobalName".into(), namespace: "shop".into(), name: "web".into() },
        ttl: None,
        default_ttl: Ttl::DEFAULT,
        policy: policy.map(|name| PolicyName(name.into())),
        fallback: fallback.map(name),
        endpoints,
        held_by: [ClusterName::from("")].into(),
    }
}

pub(crate) fn with(names: Vec<(&str, NameFacts)>) -> (Snapshot, Fleet) {
    let mut fleet = fleet();
    fleet.apply(names.into_iter().map(|(text, facts)| Fact::Name(name(text), Some(facts))));
    let empty = Snapshot::new(7);
    let compiled = compile(&fleet, &empty, &fleet.everything());
    let mut serials = Serials { first: 1_000, ..Serials::default() };
    let mut snapshot = empty.publish(compiled, &mut serials, 5);
    snapshot.complete = true;
    (snapshot, fleet)
}

fn told(names: Vec<(&str, NameFacts)>, question: &str, rtype: RecordType, from: &str) -> Explanation {
    let (snapshot, fleet) = with(names);
    explain(&snapshot, &fleet, &name(question), rtype, from.parse().unwrap())
}

fn check(names: Vec<(&str, NameFacts)>, question: &str, from: &str, expected: &str) {
    let text = told(names, question, RecordType::A, from).text(false);
    assert_eq!(text.trim_end(), expected.trim(), "\n{text}");
}

fn three(policy: Option<&str>) -> NameFacts {
    let endpoints = vec![
        endpoint("fra", "192.0.2.10", Evidence::Ready),
        endpoint("iad", "192.0.2.20", Evidence::Ready),
        endpoint("old", "192.0.2.40", Evidence::Ready),
        endpoint("sin", "192.0.2.30", Evidence::Ready),
    ];
    facts(policy, None, endpoints)
}

#[test]
fn a_near_client() {
    check(
        vec![("web.geo.example.org", three(None))],
        "web.geo.example.org",
        "203.0.113.7",
        "
web.geo.example.org A, asked from 203.0.113.7
  zone     example.org, serial 1000

  name     web.geo.example.org
  owner    GlobalName shop/web
  policy   near: its hosts have *.geo.example.org
           order Geo
           pick All; at least 1 healthy; all down ServeAll
  client   203.0.113.7 is in EU/FR
  members
      TIER  CLUSTER  VERDICT    WEIGHT  OFFERS      WHY
    ▶ 1     fra      healthy    -       192.0.2.10  has a ready endpoint
      2     iad      down       -       192.0.2.20  draining
      2     sin      healthy    -       192.0.2.30  has a ready endpoint; silent since 2026-02-02T02:40:00Z
      -     old      no member  -       192.0.2.40  disabled
  tier     1 of 2 is used: 1 healthy, at least 1 wanted
  pick     all, in an order drawn for each answer: 1 record
  ttl      15 s, halved because a member is down
  scope    every client in 203.0.113.0/24 has this order of tiers

answer: NOERROR, authoritative
  web.geo.example.org     15  A      192.0.2.10",
    );
}

#[test]
fn a_tier_is_passed_over() {
    let mut facts = three(None);
    facts.endpoints[0].evidence = Evidence::NotReady;
    let told =
        told(vec![("web.geo.example.org", facts)], "web.geo.example.org", RecordType::A, "203.0.113.7");
    let text = told.text(false);
    assert!(text.contains("fra      down       -       192.0.2.10  no ready endpoint"), "{text}");
    assert!(
        text.contains("2 of 2 is used: 1 healthy, at least 1 wanted (too few before it: tier 1 has 0)"),
        "{text}"
    );
    assert_eq!(told.answer.records.iter().map(|r| r.data.as_str()).collect::<Vec<_>>(), ["192.0.2.30"]);
}

#[test]
fn weights_are_shown_where_they_count() {
    let text =
        told(vec![("w.example.org", three(Some("split")))], "w.example.org", RecordType::A, "127.0.0.1")
            .text(false);
    assert!(text.contains("policy   split: its object names it"), "{text}");
    assert!(text.contains("1     fra      healthy    3  "), "{text}");
    assert!(text.contains("1     sin      healthy    1  "), "{text}");
    assert!(text.contains("pick     1 drawn by weight: 1 record"), "{text}");
    assert!(text.contains("every client has this order of tiers"), "{text}");
}

#[test]
fn all_is_down() {
    let down = |policy| facts(policy, None, vec![endpoint("fra", "192.0.2.10", Evidence::NotReady)]);
    let serve = told(vec![("d.example.org", down(None))], "d.example.org", RecordType::A, "127.0.0.1");
    assert_eq!(serve.hops[0].all_down.as_deref(), Some("ServeAll"));
    assert!(serve.hops[0].members[0].picked, "served all the same");
    assert!(
        serve.text(false).contains("the first tier is served as if all were up"),
        "{}",
        serve.text(false)
    );
    let empty =
        told(vec![("d.example.org", down(Some("split")))], "d.example.org", RecordType::A, "127.0.0.1");
    assert!(
        empty.text(false).contains("all down no member is healthy: the answer is empty"),
        "{}",
        empty.text(false)
    );
    assert!(empty.answer.records.is_empty() && empty.answer.authority.len() == 1);
}

#[test]
fn an_alias_is_followed() {
    let region = facts(None, Some("p.example.org"), vec![endpoint("fra", "192.0.2.10", Evidence::NotReady)]);
    check(
        vec![("p.eu.example.org", region), ("p.example.org", facts(None, None, vec![endpoint("sin", "192.0.2.30", Evidence::None)]))],
        "p.eu.example.org",
        "127.0.0.1",
        "
p.eu.example.org A, asked from 127.0.0.1
  zone     example.org, serial 1000

  name     p.eu.example.org
  owner    GlobalName shop/web
  policy   none: no policy is for it
           order Even
           pick All; at least 1 healthy; all down ServeAll
  members
      TIER  CLUSTER  VERDICT  WEIGHT  OFFERS      WHY
      -     fra      down     -       192.0.2.10  no ready endpoint
  alias    of p.example.org: no member of its own is healthy

  name     p.example.org
  owner    GlobalName shop/web
  policy   none: no policy is for it
           order Even
           pick All; at least 1 healthy; all down ServeAll
  members
      TIER  CLUSTER  VERDICT  WEIGHT  OFFERS      WHY
    ▶ 1     sin      healthy  -       192.0.2.30  no evidence: counts as ready; silent since 2026-02-02T02:40:00Z
  tier     1 of 1 is used: 1 healthy, at least 1 wanted
  pick     all, in an order drawn for each answer: 1 record
  scope    every client has this order of tiers

answer: NOERROR, authoritative
  p.eu.example.org     15  CNAME  p.example.org.
  p.example.org        30  A      192.0.2.30",
    );
}

#[test]
fn a_policy_that_is_not_there_is_told() {
    let told =
        told(vec![("p.example.org", three(Some("nope")))], "p.example.org", RecordType::A, "127.0.0.1");
    let text = told.text(false);
    let expected = "policy   none: its object names \"nope\", which is not there; no policy is for it";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_wildcard_is_named() {
    let told = told(vec![("*.w.example.org", three(None))], "a.b.w.example.org", RecordType::A, "127.0.0.1");
    assert_eq!(told.hops[0].wildcard.as_deref(), Some("*.w.example.org"));
    assert_eq!(told.hops[0].members.len(), 4);
    assert!(told.hops[0].members[0].picked, "the answer's owner is the question's name");
    assert!(told.text(false).contains("a.b.w.example.org, by the wildcard *.w.example.org"));
}

#[test]
fn why_there_is_nothing() {
    let names = || vec![("a.b.example.org", three(None))];
    for (question, rtype, rcode, end) in [
        ("x.example.org", RecordType::A, "NXDOMAIN", "there is no such name"),
        ("b.example.org", RecordType::A, "NOERROR", "it has no records, only names below it"),
        ("a.b.example.org", RecordType::MX, "NOERROR", "it has no records of this type, only A"),
        ("example.org", RecordType::SOA, "NOERROR", "it is the zone's apex; the Zone answers"),
        ("example.com", RecordType::A, "REFUSED", "no zone of ours holds the name, so it is refused"),
    ] {
        let told = told(names(), question, rtype, "127.0.0.1");
        assert_eq!(told.answer.rcode, rcode, "{question}");
        assert_eq!(told.hops.last().unwrap().ends.as_deref(), Some(end), "{question}");
        assert!(told.text(false).contains(end));
    }
}

#[test]
fn nothing_is_denied_before_all_was_read() {
    let (mut snapshot, fleet) = with(vec![]);
    snapshot.complete = false;
    for question in ["x.example.org", "example.com"] {
        let told = explain(&snapshot, &fleet, &name(question), RecordType::A, "127.0.0.1".parse().unwrap());
        assert_eq!(told.answer.rcode, "SERVFAIL", "{question}");
        assert_eq!(told.answer.extended_error.as_deref(), Some("14 (Not Ready)"));
        assert!(told.text(false).contains("not every cluster was read yet"), "{question}");
    }
}

#[test]
fn a_member_without_the_type_is_none_of_the_pool() {
    let endpoints =
        vec![endpoint("fra", "2001:db8::1", Evidence::Ready), endpoint("sin", "192.0.2.30", Evidence::Ready)];
    let told = told(
        vec![("x.example.org", facts(None, None, endpoints))],
        "x.example.org",
        RecordType::AAAA,
        "127.0.0.1",
    );
    let why: Vec<_> = told.hops[0].members.iter().map(|m| (m.cluster.as_deref(), m.why.as_str())).collect();
    assert_eq!(why, [(Some("fra"), "has a ready endpoint"), (Some("sin"), "has no AAAA record")]);
}

#[test]
fn a_host_name_has_no_part_beside_addresses() {
    let mut host = endpoint("sin", "192.0.2.30", Evidence::Ready);
    host.targets = vec![Target::Host(name("lb.cloud.example"))];
    let endpoints = vec![endpoint("fra", "192.0.2.10", Evidence::Ready), host];
    let told = told(
        vec![("x.example.org", facts(None, None, endpoints))],
        "x.example.org",
        RecordType::A,
        "127.0.0.1",
    );
    let why: Vec<_> = told.hops[0].members.iter().map(|member| member.why.as_str()).collect();
    assert_eq!(why, ["has a ready endpoint", "offers only a host name, which cannot stand beside addresses"]);
}

#[test]
fn json_keeps_all_and_reads_back() {
    let told =
        told(vec![("web.geo.example.org", three(None))], "web.geo.example.org", RecordType::A, "203.0.113.7");
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(json["version"], "v1alpha1");
    assert_eq!(json["question"]["type"], "A");
    assert_eq!(json["hops"][0]["members"][0]["cluster"], "fra");
    assert_eq!(json["hops"][0]["policy"]["minimumHealthy"], 1);
    assert_eq!(json["answer"]["records"][0]["data"], "192.0.2.10");
    assert_eq!(serde_json::from_value::<Explanation>(json).unwrap(), told);
}

#[test]
fn colours_and_control_characters() {
    let mut facts = three(None);
    facts.owner.name = "web\n\x1b[2J".into();
    let told = told(vec![("x.example.org", facts)], "x.example.org", RecordType::A, "127.0.0.1");
    assert!(!told.text(false).contains('\x1b'));
    assert!(told.text(false).contains("GlobalName shop/web\\n\\u{1b}[2J"));
    assert!(told.text(true).contains("\x1b[32m"), "healthy members are green");
}
