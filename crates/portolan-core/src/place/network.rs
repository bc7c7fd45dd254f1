//! Networks, and which is where.

use alloc::collections::BTreeMap;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
use core::str::FromStr;

use crate::place::Place;

/// Most networks that one map may have.
pub const NETWORKS_MAX: usize = 1_000_000;

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
pub(crate) fn bits_of(address: IpAddr) -> u128 {
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

impl NetworkMap {
    /// The place of the longest network that holds an address.
    #[must_use]
    pub fn place_of(&self, address: IpAddr) -> Option<&Place> {
        (0..=address_bits(address))
            .rev()
            .find_map(|length| self.networks.get(&Network::around(address, length)))
            .and_then(Option::as_ref)
    }
}
