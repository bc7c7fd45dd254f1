//! The same messages as another library builds and reads them.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::rdata::opt::{ClientSubnet, EdnsCode, EdnsOption, NSIDPayload};
use hickory_proto::rr::{self, Record};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};
use portolan_core::answer::{AliasBuf, Answer, RecordSet};
use portolan_core::name::NameBuf;
use portolan_core::record::{Rdata, Target};
use portolan_core::{Name, RecordType};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::testing::{NSID, Packet, TCP, UDP, World, option, record, subnet};
use crate::{Decoded, Subnet, decode, is_truncated};

const TYPES: [RecordType; 11] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CNAME,
    RecordType::MX,
    RecordType::NS,
    RecordType::PTR,
    RecordType::SOA,
    RecordType::SRV,
    RecordType::TXT,
    RecordType::ANY,
    RecordType(65535),
];

const APEXES: &[&[&str]] = &[&["example"], &["sub", "example"], &["test"]];

// === What is generated ===

fn label() -> impl Strategy<Value = Vec<u8>> {
    let short = "[ab]{1,2}".prop_map(String::into_bytes);
    let any = proptest::collection::vec(any::<u8>(), 1..30);
    prop_oneof![6 => short, 1 => any, 1 => Just(b"*".to_vec())]
}

/// Names that often share suffixes.
fn any_name() -> impl Strategy<Value = Name> {
    let apex = select(APEXES);
    (proptest::collection::vec(label(), 0..4), apex).prop_map(|(labels, apex)| {
        let labels = labels.iter().map(Vec::as_slice).chain(apex.iter().map(|label| label.as_bytes()));
        Name::from_labels(labels).unwrap()
    })
}

fn any_target() -> impl Strategy<Value = Target> {
    let named = |rtype| any_name().prop_map(move |name| record(rtype, Rdata::name(&name)));
    prop_oneof![
        any::<u32>().prop_map(|bits| Target::Address(IpAddr::V4(Ipv4Addr::from(bits)))),
        any::<u128>().prop_map(|bits| Target::Address(IpAddr::V6(Ipv6Addr::from(bits)))),
        any_name().prop_map(Target::Host),
        named(RecordType::NS),
        named(RecordType::PTR),
        (any::<u16>(), any_name()).prop_map(|(p, name)| record(RecordType::MX, Rdata::mx(p, &name))),
        (any::<u16>(), any_name()).prop_map(|(p, name)| record(RecordType::SRV, Rdata::srv(p, 1, p, &name))),
        proptest::collection::vec(any::<u8>(), 0..300)
            .prop_map(|text| record(RecordType::TXT, Rdata::txt(&text).unwrap())),
    ]
}

type Records = Vec<(Name, Vec<Target>)>;

fn any_records() -> impl Strategy<Value = Records> {
    proptest::collection::vec((any_name(), proptest::collection::vec(any_target(), 1..8)), 1..12)
}

fn world(records: &Records) -> World {
    let mut world = World::new();
    for (at, targets) in records {
        world.name_at(at, targets);
    }
    world
}

/// A name of the zone, the apex, or any other.
fn asked(records: &Records, pick: Index, other: &Name) -> Name {
    let names: Vec<&Name> = records.iter().map(|(at, _)| at).chain([other]).collect();
    (*pick.get(&names)).clone()
}

/// The same name with other letter cases.
fn recased(name: &Name, cases: u64) -> Vec<u8> {
    let flip = |(i, octet): (usize, &u8)| match cases >> (i % 64) & 1 {
        1 => octet.to_ascii_uppercase(),
        _ => *octet,
    };
    name.as_wire().iter().enumerate().map(flip).collect()
}

// === How it is compared ===

/// Section, owner, type, TTL and data, names written out in lower case.
type Flat = (u8, Vec<u8>, u16, u32, Vec<u8>);

fn lower_wire(name: &rr::Name) -> Vec<u8> {
    let labels = name.iter().flat_map(|l| [&[u8::try_from(l.len()).unwrap()], l].concat());
    labels.chain([0]).map(|octet| octet.to_ascii_lowercase()).collect()
}

fn flat_record(section: u8, record: &Record) -> Flat {
    let mut data = Vec::new();
    let mut encoder = BinEncoder::new(&mut data);
    encoder.set_canonical_form(true);
    encoder.set_name_encoding(NameEncoding::UncompressedLowercase);
    record.data.emit(&mut encoder).unwrap();
    (section, lower_wire(&record.name), record.record_type().into(), record.ttl, data)
}

fn flat_message(message: &Message) -> Vec<Flat> {
    let sections = [&message.answers, &message.authorities, &message.additionals];
    let mut flat: Vec<Flat> = sections
        .into_iter()
        .zip(1..)
        .flat_map(|(records, section)| records.iter().map(move |record| flat_record(section, record)))
        .collect();
    flat.sort();
    flat
}

fn flat_answer(answer: &Answer<'_>) -> Vec<Flat> {
    let sections: [&[RecordSet<'_>]; 3] = [&answer.answers, answer.authority.as_slice(), &answer.additional];
    let mut flat = Vec::new();
    for (sets, section) in sections.into_iter().zip(1..) {
        for set in sets {
            let head = (section, set.owner.as_wire().to_vec(), set.rtype().0, set.ttl.seconds());
            flat.extend(
                answer.rdata(set).map(|data| (head.0, head.1.clone(), head.2, head.3, data.to_vec())),
            );
        }
    }
    flat.sort();
    flat
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// By TCP, the other library reads exactly what the core answered; by UDP, whole RRsets of it.
    #[test]
    fn replies_read_the_same(
        records in any_records(),
        other in any_name(),
        pick: Index,
        rtype in select(&TYPES[..]),
        cases: u64,
        payload in proptest::option::of(any::<u16>()),
    ) {
        let world = world(&records);
        let wire = recased(&asked(&records, pick, &other), cases);
        let mut packet = Packet::new().question(&wire, rtype, 1);
        if let Some(payload) = payload {
            packet = packet.opt_as(payload, [0, 0, 0x80, 0], &NSID);
        }
        let bytes = packet.bytes();
        let (mut at, mut aliases) = (NameBuf::new(), AliasBuf::new());
        let Decoded::Query(request) = decode(&bytes, &mut at) else { panic!("no query") };
        let answer = world.answer(&request, &at, &mut aliases);
        let expected = flat_answer(&answer);

        let reply = world.reply(&bytes, TCP).unwrap();
        let message = Message::from_vec(&reply).unwrap();
        prop_assert_eq!(&flat_message(&message), &expected);
        prop_assert_eq!(message.metadata.response_code.low(), answer.rcode as u8);
        prop_assert_eq!(message.metadata.authoritative, answer.authoritative);
        prop_assert!(!is_truncated(&reply) && !message.metadata.truncation);
        prop_assert_eq!(&reply[12..12 + wire.len()], &wire[..]);
        prop_assert_eq!(message.edns.as_ref().map(|edns| edns.flags().dnssec_ok), payload.map(|_| true));

        let cut = world.reply(&bytes, UDP).unwrap();
        prop_assert!(cut.len() <= request.udp_octets_max());
        let message = Message::from_vec(&cut).unwrap();
        prop_assert_eq!(message.edns.is_some(), payload.is_some());
        let kept = flat_message(&message);
        let set_of = |flat: &Flat| (flat.0, flat.1.clone(), flat.2);
        for flat in &expected {
            let whole = expected.iter().filter(|f| set_of(f) == set_of(flat)).count();
            let here = kept.iter().filter(|f| set_of(f) == set_of(flat)).count();
            prop_assert!(here == whole || here == 0, "a part of an RRset");
            prop_assert!(here > 0 || is_truncated(&cut) || flat.0 == 3, "left out without TC");
        }
        prop_assert!(kept.iter().all(|flat| expected.contains(flat)));
    }

    /// A reply is never longer than what the other library makes of the same message: no name that both
    /// may compress is written out.
    #[test]
    fn replies_are_as_short(
        records in any_records(),
        other in any_name(),
        pick: Index,
        rtype in select(&TYPES[..]),
    ) {
        let wire = asked(&records, pick, &other);
        let bytes = Packet::new().question(wire.as_wire(), rtype, 1).bytes();
        let reply = world(&records).reply(&bytes, TCP).unwrap();
        let theirs = Message::from_vec(&reply).unwrap().to_vec().unwrap();
        prop_assert!(reply.len() <= theirs.len(), "{} > {}", reply.len(), theirs.len());
    }

    /// What the other library builds, ours reads.
    #[test]
    fn questions_read_the_same(
        name in any_name(),
        rtype in select(&TYPES[..]),
        id: u16,
        (recursion, checking, dnssec_ok, nsid) in any::<(bool, bool, bool, bool)>(),
        payload in proptest::option::of(any::<u16>()),
        network in proptest::option::of(any_network()),
    ) {
        let mut message = Message::query();
        message.metadata.id = id;
        message.metadata.recursion_desired = recursion;
        message.metadata.checking_disabled = checking;
        let labels: Vec<&[u8]> = name.borrowed().labels().collect();
        let mut query = Query::query(rr::Name::from_labels(labels).unwrap(), rtype.0.into());
        query.set_query_class(rr::DNSClass::IN);
        message.add_query(query);
        if let Some(payload) = payload {
            let mut edns = Edns::new();
            edns.set_max_payload(payload).set_version(0).set_dnssec_ok(dnssec_ok);
            edns.options_mut().insert(EdnsOption::Unknown(65001, [1, 2, 3].into()));
            if nsid {
                edns.options_mut().insert(EdnsOption::NSID(NSIDPayload::new([]).unwrap()));
            }
            if let Some(Subnet { address, source }) = network {
                edns.options_mut().insert(EdnsOption::Subnet(ClientSubnet::new(address, source, 0)));
            }
            message.set_edns(edns);
        }
        let mut at = NameBuf::new();
        let Decoded::Query(request) = decode(&message.to_vec().unwrap(), &mut at) else { panic!("no query") };
        prop_assert_eq!(at.borrowed(), name.borrowed());
        prop_assert_eq!((request.id, request.rtype, request.class), (id, rtype, 1));
        prop_assert_eq!((request.recursion_desired, request.checking_disabled), (recursion, checking));
        prop_assert_eq!(request.edns.is_some(), payload.is_some());
        if let (Some(edns), Some(payload)) = (request.edns, payload) {
            prop_assert_eq!(edns.payload.max(512), payload.max(512));
            prop_assert_eq!((edns.version, edns.dnssec_ok, edns.nsid), (0, dnssec_ok, nsid));
            prop_assert_eq!(edns.subnet, network);
        }
    }

    /// Of packets that are broken somewhere, what both take they read alike.
    #[test]
    fn broken_questions_read_the_same(
        name in any_name(),
        at in any::<Index>(),
        octet: u8,
        network in any_network(),
    ) {
        let options = [&NSID[..], &network_option(network), &option(65001, b"x")].concat();
        let mut packet = Packet::new().question(name.as_wire(), RecordType::A, 1).opt(&options).bytes();
        let at = at.index(packet.len());
        packet[at] = octet;
        let mut buffer = NameBuf::new();
        let Decoded::Query(request) = decode(&packet, &mut buffer) else { return Ok(()) };
        let Ok(message) = Message::from_vec(&packet) else { return Ok(()) };
        let query = message.queries.first().unwrap();
        prop_assert_eq!(lower_wire(&query.name), buffer.borrowed().as_wire());
        prop_assert_eq!(u16::from(query.query_type), request.rtype.0);
        let theirs = message.edns.as_ref();
        prop_assert_eq!(theirs.is_some(), request.edns.is_some());
        if let (Some(theirs), Some(ours)) = (theirs, request.edns) {
            prop_assert_eq!(theirs.max_payload(), ours.payload.max(512));
            prop_assert_eq!(theirs.flags().dnssec_ok, ours.dnssec_ok);
            prop_assert_eq!(theirs.option(EdnsCode::NSID).is_some(), ours.nsid);
            if let (Some(EdnsOption::Subnet(theirs)), Some(ours)) = (theirs.option(EdnsCode::Subnet), ours.subnet) {
                prop_assert_eq!((theirs.addr(), theirs.source_prefix()), (ours.address, ours.source));
            }
        }
    }

    /// A reply, taken for a question again, says what the question said.
    #[test]
    fn decode_encode_decode(
        records in any_records(),
        other in any_name(),
        pick: Index,
        rtype in select(&TYPES[..]),
        cases: u64,
        flags in select(&[0_u16, 0x0100, 0x0010, 0x0110][..]),
        dnssec_ok: bool,
        network in any_network(),
    ) {
        let wire = recased(&asked(&records, pick, &other), cases);
        let options = [&NSID[..], &network_option(network)].concat();
        let ttl = [0, 0, if dnssec_ok { 0x80 } else { 0 }, 0];
        let bytes = Packet::new().flags(flags).question(&wire, rtype, 1).opt_as(1232, ttl, &options).bytes();
        let (mut before, mut after) = (NameBuf::new(), NameBuf::new());
        let first = decode(&bytes, &mut before);
        let mut reply = world(&records).reply(&bytes, UDP).unwrap();
        reply[2] &= 0x7f;
        // IPv4 inside IPv6 gets a scope, which no question may have.
        prop_assume!(network.scope(0) == 0);
        let records: u16 = reply[6..12].chunks(2).map(|count| u16::from_be_bytes([count[0], count[1]])).sum();
        let again = decode(&reply, &mut after);
        if records > crate::RECORDS_MAX {
            // No question has that many.
            prop_assert!(matches!(again, Decoded::Error(_, crate::ErrorCode::FormErr)));
        } else {
            prop_assert_eq!(again, first);
        }
        prop_assert_eq!(before.borrowed(), after.borrowed());
    }
}

/// Replies with more suffixes than are remembered, and longer than pointers reach.
#[test]
fn large_replies_read_the_same() {
    let mut world = World::new();
    let name = |i: u16| -> Name { alloc::format!("{}.{i}.h.example", "a".repeat(60)).parse().unwrap() };
    let targets: Vec<Target> = (0..250).map(|i| record(RecordType::MX, Rdata::mx(i, &name(i)))).collect();
    let long: Name = "a.".repeat(122).parse::<Name>().unwrap().prepend("b").unwrap();
    let long = Name::from_labels(long.borrowed().labels().chain([&b"example"[..]])).unwrap();
    world.name("mx.example", &targets);
    world.name_at(&long, &targets);
    for at in ["mx.example".parse().unwrap(), long] {
        let bytes = Packet::new().question(at.as_wire(), RecordType::MX, 1).bytes();
        let (mut buffer, mut aliases) = (NameBuf::new(), AliasBuf::new());
        let Decoded::Query(request) = decode(&bytes, &mut buffer) else { panic!("no query") };
        let expected = flat_answer(&world.answer(&request, &buffer, &mut aliases));
        assert_eq!(expected.len(), 250);
        let reply = world.reply(&bytes, TCP).unwrap();
        assert!(reply.len() > 0x4000);
        assert_eq!(flat_message(&Message::from_vec(&reply).unwrap()), expected);
    }
}

fn any_network() -> impl Strategy<Value = Subnet> {
    let v4 = (any::<u32>(), 0..=32_u8).prop_map(|(bits, source)| {
        let mask = u32::MAX.checked_shl(32 - u32::from(source)).unwrap_or(0);
        Subnet { address: IpAddr::V4(Ipv4Addr::from(bits & mask)), source }
    });
    let v6 = (any::<u128>(), 0..=128_u8).prop_map(|(bits, source)| {
        let mask = u128::MAX.checked_shl(128 - u32::from(source)).unwrap_or(0);
        Subnet { address: IpAddr::V6(Ipv6Addr::from(bits & mask)), source }
    });
    prop_oneof![v4, v6]
}

fn network_option(network: Subnet) -> Vec<u8> {
    let octets = usize::from(network.source).div_ceil(8);
    match network.address {
        IpAddr::V4(v4) => subnet(1, network.source, 0, &v4.octets()[..octets]),
        IpAddr::V6(v6) => subnet(2, network.source, 0, &v6.octets()[..octets]),
    }
}
