//! Policies.

use std::sync::Arc;

use portolan_core::place::NetworkMap;
use portolan_core::policy as core;
use serde::{Deserialize, Serialize};

use super::{Name, Network, Place, StoreError, cluster_name, damaged, into_sources, sources, ttl};

#[derive(Serialize, Deserialize)]
pub(in crate::format) struct Policy {
    hosts: Vec<Glob>,
    created: i64,
    order: Vec<Stage>,
    pick: Pick,
    weights: Vec<(String, u32)>,
    minimum_healthy: u16,
    all_down: AllDown,
    unknown_location: UnknownLocation,
    ttl: Option<u32>,
    held_by: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Glob {
    base: Name,
    below: bool,
}

#[derive(Serialize, Deserialize)]
enum Stage {
    Geo(Vec<(Network, Option<Place>)>),
    Tiers(Vec<Vec<String>>),
}

#[derive(Serialize, Deserialize)]
enum Pick {
    All,
    First(u16),
    Weighted(u16),
}

#[derive(Serialize, Deserialize)]
enum AllDown {
    ServeAll,
    Fallback(Name),
    Empty,
    Refuse,
}

#[derive(Serialize, Deserialize)]
enum UnknownLocation {
    Even,
    Place(Place),
}

impl From<&core::Policy> for Policy {
    fn from(policy: &core::Policy) -> Self {
        Self {
            hosts: policy.hosts.iter().map(|g| Glob { base: (&g.base).into(), below: g.below }).collect(),
            created: policy.created,
            order: policy.order.iter().map(Stage::from).collect(),
            pick: match policy.pick {
                core::Pick::All => Pick::All,
                core::Pick::First(n) => Pick::First(n),
                core::Pick::Weighted(n) => Pick::Weighted(n),
            },
            weights: policy.weights.iter().map(|(c, w)| (c.to_string(), *w)).collect(),
            minimum_healthy: policy.minimum_healthy,
            all_down: match &policy.all_down {
                core::AllDown::ServeAll => AllDown::ServeAll,
                core::AllDown::Fallback(name) => AllDown::Fallback(name.into()),
                core::AllDown::Empty => AllDown::Empty,
                core::AllDown::Refuse => AllDown::Refuse,
            },
            unknown_location: match &policy.unknown_location {
                core::UnknownLocation::Even => UnknownLocation::Even,
                core::UnknownLocation::Place(place) => UnknownLocation::Place(place.into()),
            },
            ttl: policy.ttl.map(portolan_core::Ttl::seconds),
            held_by: sources(&policy.held_by),
        }
    }
}

impl Policy {
    pub(in crate::format) fn into_core(self) -> Result<core::Policy, StoreError> {
        Ok(core::Policy {
            hosts: self.hosts.into_iter().map(Glob::into_core).collect::<Result<_, _>>()?,
            created: self.created,
            order: self.order.into_iter().map(Stage::into_core).collect::<Result<_, _>>()?,
            pick: match self.pick {
                Pick::All => core::Pick::All,
                Pick::First(n) => core::Pick::First(n),
                Pick::Weighted(n) => core::Pick::Weighted(n),
            },
            weights: self.weights.into_iter().map(|(c, w)| (cluster_name(&c), w)).collect(),
            minimum_healthy: self.minimum_healthy,
            all_down: match self.all_down {
                AllDown::ServeAll => core::AllDown::ServeAll,
                AllDown::Fallback(name) => core::AllDown::Fallback(name.into_core()?),
                AllDown::Empty => core::AllDown::Empty,
                AllDown::Refuse => core::AllDown::Refuse,
            },
            unknown_location: match self.unknown_location {
                UnknownLocation::Even => core::UnknownLocation::Even,
                UnknownLocation::Place(place) => core::UnknownLocation::Place(place.into_core()),
            },
            ttl: self.ttl.map(ttl).transpose()?,
            held_by: into_sources(&self.held_by),
        })
    }
}

impl Glob {
    fn into_core(self) -> Result<core::Glob, StoreError> {
        Ok(core::Glob { base: self.base.into_core()?, below: self.below })
    }
}

impl From<&core::Stage> for Stage {
    fn from(stage: &core::Stage) -> Self {
        match stage {
            core::Stage::Geo(map) => {
                let entry = |(network, place): (&portolan_core::place::Network, &Option<_>)| {
                    let network = Network { address: network.address(), length: network.length() };
                    (network, place.as_ref().map(Place::from))
                };
                Self::Geo(map.networks.iter().map(entry).collect())
            }
            core::Stage::Tiers(tiers) => {
                Self::Tiers(tiers.iter().map(|tier| tier.iter().map(ToString::to_string).collect()).collect())
            }
        }
    }
}

impl Stage {
    fn into_core(self) -> Result<core::Stage, StoreError> {
        match self {
            Self::Geo(networks) => {
                let mut map = NetworkMap::default();
                for (network, place) in networks {
                    let key = portolan_core::place::Network::new(network.address, network.length)
                        .map_err(|error| damaged(&format!("a network in it {error}")))?;
                    map.networks.insert(key, place.map(Place::into_core));
                }
                Ok(core::Stage::Geo(Arc::new(map)))
            }
            Self::Tiers(tiers) => {
                let names = |tier: Vec<String>| tier.iter().map(|name| cluster_name(name)).collect();
                Ok(core::Stage::Tiers(tiers.into_iter().map(names).collect()))
            }
        }
    }
}
