//! Geography: how near a cluster is to a client, and the order of tiers that each client gets for it.

use core::net::IpAddr;

use crate::cluster::Cluster;
use crate::place::Place;
use crate::policy::{Policy, Stage};

mod orders;
mod places;
mod spans;

pub use orders::{Found, MASK_BITS, MERGED_TABLES_MAX, Order, Ordering, Orders};
pub use places::{PLACES_MAX, Places};

/// How near a cluster is to a client's place; less is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// The same city.
    City,
    /// The same subdivision.
    Subdivision,
    /// The same country.
    Country,
    /// The same region of the fleet.
    Region,
    /// The same continent.
    Continent,
    /// Anything else.
    Rest,
}

impl Nearness {
    /// Compares a client's place with a cluster's.
    #[must_use]
    pub fn of(client: &Place, cluster: &Cluster) -> Self {
        let same_region = |region: &str| {
            cluster.region.as_deref() == Some(region)
                || matches!(&cluster.place, Some(Place::Region(r)) if &**r == region)
        };
        match (client, &cluster.place) {
            (Place::Region(region), _) if same_region(region) => Self::Region,
            (Place::Path(here), Some(Place::Path(there))) => {
                match here.iter().zip(there.iter()).take_while(|(a, b)| a == b).count() {
                    0 => Self::Rest,
                    1 => Self::Continent,
                    2 => Self::Country,
                    3 => Self::Subdivision,
                    _ => Self::City,
                }
            }
            _ => Self::Rest,
        }
    }
}

/// The place that a policy's networks give a client: of each `Geo` stage, in order.
pub fn locate(policy: &Policy, client: IpAddr) -> impl Iterator<Item = Option<&Place>> {
    policy.order.iter().filter_map(move |stage| match stage {
        Stage::Geo(map) => Some(map.place_of(client)),
        Stage::Tiers(_) => None,
    })
}

#[cfg(test)]
mod tests;
