//! The made-up names that are asked for, what is answered for them, and the questions themselves. All of
//! it follows from numbers, so that two runs ask the same and a right answer can be told without a table.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context, Result};

use super::message::{A, AAAA, Question};
use draw::Draw;
use networks::Networks;

pub(super) mod draw;
pub(super) mod networks;

/// Octets of the longest packet.
pub(super) const PACKET_OCTETS_MAX: usize = 96;
/// Packets of a run; they go round.
pub(super) const PACKETS: usize = 100_000;
/// Seconds that any record may be remembered.
pub(super) const TTL_SECONDS: u32 = 300;

/// 10,000 names with 3 A records each, every second with 3 AAAA records too.
pub(super) const STATIC: Names =
    Names { apex: "glb.example", count: 10_000, digits: 5, addresses: 3, dual: true };
/// 1,000,000 names with 2 A records each.
pub(super) const MILLION: Names =
    Names { apex: "big.example", count: 1_000_000, digits: 6, addresses: 2, dual: false };

/// The names of a zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// The zone's apex, without a dot at its end.
    pub(super) apex: &'static str,
    /// How many names there are.
    pub(super) count: u32,
    /// Digits of a name's number.
    digits: usize,
    /// Records of a type.
    addresses: u32,
    /// Whether every second name has AAAA records.
    dual: bool,
}

impl Names {
    /// Only the first so many of them.
    #[cfg(test)]
    pub(super) fn first(self, count: u32) -> Self {
        Self { count: count.min(self.count), ..self }
    }

    /// The first label of a name.
    pub(super) fn label(&self, index: u32) -> String {
        format!("n{index:0digits$}", digits = self.digits)
    }

    /// A name.
    pub(super) fn name(&self, index: u32) -> String {
        format!("{}.{}", self.label(index), self.apex)
    }

    /// A name that is not there.
    pub(super) fn absent(&self, index: u32) -> String {
        format!("x{index:0digits$}.{}", self.apex, digits = self.digits)
    }

    /// Its IPv4 addresses: nobody's (240.0.0.0/4), no two names having the same.
    pub(super) fn v4(&self, index: u32) -> Vec<Ipv4Addr> {
        let first = 0xf000_0000 + index * self.addresses;
        (first..first + self.addresses).map(Ipv4Addr::from).collect()
    }

    /// Its IPv6 addresses, in the network for documentation; none for a name without.
    pub(super) fn v6(&self, index: u32) -> Vec<Ipv6Addr> {
        let first = (0x2001_0db8_u128 << 96) + u128::from(index * self.addresses);
        let count = if self.has_v6(index) { self.addresses } else { 0 };
        (first..first + u128::from(count)).map(Ipv6Addr::from).collect()
    }

    /// Whether it has IPv6 addresses.
    pub(super) fn has_v6(&self, index: u32) -> bool {
        self.dual && index.is_multiple_of(2)
    }

    /// Writes the zone as a zone file (RFC 1035).
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write_zone(&self, out: &mut impl Write) -> Result<()> {
        let apex = self.apex;
        write!(
            out,
            "$ORIGIN {apex}.\n$TTL {TTL_SECONDS}\n\
             @ SOA ns1.{apex}. hostmaster.{apex}. 1 3600 600 1209600 30\n\
             @ NS ns1.{apex}.\nns1 A 192.0.2.53\n"
        )
        .context("the zone file")?;
        for index in 0..self.count {
            let label = self.label(index);
            for address in self.v4(index) {
                writeln!(out, "{label} A {address}").context("the zone file")?;
            }
            for address in self.v6(index) {
                writeln!(out, "{label} AAAA {address}").context("the zone file")?;
            }
        }
        Ok(())
    }
}

/// Questions as they go out, but for their ids; all of one size.
pub(super) struct Packets {
    bytes: Vec<u8>,
    octets: usize,
}

impl Packets {
    /// Octets of each.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.bytes.len() / self.octets
    }

    /// The packet of this number; they go round.
    pub(super) fn get(&self, number: usize) -> &[u8] {
        let at = number % self.count() * self.octets;
        &self.bytes[at..at + self.octets]
    }
}

/// So many questions: 80 % A, 10 % AAAA, 10 % for names that are not there, with EDNS; with networks,
/// each tells a client's, 90 % of them out of those that are known.
pub(super) fn packets(names: &Names, networks: Option<&Networks>, count: usize) -> Packets {
    let mut draw = Draw::new(1);
    let mut packets = Packets { bytes: Vec::new(), octets: 0 };
    for _ in 0..count {
        let index = draw.below(names.count);
        let (name, kind) = match draw.below(10) {
            0 => (names.absent(index), A),
            1 => (names.name(index), AAAA),
            _ => (names.name(index), A),
        };
        let subnet = networks.map(|networks| networks.draw_client(&mut draw));
        let bytes = Question { name: &name, kind, edns: true, subnet }.bytes(0);
        packets.octets = bytes.len();
        packets.bytes.extend(bytes);
    }
    packets
}

#[cfg(test)]
mod tests;
