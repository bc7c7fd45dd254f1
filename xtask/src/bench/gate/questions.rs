//! The questions of the gate, and what must come of them.
//!
//! The names and networks are those of `crates/portolan-serve/examples/gate/world.rs`. A server that answers
//! fast and wrong is told by [`Kind::check`].

use std::net::Ipv4Addr;

use anyhow::{Result, ensure};

/// Names of each kind.
const NAMES: u32 = 10_000;
/// From one name to the next that is asked for: a prime, so that all of them come.
const NAME_STEP: u32 = 7_919;
/// Networks of known place.
const NETWORKS: u32 = 20_000;
/// The first of them, and from one to the next.
const NETWORK_FIRST: u32 = 0x0100_0000;
const NETWORK_STEP: u32 = 65 << 8;
/// One client in this many is in the network behind a known one, which is of unknown place.
const UNKNOWN_EVERY: u32 = 10;
/// The zone of a file.
const FILE_APEX: &[u8] = b"\x07example\x03net\0";
/// The zone.
const APEX: &[u8] = b"\x07example\x03org\0";
const A: u8 = 1;
const AAAA: u8 = 28;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A of a name of a zone file: three addresses.
    File,
    /// A of a name without a policy: three addresses.
    Static,
    /// A of a name with a policy, and a client's network: one address, by place, health and weight.
    Policy,
    /// A of a name that is not there.
    NxDomain,
    /// AAAA of a name that has A alone.
    NoData,
}

impl Kind {
    /// A question, with EDNS as resolvers send it; its number is its id.
    pub(super) fn question(self, number: u32) -> Vec<u8> {
        let letter = match self {
            Self::File => 'f',
            Self::Static | Self::NoData => 's',
            Self::Policy => 'p',
            Self::NxDomain => 'x',
        };
        let index = (u64::from(number) * u64::from(NAME_STEP) % u64::from(NAMES)) as u32;
        let kind = if self == Self::NoData { AAAA } else { A };
        let [.., high, low] = number.to_be_bytes();
        let mut packet = vec![high, low, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 6];
        packet.extend(format!("{letter}{index:05}").bytes());
        packet.extend(if self == Self::File { FILE_APEX } else { APEX });
        packet.extend([0, kind, 0, 1]);
        packet.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0]);
        if self == Self::Policy {
            let [a, b, c, _] = network(number).octets();
            packet.extend([11, 0, 8, 0, 7, 0, 1, 24, 0, a, b, c]);
        } else {
            packet.push(0);
        }
        packet
    }

    /// Looks whether a reply is one to this question, and what the question must come to.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn check(self, number: u32, reply: &[u8]) -> Result<()> {
        let [.., high, low] = number.to_be_bytes();
        let header = reply.get(..12).unwrap_or_default();
        ensure!(header.starts_with(&[high, low]), "query {number}: {reply:?} is no reply to it");
        let code = header[3] & 0x0f;
        let (answers, authority) = (header[7], header[9]);
        let expected = match self {
            Self::File | Self::Static => (0, 3, 0),
            Self::Policy => (0, 1, 0),
            Self::NxDomain => (3, 0, 1),
            Self::NoData => (0, 0, 1),
        };
        let got = (code, answers, authority);
        ensure!(
            got == expected,
            "query {number}: code, answers and authority are {got:?} and must be {expected:?}"
        );
        Ok(())
    }
}

/// The client's network of a question.
fn network(number: u32) -> Ipv4Addr {
    let known = NETWORK_FIRST + (number * 37 % NETWORKS) * NETWORK_STEP;
    let behind = if number.is_multiple_of(UNKNOWN_EVERY) { 1 << 8 } else { 0 };
    Ipv4Addr::from(known + behind)
}

#[cfg(test)]
mod tests;
