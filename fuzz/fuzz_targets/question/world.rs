//! A fleet of two clusters, and one name of each kind that an answer can lead to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portolan_core::cluster::{Cluster, Sources};
use portolan_core::compile::compile;
use portolan_core::fleet::{Evidence, NameFacts, Owner, ZoneFacts};
use portolan_core::publish::Serials;
use portolan_core::record::{Rdata, Soa};
use portolan_core::zone::file::Gather;
use portolan_core::zone::{Snapshot, ZoneFile};
use portolan_core::{ClusterName, Endpoint, Fact, Fleet, Name, RecordType, Target, Ttl};

/// More TXT records than fit into a datagram.
const TEXTS: u8 = 40;

/// The seed of the hash of names: one that stays, so that a crash can be seen again.
const SEED: u64 = 7;

/// The zone `example.org` with its names, and a file beside them that has DNAMEs.
pub(crate) fn snapshot() -> Snapshot {
    let mut fleet = Fleet::default();
    fleet.apply(facts());
    let compiled = compile(&fleet, &Snapshot::new(SEED), &fleet.everything());
    let apex = name("example.org");
    let (file, ..) = ZoneFile::build(&apex, SEED, vec![dnames(&apex)]).expect("it has an SOA");
    let mut serials = Serials::default();
    let snapshot = Snapshot::new(SEED).with_file(&apex, Some(file.into()), &mut serials);
    let mut snapshot = snapshot.publish(compiled, &mut serials, 1);
    snapshot.complete = true;
    snapshot
}

/// A DNAME to the fleet's names, one to the other, and one whose names grow.
fn dnames(apex: &Name) -> Gather {
    let mut gather = Gather::new();
    gather.add(apex.borrowed(), RecordType::SOA, Ttl::DEFAULT, Rdata::soa(&soa()).as_wire());
    for (at, target) in [("d", "example.org"), ("e", "d.example.org"), ("g", "grows.g.example.org")] {
        let at = apex.prepend(at).expect("it is short");
        gather.add(at.borrowed(), RecordType::DNAME, Ttl::DEFAULT, name(target).as_wire());
    }
    gather
}

fn facts() -> Vec<Fact> {
    let v4 = |last| Target::Address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
    let v6 = Target::Address(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)));
    let host = |text| Target::Host(name(text));
    let text = |n: u8| Target::Record(RecordType::TXT, Rdata::txt(&[n; 100]).expect("100 octets fit"));
    let server = Target::Record(RecordType::NS, Rdata::name(&name("ns.child.example.org")));
    let service = Target::Record(RecordType::SRV, Rdata::srv(1, 2, 443, &name("shop.example.org")));
    let mail = Target::Record(RecordType::MX, Rdata::mx(10, &name("shop.example.org")));
    let mut all = vec![zone()];
    all.extend(["eu-1", "us-1"].map(|at| Fact::Cluster(ClusterName::from(at), Some(Cluster::default()))));
    all.extend([
        named("ns1.example.org", vec![offer("eu-1", vec![v4(1)])]),
        named("shop.example.org", vec![offer("eu-1", vec![v4(2), v6]), offer("us-1", vec![v4(3)])]),
        named("alias.example.org", vec![offer("eu-1", vec![host("shop.example.org")])]),
        named("*.wild.example.org", vec![offer("us-1", vec![host("alias.example.org")])]),
        named("loop.example.org", vec![offer("eu-1", vec![host("loop.example.org")])]),
        named("child.example.org", vec![offer("eu-1", vec![server])]),
        named("ns.child.example.org", vec![offer("eu-1", vec![v4(4)])]),
        named("text.example.org", vec![offer("eu-1", (0..TEXTS).map(text).collect())]),
        named("_https._tcp.example.org", vec![offer("eu-1", vec![service])]),
        named("mail.example.org", vec![offer("eu-1", vec![mail])]),
    ]);
    all
}

fn name(text: &str) -> Name {
    text.parse().expect("a name of this file is a name")
}

fn offer(cluster: &str, targets: Vec<Target>) -> Endpoint {
    Endpoint {
        cluster: Some(ClusterName::from(cluster)),
        targets,
        evidence: Evidence::Ready,
        weight: None,
        ttl: None,
    }
}

fn named(at: &str, endpoints: Vec<Endpoint>) -> Fact {
    let facts = NameFacts {
        owner: Owner { kind: "GlobalName".into(), namespace: "shop".into(), name: "web".into() },
        ttl: None,
        default_ttl: Ttl::DEFAULT,
        policy: None,
        fallback: None,
        endpoints,
        held_by: Sources::new(),
    };
    Fact::Name(name(at), Some(facts))
}

fn soa() -> Soa {
    Soa {
        mname: name("ns1.example.org"),
        rname: name("hostmaster.example.org"),
        serial: 0,
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: 30,
    }
}

fn zone() -> Fact {
    let facts = ZoneFacts {
        soa: soa(),
        name_servers: vec![name("ns1.example.org")],
        ttl: Ttl::DEFAULT,
        policy: None,
        held_by: Sources::new(),
    };
    Fact::Zone(name("example.org"), Some(facts))
}
