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
    fleet.names.set_all([(name("web.glb.example"), Some(web()))]);
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

/// A state of so many names, which fill several blocks when they are many.
fn large(names: usize) -> State {
    let mut state = sample();
    for i in 0..names {
        let owner = Owner { name: format!("n{i}").into(), ..web().owner };
        let facts = NameFacts { owner, ..web() };
        state.fleet.names.set(&name(&format!("n{i}.glb.example")), Some(&facts));
    }
    state
}

fn octets_of(state: &State) -> Vec<u8> {
    let mut octets = Vec::new();
    encode(state).unwrap().write_to(&mut octets).unwrap();
    octets
}

fn decoded(octets: &[u8]) -> Result<State, StoreError> {
    decode(&octets.to_vec()).map(|loaded| loaded.state)
}

#[test]
fn what_is_written_is_read() {
    for state in [sample(), State::default(), large(10_000)] {
        let octets = octets_of(&state);
        let expected = Loaded { state: state.clone(), end: End::Open };
        assert_eq!(decode(&octets).unwrap(), expected);
        let mut serials = state.serials.clone();
        serials.values_mut().for_each(|zone| zone.ceiling += 1);
        let octets = [octets, encode_start(&serials).unwrap()].concat();
        let state = State { serials, clean: false, ..state };
        assert_eq!(decode(&octets).unwrap(), Loaded { state, end: End::Closed });
    }
}

fn check_version(version: u32, end: End) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/v{version}.state"));
    if std::env::var_os("REWRITE").is_some() && version == VERSION {
        std::fs::write(&path, octets_of(&sample())).unwrap();
    }
    let octets = std::fs::read(path).unwrap();
    assert_eq!(decode(&octets).unwrap(), Loaded { state: sample(), end }, "version {version}");
    if version == VERSION {
        assert_eq!(octets_of(&sample()), octets, "version {version} is written otherwise than it was");
    }
}

/// The samples are what releases wrote. They load for ever; `REWRITE=1` makes that of the newest version
/// anew, which is right only while it was never released.
#[test]
fn every_version_loads_for_ever() {
    check_version(1, End::Closed);
    check_version(2, End::Open);
}

#[test]
fn every_flipped_bit_is_seen() {
    let flip = |octets: &[u8], at: usize, bit: usize| {
        let mut flipped = octets.to_vec();
        flipped[at] ^= 1 << bit;
        decode(&flipped)
    };
    let octets = octets_of(&sample());
    for at in 0..octets.len() {
        for bit in 0..8 {
            assert!(flip(&octets, at, bit).is_err(), "bit {bit} of octet {at}");
        }
    }
    let start = encode_start(&sample().serials).unwrap();
    let with_start = [&octets[..], &start].concat();
    for at in octets.len()..with_start.len() {
        let loaded = flip(&with_start, at, at % 8).unwrap();
        assert_eq!(
            loaded,
            Loaded { state: State { clean: false, ..sample() }, end: End::Torn },
            "octet {at}"
        );
    }
}

#[test]
fn every_truncation_is_seen() {
    let octets = octets_of(&sample());
    for length in 0..octets.len() {
        assert!(decoded(&octets[..length]).is_err(), "{length} octets");
    }
    assert_eq!(decode(&[&octets[..], b"x"].concat()).unwrap().end, End::Torn, "one too many");
}

/// Where a block ends, nothing but the head says that there was more.
#[test]
fn damage_at_the_borders_of_blocks_is_seen() {
    let state = large(10_000);
    let octets = octets_of(&state);
    let runs: Vec<usize> = state.fleet.names.octets().map(<[u8]>::len).collect();
    let names: usize = runs.iter().sum();
    assert!(names > 3 * BLOCK_OCTETS, "{names} octets of names");
    let (mut at, mut borders, mut block) = (octets.len() - names, vec![octets.len() - names], 0);
    for run in runs {
        (at, block) = (at + run, block + run);
        if block >= BLOCK_OCTETS {
            borders.push(at);
            block = 0;
        }
    }
    for border in borders {
        let why = decoded(&octets[..border]).unwrap_err().to_string();
        assert!(why.contains("fewer than its blocks"), "{why}");
        for at in [border - 1, border] {
            let mut flipped = octets.clone();
            flipped[at] ^= 0x40;
            assert!(decoded(&flipped).is_err(), "octet {at}");
        }
        let mut without = octets.clone();
        without.drain(border..border + 100);
        assert!(decoded(&without).is_err(), "100 octets less at {border}");
    }
}

fn with_version(version: u32, first: &[u8]) -> Vec<u8> {
    Header::write(version, first)
}

#[test]
fn what_is_no_state_is_named() {
    let check = |octets: &[u8], why: &str| {
        let error = decoded(octets).unwrap_err().to_string();
        assert!(error.contains(why), "{error:?} does not say {why:?}");
    };
    check(b"", "is empty");
    check(b"PORT", "ends within its header");
    check(&[0; 200], "does not begin with PORTOLAN");
    check(
        &with_version(3, b"from the years to come"),
        "format version 3; this program reads up to version 2",
    );
    check(&with_version(1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "does not decode");
    check(&with_version(2, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "does not decode");
    let v1 = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/v1.state")).unwrap();
    check(&with_version(1, &[&v1[HEADER_OCTETS..], b"more"].concat()), "octets left over");
    check(&[&v1[..], b"more"].concat(), "octets where");
}

/// F-53: the release before reads what this one writes, and this one what the next one does.
#[test]
fn f_53_what_a_later_release_adds_to_the_head_is_passed_over() {
    let mut state = sample();
    state.fleet.names = portolan_core::fleet::Names::default();
    let octets = octets_of(&state);
    let later = with_version(2, &[&octets[HEADER_OCTETS..], b"what the next release knows"].concat());
    assert_eq!(decoded(&later).unwrap(), state);
    assert_eq!(octets_of(&decoded(&later).unwrap()), octets);
}

#[test]
fn names_are_checked_when_they_are_read() {
    let mut state = State::default();
    let zones: BTreeSet<&str> = ["a.example"].into();
    for zone in zones {
        state.serials.insert(name(zone), Reserved::new(Serial { serial: 1, content: 2 }));
    }
    let mut head = octets_of(&state).split_off(HEADER_OCTETS);
    let label = head.iter().position(|octet| *octet == b'a').unwrap();
    head[label - 1] = 60;
    let why = decoded(&with_version(2, &head)).unwrap_err().to_string();
    assert!(why.contains("a name in it"), "a label that is longer than the name: {why}");
}

/// A block whose checksum is right may still be no block: a version of ours wrote it that was wrong.
#[test]
fn blocks_are_checked_when_they_are_read() {
    let mut state = State::default();
    let facts = web();
    state.fleet.names.set(&name("a.example"), Some(&facts));
    let mut octets = octets_of(&state);
    let block = state.fleet.names.octets().map(<[u8]>::len).sum::<usize>();
    let at = octets.len() - block;
    let old = checksum(VERSION, &octets[at..]);
    octets[at + 2] = b'A';
    let mut head = octets[HEADER_OCTETS..at].to_vec();
    let [old, new] = [old, checksum(VERSION, &octets[at..])].map(|sum| postcard::to_stdvec(&sum).unwrap());
    let place = head.windows(old.len()).position(|window| window == old).unwrap();
    head.splice(place..place + old.len(), new);
    let octets = [with_version(VERSION, &head), octets[at..].to_vec()].concat();
    let why = decoded(&octets).unwrap_err().to_string();
    assert!(why.contains("begins no name with its facts"), "{why}");
}
