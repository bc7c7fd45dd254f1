use std::net::SocketAddr;

use super::*;

/// So many octets, the rest being zero.
fn octets<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut octets = [0; N];
    let parts = parts.concat();
    octets[..parts.len()].copy_from_slice(&parts);
    octets
}

fn family(family: i32) -> [u8; 2] {
    u16::try_from(family).unwrap().to_ne_bytes()
}

#[test]
fn senders_are_read_as_the_kernel_writes_them() {
    let documentation = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let link_local = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let (v4, v6) = (family(libc::AF_INET), family(libc::AF_INET6));
    for (parts, expected) in [
        (&[&v4[..], &[0, 53], &[192, 0, 2, 1]][..], "192.0.2.1:53"),
        (&[&v4[..], &[0xff, 0xfe], &[198, 51, 100, 255], &[9; 8]], "198.51.100.255:65534"),
        (&[&v6[..], &[0x04, 0x1d], &[0; 4], &documentation], "[2001:db8::9]:1053"),
        (&[&v6[..], &[0, 1], &[0; 4], &link_local, &7_u32.to_ne_bytes()], "[fe80::1]:1"),
        // Nobody: a family that is none of ours, and nothing at all.
        (&[&family(libc::AF_UNIX)[..], b"/name"], "0.0.0.0:0"),
        (&[], "0.0.0.0:0"),
    ] {
        let Asker { ip, port } = read(&octets(parts));
        assert_eq!(SocketAddr::new(ip, port).to_string(), expected);
    }
}

/// A control message, as the kernel writes it.
fn control((level, kind): (i32, i32), data: &[u8]) -> [u8; CONTROL_OCTETS] {
    let length = HEAD_OCTETS + data.len();
    octets(&[&length.to_ne_bytes(), &level.to_ne_bytes(), &kind.to_ne_bytes(), data])
}

#[test]
fn a_reply_leaves_from_where_it_was_asked_and_by_any_interface() {
    const V4: (i32, i32) = (libc::IPPROTO_IP, libc::IP_PKTINFO);
    const V6: (i32, i32) = (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO);
    let v4 = |interface| [[interface, 0, 0, 0], [192, 0, 2, 1], [192, 0, 2, 1]].concat();
    let v6 = |first, interface| [&[first, 0x80][..], &[0; 13], &[9], &[interface, 0, 0, 0]].concat();
    // (what is told, what is told back)
    let table = [
        (control(V4, &v4(3)), Some(control(V4, &v4(0)))),
        (control(V6, &v6(0x20, 3)), Some(control(V6, &v6(0x20, 0)))),
        // Only an address that means nothing without its interface keeps it.
        (control(V6, &v6(0xfe, 3)), Some(control(V6, &v6(0xfe, 3)))),
        ([0; CONTROL_OCTETS], None),
        ([0xff; CONTROL_OCTETS], None),
        (control(V4, &[0; 11]), None),
        (control(V6, &v4(3)), None),
        (control(V4, &v6(0x20, 3)), None),
        (control((libc::SOL_SOCKET, libc::SO_TIMESTAMP), &[0; 16]), None),
    ];
    for (told, back) in table {
        let mut octets = told;
        let is_aimed = turn(&mut octets);
        assert_eq!(is_aimed.then_some(octets), back, "{told:?}");
    }
}

#[test]
fn the_sizes_are_those_of_the_system() {
    const { assert!(ADDRESS_OCTETS >= size_of::<libc::sockaddr_in6>()) };
    assert_eq!(HEAD_OCTETS, size_of::<libc::cmsghdr>());
    assert_eq!(PACKET_INFO_V4_OCTETS, size_of::<libc::in_pktinfo>());
    assert_eq!(PACKET_INFO_V6_OCTETS, size_of::<libc::in6_pktinfo>());
    assert_eq!(TOLD_V4_OCTETS, nix::cmsg_space!(libc::in_pktinfo).capacity());
    assert_eq!(TOLD_V6_OCTETS, nix::cmsg_space!(libc::in6_pktinfo).capacity());
    const { assert!(CONTROL_OCTETS >= TOLD_V6_OCTETS && CONTROL_OCTETS >= TOLD_V4_OCTETS) };
}
