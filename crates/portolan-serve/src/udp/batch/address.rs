//! Addresses as the kernel writes them: who sent a datagram, and whom it was sent to.
//!
//! They are read where they stand, as octets, so that nothing is copied on the way: the reply is sent to
//! the same octets. Lengths and numbers are in the machine's own order, ports in the network's.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use nix::libc;

use super::calls::ADDRESS_OCTETS;

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

/// A `sockaddr_in` or `sockaddr_in6`. Whatever else stands there is nobody: port 0 of no address.
#[inline]
pub(super) fn read(octets: &[u8; ADDRESS_OCTETS]) -> SocketAddr {
    let [f0, f1, p0, p1, rest @ ..] = octets;
    let port = u16::from_be_bytes([*p0, *p1]);
    match i32::from(u16::from_ne_bytes([*f0, *f1])) {
        libc::AF_INET => match rest {
            [a, b, c, d, ..] => SocketAddrV4::new(Ipv4Addr::new(*a, *b, *c, *d), port).into(),
        },
        libc::AF_INET6 => {
            let (flow, rest) = rest.split_first_chunk::<4>().expect("24 octets follow the port");
            let (ip, scope) = rest.split_first_chunk::<16>().expect("20 octets follow the flow");
            let scope = scope.first_chunk::<4>().expect("4 octets follow the address");
            let (flow, scope) = (u32::from_be_bytes(*flow), u32::from_ne_bytes(*scope));
            SocketAddrV6::new(Ipv6Addr::from_octets(*ip), port, flow, scope).into()
        }
        _ => SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0).into(),
    }
}

/// Turns what the kernel told of a datagram into what it is to be told of the reply: that it leaves from
/// the address that was asked. False when no address was told.
///
/// The interface is left to the routes: an address that answers on another interface than its own is
/// still the one that was asked. Only a link-local IPv6 address means nothing without its interface.
#[inline]
pub(super) fn turn(control: &mut [u8]) -> bool {
    const LENGTH_OCTETS: usize = size_of::<usize>();
    let Some((head, data)) = control.split_first_chunk_mut::<HEAD_OCTETS>() else { return false };
    let (length, kind) = head.split_at(LENGTH_OCTETS);
    let length = length.first_chunk().map_or(0, |length| usize::from_ne_bytes(*length));
    let kind = kind.first_chunk::<8>().map(|kind| u64::from_ne_bytes(*kind));
    match (kind, length.saturating_sub(HEAD_OCTETS)) {
        (Some(PACKET_INFO_V4), PACKET_INFO_V4_OCTETS) => forget_interface(data, 0),
        (Some(PACKET_INFO_V6), PACKET_INFO_V6_OCTETS) => match data.first_chunk::<16>() {
            Some(ip) if Ipv6Addr::from_octets(*ip).is_unicast_link_local() => true,
            Some(_) => forget_interface(data, 16),
            None => false,
        },
        _ => false,
    }
}

/// The level and the kind of a control message, as they stand beside each other.
const fn kind(level: i32, kind: i32) -> u64 {
    let ([a, b, c, d], [e, f, g, h]) = (level.to_ne_bytes(), kind.to_ne_bytes());
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}

const PACKET_INFO_V4: u64 = kind(libc::IPPROTO_IP, libc::IP_PKTINFO);
const PACKET_INFO_V6: u64 = kind(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO);

/// An interface of 0 is any.
fn forget_interface(data: &mut [u8], at: usize) -> bool {
    match data.get_mut(at..).and_then(|data| data.first_chunk_mut()) {
        Some(interface) => {
            *interface = 0_u32.to_ne_bytes();
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests;
