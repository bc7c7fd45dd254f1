//! Addresses as the kernel writes them: who sent a datagram, and whom it was sent to.
//!
//! They are read where they stand, as octets, so that nothing is copied on the way: the reply is sent to
//! the same octets. Lengths and numbers are in the machine's own order, ports in the network's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nix::libc;

use super::calls::{ADDRESS_OCTETS, CONTROL_OCTETS};

/// What stands before the data of a control message: its length, level and kind.
const HEAD_OCTETS: usize = size_of::<usize>() + 2 * size_of::<i32>();
/// An `in_pktinfo`: the interface, our address that was asked, the address in the packet.
const PACKET_INFO_V4_OCTETS: usize = 12;
/// An `in6_pktinfo`: our address, the interface.
const PACKET_INFO_V6_OCTETS: usize = 20;
/// A control message stands at a multiple of this, in octets.
const ALIGNMENT: usize = size_of::<usize>();

/// What the kernel tells of a datagram that came by IPv4, in octets.
pub(super) const TOLD_V4_OCTETS: usize = (HEAD_OCTETS + PACKET_INFO_V4_OCTETS).next_multiple_of(ALIGNMENT);
/// What the kernel tells of a datagram that came by IPv6, in octets.
pub(super) const TOLD_V6_OCTETS: usize = (HEAD_OCTETS + PACKET_INFO_V6_OCTETS).next_multiple_of(ALIGNMENT);

/// Who sent a datagram. What a link-local address needs beside this is not looked at: replies are sent
/// by the kernel's own octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
}

/// A `sockaddr_in` or `sockaddr_in6`. Whatever else stands there is nobody: port 0 of no address.
#[inline]
pub(super) fn read(octets: &[u8; ADDRESS_OCTETS]) -> Asker {
    let [f0, f1, p0, p1, a, b, c, d, rest @ ..] = octets;
    let port = u16::from_be_bytes([*p0, *p1]);
    match (i32::from(u16::from_ne_bytes([*f0, *f1])), rest.first_chunk::<16>()) {
        (libc::AF_INET, _) => Asker { ip: Ipv4Addr::new(*a, *b, *c, *d).into(), port },
        // Four octets of flow information stand before the address.
        (libc::AF_INET6, Some(ip)) => Asker { ip: Ipv6Addr::from_octets(*ip).into(), port },
        _ => Asker { ip: Ipv4Addr::UNSPECIFIED.into(), port: 0 },
    }
}

/// Turns what the kernel told of a datagram into what it is to be told of the reply: that it leaves from
/// the address that was asked. False when no address was told.
///
/// The interface is left to the routes: an address that answers on another interface than its own is
/// still the one that was asked. Only a link-local IPv6 address means nothing without its interface.
#[inline]
pub(super) fn turn(control: &mut [u8; CONTROL_OCTETS]) -> bool {
    let [l0, l1, l2, l3, l4, l5, l6, l7, k0, k1, k2, k3, k4, k5, k6, k7, data @ ..] = control;
    let length = usize::from_ne_bytes([*l0, *l1, *l2, *l3, *l4, *l5, *l6, *l7]);
    let kind = u64::from_ne_bytes([*k0, *k1, *k2, *k3, *k4, *k5, *k6, *k7]);
    let interface = match (kind, length.wrapping_sub(HEAD_OCTETS)) {
        (PACKET_INFO_V4, PACKET_INFO_V4_OCTETS) => data.get_mut(..4),
        (PACKET_INFO_V6, PACKET_INFO_V6_OCTETS) => match data {
            [0xfe, 0x80..=0xbf, ..] => return true,
            _ => data.get_mut(16..20),
        },
        _ => return false,
    };
    // An interface of 0 is any.
    interface.map(|interface| interface.fill(0)).is_some()
}

/// The level and the kind of a control message, as they stand beside each other.
const fn kind(level: i32, kind: i32) -> u64 {
    let ([a, b, c, d], [e, f, g, h]) = (level.to_ne_bytes(), kind.to_ne_bytes());
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}

const PACKET_INFO_V4: u64 = kind(libc::IPPROTO_IP, libc::IP_PKTINFO);
const PACKET_INFO_V6: u64 = kind(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO);

#[cfg(test)]
mod tests;
