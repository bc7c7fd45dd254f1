//! The path of a query allocates nothing.

use portolan_core::Draw;
use portolan_core::RecordType;
use portolan_core::answer::AliasBuf;
use portolan_core::name::NameBuf;
use portolan_core::record::Rdata;

use crate::testing::{NSID, Packet, SOURCE, TCP, UDP, World, name, record, subnet, target};
use crate::{Decoded, Limits, TCP_OCTETS_MAX, decode, encode, encode_error, encode_identity};

const A: RecordType = RecordType::A;

fn world() -> World {
    let mut world = World::new();
    world.steer(&[("203.0.113.0/24", "EU"), ("2001:db8::/32", "NA")]);
    world.name("www.example", &[target("192.0.2.1"), target("192.0.2.2"), target("2001:db8::1")]);
    world.name("alias.example", &[target("www.example")]);
    world.name("*.wild.example", &[target("192.0.2.3")]);
    world.name("cut.example", &[record(RecordType::NS, Rdata::name(&name("ns.cut.example")))]);
    world.name("ns.cut.example", &[target("192.0.2.53")]);
    let many: alloc::vec::Vec<_> = (0..250).map(|i| target(&alloc::format!("10.0.0.{i}"))).collect();
    world.name("many.example", &many);
    world
}

fn packets() -> alloc::vec::Vec<Packet> {
    let edns = [&NSID[..], &subnet(1, 24, 0, &[203, 0, 113])].concat();
    let asks = |at, rtype| Packet::asks(at, rtype);
    [
        asks("www.example", A),
        asks("WWW.example", RecordType::AAAA).opt(&edns),
        asks("www.geo.example", A).opt(&edns),
        asks("alias.example", A).opt(&[]),
        asks("a.wild.example", A),
        asks("www.cut.example", A),
        asks("nope.example", A).opt(&edns),
        asks("www.example", RecordType::TXT),
        asks("www.example", RecordType::ANY),
        asks("example", RecordType::SOA),
        asks("example", RecordType::NS),
        asks("other.test", A).opt(&[]),
        asks("many.example", A),
        asks("www.example", A).opt(&[0, 8, 0]),
        asks("www.example", RecordType::AXFR).opt(&edns),
        asks("www.example", A).flags(0x2000),
        asks("www.example", A).flags(0x8000),
        asks("www.example", A).counts([1, 9, 9, 9]),
        Packet::new(),
    ]
    .into()
}

fn serve(
    world: &World,
    packet: &[u8],
    limits: Limits<'_>,
    (at, aliases): &mut (NameBuf, AliasBuf),
    out: &mut [u8],
) -> usize {
    match decode(packet, at) {
        Decoded::Query(request) => {
            let query = request.query(at.borrowed(), SOURCE);
            let answer = portolan_core::answer(&world.snapshot, &query, Draw(3), &mut (), aliases);
            encode(&request, packet, &answer, limits, out)
        }
        Decoded::Error(request, code) => encode_error(&request, packet, code, limits, out),
        Decoded::Identity(request) => encode_identity(&request, packet, limits, out),
        Decoded::Drop(_) => 0,
    }
}

#[test]
fn nothing_is_allocated() {
    let world = world();
    let mut out = alloc::vec![0; TCP_OCTETS_MAX];
    let mut room = (NameBuf::new(), AliasBuf::new());
    for packet in packets() {
        let bytes = packet.bytes();
        for limits in [UDP, TCP] {
            let mut octets = 0;
            let counted = allocation_counter::measure(|| {
                octets = serve(&world, &bytes, limits, &mut room, &mut out);
            });
            assert_eq!(counted.count_total, 0, "{bytes:?}");
            assert_eq!(octets > 0, packet.flags & 0x8000 == 0, "{bytes:?}");
        }
    }
    // So that the count itself can fail.
    let counted = allocation_counter::measure(|| drop(core::hint::black_box(alloc::vec![1_u8; 9])));
    assert_eq!(counted.count_total, 1);
}
