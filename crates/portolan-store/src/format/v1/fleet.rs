//! Clusters, zones, names and what clusters offer for them.

use std::net::IpAddr;

use portolan_core::cluster;
use portolan_core::fleet as core;
use portolan_core::policy::PolicyName;
use portolan_core::record::{Rdata, Soa};
use portolan_core::{RecordType, Target as CoreTarget};
use serde::{Deserialize, Serialize};

use super::{Name, Place, StoreError, cluster_name, damaged, into_sources, sources, ttl};

#[derive(Serialize, Deserialize)]
pub(in crate::format) struct Cluster {
    region: Option<String>,
    zones: Vec<String>,
    place: Option<Place>,
    weight: Option<u32>,
    state: ClusterState,
    when_silent: WhenSilent,
    silent_since: Option<i64>,
}

#[derive(Serialize, Deserialize)]
enum ClusterState {
    Active,
    Draining,
    Disabled,
}

#[derive(Serialize, Deserialize)]
enum WhenSilent {
    Keep,
    Drain,
}

#[derive(Serialize, Deserialize)]
pub(in crate::format) struct Zone {
    mname: Name,
    rname: Name,
    serial: u32,
    refresh: u32,
    retry: u32,
    expire: u32,
    minimum: u32,
    name_servers: Vec<Name>,
    ttl: u32,
    policy: Option<String>,
    held_by: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct NameFacts {
    owner_kind: String,
    owner_namespace: String,
    owner_name: String,
    ttl: Option<u32>,
    default_ttl: u32,
    policy: Option<String>,
    fallback: Option<Name>,
    endpoints: Vec<Endpoint>,
    held_by: Vec<String>,
}

#[derive(Deserialize)]
struct Endpoint {
    cluster: Option<String>,
    targets: Vec<Target>,
    evidence: Evidence,
    weight: Option<u32>,
    ttl: Option<u32>,
}

#[derive(Deserialize)]
enum Evidence {
    Ready,
    NotReady,
    None,
    Allowed,
}

#[derive(Deserialize)]
enum Target {
    Address(IpAddr),
    Host(Name),
    Record(u16, Vec<u8>),
}

impl From<&cluster::Cluster> for Cluster {
    fn from(cluster: &cluster::Cluster) -> Self {
        Self {
            region: cluster.region.as_deref().map(str::to_owned),
            zones: cluster.zones.iter().map(ToString::to_string).collect(),
            place: cluster.place.as_ref().map(Place::from),
            weight: cluster.weight,
            state: match cluster.state {
                cluster::ClusterState::Active => ClusterState::Active,
                cluster::ClusterState::Draining => ClusterState::Draining,
                cluster::ClusterState::Disabled => ClusterState::Disabled,
            },
            when_silent: match cluster.when_silent {
                cluster::WhenSilent::Keep => WhenSilent::Keep,
                cluster::WhenSilent::Drain => WhenSilent::Drain,
            },
            silent_since: cluster.silent_since,
        }
    }
}

impl Cluster {
    pub(in crate::format) fn into_core(self) -> cluster::Cluster {
        cluster::Cluster {
            region: self.region.map(Into::into),
            zones: self.zones.into_iter().map(Into::into).collect(),
            place: self.place.map(Place::into_core),
            weight: self.weight,
            state: match self.state {
                ClusterState::Active => cluster::ClusterState::Active,
                ClusterState::Draining => cluster::ClusterState::Draining,
                ClusterState::Disabled => cluster::ClusterState::Disabled,
            },
            when_silent: match self.when_silent {
                WhenSilent::Keep => cluster::WhenSilent::Keep,
                WhenSilent::Drain => cluster::WhenSilent::Drain,
            },
            silent_since: self.silent_since,
        }
    }
}

impl From<&core::ZoneFacts> for Zone {
    fn from(zone: &core::ZoneFacts) -> Self {
        let soa = &zone.soa;
        Self {
            mname: (&soa.mname).into(),
            rname: (&soa.rname).into(),
            serial: soa.serial,
            refresh: soa.refresh,
            retry: soa.retry,
            expire: soa.expire,
            minimum: soa.minimum,
            name_servers: zone.name_servers.iter().map(Name::from).collect(),
            ttl: zone.ttl.seconds(),
            policy: zone.policy.as_ref().map(ToString::to_string),
            held_by: sources(&zone.held_by),
        }
    }
}

impl Zone {
    pub(in crate::format) fn into_core(self) -> Result<core::ZoneFacts, StoreError> {
        let soa = Soa {
            mname: self.mname.into_core()?,
            rname: self.rname.into_core()?,
            serial: self.serial,
            refresh: self.refresh,
            retry: self.retry,
            expire: self.expire,
            minimum: self.minimum,
        };
        Ok(core::ZoneFacts {
            soa,
            name_servers: self.name_servers.into_iter().map(Name::into_core).collect::<Result<_, _>>()?,
            ttl: ttl(self.ttl)?,
            policy: self.policy.map(|name| PolicyName(name.into())),
            held_by: into_sources(&self.held_by),
        })
    }
}

impl NameFacts {
    pub(super) fn into_core(self) -> Result<core::NameFacts, StoreError> {
        Ok(core::NameFacts {
            owner: core::Owner {
                kind: self.owner_kind.into(),
                namespace: self.owner_namespace.into(),
                name: self.owner_name.into(),
            },
            ttl: self.ttl.map(ttl).transpose()?,
            default_ttl: ttl(self.default_ttl)?,
            policy: self.policy.map(|name| PolicyName(name.into())),
            fallback: self.fallback.map(Name::into_core).transpose()?,
            endpoints: self.endpoints.into_iter().map(Endpoint::into_core).collect::<Result<_, _>>()?,
            held_by: into_sources(&self.held_by),
        })
    }
}

impl Endpoint {
    fn into_core(self) -> Result<core::Endpoint, StoreError> {
        Ok(core::Endpoint {
            cluster: self.cluster.as_deref().map(cluster_name),
            targets: self.targets.into_iter().map(Target::into_core).collect::<Result<_, _>>()?,
            evidence: match self.evidence {
                Evidence::Ready => core::Evidence::Ready,
                Evidence::NotReady => core::Evidence::NotReady,
                Evidence::None => core::Evidence::None,
                Evidence::Allowed => core::Evidence::Allowed,
            },
            weight: self.weight,
            ttl: self.ttl.map(ttl).transpose()?,
        })
    }
}

impl Target {
    fn into_core(self) -> Result<CoreTarget, StoreError> {
        Ok(match self {
            Self::Address(address) => CoreTarget::Address(address),
            Self::Host(name) => CoreTarget::Host(name.into_core()?),
            Self::Record(rtype, octets) => {
                let rdata =
                    Rdata::from_wire(&octets).ok_or_else(|| damaged("record data in it is too long"))?;
                CoreTarget::Record(RecordType(rtype), rdata)
            }
        })
    }
}
