//! Places, networks, and the table that gives each client its order of tiers.
//!
//! An order depends on the client only through where its address falls among a policy's networks.
//! So the networks of all `Geo` stages are laid into one binary trie per address family, each leaf
//! gets the order of tiers that holds there, equal orders are one, and siblings with the same order
//! are merged from the bottom up:
//!
//! ```text
//!   networks:  10.0.0.0/8 EU   10.64.0.0/10 EU   11.0.0.0/8 NA        everything else: unknown
//!   trie:      0…─┬─ …/7 ─┬─ 10/8 ──▶ [EU | NA]    (the /10 has the same order: merged away)
//!                 │       └─ 11/8 ──▶ [NA | EU]
//!                 └─ …    ──────────▶ [all]
//! ```
//!
//! The depth of the leaf that holds a client is then the widest prefix around it in which the order
//! is the same, which is the ECS scope (RFC 7871 section 7.2.1) as DESIGN section 6 defines it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
use core::str::FromStr;

use crate::fleet::{Cluster, ClusterName};
use crate::policy::{Policy, Stage, UnknownLocation};

/// Most networks that one map may have.
pub const NETWORKS_MAX: usize = 1_000_000;

// === Place ===

/// A place: `continent[/country[/subdivision[/city]]]` in ISO codes, or `region:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// One to four parts, widest first.
    Path(Arc<[Arc<str>]>),
    /// A region of the fleet.
    Region(Arc<str>),
}

/// The ISO codes of continents.
const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];

/// ISO 3166-1 alpha-2, and XK, which is user-assigned and in wide use.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH \
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL \
IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH \
PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC \
TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Why something is not a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceError {
    /// The first part is no ISO continent code.
    Continent(String),
    /// The second part is no ISO 3166-1 alpha-2 country code.
    Country(String),
    /// An empty part, more than four, or no region after `region:`.
    Form,
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continent(code) => {
                write!(f, "{code:?} is no continent code (one of {})", CONTINENTS.join(", "))
            }
            Self::Country(code) => write!(f, "{code:?} is no ISO 3166-1 country code"),
            Self::Form => f.write_str("is not CONTINENT[/COUNTRY[/SUBDIVISION[/CITY]]] or region:NAME"),
        }
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    /// Codes are taken in any case and kept upper; a city is kept as it is.
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if let Some(region) = text.strip_prefix("region:") {
            return if region.is_empty() { Err(PlaceError::Form) } else { Ok(Self::Region(region.into())) };
        }
        let parts: Vec<Arc<str>> = text
            .split('/')
            .enumerate()
            .map(|(i, part)| if i < 3 { part.to_ascii_uppercase().into() } else { part.into() })
            .collect();
        if parts.len() > 4 || parts.iter().any(|part| part.is_empty()) {
            return Err(PlaceError::Form);
        }
        if let Some(continent) = parts.first().filter(|c| !CONTINENTS.contains(&&***c)) {
            return Err(PlaceError::Continent(continent.as_ref().into()));
        }
        if let Some(country) = parts.get(1).filter(|c| !COUNTRIES.split(' ').any(|known| known == &***c)) {
            return Err(PlaceError::Country(country.as_ref().into()));
        }
        Ok(Self::Path(parts.into()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(parts) => f.write_str(&parts.join("/")),
            Self::Region(region) => write!(f, "region:{region}"),
        }
    }
}

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

// === Network ===

/// A network: an address and how many of its leading bits count. IPv4-mapped ones are IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

/// Why something is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// Not an address.
    Address,
    /// No number after the slash, or one above 32 or 128.
    Length,
    /// Bits behind the prefix are set.
    HostBits,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "is not an address",
            Self::Length => "has a prefix length that is not 0 to 32 (IPv4) or 0 to 128 (IPv6)",
            Self::HostBits => "has bits set behind its prefix",
        })
    }
}

impl Network {
    /// A network; none when the length does not fit or bits behind it are set.
    ///
    /// # Errors
    /// [`NetworkError::Length`] and [`NetworkError::HostBits`].
    pub fn new(address: IpAddr, length: u8) -> Result<Self, NetworkError> {
        let (address, length) = match address {
            IpAddr::V6(v6) if length >= 96 => match v6.to_ipv4_mapped() {
                Some(v4) => (IpAddr::V4(v4), length - 96),
                None => (address, length),
            },
            _ => (address, length),
        };
        if length > address_bits(address) {
            return Err(NetworkError::Length);
        }
        if bits_of(address) & !mask(length) != 0 {
            return Err(NetworkError::HostBits);
        }
        Ok(Self { address, length })
    }

    /// The network of that length around an address; the length is cut to the family's.
    #[must_use]
    pub fn around(address: IpAddr, length: u8) -> Self {
        let length = length.min(address_bits(address));
        let bits = bits_of(address) & mask(length);
        let address = match address {
            IpAddr::V4(_) => IpAddr::from(u32::try_from(bits >> 96).unwrap_or(0).to_be_bytes()),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(bits)),
        };
        Self { address, length }
    }

    /// Its first address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits count.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.length
    }

    /// True when the address is in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && bits_of(address) & mask(self.length) == bits_of(self.address)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// `192.0.2.0/24`, `2001:db8::/32`, or an address alone.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let length = match length {
            Some(l) if l.bytes().all(|b| b.is_ascii_digit()) => {
                l.parse().map_err(|_| NetworkError::Length)?
            }
            Some(_) => return Err(NetworkError::Length),
            None => address_bits(address),
        };
        Self::new(address, length)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

fn address_bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with its first bit on top, IPv4 in the upper 32 bits.
fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

/// Which network is where; a network of unknown place hides a wider one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkMap {
    /// By network: the longest that holds an address counts.
    pub networks: BTreeMap<Network, Option<Place>>,
}

// === Orders ===

/// The tier of each cluster, by its position in the cluster list that the table was made for; 0 is first.
pub type Order = Box<[u8]>;

/// For each client the order of tiers that one policy makes of one list of clusters.
#[derive(Debug)]
pub struct Orders {
    orders: Vec<Order>,
    v4: Trie,
    v6: Trie,
}

/// What [`Orders::find`] found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The tier of each cluster.
    pub order: &'a [u8],
    /// The widest prefix around the client in which the order is the same; 0 when the order does not
    /// look at the client.
    pub scope: u8,
}

impl Orders {
    /// Makes the table. `clusters` are those that offer something, in the caller's order.
    #[must_use]
    pub fn new(policy: &Policy, clusters: &[(ClusterName, Cluster)]) -> Self {
        let maps: Vec<&NetworkMap> = policy
            .order
            .iter()
            .filter_map(|stage| match stage {
                Stage::Geo(map) => Some(&**map),
                Stage::Tiers(_) => None,
            })
            .collect();
        let mut maker = Maker { policy, clusters, known: BTreeMap::new(), orders: Vec::new() };
        let unknown: Vec<Option<&Place>> = maps.iter().map(|_| None).collect();
        // The first order is that of clients of unknown place.
        maker.order(&unknown);
        let v4 = Trie::new(&maps, true, &unknown, &mut maker);
        let v6 = Trie::new(&maps, false, &unknown, &mut maker);
        Self { orders: maker.orders, v4, v6 }
    }

    /// The order for a client.
    #[must_use]
    pub fn find(&self, client: IpAddr) -> Found<'_> {
        let trie = if client.is_ipv4() { &self.v4 } else { &self.v6 };
        let (order, scope) = trie.find(bits_of(client));
        let order = usize::try_from(order).ok().and_then(|i| self.orders.get(i));
        Found { order: order.map_or(&[], |o| o), scope }
    }

    /// The order for a client of unknown place.
    #[must_use]
    pub fn unknown(&self) -> Found<'_> {
        Found { order: self.orders.first().map_or(&[], |o| o), scope: 0 }
    }

    /// How many distinct orders it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// True when it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }
}

/// The place that a policy's networks give a client: of each `Geo` stage, in order.
pub fn locate(policy: &Policy, client: IpAddr) -> impl Iterator<Item = Option<&Place>> {
    policy.order.iter().filter_map(move |stage| match stage {
        Stage::Geo(map) => Some(longest(map, client)),
        Stage::Tiers(_) => None,
    })
}

fn longest(map: &NetworkMap, client: IpAddr) -> Option<&Place> {
    (0..=address_bits(client))
        .rev()
        .find_map(|length| map.networks.get(&Network::around(client, length)))
        .and_then(Option::as_ref)
}

/// Computes orders and keeps each once.
struct Maker<'p> {
    policy: &'p Policy,
    clusters: &'p [(ClusterName, Cluster)],
    known: BTreeMap<Vec<Option<&'p Place>>, u32>,
    orders: Vec<Order>,
}

impl<'p> Maker<'p> {
    /// The index of the order that holds where the `Geo` stages see these places.
    fn order(&mut self, places: &[Option<&'p Place>]) -> u32 {
        if let Some(known) = self.known.get(places) {
            return *known;
        }
        let order = self.compute(places);
        let index = self.orders.iter().position(|o| *o == order).unwrap_or_else(|| {
            self.orders.push(order);
            self.orders.len() - 1
        });
        let index = u32::try_from(index).unwrap_or(0);
        self.known.insert(places.to_vec(), index);
        index
    }

    fn compute(&self, places: &[Option<&Place>]) -> Order {
        let ranks: Vec<Vec<usize>> = self.clusters.iter().map(|c| self.ranks(c, places)).collect();
        let mut distinct: Vec<&Vec<usize>> = ranks.iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        ranks
            .iter()
            .map(|rank| {
                distinct.binary_search(&rank).ok().and_then(|t| u8::try_from(t).ok()).unwrap_or(u8::MAX)
            })
            .collect()
    }

    /// One rank a stage, compared first to last.
    fn ranks(&self, (name, cluster): &(ClusterName, Cluster), places: &[Option<&Place>]) -> Vec<usize> {
        let mut places = places.iter();
        let rank = |stage: &Stage| match stage {
            Stage::Tiers(tiers) => tiers.iter().position(|tier| tier.contains(name)).unwrap_or(tiers.len()),
            Stage::Geo(_) => match (places.next().copied().flatten(), &self.policy.unknown_location) {
                (Some(place), _) | (None, UnknownLocation::Place(place)) => {
                    Nearness::of(place, cluster) as usize
                }
                (None, UnknownLocation::Even) => 0,
            },
        };
        self.policy.order.iter().map(rank).collect()
    }
}

// === Trie ===

/// A binary trie without equal siblings: a leaf is an order's index.
#[derive(Debug)]
struct Trie {
    nodes: Vec<[u32; 2]>,
    root: u32,
}

/// Marks an entry of [`Trie::nodes`] as a leaf.
const LEAF: u32 = 1 << 31;

impl Trie {
    fn new<'p>(
        maps: &[&'p NetworkMap],
        v4: bool,
        unknown: &[Option<&'p Place>],
        maker: &mut Maker<'p>,
    ) -> Self {
        let mut raw = RawTrie { nodes: alloc::vec![RawNode::default()] };
        for (index, map) in maps.iter().enumerate() {
            for (network, place) in &map.networks {
                if network.address.is_ipv4() == v4 {
                    raw.insert(network, index, place.as_ref());
                }
            }
        }
        let mut trie = Self { nodes: Vec::new(), root: 0 };
        trie.root = trie.merge(&raw, 0, unknown, maker);
        trie
    }

    /// Flattens what is below a raw node; equal children become their parent.
    fn merge<'p>(
        &mut self,
        raw: &RawTrie<'p>,
        at: usize,
        inherited: &[Option<&'p Place>],
        maker: &mut Maker<'p>,
    ) -> u32 {
        let Some(node) = raw.nodes.get(at) else {
            return LEAF | maker.order(inherited);
        };
        let mut places = inherited.to_vec();
        for &(index, place) in &node.places {
            if let Some(slot) = places.get_mut(index) {
                *slot = place;
            }
        }
        if node.children == [None, None] {
            return LEAF | maker.order(&places);
        }
        let [zero, one] =
            node.children.map(|child| self.merge(raw, child.unwrap_or(usize::MAX), &places, maker));
        if zero == one && zero & LEAF != 0 {
            return zero;
        }
        self.nodes.push([zero, one]);
        u32::try_from(self.nodes.len() - 1).unwrap_or(LEAF)
    }

    /// The order's index at an address, and the depth of its leaf.
    fn find(&self, bits: u128) -> (u32, u8) {
        let mut at = self.root;
        let mut depth = 0;
        while at & LEAF == 0 {
            let one = usize::from(bits & (1 << (127 - u32::from(depth))) != 0);
            at = usize::try_from(at).ok().and_then(|i| self.nodes.get(i)).map_or(LEAF, |n| n[one]);
            depth += 1;
        }
        (at & !LEAF, depth)
    }
}

/// The trie before merging: what each network says of each map.
struct RawTrie<'p> {
    nodes: Vec<RawNode<'p>>,
}

#[derive(Default)]
struct RawNode<'p> {
    children: [Option<usize>; 2],
    places: Vec<(usize, Option<&'p Place>)>,
}

impl<'p> RawTrie<'p> {
    fn insert(&mut self, network: &Network, map: usize, place: Option<&'p Place>) {
        let bits = bits_of(network.address);
        let mut at = 0;
        for depth in 0..u32::from(network.length) {
            let one = usize::from(bits & (1 << (127 - depth)) != 0);
            let next = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = *node.children[one].get_or_insert(next);
            if at == next {
                self.nodes.push(RawNode::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.places.push((map, place));
        }
    }
}

#[cfg(test)]
mod tests;
