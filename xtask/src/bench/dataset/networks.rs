//! The fleet of the policy mode: ten clusters in ten countries on five continents, and the networks of
//! clients, each of one of ten places.
//!
//! Five places are countries that have a cluster, five are continents that have two. A client in a
//! country has one nearest cluster; one of whom only the continent is known has two that are equally
//! near, and the weights decide. So there are ten orders of clusters, and every way to steer is used.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::draw::{Draw, mix};

/// The clusters, each with its place. Their number is part of their addresses.
pub(in crate::bench) const CLUSTERS: [(&str, &str); 10] = [
    ("c0", "EU/DE"),
    ("c1", "EU/FR"),
    ("c2", "NA/US"),
    ("c3", "NA/CA"),
    ("c4", "AS/SG"),
    ("c5", "AS/JP"),
    ("c6", "SA/BR"),
    ("c7", "SA/CL"),
    ("c8", "OC/AU"),
    ("c9", "OC/NZ"),
];
/// The places of clients, each with the clusters nearest to it.
pub(in crate::bench) const PLACES: [(&str, &[usize]); 10] = [
    ("EU/DE", &[0]),
    ("EU", &[0, 1]),
    ("NA/US", &[2]),
    ("NA", &[2, 3]),
    ("AS/SG", &[4]),
    ("AS", &[4, 5]),
    ("SA/BR", &[6]),
    ("SA", &[6, 7]),
    ("OC/AU", &[8]),
    ("OC", &[8, 9]),
];
/// The share of the first and of the second of two clusters on a continent.
pub(in crate::bench) const WEIGHTS: [u32; 2] = [3, 1];
/// Networks with a known place.
pub(in crate::bench) const NETWORKS: u32 = 20_000;
/// Networks without a place that clients come from.
const UNKNOWN: u32 = 10_000;
/// The first of them, as a number of a network in 10.0.0.0/8.
const UNKNOWN_FIRST: u32 = 50_000;
/// Of a hundred clients, so many come from a known network.
const KNOWN_PERCENT: u32 = 90;

/// The networks of clients. They are in 10.0.0.0/8, which is nobody's.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::bench) struct Networks;

impl Networks {
    /// The network of this number, of 24 bits.
    pub(in crate::bench) fn network(&self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from(0x0a00_0000 | (number << 8))
    }

    /// Where it is, as an index of [`PLACES`].
    pub(in crate::bench) fn place(&self, number: u32) -> usize {
        (mix(u64::from(number)) % PLACES.len() as u64) as usize
    }

    /// A client's network.
    pub(in crate::bench) fn draw_client(&self, draw: &mut Draw) -> Ipv4Addr {
        if draw.below(100) < KNOWN_PERCENT {
            self.network(draw.below(NETWORKS))
        } else {
            self.network(UNKNOWN_FIRST + draw.below(UNKNOWN))
        }
    }
}

/// Where a cluster stands, in degrees north and east: continents are far from each other, and its
/// clusters are not, so that the nearest to each place is clear.
pub(in crate::bench) fn coordinates(cluster: usize) -> (f64, f64) {
    let (continent, second) = ((cluster / 2) as f64, (cluster % 2) as f64);
    (10.0 * second, 72.0 * continent - 144.0)
}

/// The share of a cluster under a weighted pick.
pub(in crate::bench) fn weight(cluster: usize) -> u32 {
    WEIGHTS[cluster % WEIGHTS.len()]
}

/// The address of a name in a cluster: nobody's (240.0.0.0/4), and no other pair's.
pub(in crate::bench) fn v4(index: u32, cluster: usize) -> Ipv4Addr {
    Ipv4Addr::from(0xf000_0000 | ((cluster as u32) << 16) | index)
}

/// Its IPv6 address there, in the network for documentation.
pub(in crate::bench) fn v6(index: u32, cluster: usize) -> Ipv6Addr {
    ((0x2001_0db8_u128 << 96) | ((cluster as u128) << 16) | u128::from(index)).into()
}
