//! Packets that mean harm: no panic, no wrong reply, bounded work.

use alloc::vec::Vec;

use portolan_core::RecordType;
use portolan_core::name::NameBuf;
use proptest::prelude::*;

use crate::testing::{NSID, Packet, TCP, UDP, World, cased, decoded, show, subnet, target};
use crate::{Decoded, ErrorCode};

const A: RecordType = RecordType::A;

fn world() -> World {
    let mut world = World::new();
    world.name("www.example", &[target("192.0.2.1"), target("2001:db8::1")]);
    world.name("alias.example", &[target("www.example")]);
    world
}

fn corpus() -> Vec<Vec<u8>> {
    let edns = [&NSID[..], &subnet(1, 24, 0, &[203, 0, 113])].concat();
    let v6 = subnet(2, 56, 0, &[0x20, 1, 0xd, 0xb8, 0, 0, 1]);
    [
        Packet::asks("wWw.example", A),
        Packet::asks("alias.example", RecordType::AAAA).opt(&edns),
        Packet::asks("nope.example", A).opt(&v6),
        Packet::asks("example", RecordType::IXFR).record(2, &[0xc0, 12], RecordType::SOA, &[0; 22]),
        Packet::asks("www.example", A).opt(&edns).signed(&cased("key")),
        Packet::asks("www.example", A).signed(&[3, b'k', b'e', b'y', 0xc0, 16]),
        Packet::asks("example", RecordType::SOA).flags(0x2800).opt(&[]),
    ]
    .iter()
    .map(Packet::bytes)
    .collect()
}

/// Any reply is a response that another library reads, and repeats the number.
#[track_caller]
fn check_reply(world: &World, packet: &[u8]) {
    // What is read in one go comes to the same as when it is read as any packet is.
    let (mut plain, mut any) = (NameBuf::new(), NameBuf::new());
    let read = crate::decode(packet, &mut plain);
    assert_eq!(read, crate::decode::decode_any(packet, &mut any), "{packet:?}");
    if matches!(read, Decoded::Query(_)) {
        assert_eq!(plain.borrowed(), any.borrowed());
    }
    for limits in [UDP, TCP] {
        let Some(reply) = world.reply(packet, limits) else {
            assert!(packet.len() < 12 || packet[2] & 0x80 != 0, "silent on {packet:?}");
            continue;
        };
        assert_eq!(reply[..2], packet[..2]);
        assert!(reply[2] & 0x80 != 0 && reply[2] & 0x78 == packet[2] & 0x78);
        show(&reply);
    }
}

#[test]
fn cut_anywhere() {
    let world = world();
    for packet in corpus() {
        for octets in 0..packet.len() {
            check_reply(&world, &packet[..octets]);
        }
    }
}

#[test]
fn flipped_anywhere() {
    let world = world();
    for packet in corpus() {
        for bit in 0..packet.len() * 8 {
            let mut flipped = packet.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            check_reply(&world, &flipped);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(packet in proptest::collection::vec(any::<u8>(), 0..600)) {
        check_reply(&world(), &packet);
    }

    #[test]
    fn any_bytes_behind_a_good_question(
        rest in proptest::collection::vec(any::<u8>(), 0..200),
        counts in proptest::array::uniform3(0_u16..4),
        options: bool,
    ) {
        let mut packet = Packet::asks("www.example", A);
        packet = if options { packet.opt(&rest) } else { packet };
        if !options {
            packet.body.extend(&rest);
            packet.counts[1..].copy_from_slice(&counts);
        }
        check_reply(&world(), &packet.bytes());
    }
}

/// The largest packets, made of what is cheapest to send and dearest to read.
#[test]
fn the_dearest_packets() {
    let full_of = |unit: &[u8]| {
        let mut packet = Packet::asks("www.example", A);
        while packet.body.len() + unit.len() + 12 <= crate::TCP_OCTETS_MAX {
            packet.body.extend(unit);
            packet.counts[3] += 1;
        }
        packet
    };
    let empty = [0, 16, 0, 1, 0, 0, 0, 0, 0, 0];
    let pointers = || full_of(&[&[0xc0, 12], &empty[..]].concat());
    assert_eq!(code(&pointers().bytes()), Some(ErrorCode::FormErr));
    assert_eq!(code(&pointers().counts([1, 0, 0, 65535]).bytes()), Some(ErrorCode::FormErr));
    // As many as a question may have; what is behind them is of no section.
    assert!(matches!(decoded(&pointers().counts([1, 1, 1, 1]).bytes()), Decoded::Query(_)));
    assert_eq!(code(&pointers().counts([1, 1, 1, 2]).bytes()), Some(ErrorCode::FormErr));
    assert_eq!(code(&pointers().counts([1, 65535, 65535, 65535]).bytes()), Some(ErrorCode::FormErr));
    let labels = full_of(&[&b"\x01a".repeat(127)[..], &[0], &empty].concat());
    assert_eq!(code(&labels.bytes()), Some(ErrorCode::FormErr));
    let options = |count| Packet::asks("www.example", A).opt(&[0xff, 0, 0, 0].repeat(count));
    assert!(matches!(decoded(&options(crate::OPTIONS_MAX).bytes()), Decoded::Query(_)));
    assert_eq!(code(&options(crate::OPTIONS_MAX + 1).bytes()), Some(ErrorCode::FormErr));
    // A chain of pointers, each to the one before. Who followed them would take a step a pair.
    let mut chain = Packet::asks("www.example", A);
    let mut before = 12_u16;
    while let Ok(here @ ..0x3fff) = u16::try_from(chain.body.len() + 12) {
        chain.body.extend((0xc000 | before).to_be_bytes());
        chain.body.extend(empty);
        chain.counts[3] += 1;
        before = here;
    }
    assert_eq!(code(&chain.bytes()), Some(ErrorCode::FormErr));
}

fn code(packet: &[u8]) -> Option<ErrorCode> {
    match decoded(packet) {
        Decoded::Error(_, code) => Some(code),
        _ => None,
    }
}
