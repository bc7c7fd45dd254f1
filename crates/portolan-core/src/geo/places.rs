//! Where clients are, as the networks of a policy's `Geo` stages say: one table for all policies that
//! name the same networks.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::geo::spans::{Bits, Spans, flatten};
use crate::place::{Network, NetworkMap, Place, bits_of};

/// Most different places that one table tells apart; clients in any other are of unknown place.
pub const PLACES_MAX: usize = u16::MAX as usize;

/// The places that each client has, one a `Geo` stage, as a number.
#[derive(Debug)]
pub struct Places {
    maps: Vec<Arc<NetworkMap>>,
    /// What the numbers stand for; the first is unknown everywhere.
    combinations: Vec<Vec<Option<Place>>>,
    pub(super) v4: Spans<u32>,
    pub(super) v6: Spans<u128>,
}

/// Numbers for combinations of places.
struct Numbers<'p> {
    known: BTreeMap<Vec<Option<&'p Place>>, u16>,
    all: Vec<Vec<Option<Place>>>,
}

impl Places {
    /// Lays the maps out.
    #[must_use]
    pub fn new(maps: Vec<Arc<NetworkMap>>) -> Self {
        let unknown: Vec<Option<&Place>> = maps.iter().map(|_| None).collect();
        let mut numbers = Numbers { known: BTreeMap::new(), all: Vec::new() };
        numbers.of(&unknown);
        let v4 = lay_out(&maps, &mut numbers, |network| match network.address() {
            IpAddr::V4(v4) => Some(u32::from(v4)),
            IpAddr::V6(_) => None,
        });
        let v6 = lay_out(&maps, &mut numbers, |network| match network.address() {
            IpAddr::V4(_) => None,
            IpAddr::V6(_) => Some(bits_of(network.address())),
        });
        let combinations = numbers.all;
        Self { maps, combinations, v4, v6 }
    }

    /// True when it is of just these maps.
    #[must_use]
    pub fn is_of(&self, maps: &[Arc<NetworkMap>]) -> bool {
        let same = |(a, b): (&Arc<NetworkMap>, &Arc<NetworkMap>)| {
            Arc::ptr_eq(a, b) || (a.networks.len() == b.networks.len() && a == b)
        };
        self.maps.len() == maps.len() && self.maps.iter().zip(maps).all(same)
    }

    /// The combinations of places, by number; the first is unknown everywhere.
    pub(super) fn combinations(&self) -> &[Vec<Option<Place>>] {
        &self.combinations
    }
}

impl<'p> Numbers<'p> {
    fn of(&mut self, places: &[Option<&'p Place>]) -> u16 {
        if let Some(known) = self.known.get(places) {
            return *known;
        }
        let Some(number) = u16::try_from(self.all.len()).ok().filter(|n| usize::from(*n) < PLACES_MAX) else {
            return 0;
        };
        self.known.insert(places.to_vec(), number);
        self.all.push(places.iter().map(|place| place.cloned()).collect());
        number
    }
}

/// The spans of one family: of each map, and then where any of them changes.
fn lay_out<'p, A: Bits>(
    maps: &'p [Arc<NetworkMap>],
    numbers: &mut Numbers<'p>,
    start_of: impl Fn(&Network) -> Option<A>,
) -> Spans<A> {
    let of_map = |map: &'p Arc<NetworkMap>| {
        let networks = map.networks.iter();
        let family = networks.filter_map(|(n, place)| Some((start_of(n)?, n.length(), place.as_ref())));
        flatten(family, None)
    };
    let layers: Vec<Vec<(A, Option<&Place>)>> = maps.iter().map(of_map).collect();
    let mut starts: Vec<A> = layers.iter().flatten().map(|(start, _)| *start).chain([A::ZERO]).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut at: Vec<usize> = layers.iter().map(|_| 0).collect();
    let mut places: Vec<Option<&Place>> = layers.iter().map(|_| None).collect();
    let numbered = starts.into_iter().map(|start| {
        for ((layer, at), place) in layers.iter().zip(&mut at).zip(&mut places) {
            while let Some((_, here)) = layer.get(*at).filter(|(begin, _)| *begin <= start) {
                *place = *here;
                *at += 1;
            }
        }
        (start, numbers.of(&places))
    });
    Spans::new(numbered)
}
