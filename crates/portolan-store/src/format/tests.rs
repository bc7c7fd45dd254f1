use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use portolan_core::cluster::{Cluster, ClusterState, Sources, WhenSilent};
use portolan_core::fleet::{Endpoint, Evidence, NameFacts, Owner, ZoneFacts};
use portolan_core::place::NetworkMap;
use portolan_core::policy::{AllDown, Pick, Policy, PolicyName, Stage, UnknownLocation};
use portolan_core::publish::Serial;
use portolan_core::record::{Rdata, Soa};
use portolan_core::{ClusterName, RecordType, Target, Ttl};

use super::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn sources(names: &[&str]) -> Sources {
    names.iter().map(|name| ClusterName::from(*name)).collect()
}

/// A state with every kind of value that the format knows.
pub(crate) fn sample() -> State {
    let mut fleet = Fleet::default();
    let cluster = Cluster {
        region: Some("europe-west1".into()),
        zones: ["europe-west1-a".into(), "europe-west1-b".into()].into(),
        place: Some("EU/DE/HE/Frankfurt".parse().unwrap()),
        weight: Some(3),
        state: ClusterState::Draining,
        when_silent: WhenSilent::Drain,
        silent_since: Some(1_700_000_000),
    };
    fleet.clusters.insert("eu-1".into(), cluster);
    let disabled =
        Cluster { state: ClusterState::Disabled, place: "region:us".parse().ok(), ..Cluster::default() };
    fleet.clusters.insert("us-1".into(), disabled);
    fleet.zones.insert(name("glb.example"), zone());
    fleet.policies.insert(PolicyName("near".into()), near());
    fleet
        .policies
        .insert(PolicyName("plain".into()), Policy { all_down: AllDown::Refuse, ..Policy::default() });
    fleet.names.set(name("web.glb.example").borrowed(), Some(&web()));
    let serial = Serial { serial: 1_700_000_042, content: 0x0123_4567_89ab_cdef_0011_2233_4455_6677 };
    let serials = [(name("glb.example"), Reserved { serial, ceiling: 1_700_065_578 })].into();
    State { true_at: 1_700_000_100, clean: true, serials, fleet }
}

fn zone() -> ZoneFacts {
    let soa = Soa {
        mname: name("ns1.glb.example"),
        rname: name("hostmaster.glb.example"),
        serial: 0,
        refresh: 7200,
        retry: 1800,
        expire: 86400,
        minimum: 30,
    };
    let name_servers = vec![name("ns1.glb.example"), name("ns2.glb.example")];
    let policy = Some(PolicyName("near".into()));
    ZoneFacts { soa, name_servers, ttl: Ttl::KUBEFED, policy, held_by: sources(&[""]) }
}

fn near() -> Policy {
    let mut map = NetworkMap::default();
    map.networks.insert("192.0.2.0/24".parse().unwrap(), Some("EU/FR".parse().unwrap()));
    map.networks.insert("2001:db8::/32".parse().unwrap(), None);
    let tiers = vec![vec![ClusterName::from("eu-1")], vec![ClusterName::from("us-1")]];
    Policy {
        hosts: vec!["*.glb.example".parse().unwrap(), "web.glb.example".parse().unwrap()],
        created: 1_600_000_000,
        order: vec![Stage::Geo(Arc::new(map)), Stage::Tiers(tiers)],
        pick: Pick::Weighted(2),
        weights: [(ClusterName::from("eu-1"), 5)].into(),
        minimum_healthy: 2,
        all_down: AllDown::Fallback(name("sorry.example")),
        unknown_location: UnknownLocation::Place("NA".parse().unwrap()),
        ttl: Ttl::from_seconds(20),
        held_by: sources(&["", "eu-1"]),
    }
}

fn web() -> NameFacts {
    let endpoint = |cluster: Option<&str>, targets: Vec<Target>, evidence| Endpoint {
        cluster: cluster.map(ClusterName::from),
        targets,
        evidence,
        weight: Some(1),
        ttl: Some(Ttl::DEFAULT),
    };
    let text = Rdata::txt(b"v=1").unwrap();
    NameFacts {
        owner: Owner { kind: "ServiceDNSRecord".into(), namespace: "shop".into(), name: "web".into() },
        ttl: Ttl::from_seconds(60),
        default_ttl: Ttl::KUBEFED,
        policy: Some(PolicyName("near".into())),
        fallback: Some(name("eu.glb.example")),
        endpoints: vec![
            endpoint(None, vec![Target::Record(RecordType::TXT, text)], Evidence::None),
            endpoint(Some("eu-1"), vec![Target::Address("192.0.2.1".parse().unwrap())], Evidence::NotReady),
            endpoint(Some("us-1"), vec![Target::Address("2001:db8::1".parse().unwrap())], Evidence::Ready),
            endpoint(Some("us-2"), vec![Target::Host(name("lb.example"))], Evidence::Allowed),
        ],
        held_by: sources(&["eu-1", "us-1"]),
    }
}

#[test]
fn what_is_written_is_read() {
    let octets = encode(&sample()).unwrap();
    assert_eq!(decode(&octets).unwrap(), sample());
    let empty = State::default();
    assert_eq!(decode(&encode(&empty).unwrap()).unwrap(), empty);
}

/// The sample is what the first release wrote. It loads for ever; `REWRITE=1` makes it anew, which is
/// right only for a version that was never released.
#[test]
fn version_1_loads_for_ever() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/v1.state");
    if std::env::var_os("REWRITE").is_some() {
        std::fs::write(&path, encode(&sample()).unwrap()).unwrap();
    }
    let octets = std::fs::read(path).unwrap();
    assert_eq!(decode(&octets).unwrap(), sample());
    if VERSION == 1 {
        assert_eq!(encode(&sample()).unwrap(), octets, "version 1 is written otherwise than it was");
    }
}

#[test]
fn every_flipped_bit_is_seen() {
    let octets = encode(&sample()).unwrap();
    for at in 0..octets.len() {
        for bit in 0..8 {
            let mut flipped = octets.clone();
            flipped[at] ^= 1 << bit;
            assert!(decode(&flipped).is_err(), "bit {bit} of octet {at}");
        }
    }
}

#[test]
fn every_truncation_is_seen() {
    let octets = encode(&sample()).unwrap();
    for length in 0..octets.len() {
        assert!(decode(&octets[..length]).is_err(), "{length} octets");
    }
    assert!(decode(&[&octets[..], b"x"].concat()).is_err(), "one too many");
}

fn with_version(version: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u64).to_le_bytes();
    let sum = checksum(version, body).to_le_bytes();
    [&MAGIC[..], &version.to_le_bytes(), &length, &sum, body].concat()
}

#[test]
fn what_is_no_state_is_named() {
    let check = |octets: &[u8], why: &str| {
        let error = decode(octets).unwrap_err().to_string();
        assert!(error.contains(why), "{error:?} does not say {why:?}");
    };
    check(b"", "is empty");
    check(b"PORT", "ends within its header");
    check(&[0; 200], "does not begin with PORTOLAN");
    check(
        &with_version(2, b"from the years to come"),
        "format version 2; this program reads up to version 1",
    );
    check(&with_version(1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "does not decode");
    let good = encode(&State::default()).unwrap();
    check(&with_version(1, &[&good[HEADER_OCTETS..], b"more"].concat()), "octets left over");
}

#[test]
fn names_are_checked_when_they_are_read() {
    let mut state = State::default();
    let zones: BTreeSet<&str> = ["a.example"].into();
    for zone in zones {
        state.serials.insert(name(zone), Reserved::new(Serial { serial: 1, content: 2 }));
    }
    let mut body = encode(&state).unwrap().split_off(HEADER_OCTETS);
    let label = body.iter().position(|octet| *octet == b'a').unwrap();
    body[label - 1] = 60;
    assert!(decode(&with_version(1, &body)).is_err(), "a label that is longer than the name");
}
