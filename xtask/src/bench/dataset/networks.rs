//! The networks of clients.

use std::net::Ipv4Addr;

use super::draw::Draw;

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

    /// A client's network.
    pub(in crate::bench) fn draw_client(&self, draw: &mut Draw) -> Ipv4Addr {
        if draw.below(100) < KNOWN_PERCENT {
            self.network(draw.below(NETWORKS))
        } else {
            self.network(UNKNOWN_FIRST + draw.below(UNKNOWN))
        }
    }
}
