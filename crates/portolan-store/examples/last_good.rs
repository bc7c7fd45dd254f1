//! Writes a last good state of many made-up names, for benchmarks: `last_good FILE NAMES [OFFERS]`.
//!
//! Name `i` is `web-0000000.fleet.example` with the number in it. It has one address in each of OFFERS of the
//! clusters `eu-1`, `us-1` and `ap-1`, beginning with the `i`th: 240.0.0.0 (which is nobody's) and the offer in
//! the highest bits, `i` in the others.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;

use portolan_core::cluster::{Cluster, Sources};
use portolan_core::fleet::{Endpoint, Evidence, NameFacts, Owner, ZoneFacts};
use portolan_core::place::Place;
use portolan_core::record::Soa;
use portolan_core::{ClusterName, Fleet, Name, Target, Ttl};
use portolan_store::file::{FileSystem, write};
use portolan_store::format::State;

const CLUSTERS: [(&str, &str); 3] = [("eu-1", "EU/DE"), ("us-1", "NA/US"), ("ap-1", "AS/IN")];
const ZONE: &str = "fleet.example";
/// Most names: 25 bits of an address.
const NAMES_MAX: u32 = 1 << 25;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).map(|text| text.parse::<u32>().ok());
    let (Some(path), Some(Some(names))) = (args.first(), number(1)) else {
        return refused("usage: last_good FILE NAMES [OFFERS]");
    };
    let offers = number(2).unwrap_or(Some(1)).unwrap_or(0);
    if names > NAMES_MAX || !(1..=3).contains(&offers) {
        return refused("NAMES may be up to 33554432, and OFFERS from 1 to 3");
    }
    match write_state(Path::new(path), names, offers) {
        Ok(octets) => {
            println!("{names} names, {offers} offers each, {octets} octets");
            ExitCode::SUCCESS
        }
        Err(error) => refused(&error),
    }
}

fn refused(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn write_state(path: &Path, names: u32, offers: u32) -> Result<u64, String> {
    let state =
        State { true_at: 1_700_000_000, clean: true, fleet: fleet(names, offers)?, ..State::default() };
    write(&mut FileSystem, path, &state).map_err(|error| error.to_string())?;
    std::fs::metadata(path).map(|metadata| metadata.len()).map_err(|error| error.to_string())
}

fn fleet(names: u32, offers: u32) -> Result<Fleet, String> {
    let mut fleet = Fleet::default();
    for (name, place) in CLUSTERS {
        let place = Some(place.parse::<Place>().map_err(|error| format!("{place}: {error}"))?);
        fleet.clusters.insert(ClusterName::from(name), Cluster { place, ..Cluster::default() });
    }
    fleet.zones.insert(name(ZONE)?, zone()?);
    for index in 0..names {
        let at = name(&format!("web-{index:07}.{ZONE}"))?;
        fleet.names.set(&at, Some(&facts(index, offers)));
    }
    Ok(fleet)
}

fn zone() -> Result<ZoneFacts, String> {
    let soa = Soa {
        mname: name("ns1.fleet.example")?,
        rname: name("hostmaster.fleet.example")?,
        serial: 0,
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: 30,
    };
    let held_by = Sources::from([ClusterName::from("")]);
    Ok(ZoneFacts { name_servers: vec![soa.mname.clone()], soa, ttl: Ttl::KUBEFED, policy: None, held_by })
}

fn facts(index: u32, offers: u32) -> NameFacts {
    let cluster = |offer: u32| {
        let (name, _) = CLUSTERS[((index + offer) % 3) as usize];
        ClusterName::from(name)
    };
    let endpoint = |offer: u32| Endpoint {
        cluster: Some(cluster(offer)),
        targets: vec![Target::Address(Ipv4Addr::from(0xf000_0000 | (offer << 25) | index).into())],
        evidence: Evidence::Ready,
        weight: None,
        ttl: None,
    };
    let mut endpoints: Vec<Endpoint> = (0..offers).map(endpoint).collect();
    endpoints.sort_by(|a, b| a.cluster.cmp(&b.cluster));
    NameFacts {
        owner: Owner {
            kind: "GlobalName".into(),
            namespace: "bench".into(),
            name: format!("web-{index:07}").into(),
        },
        ttl: None,
        default_ttl: Ttl::DEFAULT,
        policy: None,
        fallback: None,
        held_by: endpoints.iter().filter_map(|endpoint| endpoint.cluster.clone()).collect(),
        endpoints,
    }
}

fn name(text: &str) -> Result<Name, String> {
    text.parse().map_err(|error| format!("{text} {error}"))
}
