//! What the gate answers from: a zone file with ten thousand names; a fleet of six clusters with ten
//! thousand names without a policy, ten thousand with one, and those that the fuzz target's seeds ask for.
//!
//! `xtask/src/bench/gate/questions.rs` asks for these names and knows what must come of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use portolan_core::cluster::{Cluster, Sources};
use portolan_core::compile::compile;
use portolan_core::fleet::{Endpoint, Evidence, Fact, Fleet, NameFacts, Owner, ZoneFacts};
use portolan_core::place::{NetworkMap, Place};
use portolan_core::policy::{Pick, Policy, PolicyName, Stage};
use portolan_core::publish::Serials;
use portolan_core::record::{Rdata, Soa};
use portolan_core::zone::ZoneFile;
use portolan_core::zone::file::Gather;
use portolan_core::{ClusterName, Name, RecordType, Snapshot, Target, Ttl};

/// The seed of the hash of names and of the draws: one that stays.
pub(crate) const SEED: u64 = 7;
/// Names of each kind.
const NAMES: u32 = 10_000;
/// Networks of known place.
const NETWORKS: u32 = 20_000;
/// The first of them.
const NETWORK_FIRST: u32 = 0x0100_0000;
/// From one to the next: 65 of 256 addresses, so that neighbours differ in many bits.
const NETWORK_STEP: u32 = 65 << 8;
/// Two clusters in each of three places, with their weights.
const CLUSTERS: [(&str, &str, u32); 6] = [
    ("ap-1", "AS/JP", 5),
    ("ap-2", "AS/SG", 1),
    ("eu-1", "EU/DE", 3),
    ("eu-2", "EU/FR", 1),
    ("us-1", "NA/US", 2),
    ("us-2", "NA/CA", 1),
];
/// Where the clients of a network are.
const PLACES: [&str; 5] = ["EU/DE", "EU/ES", "NA/US", "AS/JP", "NA"];
/// One offer in this many is not ready.
const DOWN_EVERY: u32 = 10;
/// The zone.
const APEX: &str = "example.org";
/// The zone of a file.
const FILE_APEX: &str = "example.net";
/// More TXT records than fit into a datagram.
const TEXTS: u8 = 40;
/// The policy of the `p` names.
const POLICY: &str = "near";

/// What the server answers from.
pub(crate) fn snapshot() -> Snapshot {
    let mut first = Snapshot::new(SEED);
    first.complete = true;
    let mut fleet = Fleet::default();
    fleet.apply(facts());
    let compiled = compile(&fleet, &first, &fleet.everything());
    let mut serials = Serials { first: 100, ..Serials::default() };
    let snapshot = first.publish(compiled, &mut serials, 1);
    let apex = name(FILE_APEX);
    snapshot.with_file(&apex, Some(Arc::new(file(&apex))), &mut serials)
}

/// A zone file: ten thousand names with three addresses each.
fn file(apex: &Name) -> ZoneFile {
    let mut gather = Gather::new();
    let mut add = |owner: &Name, rtype, data: &Rdata| {
        gather.add(owner.borrowed(), rtype, Ttl::DEFAULT, data.as_wire());
    };
    add(apex, RecordType::SOA, &Rdata::soa(&zone().soa));
    add(apex, RecordType::NS, &Rdata::name(&host("ns1")));
    for index in 0..NAMES {
        let owner = name(&format!("f{index:05}.{FILE_APEX}"));
        for at in 0..3 {
            let address = Ipv4Addr::from(0xc000_0200 + (index + at) % 256);
            add(&owner, RecordType::A, &Rdata::address(IpAddr::V4(address)));
        }
    }
    let (file, ..) = ZoneFile::build(apex, SEED, vec![gather]).expect("it has an SOA");
    file
}

fn facts() -> Vec<Fact> {
    let mut facts = vec![Fact::Zone(name(APEX), Some(zone()))];
    facts.extend(CLUSTERS.map(|(cluster, at, _)| {
        let facts = Cluster { place: Some(place(at)), ..Cluster::default() };
        Fact::Cluster(ClusterName::from(cluster), Some(facts))
    }));
    facts.push(Fact::Policy(PolicyName(POLICY.into()), Some(policy())));
    facts.push(Fact::Name(host("ns1"), Some(offers(1, 0, None))));
    for index in 0..NAMES {
        facts.push(Fact::Name(host(&format!("s{index:05}")), Some(offers(3, index, None))));
        facts.push(Fact::Name(host(&format!("p{index:05}")), Some(offers(6, index, Some(POLICY)))));
    }
    facts.extend(odd_names());
    facts
}

/// A name of each kind that an answer can lead to: what the packets of `fuzz/seeds/question` ask for.
fn odd_names() -> Vec<Fact> {
    let alone = |at: &str, targets: Vec<Target>| {
        let mut facts = offers(1, 0, None);
        facts.endpoints[0].targets = targets;
        Fact::Name(host(at), Some(facts))
    };
    let text =
        |number: u8| Target::Record(RecordType::TXT, Rdata::txt(&[number; 100]).expect("100 octets fit"));
    let server = Target::Record(RecordType::NS, Rdata::name(&host("ns.child")));
    let service = Target::Record(RecordType::SRV, Rdata::srv(1, 2, 443, &host("shop")));
    vec![
        Fact::Name(host("shop"), Some(offers(3, 0, None))),
        alone("alias", vec![Target::Host(host("shop"))]),
        alone("*.wild", vec![Target::Host(host("alias"))]),
        alone("loop", vec![Target::Host(host("loop"))]),
        alone("child", vec![server]),
        Fact::Name(host("ns.child"), Some(offers(1, 4, None))),
        alone("text", (0..TEXTS).map(text).collect()),
        alone("_https._tcp", vec![service]),
    ]
}

/// By place, then by weight among those that are ready.
fn policy() -> Policy {
    let networks = (0..NETWORKS).map(|index| {
        let network = Ipv4Addr::from(NETWORK_FIRST + index * NETWORK_STEP);
        let network = format!("{network}/24").parse().expect("a /24 is a network");
        (network, Some(place(PLACES[index as usize % PLACES.len()])))
    });
    Policy {
        order: vec![Stage::Geo(Arc::new(NetworkMap { networks: networks.collect() }))],
        pick: Pick::Weighted(1),
        weights: CLUSTERS.map(|(cluster, _, weight)| (ClusterName::from(cluster), weight)).into(),
        ..Policy::default()
    }
}

/// What the first so many clusters offer: an address each, of the documentation's (RFC 5737).
fn offers(clusters: u32, index: u32, policy: Option<&str>) -> NameFacts {
    let offer = |(at, (cluster, ..)): (u32, (&str, &str, u32))| {
        let address = Ipv4Addr::from(0xc000_0200 + (index + at) % 256);
        let up = policy.is_none() || !(index + at).is_multiple_of(DOWN_EVERY);
        Endpoint {
            cluster: Some(ClusterName::from(cluster)),
            targets: vec![Target::Address(IpAddr::V4(address))],
            evidence: if up { Evidence::Ready } else { Evidence::NotReady },
            weight: None,
            ttl: None,
        }
    };
    NameFacts {
        owner: Owner { kind: "GlobalName".into(), namespace: "shop".into(), name: "web".into() },
        ttl: None,
        default_ttl: Ttl::DEFAULT,
        policy: policy.map(|name| PolicyName(name.into())),
        fallback: None,
        endpoints: (0..clusters).zip(CLUSTERS).map(offer).collect(),
        held_by: Sources::new(),
    }
}

fn zone() -> ZoneFacts {
    let soa = Soa {
        mname: host("ns1"),
        rname: host("hostmaster"),
        serial: 0,
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: 30,
    };
    ZoneFacts {
        soa,
        name_servers: vec![host("ns1")],
        ttl: Ttl::DEFAULT,
        policy: None,
        held_by: Sources::new(),
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("a name of this file is a name")
}

fn host(label: &str) -> Name {
    name(&format!("{label}.{APEX}"))
}

fn place(text: &str) -> Place {
    text.parse().expect("a place of this file is a place")
}
