//! Version 1, which is read and not written any more. These structs never change; a new version gets its own,
//! but for what it has in common with this one (see `v2`).
//!
//! Names and record data are wire bytes, enums are numbered by the order of their variants, and an
//! absent value is an `Option`. What core refuses makes the whole state damaged: it was valid when it
//! was written.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portolan_core as core;
use portolan_core::publish::Serial;
use serde::{Deserialize, Serialize};

use super::damaged;
use crate::StoreError;
use crate::reserve::Reserved;

mod fleet;
mod policy;

use fleet::NameFacts;
pub(super) use fleet::{Cluster, Zone};
pub(super) use policy::Policy;

/// A domain name in wire form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Name(Vec<u8>);

#[derive(Deserialize)]
pub(super) struct State {
    true_at: i64,
    clean: bool,
    serials: Vec<ZoneSerial>,
    clusters: Vec<(String, Cluster)>,
    zones: Vec<(Name, Zone)>,
    policies: Vec<(String, Policy)>,
    names: Vec<(Name, NameFacts)>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ZoneSerial {
    apex: Name,
    serial: u32,
    content: u128,
    ceiling: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Place {
    Path(Vec<String>),
    Region(String),
}

#[derive(Serialize, Deserialize)]
struct Network {
    address: IpAddr,
    length: u8,
}

/// Reads the body of a file.
pub(super) fn decode(body: &[u8]) -> Result<super::State, StoreError> {
    let (state, rest) = postcard::take_from_bytes::<State>(body)
        .map_err(|error| damaged(&format!("its body does not decode: {error}")))?;
    if !rest.is_empty() {
        return Err(damaged("its body has octets left over"));
    }
    state.into_core()
}

impl State {
    fn into_core(self) -> Result<super::State, StoreError> {
        let mut fleet = core::Fleet::default();
        for (name, cluster) in self.clusters {
            fleet.clusters.insert(cluster_name(&name), cluster.into_core());
        }
        for (apex, zone) in self.zones {
            fleet.zones.insert(apex.into_core()?, zone.into_core()?);
        }
        for (name, policy) in self.policies {
            fleet.policies.insert(core::policy::PolicyName(name.into()), policy.into_core()?);
        }
        for (name, facts) in self.names {
            fleet.names.set(&name.into_core()?, Some(&facts.into_core()?));
        }
        let serials = serials_into_core(self.serials)?;
        Ok(super::State { true_at: self.true_at, clean: self.clean, serials, fleet })
    }
}

pub(super) fn serials_into_core(
    zones: Vec<ZoneSerial>,
) -> Result<BTreeMap<core::Name, Reserved>, StoreError> {
    let mut serials = BTreeMap::new();
    for zone in zones {
        let serial = Serial { serial: zone.serial, content: zone.content };
        serials.insert(zone.apex.into_core()?, Reserved { serial, ceiling: zone.ceiling });
    }
    Ok(serials)
}

impl ZoneSerial {
    pub(super) fn new((apex, reserved): (&core::Name, &Reserved)) -> Self {
        let Reserved { serial: Serial { serial, content }, ceiling } = *reserved;
        Self { apex: apex.into(), serial, content, ceiling }
    }
}

impl From<&core::Name> for Name {
    fn from(name: &core::Name) -> Self {
        Self(name.as_wire().to_vec())
    }
}

impl Name {
    pub(super) fn into_core(self) -> Result<core::Name, StoreError> {
        core::Name::from_wire(&self.0).map_err(|error| damaged(&format!("a name in it {error}")))
    }
}

impl From<&core::place::Place> for Place {
    fn from(place: &core::place::Place) -> Self {
        match place {
            core::place::Place::Path(parts) => Self::Path(parts.iter().map(|p| p.to_string()).collect()),
            core::place::Place::Region(region) => Self::Region(region.to_string()),
        }
    }
}

impl Place {
    fn into_core(self) -> core::place::Place {
        match self {
            Self::Path(parts) => {
                core::place::Place::Path(parts.into_iter().map(std::sync::Arc::from).collect())
            }
            Self::Region(region) => core::place::Place::Region(region.into()),
        }
    }
}

fn cluster_name(name: &str) -> core::ClusterName {
    core::ClusterName::from(name)
}

fn ttl(seconds: u32) -> Result<core::Ttl, StoreError> {
    core::Ttl::from_seconds(seconds).ok_or_else(|| damaged("a TTL in it is above 2^31-1"))
}

fn sources(held_by: &core::cluster::Sources) -> Vec<String> {
    held_by.iter().map(|source| source.0.to_string()).collect()
}

fn into_sources(held_by: &[String]) -> core::cluster::Sources {
    held_by.iter().map(|source| cluster_name(source)).collect()
}
