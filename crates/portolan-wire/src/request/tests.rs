use core::net::IpAddr;

use portolan_core::RecordType;
use portolan_core::name::NameRef;

use crate::Subnet;
use crate::testing::{Packet, request, subnet};

const A: RecordType = RecordType::A;

/// Who asks: the network in ECS, else where the packet came from; IPv4 inside IPv6 is IPv4.
#[test]
fn who_asks() {
    #[track_caller]
    fn check(options: &[u8], source: &str, expected: &str) {
        let request = request(&Packet::asks("www.example", A).opt(options));
        let query = request.query(NameRef::ROOT, source.parse().unwrap());
        let expected: IpAddr = expected.parse().unwrap();
        assert_eq!((query.client.address, query.rtype), (expected, A));
    }
    check(&[], "198.51.100.1", "198.51.100.1");
    check(&[], "::ffff:198.51.100.1", "198.51.100.1");
    check(&[], "2001:db8::1", "2001:db8::1");
    check(&subnet(1, 24, 0, &[203, 0, 113]), "198.51.100.1", "203.0.113.0");
    check(&subnet(1, 0, 0, &[]), "198.51.100.1", "198.51.100.1");
    check(&subnet(2, 32, 0, &[0x20, 1, 0xd, 0xb8]), "198.51.100.1", "2001:db8::");
    let mapped = [&[0; 10][..], &[0xff, 0xff, 203, 0, 113]].concat();
    check(&subnet(2, 120, 0, &mapped), "198.51.100.1", "203.0.113.0");
    check(&subnet(3, 8, 0, &[1]), "198.51.100.1", "198.51.100.1");
}

/// The scope that is sent for one that was decided.
#[test]
fn scopes() {
    #[track_caller]
    fn check(address: &str, source: u8, decided: u8, expected: u8) {
        let subnet = Subnet { address: address.parse().unwrap(), source };
        assert_eq!(subnet.scope(decided), expected, "{subnet:?} {decided}");
    }
    check("203.0.113.0", 24, 0, 0);
    check("203.0.113.0", 24, 8, 8);
    // Narrower than what was told: the client's resolver may ask again with more bits.
    check("203.0.113.0", 24, 28, 28);
    // Never above the family's width, and nothing for who told nothing.
    check("203.0.113.0", 24, 128, 32);
    check("2001:db8::", 56, 128, 128);
    check("2001:db8::", 56, 255, 128);
    check("0.0.0.0", 0, 24, 0);
    check("::", 0, 24, 0);
    // IPv4 inside IPv6: the decided scope is one of IPv4.
    check("::ffff:203.0.113.0", 120, 8, 104);
    check("::ffff:203.0.113.0", 120, 0, 96);
    check("::ffff:203.0.113.0", 120, 40, 128);
}

/// What the client takes by UDP (RFC 6891 section 6.2.3: below 512 is 512), and no more than we send.
#[test]
fn room_in_a_datagram() {
    let plain = Packet::asks("www.example", A);
    assert_eq!(request(&plain).udp_octets_max(), 512);
    for (advertised, expected) in
        [(0, 512), (511, 512), (512, 512), (1000, 1000), (1232, 1232), (1233, 1232), (65535, 1232)]
    {
        let packet = plain.clone().opt_as(advertised, [0; 4], &[]);
        assert_eq!(request(&packet).udp_octets_max(), expected, "{advertised}");
    }
}
