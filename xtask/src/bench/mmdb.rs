//! A MaxMind database of the made-up networks, for the peers that read nothing else. The format is a
//! binary trie of 28-bit records over IPv6 (IPv4 below `::/96`), the data it leads to, and a description.
//!
//! ```text
//!   trie (two records a node) │ 16 zero octets │ data │ marker │ description
//! ```
//!
//! Each place has a country code of its own, also where it is a continent, because a country is what
//! those peers look at.

use super::dataset::networks::{CLUSTERS, NETWORKS, Networks, PLACES, coordinates, v4, v6};

/// What stands before the description.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// Bits of a record of the trie.
const RECORD_BITS: u16 = 28;
/// Octets between the trie and the data; what a record says is counted from their start.
const GAP_OCTETS: u32 = 16;
/// Bits before an IPv4 address in the trie.
const V4_DEPTH: u32 = 96;
/// A record that leads nowhere, until the trie is written.
const NOWHERE: Record = Record::Nowhere;

/// Where a record of the trie leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    Nowhere,
    Node(u32),
    /// An offset in the data.
    Data(u32),
}

/// The country code of a place.
pub(super) fn country(place: usize) -> String {
    format!("p{place}")
}

/// The database: each network of a client with its place, and the clusters' addresses with theirs.
pub(super) fn database() -> Vec<u8> {
    let (mut trie, mut data) = (Trie::default(), Vec::new());
    let mut offsets = Vec::new();
    for (place, (_, near)) in PLACES.iter().enumerate() {
        offsets.push(data.len() as u32);
        push_location(&mut data, &country(place), coordinates(near[0]));
    }
    for number in 0..NETWORKS {
        let data = Record::Data(offsets[Networks.place(number)]);
        trie.insert(u32::from(Networks.network(number)).into(), V4_DEPTH + 24, data);
    }
    for cluster in 0..CLUSTERS.len() {
        let here = Record::Data(data.len() as u32);
        push_location(&mut data, &format!("c{cluster}"), coordinates(cluster));
        // The low 16 bits of an address are the name's.
        trie.insert(u32::from(v4(0, cluster)).into(), V4_DEPTH + 16, here);
        trie.insert(v6(0, cluster).into(), 112, here);
    }
    let mut bytes = trie.bytes();
    bytes.extend([0; GAP_OCTETS as usize]);
    bytes.extend(data);
    bytes.extend(MARKER);
    push_description(&mut bytes, trie.nodes.len() as u32);
    bytes
}

/// The nodes, the root first.
struct Trie {
    nodes: Vec<[Record; 2]>,
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![[NOWHERE; 2]] }
    }
}

impl Trie {
    /// Lets a network lead to some data; no two networks of ours are inside each other.
    fn insert(&mut self, address: u128, depth: u32, data: Record) {
        let mut node = 0;
        for at in 0..depth {
            let side = (address >> (127 - at) & 1) as usize;
            if at + 1 == depth {
                self.nodes[node][side] = data;
            } else if let Record::Node(next) = self.nodes[node][side] {
                node = next as usize;
            } else {
                self.nodes[node][side] = Record::Node(self.nodes.len() as u32);
                node = self.nodes.len();
                self.nodes.push([NOWHERE; 2]);
            }
        }
    }

    /// Seven octets a node: the low 24 bits of the left record, the high four of both, the right one's low 24.
    fn bytes(&self) -> Vec<u8> {
        let count = self.nodes.len() as u32;
        let number = |record: &Record| match record {
            Record::Nowhere => count,
            Record::Node(node) => *node,
            Record::Data(offset) => count + GAP_OCTETS + offset,
        };
        let mut bytes = Vec::with_capacity(self.nodes.len() * 7);
        for [left, right] in &self.nodes {
            let [l3, l2, l1, l0] = number(left).to_be_bytes();
            let [r3, r2, r1, r0] = number(right).to_be_bytes();
            bytes.extend([l2, l1, l0, (l3 << 4) | (r3 & 0x0f), r2, r1, r0]);
        }
        bytes
    }
}

/// A country and a location, as a city database has them.
fn push_location(data: &mut Vec<u8>, country: &str, (latitude, longitude): (f64, f64)) {
    push_map(data, 2);
    push_text(data, "country");
    push_map(data, 1);
    push_text(data, "iso_code");
    push_text(data, country);
    push_text(data, "location");
    // PowerDNS passes over a location that lacks one of the four.
    push_map(data, 4);
    push_text(data, "accuracy_radius");
    push_u16(data, 1);
    push_text(data, "metro_code");
    push_u16(data, 0);
    push_text(data, "latitude");
    push_double(data, latitude);
    push_text(data, "longitude");
    push_double(data, longitude);
}

fn push_description(data: &mut Vec<u8>, nodes: u32) {
    push_map(data, 9);
    push_text(data, "binary_format_major_version");
    push_u16(data, 2);
    push_text(data, "binary_format_minor_version");
    push_u16(data, 0);
    push_text(data, "build_epoch");
    // An extended type: unsigned of 64 bits, here of four octets.
    data.extend([4, 2, 0x60, 0, 0, 0]);
    push_text(data, "database_type");
    push_text(data, "GeoLite2-City");
    push_text(data, "description");
    push_map(data, 1);
    push_text(data, "en");
    push_text(data, "made up");
    push_text(data, "ip_version");
    push_u16(data, 6);
    push_text(data, "languages");
    // An extended type: an array of one.
    data.extend([1, 4]);
    push_text(data, "en");
    push_text(data, "node_count");
    data.push(6 << 5 | 4);
    data.extend(nodes.to_be_bytes());
    push_text(data, "record_size");
    push_u16(data, RECORD_BITS);
}

/// The next so many pairs are a map; every size of ours is below 29, which one octet holds.
fn push_map(data: &mut Vec<u8>, pairs: u8) {
    data.push(7 << 5 | pairs);
}

fn push_text(data: &mut Vec<u8>, text: &str) {
    let len = u8::try_from(text.len()).ok().filter(|len| *len < 29).expect("a key is short");
    data.push(2 << 5 | len);
    data.extend(text.as_bytes());
}

fn push_double(data: &mut Vec<u8>, number: f64) {
    data.push(3 << 5 | 8);
    data.extend(number.to_be_bytes());
}

fn push_u16(data: &mut Vec<u8>, number: u16) {
    data.push(5 << 5 | 2);
    data.extend(number.to_be_bytes());
}

#[cfg(test)]
mod tests;
