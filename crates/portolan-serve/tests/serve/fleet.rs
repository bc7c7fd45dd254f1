//! A small fleet, and its snapshots: what all tests of sockets ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::cluster::{Cluster, Sources};
use portolan_core::compile::compile;
use portolan_core::fleet::{Endpoint, Evidence, Fact, Fleet, NameFacts, Owner, ZoneFacts};
use portolan_core::place::NetworkMap;
use portolan_core::policy::{Pick, Policy, PolicyName, Stage};
use portolan_core::publish::Serials;
use portolan_core::record::{Rdata, Soa};
use portolan_core::{ClusterName, Name, RecordType, Snapshot, Target, Ttl};

/// A fleet and its last snapshot.
pub(crate) struct World {
    fleet: Fleet,
    serials: Serials,
    /// What a server answers from.
    pub(crate) snapshot: Snapshot,
}

impl World {
    /// Three clusters, the zone `example.org`, and a name for each way of answering.
    pub(crate) fn new() -> Self {
        let mut snapshot = Snapshot::new(7);
        snapshot.complete = true;
        let serials = Serials { first: 100, ..Serials::default() };
        let mut world = Self { fleet: Fleet::default(), serials, snapshot };
        let mut facts = vec![Fact::Zone(name("example.org"), Some(zone()))];
        facts.extend(["EU/DE", "NA/US", "AS/JP"].iter().zip(["eu", "us", "jp"]).map(|(place, cluster)| {
            let facts = Cluster { place: place.parse().ok(), ..Cluster::default() };
            Fact::Cluster(ClusterName::from(cluster), Some(facts))
        }));
        let weights = [("eu", 3), ("us", 1), ("jp", 0)].map(|(c, w)| (ClusterName::from(c), w));
        let weighted = Policy { pick: Pick::Weighted(1), weights: weights.into(), ..Policy::default() };
        facts.push(Fact::Policy(policy("weighted"), Some(weighted)));
        facts.push(Fact::Policy(policy("near"), Some(near())));
        for (at, steered_by) in [("www", None), ("weighted", Some("weighted")), ("near", Some("near"))] {
            facts.push(Fact::Name(host(at), Some(everywhere(steered_by))));
        }
        facts.push(Fact::Name(host("*.wild"), Some(everywhere(None))));
        facts.push(Fact::Name(host("ns"), Some(offers([("eu", "192.0.2.53")]))));
        facts.push(Fact::Name(host("one"), Some(alias("two"))));
        facts.push(Fact::Name(host("two"), Some(alias("www"))));
        facts.push(Fact::Name(host("big"), Some(texts(20))));
        world.apply(facts);
        world
    }

    /// Changes what a name is offered.
    pub(crate) fn offer(&mut self, at: &str, address: &str) {
        self.apply([Fact::Name(host(at), Some(offers([("eu", address)])))]);
    }

    fn apply(&mut self, facts: impl IntoIterator<Item = Fact>) {
        let touched = self.fleet.apply(facts);
        let compiled = compile(&self.fleet, &self.snapshot, &touched);
        let revision = self.snapshot.revision + 1;
        self.snapshot = self.snapshot.publish(compiled, &mut self.serials, revision);
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn host(label: &str) -> Name {
    name(&format!("{label}.example.org"))
}

fn policy(name: &str) -> PolicyName {
    PolicyName(name.into())
}

fn near() -> Policy {
    let networks: BTreeMap<_, _> = [("10.0.0.0/8", "EU/DE"), ("11.0.0.0/8", "NA/US")]
        .iter()
        .map(|(network, place)| (network.parse().unwrap(), place.parse().ok()))
        .collect();
    Policy { order: vec![Stage::Geo(Arc::new(NetworkMap { networks }))], ..Policy::default() }
}

fn everywhere(steered_by: Option<&str>) -> NameFacts {
    let mut facts = offers([("eu", "192.0.2.1"), ("jp", "192.0.2.3"), ("us", "192.0.2.2")]);
    facts.policy = steered_by.map(policy);
    facts
}

fn offers<const N: usize>(offers: [(&str, &str); N]) -> NameFacts {
    facts(offers.map(|(cluster, address)| {
        let target = Target::Address(address.parse().unwrap());
        endpoint(Some(ClusterName::from(cluster)), target)
    }))
}

fn alias(to: &str) -> NameFacts {
    facts([endpoint(None, Target::Host(host(to)))])
}

/// Too much for UDP.
fn texts(count: usize) -> NameFacts {
    let text = |i: usize| Rdata::txt(format!("{i:02}{}", "x".repeat(200)).as_bytes()).unwrap();
    facts((0..count).map(|i| endpoint(None, Target::Record(RecordType::TXT, text(i)))))
}

fn facts(endpoints: impl IntoIterator<Item = Endpoint>) -> NameFacts {
    NameFacts {
        owner: Owner { kind: "GlobalName".into(), namespace: "shop".into(), name: "web".into() },
        ttl: None,
        default_ttl: Ttl::DEFAULT,
        policy: None,
        fallback: None,
        endpoints: endpoints.into_iter().collect(),
        held_by: Sources::new(),
    }
}

fn endpoint(cluster: Option<ClusterName>, target: Target) -> Endpoint {
    Endpoint { cluster, targets: vec![target], evidence: Evidence::Ready, weight: None, ttl: None }
}

fn zone() -> ZoneFacts {
    let (mname, rname) = (host("ns"), host("hostmaster"));
    let soa = Soa { mname, rname, serial: 0, refresh: 7200, retry: 1800, expire: 86400, minimum: 30 };
    ZoneFacts {
        soa,
        name_servers: vec![host("ns")],
        ttl: Ttl::KUBEFED,
        policy: None,
        held_by: Sources::new(),
    }
}
